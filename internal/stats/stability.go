package stats

import (
	"math"
)

// Stability is how much more one side scatters than another.
type Stability struct {
	// Ratio is b's sample standard deviation over a's.
	Ratio     float64   `json:"ratio"`
	RatioCI95 *Interval `json:"ratio_ci95,omitempty"`
}

// CompareStability compares the scatter of a and b. It is nil unless both scatter.
func CompareStability(a, b []float64, options Options) *Stability {
	if options.Paired {
		a, b = usablePairs(a, b)
	} else {
		a, b = usable(a), usable(b)
	}
	left, right := momentsOf(a), momentsOf(b)
	if left.variance == 0 || right.variance == 0 {
		return nil
	}
	ratio := finite(math.Sqrt(right.variance / left.variance))
	if ratio == nil {
		return nil
	}
	return &Stability{Ratio: *ratio}
}
