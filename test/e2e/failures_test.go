//go:build e2e

package e2e_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// checkOneSideFailed: nothing went well on the remote side. The local side is reported with all its figures, the
// comparison says why there is none, the hint says what to do, and k6 exits with an error.
func checkOneSideFailed(t *testing.T, o outcome, kind string, hints ...string) {
	t.Helper()
	assert.NotZero(t, o.code)
	r := o.results(t)
	remote := r.of(t, "remote", given.quick)
	assert.Zero(t, remote.Succeeded)
	assert.Equal(t, map[string]int{kind: remote.Requests}, remote.Errors)
	require.Len(t, r.Comparisons, 1)
	assert.Empty(t, r.Comparisons[0].Metrics)
	assert.Contains(t, o.stdout, "No comparison: every request to Remote Ollama failed.")
	assert.Contains(t, o.stdout, "Every request failed; there is nothing to measure.")
	said := strings.Join(strings.Fields(o.stdout), " ") // hints are wrapped
	for _, hint := range hints {
		assert.Contains(t, said, hint)
	}
	list := of(o.requests(t), func(r request) bool { return isMeasured(r) && r.Target == "local" })
	checkSeries(t, r.of(t, "local", given.quick), list)
	p := page{languages["en"], strings.Split(o.stdout, "\n")}
	newSide(p.local, given.local, list).check(t, p.block(t, p.benchmarking+": "+p.local, given.quick))
}

func TestServerDown(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed := "http://" + listener.Addr().String()
	require.NoError(t, listener.Close())
	o := benchmark(t, both(settings{"REMOTE_ENDPOINT": closed}))
	checkOneSideFailed(t, o, "connect", "connection refused", "`OLLAMA_HOST="+closed+" ollama serve`")
}

func TestUnknownModel(t *testing.T) {
	o := benchmark(t, both(settings{"MODEL": "nosuchmodel:1b"}))
	assert.NotZero(t, o.code)
	r := o.results(t)
	for _, target := range []string{"local", "remote"} {
		assert.Equal(t, map[string]int{"model_not_found": 10}, r.of(t, target, "nosuchmodel:1b").Errors)
	}
	said := strings.Join(strings.Fields(o.stdout), " ")
	assert.Contains(t, said, "`OLLAMA_HOST="+given.local+" ollama pull nosuchmodel:1b`")
	assert.Contains(t, said, "`OLLAMA_HOST="+given.remote+" ollama pull nosuchmodel:1b`")
	for _, model := range []string{given.quick, given.slow} {
		assert.Regexp(t, `The server has: .*\b`+regexp.QuoteMeta(model), said, "the models that are there")
	}
}

// A model that no server has does not take the figures of the others with it, and the run fails all the same.
func TestUnknownModelAmongOthers(t *testing.T) {
	o := benchmark(t, both(settings{"MODEL": "nosuchmodel:1b," + given.quick}))
	assert.NotZero(t, o.code)
	checkPrinted(t, o, "en", given.quick, [2]string{given.local, given.remote})
	assert.Equal(t, 10, o.results(t).of(t, "remote", "nosuchmodel:1b").Requests)
}

// What answers on the other side is no Ollama, or does not let anybody in.
func TestStrangeServers(t *testing.T) {
	for name, c := range map[string]struct {
		status      int
		contentType string
		body        string
		kind        string
		hint        string
	}{
		"401": {http.StatusUnauthorized, "application/json", `{"error":"unauthorized"}`, "unauthorized", "apiKey"},
		"an HTML page": {
			http.StatusOK, "text/html", "<html><body>Please log in</body></html>", "decode", "is not Ollama",
		},
		"503": {
			http.StatusServiceUnavailable, "application/json",
			`{"error":"server busy, please try again.  maximum pending requests exceeded"}`, "overloaded", "OLLAMA_NUM_PARALLEL",
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.contentType)
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			defer server.Close()
			o := benchmark(t, both(settings{"REMOTE_ENDPOINT": server.URL}))
			checkOneSideFailed(t, o, c.kind, c.hint)
		})
	}
}

// A server is killed, with its runners, while it answers. What came of that answer is kept; the other server is
// measured to the end, and nothing hangs.
func TestServerKilled(t *testing.T) {
	w := lay(t, given.doomed, 2) // after a warm-up, in the first measured request
	j := start(t, both(settings{"REMOTE_ENDPOINT": w.address, "MODEL": given.quick, "NUM_PREDICT": "128"}),
		"run", "--quiet", benchmarkScript)
	select {
	case <-w.pulled:
	case <-time.After(patience):
		require.Fail(t, "the server never answered", j.stderr.text())
	}
	require.NoError(t, syscall.Kill(-given.doomedGroup, syscall.SIGKILL))
	require.NoError(t, w.listener.Close())
	o := j.wait(t)
	assert.NotZero(t, o.code)
	list := of(o.requests(t), func(r request) bool { return isMeasured(r) && r.Target == "remote" })
	require.Len(t, list, 10)
	assert.Contains(t, []string{"truncated", "reset", "server_error"}, list[0].Error.Type)
	assert.NotNil(t, list[0].TTFT, "what the answer had is kept")
	for _, r := range list[1:] {
		assert.Equal(t, "connect", r.Error.Type)
	}
	r := o.results(t)
	assert.Equal(t, 10, r.of(t, "local", given.quick).Succeeded)
	checkResultsOf(t, o, "local")
	assert.Contains(t, o.stdout, "No comparison: every request to Remote Ollama failed.")
	note(t, "killed in the midst of an answer: %s, then %d × connect", list[0].Error.Type, len(list)-1)
}

func checkResultsOf(t *testing.T, o outcome, target string) {
	t.Helper()
	list := of(o.requests(t), func(r request) bool { return isMeasured(r) && r.Target == target })
	checkSeries(t, o.results(t).of(t, target, given.quick), list)
}

// Ctrl-C leaves a report of what was measured until then.
func TestInterrupted(t *testing.T) {
	j := start(t, both(settings{"NUM_REQUESTS": "1000"}), "run", "--quiet", benchmarkScript)
	j.stderr.await(t, "request #   5")
	require.NoError(t, j.Process.Signal(os.Interrupt))
	o := j.wait(t)
	assert.Equal(t, exitInterrupted, o.code)
	r := o.results(t)
	for _, target := range []string{"local", "remote"} {
		assert.GreaterOrEqual(t, r.of(t, target, given.quick).Succeeded, 4)
	}
	assert.Contains(t, r.warnings(), "interrupted")
	assert.Contains(t, o.stdout, "stopped early")
}

// Each time-out bounds its part of a request to the real server, and what came before is kept.
func TestTimeouts(t *testing.T) {
	server := stalling(t)
	const timeouts = `{"silent": {"firstToken": "400ms"}, "pausing": {"idle": "400ms"}, "slow": {"total": "1500ms"}}`
	o := start(t, settings{"HOST": server.URL, "MODEL": given.quick, "TIMEOUTS": timeouts},
		"run", "--quiet", "testdata/timeouts.js").wait(t)
	require.Equal(t, 0, o.code)
	expected := map[string]struct {
		kind  string
		least float64 // ms
	}{"silent": {"timeout_first_token", 400}, "pausing": {"timeout_idle", 400}, "slow": {"timeout_total", 1500}}
	list := of(o.requests(t), isMeasured)
	require.Len(t, list, len(expected))
	for _, r := range list {
		require.NotNil(t, r.Error, r.Target)
		assert.Equal(t, expected[r.Target].kind, r.Error.Type)
		assert.Contains(t, o.stdout, r.Error.Type)
		took := *r.Connect + *r.Duration // total includes connecting, which the clock does not
		assert.GreaterOrEqual(t, took, expected[r.Target].least-1, r.Target)
		assert.Less(t, took, expected[r.Target].least+2000, r.Target)
		if r.Target == "silent" {
			assert.Nil(t, r.TTFT)
			continue
		}
		assert.NotNil(t, r.TTFT, r.Target)
		assert.NotZero(t, *r.Chunks, r.Target)
	}
}

// stalling passes requests on to a real server, and its answer in a way that the first part of the path names.
func stalling(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, incoming *http.Request) {
		way, path, _ := strings.Cut(strings.TrimPrefix(incoming.URL.Path, "/"), "/")
		response, err := send(incoming.Context(), incoming.Method, given.local+"/"+path, incoming.Body)
		if err != nil {
			return
		}
		defer response.Body.Close() //nolint:errcheck // only read
		gone := incoming.Context().Done()
		lines := bufio.NewReader(response.Body)
		for n := 0; ; n++ {
			switch {
			case way == "silent", way == "pausing" && n == 3:
				<-gone
				return
			case way == "slow":
				<-time.After(60 * time.Millisecond)
			}
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			if passOn(w, line) != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	return server
}
