package manifest

import "github.com/xk6-ollama/xk6-ollama/internal/locale"

// Field is a property of a model on a server, under its name in results.json.
type Field string

// The properties, in the order in which they are shown. Family to Weights say which model it
// is, Template to Setup in what setup, the rest how it runs.
const (
	ServerVersion  Field = "server_version"
	Family         Field = "family"
	ParameterSize  Field = "parameter_size"
	Quantization   Field = "quantization_level"
	Digest         Field = "digest"
	Weights        Field = "weights_digest"
	Template       Field = "template_digest"
	Parameters     Field = "parameters_digest"
	Setup          Field = "setup_digest"
	ContextLength  Field = "context_length"
	LongestContext Field = "context_length_max"
	VRAMShare      Field = "vram_share"
)

var fields = []Field{
	ServerVersion, Family, ParameterSize, Quantization, Digest, Weights, Template, Parameters, Setup,
	ContextLength, LongestContext, VRAMShare,
}

// Identity says whether the field tells one model from another.
func (f Field) Identity() bool {
	switch f {
	case Digest, Weights, Family, ParameterSize, Quantization:
		return true
	default:
		return false
	}
}

// InSetup says whether the field is part of what is around the weights.
func (f Field) InSetup() bool { return f == Template || f == Parameters || f == Setup }

// Show returns a value of a fact or difference for people.
func Show(value string, l locale.Locale) string {
	switch {
	case value == "":
		return "–"
	case value == none && l == locale.Korean:
		return "없음"
	}
	return value
}

// Name returns the name of the field for people.
func (f Field) Name(l locale.Locale) string {
	if l == locale.Korean {
		return korean[f]
	}
	return english[f]
}

var english = map[Field]string{
	ServerVersion:  "Ollama version",
	Digest:         "digest",
	Weights:        "digest of the weights",
	Family:         "family",
	ParameterSize:  "size (parameters)",
	Quantization:   "quantisation",
	Template:       "template",
	Parameters:     "Modelfile parameters",
	Setup:          "system prompt, messages, adapters",
	ContextLength:  "context (tokens)",
	LongestContext: "longest context",
	VRAMShare:      "share in VRAM",
}

var korean = map[Field]string{
	ServerVersion:  "Ollama 버전",
	Digest:         "다이제스트",
	Weights:        "가중치 다이제스트",
	Family:         "모델 계열",
	ParameterSize:  "크기 (파라미터)",
	Quantization:   "양자화",
	Template:       "템플릿",
	Parameters:     "Modelfile 파라미터",
	Setup:          "시스템 프롬프트·메시지·어댑터",
	ContextLength:  "컨텍스트 (토큰)",
	LongestContext: "최대 컨텍스트",
	VRAMShare:      "VRAM 비율",
}
