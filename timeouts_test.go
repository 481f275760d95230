package ollama_test

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/k6test"
)

// silence accepts connections and says nothing until the client leaves.
func silence(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // closed by the test
			}
			running.Go(func() {
				_, _ = bytes.NewBuffer(nil).ReadFrom(conn)
				_ = conn.Close()
			})
		}
	})
	t.Cleanup(func() {
		assert.NoError(t, listener.Close())
		running.Wait()
	})
	return listener.Addr().String()
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	left := make(chan string, 100) // the prompt of whoever left before the end
	ollama := serve(t, func(w http.ResponseWriter, r received) {
		prompt, _ := r.field("prompt").(string)
		switch prompt {
		case "nothing":
		case "headers":
			w.(http.Flusher).Flush() //nolint:forcetypeassert,errcheck // net/http's writers all are
		case "empty lines":
			send(w, `{"response":"","done":false}`+"\n")
		case "a token":
			send(w, generatePiece)
		default:
			send(w, generateAnswer)
			return
		}
		<-r.left
		left <- prompt
	})
	mute := silence(t)
	for name, c := range map[string]struct {
		host, prompt, timeout string
		kind, message         string
		ttft                  bool
		more                  string // of the request
	}{
		"connect": {
			host: "https://" + mute, prompt: "handshake", timeout: `{ connect: '100ms' }`,
			kind: "timeout_connect", message: "no connection within 100ms",
		},
		"first token, no headers": {
			prompt: "nothing", timeout: `{ firstToken: 100 }`,
			kind: "timeout_first_token", message: "no token within 100ms",
		},
		"first token, headers only": {
			prompt: "headers", timeout: `{ firstToken: '0.1s' }`,
			kind: "timeout_first_token", message: "no token within 100ms",
		},
		"first token, lines without any": {
			prompt: "empty lines", timeout: `{ firstToken: '100ms' }`,
			kind: "timeout_first_token", message: "no token within 100ms",
		},
		"idle": {
			prompt: "a token", timeout: `{ firstToken: '30s', idle: '100ms' }`,
			kind: "timeout_idle", message: "no data for 100ms", ttft: true,
		},
		"total as an object": {
			prompt: "a token", timeout: `{ total: '150ms' }`,
			kind: "timeout_total", message: "not finished within 150ms", ttft: true,
		},
		"total as a number": {
			prompt: "nothing", timeout: `150`, kind: "timeout_total", message: "not finished within 150ms",
		},
		"total as a text": {
			prompt: "headers", timeout: `'150ms'`, kind: "timeout_total", message: "not finished within 150ms",
		},
		"total without a stream": {
			prompt: "nothing", timeout: `'150ms'`, kind: "timeout_total", message: "not finished within 150ms",
			more: `, stream: false`,
		},
		"first token is for streams": {
			prompt: "nothing", timeout: `{ firstToken: '1ms', total: '200ms' }`,
			kind: "timeout_total", message: "not finished within 200ms", more: `, stream: false`,
		},
		"all in time": {
			prompt: "whatever", timeout: `{ connect: '30s', firstToken: '30s', idle: '30s', total: '30s' }`, ttft: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := c.host
			if host == "" {
				host = ollama.URL
			}
			result := iterate(t, ollama, `
				const client = new Ollama({ model: 'm', host: '`+host+`', timeout: '1m' });
				const request = { prompt: '`+c.prompt+`'`+c.more+` };
				const { ok, error, timings } = await client.generate(request, { timeout: `+c.timeout+` });
				console.log(JSON.stringify({ ok, type: error?.type, message: error?.message, ttft: timings.ttft > 0 }));`)
			want := map[string]any{"ok": c.kind == "", "ttft": c.ttft}
			if c.kind != "" {
				want["type"], want["message"] = c.kind, c.message
			}
			assert.Equal(t, want, logged[map[string]any](t, result))
		})
	}
	t.Cleanup(func() { // when the parallel ones are through, and before the server closes
		for range 9 {
			select {
			case <-left:
			case <-time.After(10 * time.Second):
				t.Fatal("a request that timed out is cancelled at the server, too")
			}
		}
	})
}

// A request of setup() or teardown() that outlasts k6's own time-out for them ends in k6's
// own error.
func TestStageTimeouts(t *testing.T) {
	t.Parallel()
	ollama := serve(t, func(_ http.ResponseWriter, r received) { <-r.left })
	for stage, code := range map[string]int{"setup": 100, "teardown": 101} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			result := k6test.Script(t, []string{"OLLAMA_HOST=" + ollama.URL}, `
				import ollama from 'k6/x/ollama';
				export const options = { `+stage+`Timeout: '300ms' };
				export async function `+stage+`() { await ollama.generate({ model: 'm' }); console.log('went on'); }
				export default function () {}`)
			assert.Equal(t, code, result.Code, result.Stderr)
			assert.Empty(t, result.Console())
			assert.Contains(t, result.Stderr, stage+"() execution timed out after")
			assert.NotContains(t, result.Stderr, "panic")
		})
	}
}

// What was measured before Ctrl-C is reported.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{}) // the script has seen a piece of the second answer
	ollama := serve(t, func(w http.ResponseWriter, r received) {
		switch {
		case r.path == "/api/version":
			close(begun)
			send(w, `{"version":"1"}`)
		case r.field("prompt") == "first":
			send(w, generateAnswer)
		default:
			send(w, generatePiece)
			<-r.left
		}
	})
	dir := t.TempDir()
	writeFile(t, dir+"/script.js", []byte(`
		import ollama, { report } from 'k6/x/ollama';
		export default async function () {
			await ollama.generate({ model: 'm', prompt: 'first' });
			await ollama.generate({ model: 'm', prompt: 'second', onChunk: () => { ollama.version(); } });
		}
		export function teardown() { console.log('torn down'); }
		export const handleSummary = (data) => report(data, { out: '`+dir+`/out' });`))
	k6 := k6test.Command(t, []string{"OLLAMA_HOST=" + ollama.URL}, "run", "--quiet", dir+"/script.js")
	var stdout, stderr bytes.Buffer
	k6.Stdout, k6.Stderr = &stdout, &stderr
	require.NoError(t, k6.Start())
	<-begun
	require.NoError(t, k6.Process.Signal(os.Interrupt))
	require.Error(t, k6.Wait())
	assert.Equal(t, 105, k6.ProcessState.ExitCode(), "k6's exit code for Ctrl-C\n%s", stderr.String())
	assert.Contains(t, k6test.Result{Stderr: stderr.String()}.Console(), "torn down")
	assert.NotContains(t, stderr.String(), "panic")
	assert.Contains(t, stdout.String(), "Mean response time")

	var kinds []string
	for _, r := range readRequests(t, dir+"/out/requests.ndjson") {
		assert.NotNil(t, r.TTFT, "a request that was cut off keeps what it measured")
		kinds = append(kinds, r.Error.Type)
	}
	assert.Equal(t, []string{"", "canceled"}, kinds)
}
