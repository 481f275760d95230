package ollama_test

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/k6test"
)

// ours are the tags that this module adds to those of k6/http.
var ours = []string{"target", "model", "op", "phase"}

// bothWays sends the same request with k6/http and with this module, one after the other.
const bothWays = `
	import http from 'k6/http';
	import { Ollama } from 'k6/x/ollama';
	import { options as given } from './options.js';
	export const options = given;
	const host = __ENV.HOST, body = '{"prompt":"a","model":"m"}';
	const ollama = new Ollama({ host, model: 'm' });
	export default async function () {
		const headers = { 'Content-Type': 'application/json' };
		const shared = { tags: JSON.parse(__ENV.TAGS || '{"mine":"x"}'), timeout: __ENV.TIMEOUT || '30s' };
		http.post(host + '/api/generate', body, { headers, ...shared });
		const { ok, error } = await ollama.generate({ prompt: 'a' }, shared);
		console.log(JSON.stringify({ ok, type: error && error.type }));
	}`

// compareWithHTTP runs both ways and returns the tags that their http_req_* samples have in
// common, after it has seen that they have all in common.
func compareWithHTTP(t *testing.T, env []string, options string) (k6test.Result, map[string]string) {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, dir+"/options.js", []byte("export const options = "+options+";"))
	writeFile(t, dir+"/script.js", []byte(bothWays))
	result := k6test.Run(t, env, "run", "--quiet", "--out", "json="+dir+"/out.json", dir+"/script.js")
	require.Zero(t, result.Code, result.Stderr)
	its, theirs := map[string][]map[string]string{}, map[string][]map[string]string{}
	failed := map[bool][]float64{}
	for _, p := range readSamples(t, dir+"/out.json").all {
		if !strings.HasPrefix(p.metric, "http_req") {
			continue
		}
		_, isOurs := p.tags["op"]
		if isOurs {
			its[p.metric] = append(its[p.metric], without(p.tags, ours...))
		} else {
			theirs[p.metric] = append(theirs[p.metric], p.tags)
		}
		if p.metric == "http_req_failed" || p.metric == "http_reqs" {
			failed[isOurs] = append(failed[isOurs], p.value)
		}
	}
	require.Contains(t, theirs, "http_reqs")
	assert.Equal(t, theirs, its, "the metrics, how many samples they have, and their tags")
	assert.Equal(t, failed[false], failed[true], "http_reqs and http_req_failed")
	return result, its["http_reqs"][0]
}

func TestMetricsAreThoseOfHTTP(t *testing.T) {
	t.Parallel()
	ollama := serve(t, func(w http.ResponseWriter, r received) {
		switch r.path {
		case "/ok/api/generate":
			send(w, generateAnswer)
		case "/missing/api/generate":
			w.WriteHeader(http.StatusNotFound)
		case "/busy/api/generate":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/away/api/generate":
			w.Header().Set("Location", "/ok/api/generate")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	})
	silent := serve(t, func(w http.ResponseWriter, _ received) {
		w.(http.Flusher).Flush() //nolint:forcetypeassert,errcheck // net/http's writers all are
		if hijacker, ok := w.(http.Hijacker); ok {
			conn, _, err := hijacker.Hijack()
			if err == nil {
				_, _ = conn.Read(make([]byte, 1)) // until the client leaves
				_ = conn.Close()
			}
		}
	})
	mute := serve(t, func(w http.ResponseWriter, _ received) {
		conn, _, err := w.(http.Hijacker).Hijack() //nolint:forcetypeassert,errcheck // net/http's writers all are
		if err == nil {
			_, _ = conn.Read(make([]byte, 1))
			_ = conn.Close()
		}
	})
	secure := unstarted(answer(generateAnswer))
	secure.StartTLS()
	t.Cleanup(secure.Close)
	for name, c := range map[string]struct {
		host, options, timeout string
		given                  string // tags of the request, as JSON
		kind                   any
		tags                   map[string]string // some of those it has
	}{
		"ok": {
			host: ollama.URL + "/ok", options: `{ tags: { run: 'r' } }`,
			tags: map[string]string{
				"url": ollama.URL + "/ok/api/generate", "name": ollama.URL + "/ok/api/generate", "method": "POST", "status": "200",
				"proto": "HTTP/1.1", "expected_response": "true", "scenario": "default", "group": "", "run": "r", "mine": "x",
			},
		},
		"more system tags": {
			host: ollama.URL + "/ok", options: `{ systemTags: ['url', 'vu', 'iter', 'ip', 'status'] }`,
			tags: map[string]string{"ip": "127.0.0.1", "status": "200"},
		},
		"own name": {
			host: ollama.URL + "/ok", options: `{}`, given: `{"name":"question"}`,
			tags: map[string]string{"name": "question", "url": "question"},
		},
		"no bodies": {host: ollama.URL + "/ok", options: `{ discardResponseBodies: true }`},
		"redirect not followed": {
			host: ollama.URL + "/away", options: `{ maxRedirects: 0 }`, kind: "decode",
			tags: map[string]string{"status": "307", "expected_response": "true"},
		},
		"redirect": {host: ollama.URL + "/away", options: `{}`},
		"404": {
			host: ollama.URL + "/missing", options: `{}`, kind: "http_4xx",
			tags: map[string]string{"status": "404", "error_code": "1404", "expected_response": "false"},
		},
		"503": {
			host: ollama.URL + "/busy", options: `{}`, kind: "overloaded",
			tags: map[string]string{"status": "503", "error_code": "1503", "expected_response": "false"},
		},
		"refused": {
			host: "http://127.0.0.1:1", options: `{}`, kind: "connect",
			tags: map[string]string{"status": "0", "error_code": "1212", "expected_response": "false"},
		},
		"no answer in time": {
			host: mute.URL, options: `{}`, timeout: "100ms", kind: "timeout_total",
			tags: map[string]string{"status": "0", "error_code": "1050"},
		},
		"half an answer in time": {
			host: silent.URL, options: `{}`, timeout: "100ms", kind: "timeout_total",
			tags: map[string]string{"error_code": "1050"},
		},
		"no such name": { // with two dots in a row it is none, which nobody has to be asked for
			host: "http://no..name:11434", options: `{}`, kind: "dns",
			tags: map[string]string{"status": "0", "error_code": "1101"},
		},
		"blocked name": {
			host: "http://blocked.test:11434", options: `{ blockHostnames: ['*.test'] }`, kind: "connect",
			tags: map[string]string{"error_code": "1111"},
		},
		"blocked address": {
			host: ollama.URL, options: `{ blacklistIPs: ['127.0.0.0/8'] }`, kind: "connect",
			tags: map[string]string{"error_code": "1110"},
		},
		"unknown certificate": {
			host: secure.URL, options: `{}`, kind: "tls",
			tags: map[string]string{"error_code": "1310"},
		},
		"certificate not to be checked": {
			host: secure.URL, options: `{ insecureSkipTLSVerify: true }`,
			tags: map[string]string{"status": "200", "tls_version": "tls1.3"},
		},
		"no TLS there": {
			host: strings.Replace(ollama.URL, "http:", "https:", 1), options: `{}`, kind: "tls",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, tags := compareWithHTTP(t, []string{"HOST=" + c.host, "TIMEOUT=" + c.timeout, "TAGS=" + c.given}, c.options)
			for name, value := range c.tags {
				assert.Equal(t, value, tags[name], name)
			}
			var got map[string]any
			require.Len(t, result.Console(), 1)
			require.NoError(t, json.Unmarshal([]byte(result.Console()[0]), &got))
			assert.Equal(t, c.kind, got["type"])
		})
	}
}

// A proxy of the environment is used; Go asks none for this machine's own address, so the
// server has a name here that only the proxy knows.
func TestProxy(t *testing.T) {
	t.Parallel()
	proxy := serve(t, answer(generateAnswer))
	env := []string{"HOST=http://ollama.test:11434", "HTTP_PROXY=" + proxy.URL}
	_, tags := compareWithHTTP(t, env, `{}`)
	assert.Equal(t, "200", tags["status"])
	require.Len(t, proxy.requests(), 2)
	for _, r := range proxy.requests() {
		assert.Equal(t, "http://ollama.test:11434/api/generate", r.url)
	}
}

func TestHostsOption(t *testing.T) {
	t.Parallel()
	ollama := serve(t, answer(generateAnswer))
	hosts := `{ hosts: { 'ollama.test': '` + ollama.Listener.Addr().String() + `' } }`
	_, tags := compareWithHTTP(t, []string{"HOST=http://ollama.test:11434"}, hosts)
	assert.Equal(t, "200", tags["status"])
	assert.Equal(t, "http://ollama.test:11434/api/generate", tags["url"])
}

// The server can't tell the requests apart by what k6 adds to them.
func TestHeadersAreThoseOfHTTP(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ options, userAgent string }{
		"default user agent": {`{}`, "Grafana k6/"},
		"own user agent":     {`{ userAgent: 'tester/1' }`, "tester/1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ollama := serve(t, func(w http.ResponseWriter, _ received) {
				http.SetCookie(w, &http.Cookie{Name: "session", Value: "s", Secure: false}) //nolint:gosec // a test
				send(w, generateAnswer)
			})
			compareWithHTTP(t, []string{"HOST=" + ollama.URL}, c.options)
			seen := ollama.requests()
			require.Len(t, seen, 2)
			assert.Equal(t, seen[0].body, seen[1].body)
			theirs, its := seen[0].header, seen[1].header
			assert.Contains(t, its.Get("User-Agent"), c.userAgent)
			assert.Equal(t, "identity", its.Get("Accept-Encoding"), "a proxy that compresses holds tokens back")
			assert.Equal(t, "session=s", its.Get("Cookie"), "the VU's jar has it from the first answer")
			its.Del("Accept-Encoding")
			its.Del("Cookie")
			assert.Equal(t, theirs, its)
		})
	}
}

// Cookies go both ways between this module and k6/http.
func TestCookies(t *testing.T) {
	t.Parallel()
	ollama := serve(t, func(w http.ResponseWriter, _ received) {
		http.SetCookie(w, &http.Cookie{Name: "fromServer", Value: "2", Path: "/"}) //nolint:gosec // a test
		send(w, generateAnswer)
	})
	result := k6test.Script(t, []string{"OLLAMA_HOST=" + ollama.URL}, `
		import http from 'k6/http';
		import ollama from 'k6/x/ollama';
		export default async function () {
			const jar = http.cookieJar();
			jar.set('`+ollama.URL+`', 'fromScript', '1');
			await ollama.generate({ model: 'm' });
			console.log(JSON.stringify(jar.cookiesForURL('`+ollama.URL+`')));
		}`)
	assert.Equal(t, map[string]any{"fromScript": []any{"1"}, "fromServer": []any{"2"}}, logged[map[string]any](t, result))
	assert.Equal(t, "fromScript=1", ollama.requests()[0].header.Get("Cookie"))
}

// A connection is kept, unless k6 is told otherwise; `connect` says which it was.
func TestConnectionReuse(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]int{"": 1, "--no-connection-reuse": 3} {
		t.Run("with "+args, func(t *testing.T) {
			t.Parallel()
			connections := 0
			var mu sync.Mutex
			ollama := unstarted(answer(generateAnswer))
			ollama.Config.ConnState = func(_ net.Conn, state http.ConnState) {
				mu.Lock()
				defer mu.Unlock()
				if state == http.StateNew {
					connections++
				}
			}
			ollama.Start()
			t.Cleanup(ollama.Close)
			result := iterate(t, ollama, `
				const connects = [];
				for (let i = 0; i < 3; i++) { connects.push((await ollama.generate({})).timings.connect > 0); }
				console.log(JSON.stringify(connects));`, strings.Fields(args)...)
			connects := logged[[]bool](t, result)
			assert.Equal(t, []bool{true, want > 1, want > 1}, connects)
			mu.Lock()
			defer mu.Unlock()
			assert.Equal(t, want, connections)
		})
	}
}

// With noVUConnectionReuse a connection lives as long as the iteration, as k6's own does.
func TestConnectionsOfAnIteration(t *testing.T) {
	t.Parallel()
	states := make(chan http.ConnState, 100)
	ollama := unstarted(answer(generateAnswer))
	ollama.Config.ConnState = func(_ net.Conn, state http.ConnState) { states <- state }
	ollama.Start()
	t.Cleanup(ollama.Close)
	result := k6test.Script(t, []string{"OLLAMA_HOST=" + ollama.URL}, `
		import { Ollama } from 'k6/x/ollama';
		const ollama = new Ollama({ model: 'm' });
		export const options = { noVUConnectionReuse: true, iterations: 2 };
		export default async function () {
			const connects = [];
			for (let i = 0; i < 2; i++) { connects.push((await ollama.generate({})).timings.connect > 0); }
			console.log(JSON.stringify(connects));
		}`)
	require.Zero(t, result.Code, result.Stderr)
	assert.Equal(t, []string{"[true,false]", "[true,false]"}, result.Console())
	opened := 0
	for range len(states) {
		if <-states == http.StateNew {
			opened++
		}
	}
	assert.Equal(t, 2, opened)
}

// discardResponseBodies is a promise that nobody looks at the answers. They are measured all the same.
func TestDiscardedBodies(t *testing.T) {
	t.Parallel()
	ollama := serve(t, answer(generateAnswer))
	result, out := scriptWithSamples(t, []string{"OLLAMA_HOST=" + ollama.URL}, `
		import ollama from 'k6/x/ollama';
		export const options = { discardResponseBodies: true };
		export default async function () {
			const { ok, text, response, eval_count, timings } = await ollama.generate({ model: 'm' });
			console.log(JSON.stringify([ok, text, response, eval_count > 0, timings.ttft > 0]));
		}`)
	assert.Equal(t, []string{`[true,"","",true,true]`}, result.Console())
	assert.Len(t, out.values("ollama_ttft"), 1)
	assert.NotEmpty(t, out.values("ollama_itl"))
}

// rps holds back requests of this module; waiting for it is no time of the server.
func TestRPS(t *testing.T) {
	t.Parallel()
	ollama := serve(t, answer(generateAnswer))
	result := iterate(t, ollama, `
		const all = await Promise.all([1, 2, 3].map(() => ollama.generate({})));
		console.log(JSON.stringify(all.map((r) => r.timings.duration + r.timings.connect)));`, "--rps", "2")
	seen := ollama.requests()
	require.Len(t, seen, 3)
	assert.GreaterOrEqual(t, seen[2].at.Sub(seen[0].at).Milliseconds(), int64(950), "two pauses of 500 ms")
	for _, ms := range logged[[]float64](t, result) {
		assert.Less(t, ms, 450.0)
	}
}

func TestDataIsCounted(t *testing.T) {
	t.Parallel()
	padding := strings.Repeat("x", 100_000)
	ollama := serve(t, answer(`{"response":"`+padding+`","done":false}`+"\n"+generateDone))
	_, out := scriptWithSamples(t, []string{"OLLAMA_HOST=" + ollama.URL}, `
		import ollama from 'k6/x/ollama';
		export default async function () { await ollama.generate({ model: 'm', prompt: 'x'.repeat(50000) }); }`)
	total := func(metric string) (sum float64) {
		for _, v := range out.values(metric) {
			sum += v
		}
		return sum
	}
	assert.InDelta(t, 100_000+len(generateDone), total("data_received"), 1000, "the answer and its headers")
	assert.InDelta(t, 50_000, total("data_sent"), 1000, "the request and its headers")
}

func TestHTTPDebug(t *testing.T) {
	t.Parallel()
	ollama := serve(t, answer(generateAnswer))
	result := iterate(t, ollama, `
		const { ok, text, timings } = await ollama.generate({ prompt: 'how?' });
		console.log([ok, text, timings.ttft > 0].join());`, "--http-debug=full")
	assert.Equal(t, []string{"true,Hi there,true"}, result.Console())
	assert.Contains(t, result.Stderr, "POST /api/generate HTTP/1.1")
	assert.Contains(t, result.Stderr, "how?")
	assert.Contains(t, result.Stderr, "HTTP/1.1 200 OK")
	assert.Contains(t, result.Stderr, "there")
}
