package stats_test

import (
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

// The interval reaches from the k-th smallest value to the k-th largest one; the greatest k
// with 2·P(X < k) ≤ 5 %, X binomial with n and 1/2, is in any table: 1 for 6, 2 for 10, 6 for
// 20, 10 for 30.
func TestMedianInterval(t *testing.T) {
	t.Parallel()
	for n, k := range map[int]int{6: 1, 9: 2, 10: 2, 20: 6, 30: 10} {
		s := stats.Summarize(count1to(n))
		require.NotNil(t, s.MedCI95, "n = %d", n)
		assert.Equal(t, stats.Interval{float64(k), float64(n + 1 - k)}, *s.MedCI95, "n = %d", n)
	}
	assert.Nil(t, stats.Summarize(count1to(5)).MedCI95, "the extremes of five hold the median too seldom")
}

func TestUnsupportedPercentiles(t *testing.T) {
	t.Parallel()
	for n, want := range map[int][]string{
		1: {"p90", "p95", "p99"}, 9: {"p90", "p95", "p99"}, 10: {"p95", "p99"}, 19: {"p95", "p99"},
		20: {"p99"}, 99: {"p99"}, 100: nil,
	} {
		assert.Equal(t, want, stats.Summarize(count1to(n)).Unsupported, "n = %d", n)
	}
}

func TestCoverageOfTheMean(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	mean, median := 0, 0
	const rounds = 6000
	for range rounds {
		s := stats.Summarize(sample(r, func(r *rand.Rand) float64 { return 100 + 10*r.NormFloat64() }, 10))
		mean += count(s.CI95.Contains(100))
		median += count(s.MedCI95.Contains(100))
	}
	assert.InDelta(t, 0.95, share(mean, rounds), 0.01)
	assert.GreaterOrEqual(t, share(median, rounds), 0.95, "no interval between values is nearer")
}

func count1to(n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = float64(i + 1)
	}
	return values
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
