package ollama_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/k6test"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
)

func TestReportOptions(t *testing.T) {
	t.Parallel()
	out := t.TempDir() + "/deep/er"
	result := k6test.Script(t, []string{"LANG=ko_KR.UTF-8"}, `
		import { report } from 'k6/x/ollama';
		const attempt = (options) => {
			try { return Object.keys(report({}, options)).map((f) => f.replace('`+out+`/', '')).sort().join(); } catch (e) { return e.name + ': ' + e.message; }
		};
		export default function () {}
		export function handleSummary() {
			return { stdout: [
				undefined, null, {}, { out: '`+out+`' }, { out: '' }, { out: null }, { locale: 'en' }, { locale: 'fr' }, { locale: 5 }, { out: 5 },
				{ out: {} }, { otu: 'x' }, 'results', [],
			].map(attempt).join('\n') };
		}`)
	require.Zero(t, result.Code, result.Stderr)
	const where = "TypeError: ollama: report(data, options): "
	assert.Equal(t, []string{
		"stdout", "stdout", "stdout", "benchstat.txt,junit.xml,report.html,report.md,requests.ndjson,results.csv,results.json,stdout", "stdout", "stdout", "stdout",
		where + `locale: unknown locale "fr", expected en or ko`,
		where + `locale: unknown locale "5", expected en or ko`,
		where + `out: must be a string, got 5`,
		where + `out: must be a string, got an object`,
		where + `otu: unknown; the options are locale, out`,
		where + `options: must be an object, got "results"`,
		where + `options: must be an object, got an array`,
	}, splitLines(result.Stdout))
	assert.DirExists(t, out)
}

// A directory that can't be made costs the files, not the text.
func TestReportWhereNoDirectoryCanBe(t *testing.T) {
	t.Parallel()
	ollama := serve(t, answer(generateAnswer))
	result := k6test.Script(t, []string{"OLLAMA_HOST=" + ollama.URL}, `
		import ollama, { report } from 'k6/x/ollama';
		export default async function () { await ollama.generate({ model: 'm' }); }
		export const handleSummary = (data) => report(data, { out: '`+os.DevNull+`/out' });`)
	assert.Contains(t, result.Stdout, "100.0% (1/1)")
	assert.Contains(t, result.Stderr, os.DevNull+`/out`)
	assert.Contains(t, result.Stderr, "can't be made")
}

// What a script can do wrong with a benchmark is an exception that names it.
func TestWrongUseOfBenchmark(t *testing.T) {
	t.Parallel()
	result := k6test.Script(t, []string{"ONLY=local"}, `
		import { benchmark } from 'k6/x/ollama';
		const attempt = (f) => { try { return String(f()); } catch (e) { return e.name + ': ' + e.message; } };
		const init = [() => benchmark(), () => benchmark(null), () => benchmark('x')].map(attempt);
		const bench = benchmark(__ENV, open);
		init.push(attempt(() => bench.turn('local')));
		export default async function () {
			const wrong = [() => bench.line(), () => bench.line({}, 1), () => bench.line('x', 1)].map(attempt);
			try { await bench.turn('nobody'); } catch (e) { wrong.push(e.message); }
			console.log(JSON.stringify([...init, ...wrong]));
		}`)
	require.Zero(t, result.Code, result.Stderr)
	got := logged[[]string](t, result)
	for i, want := range []string{
		`TypeError: ollama: benchmark(__ENV, open): __ENV: must be an object, got undefined`,
		`TypeError: ollama: benchmark(__ENV, open): __ENV: must be an object, got null`,
		`TypeError: ollama: benchmark(__ENV, open): __ENV: must be an object, got "x"`,
		`ollama: turn("local") waits, which the init context can't`,
		`TypeError: ollama: line(result, number): result: must be the result of a request`,
		`TypeError: ollama: line(result, number): result: must be the result of a request`,
		`TypeError: `,
		`"nobody" does not take part`,
	} {
		assert.Contains(t, got[i], want)
	}
}

// Thresholds of k6 are in the files, with what they are about.
func TestReportHasTheThresholds(t *testing.T) {
	t.Parallel()
	ollama := serve(t, answer(generateAnswer))
	out := t.TempDir()
	result := k6test.Script(t, []string{"OLLAMA_HOST=" + ollama.URL}, `
		import ollama, { report } from 'k6/x/ollama';
		export const options = { thresholds: {
			ollama_reqs: ['count>5', 'count==1'], 'ollama_ttft{op:generate}': ['p(99.9)<60000'],
		} };
		export default async function () { await ollama.generate({ model: 'm' }); }
		export const handleSummary = (data) => report(data, { out: '`+out+`' });`)
	assert.Equal(t, 99, result.Code, result.Stderr)
	file, err := os.Open(filepath.Join(out, "results.json"))
	require.NoError(t, err)
	results, err := report.ReadResults(file)
	require.NoError(t, errors.Join(err, file.Close()))
	one := 1.0
	assert.Equal(t, []report.Threshold{
		{Metric: "ollama_reqs", Condition: "count==1", OK: true, Value: &one},
		{Metric: "ollama_reqs", Condition: "count>5", Value: &one},
		{Metric: "ollama_ttft{op:generate}", Condition: "p(99.9)<60000", OK: true}, // k6 tells no such percentile
	}, results.Thresholds)
	cases, err := os.ReadFile(filepath.Join(out, "junit.xml"))
	require.NoError(t, err)
	assert.Contains(t, string(cases), `message="ollama_reqs: count&gt;5 did not hold, the value is 1"`)
}

// What is too large to be handed to k6 is there all the same.
func TestReportOfLargeFiles(t *testing.T) {
	t.Parallel()
	server := serve(t, answer(generateAnswer))
	out := t.TempDir()
	result := k6test.Script(t, []string{"OLLAMA_HOST=" + server.URL, smallMemory + "=1"}, `
		import ollama, { report } from 'k6/x/ollama';
		export default async function () {
			for (let i = 0; i < 4; i++) await ollama.generate({ model: 'm' });
		}
		export const handleSummary = (data) => {
			const files = report(data, { out: '`+out+`' });
			return { stdout: Object.keys(files).map((f) => f.replace('`+out+`/', '')).sort().join() };
		};`)
	require.Zero(t, result.Code, result.Stderr)
	handed := strings.Split(result.Stdout, ",")
	assert.NotContains(t, handed, report.ResultsFile)
	assert.NotContains(t, handed, report.RequestsFile)
	for _, name := range report.FileNames() {
		info, err := os.Stat(filepath.Join(out, name))
		if slices.Contains(handed, name) {
			assert.ErrorIs(t, err, os.ErrNotExist, "the script did not hand it on")
			continue
		}
		require.NoError(t, err)
		assert.Greater(t, info.Size(), int64(1<<10), name)
	}
}

// The report says how the client itself did: how busy it was, and which connections it had to
// open again.
func TestClientIsChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		closing  bool
		reopened float64
	}{
		"a server that keeps connections":   {false, 0},
		"a server that closes each of them": {true, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ollama := serve(t, func(w http.ResponseWriter, _ received) {
				if c.closing {
					w.Header().Set("Connection", "close")
				}
				send(w, generateAnswer)
			})
			out := t.TempDir()
			result := k6test.Script(t, []string{"OLLAMA_HOST=" + ollama.URL}, `
				import ollama, { report } from 'k6/x/ollama';
				export async function setup() { await ollama.list(); }
				export default async function () {
					const ask = (n) => ollama.generate({ model: 'm', prompt: String(n) });
					await Promise.all([ask(1), ask(2)]);
					for (let n = 3; n <= 6; n++) { await ask(n); }
				}
				export async function teardown() { await ollama.ps(); }
				export const handleSummary = (data) => report(data, { out: '`+out+`' });`)
			require.Zero(t, result.Code, result.Stderr)
			assert.Contains(t, result.Stdout, "🩺 The client itself")
			text, err := os.ReadFile(filepath.Join(out, "results.json"))
			require.NoError(t, err)
			var got struct {
				SelfCheck struct{ Client map[string]any } `json:"self_check"`
			}
			require.NoError(t, json.Unmarshal(text, &got))
			client := got.SelfCheck.Client
			assert.Equal(t, c.reopened, client["connections_reopened"])
			assert.Positive(t, client["watched_ms"])
			for _, field := range []string{"cpus", "lateness_ms", "scheduling_ms", "gc_pauses_ms", "timer_floor_ms"} {
				assert.Contains(t, client, field)
			}
			assert.NotContains(t, client, "schedule_delay_p95_ms", "nothing was scheduled")
		})
	}
}
