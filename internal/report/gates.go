package report

import (
	"io"
	"slices"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/gate"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// GateOptions says how gates are to be judged.
type GateOptions struct {
	EvenIfNoise            bool // a change fails a gate even if it may be chance
	AllowDifferentModels   bool // changes are judged although the runs used different models
	AllowDifferentSettings bool // or did different things
}

// GateResult is what became of a gate, in one series or comparison.
type GateResult struct {
	Gate    string       `json:"gate"`
	Outcome gate.Outcome `json:"outcome"`
	Reason  gate.Reason  `json:"reason"`
	Message string       `json:"message"` // English
	Target  string       `json:"target,omitempty"`
	Model   string       `json:"model,omitempty"`
	Op      string       `json:"op,omitempty"`
	A       string       `json:"a,omitempty"`
	B       string       `json:"b,omitempty"`
	// New is absent if it is not known; Base and Change are there for gates on changes only.
	Base   *float64      `json:"base,omitempty"`
	New    *float64      `json:"new,omitempty"`
	Change *stats.Change `json:"change,omitempty"`

	verdict gate.Verdict
}

// Judge judges gates.
func (c *Changes) Judge(gates []gate.Gate, options GateOptions) {
	var evidence []gate.Evidence
	for _, g := range gates {
		if g.Subject.Comparison {
			evidence = append(evidence, c.comparisonEvidence(g, options)...)
		} else {
			evidence = append(evidence, c.seriesEvidence(g, options)...)
		}
	}
	verdicts := gate.Judge(evidence, gate.Options{EvenIfNoise: options.EvenIfNoise})
	c.Outcome = gate.Overall(verdicts)
	for _, v := range verdicts {
		result := GateResult{
			Gate: v.Gate.Text, Outcome: v.Outcome, Reason: v.Reason,
			Target: v.Target, Model: v.Model, Op: v.Op, A: v.A, B: v.B, Change: v.Change, verdict: v,
		}
		if v.Missing == "" {
			result.New = &v.New
			if v.Change != nil {
				result.Base = &v.Change.Base
			}
		}
		result.Message = changeWordsIn(locale.English).because(c, result)
		c.Gates = append(c.Gates, result)
	}
}

// JUnit writes the new run and its gates as test cases.
func (c *Changes) JUnit(w io.Writer) error {
	checks := make([]Check, len(c.Gates))
	for i, g := range c.Gates {
		checks[i] = Check{
			Suite: "gates", Subject: changeWordsIn(locale.English).seriesOf(g), Name: g.Gate,
			Outcome: g.Outcome, Message: g.Message,
		}
	}
	return JUnit(w, c.after, checks...)
}

// seriesEvidence is what is known of a gate on a target: of each series that it means.
func (c *Changes) seriesEvidence(g gate.Gate, options GateOptions) []gate.Evidence {
	var list []gate.Evidence
	metric, figure := Metric(g.Subject.Metric), g.Subject.Figure
	elsewhere := slices.ContainsFunc(c.Series, func(s SeriesChange) bool {
		return means(g.Subject, &s) && (figureOf(s.base, metric, figure) != nil || figureOf(s.after, metric, figure) != nil)
	})
	for i := range c.Series {
		s := &c.Series[i]
		if !means(g.Subject, s) {
			continue
		}
		was, is := figureOf(s.base, metric, figure), figureOf(s.after, metric, figure)
		if elsewhere && was == nil && is == nil && s.answered() {
			continue // a call without such a metric, as embed has no TTFT
		}
		list = append(list, c.evidence(g, s, options))
	}
	if len(list) == 0 {
		list = append(list, gate.Evidence{Gate: g, Target: g.Subject.Target, Model: g.Subject.Model, Missing: gate.NoSeries})
	}
	return list
}

// evidence is what is known of a gate in one series.
func (c *Changes) evidence(g gate.Gate, s *SeriesChange, options GateOptions) gate.Evidence {
	metric, figure := Metric(g.Subject.Metric), g.Subject.Figure
	was, is := figureOf(s.base, metric, figure), figureOf(s.after, metric, figure)
	e := gate.Evidence{Gate: g, Target: s.Target, Model: s.Model, Op: s.Op}
	switch {
	case s.after == nil:
		e.Missing = gate.NoSeries
	case is == nil && s.after.Succeeded == 0:
		e.Missing = gate.AllFailed
	case is == nil:
		e.Missing = gate.NotMeasured
	case g.Limit.Of == gate.Level:
		e.New = *is
	case was == nil:
		e.Missing = gate.NotInBase
	default:
		e.Missing = c.blocked(options, s)
		change := changeOf(s.base, s.after, metric, figure)
		e.New, e.Change = *is, &change
	}
	return e
}

// answered says whether requests succeeded in every run that has the series.
func (s *SeriesChange) answered() bool {
	return (s.base == nil || s.base.Succeeded > 0) && (s.after == nil || s.after.Succeeded > 0)
}

func means(subject gate.Subject, s *SeriesChange) bool {
	return (subject.Target == "" || subject.Target == s.Target) && (subject.Op == "" || subject.Op == s.Op) &&
		(subject.Model == "" || api.SameModel(subject.Model, s.Model))
}

// blocked returns why changes of the series are not to be judged.
func (c *Changes) blocked(options GateOptions, series ...*SeriesChange) gate.Reason {
	different := slices.ContainsFunc(series, func(s *SeriesChange) bool { return s.differentModels() })
	switch {
	case different && !options.AllowDifferentModels:
		return gate.DifferentModels
	case c.differentSettings && !options.AllowDifferentSettings:
		return gate.DifferentSettings
	}
	return ""
}

// comparisonEvidence is what is known of a gate on a comparison of the new run.
func (c *Changes) comparisonEvidence(g gate.Gate, options GateOptions) []gate.Evidence {
	var list []gate.Evidence
	for _, one := range c.after.Comparisons {
		flipped, meant := meansPair(g.Subject, one)
		if !meant {
			continue
		}
		e := gate.Evidence{Gate: g, Model: one.Model, Op: one.Op, A: one.A, B: one.B}
		if flipped {
			e.A, e.B = one.B, one.A
		}
		value := comparedFigure(g.Subject, one, flipped)
		switch {
		case value == nil && len(one.Metrics) == 0:
			e.Missing = gate.AllFailed
		case value == nil:
			e.Missing = gate.NotMeasured
		case g.Limit.Of == gate.Level:
			e.New = *value
		default:
			e.Missing, e.Change = c.ratioChange(e, one.Variant, options)
			e.New = *value
		}
		list = append(list, e)
	}
	if len(list) == 0 {
		list = append(list, gate.Evidence{
			Gate: g, Model: g.Subject.Model, A: g.Subject.A, B: g.Subject.B, Missing: gate.NoComparison,
		})
	}
	return list
}

// meansPair says whether a comparison is meant, and whether the other way round.
func meansPair(subject gate.Subject, c Comparison) (flipped, meant bool) {
	if subject.Op != "" && subject.Op != c.Op || subject.Model != "" && !api.SameModel(subject.Model, c.Model) {
		return false, false
	}
	is := func(a, b string) bool {
		return (subject.A == "" || subject.A == a) && (subject.B == "" || subject.B == b)
	}
	return !is(c.A, c.B), is(c.A, c.B) || is(c.B, c.A)
}

// comparedFigure returns a figure of a comparison, nil if it has none.
func comparedFigure(subject gate.Subject, c Comparison, flipped bool) *float64 {
	var value *float64
	inverse := false
	switch {
	case subject.Metric == "stability_ratio":
		value, inverse = c.StabilityRatio, true
	case subject.Metric == "network_overhead":
		if c.NetworkOverhead != nil {
			value = c.NetworkOverhead.Difference
		}
	case subject.Figure == gate.Ratio:
		value, inverse = c.Metrics[Metric(subject.Metric)].Ratio, true
	default:
		value = c.Metrics[Metric(subject.Metric)].Difference
	}
	if value == nil || !flipped {
		return value
	}
	turned := -*value
	if inverse {
		if *value == 0 {
			return nil
		}
		turned = 1 / *value
	}
	return &turned
}

// ratioChange compares the ratio of two targets with what it was in the base.
func (c *Changes) ratioChange(e gate.Evidence, variant string, options GateOptions) (gate.Reason, *stats.Change) {
	metric := Metric(e.Gate.Subject.Metric)
	if e.Gate.Subject.Figure != gate.Ratio {
		return gate.NoTest, nil
	}
	var sides [2]*SeriesChange
	for i, target := range []string{e.A, e.B} {
		for n := range c.Series {
			s := &c.Series[n]
			if s.Target == target && s.Model == e.Model && s.Op == e.Op && s.Variant == variant {
				sides[i] = s
			}
		}
	}
	a, b := sides[0], sides[1]
	if a == nil || b == nil || figureOf(a.after, metric, gate.Mean) == nil || figureOf(b.after, metric, gate.Mean) == nil {
		return gate.NotMeasured, nil
	}
	if figureOf(a.base, metric, gate.Mean) == nil || figureOf(b.base, metric, gate.Mean) == nil {
		return gate.NotInBase, nil
	}
	if metric.better() == stats.HigherIsBetter {
		a, b = b, a
	}
	change := stats.RatioChange([2]stats.Summary{a.base.Metrics[metric], b.base.Metrics[metric]},
		[2]stats.Summary{a.after.Metrics[metric], b.after.Metrics[metric]})
	return c.blocked(options, a, b), &change
}
