package exchange_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/exchange"
)

// capture is what a client has to make of the bytes that a real server sent.
type capture struct {
	op     api.Op
	stream bool
	hang   bool // the client left: the connection stays open until the request is cancelled
	status int
	kind   api.ErrorKind // "" where all went well
	chunks int           // content chunks of a stream

	prompt, output int64 // tokens; 0 where the server said nothing
	reason         string
	chars          int
	text           string   // its beginning
	server         [4]int64 // total, load, prompt eval, eval in ns; 0 where the server said nothing
}

// captures names every file in testdata/captures: what Ollama 0.17.4 wrote to its socket,
// byte for byte. Those of OpenAI's API show what becomes
// of a client that is led to one: a whole JSON answer without "done" is truncated, an
// event stream is not Ollama's.
var captures = map[string]capture{
	"after-runner-killed": {
		op: api.Generate, status: 200, prompt: 20, output: 2, reason: "length", chars: 9, text: " leaf day",
		server: [4]int64{1271990330, 537475959, 695829245, 37038168},
	},
	"bad-host": {op: api.Generate, status: 403, kind: api.Unauthorized},
	"case-insensitive-key": {
		op: api.Generate, status: 200, prompt: 19, output: 1, reason: "length", chars: 6, text: " three",
		server: [4]int64{3044176, 1598907, 379972, 0},
	},
	"chat-empty": {op: api.Chat, status: 200, reason: "load"},
	"chat-nostream": {
		op: api.Chat, status: 200, prompt: 20, output: 16, reason: "length",
		chars: 93, text: " three copper red fire t", server: [4]int64{32434425, 2033990, 373774, 28334368},
	},
	"chat-stream": {
		op: api.Chat, stream: true, status: 200, chunks: 16, prompt: 20, output: 16, reason: "length",
		chars: 93, text: " three copper red fire t", server: [4]int64{33995495, 1581030, 399982, 30265780},
	},
	"chat-think": {op: api.Chat, status: 400, kind: api.InvalidRequest},
	"chat-tools": {op: api.Chat, status: 400, kind: api.InvalidRequest},
	"chunked-upload": {
		op: api.Generate, status: 200, prompt: 19, output: 1, reason: "length", chars: 3, text: " to",
		server: [4]int64{3388114, 1978769, 302918, 0},
	},
	"client-abort-queued": {op: api.Generate, stream: true, hang: true, kind: api.Canceled},
	"client-abort": {
		op: api.Generate, stream: true, hang: true, status: 200, kind: api.Canceled, chunks: 34,
		chars: 154, text: " leaf leaf day wind leaf",
	},
	"cors-bad-origin": {op: api.Generate, status: 403, kind: api.Unauthorized},
	"ctx-noshift": {
		op: api.Generate, status: 200, prompt: 20, output: 45, reason: "length",
		chars: 259, text: " three softly fire three", server: [4]int64{553604029, 295057546, 1285473, 253288348},
	},
	"ctx-overflow-chat-notruncate": {op: api.Chat, status: 400, kind: api.InvalidRequest},
	"ctx-overflow-chat-v1":         {op: api.Chat, status: 200, kind: api.Truncated},
	"ctx-overflow-default": {
		op: api.Generate, status: 200, prompt: 2048, output: 4, reason: "length",
		chars: 20, text: " city city city city", server: [4]int64{1061206844, 5241328, 1019421414, 9548594},
	},
	"ctx-overflow-embed-notruncate": {op: api.Embed, status: 400, kind: api.InvalidRequest},
	"ctx-overflow-embed": {
		op: api.Embed, status: 200, prompt: 2047, server: [4]int64{851978725, 3024817, 0, 0},
	},
	"ctx-overflow-notruncate-nostream": {op: api.Generate, status: 400, kind: api.InvalidRequest},
	"ctx-overflow-notruncate":          {op: api.Generate, status: 400, kind: api.InvalidRequest},
	"ctx-shift": {
		op: api.Generate, status: 200, prompt: 20, output: 200, reason: "length",
		chars: 1108, text: " three softly fire three", server: [4]int64{420889454, 3166056, 585317, 406921294},
	},
	"duplicate-key": {
		op: api.Generate, status: 200, prompt: 19, output: 1, reason: "length", chars: 6, text: " three",
		server: [4]int64{3566594, 2135326, 272453, 0},
	},
	"embed":                      {op: api.Embed, status: 200, prompt: 9, server: [4]int64{6118635, 1046739, 0, 0}},
	"embeddings-old":             {op: api.Embed, status: 200, kind: api.Decode},
	"err-404-path":               {op: api.GetVersion, status: 404, kind: api.HTTP4xx},
	"err-bad-model-name":         {op: api.Generate, status: 404, kind: api.ModelNotFound},
	"err-badoption":              {op: api.Generate, status: 500, kind: api.HTTP5xx},
	"err-empty-model-chat":       {op: api.Chat, status: 400, kind: api.InvalidRequest},
	"err-empty-model":            {op: api.Generate, status: 404, kind: api.ModelNotFound},
	"err-emptyobject":            {op: api.Generate, status: 404, kind: api.ModelNotFound},
	"err-malformed-type":         {op: api.Generate, status: 400, kind: api.InvalidRequest},
	"err-malformed":              {op: api.Generate, status: 400, kind: api.InvalidRequest},
	"err-method-delete-generate": {op: api.Generate, status: 405, kind: api.HTTP4xx},
	"err-method-get-generate":    {op: api.Generate, status: 405, kind: api.HTTP4xx},
	"err-method-post-tags":       {op: api.List, status: 405, kind: api.HTTP4xx},
	"err-nobody":                 {op: api.Generate, status: 400, kind: api.InvalidRequest},
	"err-unknown-model-chat":     {op: api.Chat, status: 404, kind: api.ModelNotFound},
	"err-unknown-model-embed":    {op: api.Embed, status: 404, kind: api.ModelNotFound},
	"err-unknown-model-show":     {op: api.Show, status: 404, kind: api.ModelNotFound},
	"err-unknown-model-v1":       {op: api.Chat, status: 404, kind: api.ModelNotFound},
	"err-unknown-model":          {op: api.Generate, status: 404, kind: api.ModelNotFound},
	"expect100": {
		op: api.Generate, status: 200, prompt: 20, output: 16, reason: "length",
		chars: 93, text: " three copper red fire t", server: [4]int64{41465772, 2344080, 341966, 36842763},
	},
	"generate-badformat": {op: api.Generate, status: 500, kind: api.HTTP5xx},
	"generate-coldload-stream": {
		op: api.Generate, stream: true, status: 200, chunks: 16, prompt: 20, output: 16, reason: "length",
		chars: 93, text: " three copper red fire t", server: [4]int64{366433322, 297709121, 1593358, 65210930},
	},
	"generate-context": {
		op: api.Generate, stream: true, status: 200, chunks: 16, prompt: 23, output: 16, reason: "length",
		chars: 91, text: " three city three keeps ", server: [4]int64{15645797, 3266024, 1426076, 9246292},
	},
	"generate-json-format": {
		op: api.Generate, status: 200, prompt: 20, output: 16, reason: "length",
		chars: 85, text: "{\" fire three keeps chai", server: [4]int64{55225296, 2074059, 1295998, 47243223},
	},
	"generate-keepalive-neg": {op: api.Generate, status: 200, reason: "load"},
	"generate-keepalive-str": {
		op: api.Generate, status: 200, prompt: 20, output: 16, reason: "length",
		chars: 93, text: " three copper red fire t", server: [4]int64{26613820, 2175139, 312923, 22395896},
	},
	"generate-logprobs": {
		op: api.Generate, stream: true, status: 200, chunks: 2, prompt: 20, output: 2, reason: "length",
		chars: 13, text: " three copper", server: [4]int64{6502504, 2069643, 605446, 2084425},
	},
	"generate-nostream": {
		op: api.Generate, status: 200, prompt: 20, output: 16, reason: "length",
		chars: 93, text: " three copper red fire t", server: [4]int64{24697784, 2301526, 464607, 20080138},
	},
	"generate-predict1": {
		op: api.Generate, stream: true, status: 200, chunks: 1, prompt: 20, output: 1, reason: "length",
		chars: 6, text: " three", server: [4]int64{5692204, 3159946, 978808, 0},
	},
	"generate-preload": {op: api.Load, status: 200, reason: "load"},
	"generate-prompt-keepalive0": {
		op: api.Generate, status: 200, prompt: 20, output: 16, reason: "length",
		chars: 93, text: " three copper red fire t", server: [4]int64{55130226, 1967973, 475353, 50481493},
	},
	"generate-raw": {
		op: api.Generate, stream: true, status: 200, chunks: 16, prompt: 6, output: 16, reason: "length",
		chars: 94, text: " falls world three islan", server: [4]int64{18922007, 1953592, 457467, 15290482},
	},
	"generate-stop": {
		op: api.Generate, stream: true, status: 200, chunks: 7, prompt: 20, output: 8, reason: "stop",
		chars: 40, text: " three copper red fire t", server: [4]int64{21632908, 4261317, 363939, 15657584},
	},
	"generate-stream-true": {
		op: api.Generate, stream: true, status: 200, chunks: 16, prompt: 20, output: 16, reason: "length",
		chars: 93, text: " three copper red fire t", server: [4]int64{39471320, 2487902, 347394, 34602384},
	},
	"generate-stream": {
		op: api.Generate, stream: true, status: 200, chunks: 16, prompt: 20, output: 16, reason: "length",
		chars: 93, text: " three copper red fire t", server: [4]int64{128844317, 2234788, 1802168, 122468001},
	},
	"generate-unload": {op: api.Unload, status: 200, reason: "unload"},
	"gzip": {
		op: api.Generate, status: 200, prompt: 20, output: 16, reason: "length",
		chars: 93, text: " three copper red fire t", server: [4]int64{375784001, 280273275, 6261603, 86988892},
	},
	"head-root": {op: api.GetVersion, status: 200, kind: api.Truncated},
	"http10": {
		op: api.Generate, stream: true, status: 200, chunks: 16, prompt: 20, output: 16, reason: "length",
		chars: 93, text: " three copper red fire t", server: [4]int64{36520933, 2052327, 378470, 32211384},
	},
	"model-tag-case": {
		op: api.Generate, status: 200, prompt: 19, output: 1, reason: "length", chars: 5, text: " fire",
		server: [4]int64{2918850, 1631885, 239955, 0},
	},
	"no-contenttype": {
		op: api.Generate, status: 200, prompt: 19, output: 1, reason: "length", chars: 3, text: " to",
		server: [4]int64{3699215, 2269389, 276599, 0},
	},
	"options-preflight":     {op: api.Generate, status: 204, kind: api.Decode},
	"overload-503-chat":     {op: api.Chat, status: 503, kind: api.Overloaded},
	"overload-503-embed":    {op: api.Embed, status: 503, kind: api.Overloaded},
	"overload-503-generate": {op: api.Generate, status: 503, kind: api.Overloaded},
	"overload-503-v1":       {op: api.Chat, status: 503, kind: api.Overloaded},
	"overload-ps":           {op: api.ListRunning, status: 200},
	"ps-after-keepalive0":   {op: api.ListRunning, status: 200},
	"ps-after-unload":       {op: api.ListRunning, status: 200},
	"ps-empty":              {op: api.ListRunning, status: 200},
	"ps-keepalive-neg":      {op: api.ListRunning, status: 200},
	"ps-keepalive30s":       {op: api.ListRunning, status: 200},
	"ps-loaded":             {op: api.ListRunning, status: 200},
	"repeat-cutoff-nostream": {
		op: api.Generate, status: 200, kind: api.Truncated, chars: 357, text: " opens fire falls keeps ",
	},
	"repeat-cutoff-stream": {
		op: api.Generate, stream: true, status: 200, kind: api.Truncated, chunks: 60,
		chars: 357, text: " opens fire falls keeps ",
	},
	"repeat-cutoff-v1-chat-nostream": {op: api.Chat, status: 200, kind: api.Truncated},
	"repeat-cutoff-v1-completions":   {op: api.Generate, stream: true, status: 200, kind: api.Decode},
	"root":                           {op: api.GetVersion, status: 200, kind: api.Decode},
	"runner-killed-midstream": {
		op: api.Generate, stream: true, status: 200, kind: api.ServerError, chunks: 34,
		chars: 154, text: " leaf leaf day wind leaf",
	},
	"runner-killed-nostream": {op: api.Generate, status: 500, kind: api.HTTP5xx},
	"show":                   {op: api.Show, status: 200}, // its chunk is shorter than it says, but whole
	"sigkill-midstream": {
		op: api.Generate, stream: true, status: 200, kind: api.Truncated, chunks: 32,
		chars: 139, text: " day leaf wind and leaf ",
	},
	"sigterm-midstream": {
		op: api.Generate, stream: true, status: 200, kind: api.Truncated, chunks: 34,
		chars: 145, text: " and leaf day day leaf a",
	},
	"tags": {op: api.List, status: 200},
	"trailing-garbage": {
		op: api.Generate, status: 200, prompt: 19, output: 1, reason: "length", chars: 6, text: " three",
		server: [4]int64{3507361, 2059773, 288357, 0},
	},
	"trailing-slash": {op: api.Generate, status: 307, kind: api.Decode},
	"unknown-field": {
		op: api.Generate, status: 200, prompt: 19, output: 1, reason: "length", chars: 6, text: " three",
		server: [4]int64{4715399, 2994672, 473321, 0},
	},
	"unknown-option": {
		op: api.Generate, status: 200, prompt: 19, output: 2, reason: "length", chars: 12, text: " three field",
		server: [4]int64{9551582, 2280961, 870929, 5078626},
	},
	"v1-chat-stream-usage":       {op: api.Chat, stream: true, status: 200, kind: api.Decode},
	"v1-chat-stream":             {op: api.Chat, stream: true, status: 200, kind: api.Decode},
	"v1-chat":                    {op: api.Chat, status: 200, kind: api.Truncated},
	"v1-completions-stream":      {op: api.Generate, stream: true, status: 200, kind: api.Decode},
	"v1-completions":             {op: api.Generate, status: 200, kind: api.Truncated},
	"v1-embeddings":              {op: api.Embed, status: 200, kind: api.Decode},
	"v1-err-malformed":           {op: api.Chat, status: 400, kind: api.InvalidRequest},
	"v1-err-nomessages":          {op: api.Chat, status: 400, kind: api.InvalidRequest},
	"v1-messages":                {op: api.Chat, status: 200, kind: api.Truncated},
	"v1-model":                   {op: api.Show, status: 200},
	"v1-models":                  {op: api.List, status: 200},
	"v1-responses":               {op: api.Chat, status: 200, kind: api.Truncated},
	"v1-runner-killed-midstream": {op: api.Chat, stream: true, status: 200, kind: api.Decode},
	"version":                    {op: api.GetVersion, status: 200},
}

func TestCaptures(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/captures/*.http")
	require.NoError(t, err)
	require.Len(t, files, len(captures), "every file has a place in the table")
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".http")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, ok := captures[name]
			require.True(t, ok, "the table does not name %s", file)
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			assertCapture(t, want, replay(t, raw, want))
		})
	}
}

// replay answers every request with the same bytes and returns what the client made of it.
func replay(t *testing.T, raw []byte, want capture) *exchange.Outcome {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	asked := make(chan struct{}, 1)
	address := rawServer(t, func(conn net.Conn) {
		requests := bufio.NewReader(conn)
		for readRequest(requests) == nil {
			_, _ = conn.Write(raw)
			if want.hang {
				asked <- struct{}{}
				<-ctx.Done()
			}
			if want.status != http.StatusTemporaryRedirect { // which comes back on this connection
				return
			}
		}
	})
	request := exchange.Request{
		Op: want.op, URL: "http://" + address + want.op.Path(), Body: []byte(`{}`), Stream: want.stream,
	}
	if want.op.Method() == http.MethodGet {
		request.Body = nil
	}
	lines := 0
	request.OnLine = func([]byte) {
		lines++
		if want.hang && lines == want.chunks {
			cancel()
		}
	}
	if want.hang && want.chunks == 0 {
		go func() {
			<-asked
			cancel()
		}()
	}
	return exchange.Do(ctx, client(t), request)
}

func assertCapture(t *testing.T, want capture, got *exchange.Outcome) {
	t.Helper()
	r := got.Record
	assertSane(t, got)
	assert.Equal(t, string(want.op), r.Op)
	assert.Equal(t, want.kind, kind(got), "%v", got.Err)
	assert.Equal(t, want.status, r.Status)
	assert.Equal(t, want.prompt, valueOr(r.PromptTokens, 0), "prompt tokens")
	assert.Equal(t, want.output, valueOr(r.OutputTokens, 0), "output tokens")
	assert.Equal(t, want.reason, r.DoneReason)
	assert.Equal(t, want.chunks, valueOr(r.Chunks, 0), "chunks")
	assert.Equal(t, want.chars, valueOr(r.ResponseChars, 0), "characters")
	if want.text != "" {
		assert.True(t, strings.HasPrefix(got.Answer.Text, want.text), "%q…", want.text)
	}
	var server [4]int64
	if r.Server != nil {
		for i, v := range []*float64{r.Server.Total, r.Server.Load, r.Server.PromptEval, r.Server.Eval} {
			server[i] = time.Duration(valueOr(v, 0) * float64(time.Millisecond)).Round(time.Nanosecond).Nanoseconds()
		}
	}
	for i := range server {
		assert.InDelta(t, want.server[i], server[i], 1, "server duration %d", i)
	}
	assert.Equal(t, want.stream && want.chunks > 0, r.TTFT != nil, "a TTFT comes with the first token")
	assert.Equal(t, want.chunks > 1 && want.output > 1, r.TPOT != nil, "TPOT")
	require.Equal(t, want.chunks > 1, r.ITL != nil, "a gap takes two chunks")
	if r.ITL != nil {
		assert.Equal(t, want.chunks-1, r.ITL.Count())
	}
}
