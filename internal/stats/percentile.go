package stats

// Percentile returns the value below which the share p of the sorted values lies, interpolated
// as in a Summary; 0 if there is none.
func Percentile(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return percentile(sorted, p)
}
