package simulator_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/simulator"
)

// variable is what differs between two answers of one real server: moments, durations,
// tokens, identities, and sizes that follow from them.
var variable = []struct {
	pattern     *regexp.Regexp
	replacement string
}{
	{regexp.MustCompile(`"(created_at|modified_at|expires_at)":"[^"]*"`), `"$1":"T"`},
	{regexp.MustCompile(`"(\w+_duration|\w+_count|size|size_vram|created|context_length|\w+_tokens)":\d+`), `"$1":0`},
	{regexp.MustCompile(`"(response|content|text|digest|parameter_size|quantization_level|family)":"[^"]+"`), `"$1":"X"`},
	{regexp.MustCompile(`"id":"(chatcmpl|cmpl)-\d+"`), `"id":"$1-0"`},
	{regexp.MustCompile(`"families":\["[^"]*"\]`), `"families":["X"]`},
	{regexp.MustCompile(`"context":\[[\d,]+\]`), `"context":[0]`},
	{regexp.MustCompile(`\[-?\d[-\d.e,]*\]`), `[0.5]`},
	{regexp.MustCompile(`Content-Length: \d+`), `Content-Length: N`},
	{regexp.MustCompile(`"(name|model|id)":"(mid|tiny)(:latest)?"`), `"$1":"M$3"`},
}

func normalize(text string) string {
	for _, v := range variable {
		text = v.pattern.ReplaceAllString(text, v.replacement)
	}
	return text
}

// shapeOf reduces a body to its different lines in order: a stream of 16 tokens and one of
// 8 have the same shape.
func shapeOf(body string) []string {
	var shape []string
	for line := range strings.Lines(normalize(body)) {
		if n := len(shape); n == 0 || shape[n-1] != line {
			if n < 2 || shape[n-2] != line || strings.TrimSpace(line) == "" {
				shape = append(shape, line)
			}
		}
	}
	return shape
}

// capture reads a raw answer of a real server and takes off the chunks, if any.
func capture(t *testing.T, name string) (headers, body string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".http"))
	require.NoError(t, err)
	head, body, found := strings.Cut(string(raw), "\r\n\r\n")
	require.True(t, found)
	if strings.Contains(head, "Transfer-Encoding: chunked") {
		body = regexp.MustCompile(`(?m)^[0-9a-f]+\r\n`).ReplaceAllString(body, "")
		body = strings.ReplaceAll(body, "\r\n", "")
	}
	return withoutDate(string(raw)), body
}

func TestAnswersAsTheRealServer(t *testing.T) {
	t.Parallel()
	const (
		prompt   = `"model":"tiny","prompt":"the calm sea"`
		messages = `"model":"tiny","messages":[{"role":"user","content":"the calm sea"}]`
		two      = `"options":{"num_predict":2}`
	)
	tests := []struct{ capture, method, path, body string }{
		{"root", "GET", "/", ""},
		{"version", "GET", "/api/version", ""},
		{"ps-empty", "GET", "/api/ps", ""},
		{"ps-loaded", "GET", "/api/ps", ""},
		{"show", "POST", "/api/show", `{"model":"tiny"}`},
		{"generate-stream", "POST", "/api/generate", `{` + prompt + `,"options":{"num_predict":16}}`},
		{"generate-nostream", "POST", "/api/generate", `{` + prompt + `,"stream":false,` + two + `}`},
		{"generate-context", "POST", "/api/generate", `{` + prompt + `,"context":[1,2,3],` + two + `}`},
		{"generate-raw", "POST", "/api/generate", `{` + prompt + `,"raw":true,` + two + `}`},
		{"generate-predict1", "POST", "/api/generate", `{` + prompt + `,"options":{"num_predict":1}}`},
		{"generate-stop", "POST", "/api/generate", `{` + prompt + `}`},
		{"generate-preload", "POST", "/api/generate", `{"model":"tiny"}`},
		{"generate-keepalive-neg", "POST", "/api/generate", `{"model":"tiny","keep_alive":-1}`},
		{"generate-unload", "POST", "/api/generate", `{"model":"tiny","keep_alive":0}`},
		{"generate-badformat", "POST", "/api/generate", `{` + prompt + `,"format":"xml"}`},
		{
			"case-insensitive-key", "POST", "/api/generate",
			`{"MODEL":"tiny","Prompt":"a","STREAM":false,"options":{"num_predict":1}}`,
		},
		{"trailing-garbage", "POST", "/api/generate", `{` + prompt + `,"stream":false,"options":{"num_predict":1}} garbage`},
		{"unknown-field", "POST", "/api/generate", `{` + prompt + `,"stream":false,"nope":1,"options":{"num_predict":1}}`},
		{"unknown-option", "POST", "/api/generate", `{` + prompt + `,"stream":false,"options":{"nope":1,"num_predict":2}}`},
		{"chat-stream", "POST", "/api/chat", `{` + messages + `,` + two + `}`},
		{"chat-nostream", "POST", "/api/chat", `{` + messages + `,"stream":false,` + two + `}`},
		{"chat-empty", "POST", "/api/chat", `{"model":"tiny"}`},
		{"chat-think", "POST", "/api/chat", `{` + messages + `,"think":true}`},
		{"chat-tools", "POST", "/api/chat", `{` + messages + `,"tools":[{"type":"function","function":{"name":"f"}}]}`},
		{"embed", "POST", "/api/embed", `{"model":"tiny","input":["a","b"]}`},
		{"embeddings-old", "POST", "/api/embeddings", `{"model":"tiny","prompt":"a"}`},
		{"v1-chat", "POST", "/v1/chat/completions", `{` + messages + `,"max_tokens":2}`},
		{"v1-chat-stream", "POST", "/v1/chat/completions", `{` + messages + `,"max_tokens":8,"stream":true}`},
		{
			"v1-chat-stream-usage", "POST", "/v1/chat/completions",
			`{` + messages + `,"max_tokens":8,"stream":true,"stream_options":{"include_usage":true}}`,
		},
		{"v1-completions", "POST", "/v1/completions", `{` + prompt + `,"max_tokens":2}`},
		{
			"v1-completions-stream", "POST", "/v1/completions",
			`{` + prompt + `,"max_tokens":8,"stream":true,"stream_options":{"include_usage":true}}`,
		},
		{"v1-embeddings", "POST", "/v1/embeddings", `{"model":"tiny","input":"a"}`},
		{"v1-model", "GET", "/v1/models/tiny", ""},
	}
	for _, tt := range tests {
		t.Run(tt.capture, func(t *testing.T) {
			t.Parallel()
			server := start(t, quick())
			if tt.capture == "ps-loaded" {
				call(server, "POST", "/api/generate", `{"model":"tiny"}`)
			}
			headers, body := capture(t, tt.capture)
			got := call(server, tt.method, tt.path, tt.body)
			require.Equal(t, normalize(headers), normalize(got.headers))
			if tt.capture == "show" { // another model: the same fields, other contents
				require.Equal(t, keys(body), keys(got.body))
				return
			}
			require.Equal(t, shapeOf(body), shapeOf(got.body))
		})
	}
}

// keys returns the names in the outermost object, in order.
func keys(body string) []string {
	var names []string
	depth, text := 0, false
	begin := 0
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case text && c == '\\':
			i++
		case c == '"' && !text:
			text, begin = true, i+1
		case c == '"':
			text = false
			if depth == 1 && i+1 < len(body) && body[i+1] == ':' {
				names = append(names, body[begin:i])
			}
		case text:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
	}
	return names
}

// Errors are the same to the byte.
func TestFailsAsTheRealServer(t *testing.T) {
	t.Parallel()
	server := start(t, quick())
	const user = `"messages":[{"role":"user","content":"a"}]`
	tests := []struct{ capture, method, path, body string }{
		{"head-root", "HEAD", "/", ""},
		{"trailing-slash", "POST", "/api/generate/", "{}"},
		{"err-404-path", "GET", "/api/nope", ""},
		{"err-bad-model-name", "POST", "/api/generate", `{"model":"///","prompt":"a"}`},
		{"err-badoption", "POST", "/api/generate", `{"model":"tiny","prompt":"a","options":{"num_predict":"x"}}`},
		{"err-empty-model", "POST", "/api/generate", `{"model":"","prompt":"a"}`},
		{"err-empty-model-chat", "POST", "/api/chat", `{"model":"",` + user + `}`},
		{"err-emptyobject", "POST", "/api/generate", `{}`},
		{"err-malformed", "POST", "/api/generate", `{"model":"tiny"`},
		{"err-malformed-type", "POST", "/api/generate", `{"model":"tiny","prompt":5}`},
		{"err-method-delete-generate", "DELETE", "/api/generate", ""},
		{"err-method-get-generate", "GET", "/api/generate", ""},
		{"err-method-post-tags", "POST", "/api/tags", ""},
		{"err-nobody", "POST", "/api/generate", ""},
		{"err-unknown-model", "POST", "/api/generate", `{"model":"nope","prompt":"a"}`},
		{"err-unknown-model-chat", "POST", "/api/chat", `{"model":"nope",` + user + `}`},
		{"err-unknown-model-embed", "POST", "/api/embed", `{"model":"nope","input":"a"}`},
		{"err-unknown-model-show", "POST", "/api/show", `{"model":"nope"}`},
		{"err-unknown-model-v1", "POST", "/v1/chat/completions", `{"model":"nope",` + user + `}`},
		{"v1-err-malformed", "POST", "/v1/chat/completions", `{"model":"tiny"`},
		{"v1-err-nomessages", "POST", "/v1/chat/completions", `{"model":"tiny","messages":[]}`},
	}
	for _, tt := range tests {
		t.Run(tt.capture, func(t *testing.T) {
			t.Parallel()
			headers, body := capture(t, tt.capture)
			got := call(server, tt.method, tt.path, tt.body)
			require.Equal(t, headers, got.headers)
			require.Equal(t, body, got.body)
		})
	}
	headers, _ := capture(t, "bad-host")
	require.Equal(t, headers, call(server, "GET", "/", "", "Host: evil.example").headers)
}

func TestOverloadAsTheRealServer(t *testing.T) {
	t.Parallel()
	config := quick()
	fault, err := simulator.ParseFault("503")
	require.NoError(t, err)
	config.Faults = []simulator.Fault{fault}
	server := start(t, config)
	const user = `"messages":[{"role":"user","content":"a"}]`
	for _, tt := range []struct{ capture, path, body string }{
		{"overload-503-generate", "/api/generate", `{"model":"tiny","prompt":"a"}`},
		{"overload-503-chat", "/api/chat", `{"model":"tiny",` + user + `}`},
		{"overload-503-embed", "/api/embed", `{"model":"tiny","input":"a"}`},
		{"overload-503-v1", "/v1/chat/completions", `{"model":"tiny",` + user + `}`},
	} {
		headers, body := capture(t, tt.capture)
		got := call(server, "POST", tt.path, tt.body)
		require.Equal(t, headers, got.headers)
		require.Equal(t, body, got.body)
	}
}
