package report

import (
	"math"

	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// interleaved says whether the requests of two targets went out in turn, so that the nth of
// one and the nth of the other were sent under the same conditions: both before the next of
// either. It does not need to be told, which merged runs could not.
func interleaved(a, b *side) bool {
	x, y := measuredOf(a.summary.Sample), measuredOf(b.summary.Sample)
	if a.sampled() || b.sampled() || len(x) != len(y) {
		return false
	}
	latest := math.Inf(-1)
	for i := range x {
		if min(x[i].StartedAt, y[i].StartedAt) <= latest {
			return false
		}
		latest = max(x[i].StartedAt, y[i].StartedAt)
	}
	return true
}

// sampled says whether the requests that are kept are not all.
func (s *side) sampled() bool { return len(s.summary.Sample) < s.summary.SampleOf }

func measuredOf(requests []Request) []Request {
	measured := make([]Request, 0, len(requests))
	for i := range requests {
		if !requests[i].Warmup {
			measured = append(measured, requests[i])
		}
	}
	return measured
}

// valuesToCompare returns a metric's values of both sides; paired says that the nth of one
// belongs to the nth of the other. They do not if a request of either side has no value: what
// is compared is what was measured, all of it.
func valuesToCompare(a, b *side, metric Metric) (x, y []float64, paired bool) {
	x, y = valuesOf(a.summary.Sample, metric), valuesOf(b.summary.Sample, metric)
	whole := len(x) == a.summary.Requests && len(y) == b.summary.Requests
	return x, y, whole && interleaved(a, b)
}

// aboutAll makes a comparison of two random samples one of all requests, whose means are
// known: its intervals keep the width that the samples give them, and move to those means.
func aboutAll(c stats.Comparison, a, b stats.Summary, better stats.Better) stats.Comparison {
	all := b.Mean - a.Mean
	if c.Difference == nil || c.Ratio == nil || a.Mean <= 0 || b.Mean <= 0 {
		return c
	}
	ratio := b.Mean / a.Mean
	if better == stats.HigherIsBetter {
		ratio = a.Mean / b.Mean
	}
	if i := c.DifferenceCI95; i != nil {
		c.DifferenceCI95 = &stats.Interval{i[0] + all - *c.Difference, i[1] + all - *c.Difference}
	}
	c.RatioCI95 = scaled(c.RatioCI95, ratio / *c.Ratio)
	if c.RatioCI95 != nil && c.RatioCI95.Contains(1) {
		c.Verdict = stats.Inconclusive
	}
	c.Difference, c.Ratio = &all, &ratio
	return c
}

// stabilityOfAll does the same for the ratio of standard deviations.
func stabilityOfAll(s *stats.Stability, a, b stats.Summary) *stats.Stability {
	if s == nil || a.StdDev == nil || b.StdDev == nil || *a.StdDev == 0 {
		return s
	}
	ratio := *b.StdDev / *a.StdDev
	return &stats.Stability{Ratio: ratio, RatioCI95: scaled(s.RatioCI95, ratio/s.Ratio)}
}

func scaled(i *stats.Interval, by float64) *stats.Interval {
	if i == nil {
		return nil
	}
	return &stats.Interval{i[0] * by, i[1] * by}
}
