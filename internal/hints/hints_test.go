package hints_test

import (
	"net/http"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/hints"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
)

func TestEveryKindHasItsOwnHint(t *testing.T) {
	t.Parallel()
	facts := hints.Facts{Endpoint: "http://203.0.113.10:11434", Model: "m:1b"}
	for _, l := range []locale.Locale{locale.English, locale.Korean} {
		seen := map[string]api.ErrorKind{}
		for _, kind := range api.ErrorKinds() {
			hint := hints.For(kind, facts, l)
			assert.Equal(t, l == locale.Korean, hasHangul(hint), "%s in %s: %s", kind, l, hint)
			assert.NotContains(t, hint, "{", "a fact is missing: %s", hint)
			assert.Empty(t, seen[hint], "%s has the hint of another kind", kind)
			seen[hint] = kind
		}
	}
	assert.Contains(t, hints.For("kind of tomorrow", facts, locale.English), "log")
}

func TestHintsNameTheCommand(t *testing.T) {
	t.Parallel()
	remote := hints.Facts{Endpoint: "http://203.0.113.10:11434", Model: "m:1b"}
	for _, tt := range []struct {
		name  string
		kind  api.ErrorKind
		facts hints.Facts
		want  []string
	}{
		{"local", api.Connect, hints.Facts{Endpoint: "http://127.0.0.1:11434"}, []string{"`ollama serve`"}},
		{
			"local, another port", api.Connect,
			hints.Facts{Endpoint: "http://localhost:11500"},
			[]string{"`OLLAMA_HOST=http://localhost:11500 ollama serve`"},
		},
		{"remote", api.Connect, remote, []string{"nc -zv 203.0.113.10 11434", "OLLAMA_HOST=0.0.0.0"}},
		{"no address", api.Connect, hints.Facts{}, []string{"nc -zv HOST 11434"}},
		{"name", api.DNS, hints.Facts{Endpoint: "http://gpu.example:11434"}, []string{"gpu.example"}},
		{"tls", api.TLS, hints.Facts{Endpoint: "https://gpu.example"}, []string{
			"http://", "https://", "gpu.example:443", "--insecure-skip-tls-verify", "insecureSkipTLSVerify",
		}},
		{
			"model, local", api.ModelNotFound,
			hints.Facts{Endpoint: "http://127.0.0.1:11434", Model: "m:1b", Models: []string{"a:1b", "b:2b"}},
			[]string{"`ollama pull m:1b`", "a:1b, b:2b"},
		},
		{"model, remote", api.ModelNotFound, remote, []string{"`OLLAMA_HOST=http://203.0.113.10:11434 ollama pull m:1b`"}},
		{
			"many models", api.ModelNotFound,
			hints.Facts{Models: strings.Split("a,b,c,d,e,f,g,h,i,j", ",")},
			[]string{"ollama pull MODEL", "a, b, c, d, e, f, g, h", "2"},
		},
		{"401", api.Unauthorized, hints.Facts{Status: http.StatusUnauthorized}, []string{"apiKey", "headers"}},
		{"403", api.Unauthorized, hints.Facts{Status: http.StatusForbidden}, []string{"OLLAMA_ORIGINS"}},
		{
			"404 without a model", api.HTTP4xx,
			hints.Facts{Endpoint: "http://h:1", Status: http.StatusNotFound},
			[]string{"curl http://h:1/api/version"},
		},
		{
			"502", api.HTTP5xx,
			hints.Facts{Endpoint: "https://h/p", Status: http.StatusBadGateway},
			[]string{"https://h:443/p"},
		},
		{
			"http to https", api.TLS, remote,
			[]string{"HTTPS"},
		},
		{"overloaded", api.Overloaded, remote, []string{"OLLAMA_NUM_PARALLEL", "OLLAMA_MAX_QUEUE"}},
		{"page", api.Decode, remote, []string{"http://203.0.113.10:11434/api/version"}},
		{"connect in time", api.TimeoutConnect, remote, []string{"timeout.connect", "nc -zv"}},
		{"first token", api.TimeoutFirstToken, remote, []string{"timeout.firstToken"}},
		{"idle", api.TimeoutIdle, remote, []string{"timeout.idle"}},
		{"total", api.TimeoutTotal, remote, []string{"NUM_PREDICT", "TIMEOUT", "timeout.total"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, l := range []locale.Locale{locale.English, locale.Korean} {
				hint := hints.For(tt.kind, tt.facts, l)
				for _, want := range tt.want {
					assert.Contains(t, hint, want)
				}
			}
		})
	}
}

func TestModelsAreNamedOnlyWhereKnown(t *testing.T) {
	t.Parallel()
	none := hints.For(api.ModelNotFound, hints.Facts{Models: []string{}}, locale.English)
	assert.Contains(t, none, "no models")
	unknown := hints.For(api.ModelNotFound, hints.Facts{}, locale.English)
	assert.NotContains(t, unknown, "The server has")
}

// Names come from scripts and servers; none may break the line or steer the terminal.
func FuzzFor(f *testing.F) {
	f.Add("connect", "http://127.0.0.1:11434", "m", "a\nb", 0)
	f.Add("model_not_found", "::", "{model}\x1b[2J", "{host}", 404)
	f.Fuzz(func(t *testing.T, kind, endpoint, model, other string, status int) {
		facts := hints.Facts{Endpoint: endpoint, Model: model, Models: []string{other}, Status: status}
		for _, l := range []locale.Locale{locale.English, locale.Korean} {
			hint := hints.For(api.ErrorKind(kind), facts, l)
			assert.NotEmpty(t, hint)
			assert.False(t, strings.ContainsFunc(hint, unicode.IsControl), "%q", hint)
		}
	})
}

func hasHangul(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Hangul, r) })
}
