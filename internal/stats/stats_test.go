package stats_test

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

func TestSummarize(t *testing.T) {
	t.Parallel()
	values := []float64{4, 1, 3, 2, 10}
	s := stats.Summarize(values)

	assert.Equal(t, []float64{4, 1, 3, 2, 10}, values, "the caller's slice stays in its order")
	assert.Equal(t, 5, s.Count)
	assert.Equal(t, 4.0, s.Mean)
	assert.Equal(t, 1.0, s.Min)
	assert.Equal(t, 3.0, s.Med)
	assert.Equal(t, 10.0, s.Max)
	// Ranks 3.6, 3.8 and 3.96 between 4 and 10.
	assert.InDelta(t, 7.6, s.P90, 1e-12)
	assert.InDelta(t, 8.8, s.P95, 1e-12)
	assert.InDelta(t, 9.76, s.P99, 1e-12)
	assert.InDelta(t, math.Sqrt(50.0/4), *s.StdDev, 1e-12)
	// t(0.975, 4) = 2.7764451 in any table.
	half := 2.7764451052 * math.Sqrt(50.0/4) / math.Sqrt(5)
	assert.InDelta(t, 4-half, s.CI95[0], 1e-9)
	assert.InDelta(t, 4+half, s.CI95[1], 1e-9)
}

func TestSummarizeOfLittle(t *testing.T) {
	t.Parallel()
	assert.Equal(t, stats.Summary{}, stats.Summarize(nil))

	one := stats.Summarize([]float64{7})
	assert.Nil(t, one.StdDev)
	assert.Nil(t, one.CI95)
	for _, v := range []float64{one.Mean, one.Min, one.Med, one.P90, one.P95, one.P99, one.Max} {
		assert.Equal(t, 7.0, v)
	}
	text, err := json.Marshal(one)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "stddev")
	assert.NotContains(t, string(text), "ci95")

	equal := stats.Summarize([]float64{0.1, 0.1, 0.1})
	assert.Equal(t, 0.1, equal.Mean, "no rounding")
	assert.Zero(t, *equal.StdDev)
	assert.Equal(t, stats.Interval{0.1, 0.1}, *equal.CI95)
}

func TestSummarizeLeavesOutWhatIsNoMeasurement(t *testing.T) {
	t.Parallel()
	s := stats.Summarize([]float64{1, math.NaN(), 3, math.Inf(1), math.MaxFloat64})
	assert.Equal(t, 2, s.Count)
	assert.Equal(t, 2.0, s.Mean)
}

// The figures are those that R prints for t.test(extra ~ group, data = sleep), Student's own
// data, whose p-value is 0.07939 and whose interval is -3.3654832 to 0.2054832.
func TestCompareWithSleepData(t *testing.T) {
	t.Parallel()
	a := []float64{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0}
	b := []float64{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4}
	c := stats.Compare(a, b, stats.LowerIsBetter)

	assert.InDelta(t, 1.58, *c.Difference, 1e-12)
	assert.InDelta(t, 0.07939, *c.PValue, 1e-5)
	assert.InDelta(t, -0.2054832, c.DifferenceCI95[0], 1e-6)
	assert.InDelta(t, 3.3654832, c.DifferenceCI95[1], 1e-6)
	assert.InDelta(t, 2.33/0.75, *c.Ratio, 1e-12)
	assert.Equal(t, stats.Inconclusive, c.Verdict)
}

func TestCompareByHand(t *testing.T) {
	t.Parallel()
	a, b := []float64{9, 10, 11}, []float64{19, 20, 21}
	c := stats.Compare(a, b, stats.LowerIsBetter)

	// Equal variances of 1 and sizes of 3 give 4 degrees of freedom: t(0.975, 4) = 2.7764451.
	half := 2.7764451052 * math.Sqrt(2.0/3)
	assert.InDelta(t, 10-half, c.DifferenceCI95[0], 1e-8)
	assert.InDelta(t, 10+half, c.DifferenceCI95[1], 1e-8)
	assert.InDelta(t, 10*(1-3.0/15), *c.EffectSize, 1e-12)

	// The log ratio's errors: 1/(3·100) and 1/(3·400) have 2.94 degrees of freedom.
	se := math.Sqrt(1.0/300 + 1.0/1200)
	assert.InDelta(t, 2, *c.Ratio, 1e-12)
	assert.InDelta(t, 4, c.RatioCI95[0]*c.RatioCI95[1], 1e-9, "symmetric around the logarithm")
	quantile := math.Log(c.RatioCI95[1]/2) / se
	assert.Greater(t, quantile, 3.1824, "t at 3 degrees of freedom")
	assert.Less(t, quantile, 4.3027, "t at 2 degrees of freedom")
	assert.Equal(t, stats.AFaster, c.Verdict)
}

func TestCompareDirections(t *testing.T) {
	t.Parallel()
	small, large := []float64{9, 10, 11}, []float64{19, 20, 21}
	for _, tt := range []struct {
		name    string
		a, b    []float64
		better  stats.Better
		ratio   float64
		sign    float64
		verdict stats.Verdict
	}{
		{"a takes less time", small, large, stats.LowerIsBetter, 2, 1, stats.AFaster},
		{"b takes less time", large, small, stats.LowerIsBetter, 0.5, -1, stats.BFaster},
		{"a has the higher rate", large, small, stats.HigherIsBetter, 2, -1, stats.AFaster},
		{"b has the higher rate", small, large, stats.HigherIsBetter, 0.5, 1, stats.BFaster},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := stats.Compare(tt.a, tt.b, tt.better)
			assert.InDelta(t, tt.ratio, *c.Ratio, 1e-12)
			assert.InDelta(t, 10*tt.sign, *c.Difference, 1e-12)
			assert.Positive(t, *c.EffectSize*tt.sign)
			assert.Equal(t, tt.verdict, c.Verdict)
			assert.False(t, c.RatioCI95.Contains(1))
			assert.False(t, c.DifferenceCI95.Contains(0))
		})
	}
}

func TestCompareEdges(t *testing.T) {
	t.Parallel()
	absent := stats.Comparison{Verdict: stats.Inconclusive}
	assert.Equal(t, absent, stats.Compare(nil, []float64{1, 2, 3}, stats.LowerIsBetter))
	assert.Equal(t, absent, stats.Compare([]float64{1, 2, 3}, nil, stats.LowerIsBetter))

	t.Run("one value a side has means only", func(t *testing.T) {
		t.Parallel()
		c := stats.Compare([]float64{1}, []float64{2}, stats.LowerIsBetter)
		assert.Equal(t, 2.0, *c.Ratio)
		assert.Equal(t, 1.0, *c.Difference)
		assert.Nil(t, c.PValue)
		assert.Nil(t, c.RatioCI95)
		assert.Nil(t, c.DifferenceCI95)
		assert.Nil(t, c.EffectSize)
		assert.Equal(t, stats.Inconclusive, c.Verdict)
	})
	t.Run("two values a side are too few for a verdict", func(t *testing.T) {
		t.Parallel()
		c := stats.Compare([]float64{1, 1.001}, []float64{900, 900.001}, stats.LowerIsBetter)
		assert.Less(t, *c.PValue, stats.Alpha)
		assert.Equal(t, stats.Inconclusive, c.Verdict)
	})
	t.Run("the same constant", func(t *testing.T) {
		t.Parallel()
		c := stats.Compare([]float64{0.1, 0.1, 0.1}, []float64{0.1, 0.1, 0.1, 0.1}, stats.LowerIsBetter)
		assert.Equal(t, 1.0, *c.Ratio)
		assert.Equal(t, stats.Interval{1, 1}, *c.RatioCI95)
		assert.Equal(t, stats.Interval{0, 0}, *c.DifferenceCI95)
		assert.Equal(t, 1.0, *c.PValue)
		assert.Zero(t, *c.EffectSize)
		assert.Equal(t, stats.Inconclusive, c.Verdict)
	})
	t.Run("two constants", func(t *testing.T) {
		t.Parallel()
		c := stats.Compare([]float64{10, 10, 10}, []float64{15, 15, 15}, stats.LowerIsBetter)
		assert.Equal(t, stats.Interval{1.5, 1.5}, *c.RatioCI95)
		assert.Zero(t, *c.PValue)
		assert.Nil(t, c.EffectSize, "infinitely many standard deviations")
		assert.Equal(t, stats.AFaster, c.Verdict)
	})
	t.Run("one side without variance", func(t *testing.T) {
		t.Parallel()
		c := stats.Compare([]float64{10, 10, 10}, []float64{14, 15, 16}, stats.LowerIsBetter)
		// One side's 2 degrees of freedom: t(0.975, 2) = 4.3026527.
		assert.InDelta(t, 5+4.3026527297*math.Sqrt(1.0/3), c.DifferenceCI95[1], 1e-8)
		assert.Equal(t, stats.AFaster, c.Verdict)
	})
	t.Run("a mean of zero has no ratio, and no verdict", func(t *testing.T) {
		t.Parallel()
		c := stats.Compare([]float64{0, 0, 0}, []float64{1, 2, 3}, stats.LowerIsBetter)
		assert.Nil(t, c.Ratio)
		assert.Nil(t, c.RatioCI95)
		assert.Equal(t, 2.0, *c.Difference)
		assert.Equal(t, stats.Inconclusive, c.Verdict)
	})
	t.Run("negative means have no ratio", func(t *testing.T) {
		t.Parallel()
		assert.Nil(t, stats.Compare([]float64{-1, -2}, []float64{1, 2}, stats.LowerIsBetter).Ratio)
	})
}

// Equal sides must be told apart no more often than Alpha says, and intervals must hold the
// truth as often as they claim, whether times scatter evenly or with a long tail as
// latencies do.
func TestFalsePositives(t *testing.T) {
	t.Parallel()
	const rounds = 6000
	normal := func(r *rand.Rand) float64 { return 100 + 10*r.NormFloat64() }
	lognormal := func(r *rand.Rand) float64 { return 100 * math.Exp(0.5*r.NormFloat64()) }
	for _, tt := range []struct {
		name   string
		draw   func(*rand.Rand) float64
		truth  float64
		na, nb int
	}{
		{"normal, 3 each", normal, 100, 3, 3},
		{"normal, 10 each", normal, 100, 10, 10},
		{"normal, 5 and 30", normal, 100, 5, 30},
		{"lognormal, 3 each", lognormal, 100 * math.Exp(0.125), 3, 3},
		{"lognormal, 10 each", lognormal, 100 * math.Exp(0.125), 10, 10},
		{"lognormal, 50 each", lognormal, 100 * math.Exp(0.125), 50, 50},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, uint64(tt.na*100+tt.nb)))
			var found, difference, ratio int
			for range rounds {
				c := stats.Compare(sample(r, tt.draw, tt.na), sample(r, tt.draw, tt.nb), stats.LowerIsBetter)
				found += count(c.Verdict != stats.Inconclusive)
				difference += count(c.DifferenceCI95.Contains(0))
				ratio += count(c.RatioCI95.Contains(1))
			}
			assert.LessOrEqual(t, share(found, rounds), 0.06, "false positives")
			assert.InDelta(t, 0.955, share(difference, rounds), 0.025, "coverage of the difference")
			assert.InDelta(t, 0.955, share(ratio, rounds), 0.025, "coverage of the ratio")
		})
	}
}

func TestCoverageOfTheMean(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	covered := 0
	const rounds = 6000
	for range rounds {
		s := stats.Summarize(sample(r, func(r *rand.Rand) float64 { return 100 + 10*r.NormFloat64() }, 10))
		covered += count(s.CI95.Contains(100))
	}
	assert.InDelta(t, 0.95, share(covered, rounds), 0.01)
}

// A difference that is there must be found.
func TestPower(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	found := 0
	const rounds = 2000
	for range rounds {
		a := sample(r, func(r *rand.Rand) float64 { return 100 + 10*r.NormFloat64() }, 10)
		b := sample(r, func(r *rand.Rand) float64 { return 145 + 10*r.NormFloat64() }, 10)
		found += count(stats.Compare(a, b, stats.LowerIsBetter).Verdict == stats.AFaster)
	}
	assert.Equal(t, rounds, found)
}

func sample(r *rand.Rand, draw func(*rand.Rand) float64, n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = draw(r)
	}
	return values
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func share(n, of int) float64 { return float64(n) / float64(of) }

// Whatever the values are, every figure is one that JSON can hold, and they agree.
func FuzzCompare(f *testing.F) {
	f.Add([]byte{}, []byte{}, false)
	f.Add(floats(1, 1, 1), floats(2, 2, 2), true)
	f.Add(floats(0, 0, math.NaN()), floats(math.Inf(1), -1, 5), false)
	f.Add(floats(math.MaxFloat64, -math.MaxFloat64, 5e-324), floats(5e-324, 5e-324, 1e-323), true)
	f.Add(floats(1e100, 1e-300, 3), floats(1, math.Nextafter(1, 2), 1), false)
	f.Fuzz(func(t *testing.T, rawA, rawB []byte, higher bool) {
		a, b := parse(rawA), parse(rawB)
		better := stats.LowerIsBetter
		if higher {
			better = stats.HigherIsBetter
		}
		c := stats.Compare(a, b, better)
		_, err := json.Marshal([]any{c, stats.Summarize(a)}) // refuses NaN and infinities
		require.NoError(t, err)
		if c.PValue != nil {
			assert.True(t, *c.PValue >= 0 && *c.PValue <= 1, "p %g", *c.PValue)
		}
		if c.RatioCI95 != nil {
			assert.True(t, c.RatioCI95.Contains(*c.Ratio), "%v", c)
		}
		if s := stats.Summarize(a); s.Count > 0 {
			assert.True(t, s.Min <= s.Med && s.Med <= s.P90 && s.P90 <= s.P99 && s.P99 <= s.Max, "%v", s)
		}
		mirrored := stats.Compare(b, a, better)
		opposite := map[stats.Verdict]stats.Verdict{
			stats.AFaster: stats.BFaster, stats.BFaster: stats.AFaster, stats.Inconclusive: stats.Inconclusive,
		}
		assert.Equal(t, opposite[c.Verdict], mirrored.Verdict, "sides %v and %v", a, b)
	})
}

func floats(values ...float64) []byte {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
	}
	return raw
}

func parse(raw []byte) []float64 {
	var values []float64
	for ; len(raw) >= 8; raw = raw[8:] {
		values = append(values, math.Float64frombits(binary.LittleEndian.Uint64(raw)))
	}
	return values
}
