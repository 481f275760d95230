package stats

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

const (
	deals   = 9999 // of a permutation test
	redraws = 1999 // of a bootstrap
	// enough exceedances settle that a p-value is above 0.1: the sequential test of Besag and
	// Clifford (1991), "Sequential Monte Carlo p-values", Biometrika 78(2).
	enough = deals / 20
	// manyValues is from where on the permutation test gives way to its limit for many values.
	manyValues = 4000
)

// PercentileChange compares the percentile p (0 to 1) of two samples.
//
// The p-value is that of a permutation test: how often the difference is as large if the values
// are dealt out to the two sides by chance. If the runs are alike it is right for any number of
// values and any distribution. Beyond manyValues both sides are instead drawn from the values of
// both with replacement, Efron and Tibshirani (1993), An Introduction to the Bootstrap, section
// 16.2, which differs by less than such a test can show.
//
// The intervals are those of the bootstrap's percentiles, section 13.3 of the same book. Those of
// a percentile that rests on a few values at the end of a sample are too narrow.
//
// Everything random is seeded: the same samples give the same change.
func PercentileChange(base, after []float64, p float64) Change {
	a, b := sortedValues(base), sortedValues(after)
	if len(a) == 0 || len(b) == 0 {
		return Change{Untested: TooFew}
	}
	c := NewChange(percentile(a, p), percentile(b, p), "")
	c.LeastPValue = leastExact(len(a), len(b))
	if min(len(a), len(b)) < fewest {
		c.Untested = TooFew
		return c
	}
	random := rand.New(rand.NewPCG(1, uint64(len(a)))) // #nosec G404 -- repeatable on purpose
	value := permutationTest(a, b, p, c.Difference, random)
	c.PValue = &value
	c.DifferenceCI95, c.RelativeCI95 = percentileIntervals(a, b, p, random)
	return c
}

func sortedValues(values []float64) []float64 {
	sorted := usable(values)
	slices.Sort(sorted)
	return sorted
}

// permutationTest returns the two-sided p-value of the difference of a percentile.
func permutationTest(a, b []float64, p, observed float64, random *rand.Rand) float64 {
	pooled := slices.Concat(a, b)
	slices.Sort(pooled)
	draw := deal{pooled, rankOf(len(a), p), rankOf(len(b), p), random}.difference
	if len(pooled) > manyValues {
		pa, pb := newRedraw(pooled, len(a), p, random), newRedraw(pooled, len(b), p, random)
		draw = func() float64 { return pb.draw() - pa.draw() }
	}
	rounding := 1e-12 * (math.Abs(pooled[0]) + math.Abs(pooled[len(pooled)-1]))
	above, below := 0, 0
	for n := 1; n <= deals; n++ {
		d := draw()
		if d >= observed-rounding {
			above++
		}
		if d <= observed+rounding {
			below++
		}
		if min(above, below) >= enough {
			return min(1, 2*enough/float64(n))
		}
	}
	return min(1, 2*float64(min(above, below)+1)/(deals+1))
}

// rank is where in n sorted values a percentile lies: between the values at low and at high.
type rank struct {
	n, low, high int
	weight       float64 // of high
}

func rankOf(n int, p float64) rank {
	at := p * float64(n-1)
	low := math.Floor(at)
	return rank{n, int(low), int(math.Ceil(at)), at - low}
}

// deal deals sorted values out to two sides by chance.
type deal struct {
	pooled []float64
	a, b   rank
	random *rand.Rand
}

// difference returns b's percentile minus a's after a deal. Only the values from the nearer end
// up to the percentiles are dealt; the others are of no consequence.
func (d deal) difference() float64 {
	fromTop := d.a.low > d.a.n/2
	left, leftA := len(d.pooled), d.a.n // to be dealt
	a, b := hand{rank: d.a, fromTop: fromTop}, hand{rank: d.b, fromTop: fromTop}
	for i := 0; !a.complete() || !b.complete(); i++ {
		value := d.pooled[i]
		if fromTop {
			value = d.pooled[len(d.pooled)-1-i]
		}
		if d.random.IntN(left) < leftA {
			a.take(value)
			leftA--
		} else {
			b.take(value)
		}
		left--
	}
	return b.percentile() - a.percentile()
}

// hand is what a side has been dealt.
type hand struct {
	rank
	fromTop         bool
	taken           int
	atLow, atHigh   float64
	hasLow, hasHigh bool
}

func (h *hand) take(value float64) {
	at := h.taken
	if h.fromTop {
		at = h.n - 1 - h.taken
	}
	if at == h.low {
		h.atLow, h.hasLow = value, true
	}
	if at == h.high {
		h.atHigh, h.hasHigh = value, true
	}
	h.taken++
}

func (h *hand) complete() bool { return h.hasLow && h.hasHigh }

func (h *hand) percentile() float64 { return h.atLow + (h.atHigh-h.atLow)*h.weight }

// redraw draws percentiles of samples of n values, drawn with replacement from sorted ones. It
// need not draw the samples: the place of the kth smallest of n draws is Beta(k, n+1−k)
// distributed, and that of the next one above it Beta(1, n−k) in what is left; David and Nagaraja
// (2003), Order Statistics, section 2.5.
type redraw struct {
	sorted []float64
	rank
	first, next distuv.Beta
}

func newRedraw(sorted []float64, n int, p float64, random *rand.Rand) redraw {
	at := rankOf(n, p)
	k := float64(at.low + 1)
	return redraw{
		sorted: sorted, rank: at,
		first: distuv.Beta{Alpha: k, Beta: float64(n) + 1 - k, Src: random},
		next:  distuv.Beta{Alpha: 1, Beta: float64(n) - k, Src: random},
	}
}

func (r redraw) draw() float64 {
	place := r.first.Rand()
	low := r.at(place)
	if r.high == r.low {
		return low
	}
	return low + (r.at(place+(1-place)*r.next.Rand())-low)*r.weight
}

func (r redraw) at(place float64) float64 {
	return r.sorted[min(len(r.sorted)-1, int(place*float64(len(r.sorted))))]
}

// percentileIntervals returns the intervals of the difference and of the relative change.
func percentileIntervals(a, b []float64, p float64, random *rand.Rand) (difference, relative *Interval) {
	before, after := newRedraw(a, len(a), p, random), newRedraw(b, len(b), p, random)
	differences, ratios := make([]float64, redraws), make([]float64, redraws)
	positive := true
	for i := range differences {
		x, y := before.draw(), after.draw()
		differences[i] = y - x
		if positive = positive && x >= smallest; positive {
			ratios[i] = y/x - 1
		}
	}
	difference = middle(differences)
	if positive {
		relative = middle(ratios)
	}
	return difference, relative
}

// middle is what 1 − Alpha of the values lie within.
func middle(values []float64) *Interval {
	slices.Sort(values)
	return finiteInterval(percentile(values, Alpha/2), percentile(values, 1-Alpha/2))
}
