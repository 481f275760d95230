package report_test

import (
	"bytes"
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"

	"github.com/xk6-ollama/xk6-ollama/internal/report"
	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// benchmarks are what benchstat reads: the values by name and unit.
type benchmarks struct {
	values map[string]map[string][]float64
	units  benchfmt.UnitMetadataMap
}

func readBenchmarks(t *testing.T, text []byte) benchmarks {
	t.Helper()
	read := benchmarks{values: map[string]map[string][]float64{}}
	reader := benchfmt.NewReader(bytes.NewReader(text), "benchstat.txt")
	for reader.Scan() {
		switch line := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			require.NoError(t, line)
		case *benchfmt.Result:
			assert.Empty(t, line.Config, "lines of different configuration are not compared")
			name := line.Name.String()
			if read.values[name] == nil {
				read.values[name] = map[string][]float64{}
			}
			for _, v := range line.Values {
				read.values[name][v.Unit] = append(read.values[name][v.Unit], v.Value)
			}
		}
	}
	require.NoError(t, reader.Err())
	read.units = reader.Units()
	return read
}

func benchstat(t *testing.T, results report.Results) []byte {
	t.Helper()
	var page bytes.Buffer
	require.NoError(t, report.Benchstat(&page, results))
	return page.Bytes()
}

// What benchstat makes of the file are our own figures: as many values, the same medians.
func TestBenchstatReadsEveryRequest(t *testing.T) {
	t.Parallel()
	for name, run := range runs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkMedians(t, report.Summarize(run))
		})
	}
}

func checkMedians(t *testing.T, results report.Results) {
	t.Helper()
	read := readBenchmarks(t, benchstat(t, results))
	for _, s := range results.Series {
		got := read.values[nameOf(s)]
		for metric, summary := range s.Metrics {
			if metric == report.ITL {
				continue // of a request there are many
			}
			unit, scale := unitOf(metric)
			values := got[unit]
			require.Len(t, values, summary.Count, "%s %s", s.Target, metric)
			sample := benchmath.NewSample(slices.Clone(values), &benchmath.DefaultThresholds)
			center := benchmath.AssumeNothing.Summary(sample, 0.95).Center
			assert.InEpsilon(t, 1+summary.Med, 1+center*scale, 1e-12, "%s %s", s.Target, metric)
		}
	}
}

// Two runs that benchstat compares differ as our own test of independent runs says. Only where
// values are equal and the runs of different length, our p-value is the more careful one.
func TestBenchstatComparesAsWeDo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		slower      float64
		base, after int
	}{{1, 12, 12}, {1.02, 7, 10}, {1.05, 20, 20}, {1.5, 10, 9}} {
		base, after := local(), local()
		base.spread, after.spread = 0.3, 0.2
		after.perToken *= tt.slower
		summarize := func(s server, n int) report.Results {
			return report.Summarize(report.Run{Records: interleave(n, s), GeneratedAt: generatedAt})
		}
		before, now := summarize(base, tt.base), summarize(after, tt.after)
		a, b := readBenchmarks(t, benchstat(t, before)), readBenchmarks(t, benchstat(t, now))
		name := nameOf(before.Series[0])
		for _, metric := range []report.Metric{report.Duration, report.TTFT, report.TPOT, report.TokensPerSecond} {
			unit, _ := unitOf(metric)
			theirs := benchmath.AssumeNothing.Compare(
				benchmath.NewSample(a.values[name][unit], &benchmath.DefaultThresholds),
				benchmath.NewSample(b.values[name][unit], &benchmath.DefaultThresholds))
			ours := stats.Compare(values(before, metric), values(now, metric), stats.Options{})
			assert.InDelta(t, *ours.PValue, theirs.P, 1e-12, "%s, %v", metric, tt)
			better := map[report.Metric]int{report.TokensPerSecond: 1}[metric]
			if better == 0 {
				better = -1
			}
			assert.Equal(t, better, a.units.GetBetter(unit), unit)
		}
	}
}

// values are those of the measured requests of the only series.
func values(results report.Results, metric report.Metric) []float64 {
	var list []float64
	for i := range results.Series[0].Sample {
		r := &results.Series[0].Sample[i]
		if value, known := r.Value(metric); known && r.OK() && !r.Warmup {
			list = append(list, value)
		}
	}
	return list
}

func nameOf(s report.Series) string {
	return strings.TrimPrefix(report.BenchmarkName(s.Op, s.Model, s.Variant, s.Target), "Benchmark")
}

// unitOf returns the unit of a metric, and how many of the metric's own are in one.
func unitOf(metric report.Metric) (unit string, scale float64) {
	switch metric {
	case report.Duration:
		return "sec/op", 1000
	case report.DurationPerToken:
		return "sec/token", 1000
	case report.TPOT:
		return "tpot-sec/token", 1000
	case report.TokensPerSecond:
		return "tokens/s", 1
	case report.PromptTokens, report.OutputTokens:
		return strings.ReplaceAll(string(metric), "_", "-") + "/op", 1
	}
	return strings.ReplaceAll(string(metric), "_", "-") + "-sec/op", 1000
}

func TestBenchstatWithoutRequests(t *testing.T) {
	t.Parallel()
	results := report.Summarize(runs()["two-sides"])
	var text bytes.Buffer
	require.NoError(t, report.JSON(&text, results))
	read, err := report.ReadResults(&text)
	require.NoError(t, err)
	require.ErrorIs(t, report.Benchstat(&text, read), report.ErrNoRequests)
}

func TestBenchstatSaysThatItIsASample(t *testing.T) {
	t.Parallel()
	c := report.Collector{Limit: 5}
	for _, r := range interleave(8, local()) {
		c.Add(&r, "")
	}
	results := c.Results(report.Run{GeneratedAt: generatedAt})
	assert.Contains(t, string(benchstat(t, results)),
		"\n# BenchmarkGenerate/model=deepseek-r1:1.5b/target=local: a sample, 5 of 8 requests.\n")
}

// Of very many requests there are as many as benchstat needs, from the first to the last.
func TestBenchstatOfVeryManyRequests(t *testing.T) {
	t.Parallel()
	const most = report.BenchstatRequests
	for _, many := range []int{most - 1, most, most + 1, 2*most - 3} {
		var c report.Collector
		for i, r := range interleave(many, local()) {
			*r.Duration = float64(i + 1)
			c.Add(&r, "")
		}
		read := readBenchmarks(t, benchstat(t, c.Results(report.Run{GeneratedAt: generatedAt})))
		require.Len(t, read.values, 1)
		for _, values := range read.values {
			durations := values["sec/op"]
			require.Len(t, durations, min(many, most))
			assert.InDelta(t, 0.001, durations[0], 0.003)
			assert.InDelta(t, float64(many)/1000, durations[len(durations)-1], 0.003)
			widest := 0.0
			for i := range durations[1:] {
				widest = max(widest, durations[i+1]-durations[i])
			}
			assert.LessOrEqual(t, widest, 0.001*math.Ceil(float64(many)/most)+1e-9)
		}
	}
}

// Whatever a model or target is called, benchstat reads a line with all of its parts.
func FuzzBenchmarkName(f *testing.F) {
	for _, s := range []string{
		"deepseek-r1:1.5b", "a b", "a/b=c", "gpu-1", "-8", "100%", "한국", "\xff", "\u2028", "a-%2D1", "",
	} {
		f.Add(s, s, s)
	}
	f.Fuzz(func(t *testing.T, model, variant, target string) {
		name := report.BenchmarkName("chat", model, variant, target)
		reader := benchfmt.NewReader(strings.NewReader(name+" 1 0.5 sec/op\n"), "fuzz")
		require.True(t, reader.Scan())
		line, ok := reader.Result().(*benchfmt.Result)
		require.True(t, ok, "%v", reader.Result())
		assert.False(t, reader.Scan())
		base, parts := line.Name.Parts()
		assert.Equal(t, "Chat", string(base))
		got := map[string]string{}
		for _, part := range parts {
			key, value, found := strings.Cut(string(part), "=")
			require.True(t, found, "%s", part)
			text, err := url.PathUnescape(value)
			require.NoError(t, err)
			got[key] = text
		}
		want := map[string]string{"/model": model, "/variant": variant, "/target": target}
		if variant == "" {
			delete(want, "/variant")
		}
		assert.Equal(t, want, got)
		assert.InDelta(t, 0.5, line.Values[0].Value, math.SmallestNonzeroFloat64)
	})
}
