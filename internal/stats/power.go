package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// power is how often a difference that is there is to be shown.
const power = 0.8

// mostNeeded is beyond which number of measurements nobody will measure.
const mostNeeded = 1_000_000

// efficiency is how far the rank tests need more measurements than t tests do, where noise
// is normal: π/3; Lehmann (1975), "Nonparametrics", appendix, example 22.
const efficiency = math.Pi / 3

// noise is what the chance of a verdict depends on.
type noise struct {
	paired   bool
	n        int     // of the smaller side
	logRatio float64 // above or below 0
	se       float64 // of logRatio
	df       float64 // of se
	spread   float64 // se·√n of two sides of n each
}

func noiseOf(c contrast) noise {
	result := noise{paired: c.paired, n: min(c.low.n, c.high.n)}
	if !c.ratioKnown {
		return result
	}
	result.logRatio, result.se, result.df = c.logRatio.value, c.logRatio.se, c.logRatio.df
	result.spread = result.se * math.Sqrt(float64(c.low.n))
	if !c.paired {
		low, high := c.low, c.high
		result.spread = math.Hypot(math.Sqrt(low.variance)/low.mean, math.Sqrt(high.variance)/high.mean)
	}
	return result
}

// known says whether there is a spread to reckon with.
func (n noise) known() bool {
	return n.spread > 0 && n.df > 0 && finite(n.spread) != nil && finite(n.df) != nil
}

// smallestRatio is exp((t₁₋α/₂ + t₀.₈)·se): what a t test of that level shows with the power,
// allowing for the rank test's efficiency.
func (n noise) smallestRatio(level float64) *float64 {
	if !n.known() || n.n < MinMeasurements(n.paired, int(math.Ceil(Alpha/level))) {
		return nil
	}
	quantiles := tQuantile(1-level/2, n.df) + tQuantile(power, n.df)
	return finite(math.Exp(quantiles * n.se * math.Sqrt(efficiency)))
}

// needed solves smallestRatio for the number of measurements at the ratio that was observed.
func (n noise) needed(level float64) *int {
	if !n.known() || n.logRatio == 0 {
		return nil
	}
	least := MinMeasurements(n.paired, int(math.Ceil(Alpha/level)))
	unit := efficiency * n.spread * n.spread / n.logRatio / n.logRatio
	z := distuv.UnitNormal.Quantile(1-level/2) + distuv.UnitNormal.Quantile(power)
	count := unit * z * z
	for range 3 { // t for z: few steps, as it matters only where count is small
		df := max(2, 2*count-2)
		if n.paired {
			df = max(2, count-1)
		}
		t := tQuantile(1-level/2, df) + tQuantile(power, df)
		count = unit * t * t
	}
	if !(count <= mostNeeded) {
		return nil
	}
	whole := max(int(math.Ceil(count)), least)
	return &whole
}
