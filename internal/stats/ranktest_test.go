package stats_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

func TestRankTests(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		a, b   []float64
		paired bool
		p      float64
	}{
		// Hollander and Wolfe (1973), pages 69 and 29, the examples of R's wilcox.test; R 4.2.2.
		{
			"permeability of the human chorioamnion",
			[]float64{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46},
			[]float64{1.15, 0.88, 0.90, 0.74, 1.21},
			false, 0.254412254412254,
		},
		{
			"depression scale",
			[]float64{1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30},
			[]float64{0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29},
			true, 0.0390625,
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
