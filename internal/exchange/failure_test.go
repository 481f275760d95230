package exchange_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/exchange"
)

// Before an answer: which step failed.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	secure.Config.ErrorLog = discardLog()
	secure.StartTLS()
	mutual := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	mutual.Config.ErrorLog = discardLog()
	mutual.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13}
	mutual.StartTLS()
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	t.Cleanup(mutual.Close)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())

	noNames := &net.Dialer{Resolver: &net.Resolver{
		PreferGo: true,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("no name server")
		},
	}}
	old := &http.Transport{TLSClientConfig: &tls.Config{
		InsecureSkipVerify: true, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12,
	}}
	t.Cleanup(old.CloseIdleConnections)

	for name, c := range map[string]struct {
		url       string
		transport http.RoundTripper // nil: a plain one
		kind      api.ErrorKind
		status    int
		message   string
	}{
		"no such name": {
			"http://ollama.invalid:11434", &http.Transport{DialContext: noNames.DialContext},
			api.DNS, 0, "lookup ollama.invalid",
		},
		"refused":     {"http://" + closed.Addr().String(), nil, api.Connect, 0, "connection refused"},
		"TLS refused": {"https://" + closed.Addr().String(), nil, api.Connect, 0, "connection refused"},
		"https to a plain server": {
			strings.Replace(plain.URL, "http:", "https:", 1), nil, api.TLS, 0, "HTTP response to HTTPS client",
		},
		"http to a TLS server": {
			strings.Replace(secure.URL, "https:", "http:", 1), nil, api.TLS, 400,
			"Client sent an HTTP request to an HTTPS server",
		},
		"unknown authority": {secure.URL, nil, api.TLS, 0, "certificate signed by unknown authority"},
		"wrong name": {
			strings.Replace(secure.URL, "127.0.0.1", "localhost", 1),
			&http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool(secure), MinVersion: tls.VersionTLS12}},
			api.TLS, 0, "localhost",
		},
		"no common version": {tls13Only(t), old, api.TLS, 0, "tls"},
		"a certificate is asked for": {
			mutual.URL, &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool(mutual), MinVersion: tls.VersionTLS13}},
			api.TLS, 0, "certificate required",
		},
		"handshake broken off": {
			"https://" + rawServer(t, func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) }), nil, api.TLS, 0, "",
		},
		"an alert to plain HTTP": {
			"http://" + says(t, "\x15\x03\x01\x00\x02\x02\x16"), nil, api.TLS, 0, "malformed HTTP response",
		},
		"not HTTP":       {"http://" + says(t, "SSH-2.0-OpenSSH_9.6\r\n"), nil, api.Decode, 0, "SSH-2.0"},
		"broken status":  {"http://" + says(t, "HTTP/1.1 abc\r\n\r\n"), nil, api.Decode, 0, "malformed"},
		"broken header":  {"http://" + says(t, "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), nil, api.Decode, 0, "malformed"},
		"closed":         {"http://" + says(t, ""), nil, api.Reset, 0, "EOF"},
		"broken off":     {"http://" + says(t, "HTTP/1.1 200 O"), nil, api.Reset, 0, "EOF"},
		"no URL":         {"http://[::1", nil, api.InvalidRequest, 0, "missing ']'"},
		"unknown scheme": {"ftp://127.0.0.1", nil, api.Connect, 0, "unsupported protocol scheme"},
		"redirect to nobody": {
			"http://" + says(t, strings.Replace(circle, "/api/generate", "http://"+closed.Addr().String(), 1)), nil,
			api.Connect, 0, "connection refused",
		},
		"redirect circle": {"http://" + says(t, circle), nil, api.Decode, 307, "307 Temporary Redirect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sender := client(t)
			if c.transport != nil {
				sender.Transport = c.transport
			}
			outcome := exchange.Do(t.Context(), sender, generate(c.url))
			assertSane(t, outcome)
			require.Equal(t, c.kind, kind(outcome), "%v", outcome.Err)
			assert.Equal(t, c.status, outcome.Record.Status)
			assert.Contains(t, outcome.Err.Message, c.message)
			assert.NotContains(t, outcome.Err.Message, "Post ", "the reader knows the URL")
			assert.Nil(t, outcome.Record.TTFT)
		})
	}
}

const circle = "HTTP/1.1 307 Temporary Redirect\r\nLocation: /api/generate\r\n" +
	"Content-Length: 0\r\nConnection: close\r\n\r\n"

// says returns the address of a server that reads a request and answers with the text.
func says(t *testing.T, text string) string {
	t.Helper()
	return rawServer(t, func(conn net.Conn) {
		if readRequest(bufio.NewReader(conn)) == nil {
			_, _ = io.WriteString(conn, text)
		}
	})
}

// What answers is not always Ollama, and Ollama does not always answer well.
func TestAnswers(t *testing.T) {
	t.Parallel()
	const ndjson, page = "application/x-ndjson", "text/html; charset=utf-8"
	for name, c := range map[string]struct {
		status  int
		media   string
		body    string
		kind    api.ErrorKind
		message string
		chunks  int
	}{
		"well":                  {200, ndjson, token + token + done, "", "", 2},
		"no media type":         {200, "", token + done, "", "", 1},
		"without a line break":  {200, ndjson, token + strings.TrimSpace(done), "", "", 1},
		"HTML page":             {200, page, "<!DOCTYPE html>\n<p>Log in</p>", api.Decode, "the answer is text/html", 0},
		"plain text":            {200, "text/plain", "Ollama is running", api.Decode, "the answer is text/plain", 0},
		"another JSON":          {200, "application/json", `["a"]`, api.Decode, "expected a line of JSON", 0},
		"nothing":               {200, ndjson, "", api.Truncated, "before it was done", 0},
		"no done":               {200, ndjson, token + token, api.Truncated, "before it was done", 2},
		"a line cut off":        {200, ndjson, token + token[:12], api.Truncated, "before it was done", 1},
		"error line":            {200, ndjson, token + `{"error":"runner killed"}` + "\n", api.ServerError, "runner killed", 1},
		"error line, then more": {200, ndjson, `{"error":"first"}` + "\n" + token + `{"error":"second"}`, api.ServerError, "first", 0},
		"error object line":     {200, ndjson, `{"error":{"message":"no memory"}}`, api.ServerError, "no memory", 0},
		"broken JSON line":      {200, ndjson, token + `{"response":" a","done":fal}` + "\n" + done, api.Decode, `got "{\"response\":`, 1},
		"garbage after the end": {200, ndjson, token + done + "garbage", api.Decode, "garbage", 1},
		"gzip in spite of all":  {200, ndjson, "\x1f\x8b\x08\x00\x00\x00", api.Decode, "expected a line of JSON", 0},
		"204":                   {204, "", "", api.Decode, "204 No Content", 0},
		"302":                   {302, "", "", api.Decode, "302 Found", 0},
		"400":                   {400, "", `{"error":"does not support thinking"}`, api.InvalidRequest, "thinking", 0},
		"401":                   {401, "", "", api.Unauthorized, "401 Unauthorized", 0},
		"403":                   {403, "", "", api.Unauthorized, "403 Forbidden", 0},
		"404 model":             {404, "", `{"error":"model 'x' not found"}`, api.ModelNotFound, "model 'x' not found", 0},
		"404 page":              {404, page, "<h1>not found</h1>", api.HTTP4xx, "404 Not Found (text/html)", 0},
		"418":                   {418, "", "", api.HTTP4xx, "418", 0},
		"429":                   {429, "", "", api.Overloaded, "429 Too Many Requests", 0},
		"500":                   {500, "", `{"error":"boom"}`, api.HTTP5xx, "boom", 0},
		"502 page":              {502, page, "<h1>Bad\nGateway</h1>", api.HTTP5xx, "(text/html): Bad Gateway", 0},
		"503":                   {503, "", `{"error":"server busy"}`, api.Overloaded, "server busy", 0},
		"long error page":       {500, page, strings.Repeat("<p>길다</p>\n", 1<<16), api.HTTP5xx, "길다", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, client := httpServer(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Type"] = nil
				if c.media != "" {
					w.Header().Set("Content-Type", c.media)
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			outcome := exchange.Do(t.Context(), client, generate(url))
			assertSane(t, outcome)
			assert.Equal(t, c.kind, kind(outcome), "%v", outcome.Err)
			assert.Equal(t, c.status, outcome.Record.Status)
			assert.Equal(t, c.chunks, valueOr(outcome.Record.Chunks, 0))
			assert.Equal(t, strings.Repeat(" a", c.chunks), outcome.Answer.Text, "what came is kept")
			assert.NotNil(t, outcome.Record.Duration)
			if outcome.Err != nil {
				assert.Contains(t, outcome.Err.Message, c.message)
			}
		})
	}
}

// A connection that breaks in the middle keeps what came before.
func TestBrokenStream(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
	const chunks = head + "Transfer-Encoding: chunked\r\n\r\n"
	for name, c := range map[string]struct {
		answer string
		reset  bool
		kind   api.ErrorKind
	}{
		"reset":                     {head + "\r\n" + token, true, api.Reset},
		"closed in a chunk":         {chunks + chunked(token) + "ff\r\n{\"re", false, api.Truncated},
		"closed between chunks":     {chunks + chunked(token), false, api.Truncated},
		"shorter than announced":    {head + "Content-Length: 900\r\n\r\n" + token + token[:9], false, api.Truncated},
		"closed, nothing announced": {head + "\r\n" + token + token[:9], false, api.Truncated},
		"closed after the end":      {chunks + chunked(token+done), false, ""},
		"reset after the end":       {head + "\r\n" + token + done, true, ""},
		"end without a line break": {
			chunks + chunked(token+strings.TrimSpace(done)), false, "",
		},
		"broken chunk size": {chunks + chunked(token) + "zz\r\n", false, api.Reset},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := make(chan struct{}, 8)
			address := rawServer(t, func(conn net.Conn) {
				if readRequest(bufio.NewReader(conn)) != nil {
					return
				}
				_, _ = io.WriteString(conn, c.answer)
				if c.reset {
					<-seen // a reset can overtake what was sent before it
					if c.kind == "" {
						<-seen
					}
					assert.NoError(t, conn.(*net.TCPConn).SetLinger(0)) //nolint:errcheck // it is one
				}
			})
			request := generate("http://" + address)
			request.OnLine = func([]byte) { seen <- struct{}{} }
			outcome := exchange.Do(t.Context(), client(t), request)
			assertSane(t, outcome)
			assert.Equal(t, c.kind, kind(outcome), "%v", outcome.Err)
			assert.Equal(t, 1, *outcome.Record.Chunks)
			assert.NotNil(t, outcome.Record.TTFT)
			assert.Equal(t, " a", outcome.Answer.Text)
		})
	}
}

func chunked(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }

// A request that is cancelled, or runs out of time, when all of its answer is there has
// been answered.
func TestWholeAnswerSurvivesItsCancellation(t *testing.T) {
	t.Parallel()
	const held = 50 * time.Millisecond // between the answer and the cancellation
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	url, client := httpServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		send(w, token)
		send(w, done)
		hang(r)
	})
	var answered time.Time
	request := generate(url)
	request.OnLine = func(line []byte) {
		if strings.Contains(string(line), `"done":true`) {
			answered = time.Now()
			time.AfterFunc(held, cancel)
		}
	}
	started := time.Now()
	outcome := exchange.Do(ctx, client, request)
	assertSane(t, outcome)
	assert.Nil(t, outcome.Err)
	assert.Equal(t, 1, *outcome.Record.Chunks)
	most := float64(answered.Sub(started)) / float64(time.Millisecond)
	assert.LessOrEqual(t, *outcome.Record.Duration, most, "what comes after the last byte is not part of the answer")
}

// A last line is as long as the context that it carries.
func TestHugeLine(t *testing.T) {
	t.Parallel()
	size := 32 << 20
	if raceDetector {
		size = 2 << 20
	}
	url, client := httpServer(t, func(w http.ResponseWriter, _ *http.Request) {
		send(w, token)
		_, _ = io.WriteString(w, `{"response":"`)
		_, _ = io.Copy(w, io.LimitReader(xs{}, int64(size)))
		_, _ = io.WriteString(w, `","done":true,"eval_count":2}`)
	})
	outcome := exchange.Do(t.Context(), client, generate(url))
	assertSane(t, outcome)
	require.Nil(t, outcome.Err)
	assert.Equal(t, 2, *outcome.Record.Chunks)
	assert.Equal(t, size+len(" a"), *outcome.Record.ResponseChars)
	assert.Len(t, outcome.Answer.Last, size+len(`{"response":"","done":true,"eval_count":2}`))
}

type xs struct{}

func (xs) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// stub is a transport without a network: it answers with a body of our own.
type stub struct {
	status int
	body   io.Reader
}

func (s stub) RoundTrip(request *http.Request) (*http.Response, error) {
	gotConn(request)
	return &http.Response{
		StatusCode: s.status, Header: http.Header{}, Body: io.NopCloser(s.body), Request: request,
	}, nil
}

func TestOneByteAtATime(t *testing.T) {
	t.Parallel()
	text := thinking("흠") + `{"response":"안녕","done":false}` + "\r\n\n" + token + strings.TrimSpace(done)
	var lines []string
	request := generate("http://stub")
	request.OnLine = func(line []byte) { lines = append(lines, string(line)) }
	sender := exchange.Client{Transport: stub{200, iotest.OneByteReader(strings.NewReader(text))}}
	outcome := exchange.Do(t.Context(), sender, request)
	assertSane(t, outcome)
	require.Nil(t, outcome.Err)
	assert.Equal(t, strings.Fields(strings.ReplaceAll(text, `" a"`, `"·a"`)),
		strings.Fields(strings.ReplaceAll(strings.Join(lines, "\n"), `" a"`, `"·a"`)))
	assert.Equal(t, "안녕 a", outcome.Answer.Text)
	assert.Equal(t, "흠", outcome.Answer.Thinking)
	assert.Equal(t, strings.TrimSpace(done), string(outcome.Answer.Last))
	assert.Equal(t, 3, *outcome.Record.Chunks)
}

func TestPull(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]api.ErrorKind{
		lines(`{"status":"pulling manifest"}`, `{"status":"success"}`):                                 "",
		lines(`{"status":"pulling manifest"}`):                                                         api.Truncated,
		lines(`{"status":"pulling manifest"}`, `{"error":"pull model manifest: file does not exist"}`): api.ServerError,
	} {
		var seen []string
		outcome := exchange.Do(t.Context(), exchange.Client{Transport: stub{200, strings.NewReader(body)}},
			exchange.Request{
				Op: api.Pull, URL: "http://stub/api/pull", Stream: true,
				OnLine: func(line []byte) { seen = append(seen, string(line)) },
			})
		assertSane(t, outcome)
		assert.Equal(t, want, kind(outcome))
		assert.Equal(t, `{"status":"pulling manifest"}`, seen[0])
		assert.Nil(t, outcome.Record.TTFT, "progress is no token")
		assert.Nil(t, outcome.Record.Chunks)
	}
}

func TestEmbedWithoutEmbeddings(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]api.ErrorKind{
		`{"embeddings":[]}`:       "",
		`{"embedding":[1]}`:       api.Decode,
		`{"object":"list"}`:       api.Decode,
		`{"embeddings":[[0.1,0`:   api.Truncated,
		"":                        api.Truncated,
		`{"error":"no embedder"}`: api.ServerError,
	} {
		outcome := exchange.Do(t.Context(), exchange.Client{Transport: stub{200, strings.NewReader(body)}},
			exchange.Request{Op: api.Embed, URL: "http://stub/api/embed"})
		assertSane(t, outcome)
		assert.Equal(t, want, kind(outcome), body)
	}
}

func TestToolCallsAreKeptAsTheyCame(t *testing.T) {
	t.Parallel()
	body := toolCall + `{"message":{"tool_calls":[{"a": 1},{"b":2}]},"done":true}`
	sender := exchange.Client{Transport: stub{200, strings.NewReader(body)}}
	outcome := exchange.Do(t.Context(), sender, generate("http://stub"))
	require.Nil(t, outcome.Err)
	require.Len(t, outcome.Answer.ToolCalls, 3)
	assert.Equal(t, `{"function":{"name":"f"}}`, string(outcome.Answer.ToolCalls[0]))
	assert.Equal(t, `{"a": 1}`, string(outcome.Answer.ToolCalls[1]))
	assert.Nil(t, outcome.Record.TTFO)
}

// senderFunc is a Sender that can do wrong.
type senderFunc func(*http.Request, func(http.RoundTripper) http.RoundTripper) error

func (f senderFunc) Send(request *http.Request, observe func(http.RoundTripper) http.RoundTripper) error {
	return f(request, observe)
}

// A Sender that never reached its transport (k6's rps limit, a blocked host) or forgot to
// say what went wrong makes a failed request, not a panic.
func TestSenderThatDoesNotSend(t *testing.T) {
	t.Parallel()
	blocked := errors.New("hostname is in a blocked pattern")
	for name, c := range map[string]struct {
		err  error
		kind api.ErrorKind
	}{
		"an error": {blocked, api.Connect},
		"none":     {nil, api.Reset},
		"ours":     {&api.Error{Kind: api.InvalidRequest, Message: "no"}, api.InvalidRequest},
	} {
		outcome := exchange.Do(t.Context(), senderFunc(func(*http.Request, func(http.RoundTripper) http.RoundTripper) error {
			return c.err
		}), generate("http://stub"))
		assertSane(t, outcome)
		assert.Equal(t, c.kind, kind(outcome), name)
		if c.err != nil {
			assert.ErrorIs(t, outcome.Err, c.err)
		}
		assert.Nil(t, outcome.Record.Duration)
		assert.Nil(t, outcome.Record.Connect)
	}
}

func TestRequestOnTheWire(t *testing.T) {
	t.Parallel()
	type seen struct {
		method, path, media, custom, body string
		length                            int64
	}
	requests := make(chan seen, 1)
	url, client := httpServer(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		media, custom := r.Header.Get("Content-Type"), r.Header.Get("X-Custom")
		requests <- seen{r.Method, r.URL.Path, media, custom, string(body), r.ContentLength}
		send(w, `{"models":[],"done":true}`)
	})
	header := http.Header{"X-Custom": {"1"}}
	request := generate(url)
	request.Header = header
	require.Nil(t, exchange.Do(t.Context(), client, request).Err)
	assert.Equal(t, seen{"POST", "/api/generate", "application/json", "1", `{"model":"tiny"}`, 16}, <-requests)
	assert.Equal(t, http.Header{"X-Custom": {"1"}}, header, "the caller's headers stay as they are")

	require.Nil(t, exchange.Do(t.Context(), client, exchange.Request{Op: api.List, URL: url + "/api/tags"}).Err)
	assert.Equal(t, seen{method: "GET", path: "/api/tags"}, <-requests)
}

// A proxy in front of several servers chooses by the Host header, as it does for k6/http.
func TestHostHeader(t *testing.T) {
	t.Parallel()
	hosts := make(chan string, 1)
	url, client := httpServer(t, func(w http.ResponseWriter, r *http.Request) {
		hosts <- r.Host
		send(w, token+done)
	})
	request := generate(url)
	request.Header = http.Header{"Host": {"ollama.test"}}
	require.Nil(t, exchange.Do(t.Context(), client, request).Err)
	assert.Equal(t, "ollama.test", <-hosts)
}

// The default transport serves where none is given.
func TestDefaultTransport(t *testing.T) {
	t.Parallel()
	url, _ := httpServer(t, func(w http.ResponseWriter, _ *http.Request) { send(w, token+done) })
	outcome := exchange.Do(t.Context(), exchange.Client{}, generate(url))
	assert.Nil(t, outcome.Err)
}
