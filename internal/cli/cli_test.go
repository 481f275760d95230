package cli_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	_ "github.com/xk6-ollama/xk6-ollama"
	"github.com/xk6-ollama/xk6-ollama/internal/k6test"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
)

// recordRun has the k6 that bench runs write down how it was called instead of running.
const recordRun = "XK6_OLLAMA_TEST_RECORD_RUN"

// called is how `k6 run` was called.
type called struct {
	Args    []string
	Env     map[string]string
	Scripts []string // what was there to be run
}

func TestMain(m *testing.M) {
	if code, err := strconv.Atoi(os.Getenv(recordRun)); err == nil && len(os.Args) > 1 && os.Args[1] == "run" {
		writeDown()
		os.Exit(code)
	}
	k6test.Main(m)
}

func writeDown() {
	call := called{Args: os.Args[1:], Env: map[string]string{}}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		call.Env[name] = value
	}
	script := os.Args[len(os.Args)-1]
	for _, pattern := range []string{"*", "*/*"} {
		files, err := filepath.Glob(filepath.Join(filepath.Dir(script), pattern))
		if err != nil {
			panic(err)
		}
		call.Scripts = append(call.Scripts, files...)
	}
	if err := json.NewEncoder(os.Stdout).Encode(call); err != nil {
		panic(err)
	}
}

// run runs `k6 x ollama` with the arguments.
func run(t *testing.T, env []string, args ...string) k6test.Result {
	t.Helper()
	return k6test.Run(t, env, append([]string{"x", "ollama"}, args...)...)
}

// recorded runs `k6 x ollama bench` and returns how it called k6.
func recorded(t *testing.T, env []string, args ...string) called {
	t.Helper()
	result := run(t, append(env, recordRun+"=0"), append([]string{"bench"}, args...)...)
	require.Zero(t, result.Code, result.Stderr)
	require.Empty(t, result.Stderr)
	var call called
	require.NoError(t, json.Unmarshal([]byte(result.Stdout), &call))
	return call
}

var settingNames = []string{
	"NUM_REQUESTS", "MODEL", "ONLY", "LOCAL_ENDPOINT", "REMOTE_ENDPOINT", "TARGETS", "SIMULATE", "ORDER", "WARMUP",
	"PROMPT", "NUM_PREDICT", "CACHE", "STREAM", "LOCALE", "OUT",
}

func TestBenchSetsTheEnvironment(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	require.NoError(t, err)
	out := filepath.Join(t.TempDir(), "new", "results")
	for name, c := range map[string]struct {
		args string
		env  []string
		want map[string]string
	}{
		"nothing": {"--only-local", nil, map[string]string{"ONLY": "local"}},
		"short":   {"-n 20 -m llama3.2:1b --only-local", nil, map[string]string{"NUM_REQUESTS": "20", "MODEL": "llama3.2:1b", "ONLY": "local"}},
		"all but targets": {
			"--num-requests=5 --model a,b --local-endpoint localhost --remote-endpoint http://gpu:11434 --order parallel " +
				"--warmup 0 --prompt Hi --num-predict 7 --cache warm --no-stream --locale ko --out " + out,
			nil,
			map[string]string{
				"NUM_REQUESTS": "5", "MODEL": "a,b", "LOCAL_ENDPOINT": "localhost", "REMOTE_ENDPOINT": "http://gpu:11434",
				"ORDER": "parallel", "WARMUP": "0", "PROMPT": "Hi", "NUM_PREDICT": "7", "CACHE": "warm", "STREAM": "false",
				"LOCALE": "ko", "OUT": out,
			},
		},
		"targets":     {"--target a=one --target b=http://two:1", nil, map[string]string{"TARGETS": "a=one,b=http://two:1"}},
		"models":      {"--simulate -m a -m b,c", nil, map[string]string{"SIMULATE": "true", "MODEL": "a,b,c"}},
		"only remote": {"--only-remote --remote-endpoint gpu", nil, map[string]string{"ONLY": "remote", "REMOTE_ENDPOINT": "gpu"}},
		"simulate":    {"--simulate", nil, map[string]string{"SIMULATE": "true"}},
		"what is not given is left to the environment": {
			"-n 3",
			[]string{"SIMULATE=true", "NUM_REQUESTS=9", "WARMUP=2"},
			map[string]string{"SIMULATE": "true", "NUM_REQUESTS": "3", "WARMUP": "2"},
		},
		"no is said, too": {
			"--simulate=false --no-stream=false --only-local=false --remote-endpoint gpu",
			[]string{"SIMULATE=true", "STREAM=false", "ONLY=local"},
			map[string]string{"SIMULATE": "false", "STREAM": "true", "ONLY": "", "REMOTE_ENDPOINT": "gpu"},
		},
		"a prompt's file is named absolutely": {
			"--simulate --prompt @cli.go", nil, map[string]string{"SIMULATE": "true", "PROMPT": "@" + filepath.Join(here, "cli.go")},
		},
		"that of the environment, too": {
			"--simulate",
			[]string{"PROMPT=@cli.go", "OUT=" + out},
			map[string]string{"SIMULATE": "true", "PROMPT": "@" + filepath.Join(here, "cli.go"), "OUT": out},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			call := recorded(t, c.env, strings.Fields(c.args)...)
			got := map[string]string{}
			for _, name := range settingNames {
				if value, ok := call.Env[name]; ok {
					got[name] = value
				}
			}
			assert.Equal(t, c.want, got)
		})
	}
}

// A directory that can't be made is known before the run, so it is made by then.
func TestBenchMakesTheDirectory(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "new", "results")
	recorded(t, nil, "--simulate", "--out", out)
	files, err := os.ReadDir(out)
	require.NoError(t, err)
	assert.Empty(t, files)
}

func TestBenchRunsTheScript(t *testing.T) {
	t.Parallel()
	temporary := t.TempDir()
	call := recorded(t, []string{"TMPDIR=" + temporary}, "--simulate", "--", "--out", "json=x.json", "--tag=a=b")
	dir := filepath.Dir(call.Args[len(call.Args)-1])
	assert.Equal(t, []string{
		"run", "--log-format=raw", "--quiet", "--out", "json=x.json", "--tag=a=b", filepath.Join(dir, "benchmark.js"),
	}, call.Args)
	for _, file := range []string{"benchmark.js", "lib/plan.js", "lib/prompt.js"} {
		assert.Contains(t, call.Scripts, filepath.Join(dir, file))
	}
	assert.Equal(t, temporary, filepath.Dir(dir))
	left, err := os.ReadDir(temporary)
	require.NoError(t, err)
	assert.Empty(t, left, "the script is gone")
}

// k6's own flags work wherever they stand, and reach the k6 that runs the script.
func TestBenchPassesGlobalFlags(t *testing.T) {
	t.Parallel()
	call := recorded(t, nil, "--simulate", "-a", "", "--log-format", "json", "--quiet=false", "--no-color",
		"--secret-source", "mock=a=1", "--secret-source", "mock=name=b,c=2")
	assert.Subset(t, call.Args, []string{
		"--address=", "--log-format=json", "--quiet=false", "--no-color=true",
		"--secret-source=mock=a=1", "--secret-source=mock=name=b,c=2",
	})
	assert.NotContains(t, call.Args, "--log-format=raw")
	call = recorded(t, []string{"K6_LOG_FORMAT=json"}, "--simulate")
	assert.NotContains(t, call.Args, "--log-format=raw")
}

func TestBenchExitCodeIsThatOfRun(t *testing.T) {
	t.Parallel()
	for _, code := range []int{0, 1, 99, 107, 255} {
		result := run(t, []string{recordRun + "=" + strconv.Itoa(code)}, "bench", "--simulate")
		assert.Equal(t, code, result.Code)
		assert.Empty(t, result.Stderr, "the other k6 has said why")
	}
}

func TestWrongUse(t *testing.T) {
	t.Parallel()
	used, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, used.Close()) })
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("no record\n"), 0o600))
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for _, c := range []struct {
		args string
		code int
		want []string // in the line
	}{
		{"bogus", 104, []string{`"bogus"`, "--help"}},
		{"help bogus", 104, []string{`"bogus"`, "--help"}},
		{"benhc", 104, []string{`"benhc"`, `did you mean "bench"`}},
		{"--bogus", 104, []string{"--bogus", "--help"}},

		{"bench extra", 104, []string{`"extra"`}},
		{"bench --bogus", 104, []string{"--bogus", "bench --help"}},
		{"bench -n", 104, []string{"-n"}},
		{"bench --simulate -n 0", 104, []string{"--num-requests", `"0"`, "from 1"}},
		{"bench --simulate -n -3", 104, []string{"--num-requests", `"-3"`}},
		{"bench --simulate -n abc", 104, []string{"--num-requests", `"abc"`, "whole number"}},
		{"bench --simulate -n 99999999999999999999", 104, []string{"--num-requests"}},
		{"bench --simulate --warmup -1", 104, []string{"--warmup", `"-1"`, "from 0"}},
		{"bench --simulate --num-predict 1.5", 104, []string{"--num-predict", `"1.5"`}},
		{"bench --simulate --order both", 104, []string{"--order", `"both"`, "interleaved, sequential, parallel"}},
		{"bench --simulate --cache hot", 104, []string{"--cache", `"hot"`, "cold, warm"}},
		{"bench --simulate --locale fr", 104, []string{"--locale", `"fr"`, "en or ko"}},
		{"bench --simulate --model=", 104, []string{"--model", "empty"}},
		{"bench --simulate -m a,,b", 104, []string{"--model", `"a,,b"`}},
		{"bench --simulate --prompt @none", 104, []string{"--prompt", "none", "no such file"}},
		{"bench --simulate --prompt @.", 104, []string{"--prompt", "directory"}},
		{"bench --simulate --out " + file, 104, []string{"--out", file, "not a directory"}},
		{"bench --simulate --out=", 104, []string{"--out", "empty"}},
		{"bench --simulate=maybe", 104, []string{"--simulate", `"maybe"`, "true or false"}},
		{"bench --simulate --local-endpoint localhost", 104, []string{"--local-endpoint", "--simulate"}},
		{"bench --only-local --only-remote", 104, []string{"--only-local", "--only-remote"}},
		{"bench --only-local --local-endpoint ftp://x", 104, []string{"--local-endpoint", "ftp"}},
		{"bench --only-local --target a=b", 104, []string{"--only-local", "--target"}},
		{"bench --target a", 104, []string{"--target", "NAME=URL"}},
		{"bench --target=", 104, []string{"--target", "NAME=URL"}},
		{"bench", 104, []string{"--remote-endpoint", "--only-local", "--simulate"}},

		{"simulate extra", 104, []string{`"extra"`}},
		{"simulate --addr foo", 104, []string{"--addr", `"foo"`, "host:port"}},
		{"simulate --addr " + used.Addr().String(), 1, []string{"--addr", used.Addr().String(), "in use", "--addr 127.0.0.1:0"}},
		{"simulate --addr 127.0.0.1:99999", 1, []string{"--addr", "99999"}},
		{"simulate --ttft fast", 104, []string{"--ttft", `"fast"`, "20ms"}},
		{"simulate --ttft -1s", 104, []string{"--ttft", "negative"}},
		{"simulate --itl normal:1ms", 104, []string{"--itl", "spread"}},
		{"simulate --prefill-rate x", 104, []string{"--prefill-rate", "number"}},
		{"simulate --prefill-rate NaN", 104, []string{"--prefill-rate", "NaN"}},
		{"simulate --output-tokens 0", 104, []string{"--output-tokens", "0", "1 or more"}},
		{"simulate --thinking-tokens -1", 104, []string{"--thinking-tokens", "-1"}},
		{"simulate --parallel 0", 104, []string{"--parallel", "0", "1 or more"}},
		{"simulate --parallel 999999999999", 104, []string{"--parallel", "999999999999", "1000000 or less"}},
		{"simulate --parallel 99999999999999999999", 104, []string{"--parallel", "too large"}},
		{"simulate --max-queue 9223372036854775807", 104, []string{"--max-queue", "1000000 or less"}},
		{"simulate --output-tokens 9223372036854775807", 104, []string{"--output-tokens", "1000000 or less"}},
		{"simulate --prefill-rate 1e-300", 104, []string{"--prefill-rate", "1e-300", "0.001 or more"}},
		{"simulate --keep-alive 9223372036854775807", 104, []string{"--keep-alive", "9223372036854775807", "-1"}},
		{"simulate --seed 99999999999999999999", 104, []string{"--seed", "18446744073709551615"}},
		{"simulate --truth=", 104, []string{"--truth", "empty"}},
		{"simulate --ollama-version=", 104, []string{"--ollama-version", "empty"}},
		{"simulate --parallel x", 104, []string{"--parallel", `"x"`, "whole number"}},
		{"simulate --max-queue -1", 104, []string{"--max-queue", "-1"}},
		{"simulate --max-loaded 0", 104, []string{"--max-loaded", "0"}},
		{"simulate --load-time -5s", 104, []string{"--load-time", `"-5s"`, "duration"}},
		{"simulate --keep-alive ever", 104, []string{"--keep-alive", `"ever"`, "-1"}},
		{"simulate --network-delay x", 104, []string{"--network-delay", `"x"`}},
		{"simulate --network-jitter 1ms", 104, []string{"--network-jitter", "--network-delay"}},
		{"simulate --network-jitter 1ms --network-delay normal:9ms,1", 104, []string{"--network-jitter", "--network-delay"}},
		{"simulate --seed -1", 104, []string{"--seed", `"-1"`}},
		{"simulate --fault explode", 104, []string{"--fault", `"explode"`, "missing-done"}},
		{"simulate --fault reset@0", 104, []string{"--fault", `"0"`}},
		{"simulate --model=", 104, []string{"--model", "empty"}},
		{"simulate --model ///", 104, []string{"--model", "///"}},
		{"simulate --truth " + file + "/x", 104, []string{"--truth", "not a directory"}},

		{"doctor extra", 104, []string{`"extra"`}},
		{"doctor --timeout 0s", 104, []string{"--timeout", "above 0"}},
		{"doctor --generation-timeout x", 104, []string{"--generation-timeout", "duration"}},
		{"doctor --locale xx", 104, []string{"--locale", `"xx"`}},
		{"doctor --only-remote", 104, []string{"--remote-endpoint"}},
		{"doctor --only-local --only-remote", 104, []string{"--only-local"}},

		{"report", 104, []string{"FILE", "report --help"}},
		{"report none", 1, []string{"none", "no such file"}},
		{"report " + empty, 1, []string{empty, "no request"}},
		{"compare", 104, []string{"BASE and NEW", "got 0", "compare --help"}},
		{"compare a", 104, []string{"BASE and NEW", "got 1"}},
		{"compare a b c", 104, []string{"got 3"}},
		{"compare a b --format xml", 104, []string{"--format", `"xml"`, "text, json, markdown or github"}},
		{"compare a b --locale xx", 104, []string{"--locale", `"xx"`}},
		{"compare none none", 2, []string{"none", "no such file"}},
		{"report --locale xx " + file, 104, []string{"--locale", `"xx"`}},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			result := run(t, nil, strings.Fields(c.args)...)
			assert.Equal(t, c.code, result.Code)
			assert.Empty(t, result.Stdout)
			assert.True(t, strings.HasPrefix(result.Stderr, "Error: "), result.Stderr)
			assert.Equal(t, 1, strings.Count(result.Stderr, "\n"), "one line: %s", result.Stderr)
			for _, want := range c.want {
				assert.Contains(t, result.Stderr, want)
			}
		})
	}
}

func TestReportOfANamelessFile(t *testing.T) {
	t.Parallel()
	result := run(t, nil, "report", "")
	assert.Equal(t, 104, result.Code)
	assert.Contains(t, result.Stderr, `FILE is ""`)
}

func TestHelp(t *testing.T) {
	t.Parallel()
	commands := map[string][]string{
		"":         {"bench", "simulate", "doctor", "report", "compare"},
		"bench":    append(slices.Clone(settingNames[1:]), "--num-requests", "-n", "NUM_REQUESTS"),
		"simulate": {"--ttft", "--fault", "huge-line", "127.0.0.1:11434"},
		"doctor":   {"--json", "--timeout"},
		"report":   {"--out", "requests.ndjson"},
		"compare":  {"--fail-if", "remote.ttft.p95>+10%", "Exit codes", "--even-if-noise"},
	}
	for command, want := range commands {
		for _, args := range [][]string{
			{"x", "ollama", command, "--help"}, {"help", "x", "ollama", command}, {"x", "ollama", "help", command},
		} {
			args = slices.DeleteFunc(args, func(arg string) bool { return arg == "" })
			result := k6test.Run(t, nil, args...)
			assert.Zero(t, result.Code, args)
			assert.Empty(t, result.Stderr)
			assert.Contains(t, result.Stdout, "Examples:\n")
			for _, text := range want {
				assert.Contains(t, result.Stdout, text)
			}
			for line := range strings.Lines(result.Stdout) {
				assert.LessOrEqual(t, len(line), 125, line)
			}
		}
	}
	result := run(t, nil)
	assert.Zero(t, result.Code)
	assert.Contains(t, result.Stdout, "Available Commands:")
}

// ndjson writes a file of request records.
func ndjson(t *testing.T, lines ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "requests.ndjson")
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	return file
}

func line(target string, startedAt int, more string) string {
	return `{"target":"` + target + `","model":"m","op":"generate","phase":"measure","vu":1,"iter":0,` +
		`"started_at":` + strconv.Itoa(startedAt) + `,` + more + `}`
}

func TestReport(t *testing.T) {
	t.Parallel()
	const ok = `"ok":true,"duration_ms":1500`
	first := ndjson(t, line("remote", 1000, ok), line("local", 3000, `"ok":true,"duration_ms":500`))
	second := ndjson(t, line("remote", 1000, ok), line("remote", 5000, ok))
	empty := ndjson(t)
	out := filepath.Join(t.TempDir(), "a", "b")

	result := run(t, nil, "report", first, second, empty, "--out", out)
	require.Zero(t, result.Code, result.Stderr)
	assert.Equal(t, "Note: "+second+": 1 of 2 requests were read before and count once\n"+
		"Note: "+empty+": there is no request in it\n", result.Stderr)
	assert.Contains(t, result.Stdout, "Final comparison - m")
	assert.Contains(t, result.Stdout, "at least 4 must succeed")

	var results struct {
		Series []struct {
			Target   string
			Requests int
		}
	}
	text, err := os.ReadFile(filepath.Join(out, "results.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &results))
	require.Len(t, results.Series, 2)
	assert.Equal(t, "local", results.Series[0].Target, "as bench has it")
	assert.Equal(t, 2, results.Series[1].Requests)
	require.FileExists(t, filepath.Join(out, "report.md"))

	again := run(t, nil, "report", out)
	require.Zero(t, again.Code, again.Stderr)
	assert.Equal(t, result.Stdout, again.Stdout, "what was merged is reported as it was")
	assert.Empty(t, again.Stderr)

	korean := run(t, []string{"LANG=ko_KR.UTF-8"}, "report", out)
	assert.Contains(t, korean.Stdout, "🏁 최종 비교 - m")
	assert.Equal(t, korean.Stdout, run(t, nil, "report", out, "--locale", "ko").Stdout)
}

// What a server ran is not in the records; the results beside them tell.
func TestReportKnowsTheModels(t *testing.T) {
	t.Parallel()
	file := ndjson(t,
		line("local", 1000, `"ok":true,"duration_ms":250`), line("remote", 2000, `"ok":true,"duration_ms":250`))
	unknown := "the digest of m is unknown"
	assert.Contains(t, run(t, nil, "report", file).Stdout, unknown)
	beside := `{"schema":"xk6-ollama/results/v1","series":[` +
		`{"target":"local","model":"m","op":"generate","manifest":{"digest":"a"}},` +
		`{"target":"remote","model":"m","op":"generate","manifest":{"digest":"a"}}]}`
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(file), "results.json"), []byte(beside), 0o600))
	assert.NotContains(t, run(t, nil, "report", file).Stdout, unknown)
}

func TestReportReadsTheStandardInput(t *testing.T) {
	t.Parallel()
	k6 := k6test.Command(t, nil, "x", "ollama", "report", "-")
	k6.Stdin = strings.NewReader(line("local", 1, `"ok":true,"duration_ms":250`))
	stdout, err := k6.Output()
	require.NoError(t, err)
	assert.Contains(t, string(stdout), "0.25 s")
}

// A file that broke off with its machine, or was edited, still has requests.
func TestReportSkipsBrokenLines(t *testing.T) {
	t.Parallel()
	const ok = `"ok":true,"duration_ms":250`
	lines := []string{line("local", 1, ok), "{}", "", line("local", 2, ok)}
	for range 5 {
		lines = append(lines, "not JSON")
	}
	file := ndjson(t, append(lines, line("local", 3, ok), `{"target":"local","op":"gen`)...)
	out := t.TempDir()
	result := run(t, nil, "report", file, "--out", out)
	assert.Zero(t, result.Code)
	assert.Contains(t, result.Stdout, "(3/3)")
	assert.Contains(t, result.Stderr, "Note: "+file+`: line 2: not a request record: "target" is missing`+"\n")
	assert.Contains(t, result.Stderr, "Note: "+file+": 2 more broken lines\n")
	assert.Contains(t, result.Stderr, "Note: "+file+": 7 broken lines skipped\n")
	merged, err := os.ReadFile(filepath.Join(out, "requests.ndjson"))
	require.NoError(t, err)
	assert.Equal(t, line("local", 1, ok)+"\n"+line("local", 2, ok)+"\n"+line("local", 3, ok)+"\n", string(merged))

	result = run(t, nil, "report", ndjson(t, "{}"))
	assert.Equal(t, 1, result.Code)
	assert.Empty(t, result.Stdout)
	assert.Contains(t, result.Stderr, "there is no request to report")
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var compressed bytes.Buffer
	to := gzip.NewWriter(&compressed)
	_, err := to.Write([]byte(text))
	require.NoError(t, errors.Join(err, to.Close()))
	return compressed.String()
}

func TestReportReadsGzip(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 1000 {
		text.WriteString(line("local", i+1, `"ok":true,"duration_ms":`+strconv.Itoa(i*7919%1000)) + "\n")
	}
	all := zipped(t, text.String())
	file := filepath.Join(t.TempDir(), "requests.ndjson.gz")
	require.NoError(t, os.WriteFile(file, []byte(all), 0o600))
	assert.Contains(t, run(t, nil, "report", file).Stdout, "(1000/1000)")

	k6 := k6test.Command(t, nil, "x", "ollama", "report", "-")
	k6.Stdin = strings.NewReader(all)
	stdout, err := k6.Output()
	require.NoError(t, err)
	assert.Contains(t, string(stdout), "(1000/1000)")

	require.NoError(t, os.WriteFile(file, []byte(all[:len(all)/2]), 0o600))
	cut := run(t, nil, "report", file)
	assert.Zero(t, cut.Code, "what could be read counts")
	assert.Contains(t, cut.Stderr, file+": can't be read further")
	assert.Contains(t, cut.Stdout, "100.0%")
}

// runDirectory is what bench leaves: the requests, and how they came about.
func runDirectory(t *testing.T, results string, lines ...string) string {
	t.Helper()
	file := ndjson(t, lines...)
	dir := filepath.Dir(file)
	text := `{"schema":"xk6-ollama/results/v1",` + results + `}`
	require.NoError(t, os.WriteFile(filepath.Join(dir, "results.json"), []byte(text), 0o600))
	return dir
}

// Runs that measured something else are no more of the same.
func TestReportKeepsApart(t *testing.T) {
	t.Parallel()
	const ok = `"ok":true,"duration_ms":250`
	series := func(digest string) string {
		return `"series":[{"target":"local","model":"m","op":"generate","manifest":{"digest":"` + digest + `"}}]`
	}
	for name, c := range map[string]struct {
		first, second string
		want          []string
	}{
		"settings": {
			`"settings":{"NUM_PREDICT":64,"NUM_REQUESTS":1}`, `"settings":{"NUM_PREDICT":128,"NUM_REQUESTS":2}`,
			[]string{"m, NUM_PREDICT=64", "m, NUM_PREDICT=128"},
		},
		"models": {series("aaaa"), series("bbbb"), []string{"m, local aaaa", "m, local bbbb"}},
		"equal":  {series("aaaa"), series("aaaa"), []string{"(2/2)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second := runDirectory(t, c.first, line("local", 1, ok)), runDirectory(t, c.second, line("local", 2, ok))
			result := run(t, nil, "report", first, second)
			require.Zero(t, result.Code, result.Stderr)
			for _, want := range c.want {
				assert.Contains(t, result.Stdout, want)
			}
		})
	}
}

// Ctrl-C ends the reading; what was read by then is reported.
func TestReportInterrupted(t *testing.T) {
	t.Parallel()
	k6 := k6test.Command(t, nil, "x", "ollama", "report", "-")
	var stdout, stderr bytes.Buffer
	k6.Stdout, k6.Stderr = &stdout, &stderr
	stdin, err := k6.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, k6.Start())
	// The pipe holds less than this, so that the command is reading when it has been written.
	for i := range 2000 {
		_, err := io.WriteString(stdin, line("local", i+1, `"ok":true,"duration_ms":250`)+"\n")
		require.NoError(t, err)
	}
	require.NoError(t, k6.Process.Signal(os.Interrupt))
	require.NoError(t, k6.Wait(), stderr.String())
	assert.Contains(t, stderr.String(), "Note: interrupted")
	assert.Contains(t, stdout.String(), "100.0%")
}

// What can't be written is one line for each file; all others are there, and the report was
// printed.
func TestReportSaysWhatItCanNotWrite(t *testing.T) {
	t.Parallel()
	file := ndjson(t, line("local", 1, `"ok":true,"duration_ms":250`))
	out := t.TempDir()
	inTheWay := []string{"results.json", "requests.ndjson"}
	for _, name := range inTheWay {
		require.NoError(t, os.Mkdir(filepath.Join(out, name), 0o755))
	}
	result := run(t, nil, "report", file, "--out", out)
	assert.Equal(t, 1, result.Code)
	assert.Contains(t, result.Stdout, "Local Ollama")
	want := "Error: " + filepath.Join(out, "results.json") + ": can't be written: is a directory\n" +
		filepath.Join(out, "requests.ndjson") + ": can't be written: file exists\n"
	assert.Equal(t, want, result.Stderr)
	left, err := os.ReadDir(out)
	require.NoError(t, err)
	assert.Len(t, left, len(report.FileNames()), "and nothing unfinished")
	for _, entry := range left {
		assert.Equal(t, slices.Contains(inTheWay, entry.Name()), entry.IsDir(), entry.Name())
	}
}
