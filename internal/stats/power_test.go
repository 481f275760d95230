package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// typical is a sample of n whose mean and standard deviation are exactly those.
func typical(n int, mean, deviation float64) []float64 {
	values := make([]float64, n)
	square := 0.0
	for i := range values {
		values[i] = distuv.UnitNormal.Quantile((float64(i) + 0.5) / float64(n))
		square += values[i] * values[i]
	}
	scale := deviation / math.Sqrt(square/float64(n-1))
	for i := range values {
		values[i] = mean + scale*values[i]
	}
	return values
}

// verdicts is in how many of so many tests a server was found slower that is so many times.
func verdicts(r *rand.Rand, n, rounds int, ratio float64, options stats.Options) float64 {
	found := 0
	for range rounds {
		a := sample(r, func(r *rand.Rand) float64 { return 100 + 10*r.NormFloat64() }, n)
		b := sample(r, func(r *rand.Rand) float64 { return 100*ratio + 10*r.NormFloat64() }, n)
		found += count(stats.Compare(a, b, options).Verdict == stats.AFaster)
	}
	return share(found, rounds)
}

// The smallest ratio that a test could have shown is shown in 80 of 100 tests.
func TestSmallestRatio(t *testing.T) {
	t.Parallel()
	for _, paired := range []bool{false, true} {
		for _, n := range []int{10, 30} {
			options := stats.Options{Paired: paired}
			r := rand.New(rand.NewPCG(uint64(n), 6))
			var told []float64
			for range 101 {
				a, b := designs()[0].sides(r, noises()[0].draw, n, 0)
				told = append(told, *stats.Compare(a, b, options).SmallestRatio)
			}
			ratio := stats.Summarize(told).Med
			power := verdicts(r, n, 500, ratio, options)
			assert.InDelta(t, 0.8, power, 0.06, "%d requests, paired: %t, ratio %g", n, paired, ratio)
		}
	}
}

// With as many requests as were said to be needed, the difference is shown in 80 of 100 tests.
func TestNeeded(t *testing.T) {
	t.Parallel()
	c := stats.Compare(typical(10, 100, 10), typical(10, 106, 10), stats.Options{})
	require.Equal(t, stats.Inconclusive, c.Verdict)
	// 2·(1.96 + 0.84)²·(0.1/ln(1.06))²·π/3, a little more for Student's t.
	assert.InDelta(t, 48, *c.Needed, 5)
	power := verdicts(rand.New(rand.NewPCG(2, 6)), *c.Needed, 500, 1.06, stats.Options{})
	assert.InDelta(t, 0.8, power, 0.06)

	assert.Nil(t, stats.Compare(typical(10, 100, 10), typical(10, 160, 10), stats.Options{}).Needed, "it was shown")
	assert.Nil(t, stats.Compare(typical(10, 100, 10), typical(10, 100, 10), stats.Options{}).Needed, "there is none")
	assert.Nil(t, stats.Compare(typical(10, 100, 10), typical(10, 100.01, 10), stats.Options{}).Needed,
		"beyond what anybody measures")
}
