package stats

import (
	"math"

	"github.com/xk6-ollama/xk6-ollama/internal/sketch"
)

// SummarizeSketch describes the values of a sketch. Its percentiles are the sketch's, to
// within sketch.Accuracy.
func SummarizeSketch(s *sketch.Sketch) Summary {
	if s.Count() == 0 {
		return Summary{}
	}
	summary := Summary{
		Count: s.Count(), Mean: s.Mean(), Min: s.Min(), Max: s.Max(),
		Med: s.Quantile(0.5), P90: s.Quantile(0.9), P95: s.Quantile(0.95), P99: s.Quantile(0.99),
		Unsupported: unsupported(s.Count()),
	}
	if deviation, ok := s.StdDev(); ok {
		summary.StdDev = &deviation
		summary.CI95 = around(s.Mean(), deviation/math.Sqrt(float64(s.Count())), float64(s.Count()-1))
	}
	return summary
}
