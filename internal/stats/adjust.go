package stats

import (
	"cmp"
	"slices"
)

// Holm adjusts the p-values of tests that are made together, so that Alpha bounds how often
// any of them finds a difference where there is none: Holm (1979), "A simple sequentially
// rejective multiple test procedure", Scandinavian Journal of Statistics 6(2). The result is
// in the order of p.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	adjusted := make([]float64, len(p))
	least := 0.0
	for rank, i := range order {
		least = max(least, min(1, p[i]*float64(len(p)-rank)))
		adjusted[i] = least
	}
	return adjusted
}

// Adjusted returns the comparison, which has a PValue, as one of several made together,
// whose p-value came to p by that. It can lose its verdict, but win none. SmallestRatio and
// Needed are then those at the level that is left for this comparison.
func (c Comparison) Adjusted(p float64) Comparison {
	c.AdjustedPValue = &p
	c.decide()
	return c
}
