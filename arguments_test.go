package ollama_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/k6test"
)

// wrong is code with a wrong argument, and what the TypeError says of it.
type wrong struct{ code, message string }

// shared are the wrong options that a client and a call may be given alike.
var shared = []wrong{
	{`{ headers: 'x' }`, `headers: must be an object, got "x"`},
	{`{ headers: ['x'] }`, `headers: must be an object, got an array`},
	{`{ headers: { 'X A': 'x' } }`, `headers: "X A" is no name of a header`},
	{`{ headers: { a: undefined } }`, `headers: a: must be a string, number or boolean, got undefined`},
	{`{ headers: { a: ['x'] } }`, `headers: a: must be a string, number or boolean, got an array`},
	{`{ headers: { a: 'x\ny' } }`, `headers: a: has a character that no header can have`},
	{`{ timeout: 'soon' }`, `timeout: must be a duration above 0, such as '30s' or a number of milliseconds, got "soon"`},
	{`{ timeout: 0 }`, `timeout: must be a duration above 0`},
	{`{ timeout: -1 }`, `timeout: must be a duration above 0`},
	{`{ timeout: NaN }`, `timeout: must be a duration above 0`},
	{`{ timeout: true }`, `timeout: must be a duration above 0`},
	{`{ timeout: { total: '-1s' } }`, `timeout: total: must be a duration above 0`},
	{`{ timeout: { connect: {} } }`, `timeout: connect: must be a duration above 0`},
	{`{ timeout: { first: '1s' } }`, `timeout: first: unknown; the parts of a timeout are connect, firstToken, idle, total`},
	{`{ slo: 100 }`, `slo`},
	{`{ slo: { ttft: '100' } }`, `slo: ttft: must be a number of milliseconds above 0, got "100"`},
	{`{ slo: { tpot: 0 } }`, `slo: tpot: must be a number of milliseconds above 0, got 0`},
	{`{ slo: { duration: Infinity } }`, `slo: duration: must be a number of milliseconds above 0`},
	{`{ slo: { ttft: 1n } }`, `slo: ttft: must be a number of milliseconds above 0`},
	{`{ slo: { tpot: Symbol('s') } }`, `slo: tpot: must be a number of milliseconds above 0`},
	{`{ timeout: 1n }`, `timeout: must be a duration above 0`},
	{`{ slo: { e2e: 1 } }`, `slo: e2e: unknown; the objectives of an slo are duration, tpot, ttft`},
	{`{ tags: 'a=b' }`, `tags: must be an object, got "a=b"`},
	{`{ tags: { a: {} } }`, `tags: a: must be a string, number or boolean, got an object`},
	{`{ tags: { a: null } }`, `tags: a: must be a string, number or boolean, got null`},
	{`{ tags: { target: 'x' } }`, `tags: target is set by this module`},
	{`{ tags: { phase: 'x' } }`, `tags: phase is set by this module`},
	{`{ throw: 'yes' }`, `throw: must be true or false, got "yes"`},
	{`{ throw: 1 }`, `throw: must be true or false, got 1`},
	{`'http://127.0.0.1'`, `: must be an object, got "http://127.0.0.1"`},
	{`[]`, `: must be an object, got an array`},
	{`() => 1`, `: must be an object, got a function`},
}

// ofClient are wrong options of a client.
var ofClient = []wrong{
	{`{ host: '' }`, `host: must be a string that is not empty, got ""`},
	{`{ host: 11434 }`, `host: must be a string that is not empty, got 11434`},
	{`{ host: 'http://' }`, `host: `},
	{`{ host: 'ftp://a' }`, `host: `},
	{`{ host: 'a:99999' }`, `host: `},
	{`{ host: 'a b' }`, `host: `},
	{`{ model: ' ' }`, `model: must be a string that is not empty`},
	{`{ model: {} }`, `model: must be a string that is not empty, got an object`},
	{`{ target: 5 }`, `target: must be a string that is not empty, got 5`},
	{`{ apiKey: [] }`, `apiKey: must be a string that is not empty, got an array`},
	{`{ apiKey: 'secret\nkey' }`, `apiKey (OLLAMA_API_KEY): has a character that no header can have`},
	{`{ hots: 'a' }`, `hots: unknown; the options are apiKey, headers, host, model, slo, tags, target, throw, timeout`},
	{`{ onChunk: () => 1 }`, `onChunk: unknown`},
}

// ofCall are wrong params of a call.
var ofCall = []wrong{
	{`{ phase: 'warm-up' }`, `phase: must be "warmup" or "measure", got "warm-up"`},
	{`{ phase: true }`, `phase: must be "warmup" or "measure", got true`},
	{`{ scheduledAt: '2026-01-01' }`, `scheduledAt: must be a Unix time in milliseconds, as of Date.now(), got "2026-01-01"`},
	{`{ scheduledAt: 0 }`, `scheduledAt: must be a Unix time`},
	{`{ scheduledAt: NaN }`, `scheduledAt: must be a Unix time`},
	{`{ onChunk: 'log' }`, `onChunk: must be a function, got "log"`},
	{`{ timout: '5s' }`, `timout: unknown; the params are headers, onChunk, phase, scheduledAt, slo, tags, throw, timeout`},
	{`{ host: 'a' }`, `host: unknown`},
}

// requests are calls with a wrong request.
var requests = []wrong{
	{`generate('hello')`, `generate(request, params): request: must be an object, got "hello"`},
	{`generate(['hello'])`, `request: must be an object, got an array`},
	{`generate(5)`, `request: must be an object, got 5`},
	{`generate({ prompt: 5 })`, `prompt: must be a string, got 5`},
	{`generate({ model: 5, prompt: 'a' })`, `model: must be a string, got 5`},
	{`generate({ stream: 'no' })`, `stream: must be a boolean, got "no"`},
	{`generate({ images: 'aGk=' })`, `images: must be an array, got "aGk="`},
	{`generate({ onChunk: {} })`, `onChunk: must be a function, got an object`},
	{`chat({ messages: 'hello' })`, `chat(request, params): messages: must be an array, got "hello"`},
	{`chat({ messages: { role: 'user' } })`, `messages: must be an array, got an object`},
	{`embed({ input: 5 })`, `embed(request, params): input: must be a string or an array, got 5`},
	{`pull({ stream: 1 })`, `pull(request, params): stream: must be a boolean, got 1`},
	{`list('all')`, `list(request, params): request: must be an object, got "all"`},
	{`list({ timeout: '5s' })`, `list(request, params): timeout: unknown; this request has no fields, and params come second`},
	{`load({ model: [] })`, `load(request, params): model: must be a string, got an array`},
	{`unload({ model: true })`, `unload(request, params): model: must be a string, got true`},
	{`show({ model: () => 1 })`, `show(request, params): model: must be a string, got a function`},
	{`generate({ circle })`, `request: `},
	{`generate({ options: { big: 1n } })`, `request: `},
}

func TestWrongArguments(t *testing.T) {
	t.Parallel()
	construct := make([]wrong, 0, len(shared)+len(ofClient))
	for _, w := range append(append(construct, shared...), ofClient...) {
		construct = append(construct, wrong{"new Ollama(" + w.code + ")", w.message})
	}
	calls := append([]wrong{}, construct...)
	for _, w := range append(append([]wrong{}, shared...), ofCall...) {
		calls = append(calls,
			wrong{"ollama.generate({ prompt: 'a' }, " + w.code + ")", w.message},
			wrong{"ollama.version({}, " + w.code + ")", w.message})
	}
	for _, w := range requests {
		calls = append(calls, wrong{"ollama." + w.code, w.message})
	}
	ollama := serve(t, answer(generateAnswer))
	result := k6test.Script(t, []string{"OLLAMA_HOST=" + ollama.URL}, `
		import { Ollama } from 'k6/x/ollama';
		const ollama = new Ollama({ model: 'm' });
		const circle = {};
		circle.circle = circle;
		function attempt(code) {
			try {
				code();
				return 'nothing was thrown';
			} catch (e) {
				return (e instanceof TypeError ? '' : 'no TypeError: ') + e.message;
			}
		}
		const init = [`+functions(construct)+`].map(attempt);
		export default function () {
			console.log(JSON.stringify(init));
			console.log(JSON.stringify([`+functions(calls)+`].map(attempt)));
		}`)
	require.Zero(t, result.Code, result.Stderr)
	console := result.Console()
	require.Len(t, console, 2, result.Stderr)
	assertMessages(t, "in the init context", construct, console[0])
	assertMessages(t, "in an iteration", calls, console[1])
	assert.Empty(t, ollama.requests(), "no request was sent")
}

func functions(cases []wrong) string {
	var b strings.Builder
	for _, c := range cases {
		fmt.Fprintf(&b, "() => %s,\n", c.code)
	}
	return b.String()
}

func assertMessages(t *testing.T, where string, cases []wrong, line string) {
	t.Helper()
	var messages []string
	require.NoError(t, json.Unmarshal([]byte(line), &messages))
	require.Len(t, messages, len(cases))
	for i, c := range cases {
		assert.True(t, strings.HasPrefix(messages[i], "ollama: "), "%s %s: %s", where, c.code, messages[i])
		assert.Contains(t, messages[i], c.message, "%s %s", where, c.code)
		assert.NotContains(t, messages[i], "\n", "%s %s", where, c.code)
	}
}

func TestMissingModel(t *testing.T) {
	t.Parallel()
	ollama := serve(t, answer(generateAnswer))
	result := k6test.Script(t, []string{"OLLAMA_HOST=" + ollama.URL}, `
		import ollama from 'k6/x/ollama';
		export default function () {
			for (const call of ['generate', 'chat', 'embed', 'show', 'pull', 'load', 'unload']) {
				for (const request of [undefined, null, {}, { model: '' }, { model: null }]) {
					try {
						ollama[call](request);
						console.log('nothing was thrown');
					} catch (e) {
						console.log(e.name + ': ' + e.message);
					}
				}
			}
		}`)
	require.Zero(t, result.Code, result.Stderr)
	require.Len(t, result.Console(), 7*5)
	for _, message := range result.Console() {
		assert.Regexp(t, `^TypeError: ollama: \w+\(request, params\): model: missing; give it in the request or to new Ollama`, message)
	}
	assert.Empty(t, ollama.requests())
}

// A call in the init context can't be answered; whoever makes one is told where it belongs.
func TestInitContext(t *testing.T) {
	t.Parallel()
	for _, call := range []string{
		"generate", "chat", "embed", "list", "show", "ps", "version", "pull", "load", "unload",
	} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			result := k6test.Script(t, nil, `
				import ollama from 'k6/x/ollama';
				ollama.`+call+`({ model: 'm' });
				export default function () {}`)
			assert.Equal(t, 107, result.Code, "k6's exit code for a script that fails")
			assert.Contains(t, result.Stderr, "ollama: "+call+"() sends a request, which the init context can't; "+
				"call it in setup(), teardown() or an iteration (the default function)")
		})
	}
}

// What the module exports, and that the default export is a client with the named exports.
func TestExports(t *testing.T) {
	t.Parallel()
	result := k6test.Script(t, nil, `
		import ollama, { Ollama, report, benchmark } from 'k6/x/ollama';
		import * as all from 'k6/x/ollama';
		export default function () {
			const kinds = (o, names) => names.map((name) => name + ':' + typeof o[name]).join(' ');
			const calls = ['generate', 'chat', 'embed', 'list', 'show', 'ps', 'version', 'pull', 'load', 'unload'];
			console.log(JSON.stringify({
				all: Object.keys(all).sort().join(' '),
				named: [typeof Ollama, typeof report, typeof benchmark].join(' '),
				same: ollama.Ollama === Ollama && ollama.report === report && ollama.benchmark === benchmark,
				client: Object.keys(ollama).sort().join(' '),
				made: Object.keys(new Ollama()).sort().join(' '),
				instance: new Ollama() instanceof Ollama,
				kinds: new Set(kinds(new Ollama(), calls).split(' ').map((k) => k.split(':')[1])).size,
			}));
		}`)
	require.Zero(t, result.Code, result.Stderr)
	const calls = "chat embed generate list load ps pull show unload version"
	assert.Equal(t, map[string]any{
		"all":      "Ollama benchmark report",
		"named":    "function function function",
		"same":     true,
		"client":   "Ollama benchmark chat embed generate list load ps pull report show unload version",
		"made":     calls,
		"instance": true,
		"kinds":    1.0,
	}, logged[map[string]any](t, result))
}

func TestHost(t *testing.T) {
	t.Parallel()
	ollama := serve(t, answer(generateAnswer))
	address := ollama.Listener.Addr().String()
	for name, c := range map[string]struct {
		env, args []string
		option    string // of new Ollama
		target    string // "" means the address
		path      string
	}{
		"OLLAMA_HOST of the environment": {env: []string{"OLLAMA_HOST=" + address}},
		"-e OLLAMA_HOST comes first": {
			env: []string{"OLLAMA_HOST=127.0.0.1:1"}, args: []string{"-e", "OLLAMA_HOST=http://" + address},
		},
		"host comes before OLLAMA_HOST": {env: []string{"OLLAMA_HOST=127.0.0.1:1"}, option: `host: '` + address + `'`},
		"an URL":                        {option: `host: 'http://` + address + `'`},
		"with a slash":                  {option: `host: 'http://` + address + `/'`},
		"a full endpoint":               {option: `host: 'http://` + address + `/api/generate'`},
		"the endpoint of chat":          {option: `host: 'http://` + address + `/api/chat'`},
		"with a path prefix":            {option: `host: 'http://` + address + `/ollama/v2'`, path: "/ollama/v2/api/generate"},
		"a prefix and endpoint":         {option: `host: 'http://` + address + `/gpu/api/generate'`, path: "/gpu/api/generate"},
		"with a target":                 {option: `host: '` + address + `', target: 'gpu'`, target: "gpu"},
		"null counts as absent":         {env: []string{"OLLAMA_HOST=" + address}, option: `host: null, target: undefined`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ollama := serve(t, answer(generateAnswer))
			replace := func(text string) string {
				return strings.ReplaceAll(text, address, ollama.Listener.Addr().String())
			}
			for i := range c.env {
				c.env[i] = replace(c.env[i])
			}
			for i := range c.args {
				c.args[i] = replace(c.args[i])
			}
			result := k6test.Script(t, c.env, `
				import { Ollama } from 'k6/x/ollama';
				const ollama = new Ollama({ `+replace(c.option)+` });
				export default async function () {
					const { ok, target, error } = await ollama.generate({ model: 'm', prompt: 'a' });
					console.log(JSON.stringify({ ok, target, error }));
				}`, c.args...)
			target, path := replace(address), "/api/generate"
			if c.target != "" {
				target = c.target
			}
			if c.path != "" {
				path = c.path
			}
			assert.Equal(t, map[string]any{"ok": true, "target": target}, logged[map[string]any](t, result))
			assert.Len(t, ollama.on(path), 1)
		})
	}
}

// A wrong OLLAMA_HOST stops who uses it, and nobody else.
func TestWrongOllamaHost(t *testing.T) {
	t.Parallel()
	ollama := serve(t, answer(generateAnswer))
	result := k6test.Script(t, []string{"OLLAMA_HOST=ftp://nobody"}, `
		import ollama, { Ollama } from 'k6/x/ollama';
		const own = new Ollama({ host: '`+ollama.URL+`', model: 'm' });
		export default async function () {
			console.log((await own.generate({ prompt: 'a' })).ok);
			try { ollama.version(); } catch (e) { console.log(e.name + ': ' + e.message); }
		}`)
	require.Zero(t, result.Code, result.Stderr)
	require.Len(t, result.Console(), 2)
	assert.Equal(t, "true", result.Console()[0])
	assert.Regexp(t, `^TypeError: ollama: version\(request, params\): host: .*ftp`, result.Console()[1])
}
