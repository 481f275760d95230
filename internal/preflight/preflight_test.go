package preflight_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/preflight"
	"github.com/xk6-ollama/xk6-ollama/internal/simulator"
)

var update = flag.Bool("update", false, "write the golden files")

func target(t *testing.T, name, address string) preflight.Target {
	t.Helper()
	endpoint, err := api.ParseEndpoint(address)
	require.NoError(t, err)
	return preflight.Target{Name: name, Endpoint: endpoint}
}

func simulated(t *testing.T, change func(*simulator.Config)) string {
	t.Helper()
	config := simulator.DefaultConfig()
	config.Models = []simulator.Model{simulator.NamedModel("tiny"), simulator.NamedModel("qwen3:0.6b")}
	config.Load = 150 * time.Millisecond
	config.TTFT, config.ITL = simulator.Exactly(time.Millisecond), simulator.Exactly(time.Millisecond)
	if change != nil {
		change(&config)
	}
	server, err := simulator.Start(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() {
		if err := server.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return server.URL()
}

// answers is a server that answers a path with a status and a body, and others as Ollama
// 0.17.4 with the model tiny.
func answers(t *testing.T, path string, status int, contentType, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path || path == "*" {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
			return
		}
		_, _ = io.WriteString(w, map[string]string{
			"/api/version":  `{"version":"0.17.4"}`,
			"/api/tags":     `{"models":[{"name":"tiny:latest"}]}`,
			"/api/ps":       `{"models":[]}`,
			"/api/show":     `{}`,
			"/api/generate": `{"response":"Hi","done":true}`,
		}[r.URL.Path])
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// silent accepts connections and never answers.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, listener.Close()) })
	return listener.Addr().String()
}

// closed is an address at which nobody listens.
func closed(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// nameServer says of every name that there is none, or nothing at all.
func nameServer(t *testing.T, answer bool) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })
	go func() {
		packet := make([]byte, 512)
		for {
			n, from, err := server.ReadFrom(packet)
			if err != nil {
				return
			}
			packet[2] |= 0x80 // an answer
			packet[3] = 0x83  // recursion available, no such name (RFC 1035, 4.1.1)
			if answer {
				_, _ = server.WriteTo(packet[:n], from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

func steps(f *preflight.Findings) string {
	var names []string
	for _, r := range f.Results {
		name := string(r.Step)
		if !r.OK {
			name = "!" + name
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

func TestChecks(t *testing.T) {
	t.Parallel()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // what fails is what is tested
	secure.StartTLS()
	t.Cleanup(secure.Close)
	const reached = "name tcp http ollama "
	for name, c := range map[string]struct {
		address string
		options preflight.Options
		want    string
		kind    api.ErrorKind // of the last step
		detail  string        // in its detail
		fix     string        // in its fix
	}{
		"all is well": {address: simulated(t, nil), want: reached + "model loaded generation"},
		"the full address of a call": {
			address: simulated(t, nil) + "/api/generate", want: reached + "model loaded generation",
		},
		"no such name": {
			address: "http://gpu.example", options: preflight.Options{Resolver: nameServer(t, true)},
			want: "!name", kind: api.DNS, detail: "gpu.example", fix: "nslookup gpu.example",
		},
		"no name server": {
			address: "http://gpu.example",
			options: preflight.Options{Resolver: nameServer(t, false), Timeout: 50 * time.Millisecond},
			want:    "!name", kind: api.DNS, detail: "50ms", fix: "nslookup gpu.example",
		},
		"refused": {address: closed(t), want: "name !tcp", kind: api.Connect, detail: "refused", fix: "ollama serve"},
		"TLS with a server of plain HTTP": {
			address: strings.Replace(answers(t, "-", 0, "", ""), "http:", "https:", 1),
			want:    "name tcp !tls", kind: api.TLS, detail: "tls", fix: "http://",
		},
		"plain HTTP with a TLS server": {
			address: strings.Replace(secure.URL, "https:", "http:", 1),
			want:    "name tcp http !ollama", kind: api.TLS, detail: "HTTPS",
		},
		"a certificate of nobody": {
			address: secure.URL, want: "name tcp !tls", kind: api.TLS, detail: "certificate", fix: "insecureSkipTLSVerify",
		},
		"a certificate of nobody, which is well": {
			address: secure.URL, options: preflight.Options{InsecureTLS: true},
			want: "name tcp tls http !ollama", kind: api.HTTP4xx, fix: "/api/version",
		},
		"TLS hangs": {
			address: "https://" + silent(t), options: preflight.Options{Timeout: 50 * time.Millisecond},
			want: "name tcp !tls", kind: api.TimeoutConnect, detail: "50ms",
		},
		"HTTP hangs": {
			address: silent(t), options: preflight.Options{Timeout: 50 * time.Millisecond},
			want: "name tcp !http", kind: api.TimeoutTotal, detail: "50ms", fix: "--timeout",
		},
		"a login page": {
			address: answers(t, "*", 200, "text/html", "<html><title>Log in</title></html>"),
			want:    "name tcp http !ollama", kind: api.Decode, detail: "text/html", fix: "curl ",
		},
		"another server of JSON": {
			address: answers(t, "*", 200, "application/json", `{"status":"up"}`),
			want:    "name tcp http !ollama", kind: api.Decode, detail: `{\"status\":\"up\"}`, fix: "curl ",
		},
		"another server": {
			address: answers(t, "*", 404, "text/plain", "not here"),
			want:    "name tcp http !ollama", kind: api.HTTP4xx, detail: "404", fix: "curl ",
		},
		"it wants a key": {
			address: answers(t, "*", 401, "text/plain", "who are you?"),
			want:    "name tcp http !ollama", kind: api.Unauthorized, detail: "who are you?", fix: "OLLAMA_API_KEY",
		},
		"a proxy without its server": {
			address: answers(t, "*", 502, "text/html", "<h1>Bad Gateway</h1>"),
			want:    "name tcp http !ollama", kind: api.HTTP5xx, detail: "Bad Gateway", fix: "ollama serve",
		},
		"models that can't be read": {
			address: answers(t, "/api/tags", 200, "application/json", `{"models":7}`),
			want:    reached + "!model", kind: api.Decode,
		},
		"models that may not be seen": {
			address: answers(t, "/api/tags", 403, "", ""), want: reached + "!model", kind: api.Unauthorized,
		},
		"an Ollama that can't say what is loaded": {
			address: answers(t, "/api/ps", 404, "text/plain", "404 page not found"), want: reached + "model loaded generation",
		},
		"no such model": {
			address: simulated(t, nil), options: preflight.Options{Models: []string{"llama3.2:1b"}},
			want: reached + "!model", kind: api.ModelNotFound, detail: "llama3.2:1b", fix: "ollama pull llama3.2:1b",
		},
		"one of two models": {
			address: simulated(t, nil), options: preflight.Options{Models: []string{"llama3.2:1b", "tiny"}},
			want: reached + "!model model loaded generation",
		},
		"the model fails to load": {
			address: simulated(t, func(c *simulator.Config) {
				c.Faults = []simulator.Fault{{Kind: simulator.Error500, Probability: 1}}
			}),
			want: reached + "model loaded !generation", kind: api.HTTP5xx, fix: "journalctl",
		},
		"the answer breaks off": {
			address: simulated(t, func(c *simulator.Config) {
				c.Faults = []simulator.Fault{{Kind: simulator.MissingDone, Probability: 1}}
			}),
			want: reached + "model loaded !generation", kind: api.Truncated,
		},
		"a slow model": {
			address: simulated(t, func(c *simulator.Config) { c.Load = time.Hour }),
			options: preflight.Options{GenerationTimeout: 100 * time.Millisecond},
			want:    reached + "model loaded !generation", kind: api.TimeoutTotal, detail: "100ms", fix: "--generation-timeout",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.options.Models == nil {
				c.options.Models = []string{"tiny"}
			}
			findings := preflight.Check(t.Context(), target(t, "local", c.address), c.options)
			require.Equal(t, c.want, steps(findings))
			assert.Equal(t, !strings.Contains(c.want, "!"), findings.OK)
			last := findings.Results[len(findings.Results)-1]
			assert.Equal(t, c.kind, last.Kind)
			assert.Contains(t, last.Detail, c.detail)
			assert.Contains(t, last.Fix, c.fix)
			for _, r := range findings.Results {
				assert.NotEmpty(t, r.Detail, r.Step)
				assert.NotContains(t, r.Detail+r.Fix, "\n")
				assert.Equal(t, r.OK, r.Fix == "", "a failure says what to do, and nothing else does: %+v", r)
			}
		})
	}
}

// What a server needs to let one in goes to the server and nowhere else.
func TestCredentials(t *testing.T) {
	t.Parallel()
	const basic = "Basic bWU6aHVzaA==" // me:hush
	for name, c := range map[string]struct{ address, key, want string }{
		"of the address":          {"http://me:hush@", "", basic},
		"a key":                   {"http://", "hush", "Bearer hush"},
		"the key before the name": {"http://me:hush@", "hush", "Bearer hush"},
		"none":                    {"http://", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := make(chan string, 1)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got <- r.Header.Get("Authorization")
				w.WriteHeader(http.StatusUnauthorized)
			}))
			t.Cleanup(server.Close)
			findings := preflight.Check(t.Context(), target(t, "local", strings.Replace(server.URL, "http://", c.address, 1)),
				preflight.Options{Models: []string{"tiny"}, APIKey: c.key})
			assert.Equal(t, c.want, <-got)
			text, err := json.Marshal(findings)
			require.NoError(t, err)
			assert.NotContains(t, string(text), "hush")
		})
	}
}

// Whoever waits sees each result when it is there, and can stop the one that runs.
func TestCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var seen []preflight.Step
	findings := preflight.Check(ctx, target(t, "local", simulated(t, nil)), preflight.Options{
		Models: []string{"tiny", "qwen3:0.6b"},
		OnResult: func(r preflight.Result) {
			seen = append(seen, r.Step)
			if r.Step == preflight.Loaded {
				cancel()
			}
		},
	})
	last := findings.Results[len(findings.Results)-1]
	assert.Equal(t, "name tcp http ollama model loaded !generation", steps(findings), "no other model is tried")
	assert.Len(t, seen, len(findings.Results))
	assert.Equal(t, api.Canceled, last.Kind)
	assert.False(t, findings.OK)
}

// varying is what differs from run to run: ports and times.
var varying = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:PORT"},
	{regexp.MustCompile(`(127\.0\.0\.1) \d+`), "$1 PORT"},
	{regexp.MustCompile(`[\d.e+-]+ (ms|s)\b`), "TIME"},
}

func TestGolden(t *testing.T) {
	t.Parallel()
	fast := simulated(t, nil)
	old := simulated(t, func(c *simulator.Config) {
		c.Version = "0.16.0"
		c.Models[0].Quantization = "F16"
	})
	for name, servers := range map[string][]preflight.Target{
		"works":      {target(t, "local", fast), target(t, "remote", fast)},
		"differs":    {target(t, "local", fast), target(t, "remote", old)},
		"only-local": {target(t, "local", fast)},
		"fails": {
			target(t, "local", closed(t)),
			target(t, "remote", answers(t, "/api/tags", 200, "application/json", `{"models":[{"name":"other:1b"}]}`)),
			target(t, "proxy", answers(t, "*", 502, "text/html", "<h1>Bad Gateway</h1>")),
		},
	} {
		for _, l := range []locale.Locale{locale.English, locale.Korean} {
			t.Run(name+"."+string(l), func(t *testing.T) {
				t.Parallel()
				var text bytes.Buffer
				printer := preflight.NewPrinter(&text, l, false)
				var all []*preflight.Findings
				for _, server := range servers {
					printer.Target(server)
					findings := preflight.Check(t.Context(), server, preflight.Options{Models: []string{"tiny"}, Locale: l})
					for _, result := range findings.Results {
						if result.Step == preflight.Loaded || result.Step == preflight.Generation {
							result.Detail = "DETAIL" // the tests share servers, and so what is loaded
						}
						printer.Result(result)
					}
					all = append(all, findings)
				}
				for _, other := range all[1:] {
					printer.Comparison("tiny", all[0], other)
				}
				for _, kin := range preflight.Relatives(t.Context(), all) {
					printer.Kin(kin)
				}
				printer.Verdict(all, len(all) == 1)
				require.NoError(t, printer.Err())
				got := text.String()
				for _, v := range varying {
					got = v.pattern.ReplaceAllString(got, v.instead)
				}
				golden(t, filepath.Join("testdata", name+"."+string(l)+".txt"), got)
			})
		}
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

func TestColours(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	printer := preflight.NewPrinter(&text, locale.English, true)
	printer.Result(preflight.Result{Step: preflight.Connect, OK: true, Detail: "connected"})
	printer.Result(preflight.Result{Step: preflight.Connect, Detail: "refused", Fix: "start it"})
	assert.Equal(t, "  \x1b[32m✓\x1b[0m TCP        connected\n"+
		"  \x1b[31m✗\x1b[0m TCP        refused\n    → start it\n", text.String())
}

type brokenPipe struct{ writes int }

func (b *brokenPipe) Write([]byte) (int, error) {
	b.writes++
	return 0, io.ErrClosedPipe
}

func TestPrinterKeepsTheFirstError(t *testing.T) {
	t.Parallel()
	var pipe brokenPipe
	printer := preflight.NewPrinter(&pipe, locale.English, false)
	printer.Result(preflight.Result{Step: preflight.Connect})
	printer.Result(preflight.Result{Step: preflight.Connect})
	require.ErrorIs(t, printer.Err(), io.ErrClosedPipe)
	assert.Equal(t, 1, pipe.writes)
}

// A server that is known under two names, and two servers on one machine, are told apart.
func TestRelatives(t *testing.T) {
	t.Parallel()
	one, other := simulated(t, nil), simulated(t, nil)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(one, "http://"))
	require.NoError(t, err)
	check := func(addresses ...string) []preflight.Kin {
		var all []*preflight.Findings
		for i, address := range addresses {
			name := string(rune('a' + i))
			findings := preflight.Check(t.Context(), target(t, name, address), preflight.Options{Models: []string{"tiny"}})
			all = append(all, findings)
		}
		return preflight.Relatives(t.Context(), all)
	}
	assert.Empty(t, check(one))
	assert.Empty(t, check(one, closed(t)))
	assert.Equal(t, []preflight.Kin{{preflight.SameServer, "a", "b", api.ThisMachine}}, check(one, "localhost:"+port),
		"both say that the model will be unloaded at the same nanosecond")
	assert.Equal(t, []preflight.Kin{{preflight.SameHost, "a", "b", api.ThisMachine}}, check(one, other))
	assert.Equal(t, []preflight.Kin{
		{preflight.SameHost, "a", "b", api.ThisMachine},
		{preflight.SameServer, "a", "c", api.ThisMachine},
		{preflight.SameHost, "b", "c", api.ThisMachine},
	}, check(one, other, one))
	down := closed(t)
	assert.Equal(t, []preflight.Kin{{preflight.SameServer, "a", "b", ""}}, check(down, down))
}
