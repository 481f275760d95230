// Package stats summarises measurements, compares two sides of them, and looks for what
// would make such figures misleading: drift, dependence, outliers and several modes.
//
// No result holds NaN or an infinity: what has no value is absent. A value that is not
// finite, or beyond ±1e100, is no measurement; it is left out (with its partner, where
// measurements are paired), and Summary.Count says how many were used. One within ±1e-100
// is 0.
//
// docs/statistics.md says why each method was chosen and how often it errs.
package stats

import (
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// A float64 holds the squares of what is between these, and their ratios.
const (
	largest  = 1e100
	smallest = 1e-100
)

// Interval is a confidence interval: its lower and its upper end.
type Interval [2]float64

// Contains says whether x lies within the interval, its ends included.
func (i Interval) Contains(x float64) bool { return i[0] <= x && x <= i[1] }

// Summary describes a sample in the sample's own unit. That of no values is the zero
// Summary: where Count is 0 nothing else means anything.
type Summary struct {
	Count  int       `json:"count"`
	Mean   float64   `json:"mean"`
	StdDev *float64  `json:"stddev,omitempty"` // of the sample (n−1), nil below two values
	Min    float64   `json:"min"`
	Med    float64   `json:"med"`
	P90    float64   `json:"p90"`
	P95    float64   `json:"p95"`
	P99    float64   `json:"p99"`
	Max    float64   `json:"max"`
	CI95   *Interval `json:"ci95,omitempty"` // of the mean, by Student's t; nil below two values
	// MedCI95 is the interval of the median between two of the values themselves, whatever
	// their distribution: benchmath.AssumeNothing. Below six values there is none.
	MedCI95 *Interval `json:"med_ci95,omitempty"`
	// Unsupported names the percentiles beyond which less than one value is expected,
	// n·(1−p) < 1, so that they say no more than the maximum does: "p99" of 10 values.
	Unsupported []string `json:"unsupported,omitempty"`
}

// Summarize describes values, which it leaves as they are.
func Summarize(values []float64) Summary {
	m := momentsOf(usable(values))
	if m.n == 0 {
		return Summary{}
	}
	sorted := m.values
	slices.Sort(sorted)
	summary := Summary{
		Count:       m.n,
		Mean:        m.mean,
		Min:         sorted[0],
		Med:         percentile(sorted, 0.5),
		P90:         percentile(sorted, 0.9),
		P95:         percentile(sorted, 0.95),
		P99:         percentile(sorted, 0.99),
		Max:         sorted[m.n-1],
		MedCI95:     medianInterval(sorted),
		Unsupported: unsupported(m.n),
	}
	if m.n >= 2 {
		deviation := math.Sqrt(m.variance)
		summary.StdDev = &deviation
		summary.CI95 = around(m.mean, math.Sqrt(m.meanVariance()), float64(m.n-1))
	}
	return summary
}

// percentile interpolates linearly between the values around the rank p·(n−1), as
// TrendSink.P in k6's metrics/sink.go does.
func percentile(sorted []float64, p float64) float64 {
	rank := p * (float64(len(sorted)) - 1)
	below, above := sorted[int(math.Floor(rank))], sorted[int(math.Ceil(rank))]
	return below + (above-below)*(rank-math.Floor(rank))
}

func medianInterval(sorted []float64) *Interval {
	sample := benchmath.Sample{Values: sorted, Thresholds: &benchmath.DefaultThresholds}
	summary := benchmath.AssumeNothing.Summary(&sample, 1-Alpha)
	return finiteInterval(summary.Lo, summary.Hi)
}

func unsupported(n int) []string {
	var names []string
	for _, each := range []struct {
		name   string
		beyond int // one value in so many
	}{{"p90", 10}, {"p95", 20}, {"p99", 100}} {
		if n < each.beyond {
			names = append(names, each.name)
		}
	}
	return names
}

// moments are a sample's usable values, in a slice of their own, and what tests need of them.
type moments struct {
	values   []float64
	n        int
	mean     float64
	variance float64 // n−1; 0 below two values
}

// usable returns the values that are measurements, in a slice of its own.
func usable(values []float64) []float64 {
	used := make([]float64, 0, len(values))
	for _, v := range values {
		if v, ok := measurement(v); ok {
			used = append(used, v)
		}
	}
	return used
}

// usablePairs returns the pairs of which both are measurements. Of sides of unequal length
// it takes as many as the shorter one has.
func usablePairs(a, b []float64) (usedA, usedB []float64) {
	n := min(len(a), len(b))
	usedA, usedB = make([]float64, 0, n), make([]float64, 0, n)
	for i := range n {
		va, okA := measurement(a[i])
		vb, okB := measurement(b[i])
		if okA && okB {
			usedA, usedB = append(usedA, va), append(usedB, vb)
		}
	}
	return usedA, usedB
}

func measurement(v float64) (float64, bool) {
	magnitude := math.Abs(v)
	if magnitude < smallest {
		return 0, true
	}
	return v, magnitude <= largest // false for NaN
}

func momentsOf(values []float64) moments {
	m := moments{values: values, n: len(values)}
	if m.n == 0 {
		return m
	}
	if low, high := floats.Min(values), floats.Max(values); low == high {
		// Summing equal values rounds, and would give them a variance.
		m.mean = low
		return m
	}
	m.mean, m.variance = stat.MeanVariance(values, nil)
	return m
}

// centered are the deviations from the mean.
func (m moments) centered() []float64 {
	deviations := make([]float64, m.n)
	for i, v := range m.values {
		deviations[i] = v - m.mean
	}
	return deviations
}

// meanVariance is the squared standard error of the mean.
func (m moments) meanVariance() float64 { return m.variance / float64(m.n) }

// around is the interval center ± t·se, nil if it is not finite.
func around(center, se, df float64) *Interval {
	if finite(se) == nil || finite(df) == nil {
		return nil
	}
	half := tQuantile(1-Alpha/2, df) * se
	return finiteInterval(center-half, center+half)
}

// tQuantile is the quantile of Student's t below which p of it lies.
func tQuantile(p, df float64) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}.Quantile(p)
}

func finite(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

func finiteInterval(low, high float64) *Interval {
	if finite(low) == nil || finite(high) == nil {
		return nil
	}
	return &Interval{low, high}
}
