package api_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
)

// The names are the `error_type` tag of every dashboard and threshold: a name that
// changes breaks them, a new one needs a place in the docs.
func TestErrorKindsAreClosed(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []api.ErrorKind{
		"invalid_request", "model_not_found", "unauthorized", "overloaded", "http_4xx", "http_5xx",
		"dns", "connect", "tls", "reset",
		"timeout_connect", "timeout_first_token", "timeout_idle", "timeout_total",
		"server_error", "truncated", "decode", "canceled",
	}, api.ErrorKinds())

	source, err := os.ReadFile("error.go")
	require.NoError(t, err)
	declared := regexp.MustCompile(`(?m)^\t\w+ +ErrorKind = "(\w+)"$`).FindAllSubmatch(source, -1)
	require.Len(t, declared, len(api.ErrorKinds()))
	for _, d := range declared {
		assert.Contains(t, api.ErrorKinds(), api.ErrorKind(d[1]))
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	err := error(&api.Error{Kind: api.Reset, Message: "broke", Err: cause})
	wrapped := errors.Join(errors.New("other"), err)
	assert.Equal(t, api.Reset, api.KindOf(wrapped))
	require.ErrorIs(t, wrapped, cause)
	assert.Equal(t, "reset: broke", err.Error())
	assert.Empty(t, api.KindOf(cause))
	assert.Empty(t, api.KindOf(nil))
}

// Every answer of a real server that was no success.
func TestStatusErrorOfCaptures(t *testing.T) {
	t.Parallel()
	want := map[string]struct {
		kind    api.ErrorKind
		message string
	}{
		"bad-host":        {api.Unauthorized, "403 Forbidden"},
		"cors-bad-origin": {api.Unauthorized, "403 Forbidden"},
		"chat-think":      {api.InvalidRequest, `"tiny" does not support thinking`},
		"chat-tools": {
			api.InvalidRequest, "registry.ollama.ai/library/tiny:latest does not support tools",
		},
		"ctx-overflow-chat-notruncate":     {api.InvalidRequest, "the input length exceeds the context length"},
		"ctx-overflow-embed-notruncate":    {api.InvalidRequest, "the input length exceeds the context length"},
		"ctx-overflow-notruncate":          {api.InvalidRequest, "the input length exceeds the context length"},
		"ctx-overflow-notruncate-nostream": {api.InvalidRequest, "the input length exceeds the context length"},
		"err-404-path":                     {api.HTTP4xx, "404 Not Found: 404 page not found"},
		"err-bad-model-name":               {api.ModelNotFound, "model '///' not found"},
		"err-badoption":                    {api.HTTP5xx, `option "num_predict" must be of type integer`},
		"err-empty-model":                  {api.ModelNotFound, "model '' not found"},
		"err-empty-model-chat":             {api.InvalidRequest, "model is required"},
		"err-emptyobject":                  {api.ModelNotFound, "model '' not found"},
		"err-malformed":                    {api.InvalidRequest, "unexpected EOF"},
		"err-malformed-type": {
			api.InvalidRequest,
			"json: cannot unmarshal number into Go struct field GenerateRequest.prompt of type string",
		},
		"err-method-delete-generate": {api.HTTP4xx, "405 Method Not Allowed: 405 method not allowed"},
		"err-method-get-generate":    {api.HTTP4xx, "405 Method Not Allowed: 405 method not allowed"},
		"err-method-post-tags":       {api.HTTP4xx, "405 Method Not Allowed: 405 method not allowed"},
		"err-nobody":                 {api.InvalidRequest, "missing request body"},
		"err-unknown-model":          {api.ModelNotFound, "model 'nope' not found"},
		"err-unknown-model-chat":     {api.ModelNotFound, "model 'nope' not found"},
		"err-unknown-model-embed":    {api.ModelNotFound, `model "nope" not found, try pulling it first`},
		"err-unknown-model-show":     {api.ModelNotFound, "model 'nope' not found"},
		"err-unknown-model-v1":       {api.ModelNotFound, "model 'nope' not found"},
		"generate-badformat": {
			api.HTTP5xx,
			`invalid format: "\"xml\""; expected "json" or a valid JSON Schema object`,
		},
		"options-preflight":     {api.Decode, "204 No Content"},
		"overload-503-chat":     {api.Overloaded, busy},
		"overload-503-embed":    {api.Overloaded, busy},
		"overload-503-generate": {api.Overloaded, busy},
		"overload-503-v1":       {api.Overloaded, busy},
		"runner-killed-nostream": {
			api.HTTP5xx,
			"an error was encountered while running the model: unexpected EOF",
		},
		"trailing-slash":    {api.Decode, "307 Temporary Redirect"},
		"v1-err-malformed":  {api.InvalidRequest, "unexpected EOF"},
		"v1-err-nomessages": {api.InvalidRequest, "[] is too short - 'messages'"},
	}
	files, err := filepath.Glob("../exchange/testdata/captures/*.http")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), nil)
		if len(raw) == 0 || strings.HasPrefix(string(raw), "HTTP/1.1 100") {
			continue
		}
		require.NoError(t, err, file)
		if response.StatusCode == http.StatusOK {
			continue
		}
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		name := strings.TrimSuffix(filepath.Base(file), ".http")
		expected, listed := want[name]
		if !assert.True(t, listed, "%s is not in the table", name) {
			continue
		}
		delete(want, name)
		failed := api.StatusError(response.StatusCode, response.Header.Get("Content-Type"), body)
		assert.Equal(t, expected.kind, failed.Kind, name)
		assert.Equal(t, expected.message, failed.Message, name)
		assert.Equal(t, response.StatusCode, failed.Status, name)
	}
	assert.Empty(t, want, "captures that do not exist")
}

const busy = "server busy, please try again. maximum pending requests exceeded"

// What stands between a client and Ollama answers in its own way.
func TestStatusErrorOfProxies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status     int
		mediaType  string
		body       string
		kind       api.ErrorKind
		message    string
		notMessage string
	}{
		"nginx 502": {
			502, "text/html",
			"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>" +
				"\r\n<hr><center>nginx/1.24.0 &amp; friends</center>\r\n</body>\r\n</html>",
			api.HTTP5xx, "502 Bad Gateway (text/html): 502 Bad Gateway 502 Bad Gateway nginx/1.24.0 & friends", "<",
		},
		"style and script are not text": {
			500, "text/html; charset=utf-8",
			"<STYLE>body{color:red}</STYLE><p>Oops</p><script>alert('x<y')</script>",
			api.HTTP5xx, "500 Internal Server Error (text/html): Oops", "color",
		},
		"empty page":        {500, "text/html", "<html></html>", api.HTTP5xx, "500 Internal Server Error (text/html)", ""},
		"cut page":          {502, "text/html", "<html><body>Bad<", api.HTTP5xx, "502 Bad Gateway (text/html): Bad", ""},
		"unauthorized":      {401, "", "", api.Unauthorized, "401 Unauthorized", ""},
		"forbidden":         {403, "text/plain", "go away", api.Unauthorized, "403 Forbidden: go away", ""},
		"too many requests": {429, "application/json", `{"error":"slow down"}`, api.Overloaded, "slow down", ""},
		"unavailable":       {503, "", "", api.Overloaded, "503 Service Unavailable", ""},
		"teapot":            {418, "", "", api.HTTP4xx, "418 I'm a teapot", ""},
		"unknown status":    {599, "", "", api.HTTP5xx, "599", ""},
		"model elsewhere":   {500, "", `{"error":"model 'x' not found"}`, api.HTTP5xx, "model 'x' not found", ""},
		"page not found":    {404, "text/html", "<h1>not found</h1>", api.HTTP4xx, "(text/html): not found", ""},
		"TLS port, Go":      {400, "", "Client sent an HTTP request to an HTTPS server.\n", api.TLS, "HTTPS server", ""},
		"TLS port, nginx": {
			400, "text/html", "<h1>The plain HTTP request was sent to HTTPS port</h1>",
			api.TLS, "HTTPS port", "",
		},
		"TLS port, Apache": {
			400, "text/html", "You're speaking plain HTTP to an SSL-enabled server port.<br />",
			api.TLS, "SSL", "",
		},
		"redirect elsewhere": {302, "", "", api.Decode, "302 Found", ""},
		"error and no text":  {500, "application/json", `{"error":""}`, api.HTTP5xx, `""`, ""},
		"other JSON":         {500, "application/json", `{"detail":"x"}`, api.HTTP5xx, `{"detail":"x"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failed := api.StatusError(c.status, c.mediaType, []byte(c.body))
			assert.Equal(t, c.kind, failed.Kind)
			assert.Equal(t, c.status, failed.Status)
			assert.Contains(t, failed.Message, c.message)
			assert.NotContains(t, failed.Message, "\n")
			if c.notMessage != "" {
				assert.NotContains(t, failed.Message, c.notMessage)
			}
		})
	}
}

func FuzzStatusError(f *testing.F) {
	f.Add(502, "text/html", []byte("<script><style></html>"))
	f.Add(400, "", []byte(`{"error":{"message":"x"}}`))
	f.Fuzz(func(t *testing.T, status int, mediaType string, body []byte) {
		failed := api.StatusError(status, mediaType, body)
		require.Contains(t, api.ErrorKinds(), failed.Kind)
		require.NotEmpty(t, failed.Message)
	})
}
