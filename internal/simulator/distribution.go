package simulator

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// The shapes that a Distribution can have.
const (
	// Fixed gives the mean every time.
	Fixed = "fixed"
	// Normal has the standard deviation Spread × Mean; what would be negative is 0.
	Normal = "normal"
	// Lognormal has the arithmetic mean Mean, and Spread is the sigma of the logarithm.
	Lognormal = "lognormal"
)

// Distribution is a random duration. The zero value is always 0.
type Distribution struct {
	Shape  string        // Fixed, Normal or Lognormal; "" means Fixed
	Mean   time.Duration // not negative
	Spread float64       // without a unit, not negative; Fixed has none
}

// Exactly returns the distribution that always gives d.
func Exactly(d time.Duration) Distribution { return Distribution{Shape: Fixed, Mean: d} }

const distributionForms = `"20ms", "fixed:20ms", "normal:20ms,0.1" or "lognormal:20ms,0.3" (mean, spread)`

// ParseDistribution reads "20ms", "fixed:20ms", "normal:20ms,0.1" or
// "lognormal:20ms,0.3": the shape, the mean and the spread.
func ParseDistribution(text string) (Distribution, error) {
	shape, rest, hasShape := strings.Cut(text, ":")
	if !hasShape {
		shape, rest = Fixed, text
	}
	meanText, spreadText, hasSpread := strings.Cut(rest, ",")
	mean, err := time.ParseDuration(strings.TrimSpace(meanText))
	if err != nil {
		return Distribution{}, fmt.Errorf("distribution %q: no duration %q; expected %s", text, meanText, distributionForms)
	}
	d := Distribution{Shape: strings.ToLower(strings.TrimSpace(shape)), Mean: mean}
	if hasSpread {
		d.Spread, err = strconv.ParseFloat(strings.TrimSpace(spreadText), 64)
		if err != nil {
			return Distribution{}, fmt.Errorf("distribution %q: no spread %q; expected %s", text, spreadText, distributionForms)
		}
	}
	if d.Shape == "" {
		return Distribution{}, fmt.Errorf("distribution %q has no shape; expected %s", text, distributionForms)
	}
	if d.Shape != Fixed && !hasSpread {
		return Distribution{}, fmt.Errorf("distribution %q has no spread; expected %s", text, distributionForms)
	}
	if reason := d.flaw(); reason != "" {
		return Distribution{}, fmt.Errorf("distribution %q %s; expected %s", text, reason, distributionForms)
	}
	return d, nil
}

// flaw says what is wrong with d, "" if nothing is.
func (d Distribution) flaw() string {
	switch d.Shape {
	case "", Fixed, Normal, Lognormal:
	default:
		return fmt.Sprintf("has the shape %q", d.Shape)
	}
	switch {
	case d.Mean < 0:
		return fmt.Sprintf("has the negative mean %s", d.Mean)
	case math.IsNaN(d.Spread) || d.Spread < 0 || d.Spread > 10:
		return fmt.Sprintf("has the spread %g, outside 0 to 10", d.Spread)
	case d.Spread != 0 && (d.Shape == "" || d.Shape == Fixed):
		return "is fixed but has a spread"
	}
	return ""
}

// String returns the form that ParseDistribution reads.
func (d Distribution) String() string {
	if d.Shape == "" || d.Shape == Fixed {
		return d.Mean.String()
	}
	return fmt.Sprintf("%s:%s,%s", d.Shape, d.Mean, strconv.FormatFloat(d.Spread, 'g', -1, 64))
}

// MarshalText implements encoding.TextMarshaler.
func (d Distribution) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Distribution) UnmarshalText(text []byte) error {
	parsed, err := ParseDistribution(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// draw returns the next duration of a source of chance; never negative.
func (d Distribution) draw(random *rand.Rand) time.Duration {
	mean := float64(d.Mean)
	switch d.Shape {
	case Normal:
		mean += random.NormFloat64() * d.Spread * mean
	case Lognormal:
		// E[exp(sN − s²/2)] = 1, so that the arithmetic mean is Mean whatever the spread.
		mean *= math.Exp(random.NormFloat64()*d.Spread - d.Spread*d.Spread/2)
	}
	return time.Duration(min(max(mean, 0), float64(24*time.Hour)))
}
