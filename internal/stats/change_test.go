package stats_test

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// The figures are those of R's t.test(extra ~ group, data = sleep).
func TestMeanChangeWithSleepData(t *testing.T) {
	t.Parallel()
	a := stats.Summarize([]float64{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0})
	b := stats.Summarize([]float64{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4})
	c := stats.MeanChange(a, b)
	assert.InDelta(t, 1.58, c.Difference, 1e-12)
	assert.InDelta(t, 0.07939, *c.PValue, 1e-5)
	assert.InDelta(t, -0.2054832, c.DifferenceCI95[0], 1e-6)
	assert.InDelta(t, 3.3654832, c.DifferenceCI95[1], 1e-6)
	assert.InDelta(t, 2.33/0.75-1, *c.Relative, 1e-12)
	assert.False(t, c.Significant())
}

func TestMeanChangeByHand(t *testing.T) {
	t.Parallel()
	c := stats.MeanChange(stats.Summarize([]float64{9, 10, 11}), stats.Summarize([]float64{19, 20, 21}))
	half := 2.7764451052 * math.Sqrt(2.0/3) // t(0.975, 4)
	assert.InDelta(t, 10-half, c.DifferenceCI95[0], 1e-8)
	assert.InDelta(t, 1.0, *c.Relative, 1e-12)
	low, high := 1+c.RelativeCI95[0], 1+c.RelativeCI95[1]
	assert.InDelta(t, 4, low*high, 1e-9, "symmetric around the logarithm of 2")
	assert.True(t, c.Significant())
}

func TestChangesOfLittle(t *testing.T) {
	t.Parallel()
	two, many := []float64{1, 2}, []float64{1, 2, 3, 4, 5}
	c := stats.MeanChange(stats.Summarize(two), stats.Summarize(many))
	assert.Equal(t, stats.TooFew, c.Untested)
	assert.Nil(t, c.PValue)
	assert.InDelta(t, 1.0, *c.Relative, 1e-12, "the figures are there all the same")
	assert.False(t, c.Significant())

	c = stats.PercentileChange(two, many, 0.95)
	assert.Equal(t, stats.TooFew, c.Untested)
	assert.Equal(t, stats.TooFew, stats.PercentileChange(nil, many, 0.95).Untested)
	assert.Equal(t, stats.TooFew, stats.ShareChange(0, 0, 1, 2).Untested)

	constant := stats.Summarize([]float64{5, 5, 5})
	c = stats.MeanChange(constant, constant)
	assert.Equal(t, 1.0, *c.PValue)
	c = stats.MeanChange(constant, stats.Summarize([]float64{6, 6, 6}))
	assert.Zero(t, *c.PValue)
	assert.True(t, c.Significant())
	c = stats.MeanChange(stats.Summarize([]float64{0, 0, 0}), constant)
	assert.Nil(t, c.Relative, "no percentage of 0")
	assert.Equal(t, 5.0, c.Difference)
}

// Fisher's tea: R's fisher.test(matrix(c(3, 1, 1, 3), 2)) has p = 0.4857; a lopsided table of
// Agresti (2002), Categorical Data Analysis: fisher.test(matrix(c(10, 2, 3, 15), 2)), 0.0005367.
func TestShareChangeTest(t *testing.T) {
	t.Parallel()
	assert.InDelta(t, 0.4857143, *stats.ShareChange(3, 4, 1, 4).PValue, 1e-7)
	assert.InDelta(t, 0.0005367, *stats.ShareChange(10, 13, 2, 17).PValue, 1e-7)
	assert.Equal(t, 1.0, *stats.ShareChange(30, 30, 30, 30).PValue)
	assert.True(t, stats.ShareChange(100, 100, 80, 100).Significant())
	assert.False(t, stats.ShareChange(30, 30, 28, 30).Significant())
	// R's fisher.test(matrix(c(7, 3, 12, 28), 2)) and its like: the sum over all tables.
	for _, c := range [][4]int{{7, 10, 12, 40}, {0, 5, 5, 5}, {1, 30, 9, 31}, {15, 20, 50, 52}, {3, 3, 0, 90}} {
		assert.InDelta(t, allTables(c), *stats.ShareChange(c[0], c[1], c[2], c[3]).PValue, 1e-9, "%v", c)
	}
	many := stats.ShareChange(999_000_000, 1_000_000_000, 999_002_000, 1_000_000_000)
	assert.InDelta(t, 0.1573, *many.PValue, 0.0005, "z = 1.4142 of the normal distribution")
	assert.Less(t, *stats.ShareChange(1_000_000, 1_000_000, 999_000, 1_000_000).PValue, 1e-6)
}

// allTables is the two-sided p-value as it is defined.
func allTables(c [4]int) float64 {
	choose := func(n, k int) float64 {
		x := 1.0
		for i := range k {
			x *= float64(n-i) / float64(i+1)
		}
		return x
	}
	all := c[0] + c[2]
	of := func(k int) float64 { return choose(c[1], k) * choose(c[3], all-k) / choose(c[1]+c[3], all) }
	p := 0.0
	for k := max(0, all-c[3]); k <= min(all, c[1]); k++ {
		if of(k) <= of(c[0])*(1+1e-7) {
			p += of(k)
		}
	}
	return p
}

// Newcombe (1998), table II, method 10: 56/70 and 48/80, 9/10 and 3/10.
func TestShareChangeInterval(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		hits, of, hitsAfter, ofAfter int
		low, high                    float64
	}{
		{48, 80, 56, 70, 0.0524, 0.3339},
		{3, 10, 9, 10, 0.1705, 0.8090},
		{0, 20, 10, 10, 0.6791, 1.0000},
	} {
		c := stats.ShareChange(tt.hits, tt.of, tt.hitsAfter, tt.ofAfter)
		assert.InDelta(t, tt.low, c.DifferenceCI95[0], 5e-5)
		assert.InDelta(t, tt.high, c.DifferenceCI95[1], 5e-5)
	}
}

// The test samples deals; of few values there are few enough to count them all.
func TestPercentileChangeTestsAllDeals(t *testing.T) {
	t.Parallel()
	low, high := []float64{1, 2, 3, 4}, []float64{5, 6, 7, 8}
	for _, p := range []float64{0.5, 0.95} {
		c := stats.PercentileChange(low, high, p)
		assert.InDelta(t, exact(low, high, p), *c.PValue, 0.015)
		assert.InDelta(t, 2.0/70, c.LeastPValue, 1e-12)
	}
	mixed := []float64{1, 3, 6, 8, 9}
	for _, p := range []float64{0.1, 0.5, 0.9, 0.95} {
		c := stats.PercentileChange(mixed, high, p)
		assert.InDelta(t, exact(mixed, high, p), *c.PValue, 0.07, "percentile %g", p)
	}
}

// exact is the two-sided p-value over all deals: twice the smaller tail.
func exact(a, b []float64, p float64) float64 {
	pooled := slices.Concat(a, b)
	at := func(values []float64) float64 {
		sorted := slices.Sorted(slices.Values(values))
		rank := p * float64(len(sorted)-1)
		low, high := sorted[int(math.Floor(rank))], sorted[int(math.Ceil(rank))]
		return low + (high-low)*(rank-math.Floor(rank))
	}
	observed := at(b) - at(a)
	above, below, all := 0, 0, 0
	for mask := range 1 << len(pooled) {
		var x, y []float64
		for i, v := range pooled {
			if mask>>i&1 == 1 {
				x = append(x, v)
			} else {
				y = append(y, v)
			}
		}
		if len(x) != len(a) {
			continue
		}
		all++
		d := at(y) - at(x)
		if d >= observed-1e-9 {
			above++
		}
		if d <= observed+1e-9 {
			below++
		}
	}
	return min(1, 2*float64(min(above, below))/float64(all))
}

func TestPercentileChangeIsRepeatable(t *testing.T) {
	t.Parallel()
	a, b := lognormal(1, 40, 100), lognormal(2, 50, 110)
	first := stats.PercentileChange(a, b, 0.9)
	assert.Equal(t, first, stats.PercentileChange(a, b, 0.9))
	shuffled := slices.Clone(b)
	slices.Reverse(shuffled)
	assert.Equal(t, first, stats.PercentileChange(a, shuffled, 0.9))
}

func lognormal(seed uint64, n int, median float64) []float64 {
	random := rand.New(rand.NewPCG(seed, 7))
	values := make([]float64, n)
	for i := range values {
		values[i] = median * math.Exp(0.3*random.NormFloat64())
	}
	return values
}

// A bootstrap that draws every value, as everybody would write it.
func TestPercentileIntervalsAreTheBootstraps(t *testing.T) {
	t.Parallel()
	a, b := lognormal(3, 60, 100), lognormal(4, 80, 130)
	random := rand.New(rand.NewPCG(5, 6))
	draw := func(values []float64) float64 {
		again := make([]float64, len(values))
		for i := range again {
			again[i] = values[random.IntN(len(values))]
		}
		return stats.Summarize(again).P90
	}
	var ratios []float64
	for range 4000 {
		x := draw(a)
		ratios = append(ratios, draw(b)/x-1)
	}
	slices.Sort(ratios)
	c := stats.PercentileChange(a, b, 0.9)
	width := ratios[3900] - ratios[100]
	assert.InDelta(t, ratios[100], c.RelativeCI95[0], 0.1*width)
	assert.InDelta(t, ratios[3900], c.RelativeCI95[1], 0.1*width)
}

// With many values the test draws from all of them; it must tell what the dealing one tells.
func TestPercentileChangeOfManyValues(t *testing.T) {
	t.Parallel()
	many, fewer := lognormal(8, 2100, 100), lognormal(9, 2100, 102)
	pooled := stats.PercentileChange(many, fewer, 0.5)
	dealt := stats.PercentileChange(many[:1990], fewer[:1990], 0.5)
	assert.InDelta(t, *dealt.PValue, *pooled.PValue, 0.05)
	worse := stats.PercentileChange(lognormal(10, 50_000, 100), lognormal(11, 50_000, 103), 0.95)
	assert.True(t, worse.Significant())
	assert.InDelta(t, 0.03, *worse.Relative, 0.02)
}

// What a gate on a 10 % larger p95 does: equal servers pass it, one that is 20 % slower fails it.
func TestGateOnAPercentile(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(12, 13))
	sample := func(n int, mean float64) []float64 {
		values := make([]float64, n)
		for i := range values {
			values[i] = mean * (1 + 0.1*random.NormFloat64())
		}
		return values
	}
	const runs = 300
	for _, n := range []int{10, 30} {
		alarms, significant, found := 0, 0, 0
		for range runs {
			base := sample(n, 100)
			equal := stats.PercentileChange(base, sample(n, 100), 0.95)
			if equal.Significant() {
				significant++
				if *equal.Relative > 0.1 {
					alarms++
				}
			}
			slower := stats.PercentileChange(base, sample(n, 120), 0.95)
			if slower.Significant() && *slower.Relative > 0.1 {
				found++
			}
		}
		assert.LessOrEqual(t, float64(significant)/runs, 0.08, "n = %d", n)
		assert.LessOrEqual(t, float64(alarms)/runs, 0.05, "n = %d", n)
		assert.GreaterOrEqual(t, float64(found)/runs, map[int]float64{10: 0.75, 30: 0.93}[n], "n = %d", n)
	}
}

// If every request succeeds, requests per second are one over the mean time.
func TestRateChangeOfRequests(t *testing.T) {
	t.Parallel()
	a, b := lognormal(14, 30, 100), lognormal(15, 40, 125)
	ones := func(n int) []float64 { return slices.Repeat([]float64{1}, n) }
	before, after := stats.Summarize(a), stats.Summarize(b)
	times := stats.MeanChange(before, after)
	rates := stats.RateChange(1000/before.Mean, 1000/after.Mean, stats.Work{Done: ones(30), Took: a},
		stats.Work{Done: ones(40), Took: b})
	assert.InDelta(t, 1/(1+*times.Relative), 1+*rates.Relative, 1e-12)
	assert.InDelta(t, 1/(1+times.RelativeCI95[1]), 1+rates.RelativeCI95[0], 1e-12)
	assert.InDelta(t, 1/(1+times.RelativeCI95[0]), 1+rates.RelativeCI95[1], 1e-12)
	assert.True(t, rates.Significant())
	assert.Negative(t, rates.Difference)

	assert.Equal(t, stats.NoValues, stats.RateChange(1, 2, stats.Work{}, stats.Work{}).Untested)
	failed := stats.Work{Done: make([]float64, 5), Took: []float64{1, 2, 3, 4, 5}}
	assert.Equal(t, stats.TooFew, stats.RateChange(1, 0, failed, failed).Untested)
}

// Seen against a reference that does not vary, a ratio changes as its other side does.
func TestRatioChange(t *testing.T) {
	t.Parallel()
	reference := stats.Summarize([]float64{50, 50, 50})
	before, after := stats.Summarize(lognormal(16, 30, 100)), stats.Summarize(lognormal(17, 30, 120))
	want := stats.MeanChange(before, after)
	got := stats.RatioChange([2]stats.Summary{reference, before}, [2]stats.Summary{reference, after})
	assert.InDelta(t, *want.Relative, *got.Relative, 1e-12)
	assert.InDelta(t, want.RelativeCI95[0], got.RelativeCI95[0], 1e-12)
	assert.InDelta(t, before.Mean/50, got.Base, 1e-12)

	// A machine that has become half as fast slows both sides down.
	half := func(s stats.Summary) stats.Summary {
		deviation := 2 * *s.StdDev
		return stats.Summary{Count: s.Count, Mean: 2 * s.Mean, StdDev: &deviation}
	}
	same := stats.RatioChange([2]stats.Summary{before, after}, [2]stats.Summary{half(before), half(after)})
	assert.InDelta(t, 0, *same.Relative, 1e-12)
	assert.False(t, same.Significant())
	assert.Equal(t, stats.NoTest, stats.RatioChange([2]stats.Summary{}, [2]stats.Summary{}).Untested)
}

func FuzzChanges(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdef0123456789abcdef"), uint8(3), 0.95)
	f.Add(make([]byte, 64), uint8(4), 0.5)
	f.Fuzz(func(t *testing.T, data []byte, split uint8, p float64) {
		if !(p >= 0 && p <= 1) || len(data) > 400 {
			return
		}
		var values []float64
		for ; len(data) >= 8; data = data[8:] {
			values = append(values, math.Float64frombits(binary.LittleEndian.Uint64(data)))
		}
		at := min(int(split), len(values))
		a, b := values[:at], values[at:]
		x, y := stats.Summarize(a), stats.Summarize(b)
		for _, c := range []stats.Change{
			stats.MeanChange(x, y), stats.PercentileChange(a, b, p), stats.ShareChange(len(a)/2, len(a), len(b)/3, len(b)),
			stats.RateChange(x.Mean, y.Mean, stats.Work{Done: a, Took: a}, stats.Work{Done: b, Took: b}),
			stats.RatioChange([2]stats.Summary{x, y}, [2]stats.Summary{y, x}),
		} {
			_, err := json.Marshal(c)
			require.NoError(t, err, "no NaN, no infinity")
			if c.PValue != nil {
				require.True(t, *c.PValue >= 0 && *c.PValue <= 1, "p = %g", *c.PValue)
			}
			require.Equal(t, c.PValue == nil, c.Untested != "", "%+v", c)
		}
	})
}
