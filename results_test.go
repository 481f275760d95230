package ollama_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shown is a script's function that shows a result; times that depend on the clock become
// 'ms' where they are as they should be.
const shown = `
	const time = (v) => (typeof v === 'number' && v >= 0 && v < 60000 ? 'ms' : v);
	const show = (r) => {
		const { server, startedAt, ...own } = r.timings;
		const timings = Object.fromEntries(Object.entries(own).map(([name, v]) => [name, time(v)]));
		const recent = Math.abs(Date.now() - startedAt) < 60000 && startedAt % 1 !== 0;
		return { ...r, timings: { ...timings, server, startedAt: recent ? 'recent' : startedAt } };
	};`

// Ollama's own fields come as they are, with what is measured beside them; what is not
// known is not there.
func TestResult(t *testing.T) {
	t.Parallel()
	const usage = `"done":true,"done_reason":"stop","total_duration":40000000,"load_duration":250000000,` +
		`"prompt_eval_count":7,"prompt_eval_duration":2000000,"eval_count":3,"eval_duration":30000000`
	serverTimes := map[string]any{"total": 40.0, "load": 250.0, "promptEval": 2.0, "eval": 30.0}
	ended := func(fields map[string]any) map[string]any {
		all := map[string]any{
			"ok": true, "status": 200.0, "target": "server", "done": true, "done_reason": "stop", "cold": true,
			"total_duration": 40000000.0, "load_duration": 250000000.0,
			"prompt_eval_count": 7.0, "prompt_eval_duration": 2000000.0, "eval_count": 3.0, "eval_duration": 30000000.0,
		}
		for name, value := range fields {
			all[name] = value
		}
		return all
	}
	streamed := map[string]any{
		"startedAt": "recent", "connect": "ms", "duration": "ms", "headers": "ms",
		"ttft": "ms", "ttfo": "ms", "lastToken": "ms", "tpot": "ms", "server": serverTimes,
	}
	whole := map[string]any{
		"startedAt": "recent", "connect": "ms", "duration": "ms", "headers": "ms", "server": serverTimes,
	}
	inquired := map[string]any{
		"startedAt": "recent", "connect": "ms", "duration": "ms", "headers": "ms", "server": map[string]any{},
	}
	for name, c := range map[string]struct {
		call, answer string
		want         map[string]any
	}{
		"a stream of generate": {
			`generate({})`,
			`{"model":"m","created_at":"1","response":"","thinking":"h","done":false}` + "\n" +
				`{"model":"m","created_at":"2","response":"","thinking":"m","done":false}` + "\n" +
				`{"model":"m","created_at":"3","response":"A","done":false}` + "\n" +
				`{"model":"m","created_at":"4","response":"B","new":[1],` + usage + `,"context":[1,2]}` + "\n",
			ended(map[string]any{
				"model": "m", "created_at": "4", "response": "AB", "thinking": "hm", "text": "AB",
				"new": []any{1.0}, "context": []any{1.0, 2.0}, "timings": streamed,
			}),
		},
		"one answer of generate": {
			`generate({ stream: false })`, `{"model":"m","response":"AB","thinking":"hm",` + usage + `}`,
			ended(map[string]any{"model": "m", "response": "AB", "thinking": "hm", "text": "AB", "timings": whole}),
		},
		"a stream of chat with tool calls": {
			`chat({ messages: [] })`,
			`{"message":{"role":"assistant","content":"","thinking":"hm"},"done":false}` + "\n" +
				`{"message":{"role":"assistant","content":"A"},"done":false}` + "\n" +
				`{"message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]},"done":false}` + "\n" +
				`{"message":{"role":"assistant","content":""},` + usage + `}` + "\n",
			ended(map[string]any{
				"message": map[string]any{
					"role": "assistant", "content": "A", "thinking": "hm",
					"tool_calls": []any{map[string]any{"function": map[string]any{"name": "f", "arguments": map[string]any{"a": 1.0}}}},
				},
				"text": "A", "timings": streamed,
			}),
		},
		"one answer of chat": {
			`chat({ messages: [], stream: false })`, `{"message":{"role":"assistant","content":"A"},` + usage + `}`,
			ended(map[string]any{"message": map[string]any{"role": "assistant", "content": "A"}, "text": "A", "timings": whole}),
		},
		"an answer without any time": {
			`generate({ stream: false })`, `{"response":"","done":true}`,
			map[string]any{
				"ok": true, "status": 200.0, "target": "server", "response": "", "text": "", "done": true, "timings": inquired,
			},
		},
		"vectors": {
			`embed({ input: 'a' })`, `{"model":"m","embeddings":[[0.5,-1]],"total_duration":40000000,"load_duration":1000000,"prompt_eval_count":7}`,
			map[string]any{
				"ok": true, "status": 200.0, "target": "server", "text": "", "cold": false, "model": "m",
				"embeddings": []any{[]any{0.5, -1.0}}, "total_duration": 40000000.0, "load_duration": 1000000.0, "prompt_eval_count": 7.0,
				"timings": map[string]any{
					"startedAt": "recent", "connect": "ms", "duration": "ms", "headers": "ms",
					"server": map[string]any{"total": 40.0, "load": 1.0},
				},
			},
		},
		"a list": {
			`list()`, `{"models":[{"name":"m:latest","size":5}]}`,
			map[string]any{
				"ok": true, "status": 200.0, "target": "server", "text": "",
				"models": []any{map[string]any{"name": "m:latest", "size": 5.0}}, "timings": inquired,
			},
		},
		"a version": {
			`version()`, `{"version":"0.17.4"}`,
			map[string]any{
				"ok": true, "status": 200.0, "target": "server", "text": "", "version": "0.17.4", "timings": inquired,
			},
		},
		"a download": {
			`pull()`, `{"status":"pulling","total":5,"completed":1}` + "\n" + `{"status":"success"}` + "\n",
			// What came last says how it ended; the progress is onChunk's.
			map[string]any{"ok": true, "status": 200.0, "target": "server", "text": "", "timings": inquired},
		},
		"a failure": {
			`generate({})`, "",
			map[string]any{
				"ok": false, "status": 200.0, "target": "server", "text": "", "timings": inquired,
				"error": map[string]any{"type": "truncated", "message": "the answer ended before it was done", "status": 200.0},
			},
		},
		"half a stream": {
			`generate({})`, generateAnswer[:len(generatePiece)] + `{"response":" you","done":false}` + "\n" + `{"error":"out of memory"}` + "\n",
			map[string]any{
				"ok": false, "status": 200.0, "target": "server", "text": "Hi you", "response": "Hi you", "done": false,
				"error": map[string]any{"type": "server_error", "message": "out of memory", "status": 200.0},
				"timings": map[string]any{
					"startedAt": "recent", "connect": "ms", "duration": "ms", "headers": "ms",
					"ttft": "ms", "ttfo": "ms", "lastToken": "ms", "server": map[string]any{},
				},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ollama := serve(t, answer(c.answer))
			result := iterate(t, ollama, shown+`
				const client = new Ollama({ host: '`+ollama.URL+`', model: 'm', target: 'server' });
				console.log(JSON.stringify(show(await client.`+c.call+`)));`)
			assert.Equal(t, c.want, logged[map[string]any](t, result))
		})
	}
}

// A failure is a result; with throw it is an error that has the result.
func TestFailureOrError(t *testing.T) {
	t.Parallel()
	ollama := serve(t, func(w http.ResponseWriter, _ received) {
		w.WriteHeader(http.StatusNotFound)
		send(w, `{"error":"model 'm' not found"}`)
	})
	result := iterate(t, ollama, `
		const thrown = async (client, params) => {
			try { return [(await client.generate({}, params)).error.type]; } catch (e) {
				const { ok, timings } = e.result;
				return [e instanceof Error, e.name, e.message, e.type, e.status, ok, timings.duration > 0, typeof e.stack];
			}
		};
		const thrower = new Ollama({ model: 'm', throw: true });
		console.log(JSON.stringify([
			await thrown(ollama), await thrown(ollama, { throw: true }),
			await thrown(thrower), await thrown(thrower, { throw: false }),
		]));`)
	rejected := []any{
		true, "OllamaError",
		"generate: model_not_found: model 'm' not found", "model_not_found", 404.0, false, true, "string",
	}
	resolved := []any{"model_not_found"}
	assert.Equal(t, []any{resolved, rejected, rejected, resolved}, logged[[]any](t, result))
}

// An error that nobody catches ends the iteration, and is told in one line.
func TestUncaughtError(t *testing.T) {
	t.Parallel()
	ollama := serve(t, func(w http.ResponseWriter, _ received) { w.WriteHeader(http.StatusUnauthorized) })
	result, out := scriptWithSamples(t, []string{"OLLAMA_HOST=" + ollama.URL}, `
		import ollama from 'k6/x/ollama';
		export default async function () { await ollama.generate({ model: 'm' }, { throw: true }); console.log('went on'); }`)
	assert.Zero(t, result.Code, "as for k6/http: an iteration that failed is no test that failed")
	assert.Empty(t, result.Console())
	assert.Regexp(t, `level=error msg="Uncaught \(in promise\) OllamaError: generate: unauthorized: 401 Unauthorized`, result.Stderr)
	require.Len(t, out.of("ollama_reqs"), 1)
	assert.Equal(t, "unauthorized", out.of("ollama_reqs")[0].tags["error_type"])
}

// Each way to fail has its own name, which is the error_type of metrics and reports.
func TestEveryKindOfFailure(t *testing.T) {
	t.Parallel()
	ollama := serve(t, func(w http.ResponseWriter, r received) {
		prompt, _ := r.field("prompt").(string)
		switch prompt {
		case "html":
			w.Header().Set("Content-Type", "text/html")
			send(w, "<html><body><h1>Sign in</h1></body></html>")
		case "line":
			send(w, generatePiece+`{"error":"runner died"}`+"\n")
		case "cut":
			send(w, generatePiece)
		case "reset":
			send(w, generatePiece)
			panic(http.ErrAbortHandler)
		default:
			statuses := map[string]int{
				"bad": 400, "key": 401, "forbidden": 403, "path": 404, "many": 429, "down": 500, "gateway": 502, "busy": 503,
			}
			w.WriteHeader(statuses[prompt])
			send(w, `{"error":"`+prompt+` it is"}`)
		}
	})
	result := iterate(t, ollama, `
		const kinds = {};
		for (const prompt of [
			'bad', 'key', 'forbidden', 'path', 'many', 'down', 'gateway', 'busy', 'html', 'line', 'cut', 'reset',
		]) {
			const { ok, status, error } = await ollama.generate({ prompt });
			kinds[prompt] = [ok, error.type, status === error.status && status];
		}
		const { error } = await new Ollama({ host: '127.0.0.1:1', model: 'm' }).generate({});
		kinds.refused = [error.type, error.status];
		console.log(JSON.stringify(kinds));`)
	assert.Equal(t, map[string]any{
		"bad":       []any{false, "invalid_request", 400.0},
		"key":       []any{false, "unauthorized", 401.0},
		"forbidden": []any{false, "unauthorized", 403.0},
		"path":      []any{false, "http_4xx", 404.0},
		"many":      []any{false, "overloaded", 429.0},
		"down":      []any{false, "http_5xx", 500.0},
		"gateway":   []any{false, "http_5xx", 502.0},
		"busy":      []any{false, "overloaded", 503.0},
		"html":      []any{false, "decode", 200.0},
		"line":      []any{false, "server_error", 200.0},
		"cut":       []any{false, "truncated", 200.0},
		"reset":     []any{false, "truncated", 200.0},
		"refused":   []any{"connect", 0.0},
	}, logged[map[string]any](t, result))
}
