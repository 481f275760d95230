package exchange_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/exchange"
)

// gotConn tells the client that it has a connection, as a transport does.
func gotConn(request *http.Request) {
	if trace := httptrace.ContextClientTrace(request.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
}

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }

func pool(server *httptest.Server) *x509.CertPool {
	roots := x509.NewCertPool()
	certificate := *server.Certificate()
	roots.AddCert(&certificate)
	return roots
}

func tls13Only(t *testing.T) string {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	server.Config.ErrorLog = discardLog()
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

// inPieces gives its data in pieces of the sizes that cuts has, and then an error.
type inPieces struct {
	data, cuts []byte
	end        error
}

func (r *inPieces) Read(p []byte) (int, error) {
	if len(r.data) == 0 {
		return 0, r.end
	}
	n := len(r.data)
	if len(r.cuts) > 0 {
		n, r.cuts = int(r.cuts[0]), r.cuts[1:]
	}
	n = copy(p, r.data[:min(n, len(r.data))])
	r.data = r.data[n:]
	return n, nil
}

// Whatever bytes come in whatever pieces, and however they end: no panic, no NaN, nothing
// negative (assertSane), and nothing that the server did not say.
func FuzzAnswer(f *testing.F) {
	seeds := []string{
		token + token + done, thinking("Hm") + done, toolCall + done, token, `{"error":"x"}`, "<html>", "", "null",
		`{"done":true,"total_duration":-1,"eval_count":-1,"eval_duration":0}`,
		`{"done":true,"total_duration":9223372036854775807,"load_duration":9223372036854775807,"eval_count":2}`,
		token + `{"response":"b","done":true,"eval_count":9223372036854775807,"total_duration":1}`,
		`{"embeddings":[[1]],"total_duration":5,"load_duration":1}`, `{"status":"success"}`,
	}
	for i, seed := range seeds {
		f.Add([]byte(seed), []byte{3, 0, 7, 200}, 200, byte(i), byte(i%4), i%2 == 0)
	}
	ops := []api.Op{
		api.Generate, api.Chat, api.Embed, api.List, api.Show, api.ListRunning, api.GetVersion, api.Pull,
		api.Load, api.Unload,
	}
	ends := []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, errors.New("odd")}
	f.Fuzz(func(t *testing.T, body, cuts []byte, status int, op, end byte, stream bool) {
		request := exchange.Request{
			Op: ops[int(op)%len(ops)], URL: "http://stub", Body: []byte("{}"), Stream: stream,
		}
		seen := 0
		request.OnLine = func(line []byte) {
			seen++
			require.True(t, bytes.Contains(body, line), "a line is as it came")
		}
		reader := &inPieces{body, cuts, ends[int(end)%len(ends)]}
		// A redirect without an address is an error of the client, whatever else it says.
		if status == 301 || status == 302 || status == 303 || status == 307 || status == 308 {
			status = 300
		}
		outcome := exchange.Do(t.Context(), exchange.Client{Transport: stub{status, reader}}, request)
		assertSane(t, outcome)
		r := outcome.Record
		assert.LessOrEqual(t, valueOr(r.Chunks, 0), seen)
		assert.LessOrEqual(t, valueOr(r.ResponseChars, 0)+valueOr(r.ThinkingChars, 0), len(body))
		says := func(field string) bool { return bytes.Contains(bytes.ToLower(body), []byte(field)) }
		escaped := says(`\u`) || !isASCII(body) // a key can be written in other ways, too
		for field, known := range map[string]bool{
			"eval_count": r.OutputTokens != nil, "prompt_eval_count": r.PromptTokens != nil,
			"total_duration": r.Server != nil && r.Server.Total != nil,
			"load_duration":  r.Server != nil && r.Server.Load != nil,
			"eval_duration":  r.Server != nil && r.Server.Eval != nil,
			"done_reason":    r.DoneReason != "",
		} {
			assert.True(t, !known || escaped || says(field), "%s was invented", field)
		}
		if outcome.Err == nil && request.Op.GeneratesTokens() {
			assert.True(t, escaped || says("done"), "no answer is whole without its end")
		}
	})
}

func isASCII(text []byte) bool {
	for _, b := range text {
		if b >= 0x80 {
			return false
		}
	}
	return true
}
