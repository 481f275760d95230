package stats_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

func TestHolm(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ p, want []float64 }{
		"none":             {nil, []float64{}},
		"one stays":        {[]float64{0.03}, []float64{0.03}},
		"the order stays":  {[]float64{0.04, 0.01, 0.03}, []float64{0.06, 0.03, 0.06}},
		"never above 1":    {[]float64{0.9, 0.8}, []float64{1, 1}},
		"equal ones equal": {[]float64{0.02, 0.02}, []float64{0.04, 0.04}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.InDeltaSlice(t, test.want, stats.Holm(test.p), 1e-12)
		})
	}
}

// Of five equal servers there are ten pairs. Unadjusted, far more than one run in twenty
// would find one of them faster than another.
func TestManyEqualSides(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	const runs, sides, requests = 200, 5, 10
	found, unadjusted := 0, 0
	for range runs {
		samples := make([][]float64, sides)
		for s := range samples {
			for range requests {
				samples[s] = append(samples[s], 100+10*random.NormFloat64())
			}
		}
		var pairs []stats.Comparison
		var p []float64
		for b := range samples {
			for _, a := range samples[:b] {
				pairs = append(pairs, stats.Compare(a, samples[b], stats.Options{}))
				p = append(p, *pairs[len(pairs)-1].PValue)
			}
		}
		some, someUnadjusted := false, false
		for i, adjusted := range stats.Holm(p) {
			someUnadjusted = someUnadjusted || pairs[i].Verdict != stats.Inconclusive
			some = some || pairs[i].Adjusted(adjusted).Verdict != stats.Inconclusive
		}
		if some {
			found++
		}
		if someUnadjusted {
			unadjusted++
		}
	}
	assert.LessOrEqual(t, float64(found)/runs, 0.06)
	require.Greater(t, float64(unadjusted)/runs, 0.15, "or there would be nothing to adjust")
}
