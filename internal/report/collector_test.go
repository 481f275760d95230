package report_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/report"
	"github.com/xk6-ollama/xk6-ollama/internal/sketch"
)

// Beyond its limit a collector keeps a sample of the requests. What it says of all of them
// stays what it would say if it kept them.
func TestCollectorOfManyRequests(t *testing.T) {
	t.Parallel()
	records := interleave(2000, local(), remote())
	for i := range records {
		r := &records[i]
		*r.Duration *= 1 + 0.1*math.Sin(float64(i))
	}
	want := report.Summarize(report.Run{Records: records})
	c := report.Collector{Limit: 300}
	for i := range records {
		c.Add(&records[i], "")
	}
	got := c.Results(report.Run{})

	require.Len(t, got.Series, 2)
	for i, series := range got.Series {
		all := want.Series[i]
		assert.Len(t, series.Sample, 300)
		assert.Equal(t, 2000, series.SampleOf)
		assert.Equal(t, all.Requests, series.Requests)
		assert.Equal(t, all.BusyMS, series.BusyMS)
		require.Len(t, series.Metrics, len(all.Metrics))
		for metric, summary := range all.Metrics {
			of := series.Metrics[metric]
			assert.Equal(t, summary.Count, of.Count, metric)
			assert.InDelta(t, summary.Mean, of.Mean, 1e-9*summary.Mean, metric)
			assert.InDelta(t, *summary.StdDev, *of.StdDev, 1e-6*summary.Mean, metric)
			assert.Equal(t, []float64{summary.Min, summary.Max}, []float64{of.Min, of.Max}, metric)
			assert.InDelta(t, summary.P95, of.P95, 2*sketch.Accuracy*summary.P95, metric)
		}
	}
	a, b := want.Comparisons[0].Metrics[report.Duration], got.Comparisons[0].Metrics[report.Duration]
	assert.Equal(t, a.Verdict, b.Verdict)
	assert.InDelta(t, *a.Ratio, *b.Ratio, 1e-9)
	assert.InDelta(t, *a.Difference, *b.Difference, 1e-6)
	assert.True(t, b.RatioCI95.Contains(*b.Ratio))
	assert.Greater(t, b.RatioCI95[1]-b.RatioCI95[0], a.RatioCI95[1]-a.RatioCI95[0], "300 requests tell less than 2000")
}

// The sample is drawn from the whole run, not from its beginning.
func TestCollectorSamplesTheWholeRun(t *testing.T) {
	t.Parallel()
	c := report.Collector{Limit: 200}
	for _, r := range interleave(4000, local()) {
		c.Add(&r, "")
	}
	sample := c.Results(report.Run{}).Series[0].Sample
	first, last := sample[0].StartedAt, sample[len(sample)-1].StartedAt
	late := 0
	for i := range sample {
		if sample[i].StartedAt > (first+last)/2 {
			late++
		}
	}
	assert.InDelta(t, 100, late, 30, "half of them in the second half")
}

func TestVariantsAreKeptApart(t *testing.T) {
	t.Parallel()
	var c report.Collector
	for i, r := range interleave(10, local(), remote()) {
		c.Add(&r, []string{"NUM_PREDICT=64", "NUM_PREDICT=128"}[i/2%2])
	}
	results := c.Results(report.Run{})
	require.Len(t, results.Series, 4)
	require.Len(t, results.Comparisons, 2)
	for _, comparison := range results.Comparisons {
		assert.Contains(t, []string{"NUM_PREDICT=64", "NUM_PREDICT=128"}, comparison.Variant)
	}
}

// The parts of the breakdown are the whole, for a mean of requests of which some lack a part.
func TestBreakdownAddsUp(t *testing.T) {
	t.Parallel()
	records := interleave(10, local())
	records[3].Network = nil
	records[4].Server = nil
	b := report.Summarize(report.Run{Records: records}).Series[0].Breakdown
	require.NotNil(t, b)
	assert.Equal(t, 8, b.Requests)
	assert.InDelta(t, b.Duration, b.Network+b.Queue+b.Load+b.Prefill+b.Decode, 1e-9)

	for i := range records {
		records[i].Server = nil
	}
	assert.Nil(t, report.Summarize(report.Run{Records: records}).Series[0].Breakdown)
}
