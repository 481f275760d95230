package gate

import (
	"math"
	"strconv"
	"strings"
)

// limit reads what stands behind the operator.
func (p *parser) limit(from int, g Gate, m metric) (Limit, error) {
	begin, end := p.trim(from, len(p.text))
	number := strings.IndexFunc(p.text[begin:end], func(r rune) bool { return r != '+' && r != '-' })
	if number < 0 {
		return Limit{}, p.fail(end, "expected a number")
	}
	sign := p.text[begin : begin+number]
	at, _ := p.trim(begin+number, end)
	digits := digitsOf(p.text[at:end])
	value, err := strconv.ParseFloat(p.text[at:at+digits], 64)
	switch {
	case digits == 0 || len(sign) > 1:
		return Limit{}, p.fail(begin, "expected a number such as %s", example(g.Subject, m))
	case err != nil || math.IsInf(value, 0):
		return Limit{}, p.fail(at, "%q is no number", p.text[at:at+digits])
	}
	if sign == "-" {
		value = -value
	}
	unitAt, _ := p.trim(at+digits, end)
	unit := p.text[unitAt:end]
	l := Limit{Value: value}
	switch {
	case sign != "" && unit == "%":
		l.Of = RelativeChange
	case sign != "" && !g.Subject.Comparison:
		l.Of = Difference
	}
	scale, ok := scaleOf(unit, l.Of, g.Subject, m)
	if !ok {
		return Limit{}, p.wrongUnit(unitAt, unit, g.Subject, m)
	}
	l.Value *= scale
	if math.IsInf(l.Value, 0) {
		return Limit{}, p.fail(at, "%q is too large", p.text[at:end])
	}
	return l, p.sensible(begin, sign, l, g, m)
}

// digitsOf returns how many characters at the start of the text make up a number.
func digitsOf(text string) int {
	n := strings.IndexFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if n < 0 {
		return len(text)
	}
	if n == 0 || (text[n] != 'e' && text[n] != 'E') {
		return n
	}
	exponent := strings.TrimLeft(text[n+1:], "+-")
	digits := len(exponent) - len(strings.TrimLeft(exponent, "0123456789"))
	if digits == 0 {
		return n
	}
	return len(text) - len(exponent) + digits
}

// scaleOf returns what a number of the unit is multiplied with; ok is false where the figure has
// no such unit.
func scaleOf(unit string, of Quantity, s Subject, m metric) (scale float64, ok bool) {
	kind := unitOf(s, m)
	switch {
	case of == RelativeChange:
		return 0.01, kind == Plain || !s.Comparison
	case unit == "":
		return 1, kind != Share || of == Level
	case kind == Milliseconds:
		scale, ok = map[string]float64{"us": 0.001, "µs": 0.001, "μs": 0.001, "ms": 1, "s": 1000}[unit]
		return scale, ok
	case kind == Share && of == Level:
		return 0.01, unit == "%"
	case kind == Share:
		return 0.01, unit == "pp"
	}
	return 0, false
}

// unitOf is the unit of the subject's figure.
func unitOf(s Subject, m metric) Unit {
	if s.Figure == Ratio {
		return Plain
	}
	return m.unit
}

func (p *parser) wrongUnit(at int, unit string, s Subject, m metric) error {
	kind := unitOf(s, m)
	switch {
	case unit == "%" && s.Comparison:
		return p.fail(at, "of a comparison only a ratio can change by per cent, as in comparison.%s.ratio>+10%%", s.Metric)
	case unit == "%":
		return p.fail(at, "a change in per cent has a sign, as in +10%% or -10%%")
	case unit == "":
		return p.fail(at, "a change of %s is in %% or pp", s.Metric)
	}
	known := map[Unit]string{ // #nosec G101 -- a model's tokens are no secrets
		Milliseconds: "ms, s or us, or none for ms", PerSecond: "none: it is per second", Tokens: "none: it is in tokens",
		Share: "% or none, or pp for a difference", Plain: "none: it is a ratio",
	}[kind]
	return p.fail(at, "%s has no unit %q, expected %s", s.Metric, unit, known)
}

// sensible refuses limits that no figure passes, or that every figure does.
func (p *parser) sensible(at int, sign string, l Limit, g Gate, m metric) error {
	switch {
	case l.Of != Level && g.Operator.up() != (sign == "+"):
		return p.fail(at, "a change is above + or below -: %s takes a %s", g.Operator, signOf(g.Operator))
	case l.Of == Level && unitOf(g.Subject, m) == Share && l.Value > 1:
		return p.fail(at, "%s is from 0 to 1, or from 0%% to 100%%", g.Subject.Metric)
	case l.Of == RelativeChange && l.Value <= -1:
		return p.fail(at, "nothing changes by %g%%: it would have to be below 0", l.Value*100)
	case sign != "" && g.Subject.Comparison && unitOf(g.Subject, m) == Plain && l.Of == Level:
		return p.fail(at, "a ratio has no sign; a change of it is given in per cent, such as +10%%")
	}
	return nil
}

func signOf(o Operator) string {
	if o.up() {
		return "+"
	}
	return "-"
}

func example(s Subject, m metric) string {
	switch unitOf(s, m) {
	case Milliseconds:
		return "500ms or +10%"
	case Share:
		return "0.99 or 99%"
	case Plain:
		return "1.2"
	default:
		return "50 or -10%"
	}
}
