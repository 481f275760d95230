package stats

import (
	"math"
	"math/rand/v2"
	"slices"
)

const (
	// resamples is how many the bootstrap draws: one in twenty of so many and one is an integer.
	resamples = 1999
	// bootstrapLeast is below how many values a side resamples are too few to differ.
	bootstrapLeast = 5
	// bootstrapMost is beyond how many values of both sides Student's t stands alone, which the
	// bootstrap tends to.
	bootstrapMost = 4000
	// stretch is how many times Student's quantile the bootstrap's counts at most: of few values
	// many resamples hold but one heap, and hardly scatter.
	stretch = 1.5
)

// estimate is one of the difference of two sides, with its standard error.
type estimate struct{ value, se, df float64 }

// interval is value ± (t + t*)/2·se: halfway between Student's t, with df degrees of freedom,
// and the quantile t* of the symmetric bootstrap-t, Hall (1988), "On symmetric bootstrap
// confidence intervals", Journal of the Royal Statistical Society B 50(1). Either alone errs
// for ten values: Student's interval is too short where noise has a long tail, Hall's too long
// where it has two heaps. docs/statistics.md has the measurements. Without t* it is Student's.
func (e estimate) interval(bootstrapped *float64) *Interval {
	if finite(e.se) == nil || finite(e.df) == nil {
		return nil
	}
	quantile := tQuantile(1-Alpha/2, e.df)
	if bootstrapped != nil {
		quantile = (quantile + min(*bootstrapped, stretch*quantile)) / 2
	}
	return finiteInterval(e.value-quantile*e.se, e.value+quantile*e.se)
}

// contrast is what is estimated of two sides: the difference of their means, and the logarithm
// of its ratio, which is not known where a mean is not above 0.
type contrast struct {
	low, high            moments
	paired               bool
	difference, logRatio estimate
	ratioKnown           bool
}

func contrastOf(low, high moments, paired bool) contrast {
	c := contrast{low: low, high: high, paired: paired, ratioKnown: low.mean >= smallest && high.mean >= smallest}
	c.difference = c.errorOf(1, 1)
	c.difference.value = high.mean - low.mean
	if c.ratioKnown {
		// The delta method: an error of the logarithm is the relative error.
		c.logRatio = c.errorOf(low.mean, high.mean)
		c.logRatio.value = math.Log(high.mean / low.mean)
	}
	return c
}

// errorOf returns the standard error of mean(high)/unitHigh − mean(low)/unitLow, and its degrees
// of freedom: Welch's of independent sides, and that of the differences of pairs.
func (c contrast) errorOf(unitLow, unitHigh float64) estimate {
	if c.paired {
		differences := make([]float64, c.low.n)
		for i := range differences {
			differences[i] = c.high.values[i]/unitHigh - c.low.values[i]/unitLow
		}
		m := momentsOf(differences)
		return estimate{se: math.Sqrt(m.meanVariance()), df: float64(m.n - 1)}
	}
	low := estimateError{c.low.meanVariance(), float64(c.low.n - 1)}.relativeTo(unitLow)
	high := estimateError{c.high.meanVariance(), float64(c.high.n - 1)}.relativeTo(unitHigh)
	if low.variance+high.variance == 0 {
		return estimate{df: low.df + high.df}
	}
	se, df := combine(low, high)
	return estimate{se: se, df: df}
}

// intervals returns those of the difference and of the log ratio.
func (c contrast) intervals(seed uint64) (difference, logRatio *Interval) {
	ofDifference, ofRatio := c.bootstrap(seed)
	difference = c.difference.interval(ofDifference)
	if c.ratioKnown {
		logRatio = c.logRatio.interval(ofRatio)
	}
	return difference, logRatio
}

// bootstrap returns what |estimate − truth|/se does not exceed in 19 of 20 resamples, for which
// the sample is the truth. Pairs are drawn as pairs. It is nil where values are too few to
// resample, so many that there is no need to, or do not vary.
func (c contrast) bootstrap(seed uint64) (difference, logRatio *float64) {
	n, m := c.low.n, c.high.n
	if min(n, m) < bootstrapLeast || n+m > bootstrapMost || c.difference.se == 0 {
		return nil, nil
	}
	random := rand.New(rand.NewPCG(seed, 1)) // #nosec G404 -- repeatable on purpose
	x, y := c.low.centered(), c.high.centered()
	differences, ratios := make([]float64, resamples), make([]float64, resamples)
	for i := range differences {
		var s sums
		if c.paired {
			s.drawPairs(x, y, random)
		} else {
			s.draw(x, y, random)
		}
		differences[i], ratios[i] = c.studentized(s)
	}
	if difference = exceededByOneIn20(differences); c.ratioKnown {
		logRatio = exceededByOneIn20(ratios)
	}
	return difference, logRatio
}

// sums are those of a resample's deviations from the samples' means.
type sums struct{ x, xx, y, yy, xy float64 }

func (s *sums) draw(x, y []float64, random *rand.Rand) {
	for range x {
		v := x[random.IntN(len(x))]
		s.x += v
		s.xx += v * v
	}
	for range y {
		v := y[random.IntN(len(y))]
		s.y += v
		s.yy += v * v
	}
}

func (s *sums) drawPairs(x, y []float64, random *rand.Rand) {
	for range x {
		at := random.IntN(len(x))
		v, w := x[at], y[at]
		s.x += v
		s.xx += v * v
		s.y += w
		s.yy += w * w
		s.xy += v * w
	}
}

// studentized returns how far the resample's estimates are off, in its own standard errors.
func (c contrast) studentized(s sums) (difference, logRatio float64) {
	n, m := float64(c.low.n), float64(c.high.n)
	// The squared standard errors of both means, and twice their covariance.
	vx := max(0, s.xx-s.x*s.x/n) / (n - 1) / n
	vy := max(0, s.yy-s.y*s.y/m) / (m - 1) / m
	vxy := 0.0
	if c.paired {
		vxy = 2 * (s.xy - s.x*s.y/n) / (n - 1) / n
	}
	difference = timesOff(s.y/m-s.x/n, vx+vy-vxy, c.difference.se)
	low, high := c.low.mean+s.x/n, c.high.mean+s.y/m
	if low < smallest || high < smallest {
		return difference, math.Inf(1)
	}
	off := math.Log(high/c.high.mean) - math.Log(low/c.low.mean)
	return difference, timesOff(off, vx/low/low+vy/high/high-vxy/low/high, c.logRatio.se)
}

// timesOff is |off| in standard errors. One that is next to nothing beside that of the sample is
// of a resample that does not vary, where rounding would decide.
func timesOff(off, variance, ofSample float64) float64 {
	const nothing = 1e-6
	return math.Abs(off) / max(math.Sqrt(max(0, variance)), nothing*ofSample)
}

// exceededByOneIn20 returns what one in twenty values exceeds, nil where that is no number.
func exceededByOneIn20(values []float64) *float64 {
	slices.Sort(values) // NaN comes first
	if math.IsNaN(values[0]) {
		return nil
	}
	at := values[(len(values)+1)*19/20-1]
	return &at
}
