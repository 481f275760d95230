package stats_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

func TestOutliers(t *testing.T) {
	t.Parallel()
	usual := func(n int) []float64 { return typical(n, 100, 5) }
	for _, tt := range []struct {
		name   string
		values []float64
		want   []int
	}{
		{"one far above", append(usual(20), 300), []int{20}},
		{"one far below", append([]float64{1}, usual(20)...), []int{0}},
		{"in the order of the requests", append(append([]float64{500}, usual(30)...), 2, 400), []int{0, 31, 32}},
		{"none", usual(50), nil},
		{"far, but of no consequence", append(typical(20, 100, 0.1), 103), nil},
		{"too few to tell", append(usual(8), 300), nil},
		{"so many are no outliers", append(usual(16), 300, 310, 290, 305), nil},
		{"what is no measurement is none", append(usual(20), math.NaN(), math.Inf(1)), nil},
		{"of no variation at all", append(make([]float64, 20), 5), []int{20}},
		{"a value of 0 has no logarithm", append(usual(20), 0, 300), []int{20, 21}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, stats.Outliers(tt.values))
		})
	}
}

// A heap takes the place of outliers, but hides none beyond it.
func TestOutliersBeyondAHeap(t *testing.T) {
	t.Parallel()
	values := append(typical(80, 100, 2), typical(20, 200, 2)...)
	assert.Empty(t, stats.Outliers(values))
	assert.Equal(t, []int{100}, stats.Outliers(append(values, 2000)))
}

// R 4.2.2, package diptest 0.76: dip(x).
func TestDip(t *testing.T) {
	t.Parallel()
	jumps, waves, quantiles := make([]float64, 100), make([]float64, 100), typical(100, 0, 1)
	for i := range jumps {
		k := float64(i + 1)
		waves[i] = 100 + 10*math.Sin(k)
		jumps[i] = waves[i]
		if (i+1)%3 == 0 {
			jumps[i] += 40
		}
	}
	var long, apart []float64
	for i := 1.0; i <= 300; i++ {
		long = append(long, math.Exp(2*math.Sin(i)))
	}
	for i := 1.0; i <= 20; i++ {
		apart = append(apart, i*i)
	}
	for i := 1.0; i <= 40; i++ {
		apart = append(apart, 1000+math.Pow(i, 1.5))
	}
	for _, tt := range []struct {
		name   string
		values []float64
		dip    float64
		found  bool
	}{
		{"ifelse(1:100 %% 3 == 0, 40, 0) + 100 + 10*sin(1:100)", jumps, 0.0825444283537095, true},
		{"100 + 10*sin(1:100)", waves, 0.0694427080444584, true},
		{"qnorm((1:100 - 0.5)/100)", quantiles, 0.005, false},
		{"exp(2*sin(1:300))", long, 0.0282576509253712, false},
		{"c((1:20)^2, 1000 + (1:40)^1.5)", apart, 0.100166666666667, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			modes := stats.ModesOf(tt.values)
			require.NotNil(t, modes)
			assert.InDelta(t, tt.dip, modes.Dip, 1e-12)
			assert.Equal(t, tt.found, modes.Found)
		})
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	two := stats.ModesOf(append(typical(20, 200, 4), typical(30, 100, 4)...))
	require.NotNil(t, two)
	assert.True(t, two.Found)
	assert.InDelta(t, 100, two.Low, 1e-9)
	assert.InDelta(t, 200, two.High, 1e-9)
	assert.InDelta(t, 0.6, two.LowShare, 1e-12)

	fast := stats.ModesOf(append(typical(5, 60, 1), typical(35, 100, 2)...))
	assert.True(t, fast.Found, "a small heap, which the dip test by itself misses")
	assert.InDelta(t, 60, fast.Low, 1e-9)

	assert.False(t, stats.ModesOf(append(typical(30, 100, 0.1), typical(30, 102, 0.1)...)).Found, "of no consequence")

	assert.Nil(t, stats.ModesOf(typical(19, 100, 5)), "nineteen can't tell")
	coarse := make([]float64, 100)
	for i := range coarse {
		coarse[i] = float64(i / 10)
	}
	assert.Nil(t, stats.ModesOf(coarse), "between the lines of a grid there is always a gap")
}
