package stats

import (
	"math"
	"slices"
)

// Alpha is the level of significance: how often a verdict may name a faster side where
// there is none.
const Alpha = 0.05

// Better says which way a metric improves.
type Better int

// The ways.
const (
	LowerIsBetter  Better = iota // times
	HigherIsBetter               // rates
)

// Verdict names the faster side, if the measurements tell it.
type Verdict string

// The verdicts.
const (
	AFaster      Verdict = "a_faster"
	BFaster      Verdict = "b_faster"
	Inconclusive Verdict = "inconclusive"
)

// Options say how two sides are compared.
type Options struct {
	Better Better
	// Paired: a[i] and b[i] belong together, as two servers' answers to one prompt in turn do.
	// Of sides of unequal length, what has no partner is left out.
	Paired bool
	// Seed is the bootstrap's: the same data and seed give the same intervals.
	Seed uint64
}

// Comparison is how side b differs from side a. What can't be computed is absent.
type Comparison struct {
	// Ratio is how many times as fast a is as b: b's mean over a's where lower is better,
	// a's over b's where higher is. Absent unless both means are above 0.
	Ratio *float64 `json:"ratio,omitempty"`
	// RatioCI95 is by the bootstrap, on the logarithm; see estimate.interval.
	RatioCI95 *Interval `json:"ratio_ci95,omitempty"`
	// Difference is b's mean minus a's, in the unit of the measurements.
	Difference *float64 `json:"difference,omitempty"`
	// DifferenceCI95 is by the bootstrap as well.
	DifferenceCI95 *Interval `json:"difference_ci95,omitempty"`
	// PValue is Test's, two-sided.
	PValue *float64 `json:"p_value,omitempty"`
	// AdjustedPValue is PValue after Holm's adjustment, where several comparisons were made
	// together; the verdict is then by it.
	AdjustedPValue *float64 `json:"adjusted_p_value,omitempty"`
	// EffectSize is Hedges' g: the difference over the standard deviation of both sides
	// pooled, times 1 − 3/(4·df − 1) as samples are small, where df is n_a + n_b − 2, or n − 1
	// of n pairs; Hedges (1981), "Distribution theory for Glass's estimator of effect size and
	// related estimators", Journal of Educational Statistics 6(2), and for pairs Cumming
	// (2012), "Understanding the New Statistics", chapter 11. It has the sign of Difference:
	// above 0, b's values are the larger ones.
	EffectSize *float64 `json:"effect_size,omitempty"`
	// Paired: the measurements were compared in pairs.
	Paired bool `json:"paired,omitempty"`
	Test   Test `json:"test,omitempty"` // absent without PValue
	// SmallestRatio is the smallest ratio above 1 that would have been shown in 80 of 100
	// such tests, with as many measurements and their noise.
	SmallestRatio *float64 `json:"smallest_ratio,omitempty"`
	// Needed is about how many measurements a side it would take to show a difference as
	// large as the one observed in 80 of 100 tests. Absent where there is a verdict, where no
	// difference was observed, and where it would take more than a million.
	Needed *int `json:"needed,omitempty"`
	// Verdict names a side if PValue (or AdjustedPValue, if there is one) is below Alpha,
	// RatioCI95 excludes 1 and DifferenceCI95 0, both sides have MinMeasurements, and the medians
	// (of paired sides, that of the differences) do not point the other way: a rank test speaks
	// of typical measurements, of which one that is far from all others is none.
	Verdict Verdict `json:"verdict"`

	noise      noise
	typicalToo bool // the medians do not point the other way than the means
}

// Compare compares the measurements of sides a and b.
//
// With no value on a side nothing can be said, and with one there are means but no
// interval and no test. Where neither side varies at all, the intervals have no width.
func Compare(a, b []float64, options Options) Comparison {
	if options.Paired {
		a, b = usablePairs(a, b)
	} else {
		a, b = sortedValues(a), sortedValues(b)
	}
	left, right := momentsOf(a), momentsOf(b)
	comparison := Comparison{Verdict: Inconclusive, Paired: options.Paired}
	if left.n == 0 || right.n == 0 {
		return comparison
	}
	comparison.Difference = finite(right.mean - left.mean)
	comparison.Ratio = ratio(left.mean, right.mean, options.Better)
	if left.n < 2 || right.n < 2 {
		return comparison
	}
	comparison.measure(left, right, options)
	comparison.EffectSize = effectSize(left, right, options.Paired)
	comparison.decide()
	return comparison
}

// measure computes what takes both sides' scatter. It looks at the sides in one order,
// whichever of them is a, so that a and b swapped give the same answers the other way round.
func (c *Comparison) measure(a, b moments, options Options) {
	swapped := before(b, a)
	low, high := a, b
	if swapped {
		low, high = b, a
	}
	c.Test, c.PValue = test(low, high, options.Paired)
	apart := contrastOf(low, high, options.Paired)
	difference, logRatio := apart.intervals(options.Seed)
	if difference != nil {
		if swapped {
			difference = &Interval{-difference[1], -difference[0]}
		}
		c.DifferenceCI95 = difference
	}
	if logRatio != nil && c.Ratio != nil {
		interval := finiteInterval(math.Exp(logRatio[0]), math.Exp(logRatio[1]))
		if swapped != (options.Better == HigherIsBetter) {
			interval = interval.inverse()
		}
		c.RatioCI95 = interval.with(*c.Ratio)
	}
	c.noise = noiseOf(apart)
	c.typicalToo = typicallyAbove(low, high, options.Paired)
}

// typicallyAbove says whether the typical measurement of low, which has the smaller mean, is
// not above that of high.
func typicallyAbove(low, high moments, paired bool) bool {
	if !paired {
		return medianOf(low.values) <= medianOf(high.values)
	}
	differences := make([]float64, low.n)
	for i := range differences {
		differences[i] = high.values[i] - low.values[i]
	}
	return medianOf(differences) >= 0
}

func medianOf(values []float64) float64 { return percentile(slices.Sorted(slices.Values(values)), 0.5) }

func test(low, high moments, paired bool) (Test, *float64) {
	if !paired {
		return MannWhitney, mannWhitney(low.values, high.values)
	}
	differences := make([]float64, low.n)
	for i := range differences {
		differences[i] = high.values[i] - low.values[i]
	}
	return Wilcoxon, wilcoxon(differences)
}

// before orders sides by their means, and where these are equal by what else differs.
func before(a, b moments) bool {
	switch {
	case a.mean != b.mean:
		return a.mean < b.mean
	case a.n != b.n:
		return a.n < b.n
	}
	return slices.Compare(a.values, b.values) < 0
}

func ratio(a, b float64, better Better) *float64 {
	if a < smallest || b < smallest {
		return nil
	}
	if better == HigherIsBetter {
		a, b = b, a
	}
	return finite(b / a)
}

// inverse is the interval of 1/x for the positive x of i.
func (i *Interval) inverse() *Interval {
	if i == nil {
		return nil
	}
	return finiteInterval(1/i[1], 1/i[0])
}

// with is the interval widened by what rounding may have left x outside of it.
func (i *Interval) with(x float64) *Interval {
	if i == nil {
		return nil
	}
	return &Interval{min(i[0], x), max(i[1], x)}
}

func effectSize(a, b moments, paired bool) *float64 {
	difference := b.mean - a.mean
	if difference == 0 {
		return &difference
	}
	df := float64(a.n + b.n - 2)
	pooled := math.Sqrt((float64(a.n-1)*a.variance + float64(b.n-1)*b.variance) / df)
	if paired {
		df = float64(a.n - 1)
	}
	return finite(difference / pooled * (1 - 3/(4*df-1)))
}

// decide sets the verdict, and what goes with it, by the p-value that counts.
func (c *Comparison) decide() {
	p, level := c.PValue, Alpha
	if c.PValue != nil && c.AdjustedPValue != nil {
		p = c.AdjustedPValue
		if *c.PValue > 0 {
			level = Alpha * *c.PValue / *p // of PValue, which *p < Alpha comes to
		}
	}
	c.SmallestRatio = c.noise.smallestRatio(level)
	c.Needed, c.Verdict = nil, Inconclusive
	switch {
	case p == nil || c.RatioCI95 == nil:
	case *p >= Alpha || c.noise.n < MinMeasurements(c.Paired, 1):
		c.Needed = c.noise.needed(level)
	case !c.typicalToo, c.RatioCI95.Contains(1), c.DifferenceCI95 != nil && c.DifferenceCI95.Contains(0):
		// Ranks tell the sides apart, but their means may be the same, or the other way round.
	case *c.Ratio > 1:
		c.Verdict = AFaster
	default:
		c.Verdict = BFaster
	}
}
