package stats_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// Where there is nothing to resample, and where there is no need to, the intervals are Student's
// and Welch's. R 4.2.2: t.test(b, a, paired = ...)$conf.int.
func TestIntervalsWithoutBootstrap(t *testing.T) {
	t.Parallel()
	fewA, fewB := []float64{100, 104, 98, 101}, []float64{118, 125, 120, 124}
	var manyA, manyB []float64 // i = 1:3000; a = 100 + 10*sin(i); b = 101 + 12*sin(i^2)
	for i := 1; i <= 3000; i++ {
		x := float64(i)
		manyA, manyB = append(manyA, 100+10*math.Sin(x)), append(manyB, 101+12*math.Sin(x*x))
	}
	for _, tt := range []struct {
		name   string
		a, b   []float64
		paired bool
		want   stats.Interval
	}{
		{"few", fewA, fewB, false, stats.Interval{15.8386897266311, 26.1613102733689}},
		{"few pairs", fewA, fewB, true, stats.Interval{17.5625651181417, 24.4374348818583}},
		{"many", manyA, manyB, false, stats.Interval{0.633208413670386, 1.429176397293590}},
		{"many pairs", manyA, manyB, true, stats.Interval{0.633133054239738, 1.429251756724258}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := stats.Compare(tt.a, tt.b, stats.Options{Paired: tt.paired})
			assert.InDeltaSlice(t, tt.want[:], c.DifferenceCI95[:], 1e-9)
		})
	}
}

// Of the delta method by hand: the squared relative errors of the means, 1/(3·100) and 1/(3·400),
// have 2.94 degrees of freedom together, and Student's quantile is between those of 3 and 2.
func TestRatioIntervalByHand(t *testing.T) {
	t.Parallel()
	c := stats.Compare([]float64{9, 10, 11}, []float64{19, 20, 21}, stats.Options{})
	se := math.Sqrt(1.0/300 + 1.0/1200)
	assert.InDelta(t, 2, *c.Ratio, 1e-12)
	assert.InDelta(t, 4, c.RatioCI95[0]*c.RatioCI95[1], 1e-9, "symmetric around the logarithm")
	quantile := math.Log(c.RatioCI95[1]/2) / se
	assert.Greater(t, quantile, 3.1824)
	assert.Less(t, quantile, 4.3027)
}

// The bootstrap is random, but the same data and seed give the same interval, in whatever order
// the requests came, and another seed one nearly as wide.
func TestIntervalsAreRepeatable(t *testing.T) {
	t.Parallel()
	a, b := waves(20)
	first := stats.Compare(a, b, stats.Options{Seed: 7})
	shuffled := slices.Clone(a)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) {
		shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
	})
	assert.Equal(t, first, stats.Compare(shuffled, b, stats.Options{Seed: 7}))

	other := stats.Compare(a, b, stats.Options{Seed: 8})
	assert.NotEqual(t, *first.RatioCI95, *other.RatioCI95)
	assert.InDelta(t, first.RatioCI95[0], other.RatioCI95[0], 0.005)
	assert.InDelta(t, first.RatioCI95[1], other.RatioCI95[1], 0.005)
}

// Whichever side is called a, the intervals are the same, the other way round.
func TestSidesSwapped(t *testing.T) {
	t.Parallel()
	a, b := waves(15)
	for _, paired := range []bool{false, true} {
		there := stats.Compare(a, b, stats.Options{Paired: paired})
		back := stats.Compare(b, a, stats.Options{Paired: paired})
		assert.InDelta(t, there.DifferenceCI95[0], -back.DifferenceCI95[1], 1e-12)
		assert.InDelta(t, there.RatioCI95[0], 1/back.RatioCI95[1], 1e-12)
		assert.InDelta(t, *there.SmallestRatio, *back.SmallestRatio, 1e-12)
		assert.Equal(t, *there.Needed, *back.Needed)
		rates := stats.Compare(a, b, stats.Options{Paired: paired, Better: stats.HigherIsBetter})
		assert.InDelta(t, there.RatioCI95[0], 1/rates.RatioCI95[1], 1e-12)

		steady := stats.CompareStability(a, b, stats.Options{Paired: paired})
		unsteady := stats.CompareStability(b, a, stats.Options{Paired: paired})
		assert.InDelta(t, steady.RatioCI95[0], 1/unsteady.RatioCI95[1], 1e-12)
		assert.True(t, steady.RatioCI95.Contains(steady.Ratio))
	}
}

// Prompts that cost different amounts drown a difference, unless they are compared in pairs.
func TestPairsTellMore(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 3))
	var a, b []float64
	for range 20 {
		prompt := math.Exp(r.NormFloat64())
		a = append(a, 100*prompt*(1+0.05*r.NormFloat64()))
		b = append(b, 120*prompt*(1+0.05*r.NormFloat64()))
	}
	unpaired, paired := stats.Compare(a, b, stats.Options{}), stats.Compare(a, b, stats.Options{Paired: true})
	assert.Equal(t, stats.Inconclusive, unpaired.Verdict)
	assert.Equal(t, stats.AFaster, paired.Verdict)
	assert.Less(t, width(paired.RatioCI95), width(unpaired.RatioCI95)/5)
	assert.Less(t, *paired.SmallestRatio, *unpaired.SmallestRatio)
	assert.Greater(t, *unpaired.Needed, 100)
}

func width(i *stats.Interval) float64 { return i[1] - i[0] }

// An interval holds the truth in 95 of 100, whatever the noise is like. docs/statistics.md has
// more kinds of noise, and more rounds of each; BenchmarkComparisons repeats them.
func TestCoverage(t *testing.T) {
	t.Parallel()
	const rounds = 500
	for _, design := range designs()[:2] {
		for _, noise := range []noise{noises()[0], lognormalNoise(0.3), bimodalNoise(0.8, 1.4, 0.03)} {
			for _, n := range []int{10, 30} {
				t.Run(design.name+" "+noise.name, func(t *testing.T) {
					t.Parallel()
					r := rand.New(rand.NewPCG(uint64(n), 9))
					ratio, difference := 0, 0
					for range rounds {
						a, b := design.sides(r, noise.draw, n, 0.2)
						c := stats.Compare(a, b, stats.Options{Paired: design.paired})
						ratio += count(c.RatioCI95.Contains(1.2))
						difference += count(c.DifferenceCI95.Contains(0.2))
					}
					assert.InDelta(t, 0.95, share(ratio, rounds), 0.025)
					assert.InDelta(t, 0.95, share(difference, rounds), 0.025)
				})
			}
		}
	}
}

// So does that of the ratio of standard deviations.
func TestStabilityCoverage(t *testing.T) {
	t.Parallel()
	const rounds, twice = 500, 2
	for _, noise := range []noise{noises()[0], lognormalNoise(0.3)} {
		r := rand.New(rand.NewPCG(4, 4))
		held, told := 0, 0
		for range rounds {
			a, b := designs()[0].sides(r, noise.draw, 20, 0)
			for i := range b {
				b[i] *= twice
			}
			s := stats.CompareStability(a, b, stats.Options{})
			require.NotNil(t, s)
			if s.RatioCI95 == nil {
				continue // a single value makes up most of a side's scatter
			}
			told++
			held += count(s.RatioCI95.Contains(twice))
		}
		assert.Greater(t, share(told, rounds), 0.9, noise.name)
		assert.InDelta(t, 0.95, share(held, told), 0.025, noise.name)
	}
}

func TestStabilityEdges(t *testing.T) {
	t.Parallel()
	constant, varied := []float64{5, 5, 5, 5, 5, 5}, []float64{4, 5, 6, 4, 5, 6}
	assert.Nil(t, stats.CompareStability(constant, varied, stats.Options{}))
	assert.Nil(t, stats.CompareStability(varied, nil, stats.Options{}))
	few := stats.CompareStability(varied[:3], []float64{8, 10, 12}, stats.Options{})
	assert.InDelta(t, 2, few.Ratio, 1e-12)
	assert.Nil(t, few.RatioCI95, "three values tell next to nothing of their scatter")
	assert.InDelta(t, 1, stats.CompareStability(varied, varied, stats.Options{}).Ratio, 1e-12)
}
