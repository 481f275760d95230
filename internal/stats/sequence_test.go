package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

func TestDrift(t *testing.T) {
	t.Parallel()
	d := stats.DriftOf([]float64{10, 11, 12, 13, 14, 20, 22, 24, 26, 28})
	require.NotNil(t, d)
	assert.InDelta(t, 2, d.Ratio, 1e-12, "the medians are 24 and 12")
	assert.InDelta(t, 2.0/252, d.PValue, 1e-12, "two of the ways to choose 5 of 10")
	assert.True(t, d.Found)

	odd := stats.DriftOf([]float64{10, 11, 12, 13, 14, 1000, 20, 22, 24, 26, 28})
	assert.InDelta(t, 2, odd.Ratio, 1e-12, "the one in the middle is of neither half")

	assert.Nil(t, stats.DriftOf(count1to(9)), "nine can't tell")
	assert.Nil(t, stats.DriftOf(make([]float64, 10)), "no median above 0, no ratio")
	slow := make([]float64, 1000) // by 1 %
	for i := range slow {
		slow[i] = 100 + float64(i)/1000
	}
	small := stats.DriftOf(slow)
	assert.Less(t, small.PValue, 1e-9)
	assert.False(t, small.Found, "certain, but of no consequence")
}

func TestAutocorrelation(t *testing.T) {
	t.Parallel()
	a, b := waves(100)
	// R 4.2.2: acf(rank(100 + 10*sin(1:100)))$acf[2]
	assert.InDelta(t, 0.521107110711071, stats.AutocorrelationOf(a).Lag1, 1e-12)
	var walk []float64 // acf(rank(cumsum(sin((1:50)^2))))$acf[2]
	sum := 0.0
	for i := 1.0; i <= 50; i++ {
		sum += math.Sin(i * i)
		walk = append(walk, sum)
	}
	found := stats.AutocorrelationOf(walk)
	assert.InDelta(t, 0.83608643457383, found.Lag1, 1e-12)
	assert.True(t, found.Found)
	assert.InDelta(t, math.Sqrt(1.83608643457383/0.16391356542617), found.Widening, 1e-9)
	assert.False(t, stats.AutocorrelationOf(b).Found, "the squares' sines jump about")

	assert.Nil(t, stats.AutocorrelationOf(count1to(19)))
	assert.Nil(t, stats.AutocorrelationOf(make([]float64, 30)), "all are equal")
	assert.Greater(t, stats.AutocorrelationOf(count1to(500)).Widening, 10.0)
}

// An interval that is as much wider as was said holds the truth again.
func TestWideningIsWhatItTakes(t *testing.T) {
	t.Parallel()
	const rounds = 400
	r := rand.New(rand.NewPCG(5, 5))
	as, widened := 0, 0
	for range rounds {
		values := dependent(r, 200, 0.5)
		s, a := stats.Summarize(values), stats.AutocorrelationOf(values)
		as += count(s.CI95.Contains(1))
		half := (s.CI95[1] - s.Mean) * a.Widening
		widened += count(math.Abs(s.Mean-1) <= half)
	}
	assert.Less(t, share(as, rounds), 0.85)
	assert.InDelta(t, 0.95, share(widened, rounds), 0.03)
}

// A warning that cries wolf is soon ignored: where there is nothing to be found, it may be found
// in 1 of 100 runs or so. BenchmarkWarnings has more.
func TestFalseAlarms(t *testing.T) {
	t.Parallel()
	const rounds = 500
	for _, noise := range []noise{noises()[0], lognormalNoise(0.5)} {
		for _, n := range []int{10, 30, 100} {
			t.Run(noise.name, func(t *testing.T) {
				t.Parallel()
				r := rand.New(rand.NewPCG(uint64(n), 8))
				var found findings
				for range rounds {
					found.add(findingsOf(sample(r, noise.draw, n)))
				}
				assert.LessOrEqual(t, share(found.drift, rounds), 0.025)
				assert.LessOrEqual(t, share(found.autocorrelation, rounds), 0.025)
				assert.LessOrEqual(t, share(found.outliers, rounds), 0.02)
				assert.LessOrEqual(t, share(found.modes, rounds), 0.01)
			})
		}
	}
}

// What is there, is found.
func TestAlarms(t *testing.T) {
	t.Parallel()
	const rounds, n = 200, 100
	r := rand.New(rand.NewPCG(8, 8))
	var drift, autocorrelation, outliers, modes findings
	for range rounds {
		drift.add(findingsOf(drifting(r, n, 0.2)))
		autocorrelation.add(findingsOf(dependent(r, n, 0.6)))
		modes.add(findingsOf(sample(r, bimodalNoise(0.8, 1.4, 0.03).draw, n)))
		slow := dependent(r, n, 0)
		slow[r.IntN(n)] *= 3
		outliers.add(findingsOf(slow))
	}
	assert.Greater(t, share(drift.drift, rounds), 0.85)
	assert.Greater(t, share(autocorrelation.autocorrelation, rounds), 0.95)
	assert.Greater(t, share(modes.modes, rounds), 0.95)
	assert.Greater(t, share(outliers.outliers, rounds), 0.98)
}
