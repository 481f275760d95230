package report_test

import (
	"fmt"
	"math"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
	"github.com/xk6-ollama/xk6-ollama/internal/sketch"
)

const (
	model     = "deepseek-r1:1.5b"
	localURL  = "http://127.0.0.1:11434"
	remoteURL = "http://203.0.113.10:11434"
)

var generatedAt = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// server is what a fixture's server is like; times in ms.
type server struct {
	target, url, model string
	network, perToken  float64
	spread             float64 // of the time per token, relative
	tokens             int64
	thinking           bool
	shift              int                       // so that the times of two servers do not rise and fall together
	failing            func(n int) *record.Error // nil: request n succeeds
}

func local() server {
	return server{target: "local", url: localURL, model: model, network: 0.4, perToken: 11, spread: 0.1, tokens: 64}
}

func remote() server {
	return server{
		target: "remote", url: remoteURL, model: model, network: 32, perToken: 16, spread: 0.1, tokens: 64, shift: 3,
	}
}

// request is the nth request, started at so many ms.
func (s server) request(n int, start float64) record.Record {
	r := record.Record{
		Target: s.target, Model: s.model, Endpoint: s.url, Op: "generate", Phase: record.Measure,
		VU: 1, Iter: int64(n), StartedAt: 1.7e12 + start,
	}
	if s.failing != nil {
		if err := s.failing(n); err != nil {
			r.Error, r.Duration = err, ptr(2.5)
			return r
		}
	}
	wave := []float64{0, 1, -1, 0.5, -0.5, 0.25, -0.75, 0.8, -0.2, -0.1}[(n+s.shift)%10]
	perToken := s.perToken * (1 + s.spread*wave)
	load, prefill, queue := 8.0, 40+2*wave, 1.5
	eval := perToken * float64(s.tokens)
	total := load + prefill + queue + eval
	duration := total + s.network
	ttft := s.network + load + prefill + queue + perToken
	r.OK, r.Status, r.DoneReason = true, 200, "stop"
	r.Duration, r.Headers, r.TTFT, r.TTFO = &duration, ptr(s.network/2), &ttft, &ttft
	r.Connect, r.TPOT, r.LastToken = ptr(0.0), &perToken, &duration
	if s.thinking {
		r.TTFO, r.ThinkingChars = ptr(ttft+20*perToken), ptr(90)
	}
	r.ITL = &sketch.Sketch{}
	for _, gap := range []float64{perToken * 0.9, perToken, perToken * 1.1} {
		r.ITL.Add(gap)
	}
	chunks, chars := int(s.tokens), 150+n
	r.PromptTokens, r.OutputTokens, r.Chunks, r.ResponseChars = ptr(int64(26)), &s.tokens, &chunks, &chars
	r.Server = &record.Server{Total: &total, Load: &load, PromptEval: &prefill, Eval: &eval, Queue: &queue}
	r.Network, r.Cold = ptr(duration-total), ptr(false)
	return r
}

// interleave sends n requests to each server in turn, one at a time.
func interleave(n int, servers ...server) []record.Record {
	records := make([]record.Record, 0, n*len(servers))
	clock := 0.0
	for i := range n {
		for _, s := range servers {
			r := s.request(i, clock)
			clock += *r.Duration + 1
			records = append(records, r)
		}
	}
	return records
}

func inventory(digest, quantization, version string) api.Inventory {
	return api.Inventory{Version: version, Models: []api.Model{
		{
			Name: model, Digest: digest, Size: 1_117_322_599,
			Details: api.Details{Format: "gguf", Family: "qwen2", ParameterSize: "1.8B", QuantizationLevel: quantization},
		},
		{Name: "llama3.2:1b", Digest: "baf6a787fdffd633537aa2eb51cfd54cb93ff08e28040095462bb63daf552878"},
	}}
}

const digestA = "e0979632db5a88d1a53884cb2a941772d10ff5d055aabaa6801c4e36f3a6c2d7"

func sameModel(targets ...string) map[string]api.Inventory {
	inventories := map[string]api.Inventory{}
	for _, target := range targets {
		inventories[target] = inventory(digestA, "Q4_K_M", "0.17.4")
	}
	return inventories
}

func refused(int) *record.Error {
	return &record.Error{Type: api.Connect, Message: "dial tcp 203.0.113.10:11434: connect: connection refused"}
}

// What nobody should call a model or a target, and a server that answers with a page.
const (
	hostileModel   = "evil/<script>alert(1)</script>|`x`\n# h\x1b[31m~~[a](//b)~~ ![i](//c)\x00\uffff @all 🦙 ﷽ &lt;\u202e"
	hostileTarget  = "=HYPERLINK(\"//evil\")|`a`\n**b**_c_"
	hostileMessage = "</td><img src=x onerror=alert(1)>]]>\u0000\u001b]0;x\u0007 <!-- `| @team #1 https://evil.example"
)

func hostile() []record.Record {
	a, b := local(), remote()
	a.target, a.model = hostileTarget, hostileModel
	b.target, b.model = "-remote", hostileModel
	b.failing = func(n int) *record.Error {
		if n%4 == 0 {
			return &record.Error{Type: api.ServerError, Message: hostileMessage}
		}
		return nil
	}
	return interleave(6, a, b)
}

// every run there is a golden file of.
func runs() map[string]report.Run {
	failing := remote()
	failing.failing = refused

	close2 := local()
	close2.target, close2.url, close2.perToken, close2.shift = "remote", remoteURL, 11.2, 3

	gpu := local()
	gpu.target, gpu.url, gpu.perToken = "gpu-box", "https://gpu-box.datacenter-7.internal.example.com/ollama", 3

	mixed := remote()
	mixed.failing = func(n int) *record.Error {
		switch n {
		case 2, 7:
			return &record.Error{Type: api.TimeoutTotal, Message: "no answer within 30s"}
		case 5:
			return &record.Error{Type: api.Decode, Message: "<html>\n<title>502 | Bad Gateway</title>"}
		}
		return nil
	}
	missing := local()
	missing.failing = func(int) *record.Error {
		return &record.Error{Type: api.ModelNotFound, Message: "model 'deepseek-r1:1.5b' not found"}
	}
	llama, llamaRemote := local(), remote()
	llama.model, llamaRemote.model = "llama3.2:1b", "llama3.2:1b"
	llama.thinking, llamaRemote.thinking = true, true
	llama.perToken, llamaRemote.perToken, llamaRemote.tokens = 8, 5, 40

	tiny, tinyRemote := local(), remote()
	tiny.perToken, tiny.tokens, tinyRemote.perToken, tinyRemote.tokens, tinyRemote.network = 0.2, 8, 0.3, 8, 0.9

	warmup := local().request(0, 0)
	warmup.Phase, warmup.Cold = record.Warmup, ptr(true)
	failedWarmup := failing.request(0, 0)
	failedWarmup.Phase = record.Warmup
	list := record.Record{Target: "local", Op: "list", Phase: record.Measure, OK: true, StartedAt: 1.7e12}

	onlyLlama := inventory(digestA, "Q4_K_M", "0.17.4")
	onlyLlama.Models = onlyLlama.Models[1:]

	notStreamed := interleave(10, local(), remote())
	for i := range notStreamed {
		r := &notStreamed[i]
		r.TTFT, r.TTFO, r.TPOT, r.LastToken, r.ITL, r.Chunks = nil, nil, nil, nil, nil, nil
	}

	both := []string{"local", "remote"}
	all := map[string]report.Run{
		"two-sides": {
			Records: append([]record.Record{warmup, list}, interleave(10, local(), remote())...),
			Targets: both, Inventories: sameModel(both...), Client: idle(),
		},
		"one-side-failed": {Records: interleave(10, local(), failing), Targets: both, Inventories: sameModel("local")},
		"all-failed": {
			Records: interleave(3, missing, failing), Targets: both,
			Inventories: map[string]api.Inventory{"local": onlyLlama},
		},
		"not-streamed": {Records: notStreamed, Targets: both, Inventories: sameModel(both...)},
		"inconclusive": {Records: interleave(10, local(), close2), Targets: both, Inventories: sameModel(both...)},
		"too-few":      {Records: interleave(2, local(), remote()), Targets: both, Inventories: sameModel(both...)},
		"single-side":  {Records: interleave(10, local()), Targets: []string{"local"}, Inventories: sameModel("local")},
		"three-targets": {
			Records: interleave(10, local(), remote(), gpu), Targets: []string{"local", "remote", "gpu-box"},
			Inventories: sameModel("local", "remote", "gpu-box"), Client: busy(),
		},
		"two-models": {
			Records: append(interleave(10, local(), remote()), interleave(10, llama, llamaRemote)...),
			Targets: both,
			Inventories: map[string]api.Inventory{
				"local":  inventory(digestA, "Q4_K_M", "0.17.4"),
				"remote": inventory("sha256:ff"+digestA[2:], "Q8_0", "0.16.0"),
			},
		},
		"failures-mixed": {Records: interleave(10, local(), mixed), Targets: both, Interrupted: true},
		"milliseconds":   {Records: interleave(10, tiny, tinyRemote), Targets: both, Inventories: sameModel(both...)},
		"hostile":        {Records: hostile(), Targets: []string{hostileTarget, "-remote"}},
		"nothing":        {Records: []record.Record{failedWarmup}, Targets: both, Interrupted: true},
	}
	for name, run := range all {
		run.GeneratedAt, run.Expected = generatedAt, run.Targets
		run.Settings = map[string]any{"num_requests": 10, "model": model, "order": "interleaved"}
		run.Environment = report.Environment{
			K6: "v2.2.0", Extension: "v0.1.0", Go: "go1.25.0", OS: "linux", Arch: "amd64", CPUs: 8,
		}
		all[name] = run
	}
	return all
}

// many is a run with more targets, and longer names, than fit side by side.
func many(n int) report.Run {
	servers := make([]server, 0, n)
	for i := range n {
		s := local()
		s.target = fmt.Sprintf("프로덕션-%d-gpu-node-in-a-rack-with-a-long-name", i)
		s.url = fmt.Sprintf("http://node-%d.some-very-long-subdomain.of-a-cluster.example.com:11434", i)
		s.perToken = 5 * math.Pow(1.5, float64(i))
		servers = append(servers, s)
	}
	return report.Run{Records: interleave(5, servers...), GeneratedAt: generatedAt}
}

func ptr[T any](value T) *T { return &value }
