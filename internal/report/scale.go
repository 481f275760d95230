package report

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/xk6-ollama/xk6-ollama/internal/report/chart"
	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// scale is the range of an axis. Values above high are drawn at its end, and counted.
type scale struct {
	low, high float64
	log       bool
}

// What makes an axis logarithmic or cuts it off, so that a few values do not press all others
// into one line.
const (
	farApart    = 15  // times: medians of two sides
	farOut      = 3   // times the fence: where a linear axis ends before the largest value
	mostBeyond  = 0.1 // of the values
	wideFence   = 4   // interquartile ranges above the third quartile
	widestRange = 1e9 // of a logarithmic axis
)

// scaleOf chooses an axis for the values of several sides, and for others that are to be seen
// beside them but choose no axis if there are sides. ok is false if there is no value.
func scaleOf(sides [][]float64, others []float64, fromZero bool) (s scale, ok bool) {
	sides = slices.DeleteFunc(slices.Clone(sides), func(values []float64) bool { return len(values) == 0 })
	if len(sides) == 0 {
		sides = [][]float64{others}
	}
	all := slices.Sorted(slices.Values(slices.Concat(sides...)))
	if len(all) == 0 {
		return scale{}, false
	}
	least, most := all[0], slices.Max(slices.Concat(all, others))
	fence, slowest, fastest := 0.0, 0.0, math.Inf(1)
	for _, side := range sides {
		sorted := slices.Sorted(slices.Values(side))
		q1, median, q3 := stats.Percentile(sorted, 0.25), stats.Percentile(sorted, 0.5), stats.Percentile(sorted, 0.75)
		fence = max(fence, q3+wideFence*(q3-q1), 2*median)
		slowest, fastest = max(slowest, median), min(fastest, median)
	}
	outside := 0
	for _, value := range all {
		outside += count(value > fence)
	}
	switch {
	case fastest > 0 && slowest > farApart*fastest,
		most > farOut*fence && float64(outside) > mostBeyond*float64(len(all)):
		return logScale(all, most), true
	case most > farOut*fence:
		most = fence
		for _, value := range all {
			if value <= 1.5*fence {
				most = max(most, value)
			}
		}
	}
	return linearScale(least, most, fromZero), true
}

func logScale(sorted []float64, most float64) scale {
	low := most / widestRange
	for _, value := range sorted {
		if value > 0 {
			low = max(low, value)
			break
		}
	}
	return scale{low: low * 0.8, high: most * 1.25, log: true}
}

func linearScale(least, most float64, fromZero bool) scale {
	span := most - least
	if span == 0 {
		span = math.Abs(most) / 2
	}
	if span == 0 {
		span = 1
	}
	s := scale{low: least - 0.06*span, high: most + 0.06*span}
	if fromZero || s.low < 0.35*s.high {
		s.low = min(0, least)
	}
	return s
}

// at is where a value is drawn.
func (s scale) at(value float64) float64 { return max(s.low, min(s.high, value)) }

// axis has about n marks, with labels.
func (s scale) axis(n int, label func(value, largest float64) string) chart.Axis {
	marks := chart.Linear(s.low, s.high, n)
	if s.log {
		marks = chart.Logarithmic(s.low, s.high, n+2)
	}
	axis := chart.Axis{Min: s.low, Max: s.high, Log: s.log}
	for _, mark := range marks {
		largest := s.high
		if s.log {
			largest = mark
		}
		axis.Ticks = append(axis.Ticks, chart.Tick{Value: mark, Label: label(mark, largest)})
	}
	return axis
}

// unit writes a time in the unit that suits the largest on its axis.
func (m *messages) unit(ms, largest float64) string {
	for _, unit := range []struct {
		ms   float64
		name string
	}{{1000, m.second}, {1, m.millisecond}, {1e-3, m.microsecond}} {
		if largest >= unit.ms {
			return round(ms/unit.ms) + unit.name
		}
	}
	return round(ms*1e6) + m.nanosecond
}

// round writes a round number of an axis, which floating point may have left next to one.
func round(x float64) string {
	const digits = 10
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', digits, 64), 64)
	if err != nil {
		rounded = x
	}
	return thousands(strconv.FormatFloat(rounded, 'f', -1, 64))
}

// thousands groups the digits of a number before its point by threes.
func thousands(digits string) string {
	whole, rest, found := strings.Cut(digits, ".")
	sign, whole := whole[:count(strings.HasPrefix(whole, "-"))], strings.TrimPrefix(whole, "-")
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "," + whole[at:]
	}
	if found {
		whole += "." + rest
	}
	return sign + whole
}
