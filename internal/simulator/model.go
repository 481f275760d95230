package simulator

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/simulator/wire/api"
)

// What a model can do, in Ollama's words.
const (
	Completion = "completion"
	Tools      = "tools"
	Insert     = "insert"
	Vision     = "vision"
	Embedding  = "embedding"
	Thinking   = "thinking"
)

// Model is a model that the server has. Its digest follows from the name alone, so that two
// simulated servers have the same model under the same name.
type Model struct {
	Name          string   // as a user would write it
	Capabilities  []string // Completion, Tools, …
	Family        string   // such as "llama"
	ParameterSize string   // such as "1.5B"
	Quantization  string   // such as "Q4_K_M"
	Size          int64    // bytes
	ContextLength int      // tokens
}

// families says what a model is by the beginning of its name, as far as known.
var families = []struct {
	prefix, family string
	capabilities   []string
}{
	{"deepseek-r1", "qwen2", []string{Completion, Thinking}},
	{"qwen3", "qwen3", []string{Completion, Tools, Thinking}},
	{"gpt-oss", "gptoss", []string{Completion, Tools, Thinking}},
	{"magistral", "llama", []string{Completion, Tools, Thinking}},
	{"qwen2.5-coder", "qwen2", []string{Completion, Tools, Insert}},
	{"qwen", "qwen2", []string{Completion, Tools}},
	{"codellama", "llama", []string{Completion, Insert}},
	{"llava", "llama", []string{Completion, Vision}},
	{"llama3.2-vision", "mllama", []string{Completion, Vision}},
	{"llama3", "llama", []string{Completion, Tools}},
	{"gemma3", "gemma3", []string{Completion, Vision}},
	{"mistral", "llama", []string{Completion, Tools}},
	{"nomic-embed", "nomic-bert", []string{Embedding}},
	{"all-minilm", "bert", []string{Embedding}},
	{"mxbai-embed", "bert", []string{Embedding}},
}

// NamedModel returns a model with what its name lets expect: capabilities and family from the
// families that Ollama's library knows, the size from a tag such as "1.5b".
func NamedModel(name string) Model {
	model := Model{
		Name: name, Capabilities: []string{Completion}, Family: "llama", ParameterSize: "1.2B", Quantization: "Q4_K_M",
		Size: 1_321_098_329, ContextLength: 4096,
	}
	base := strings.ToLower(parseName(name).model)
	for _, known := range families {
		if strings.HasPrefix(base, known.prefix) {
			model.Family, model.Capabilities = known.family, known.capabilities
			break
		}
	}
	var billions float64
	if _, err := fmt.Sscanf(strings.ToLower(parseName(name).tag), "%fb", &billions); err == nil && billions > 0 {
		model.ParameterSize = fmt.Sprintf("%.1fB", billions)
		model.Size = int64(billions * 0.7e9) // four to five bits a weight, as Q4_K_M
	}
	return model
}

func (m Model) can(capability string) bool { return slices.Contains(m.Capabilities, capability) }

func (m Model) digest() string {
	sum := sha256.Sum256([]byte("simulated model " + strings.ToLower(parseName(m.Name).full())))
	return hex.EncodeToString(sum[:])
}

func (m Model) details() api.ModelDetails {
	return api.ModelDetails{
		Format: "gguf", Family: m.Family, Families: []string{m.Family},
		ParameterSize: m.ParameterSize, QuantizationLevel: m.Quantization,
	}
}

// modelName is a name in its parts, the missing ones filled in as Ollama does.
type modelName struct{ host, namespace, model, tag string }

// missingPart stands for a part that a separator promised; Ollama shows it in errors.
const missingPart = "!MISSING!"

func parseName(text string) modelName {
	name := modelName{host: "registry.ollama.ai", namespace: "library", tag: "latest"}
	if colon := strings.LastIndex(text, ":"); colon > strings.LastIndex(text, "/") {
		text, name.tag = cmp.Or(text[:colon], missingPart), cmp.Or(text[colon+1:], missingPart)
	}
	rest, last, promised := cutLast(text)
	name.model = last
	if !promised {
		return name
	}
	rest, name.namespace, promised = cutLast(rest)
	if promised {
		if _, host, hasScheme := strings.Cut(rest, "://"); hasScheme {
			rest = host
		}
		name.host = rest
	}
	return name
}

func cutLast(text string) (before, after string, promised bool) {
	slash := strings.LastIndex(text, "/")
	if slash < 0 {
		return "", text, false
	}
	return cmp.Or(text[:slash], missingPart), cmp.Or(text[slash+1:], missingPart), true
}

func (n modelName) valid() bool {
	return validPart(n.host, 350, "-_.:") && validPart(n.namespace, 80, "-_") &&
		validPart(n.model, 80, "-_.") && validPart(n.tag, 80, "-_.")
}

func validPart(part string, longest int, marks string) bool {
	if part == "" || len(part) > longest {
		return false
	}
	for i := range len(part) {
		c := part[i]
		letter := c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_'
		if !letter && (i == 0 || !strings.ContainsRune(marks, rune(c))) {
			return false
		}
	}
	return true
}

func (n modelName) full() string { return n.host + "/" + n.namespace + "/" + n.model + ":" + n.tag }

func (n modelName) short() string {
	short := n.model + ":" + n.tag
	switch {
	case !strings.EqualFold(n.host, "registry.ollama.ai"):
		return n.host + "/" + n.namespace + "/" + short
	case !strings.EqualFold(n.namespace, "library"):
		return n.namespace + "/" + short
	}
	return short
}

// shelf is the models that a server has.
type shelf struct {
	mu     sync.Mutex
	models []shelved
	any    bool
}

type shelved struct {
	Model
	modified time.Time
}

func newShelf(models []Model, anyModel bool) *shelf {
	s := &shelf{any: anyModel}
	for _, model := range models {
		s.add(model)
	}
	return s
}

func (s *shelf) add(model Model) shelved {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.index(model.Name); i >= 0 {
		return s.models[i]
	}
	entry := shelved{model, time.Now()}
	s.models = append(s.models, entry)
	return entry
}

func (s *shelf) index(name string) int {
	full := parseName(name).full()
	return slices.IndexFunc(s.models, func(m shelved) bool {
		return strings.EqualFold(parseName(m.Name).full(), full)
	})
}

// find returns a model by its name in any case; with any, one that did not exist until now.
func (s *shelf) find(name string) (shelved, bool) {
	s.mu.Lock()
	i := s.index(name)
	if i >= 0 {
		defer s.mu.Unlock()
		return s.models[i], true
	}
	s.mu.Unlock()
	if !s.any || !parseName(name).valid() {
		return shelved{}, false
	}
	return s.add(NamedModel(name)), true
}

func (s *shelf) list() []shelved {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.models)
}
