package ollama_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/k6test"
)

// iterate runs code in an iteration, with `ollama` a client of the server.
func iterate(t *testing.T, s *server, code string, args ...string) k6test.Result {
	t.Helper()
	result := k6test.Script(t, []string{"OLLAMA_HOST=" + s.URL}, `
		import { Ollama } from 'k6/x/ollama';
		const ollama = new Ollama({ model: 'm' });
		export default async function () {`+code+`}`, args...)
	require.Zero(t, result.Code, result.Stderr)
	require.NotContains(t, result.Stderr, "level=error")
	return result
}

// Every field arrives as the script wrote it, in its order, byte for byte: also those that
// this module knows nothing of.
func TestFieldsPassThrough(t *testing.T) {
	t.Parallel()
	const fields = `{"model":"m","prompt":"a <b> & ü \u2028 \"c\"","suffix":"s","system":"y","template":"{{ .Prompt }}",` +
		`"raw":true,"images":["aGk="],"format":{"type":"object","properties":{"a":{"type":"integer"}}},"think":"high",` +
		`"options":{"seed":42,"temperature":0,"num_predict":5,"stop":["\n","<|end|>"],"tiny":1e-9,"big":9007199254740991},` +
		`"keep_alive":-1,"context":[1,2,3],"stream":false,"of_tomorrow":{"deep":[null,{"x":[]}]},"":"nameless"}`
	const message = `{"model":"m","messages":[{"role":"user","content":"a <b>","images":["aGk="],"of_tomorrow":1},` +
		`{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"z":1,"a":2}}}]},` +
		`{"role":"tool","content":"21","tool_name":"f"}],"tools":[{"type":"function","function":{"name":"f"}}],"stream":true}`
	const vectors = `{"model":"m","input":["a","b"],"truncate":false,"dimensions":8,"keep_alive":"5m","options":{},"new":1}`
	ollama := serve(t, answer(generateAnswer))
	iterate(t, ollama, `
		await ollama.generate(`+fields+`);
		await ollama.chat(`+message+`);
		await ollama.embed(`+vectors+`);
		await ollama.show({ model: 'm', verbose: true });
		await ollama.pull({ model: 'm', insecure: true, stream: false });`)
	var bodies []string
	for _, r := range ollama.requests() {
		bodies = append(bodies, r.body)
	}
	assert.Equal(t, []string{
		strings.ReplaceAll(fields, `\u2028`, "\u2028"),
		message,
		vectors,
		`{"model":"m","verbose":true}`,
		`{"model":"m","insecure":true,"stream":false}`,
	}, bodies)
}

// What each call asks the server for.
func TestWire(t *testing.T) {
	t.Parallel()
	ollama := serve(t, answer(generateAnswer))
	calls := []struct{ code, method, path, body string }{
		{`generate({ prompt: 'a' })`, "POST", "/api/generate", `{"prompt":"a","model":"m"}`},
		{`chat({ messages: [] })`, "POST", "/api/chat", `{"messages":[],"model":"m"}`},
		{`embed({ input: 'a' })`, "POST", "/api/embed", `{"input":"a","model":"m"}`},
		{`list()`, "GET", "/api/tags", ``},
		{`show()`, "POST", "/api/show", `{"model":"m"}`},
		{`show({ model: 'n' })`, "POST", "/api/show", `{"model":"n"}`},
		{`ps({})`, "GET", "/api/ps", ``},
		{`version(null)`, "GET", "/api/version", ``},
		{`pull()`, "POST", "/api/pull", `{"model":"m"}`},
		{`load()`, "POST", "/api/generate", `{"model":"m","stream":false}`},
		{
			`load({ keep_alive: '1h', options: { num_ctx: 8 } })`, "POST", "/api/generate",
			`{"keep_alive":"1h","options":{"num_ctx":8},"model":"m","stream":false}`,
		},
		{`unload()`, "POST", "/api/generate", `{"model":"m","stream":false,"keep_alive":0}`},
		{`unload({ model: 'n', keep_alive: '1h' })`, "POST", "/api/generate", `{"model":"n","keep_alive":0,"stream":false}`},
	}
	var code strings.Builder
	for _, c := range calls {
		code.WriteString("await ollama." + c.code + ";\n")
	}
	iterate(t, ollama, code.String())
	seen := ollama.requests()
	require.Len(t, seen, len(calls))
	for i, c := range calls {
		assert.Equal(t, []string{c.method, c.path, c.body}, []string{seen[i].method, seen[i].path, seen[i].body}, c.code)
		wantType := "application/json"
		if c.body == "" {
			wantType = ""
		}
		assert.Equal(t, wantType, seen[i].header.Get("Content-Type"), c.code)
	}
}

// Ollama streams unless it is told not to, so nothing is added to the request.
func TestStreamIsTheDefault(t *testing.T) {
	t.Parallel()
	ollama := serve(t, answer(generateAnswer))
	result := iterate(t, ollama, `
		const measured = (r) => r.timings.ttft !== undefined;
		const asked = [{}, { stream: true }, { stream: null }, { stream: false }];
		const got = [];
		for (const request of asked) { got.push(measured(await ollama.generate(request))); }
		console.log(JSON.stringify(got));`)
	assert.Equal(t, []bool{true, true, true, false}, logged[[]bool](t, result))
	assert.Equal(t, `{"model":"m"}`, ollama.requests()[0].body)
}

func TestImages(t *testing.T) {
	t.Parallel()
	const base64Of = `{"generate":["AQID","/w==","aGk=","AgM="],"chat":["AQID","aGk="]}`
	ollama := serve(t, answer(generateAnswer))
	iterate(t, ollama, `
		const three = new Uint8Array([1, 2, 3]);
		await ollama.generate({ images: [three.buffer, new Uint8Array([255]), 'aGk=', three.subarray(1)] });
		await ollama.chat({ messages: [{ role: 'user', content: 'a', images: [three, 'aGk='] }, { role: 'user', content: 'b' }] });`)
	seen := ollama.requests()
	require.Len(t, seen, 2)
	var generate struct{ Images []string }
	var chat struct {
		Messages []struct {
			Role, Content string
			Images        []string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(seen[0].body), &generate))
	require.NoError(t, json.Unmarshal([]byte(seen[1].body), &chat))
	got, err := json.Marshal(map[string][]string{"generate": generate.Images, "chat": chat.Messages[0].Images})
	require.NoError(t, err)
	assert.JSONEq(t, base64Of, string(got))
	assert.Empty(t, chat.Messages[1].Images)
	assert.Equal(t, "user", chat.Messages[0].Role)
}

// open(file, 'b') is how scripts get at images.
func TestImageFromFile(t *testing.T) {
	t.Parallel()
	ollama := serve(t, answer(generateAnswer))
	file, content := t.TempDir()+"/image.png", []byte("\x89PNG\r\n\x00\xff")
	writeFile(t, file, content)
	result := k6test.Script(t, []string{"OLLAMA_HOST=" + ollama.URL}, `
		import ollama from 'k6/x/ollama';
		const image = open('`+file+`', 'b');
		export default async function () { await ollama.generate({ model: 'm', images: [image] }); }`)
	require.Zero(t, result.Code, result.Stderr)
	assert.Equal(t, []any{base64.StdEncoding.EncodeToString(content)}, ollama.requests()[0].field("images"))
}

// The script's own objects stay as they are, and may be frozen.
func TestRequestsAreNotMutated(t *testing.T) {
	t.Parallel()
	ollama := serve(t, answer(generateAnswer))
	result := iterate(t, ollama, `
		const freeze = (o) => {
			Object.values(o).filter((v) => v instanceof Object && !ArrayBuffer.isView(v)).forEach(freeze);
			return Object.freeze(o);
		};
		const image = new Uint8Array([1]);
		const request = freeze({ prompt: 'a', images: [image], options: { seed: 1 } });
		const chat = freeze({ messages: [{ role: 'user', content: 'a', images: [image] }] });
		const params = freeze({ tags: { a: 'b' }, headers: { c: 'd' }, timeout: { total: '5s' }, slo: { ttft: 1 } });
		const before = JSON.stringify([request, chat, params]);
		for (const call of ['generate', 'load', 'unload']) { await ollama[call](request, params); }
		await ollama.chat(chat, params);
		console.log(before === JSON.stringify([request, chat, params]) && request.images[0] === image);`)
	assert.Equal(t, []string{"true"}, result.Console())
	assert.Len(t, ollama.requests(), 4)
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	ollama := serve(t, answer(generateAnswer))
	address := ollama.Listener.Addr().String()
	iterate(t, ollama, `
		const withKey = new Ollama({ model: 'm', apiKey: 'secret', headers: { 'X-Team': 'a', 'X-Other': 'b' } });
		await withKey.generate({});
		await withKey.generate({}, { headers: { 'x-team': 'c', 'X-Call': 5 } });
		await withKey.generate({}, { headers: { Authorization: 'Basic own' } });
		await new Ollama({ model: 'm', apiKey: ' secret\n' }).generate({});
		await new Ollama({ model: 'm', host: 'http://user:pa%20ss@`+address+`' }).generate({});
		await ollama.generate({});`)
	var got [][]string
	for _, r := range ollama.requests() {
		h := r.header
		got = append(got, []string{h.Get("Authorization"), h.Get("X-Team"), h.Get("X-Other"), h.Get("X-Call")})
	}
	assert.Equal(t, [][]string{
		{"Bearer secret", "a", "b", ""},
		{"Bearer secret", "c", "b", "5"},
		{"Basic own", "a", "b", ""},
		{"Bearer secret", "", "", ""},
		{"Basic " + base64.StdEncoding.EncodeToString([]byte("user:pa ss")), "", "", ""},
		{"", "", "", ""},
	}, got)
}

func TestOnChunk(t *testing.T) {
	t.Parallel()
	lines := `{"response":"","thinking":"hm","done":false}` + "\n" + generatePiece + `{"response":"","done":false}` + "\n" + generateDone
	ollama := serve(t, answer(lines))
	result := iterate(t, ollama, `
		const seen = { request: [], params: [], both: [], last: undefined };
		const keep = (name) => (chunk) => seen[name].push(chunk.thinking || chunk.response);
		await ollama.generate({ onChunk: keep('request') });
		await ollama.generate({}, { onChunk: (chunk) => { keep('params')(chunk); seen.last = chunk; } });
		await ollama.generate({ onChunk: keep('request') }, { onChunk: keep('both') });
		console.log(JSON.stringify(seen));`)
	seen := logged[map[string]any](t, result)
	all := []any{"hm", "Hi", "", ""}
	assert.Equal(t, all, seen["request"])
	assert.Equal(t, all, seen["params"])
	assert.Equal(t, all, seen["both"], "that of the params comes first")
	var last any
	require.NoError(t, json.Unmarshal([]byte(generateDone), &last))
	assert.Equal(t, last, seen["last"], "a chunk is what Ollama sent")
	for _, r := range ollama.requests() {
		assert.JSONEq(t, `{"model":"m"}`, r.body, "a function is no field of the request")
	}
}

// onChunk sees a chunk while the answer goes on: the server waits with the rest until it has.
func TestOnChunkComesAtOnce(t *testing.T) {
	t.Parallel()
	seen := make(chan struct{})
	ollama := serve(t, func(w http.ResponseWriter, r received) {
		if r.path == "/seen/api/version" {
			close(seen)
			send(w, `{"version":"1"}`)
			return
		}
		send(w, generatePiece)
		<-seen
		send(w, generateDone)
	})
	result := iterate(t, ollama, `
		const other = new Ollama({ host: '`+ollama.URL+`/seen' });
		let told = false;
		const onChunk = (chunk) => { if (!told) { told = true; other.version(); } };
		const { ok } = await ollama.generate({ onChunk }, { timeout: '20s' });
		console.log(ok);`)
	assert.Equal(t, []string{"true"}, result.Console())
}

// Many chunks of several requests in flight: each sees its own, in order.
func TestOnChunkKeepsOrder(t *testing.T) {
	t.Parallel()
	ollama := serve(t, func(w http.ResponseWriter, r received) {
		prompt, _ := r.field("prompt").(string)
		for n := range 200 {
			line, _ := json.Marshal(map[string]any{"response": prompt, "n": n})
			_, _ = w.Write(append(line, '\n'))
		}
		send(w, generateDone)
	})
	result := iterate(t, ollama, `
		const wrong = [];
		await Promise.all(['a', 'b', 'c', 'd'].map(async (prompt) => {
			let next = 0;
			const onChunk = (chunk) => {
				if (!chunk.done && (chunk.n !== next++ || chunk.response !== prompt)) wrong.push([prompt, chunk]);
			};
			const { text } = await ollama.generate({ prompt, onChunk });
			if (next !== 200 || text !== prompt.repeat(200)) wrong.push([prompt, next, text]);
		}));
		console.log(JSON.stringify(wrong));`)
	assert.Empty(t, logged[[]any](t, result))
}

// What onChunk throws is what the promise is rejected with; it sees no further chunk.
func TestOnChunkThrows(t *testing.T) {
	t.Parallel()
	ollama := serve(t, answer(generateAnswer))
	result := iterate(t, ollama, `
		const thrown = [], own = new RangeError('enough');
		for (const value of [own, 'a string', undefined]) {
			let calls = 0;
			try {
				await ollama.generate({ onChunk: () => { calls++; throw value; } });
				thrown.push('nothing');
			} catch (e) {
				thrown.push(e === value && calls === 1);
			}
		}
		const after = await ollama.generate({});
		console.log(JSON.stringify([thrown, after.ok]));`)
	assert.Equal(t, []any{[]any{true, true, true}, true}, logged[[]any](t, result))
}

// test.abort() in onChunk ends the test as it does anywhere else, before the answer is there.
func TestOnChunkAbortsTheTest(t *testing.T) {
	t.Parallel()
	ollama := serve(t, func(w http.ResponseWriter, r received) {
		send(w, generatePiece+generatePiece)
		<-r.left
	})
	result := k6test.Script(t, []string{"OLLAMA_HOST=" + ollama.URL}, `
		import exec from 'k6/execution';
		import ollama from 'k6/x/ollama';
		export default async function () {
			const onChunk = () => { console.log('chunk'); exec.test.abort('enough'); };
			try { await ollama.generate({ model: 'm', onChunk }, { timeout: '20s' }); } catch (e) { console.log('caught'); }
			console.log('went on');
		}`, "--iterations", "3")
	assert.Equal(t, 108, result.Code, result.Stderr)
	assert.Equal(t, []string{"chunk"}, result.Console())
	assert.Contains(t, result.Stderr, "test aborted: enough")
	assert.Len(t, ollama.requests(), 1)
}

// The server answers none of the requests before all of them are there.
func TestRequestsOverlap(t *testing.T) {
	t.Parallel()
	const together = 5
	var arrived sync.WaitGroup
	arrived.Add(together)
	ollama := serve(t, func(w http.ResponseWriter, _ received) {
		arrived.Done()
		arrived.Wait()
		send(w, generateAnswer)
	})
	result := iterate(t, ollama, `
		const all = await Promise.all([1, 2, 3, 4, 5].map(() => ollama.generate({}, { timeout: '20s' })));
		console.log(all.map((r) => r.ok).join());`)
	assert.Equal(t, []string{"true,true,true,true,true"}, result.Console())
}

// A request that the script does not wait for is not lost: the iteration ends with it.
func TestRequestThatNobodyAwaits(t *testing.T) {
	t.Parallel()
	ollama := serve(t, answer(generateAnswer))
	result, out := scriptWithSamples(t, []string{"OLLAMA_HOST=" + ollama.URL}, `
		import ollama from 'k6/x/ollama';
		export default function () {
			ollama.generate({ model: 'm' }).then((r) => console.log(r.text));
			ollama.generate({ model: 'm', prompt: 'second' });
			console.log('end');
		}`)
	require.Zero(t, result.Code, result.Stderr)
	assert.Equal(t, []string{"end", "Hi there"}, result.Console())
	assert.Len(t, out.of("ollama_reqs"), 2)
}

// A request that its scenario does not let come to its end is neither well nor lost.
func TestRequestThatIsCutOff(t *testing.T) {
	t.Parallel()
	ollama := serve(t, func(w http.ResponseWriter, r received) {
		send(w, generatePiece)
		<-r.left
	})
	out := t.TempDir()
	result := k6test.Script(t, []string{"OLLAMA_HOST=" + ollama.URL}, `
		import ollama, { report } from 'k6/x/ollama';
		export const options = { scenarios: { short: {
			executor: 'constant-vus', vus: 1, duration: '1s', gracefulStop: '0s',
		} } };
		export default async function () { await ollama.generate({ model: 'm' }); console.log('went on'); }
		export const handleSummary = (data) => report(data, { out: '`+out+`' });`)
	require.Zero(t, result.Code, result.Stderr)
	assert.Empty(t, result.Console())
	assert.NotContains(t, result.Stderr, "level=error")
	assert.Contains(t, result.Stdout, "1 request(s) were cut off")
	assert.NotContains(t, result.Stdout, "stopped", "the test came to its end")
	requests := readRequests(t, out+"/requests.ndjson")
	require.Len(t, requests, 1)
	assert.Equal(t, "canceled", requests[0].Error.Type)
	assert.NotNil(t, requests[0].TTFT)
}

func TestSetupAndTeardown(t *testing.T) {
	t.Parallel()
	ollama := serve(t, answer(generateAnswer))
	result, out := scriptWithSamples(t, []string{"OLLAMA_HOST=" + ollama.URL}, `
		import ollama from 'k6/x/ollama';
		export async function setup() { return { text: (await ollama.generate({ model: 'in-setup' })).text }; }
		export default async function (data) { await ollama.generate({ model: 'in-default', prompt: data.text }); }
		export async function teardown(data) { await ollama.generate({ model: 'in-teardown', prompt: data.text }); }`)
	require.Zero(t, result.Code, result.Stderr)
	var got [][2]any
	for _, r := range ollama.requests() {
		got = append(got, [2]any{r.field("model"), r.field("prompt")})
	}
	assert.Equal(t, [][2]any{{"in-setup", nil}, {"in-default", "Hi there"}, {"in-teardown", "Hi there"}}, got)
	groups := map[string]string{}
	for _, p := range out.of("ollama_reqs") {
		groups[p.tags["model"]] = p.tags["group"]
	}
	assert.Equal(t, map[string]string{"in-setup": "::setup", "in-default": "", "in-teardown": "::teardown"}, groups)
}

// A prompt that comes again may be in the server's cache, so its record says so.
func TestPromptsThatComeAgain(t *testing.T) {
	t.Parallel()
	ollama := serve(t, answer(generateAnswer))
	out := t.TempDir()
	result := k6test.Script(t, []string{"OLLAMA_HOST=" + ollama.URL}, `
		import { Ollama, report } from 'k6/x/ollama';
		const [a, b] = ['a', 'b'].map((target) => new Ollama({ target, model: 'm' }));
		export default async function () {
			await a.generate({ prompt: 'one' });
			await a.generate({ prompt: 'two' });
			await a.generate({ prompt: 'one', options: { seed: 7 } });
			await b.generate({ prompt: 'one' });
			await a.generate({ prompt: 'one', model: 'n' });
			await a.generate({});
			await a.generate({});
			await a.chat({ messages: [{ role: 'user', content: 'one' }] });
			await a.chat({ messages: [{ role: 'user', content: 'two' }] });
			await a.chat({ messages: [{ role: 'user', content: 'one' }] });
			await a.embed({ input: 'one' });
			await a.embed({ input: 'one' });
		}
		export const handleSummary = (data) => report(data, { out: '`+out+`' });`)
	require.Zero(t, result.Code, result.Stderr)
	var seen []bool
	for _, r := range readRequests(t, out+"/requests.ndjson") {
		seen = append(seen, r.PromptSeen)
	}
	assert.Equal(t, []bool{false, false, true, false, false, false, false, false, false, true, false, false}, seen)
}
