package preflight

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/manifest"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
)

// words are the sentences in one language. Those with % are formats.
type words struct {
	steps map[Step]string

	anAddress, resolvesTo, connectedTo, throughProxy  string
	certificate, anyCertificate                       string
	versionIs, noVersionIn                            string
	modelIs, modelMissing, oneOfModels, parameters    string
	inMemory, notInMemory, memoryUnknown, context     string
	inVRAM, generatedIn, loadingTook, firstTokenAfter string
	timedOut, canceled                                string

	checkProxy, slowAnswer, slowGeneration, listWith string

	onlyOne, works, worksNot string

	likeness              map[manifest.Likeness]string // model, two servers
	sameServer            string                       // two servers
	sameHost, thisMachine string                       // two servers, host

	locale locale.Locale
}

var english = words{
	steps: map[Step]string{
		Resolve: "name", Connect: "TCP", Handshake: "TLS", Respond: "HTTP", Identify: "Ollama",
		FindModel: "model", Loaded: "loaded", Generation: "generation",
	},
	anAddress:       "%s is an address",
	resolvesTo:      "%s is %s",
	connectedTo:     "connected to %s",
	throughProxy:    "proxy %s: ",
	certificate:     "%s, certificate of %s, valid until %s",
	anyCertificate:  " (not checked)",
	versionIs:       "version %s",
	noVersionIn:     "no version in %q",
	modelIs:         "%s is there",
	modelMissing:    "%s is not there",
	oneOfModels:     "one of %d models",
	parameters:      "%s parameters",
	inMemory:        "yes",
	notInMemory:     "not yet; the first request loads it",
	memoryUnknown:   "unknown; this version of Ollama does not say",
	context:         "context of %d tokens",
	inVRAM:          "%s in VRAM",
	generatedIn:     "%d tokens in %s",
	loadingTook:     "loading the model took %s",
	firstTokenAfter: "the first after %s",
	timedOut:        "nothing within %s",
	canceled:        "stopped before the end",
	checkProxy:      "Check the proxy in HTTP_PROXY and HTTPS_PROXY, or name the server in NO_PROXY.",
	slowAnswer:      "The server or a proxy before it hangs: restart it, or allow more time with --timeout.",
	slowGeneration: "Loading or generating takes long: look with `ollama ps` whether the model fits into memory, " +
		"or allow more time with --generation-timeout.",
	listWith: "What is there: `%sollama list`.",
	onlyOne: "Only %s was checked: no remote server is given. " +
		"Name one with --remote-endpoint URL, or measure one side with --only-local.",
	works:    "A benchmark would work.",
	worksNot: "A benchmark would not work: see %s.",
	likeness: map[manifest.Likeness]string{
		manifest.Identical:  "%s is the same model on %s and %s.",
		manifest.OtherSetup: "%s has the same weights on %s and %s, but is set up differently (≠).",
		manifest.OtherModel: "%s is NOT the same model on %s and %s (≠).",
		manifest.Unknown:    "%s: whether it is the same model on %s and %s, the servers do not tell.",
	},
	sameServer: "%s and %s are one server: a benchmark would compare it with itself.",
	sameHost: "%s and %s are on one machine (%s), unless one of them is a tunnel or a proxy: " +
		"they take processor time and memory from each other.",
	thisMachine: "this one",
	locale:      locale.English,
}

var korean = words{ // #nosec G101 -- a model's tokens are no secrets
	steps: map[Step]string{
		Resolve: "이름", Connect: "TCP", Handshake: "TLS", Respond: "HTTP", Identify: "Ollama",
		FindModel: "모델", Loaded: "로드", Generation: "생성",
	},
	anAddress:       "%s은(는) 주소입니다",
	resolvesTo:      "%s → %s",
	connectedTo:     "%s에 연결됨",
	throughProxy:    "프록시 %s: ",
	certificate:     "%s, %s의 인증서, %s까지 유효",
	anyCertificate:  " (검증하지 않음)",
	versionIs:       "버전 %s",
	noVersionIn:     "응답에 버전이 없습니다: %q",
	modelIs:         "%s 있음",
	modelMissing:    "%s 모델이 없습니다",
	oneOfModels:     "모델 %d개 중 하나",
	parameters:      "파라미터 %s",
	inMemory:        "로드됨",
	notInMemory:     "아직 로드되지 않음 (첫 요청이 로드합니다)",
	memoryUnknown:   "알 수 없음 (이 버전의 Ollama는 알려 주지 않습니다)",
	context:         "컨텍스트 %d토큰",
	inVRAM:          "VRAM %s",
	generatedIn:     "토큰 %d개, %s",
	loadingTook:     "모델 로드 %s",
	firstTokenAfter: "첫 토큰 %s",
	timedOut:        "%s 안에 응답이 없습니다",
	canceled:        "끝나기 전에 중단되었습니다",
	checkProxy:      "HTTP_PROXY와 HTTPS_PROXY의 프록시를 확인하거나, 서버를 NO_PROXY에 추가하세요.",
	slowAnswer:      "서버 또는 앞단의 프록시가 응답하지 않습니다: 다시 시작하거나 --timeout으로 시간을 늘리세요.",
	slowGeneration: "로드 또는 생성이 오래 걸립니다: 모델이 메모리에 들어가는지 `ollama ps`로 확인하거나 " +
		"--generation-timeout으로 시간을 늘리세요.",
	listWith: "모델 목록: `%sollama list`.",
	onlyOne: "%s만 확인했습니다: 원격 서버가 지정되지 않았습니다. " +
		"--remote-endpoint URL로 지정하거나 --only-local로 한쪽만 측정하세요.",
	works:    "벤치마크를 실행할 수 있습니다.",
	worksNot: "벤치마크를 실행할 수 없습니다: %s 항목을 확인하세요.",
	likeness: map[manifest.Likeness]string{
		manifest.Identical:  "%s: %s와(과) %s의 모델이 같습니다.",
		manifest.OtherSetup: "%s: %s와(과) %s의 가중치는 같지만 설정이 다릅니다 (≠).",
		manifest.OtherModel: "%s: %s와(과) %s의 모델이 서로 다릅니다 (≠).",
		manifest.Unknown:    "%s: %s와(과) %s의 모델이 같은지 서버가 알려 주지 않습니다.",
	},
	sameServer: "%s와(과) %s은(는) 같은 서버입니다. 벤치마크를 실행하면 한 서버를 자기 자신과 비교하게 됩니다.",
	sameHost: "%s와(과) %s이(가) 같은 컴퓨터(%s)에 있습니다. 터널이나 프록시가 아니라면 " +
		"CPU와 메모리를 서로 나누어 씁니다.",
	thisMachine: "이 컴퓨터",
	locale:      locale.Korean,
}

func wordsOf(l locale.Locale) *words {
	if l == locale.Korean {
		return &korean
	}
	return &english
}

func (w *words) isAddress(ip netip.Addr) string { return fmt.Sprintf(w.anAddress, ip) }

func (w *words) resolved(host string, addresses []netip.Addr) string {
	texts := make([]string, len(addresses))
	for i, ip := range addresses {
		texts[i] = ip.String()
	}
	return fmt.Sprintf(w.resolvesTo, host, strings.Join(texts, ", "))
}

func (w *words) connected(to net.Addr) string { return fmt.Sprintf(w.connectedTo, to) }

func (w *words) proxy(address string) string { return fmt.Sprintf(w.throughProxy, address) }

func (w *words) secured(version string, c *x509.Certificate, unchecked bool) string {
	names := strings.Join(c.DNSNames, ", ")
	text := fmt.Sprintf(w.certificate, version, api.Excerpt([]byte(cmp.Or(names, c.Subject.String()))),
		c.NotAfter.UTC().Format(time.DateOnly))
	if unchecked {
		text += w.anyCertificate
	}
	return text
}

func (w *words) version(version string) string {
	return fmt.Sprintf(w.versionIs, api.Excerpt([]byte(version)))
}

func (w *words) noVersion(answer []byte) string {
	return fmt.Sprintf(w.noVersionIn, api.Excerpt(answer))
}

func (w *words) noModel(model string) string { return fmt.Sprintf(w.modelMissing, model) }

// model describes a model in the order of `ollama show`.
func (w *words) model(m api.Manifest, of int) string {
	parts := []string{fmt.Sprintf(w.modelIs, m.Model)}
	if m.ParameterSize != "" {
		parts = append(parts, fmt.Sprintf(w.parameters, m.ParameterSize))
	}
	if m.QuantizationLevel != "" {
		parts = append(parts, m.QuantizationLevel)
	}
	if m.Digest != "" {
		parts = append(parts, manifest.Short(m.Digest))
	}
	return oneLine(append(parts, fmt.Sprintf(w.oneOfModels, of)))
}

// loaded describes how a model is loaded; known is false if the server can't say.
func (w *words) loaded(m api.Manifest, known bool) string {
	switch {
	case !known:
		return w.memoryUnknown
	case m.VRAMShare == nil:
		return w.notInMemory
	}
	parts := []string{w.inMemory}
	if m.ContextLength > 0 {
		parts = append(parts, fmt.Sprintf(w.context, m.ContextLength))
	}
	return oneLine(append(parts, fmt.Sprintf(w.inVRAM, manifest.Share(m.VRAMShare))))
}

func (w *words) generated(r *record.Record) string {
	var tokens int64
	if r.OutputTokens != nil {
		tokens = *r.OutputTokens
	}
	parts := []string{fmt.Sprintf(w.generatedIn, tokens, seconds(*r.Duration))}
	if r.TTFT != nil {
		parts = append(parts, fmt.Sprintf(w.firstTokenAfter, seconds(*r.TTFT)))
	}
	if r.Cold != nil && *r.Cold {
		parts = append(parts, fmt.Sprintf(w.loadingTook, seconds(*r.Server.Load)))
	}
	return oneLine(parts)
}

func (w *words) notWithin(limit time.Duration) string { return fmt.Sprintf(w.timedOut, limit) }

func (w *words) listModels(endpoint api.Endpoint) string {
	prefix := ""
	if address := endpoint.String(); address != api.DefaultHost {
		prefix = "OLLAMA_HOST=" + address + " "
	}
	return fmt.Sprintf(w.listWith, prefix)
}

// seconds writes milliseconds: as seconds from a second on.
func seconds(ms float64) string {
	if ms >= 1000 {
		return fmt.Sprintf("%.2f s", ms/1000)
	}
	return fmt.Sprintf("%.3g ms", ms)
}

// oneLine joins what servers said to a line that a terminal can show.
func oneLine(parts []string) string { return api.Excerpt([]byte(strings.Join(parts, ", "))) }
