package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// Student's own data: hours of sleep gained with one drug and with another by the same ten
// patients; R's data set sleep.
var (
	sleepA = []float64{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0}
	sleepB = []float64{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4}
)

func TestCompareWithSleepData(t *testing.T) {
	t.Parallel()
	c := stats.Compare(sleepA, sleepB, stats.Options{})
	assert.InDelta(t, 1.58, *c.Difference, 1e-12)
	assert.InDelta(t, 2.33/0.75, *c.Ratio, 1e-12)
	assert.Equal(t, stats.MannWhitney, c.Test)
	assert.Equal(t, stats.Inconclusive, c.Verdict)

	paired := stats.Compare(sleepA, sleepB, stats.Options{Paired: true})
	assert.InDelta(t, 1.58, *paired.Difference, 1e-12)
	assert.Equal(t, stats.Wilcoxon, paired.Test)
	assert.True(t, paired.Paired)
	// R 4.2.2: wilcox.test(b, a, paired = TRUE)
	assert.InDelta(t, 0.00909069801592506, *paired.PValue, 1e-12)
}

func TestEffectSizeByHand(t *testing.T) {
	t.Parallel()
	a, b := []float64{9, 10, 11}, []float64{19, 20, 21}
	// Both standard deviations are 1.
	assert.InDelta(t, 10*(1-3.0/15), *stats.Compare(a, b, stats.Options{}).EffectSize, 1e-12)
	assert.InDelta(t, 10*(1-3.0/7), *stats.Compare(a, b, stats.Options{Paired: true}).EffectSize, 1e-12)
}

func TestCompareDirections(t *testing.T) {
	t.Parallel()
	small, large := []float64{9, 10, 11, 9.5, 10.25, 10.5}, []float64{19, 20, 22, 19.5, 20.5, 21}
	for _, tt := range []struct {
		name    string
		a, b    []float64
		better  stats.Better
		above   bool // the ratio is above 1
		sign    float64
		verdict stats.Verdict
	}{
		{"a takes less time", small, large, stats.LowerIsBetter, true, 1, stats.AFaster},
		{"b takes less time", large, small, stats.LowerIsBetter, false, -1, stats.BFaster},
		{"a has the higher rate", large, small, stats.HigherIsBetter, true, -1, stats.AFaster},
		{"b has the higher rate", small, large, stats.HigherIsBetter, false, 1, stats.BFaster},
	} {
		for _, paired := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				c := stats.Compare(tt.a, tt.b, stats.Options{Better: tt.better, Paired: paired})
				assert.Equal(t, tt.above, *c.Ratio > 1)
				assert.Positive(t, *c.Difference*tt.sign)
				assert.Positive(t, *c.EffectSize*tt.sign)
				assert.Equal(t, tt.verdict, c.Verdict)
				assert.Equal(t, paired, c.Paired)
				assert.False(t, c.RatioCI95.Contains(1))
				assert.False(t, c.DifferenceCI95.Contains(0))
				assert.True(t, c.RatioCI95.Contains(*c.Ratio))
				assert.True(t, c.DifferenceCI95.Contains(*c.Difference))
				assert.Nil(t, c.Needed)
			})
		}
	}
}

func TestCompareEdges(t *testing.T) {
	t.Parallel()
	absent := stats.Comparison{Verdict: stats.Inconclusive}
	assert.Equal(t, absent, stats.Compare(nil, []float64{1, 2, 3}, stats.Options{}))
	assert.Equal(t, absent, stats.Compare([]float64{1, 2, 3}, nil, stats.Options{}))

	t.Run("one value a side has means only", func(t *testing.T) {
		t.Parallel()
		c := stats.Compare([]float64{1}, []float64{2}, stats.Options{})
		assert.Equal(t, 2.0, *c.Ratio)
		assert.Equal(t, 1.0, *c.Difference)
		assert.Nil(t, c.PValue)
		assert.Empty(t, c.Test)
		assert.Nil(t, c.RatioCI95)
		assert.Nil(t, c.DifferenceCI95)
		assert.Nil(t, c.EffectSize)
		assert.Equal(t, stats.Inconclusive, c.Verdict)
	})
	t.Run("three values a side are too few for a verdict", func(t *testing.T) {
		t.Parallel()
		c := stats.Compare([]float64{1, 1.001, 1.002}, []float64{900, 900.001, 900.002}, stats.Options{})
		assert.InDelta(t, 0.1, *c.PValue, 1e-12)
		assert.Equal(t, stats.Inconclusive, c.Verdict)
		assert.Nil(t, c.SmallestRatio, "no difference could be shown, however large")
		assert.Equal(t, 4, *c.Needed)
	})
	t.Run("the same constant", func(t *testing.T) {
		t.Parallel()
		c := stats.Compare([]float64{0.1, 0.1, 0.1}, []float64{0.1, 0.1, 0.1, 0.1}, stats.Options{})
		assert.Equal(t, 1.0, *c.Ratio)
		assert.Equal(t, stats.Interval{1, 1}, *c.RatioCI95)
		assert.Equal(t, stats.Interval{0, 0}, *c.DifferenceCI95)
		assert.Equal(t, 1.0, *c.PValue)
		assert.Zero(t, *c.EffectSize)
		assert.Equal(t, stats.Inconclusive, c.Verdict)
	})
	t.Run("two constants", func(t *testing.T) {
		t.Parallel()
		c := stats.Compare([]float64{10, 10, 10, 10}, []float64{15, 15, 15, 15}, stats.Options{})
		assert.Equal(t, stats.Interval{1.5, 1.5}, *c.RatioCI95)
		assert.InDelta(t, 2.0/70, *c.PValue, 1e-12)
		assert.Nil(t, c.EffectSize, "infinitely many standard deviations")
		assert.Equal(t, stats.AFaster, c.Verdict)
	})
	t.Run("one side without variance", func(t *testing.T) {
		t.Parallel()
		c := stats.Compare([]float64{10, 10, 10, 10}, []float64{14, 15, 16, 15.5}, stats.Options{})
		assert.Equal(t, stats.AFaster, c.Verdict)
	})
	t.Run("a mean of zero has no ratio, and no verdict", func(t *testing.T) {
		t.Parallel()
		c := stats.Compare([]float64{0, 0, 0, 0}, []float64{1, 2, 3, 4}, stats.Options{})
		assert.Nil(t, c.Ratio)
		assert.Nil(t, c.RatioCI95)
		assert.Equal(t, 2.5, *c.Difference)
		assert.Equal(t, stats.Inconclusive, c.Verdict)
	})
	t.Run("negative means have no ratio", func(t *testing.T) {
		t.Parallel()
		assert.Nil(t, stats.Compare([]float64{-1, -2}, []float64{1, 2}, stats.Options{}).Ratio)
	})
	t.Run("what has no partner is left out", func(t *testing.T) {
		t.Parallel()
		c := stats.Compare([]float64{1, 2, math.NaN(), 4, 5}, []float64{2, math.Inf(1), 4, 5}, stats.Options{Paired: true})
		assert.Equal(t, 1.0, *c.Difference, "of 1 and 2, 4 and 5")
	})
}

// Adjusting can take a verdict, and says then how many measurements it would need.
func TestAdjusted(t *testing.T) {
	t.Parallel()
	a, b := []float64{100, 101, 102, 103, 104}, []float64{105, 106, 107, 108, 109}
	c := stats.Compare(a, b, stats.Options{})
	require.InDelta(t, 2.0/252, *c.PValue, 1e-12)
	require.Equal(t, stats.AFaster, c.Verdict)

	kept := c.Adjusted(*c.PValue * 3)
	assert.Equal(t, stats.AFaster, kept.Verdict)
	assert.Greater(t, *kept.SmallestRatio, *c.SmallestRatio, "less of the level is left")
	lost := c.Adjusted(*c.PValue * 10)
	assert.Equal(t, stats.Inconclusive, lost.Verdict)
	assert.Positive(t, *lost.Needed)
	assert.Nil(t, c.AdjustedPValue, "the comparison itself stays")
}

// Equal sides must be told apart no more often than Alpha says, and intervals must hold the
// truth as often as they claim, whether times scatter evenly or with a long tail as
// latencies do.
func TestFalsePositives(t *testing.T) {
	t.Parallel()
	const rounds = 1000
	normal := func(r *rand.Rand) float64 { return 100 + 10*r.NormFloat64() }
	lognormal := func(r *rand.Rand) float64 { return 100 * math.Exp(0.5*r.NormFloat64()) }
	for _, tt := range []struct {
		name   string
		draw   func(*rand.Rand) float64
		na, nb int
	}{
		{"normal, 4 each", normal, 4, 4},
		{"normal, 10 each", normal, 10, 10},
		{"normal, 5 and 30", normal, 5, 30},
		{"lognormal, 10 each", lognormal, 10, 10},
		{"lognormal, 50 each", lognormal, 50, 50},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, uint64(tt.na*100+tt.nb)))
			found := 0
			for range rounds {
				c := stats.Compare(sample(r, tt.draw, tt.na), sample(r, tt.draw, tt.nb), stats.Options{})
				found += count(c.Verdict != stats.Inconclusive)
			}
			assert.LessOrEqual(t, share(found, rounds), 0.06, "false positives")
		})
	}
}

// A difference that is there must be found.
func TestPower(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	found := 0
	const rounds = 300
	for range rounds {
		a := sample(r, func(r *rand.Rand) float64 { return 100 + 10*r.NormFloat64() }, 10)
		b := sample(r, func(r *rand.Rand) float64 { return 145 + 10*r.NormFloat64() }, 10)
		found += count(stats.Compare(a, b, stats.Options{}).Verdict == stats.AFaster)
	}
	assert.Equal(t, rounds, found)
}

// One measurement that is far from all others must not decide which side is called faster.
func TestOneStallDecidesNothing(t *testing.T) {
	t.Parallel()
	for name, stall := range map[string]struct{ a, b float64 }{
		"in one pair":         {290, 100},
		"huge in one pair":    {10_000, 3000},
		"huge on one side":    {10_000, 1.25},
		"the same in one":     {290, 290},
		"the other way round": {100, 290},
	} {
		for _, paired := range []bool{true, false} {
			r := rand.New(rand.NewPCG(1, 2))
			a := sample(r, func(r *rand.Rand) float64 { return 1 + 0.02*r.NormFloat64() }, 30)
			b := sample(r, func(r *rand.Rand) float64 { return 1.25 + 0.02*r.NormFloat64() }, 30)
			a[7], b[7] = stall.a, stall.b
			c := stats.Compare(a, b, stats.Options{Paired: paired})
			assert.NotEqual(t, stats.BFaster, c.Verdict, "%s, paired %t: %v", name, paired, c)
			if s := stats.CompareStability(a, b, stats.Options{Paired: paired}); s != nil {
				assert.Nil(t, s.RatioCI95, "%s, paired %t: one value is all there is of the scatter", name, paired)
			}
		}
	}
}
