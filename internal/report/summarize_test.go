package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
)

// What is printed must be what anybody computes from requests.ndjson, here with sums written
// out anew.
func TestPrintedFiguresAreThoseOfTheRequests(t *testing.T) {
	t.Parallel()
	run := runs()["failures-mixed"]
	results := report.Summarize(run)
	files := written(t, results, run.Records, locale.Korean)

	durations := map[string][]float64{}
	busy := map[string]float64{}
	for line := range strings.Lines(string(files[report.RequestsFile])) {
		var r struct {
			Target   string  `json:"target"`
			OK       bool    `json:"ok"`
			Duration float64 `json:"duration_ms"`
		}
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		busy[r.Target] += r.Duration
		if r.OK {
			durations[r.Target] = append(durations[r.Target], r.Duration)
		}
	}
	localMean, localDeviation := moments(durations["local"])
	remoteMean, remoteDeviation := moments(durations["remote"])
	page := text(t, results, locale.Korean, 80)
	for _, want := range []string{
		fmt.Sprintf("성공률:         70.0%% (%d/10)", len(durations["remote"])),
		fmt.Sprintf("총 소요 시간:   %.2f초", busy["remote"]/1000),
		fmt.Sprintf("평균 응답 시간: %.2f초", localMean/1000),
		fmt.Sprintf("로컬 Ollama가 원격보다 %.2f배 빠릅니다!", remoteMean/localMean),
		fmt.Sprintf("(요청당 평균 %.2f초 절약)", (remoteMean-localMean)/1000),
		fmt.Sprintf("로컬 Ollama: %.3f req/s", float64(len(durations["local"]))/(busy["local"]/1000)),
		fmt.Sprintf("원격 Ollama: %.3f req/s", float64(len(durations["remote"]))/(busy["remote"]/1000)),
		fmt.Sprintf("로컬 Ollama: %.1fms", localDeviation),
		fmt.Sprintf("원격 Ollama: %.1fms", remoteDeviation),
		fmt.Sprintf("→ 로컬이 %.2f배 더 안정적입니다", remoteDeviation/localDeviation),
	} {
		assert.Contains(t, page, want)
	}
}

func moments(values []float64) (mean, deviation float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		deviation += (v - mean) * (v - mean) / float64(len(values)-1)
	}
	return mean, math.Sqrt(deviation)
}

func TestOnlyMeasuredInferenceCounts(t *testing.T) {
	t.Parallel()
	plain := report.Summarize(report.Run{Records: interleave(5, local(), remote())})
	warmup := local().request(0, -1e6)
	warmup.Phase = record.Warmup
	pull := local().request(0, -2e6)
	pull.Op = string(api.Pull)
	noisy := report.Summarize(report.Run{
		Records: append([]record.Record{warmup, pull}, interleave(5, local(), remote())...),
	})
	require.Len(t, noisy.Series, 2)
	assert.Equal(t, 6, noisy.Series[0].SampleOf, "pictures show the warm-up")
	for i := range plain.Series {
		noisy.Series[i].Sample, noisy.Series[i].SampleOf = plain.Series[i].Sample, plain.Series[i].SampleOf
	}
	assert.Equal(t, plain.Series[0].Metrics, noisy.Series[0].Metrics)
	assert.Equal(t, asJSON(t, plain.Series), asJSON(t, noisy.Series))
	assert.Equal(t, plain.Comparisons, noisy.Comparisons)
	assert.Equal(t, report.SelfCheck{Records: 12, Measured: 10, Warmup: 1, Other: 1}, noisy.SelfCheck)
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return string(text)
}

func TestEachCallIsASeriesOfItsOwn(t *testing.T) {
	t.Parallel()
	records := interleave(3, local(), remote())
	chat := interleave(3, local())
	for i := range chat {
		chat[i].Op = string(api.Chat)
	}
	results := report.Summarize(report.Run{Records: append(records, chat...)})
	require.Len(t, results.Series, 3)
	assert.Equal(t, "chat", results.Series[2].Op)
	assert.Len(t, results.Comparisons, 1, "no chat is compared with a generate")
	assert.Contains(t, text(t, results, locale.English, 80), model+" (chat)")
}

func TestOrderOfTargets(t *testing.T) {
	t.Parallel()
	third := remote()
	third.target = "a third"
	results := report.Summarize(report.Run{
		Records: interleave(3, third, remote(), local()), Targets: []string{"local", "remote"},
	})
	targets := make([]string, 0, len(results.Series))
	for _, s := range results.Series {
		targets = append(targets, s.Target)
	}
	assert.Equal(t, []string{"local", "remote", "a third"}, targets)
	pairs := make([]string, 0, len(results.Comparisons))
	for _, c := range results.Comparisons {
		pairs = append(pairs, c.A+"-"+c.B)
	}
	assert.ElementsMatch(t, []string{"local-remote", "local-a third", "remote-a third"}, pairs)
}

func TestBusyIsTheUnionOfWhatWasInFlight(t *testing.T) {
	t.Parallel()
	at := func(start, duration float64, ok bool) record.Record {
		return record.Record{
			Target: "t", Op: "generate", Phase: record.Measure, StartedAt: 1e12 + start, Duration: &duration, OK: ok,
		}
	}
	for _, tt := range []struct {
		name       string
		records    []record.Record
		busy, wall float64
		rate       float64
	}{
		{"one after the other", []record.Record{at(0, 100, true), at(150, 50, true)}, 150, 200, 2 / 0.15},
		{"overlapping", []record.Record{at(0, 100, true), at(50, 100, true)}, 150, 150, 2 / 0.15},
		{"one within the other", []record.Record{at(0, 100, true), at(10, 20, true)}, 100, 100, 2 / 0.1},
		{"in another order", []record.Record{at(150, 50, true), at(0, 100, true)}, 150, 200, 2 / 0.15},
		{"failed ones take time too", []record.Record{at(0, 100, true), at(150, 50, false)}, 150, 200, 1 / 0.15},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := report.Summarize(report.Run{Records: tt.records}).Series[0]
			assert.InDelta(t, tt.busy, s.BusyMS, 1e-9)
			assert.InDelta(t, tt.wall, s.WallMS, 1e-9)
			assert.InDelta(t, tt.rate, *s.RequestsPerSecond, 1e-9)
		})
	}
}

func TestFailedSideHasNoNumbersInTheComparison(t *testing.T) {
	t.Parallel()
	results := report.Summarize(runs()["one-side-failed"])
	require.Len(t, results.Comparisons, 1)
	c := results.Comparisons[0]
	assert.Empty(t, c.Metrics)
	assert.Nil(t, c.StabilityRatio)
	assert.Nil(t, c.NetworkOverhead)
	assert.Equal(t, map[api.ErrorKind]int{api.Connect: 10}, results.Series[1].Errors)
	assert.Equal(t, 10, results.Series[0].Succeeded, "the other side is reported")
}

func TestSelfCheckFindsContradictions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		spoil func(*record.Record)
		want  report.SelfCheck
	}{
		{"nothing wrong", func(*record.Record) {}, report.SelfCheck{}},
		{"first token after the end", func(r *record.Record) { r.TTFT = ptr(1e6) }, report.SelfCheck{Inconsistent: 1}},
		{
			"parts that exceed the whole",
			func(r *record.Record) { r.Server.Load = ptr(1e6) },
			report.SelfCheck{Inconsistent: 1},
		},
		{
			"a server that worked for longer than the answer took",
			func(r *record.Record) {
				r.Network = nil
				r.Duration = ptr(*r.Server.Total - 1)
				r.LastToken = r.Duration
			},
			report.SelfCheck{NegativeNetwork: 1},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := local().request(0, 0)
			tt.spoil(&r)
			tt.want.Records, tt.want.Measured = 1, 1
			assert.Equal(t, tt.want, report.Summarize(report.Run{Records: []record.Record{r}}).SelfCheck)
		})
	}
}

// expiring is a server whose model is to be unloaded at the given time.
func expiring(at string) api.Inventory {
	i := inventory(digestA, "Q4_K_M", "1")
	i.Running = []api.RunningModel{{Name: model, ExpiresAt: at}}
	return i
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	all := func(change func(*record.Record)) []record.Record {
		records := interleave(10, local(), remote())
		for i := range records {
			if records[i].Target == "remote" {
				change(&records[i])
			}
		}
		return records
	}
	nothing := func(*record.Record) {}
	same := sameModel("local", "remote")
	short := remote()
	short.tokens = 50
	for _, tt := range []struct {
		name string
		run  report.Run
		want []report.WarningCode
	}{
		{"none", report.Run{Records: all(nothing), Inventories: same}, nil},
		{"no manifest", report.Run{Records: all(nothing), Inventories: sameModel("local")}, []report.WarningCode{
			report.ManifestUnknown,
		}},
		{"another digest", report.Run{Records: all(nothing), Inventories: map[string]api.Inventory{
			"local": inventory(digestA, "Q4_K_M", "1"), "remote": inventory("ab", "Q8_0", "1"),
		}}, []report.WarningCode{report.ModelsDiffer}},
		{"the same digest, written in two ways", report.Run{Records: all(nothing), Inventories: map[string]api.Inventory{
			"local": inventory(digestA, "Q4_K_M", "1"), "remote": inventory("sha256:"+digestA, "Q4_K_M", "1"),
		}}, nil},
		{"another version", report.Run{Records: all(nothing), Inventories: map[string]api.Inventory{
			"local": inventory(digestA, "Q4_K_M", "1"), "remote": inventory(digestA, "Q4_K_M", "2"),
		}}, []report.WarningCode{report.VersionsDiffer}},
		{"one server twice", report.Run{Records: all(nothing), Inventories: map[string]api.Inventory{
			"local": expiring("2026-01-02T03:04:05.123456789Z"), "remote": expiring("2026-01-02T03:04:05.123456789Z"),
		}}, []report.WarningCode{report.SameServer}},
		{"two servers at about the same time", report.Run{Records: all(nothing), Inventories: map[string]api.Inventory{
			"local": expiring("2026-01-02T03:04:05.123456789Z"), "remote": expiring("2026-01-02T03:04:05.123456788Z"),
		}}, nil},
		{"manifests of an earlier report", report.Run{
			Records: all(nothing),
			Manifests: map[report.Identity]api.Manifest{
				{Target: "local", Model: model}: {Digest: "a"}, {Target: "remote", Model: model}: {Digest: "b"},
			},
		}, []report.WarningCode{report.ModelsDiffer}},
		{"cold", report.Run{
			Records: all(func(r *record.Record) { r.Cold = ptr(true) }), Inventories: same,
		}, []report.WarningCode{report.ColdRequests}},
		{"cached", report.Run{
			Records: all(func(r *record.Record) { r.CachedTokens = ptr(int64(20)) }), Inventories: same,
		}, []report.WarningCode{report.CachedPrompts}},
		{"not streamed", report.Run{
			Records: all(func(r *record.Record) { r.TTFT = nil }), Inventories: same,
		}, []report.WarningCode{report.NoTokenTimings}},
		{"two addresses", report.Run{
			Records: all(func(r *record.Record) { r.Endpoint = fmt.Sprint("http://h", r.Iter%2) }), Inventories: same,
		}, []report.WarningCode{report.EndpointsDiffer}},
		{"shorter answers", report.Run{Records: interleave(10, local(), short), Inventories: same}, []report.WarningCode{
			report.OutputLengthsDiffer,
		}},
		{"few", report.Run{Records: interleave(9, local()), Inventories: same}, []report.WarningCode{report.FewRequests}},
		{"failed", runs()["all-failed"], []report.WarningCode{report.AllFailed, report.AllFailed}},
		{"cut off", report.Run{Records: all(func(r *record.Record) {
			if r.Iter == 0 {
				r.OK, r.Error = false, &record.Error{Type: api.Canceled}
			}
		}), Inventories: same}, []report.WarningCode{report.CutOff, report.FewRequests}},
		{"stopped", report.Run{Records: all(func(r *record.Record) {
			if r.Iter == 0 {
				r.OK, r.Error = false, &record.Error{Type: api.Canceled}
			}
		}), Inventories: same, Interrupted: true}, []report.WarningCode{
			report.Interrupted, report.FewRequests,
		}},
		{"some failed", runs()["failures-mixed"], []report.WarningCode{
			report.Interrupted, report.SomeFailed, report.FewRequests, report.ManifestUnknown, report.ManifestUnknown,
		}},
		{"nothing", runs()["nothing"], []report.WarningCode{
			report.Interrupted, report.NoRequests, report.NoRequests, report.WarmupFailed,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			list := report.Summarize(tt.run).Warnings
			codes := make([]report.WarningCode, 0, len(list))
			for _, w := range list {
				codes = append(codes, w.Code)
				assert.NotContains(t, w.Message, "{", "a fact is missing")
				assert.NotEmpty(t, w.Message)
			}
			assert.ElementsMatch(t, tt.want, codes)
		})
	}
}

func TestResultsAreReadBack(t *testing.T) {
	t.Parallel()
	for name, run := range runs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results := report.Summarize(run)
			var first, second bytes.Buffer
			require.NoError(t, report.JSON(&first, results))
			read, err := report.ReadResults(bytes.NewReader(first.Bytes()))
			require.NoError(t, err)
			require.NoError(t, report.JSON(&second, read))
			assert.Equal(t, first.String(), second.String())
			assert.Equal(t, text(t, results, locale.Korean, 80), text(t, read, locale.Korean, 80))
		})
	}
}

func TestOtherFilesAreRefused(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"":                                    "unexpected end",
		"<html>":                              "invalid character",
		"[]":                                  "cannot unmarshal",
		"{}":                                  `its schema is ""`,
		`{"schema":"xk6-ollama/results/v2"}`:  "results/v2",
		`{"schema":"xk6-ollama/results/v1",}`: "invalid character",
		`{"schema":"xk6-ollama/results/v1","series":7}`: "series",
	} {
		_, err := report.ReadResults(strings.NewReader(content))
		require.ErrorIs(t, err, report.ErrSchema, content)
		assert.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "\n")
	}
}

// written returns the contents of the files of a report, by name.
func written(t *testing.T, results report.Results, records []record.Record, l locale.Locale) map[string][]byte {
	t.Helper()
	var lines record.Spool
	for i := range records {
		require.NoError(t, lines.Add(&records[i]))
	}
	dir := t.TempDir()
	files := report.Files(results, &lines, l)
	require.NoError(t, report.WriteFiles(dir, files))
	contents := map[string][]byte{}
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(dir, file.Name))
		require.NoError(t, err)
		contents[file.Name] = content
	}
	return contents
}

func TestFiles(t *testing.T) {
	t.Parallel()
	run := runs()["two-sides"]
	files := written(t, report.Summarize(run), run.Records, locale.English)
	assert.Len(t, files, 7)
	records, err := record.Read(bytes.NewReader(files["requests.ndjson"]))
	require.NoError(t, err)
	assert.Equal(t, run.Records, records, "warm-up and other calls included")
	_, err = report.ReadResults(bytes.NewReader(files["results.json"]))
	require.NoError(t, err)
	assert.Contains(t, string(files["report.md"]), "| --- |")
}

// Whatever records say, results are JSON, and every rendering of them is text.
func FuzzSummarize(f *testing.F) {
	for _, run := range runs() {
		var lines bytes.Buffer
		if err := record.Write(&lines, run.Records); err != nil {
			f.Fatal(err)
		}
		f.Add(lines.Bytes())
	}
	f.Add([]byte(`{"target":"a\u001b[2J|` + "`" + `","op":"chat","ok":true,"duration_ms":1e308,"started_at":-1e308}
{"target":"b","op":"chat","ok":true,"duration_ms":0,"output_tokens":9223372036854775807,"server":{"eval_ms":5e-324}}`))
	f.Fuzz(func(t *testing.T, lines []byte) {
		records, err := record.Read(bytes.NewReader(lines))
		if err != nil {
			return
		}
		results := report.Summarize(report.Run{Records: records, Targets: []string{"local"}})
		render(t, results)
		checkCSV(t, results)
		checkJUnit(t, results)
		readBenchmarks(t, benchstat(t, results))
	})
}

func FuzzReadResults(f *testing.F) {
	for _, run := range runs() {
		var page bytes.Buffer
		if err := report.JSON(&page, report.Summarize(run)); err != nil {
			f.Fatal(err)
		}
		f.Add(page.Bytes())
	}
	f.Add([]byte(`{"schema":"xk6-ollama/results/v1","series":[{"metrics":null}],"comparisons":[{"metrics":{"duration":{}}}]}`))
	f.Add([]byte(`{"schema":"xk6-ollama/results/v1","series":[{"succeeded":1},{"succeeded":1,"breakdown":{"duration":1e308}}],
		"comparisons":[{"metrics":{"duration":{"ratio":2,"difference":1,"verdict":"a_faster"}}}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		results, err := report.ReadResults(bytes.NewReader(content))
		if err != nil {
			require.ErrorIs(t, err, report.ErrSchema)
			return
		}
		render(t, results)
	})
}

func render(t *testing.T, results report.Results) {
	t.Helper()
	var page bytes.Buffer
	require.NoError(t, report.JSON(&page, results))
	for _, file := range report.Files(results, nil, locale.English) {
		if err := file.Write(&page); !errors.Is(err, report.ErrNoRequests) {
			require.NoError(t, err, file.Name)
		}
	}
	for _, l := range []locale.Locale{locale.English, locale.Korean} {
		for _, width := range []int{40, 80} {
			page := text(t, results, l, width)
			assert.NotContains(t, page, "NaN")
			assert.NotContains(t, page, "Inf")
			assert.NotContains(t, page, "%!", "a format has the wrong arguments")
			assertNoControls(t, page)
		}
		page.Reset()
		require.NoError(t, report.Markdown(&page, results, l))
		assertNoControls(t, page.String())
		page.Reset()
		require.NoError(t, report.HTML(&page, results, l))
		checkPage(t, page.Bytes(), l)
	}
}
