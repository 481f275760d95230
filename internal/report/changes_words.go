package report

import (
	"math"
	"strings"

	"github.com/xk6-ollama/xk6-ollama/internal/gate"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
)

// changeWords are the words of one language for what changed between two runs.
type changeWords struct {
	*messages
	heading     string
	base, after string
	measuredAt  string // file, time
	nothing     string
	onlyIn      map[string]string // by OnlyIn: no table, but this
	change      string
	tells       map[Direction]string
	legend      string
	gates       string
	outcomes    map[gate.Outcome]string
	counts      map[gate.Outcome]string // number
	everywhere  string                  // in place of a series, for a gate that means none
	these, none string                  // what a gate could have meant: names

	rates map[Metric]string
	// remarks has named places: {target}, {model}, {name}, {base}, {new}, {why}, {differences}.
	remarks map[RemarkCode]string
	without map[WithoutRequests]string // {detail}
	// reasons has named places: {series}, {figure}, {figures}, {known}, {base file}, {new file}.
	reasons map[gate.Reason]string
	limited string // confidence interval, p: what is known of a change
	untried string // what stands in their place
}

func changeWordsIn(l locale.Locale) *changeWords {
	if l == locale.Korean {
		return &koreanChanges
	}
	return &englishChanges
}

// label names a figure of a metric.
func (w *changeWords) label(metric Metric, figure gate.Figure) string {
	name, ok := w.rates[metric]
	if !ok {
		name = map[Metric]string{
			Duration: w.e2e, DurationPerToken: w.perToken, TTFT: w.ttft, TTFO: w.ttfo, TPOT: w.tpot,
			ITL: w.itl, TokensPerSecond: w.tokensPerSecond,
			Connect: w.connect, Network: w.networkShare, Queue: w.queue, Load: w.load, PromptEval: w.prefill,
			Eval: w.decoding, OutputTokens: w.outputTokens,
		}[metric]
	}
	if name == "" {
		name = string(metric)
	}
	if figure != "" && figure != gate.Mean {
		name += " " + string(figure)
	}
	return name
}

// value writes a metric's value in its unit.
func (w *changeWords) value(metric Metric, x *float64) string {
	if x == nil {
		return absent
	}
	switch metric {
	case SuccessRate:
		return percent(*x)
	case TokensPerSecond, OutputTokensPerSecond, OutputTokens, PromptTokens:
		return decimals(*x, 1)
	case RequestsPerSecond:
		return decimals(*x, 3)
	}
	return w.fine(*x)
}

// size writes the change of a figure: in per cent, but for what is a share itself or began at 0.
func (w *changeWords) size(metric Metric, f FigureChange) string {
	switch c := f.Change; {
	case c == nil:
		return absent
	case metric == SuccessRate || c.Relative == nil:
		return signed(c.Difference, w.differenceOf(metric))
	default:
		return signed(*c.Relative, relative)
	}
}

// interval writes the interval of what size writes.
func (w *changeWords) intervalOf(metric Metric, f FigureChange) string {
	c := f.Change
	if c == nil {
		return absent
	}
	format, interval := relative, c.RelativeCI95
	if metric == SuccessRate || c.Relative == nil {
		format, interval = w.differenceOf(metric), c.DifferenceCI95
	}
	if interval == nil {
		return absent
	}
	return signed(interval[0], format) + " … " + signed(interval[1], format)
}

func (w *changeWords) differenceOf(metric Metric) func(float64) string {
	return func(x float64) string {
		if metric == SuccessRate {
			return decimals(x*100, 1) + w.points
		}
		return w.value(metric, &x)
	}
}

// relative writes a relative change in per cent.
func relative(x float64) string {
	if math.Abs(x) >= 1 {
		return decimals(x*100, 0) + "%"
	}
	return decimals(x*100, 1) + "%"
}

func (w *changeWords) remark(r Remark) string {
	text, ok := w.remarks[r.Code]
	if !ok {
		return plain(r.Message)
	}
	orUnknown := func(text string) string {
		if text == "" {
			return absent
		}
		return unticked(truncate(text, maxMessage))
	}
	return plain(strings.NewReplacer(
		"{target}", unticked(w.full(r.Target)), "{model}", unticked(r.Model), "{name}", unticked(r.Name),
		"{base}", orUnknown(r.Base), "{new}", orUnknown(r.New),
		"{why}", strings.ReplaceAll(w.without[r.Without], "{detail}", unticked(r.Detail)),
		"{differences}", unticked(w.differences(r.Differences))).Replace(text))
}

// because says why a gate has its outcome.
func (w *changeWords) because(c *Changes, r GateResult) string {
	v := r.verdict
	subject := v.Gate.Subject
	figures := w.subjectValue(subject, r.New)
	if r.Change != nil && r.Base != nil {
		figures = w.changeOf(subject, r)
	}
	return plain(strings.NewReplacer(
		"{series}", unticked(w.seriesOf(r)),
		"{figure}", w.subjectLabel(subject),
		"{figures}", figures,
		"{known}", unticked(w.known(c, subject.Comparison)),
		"{base file}", unticked(c.Base.File), "{new file}", unticked(c.New.File),
	).Replace(w.reasons[r.Reason]))
}

// unticked keeps a name from ending the code that a sentence has in backticks.
func unticked(name string) string { return strings.ReplaceAll(name, "`", "'") }

// seriesOf names what a gate was judged in.
func (w *changeWords) seriesOf(r GateResult) string {
	var parts []string
	switch {
	case r.A != "" && r.B != "":
		parts = append(parts, sprintf(w.versus, w.full(r.A), w.full(r.B)))
	case r.Target != "":
		parts = append(parts, w.full(r.Target))
	}
	model := r.Model
	if model != "" && r.Op != "" && r.Op != "generate" {
		model += " (" + r.Op + ")"
	}
	if model != "" {
		parts = append(parts, plain(model))
	}
	if len(parts) == 0 {
		return w.everywhere
	}
	return strings.Join(parts, " - ")
}

func (w *changeWords) subjectLabel(s gate.Subject) string {
	switch {
	case s.Metric == "stability_ratio" || s.Metric == "network_overhead":
		return s.Metric
	case s.Comparison:
		return s.Metric + "." + string(s.Figure)
	}
	return w.label(Metric(s.Metric), s.Figure)
}

func (w *changeWords) subjectValue(s gate.Subject, x *float64) string {
	switch {
	case x == nil:
		return absent
	case s.Figure == gate.Ratio || s.Metric == "stability_ratio":
		return factor(*x)
	case s.Metric == "network_overhead":
		return w.fine(*x)
	}
	return w.value(Metric(s.Metric), x)
}

// changeOf writes a change with what is known of it.
func (w *changeWords) changeOf(s gate.Subject, r GateResult) string {
	metric := Metric(s.Metric)
	f := FigureChange{Metric: metric, Change: r.Change}
	text := w.subjectValue(s, r.Base) + " → " + w.subjectValue(s, r.New) + ", "
	limit := r.verdict.Gate.Limit.Of
	interval := ""
	if limit == gate.Difference || r.Change.Relative == nil {
		text += signed(r.Change.Difference, w.differenceOf(metric))
		if i := r.Change.DifferenceCI95; i != nil {
			interval = signed(i[0], w.differenceOf(metric)) + " … " + signed(i[1], w.differenceOf(metric))
		}
	} else {
		text += signed(*r.Change.Relative, relative)
		if metric == SuccessRate || r.Change.RelativeCI95 != nil {
			interval = w.intervalOf(metric, f)
		}
	}
	p := r.Change.PValue
	if r.Change.AdjustedPValue != nil {
		p = r.Change.AdjustedPValue
	}
	if interval == "" || p == nil {
		return text + w.untried
	}
	return text + sprintf(w.limited, interval, equals(probability(*p)))
}

func equals(p string) string {
	if strings.HasPrefix(p, "<") {
		return p
	}
	return "= " + p
}

// known lists what a gate could have named.
func (w *changeWords) known(c *Changes, comparison bool) string {
	var names []string
	if comparison {
		for _, one := range c.after.Comparisons {
			names = append(names, sprintf(w.versus, one.A, one.B)+" - "+one.Model)
		}
	} else {
		for _, one := range c.after.Series {
			names = append(names, one.Target+" - "+one.Model)
		}
	}
	if len(names) == 0 {
		return w.none
	}
	return sprintf(w.these, strings.Join(names, ", "))
}
