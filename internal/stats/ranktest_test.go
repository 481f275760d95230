package stats_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// waves are two sides without ties, which R has by
//
//	i = 1:n; a = 100 + 10*sin(i); b = 103 + 10*sin(i^2)
func waves(n int) (a, b []float64) {
	for i := 1; i <= n; i++ {
		x := float64(i)
		a, b = append(a, 100+10*math.Sin(x)), append(b, 103+10*math.Sin(x*x))
	}
	return a, b
}

// Ozone in New York in May and in August 1973; R's data set airquality.
var (
	ozoneMay = []float64{
		41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45, 115, 37,
	}
	ozoneAugust = []float64{
		39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76, 118, 84, 85,
	}
)

func TestRankTests(t *testing.T) {
	t.Parallel()
	a, b := waves(60)
	for _, tt := range []struct {
		name   string
		a, b   []float64
		paired bool
		p      float64 // R 4.2.2: wilcox.test(a, b, paired = ...)$p.value, unless noted
	}{
		// Hollander and Wolfe (1973), pages 69 and 29: the examples of R's documentation.
		{
			"exact",
			[]float64{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46},
			[]float64{1.15, 0.88, 0.90, 0.74, 1.21},
			false, 0.254412254412254,
		},
		{
			"exact, paired",
			[]float64{1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30},
			[]float64{0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29},
			true, 0.0390625,
		},
		{"exact, 20 and 30", a[:20], b[:30], false, 0.473343928759917},
		{"exact, 40 pairs", a[:40], b[:40], true, 0.685015902603482},
		{"many", a, b, false, 0.0505691492322361},
		{"many, of unequal size", a[:30], b, false, 0.0861397931907437},
		{"many pairs", a, b, true, 0.0911259708669639},
		{"many with ties", ozoneMay, ozoneAugust, false, 0.000120807830768774},
		{"pairs with ties and a difference of 0", sleepA, sleepB, true, 0.00909069801592506},
		// R has no exact test with ties. SciPy 1.10.1 and NumPy: the share of all 184 756 ways to
		// choose 10 of the 20 values whose U is as small, twice.
		{"exact with ties", sleepA, sleepB, false, 0.0658165364047717},
		// Likewise, of 210 ways.
		{
			"exact with ties, of unequal size",
			[]float64{1, 2, 2, 3, 3, 3},
			[]float64{2, 3, 4, 4},
			false, 0.24761904761904763,
		},
		{"all are equal", []float64{3, 3, 3}, []float64{3, 3}, false, 1},
		{"all pairs are equal", []float64{1, 2, 3}, []float64{1, 2, 3}, true, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			options := stats.Options{Paired: tt.paired}
			assert.InDelta(t, tt.p, *stats.Compare(tt.a, tt.b, options).PValue, 1e-12)
			assert.InDelta(t, tt.p, *stats.Compare(tt.b, tt.a, options).PValue, 1e-12)
		})
	}
}

func TestMinMeasurements(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		paired   bool
		together int
		want     int
	}{
		{false, 1, 4}, // two of the 70 ways to choose 4 of 8: 0.029
		{false, 2, 5}, // two of the 252 ways to choose 5 of 10: 0.0079
		{false, 6, 5},
		{false, 7, 6},
		{true, 1, 6}, // two of 64 choices of signs: 0.031
		{true, 2, 7},
		{true, 0, 6},
	} {
		assert.Equal(t, tt.want, stats.MinMeasurements(tt.paired, tt.together), "%+v", tt)
	}
}

// With one measurement fewer no verdict can be, however far the sides are apart; with as many
// there is one.
func TestMinMeasurementsAreWhatAVerdictTakes(t *testing.T) {
	t.Parallel()
	for _, paired := range []bool{false, true} {
		for _, together := range []int{1, 4, 12} {
			least := stats.MinMeasurements(paired, together)
			for n, want := range map[int]stats.Verdict{least - 1: stats.Inconclusive, least: stats.AFaster} {
				c := stats.Compare(count1to(n), plus(count1to(n), 1000, 0.01), stats.Options{Paired: paired})
				adjusted := c.Adjusted(*c.PValue * float64(together))
				assert.Equal(t, want, adjusted.Verdict, "%d measurements, paired: %t, %d together", n, paired, together)
			}
		}
	}
}

// plus returns values + offset, stretched a little so that no two differences are equal.
func plus(values []float64, offset, stretch float64) []float64 {
	moved := make([]float64, len(values))
	for i, v := range values {
		moved[i] = v*(1+stretch) + offset
	}
	return moved
}
