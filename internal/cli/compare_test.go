package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
)

// runOf is a run to be compared: what the targets' times are multiplied with.
type runOf struct {
	seed     uint64
	requests int
	factors  map[string]float64
	digest   string
	settings map[string]any
}

// write writes the run as bench --out does, and returns the directory.
func (r runOf) write(t *testing.T) string {
	t.Helper()
	random := rand.New(rand.NewPCG(r.seed, 1))
	var records []record.Record
	inventories := map[string]api.Inventory{}
	for _, target := range []string{"local", "remote"} {
		factor := r.factors[target]
		inventories[target] = api.Inventory{Models: []api.Model{{Name: "m", Digest: r.digest}}}
		for i := range r.requests {
			duration := factor * 200 * math.Exp(0.1*random.NormFloat64())
			ttft := duration / 5
			records = append(records, record.Record{
				Target: target, Model: "m", Op: "generate", Phase: record.Measure, Iter: int64(i), OK: true, Status: 200,
				StartedAt: 1.7e12 + 1000*float64(i), Duration: &duration, TTFT: &ttft,
			})
		}
	}
	results := report.Summarize(report.Run{
		Records: records, Targets: []string{"local", "remote"}, Inventories: inventories, Settings: r.settings,
		GeneratedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	})
	dir := t.TempDir()
	var page bytes.Buffer
	require.NoError(t, report.JSON(&page, results))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "results.json"), page.Bytes(), 0o600))
	page.Reset()
	require.NoError(t, record.Write(&page, records))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "requests.ndjson"), page.Bytes(), 0o600))
	return dir
}

func both(local, remote float64) map[string]float64 {
	return map[string]float64{"local": local, "remote": remote}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	settings := map[string]any{"NUM_PREDICT": 64}
	base := runOf{1, 30, both(1, 1.5), "d1", settings}.write(t)
	equal := runOf{2, 30, both(1, 1.5), "d1", settings}.write(t)
	slow := runOf{3, 30, both(1, 1.8), "d1", settings}.write(t)
	small := runOf{4, 3, both(1, 1.8), "d1", settings}.write(t)
	otherModel := runOf{5, 30, both(1, 1.8), "d2", settings}.write(t)
	otherTest := runOf{6, 30, both(1, 1.8), "d1", map[string]any{"NUM_PREDICT": 65}}.write(t)
	summary := runOf{7, 30, both(1, 1.8), "d1", settings}.write(t)
	require.NoError(t, os.Remove(filepath.Join(summary, "requests.ndjson")))
	stale := runOf{8, 30, both(1, 1.8), "d1", settings}.write(t)
	require.NoError(t, os.WriteFile(filepath.Join(stale, "requests.ndjson"), nil, 0o600))
	file := filepath.Join(slow, "results.json")

	for _, c := range []struct {
		base, after, args string
		code              int
		want              []string // on stdout
	}{
		{base, slow, "", 0, []string{"Remote Ollama - m", "+1", "worse"}},
		{base, equal, "--fail-if duration>+10% --fail-if ttft.p95>+10%", 0, []string{"✅ held: ttft.p95>+10%", "4 held"}},
		{base, slow, "--fail-if remote.duration>+10%", 1, []string{"❌ failed: remote.duration>+10%", "1 failed"}},
		{base, slow, "--fail-if remote.ttft.p95>+10%", 1, []string{"❌ failed: remote.ttft.p95>+10%"}},
		{base, file, "--fail-if remote.ttft.p95>+10%", 1, []string{"❌ failed: remote.ttft.p95>+10%"}},
		{base, slow, "--fail-if local.ttft.p95>+10%", 0, []string{"✅ held"}},
		{base, slow, "--fail-if remote.requests_per_second<-10%", 1, []string{"❌ failed"}},
		{base, slow, "--fail-if local.success_rate<0.99", 0, []string{"Success rate 100.0%"}},
		{base, slow, "--fail-if comparison.duration.ratio>1.7", 1, []string{"duration.ratio 1.8"}},
		{base, slow, "--fail-if comparison{a:local,b:remote}.duration.ratio>+10%", 1, []string{"duration.ratio 1.5"}},
		{base, equal, "--fail-if comparison.duration.ratio>+10%", 0, []string{"✅ held"}},
		{base, slow, "--fail-if gpu.ttft>1", 2, []string{"❔ could not be judged: gpu.ttft>1", "it has local - m, remote - m"}},
		{base, slow, "--fail-if remote.tpot>+10%", 2, []string{"has no TPOT"}},
		{base, slow, "--fail-if gpu.ttft>1 --fail-if remote.duration>+10%", 1, []string{"1 failed, 1 could not be judged"}},
		{small, small, "--fail-if remote.ttft.p95>+10%", 2, []string{"too few requests"}},
		{small, small, "--fail-if remote.ttft.p95>=+0% --even-if-noise", 1, []string{"❌ failed"}},
		{base, otherModel, "--fail-if remote.duration>+10%", 2, []string{"not the same model", "--allow-different-models"}},
		{base, otherModel, "--fail-if remote.duration>+10% --allow-different-models", 1, []string{"❌ failed"}},
		{base, otherTest, "--fail-if remote.duration>+10%", 2, []string{"NUM_PREDICT differs (64 → 65)"}},
		{base, otherTest, "--fail-if remote.duration>+10% --allow-different-settings", 1, []string{"❌ failed"}},
		{base, summary, "--fail-if remote.duration>+10%", 1, []string{"there is no requests.ndjson", "❌ failed"}},
		{base, summary, "--fail-if remote.ttft.p95>+10%", 2, []string{"a test of TTFT p95 needs the requests.ndjson"}},
		{base, summary, "--fail-if remote.ttft.p95>+10% --even-if-noise", 1, []string{"❌ failed"}},
		{base, stale, "--fail-if remote.ttft.p95>+10%", 2, []string{"is of another run"}},
		{base, slow, "--fail-if remote.duration>+10% --locale ko", 1, []string{"🚦 게이트", "❌ 실패: remote.duration>+10%"}},
		{base, slow, "--fail-if remote.duration>+10% --format github", 1, []string{"::error title=❌ failed%3A remote.duration>+10%25::"}},
		{base, slow, "--fail-if remote.duration>+10% --format markdown", 1, []string{"| `remote.duration>+10%` | ❌ failed |"}},
		{base, base, "--fail-if duration>+0% --fail-if duration.p95>+0%", 0, []string{"4 held"}},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			result := run(t, nil, append([]string{"compare", c.base, c.after}, strings.Fields(c.args)...)...)
			assert.Equal(t, c.code, result.Code, result.Stdout)
			for _, want := range c.want {
				assert.Contains(t, result.Stdout, want)
			}
			if c.code == 0 {
				assert.Empty(t, result.Stderr)
				return
			}
			assert.True(t, strings.HasPrefix(result.Stderr, "Error: gates: "), result.Stderr)
			assert.Equal(t, 1, strings.Count(result.Stderr, "\n"))
		})
	}

	result := run(t, []string{"LANG=ko_KR.UTF-8"},
		"compare", base, slow, "--format", "json", "--fail-if", "remote.duration>+10%")
	assert.Equal(t, 1, result.Code)
	var changes report.Changes
	require.NoError(t, json.Unmarshal([]byte(result.Stdout), &changes))
	assert.Equal(t, report.ChangesSchema, changes.Schema)
	require.Len(t, changes.Gates, 1)
	assert.Contains(t, changes.Gates[0].Message, "Response time", "files speak English")
}

func TestCompareReadsGzip(t *testing.T) {
	t.Parallel()
	base, slow := runOf{1, 30, both(1, 1), "d", nil}.write(t), runOf{2, 30, both(1, 1.2), "d", nil}.write(t)
	path := filepath.Join(slow, "requests.ndjson")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+".gz", []byte(zipped(t, string(text))), 0o600))
	require.NoError(t, os.Remove(path))
	result := run(t, nil, "compare", base, slow, "--fail-if", "remote.ttft.p95>+10%")
	assert.Equal(t, 1, result.Code, result.Stdout)
}

func TestCompareWritesTestCases(t *testing.T) {
	t.Parallel()
	base, slow := runOf{1, 30, both(1, 1), "d", nil}.write(t), runOf{2, 30, both(1, 1.2), "d", nil}.write(t)
	file := filepath.Join(t.TempDir(), "gates.xml")
	args := []string{"compare", base, slow, "--fail-if", "duration>+10%", "--fail-if", "gpu.ttft>1", "--junit"}
	result := run(t, nil, append(args, file)...)
	assert.Equal(t, 1, result.Code, result.Stderr)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, want := range []string{
		`<testsuite id="2" name="gates"`, `tests="3" failures="1" errors="1"`,
		`<testcase name="duration&gt;+10%" classname="Remote Ollama - m"`, `<failure type="failed" message="Remote Ollama - m: Resp`,
	} {
		assert.Contains(t, string(text), want)
	}

	result = run(t, nil, append(args, filepath.Join(file, "x"))...)
	assert.Equal(t, 2, result.Code)
	assert.Contains(t, result.Stderr, "gates.xml/x: can't be written: not a directory")
	assert.Contains(t, result.Stdout, "🚦 Gates", "the rest is there all the same")
	assert.Equal(t, 104, run(t, nil, append(args, "")...).Code)
}

// A gate that can't be read is said before anything else is: the files need not be there.
func TestCompareGateSyntax(t *testing.T) {
	t.Parallel()
	result := run(t, nil, "compare", "none", "none", "--fail-if", "duration>+10%", "--fail-if", "remote.tfft.p95>+10%")
	assert.Equal(t, 104, result.Code)
	assert.Empty(t, result.Stdout)
	lines := strings.Split(result.Stderr, "\n")
	require.Len(t, lines, 4, result.Stderr)
	assert.True(t, strings.HasPrefix(lines[0], `Error: --fail-if: column 8: "tfft" is no metric, expected one of `), lines[0])
	assert.Equal(t, "  remote.tfft.p95>+10%", lines[1])
	assert.Equal(t, "         ^", lines[2])
}

func TestCompareCanNotRead(t *testing.T) {
	t.Parallel()
	good := runOf{1, 3, both(1, 1), "d", nil}.write(t)
	directory := t.TempDir()
	broken := func(text string) string {
		path := filepath.Join(t.TempDir(), "results.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	for name, want := range map[string]string{
		"none":             "none: can't be read: no such file",
		directory:          "results.json: can't be read: no such file",
		broken(""):         "unexpected end of JSON input",
		broken("{"):        "unexpected end of JSON input",
		broken("[]"):       "not a results.json",
		broken(`{"a":1}`):  `its schema is ""`,
		broken("\x00\xff"): "invalid character",
		broken(`{"schema":"xk6-ollama/results/v2"}`):                                                      `its schema is "xk6-ollama/results/v2"`,
		broken(`{"schema":"xk6-ollama/results/v1","series":{}}`):                                          "series",
		broken(`{"schema":"xk6-ollama/results/v1","series":[{"target":"a","requests":1,"succeeded":2}]}`): "2 of 1",

		filepath.Join(good, "requests.ndjson"): "the results.json beside it",
	} {
		for _, files := range [][]string{{good, name}, {name, good}} {
			result := run(t, nil, "compare", files[0], files[1], "--fail-if", "duration>+10%")
			assert.Equal(t, 2, result.Code, "%s: nothing was judged", name)
			assert.Empty(t, result.Stdout)
			assert.True(t, strings.HasPrefix(result.Stderr, "Error: "), result.Stderr)
			assert.Contains(t, result.Stderr, want)
			assert.Equal(t, 1, strings.Count(result.Stderr, "\n"), result.Stderr)
		}
	}
}

// The whole way: two servers, of which one is 20 % slower, benchmarked and compared.
func TestCompareBenchmarks(t *testing.T) {
	t.Parallel()
	bench := func(factor float64) string {
		server := startSimulator(t, "--model", "tiny",
			"--itl", fmt.Sprintf("%gms", 10*factor), "--ttft", fmt.Sprintf("%gms", 50*factor))
		out := filepath.Join(t.TempDir(), "results")
		result := run(t, nil, "bench", "-m", "tiny", "-n", "12", "--num-predict", "8",
			"--target", "gpu="+server.url, "--out", out)
		require.Zero(t, result.Code, result.Stderr)
		assert.Zero(t, server.stop())
		return out
	}
	base, slow := bench(1), bench(1.5)
	result := run(t, nil, "compare", base, slow, "--fail-if", "gpu.duration>+10%", "--fail-if", "gpu.success_rate<100%")
	assert.Equal(t, 1, result.Code, result.Stdout)
	assert.Contains(t, result.Stdout, "1 failed, 1 held")
	result = run(t, nil, "compare", base, base, "--fail-if", "duration>+10%", "--fail-if", "ttft.p95>+10%")
	assert.Zero(t, result.Code, result.Stdout)
}
