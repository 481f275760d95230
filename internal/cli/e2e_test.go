package cli_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/k6test"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
)

func TestBenchSimulate(t *testing.T) {
	t.Parallel()
	out, temporary := filepath.Join(t.TempDir(), "results"), t.TempDir()
	result := run(t, []string{"TMPDIR=" + temporary},
		"bench", "--simulate", "-n", "3", "--num-predict", "8", "--out", out, "--locale", "ko")
	require.Zero(t, result.Code, result.Stderr)
	for _, want := range []string{"벤치마킹: 로컬 Ollama - deepseek-r1:1.5b", "🏁 최종 비교", "⚡ 로컬 Ollama"} {
		assert.Contains(t, result.Stdout, want)
	}
	requests := regexp.MustCompile(`(?m)^.*요청 # \d: [\d.]+(초|ms) - 응답 길이: \d+자`)
	assert.Len(t, requests.FindAllString(result.Stderr, -1), 6, "as the old script had them: %s", result.Stderr)
	assert.NotContains(t, result.Stderr, "level=", "without what k6 adds")
	file, err := os.Open(filepath.Join(out, "requests.ndjson"))
	require.NoError(t, err)
	records, err := record.Read(file)
	require.NoError(t, file.Close())
	require.NoError(t, err)
	assert.Len(t, records, 8, "with the warm-up")
	for _, name := range report.FileNames() {
		assert.FileExists(t, filepath.Join(out, name))
	}
	left, err := os.ReadDir(temporary)
	require.NoError(t, err)
	assert.Empty(t, left, "the script is gone")
}

func TestBenchSaysWhatItCanNotWrite(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(out, "results.csv"), 0o755))
	result := run(t, nil, "bench", "--simulate", "--only-local", "-n", "1", "--num-predict", "2", "--out", out)
	assert.Equal(t, 110, result.Code, "k6 run's code of a test that was marked as failed")
	wanted := filepath.Join(out, "results.csv") + ": can't be written: is a directory"
	assert.Equal(t, 1, strings.Count(result.Stderr, wanted), result.Stderr)
	assert.NotContains(t, result.Stderr, "end-of-test summary", "k6 was not asked to save it once more")
	for _, name := range report.FileNames() {
		info, err := os.Stat(filepath.Join(out, name))
		require.NoError(t, err)
		assert.Equal(t, name != "results.csv", info.Mode().IsRegular() && info.Size() > 0, name)
	}
}

func TestBenchReadsThePrompt(t *testing.T) {
	t.Parallel()
	prompts := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request struct{ Prompt string }
		body, err := io.ReadAll(r.Body)
		if err == nil && r.URL.Path == "/api/generate" && json.Unmarshal(body, &request) == nil {
			prompts <- request.Prompt
		}
		_, _ = io.WriteString(w, `{"response":"Hi","done":true}`)
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "prompt.txt"), []byte("Why?\n"), 0o600))
	k6 := k6test.Command(t, nil, "x", "ollama", "bench", "--only-local", "--local-endpoint", server.URL,
		"-n", "1", "--warmup", "0", "--cache", "warm", "--prompt", "@prompt.txt", "--out", "results")
	k6.Dir = dir
	output, err := k6.CombinedOutput()
	require.NoError(t, err, string(output))
	assert.Equal(t, "Why?", <-prompts)
	assert.FileExists(t, filepath.Join(dir, "results", "results.json"), "where the user is")
}

func TestBenchFails(t *testing.T) {
	t.Parallel()
	result := run(t, nil, "bench", "--only-local", "--local-endpoint", closed(t), "-n", "1", "--warmup", "0")
	assert.Equal(t, 110, result.Code, "k6 run's code of a test that was marked as failed")
	assert.Contains(t, result.Stdout, "ollama serve")

	result = run(t, nil, "bench", "--simulate", "--", "--bogus")
	assert.NotZero(t, result.Code)
	assert.Contains(t, result.Stderr, "unknown flag: --bogus")
}

func TestBenchPassesOnFlags(t *testing.T) {
	t.Parallel()
	samples := filepath.Join(t.TempDir(), "samples.json")
	result := run(t, nil, "bench", "--simulate", "--only-local", "-n", "1", "--num-predict", "2", "--warmup", "0",
		"--", "--out", "json="+samples)
	require.Zero(t, result.Code, result.Stderr)
	text, err := os.ReadFile(samples)
	require.NoError(t, err)
	assert.Contains(t, string(text), `"ollama_ttft"`)
}

// closed is an address at which nobody listens.
func closed(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	tiny := startSimulator(t, "--model", "tiny")
	other := startSimulator(t, "--model", "tiny", "--ollama-version", "0.16.0")

	result := run(t, nil, "doctor", "--local-endpoint", tiny.url, "-m", "tiny")
	assert.Zero(t, result.Code, result.Stdout)
	assert.Contains(t, result.Stdout, "Only local was checked")
	assert.Contains(t, result.Stdout, "A benchmark would work.")
	assert.NotContains(t, result.Stdout, "\x1b", "no terminal, no colours")

	result = run(t, []string{
		"LANG=ko_KR.UTF-8", "LOCAL_ENDPOINT=" + tiny.url, "REMOTE_ENDPOINT=" + other.url, "MODEL=tiny",
	}, "doctor")
	assert.Zero(t, result.Code, result.Stdout)
	assert.Contains(t, result.Stdout, "tiny: local와(과) remote의 모델이 같습니다.")
	assert.Regexp(t, `Ollama 버전 +0\.17\.4 +0\.16\.0 +≠`, result.Stdout)
	assert.Contains(t, result.Stdout, "같은 컴퓨터(이 컴퓨터)에 있습니다")
	assert.Contains(t, result.Stdout, "벤치마크를 실행할 수 있습니다.")

	result = run(t, nil, "doctor", "--local-endpoint", tiny.url, "--remote-endpoint", closed(t), "-m", "tiny", "--json")
	assert.Equal(t, 1, result.Code)
	assert.Empty(t, result.Stderr)
	var answer struct {
		OK      bool
		Targets []struct {
			Target  string
			OK      bool
			Results []struct{ Step, Detail, Fix string }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(result.Stdout), &answer))
	assert.False(t, answer.OK)
	require.Len(t, answer.Targets, 2)
	assert.True(t, answer.Targets[0].OK)
	assert.False(t, answer.Targets[1].OK)
	last := answer.Targets[1].Results[len(answer.Targets[1].Results)-1]
	assert.Equal(t, "tcp", last.Step)
	assert.Contains(t, last.Detail, "refused")
	assert.NotEmpty(t, last.Fix)

	result = run(t, nil, "doctor", "--local-endpoint", tiny.url, "-m", "nope", "--only-local")
	assert.Equal(t, 1, result.Code)
	assert.Contains(t, result.Stdout, "ollama pull nope")
	assert.NotContains(t, result.Stdout, "Only local was checked", "that was asked for")
}

// What the doctor says of two servers stands in its JSON, too.
func TestDoctorCompares(t *testing.T) {
	t.Parallel()
	tiny := startSimulator(t, "--model", "tiny")
	other := startSimulator(t, "--model", "tiny", "--ollama-version", "0.16.0")
	result := run(t, nil, "doctor", "--target", "a="+tiny.url, "--target", "b="+other.url,
		"--target", "c="+strings.Replace(tiny.url, "127.0.0.1", "localhost", 1), "-m", "tiny", "--json")
	assert.Zero(t, result.Code, result.Stdout)
	var answer struct {
		Comparisons []struct {
			A, B        string
			SameModel   *bool `json:"same_model"`
			Differences []struct{ Field, A, B string }
		}
		Warnings []struct{ Code, A, B string }
	}
	require.NoError(t, json.Unmarshal([]byte(result.Stdout), &answer))
	require.Len(t, answer.Comparisons, 2)
	for _, c := range answer.Comparisons {
		require.NotNil(t, c.SameModel)
		assert.True(t, *c.SameModel)
	}
	assert.Equal(t, []struct{ Field, A, B string }{{"server_version", "0.17.4", "0.16.0"}},
		answer.Comparisons[0].Differences)
	assert.Empty(t, answer.Comparisons[1].Differences)
	assert.Equal(t, []struct{ Code, A, B string }{
		{"same_host", "a", "b"}, {"same_server", "a", "c"}, {"same_host", "b", "c"},
	}, answer.Warnings)
}

// A bad setting of bench is no matter of the doctor's, who looks at servers.
func TestDoctorReadsOnlyWhatItUses(t *testing.T) {
	t.Parallel()
	tiny := startSimulator(t, "--model", "tiny")
	result := run(t, []string{"NUM_REQUESTS=abc", "SIMULATE=true", "PROMPT=@none", "OUT=/"},
		"doctor", "--local-endpoint", tiny.url, "-m", "tiny")
	assert.Zero(t, result.Code, result.Stdout+result.Stderr)
}

// The key is for remote servers, as in a benchmark; here one behind a proxy, which is how a
// test can have a server that is not on this machine.
func TestDoctorHasTheKey(t *testing.T) {
	t.Parallel()
	tiny := startSimulator(t, "--model", "tiny")
	guarded := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer hush" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		proxyTo(tiny.url).ServeHTTP(w, r)
	}))
	t.Cleanup(guarded.Close)
	env := []string{"HTTP_PROXY=" + guarded.URL, "OLLAMA_API_KEY=hush"}
	args := []string{"doctor", "--only-remote", "-m", "tiny", "--remote-endpoint"}
	result := run(t, env, append(args, "http://gpu.example")...)
	assert.Zero(t, result.Code, result.Stdout)
	assert.Contains(t, result.Stdout, "proxy "+strings.TrimPrefix(guarded.URL, "http://")+": connected to")
	assert.Equal(t, 1, run(t, env[:1], append(args, "http://gpu.example")...).Code)
	assert.Equal(t, 1, run(t, env, append(args, guarded.URL)...).Code, "this machine's Ollama gets no key")
}

// The certificate of a test server is signed by nobody.
func TestDoctorTakesAnyCertificate(t *testing.T) {
	t.Parallel()
	tiny := startSimulator(t, "--model", "tiny")
	secure := httptest.NewUnstartedServer(proxyTo(tiny.url))
	secure.Config.ErrorLog = quiet
	secure.StartTLS()
	t.Cleanup(secure.Close)
	args := []string{"doctor", "--local-endpoint", secure.URL, "-m", "tiny"}
	assert.Equal(t, 1, run(t, nil, args...).Code)
	assert.Zero(t, run(t, nil, append(args, "--insecure-skip-tls-verify")...).Code)
	assert.Zero(t, run(t, []string{"K6_INSECURE_SKIP_TLS_VERIFY=true"}, args...).Code)
}

func TestSimulateWritesTheTruth(t *testing.T) {
	t.Parallel()
	truth := filepath.Join(t.TempDir(), "truth.ndjson")
	server := startSimulator(t, "--any-model", "--model", "tiny", "--truth", truth, "--fault", "500@2",
		"--keep-alive", "-1", "--ttft", "5ms", "--itl", "1ms", "--load-time", "1ms", "--network-delay", "2ms", "--network-jitter", "1ms")
	for _, want := range []int{http.StatusOK, http.StatusInternalServerError} {
		response, err := http.Post(server.url+"/api/generate", "application/json",
			strings.NewReader(`{"model":"any","prompt":"Hi","stream":false,"options":{"num_predict":3}}`))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, want, response.StatusCode)
	}
	assert.Zero(t, server.stop())
	text, err := os.ReadFile(truth)
	require.NoError(t, err)
	assert.Equal(t, 2, bytes.Count(text, []byte("\n")))
}

func TestSimulateAnnouncesItself(t *testing.T) {
	t.Parallel()
	server := startSimulator(t, "--model", "tiny")
	for _, want := range []string{"tiny", "curl " + server.url, "bench --only-local --local-endpoint " + server.url} {
		assert.Contains(t, server.announced, want)
	}
	assert.Zero(t, server.stop())
	assert.Empty(t, server.stderr.String())

	everywhere := startSimulator(t, "--addr", "0.0.0.0:0")
	assert.Contains(t, everywhere.url, "http://127.0.0.1:", "one can't connect to 0.0.0.0 everywhere")
	assert.Zero(t, everywhere.stop())
	assert.Contains(t, everywhere.stderr.String(), "other machines")
}
