package report

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Threshold is what the script demanded of a metric of k6, and whether it held.
type Threshold struct {
	Metric    string `json:"metric"`    // with its tags, as the script names it
	Condition string `json:"condition"` // as in the script: p(95)<500
	OK        bool   `json:"ok"`
	// Value is what the condition is about, of durations in ms; absent where k6 does not tell.
	Value *float64 `json:"value,omitempty"`
}

// NewThreshold returns the threshold, given the metric's values by the names that they have
// in conditions.
func NewThreshold(metric, condition string, ok bool, values map[string]float64) Threshold {
	t := Threshold{Metric: metric, Condition: condition, OK: ok}
	name := condition
	if at := strings.IndexAny(condition, "<>=!"); at >= 0 {
		name = condition[:at]
	}
	if value, known := values[strings.TrimSpace(name)]; known && !math.IsNaN(value) && !math.IsInf(value, 0) {
		t.Value = &value
	}
	return t
}

// SortThresholds puts them in an order that is the same each time.
func SortThresholds(thresholds []Threshold) {
	slices.SortFunc(thresholds, func(a, b Threshold) int {
		return cmp.Or(strings.Compare(a.Metric, b.Metric), strings.Compare(a.Condition, b.Condition))
	})
}

func thresholdChecks(thresholds []Threshold) []Check {
	checks := make([]Check, 0, len(thresholds))
	for _, t := range thresholds {
		c := Check{Suite: "thresholds", Subject: t.Metric, Name: t.Condition, Outcome: Held}
		if !t.OK {
			c.Outcome, c.Message = Failed, t.Metric+": "+t.Condition+" did not hold"
			if t.Value != nil {
				c.Message += ", the value is " + strconv.FormatFloat(*t.Value, 'f', -1, 64)
			}
		}
		checks = append(checks, c)
	}
	return checks
}
