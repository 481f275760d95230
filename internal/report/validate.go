package report

import (
	"fmt"
	"math"

	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// Validate returns an error, in one line, if the results hold figures that no run has: what was
// edited by hand, or by another tool.
func (r *Results) Validate() error {
	for i := range r.Series {
		if problem := r.Series[i].problem(); problem != "" {
			return fmt.Errorf("%w: series %d (%s - %s) has %s", ErrSchema, i+1,
				plain(r.Series[i].Target), plain(r.Series[i].Model), problem)
		}
	}
	for _, c := range r.Comparisons {
		for _, value := range c.figures() {
			if value != nil && !measurable(*value) {
				return fmt.Errorf("%w: the comparison of %s and %s has a figure of %g", ErrSchema, plain(c.A), plain(c.B), *value)
			}
		}
	}
	return nil
}

// problem says what no series has, "" if there is nothing.
func (s *Series) problem() string {
	switch {
	case s.Requests < 0 || s.Succeeded < 0 || s.Succeeded > s.Requests:
		return fmt.Sprintf("%d of %d requests succeeded", s.Succeeded, s.Requests)
	case s.Requests > mostRequests:
		return fmt.Sprintf("%d requests", s.Requests)
	case !(s.SuccessRate >= 0 && s.SuccessRate <= 1):
		return fmt.Sprintf("a success_rate of %g", s.SuccessRate)
	}
	for _, rate := range []*float64{s.RequestsPerSecond, s.OutputTokensPerSecond} {
		if rate != nil && !measurable(*rate) {
			return fmt.Sprintf("a rate of %g", *rate)
		}
	}
	for metric, summary := range s.Metrics {
		if !sound(summary) {
			return fmt.Sprintf("a %q that can't be measured", plain(string(metric)))
		}
	}
	return ""
}

// mostRequests is more than a run can have.
const mostRequests = 1e9

// figures are those that gates can be about.
func (c *Comparison) figures() []*float64 {
	values := []*float64{c.StabilityRatio}
	if c.NetworkOverhead != nil {
		values = append(values, c.NetworkOverhead.Difference)
	}
	for _, one := range c.Metrics {
		values = append(values, one.Ratio, one.Difference)
	}
	return values
}

func sound(s stats.Summary) bool {
	for _, x := range []float64{s.Mean, s.Min, s.Med, s.P90, s.P95, s.P99, s.Max} {
		if !measurable(x) {
			return false
		}
	}
	return s.Count >= 0 && (s.StdDev == nil || measurable(*s.StdDev) && *s.StdDev >= 0)
}

// measurable says whether a figure can be one of measurements, as package stats takes them.
func measurable(x float64) bool { return math.Abs(x) <= 1e100 }
