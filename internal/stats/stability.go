package stats

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat"
)

// Stability is how much more one side scatters than another.
type Stability struct {
	// Ratio is b's sample standard deviation over a's.
	Ratio float64 `json:"ratio"`
	// RatioCI95 is by the bootstrap; see scatter.interval. It is absent below six values a side,
	// and where a single value makes up most of a side's scatter: nothing tells how often one
	// like it would come.
	RatioCI95 *Interval `json:"ratio_ci95,omitempty"`
}

const (
	stabilityLeast = 6
	// stabilityStretch is how many times Student's quantile the bootstrap's counts at most here:
	// without a bound, a few values in two heaps could mean any ratio.
	stabilityStretch = 6
)

// CompareStability compares the scatter of a and b. It is nil unless both scatter.
func CompareStability(a, b []float64, options Options) *Stability {
	if options.Paired {
		a, b = usablePairs(a, b)
	} else {
		a, b = sortedValues(a), sortedValues(b)
	}
	left, right := momentsOf(a), momentsOf(b)
	if left.variance == 0 || right.variance == 0 {
		return nil
	}
	ratio := finite(math.Sqrt(right.variance) / math.Sqrt(left.variance))
	if ratio == nil || *ratio == 0 {
		return nil
	}
	s := &Stability{Ratio: *ratio}
	if min(left.n, right.n) < stabilityLeast || dominated(left) || dominated(right) {
		return s
	}
	var interval *Interval
	if before(right, left) { // in one order, whichever is a, as in Comparison.measure
		interval = scatter{right, left, options.Paired}.interval(options.Seed).inverse()
	} else {
		interval = scatter{left, right, options.Paired}.interval(options.Seed)
	}
	s.RatioCI95 = interval.with(*ratio)
	return s
}

// dominated says whether one value makes up more than four fifths of a side's squared
// deviations.
func dominated(m moments) bool {
	farthest := 0.0
	for _, v := range m.values {
		farthest = max(farthest, math.Abs(v-m.mean))
	}
	return farthest*farthest > 0.8*m.variance*float64(m.n-1)
}

// scatter is that of two sides.
type scatter struct {
	a, b   moments
	paired bool
}

// interval is that of the ratio of standard deviations: exp(ln(ratio) ± t*·se), where t* is the
// quantile of the symmetric bootstrap-t (Hall, 1988), and se linear: the deviation of a value x
// moves ln(s) by ((x − mean)²/s² − 1)/2n. The interval of an F test would hold for normal noise
// only: with lognormal noise of σ 0.5 it misses the truth in 25 of 100.
func (s scatter) interval(seed uint64) *Interval {
	e := s.logRatio(s.a.values, s.b.values)
	if finite(e.value) == nil || finite(e.se) == nil || finite(e.df) == nil {
		return nil
	}
	quantile := tQuantile(1-Alpha/2, e.df)
	if s.a.n+s.b.n <= bootstrapMost {
		random := rand.New(rand.NewPCG(seed, 2)) // #nosec G404 -- repeatable on purpose
		quantile = min(s.bootstrap(e, random), stabilityStretch*quantile)
	}
	return finiteInterval(math.Exp(e.value-quantile*e.se), math.Exp(e.value+quantile*e.se))
}

// bootstrap returns how many standard errors 19 of 20 resamples are off at most.
func (s scatter) bootstrap(sample estimate, random *rand.Rand) float64 {
	a, b := make([]float64, s.a.n), make([]float64, s.b.n)
	off := make([]float64, resamples)
	for i := range off {
		for j := range a {
			at := random.IntN(len(a))
			a[j] = s.a.values[at]
			if s.paired {
				b[j] = s.b.values[at]
			}
		}
		for j := 0; j < len(b) && !s.paired; j++ {
			b[j] = s.b.values[random.IntN(len(b))]
		}
		e := s.logRatio(a, b)
		off[i] = timesOff(e.value-sample.value, e.se*e.se, sample.se)
		if math.IsNaN(off[i]) { // a side without scatter is as far off as can be
			off[i] = math.Inf(1)
		}
	}
	return *exceededByOneIn20(off)
}

// logRatio is that of the standard deviations; NaN where a side does not scatter.
func (s scatter) logRatio(a, b []float64) estimate {
	spreadA, pushesA := pushes(a)
	spreadB, pushesB := pushes(b)
	e := estimate{value: math.Log(spreadB) - math.Log(spreadA)}
	if s.paired {
		for i, p := range pushesA {
			pushesB[i] -= p
		}
		n := float64(len(pushesB))
		e.se, e.df = math.Sqrt(stat.Variance(pushesB, nil)/n), n-1
		return e
	}
	na, nb := float64(len(a)), float64(len(b))
	e.se, e.df = combine(
		estimateError{stat.Variance(pushesA, nil) / na, na - 1}, estimateError{stat.Variance(pushesB, nil) / nb, nb - 1})
	return e
}

// pushes returns the standard deviation of values, and n times how far each pushes its logarithm.
func pushes(values []float64) (deviation float64, pushed []float64) {
	mean, variance := stat.MeanVariance(values, nil)
	pushed = make([]float64, len(values))
	for i, v := range values {
		off := v - mean
		pushed[i] = off * off / variance / 2
	}
	return math.Sqrt(variance), pushed
}
