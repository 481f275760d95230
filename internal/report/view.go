package report

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/hints"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// view is what text and Markdown show of one model and call: the series side by side, and the
// comparisons between them.
type view struct {
	*messages
	title    string
	sides    []Series
	pairs    []Comparison
	together int // how many comparisons the results make, of all models
	warned   []Warning
}

func views(results Results, m *messages) []view {
	var list []view
	at := map[subject]int{}
	ops := map[string]bool{}
	for _, s := range results.Series {
		key := subject{s.Model, s.Op, s.Variant}
		if _, ok := at[key]; !ok {
			at[key] = len(list)
			list = append(list, view{messages: m, together: comparisons(results), warned: results.Warnings})
		}
		list[at[key]].sides = append(list[at[key]].sides, s)
		ops[s.Op] = true
	}
	for _, c := range results.Comparisons {
		if i, ok := at[subject{c.Model, c.Op, c.Variant}]; ok {
			list[i].pairs = append(list[i].pairs, c)
		}
	}
	for i := range list {
		list[i].title = titleOf(list[i].sides[0], len(ops) > 1)
	}
	return list
}

// comparisons counts the tests that are made together, or would be of more requests.
func comparisons(results Results) int {
	n := 0
	for _, pair := range results.Comparisons {
		n += len(pair.Metrics)
	}
	return n
}

func titleOf(s Series, withOp bool) string {
	title := s.Model
	if withOp {
		title += " (" + s.Op + ")"
	}
	if s.Variant != "" {
		title += ", " + s.Variant
	}
	return plain(title)
}

// measured returns the view of the sides that have figures.
func (v view) measured() view {
	failed := func(s Series) bool { return s.Succeeded == 0 }
	v.sides = slices.DeleteFunc(slices.Clone(v.sides), failed)
	v.pairs = slices.DeleteFunc(slices.Clone(v.pairs), func(c Comparison) bool { return len(c.Metrics) == 0 })
	return v
}

// failedLine names the sides that have no figures; it is "" if all have.
func (v view) failedLine() string {
	var names []string
	for _, s := range v.sides {
		if s.Succeeded == 0 {
			names = append(names, v.full(s.Target))
		}
	}
	switch list := strings.Join(names, ", "); {
	case len(names) == 0:
		return ""
	case len(v.sides)-len(names) < 2:
		return sprintf(v.notComparable, list)
	default:
		return sprintf(v.leftOut, list)
	}
}

func (v view) names() []string {
	names := make([]string, len(v.sides))
	for i, s := range v.sides {
		names[i] = v.full(s.Target)
	}
	return names
}

func (v view) summary(target string, metric Metric) stats.Summary {
	i := slices.IndexFunc(v.sides, func(s Series) bool { return s.Target == target })
	if i < 0 {
		return stats.Summary{}
	}
	return v.sides[i].Metrics[metric]
}

// finalTable is the old script's: a column for each target. Two targets have a column for
// their difference; more have theirs to the first in parentheses.
func (v view) finalTable() *table {
	t := &table{header: append([]string{v.item}, v.names()...)}
	hosts := make([]string, 0, len(t.header))
	var rates, means, totals, least, most []*float64 //nolint:prealloc // five lines for a handful of pointers
	for _, s := range v.sides {
		hosts = append(hosts, hostOf(s.Endpoint))
		rates = append(rates, &s.SuccessRate)
		d := s.Metrics[Duration]
		measured := d.Count > 0
		means = append(means, valueIf(measured, d.Mean))
		totals = append(totals, valueIf(measured, s.BusyMS))
		least = append(least, valueIf(measured, d.Min))
		most = append(most, valueIf(measured, d.Max))
	}
	if len(v.sides) == 2 {
		t.header = append(t.header, v.difference)
		hosts = append(hosts, "")
	}
	points := func(share float64) string { return decimals(share*100, 1) + v.points }
	t.addNames(v.endpoint, hosts...)
	t.add(v.successRate, withDifferences(rates, percent, points)...)
	t.add(v.meanTime, withDifferences(means, v.duration, v.duration)...)
	t.add(v.totalTime, withDifferences(totals, v.duration, v.duration)...)
	t.add(v.minTime, withDifferences(least, v.duration, v.duration)...)
	t.add(v.maxTime, withDifferences(most, v.duration, v.duration)...)
	return t
}

func hostOf(endpoint string) string {
	if e, err := api.ParseEndpoint(endpoint); err == nil {
		return e.Label()
	}
	return plain(endpoint)
}

func valueIf(known bool, x float64) *float64 {
	if !known {
		return nil
	}
	return &x
}

func withDifferences(values []*float64, format, difference func(float64) string) []string {
	cells := make([]string, len(values), len(values)+1)
	for i, value := range values {
		if value == nil {
			cells[i] = absent
			continue
		}
		cells[i] = format(*value)
		if i > 0 && len(values) > 2 && values[0] != nil {
			cells[i] += " (" + signed(*value-*values[0], difference) + ")"
		}
	}
	switch {
	case len(values) != 2:
		return cells
	case values[0] == nil || values[1] == nil:
		return append(cells, absent)
	}
	return append(cells, difference(*values[1]-*values[0]))
}

func signed(x float64, format func(float64) string) string {
	if x > 0 {
		return "+" + format(x)
	}
	return format(x)
}

// metricTable shows what the server's tokens tell, where it told anything.
func (v view) metricTable() *table {
	t := &table{header: append([]string{v.metricHeader}, v.names()...)}
	if len(v.sides) == 2 {
		t.header = append(t.header, v.ratio)
	}
	v.addMetric(t, v.ttft, TTFT, v.withP95)
	if v.thinks() {
		v.addMetric(t, v.ttfo, TTFO, v.withP95)
	}
	v.addMetric(t, v.tpot, TPOT, v.withP95)
	v.addMetric(t, v.itl, ITL, v.withP95)
	v.addMetric(t, v.tokensPerSecond, TokensPerSecond, meanOnly)
	v.addMetric(t, v.outputTokens, OutputTokens, meanOnly)
	if v.perTokenCompared() {
		v.addMetric(t, v.perToken, DurationPerToken, v.withP95)
	}
	return t
}

// perTokenCompared says whether answers differ so much in length that times are compared per
// token, too.
func (v view) perTokenCompared() bool {
	return slices.ContainsFunc(v.pairs, func(c Comparison) bool {
		_, compared := c.Metrics[DurationPerToken]
		return compared
	})
}

// withP95 marks a p95 that is none yet of so few requests.
func (v view) withP95(s stats.Summary) string {
	text := v.fine(s.Mean) + " / " + v.fine(s.P95)
	if slices.Contains(s.Unsupported, "p95") {
		text += perhapsMaximumMark
	}
	return text
}

const perhapsMaximumMark = "*"

// marked says whether a percentile of the table is none yet.
func (t *table) marked() bool {
	marked := func(cell string) bool { return strings.HasSuffix(cell, perhapsMaximumMark) }
	return slices.ContainsFunc(t.rows, func(r row) bool { return slices.ContainsFunc(r.cells, marked) })
}

// metricLegend explains what the table of metrics marks.
func (v view) metricLegend(t *table) string {
	var notes []string
	if len(v.sides) == 2 {
		notes = append(notes, sprintf(v.ratioLegend, v.short(v.sides[0].Target)))
	}
	if slices.ContainsFunc(t.rows, func(r row) bool { return r.cells[0] == v.ttft }) {
		notes = append(notes, v.terms)
	}
	if t.marked() {
		notes = append(notes, v.perhapsMaximum)
	}
	return strings.Join(notes, " ")
}

func meanOnly(s stats.Summary) string { return decimals(s.Mean, 1) }

// thinks says whether the first token of the answer is another than the first of all.
func (v view) thinks() bool {
	return slices.ContainsFunc(v.sides, func(s Series) bool {
		return s.Metrics[TTFO].Count > 0 && s.Metrics[TTFO].Mean != s.Metrics[TTFT].Mean
	})
}

// addMetric adds a row if any side has a value.
func (v view) addMetric(t *table, label string, metric Metric, format func(stats.Summary) string) {
	cells := make([]string, len(v.sides), len(v.sides)+1)
	known := false
	for i, s := range v.sides {
		cells[i] = absent
		if summary := s.Metrics[metric]; summary.Count > 0 {
			cells[i], known = format(summary), true
		}
	}
	if !known {
		return
	}
	if len(t.header) > len(cells)+1 {
		cells = append(cells, v.ratioCell(metric))
	}
	t.add(label, cells...)
}

// ratioCell shows how much faster the first of two sides is. A ratio that no test has found
// to differ from 1 bears a ~, as in benchstat.
func (v view) ratioCell(metric Metric) string {
	if len(v.pairs) == 1 {
		if c, ok := v.pairs[0].Metrics[metric]; ok && c.Ratio != nil {
			if c.Verdict == stats.Inconclusive {
				return "~" + factor(*c.Ratio)
			}
			return factor(*c.Ratio)
		}
	}
	a, b := v.sides[0].Metrics[metric], v.sides[1].Metrics[metric]
	if metric == OutputTokens || a.Mean <= 0 || b.Mean <= 0 {
		return ""
	}
	return "~" + factor(b.Mean/a.Mean)
}

// timeTable shows the parts of the mean request, with their shares of it.
func (v view) timeTable() *table {
	t := &table{header: append([]string{v.timesHeader}, v.names()...)}
	for _, part := range []struct {
		label string
		of    func(*Breakdown) float64
	}{
		{v.networkShare, func(b *Breakdown) float64 { return b.Network }},
		{v.queue, func(b *Breakdown) float64 { return b.Queue }},
		{v.load, func(b *Breakdown) float64 { return b.Load }},
		{v.prefill, func(b *Breakdown) float64 { return b.Prefill }},
		{v.decoding, func(b *Breakdown) float64 { return b.Decode }},
		{v.e2e, func(b *Breakdown) float64 { return b.Duration }},
	} {
		cells := make([]string, len(v.sides))
		known := false
		for i, s := range v.sides {
			cells[i] = absent
			if b := s.Breakdown; b != nil {
				cells[i], known = v.partOf(part.of(b), b.Duration), true
			}
		}
		if known {
			t.add(part.label, cells...)
		}
	}
	return t
}

func (v view) partOf(ms, whole float64) string {
	if ms == whole || whole <= 0 {
		return v.fine(ms)
	}
	return v.fine(ms) + " (" + percent(ms/whole) + ")"
}

// timeNotes say how the table of times is to be read.
func (v view) timeNotes() []string {
	note := v.addsUp
	var connecting []string
	connected, generate := false, false
	for _, s := range v.sides {
		if b := s.Breakdown; b != nil && b.Requests < s.Succeeded {
			note = sprintf(v.addsUpOf, b.Requests, s.Succeeded)
		}
		if c := s.Metrics[Connect]; c.Count > 0 {
			connecting = append(connecting, v.full(s.Target)+" "+v.fine(c.Mean))
			connected = connected || c.Mean > 0
		}
		generate = generate || s.Op == string(api.Generate)
	}
	notes := []string{note}
	if connected {
		notes = append(notes, sprintf(v.connectBefore, strings.Join(connecting, ", ")))
	}
	if generate {
		notes = append(notes, v.contextBias)
	}
	return notes
}

// confidenceTable shows how sure each ratio of a pair is.
func (v view) confidenceTable(pair Comparison) *table {
	t := &table{header: []string{v.metricHeader, v.ratio, v.interval, v.pValue, v.verdict}}
	v.addConfidence(t, pair, v.e2e, Duration)
	v.addConfidence(t, pair, v.ttft, TTFT)
	v.addConfidence(t, pair, v.tpot, TPOT)
	v.addConfidence(t, pair, v.tokensPerSecond, TokensPerSecond)
	v.addConfidence(t, pair, v.perToken, DurationPerToken)
	return t
}

func (v view) addConfidence(t *table, pair Comparison, label string, metric Metric) {
	c, ok := pair.Metrics[metric]
	if !ok {
		return
	}
	ratio, interval, p := absent, absent, absent
	if c.Ratio != nil {
		ratio = factor(*c.Ratio)
	}
	if c.RatioCI95 != nil {
		interval = factor(c.RatioCI95[0]) + "–" + factor(c.RatioCI95[1])
	}
	if value := cmp.Or(c.AdjustedPValue, c.PValue); value != nil {
		p = probability(*value)
	}
	t.add(label, ratio, interval, p, v.verdictOf(pair, metric, c.Verdict))
}

// verdictName is how much of a target's name fits into a verdict; its table is full of figures.
const verdictName = 12

func (v view) verdictOf(pair Comparison, metric Metric, verdict stats.Verdict) string {
	switch {
	case verdict == stats.AFaster:
		return sprintf(v.isFaster, truncate(v.short(pair.A), verdictName))
	case verdict == stats.BFaster:
		return sprintf(v.isFaster, truncate(v.short(pair.B), verdictName))
	case v.tooFewOf(pair, metric):
		return v.tooFewToTell
	}
	return v.inconclusive
}

func (v view) tooFewOf(pair Comparison, metric Metric) bool {
	return min(v.summary(pair.A, metric).Count, v.summary(pair.B, metric).Count) < v.least(pair, metric)
}

// least is how many measurements each side needs for a verdict, given how many there are.
func (v view) least(pair Comparison, metric Metric) int {
	return stats.MinMeasurements(pair.Metrics[metric].Paired, v.together)
}

// headline says who is faster and by how much, or that the measurements do not tell.
func (v view) headline(pair Comparison) []string {
	c, ok := pair.Metrics[Duration]
	if !ok || c.Difference == nil {
		return nil
	}
	lines := v.undecided(pair, *c.Difference)
	if decided(c) {
		winner, loser, ratio, interval := pair.A, pair.B, *c.Ratio, c.RatioCI95
		if c.Verdict == stats.BFaster {
			winner, loser, ratio = pair.B, pair.A, 1/ratio
			interval = &stats.Interval{1 / interval[1], 1 / interval[0]}
		}
		lines = []string{
			sprintf(v.faster, v.subject(v.full(winner)), v.short(loser), factor(ratio)),
			sprintf(v.savedOnAverage, v.duration(math.Abs(*c.Difference))),
			sprintf(v.sure, factor(interval[0]), factor(interval[1]), v.chance(c), againstP(c)),
		}
	}
	if line := v.perTokenLine(pair); line != "" {
		lines = append(lines, line)
	}
	if codes := v.reservations(pair); len(codes) > 0 {
		lines = append(lines, sprintf(v.butSee, strings.Join(codes, ", ")))
	}
	return lines
}

// perTokenLine says who is faster for the same length of answer, where the lengths differ.
func (v view) perTokenLine(pair Comparison) string {
	c, compared := pair.Metrics[DurationPerToken]
	switch {
	case !compared:
		return ""
	case decided(c) && c.Verdict == stats.AFaster:
		return sprintf(v.perTokenFaster, v.subject(v.full(pair.A)), factor(*c.Ratio))
	case decided(c) && c.Verdict == stats.BFaster:
		return sprintf(v.perTokenFaster, v.subject(v.full(pair.B)), factor(1 / *c.Ratio))
	}
	return v.perTokenSame
}

// reservations are the warnings that concern what the headline says of the pair.
func (v view) reservations(pair Comparison) []string {
	var codes []string
	for _, w := range v.warned {
		about := w.Facts.Model == "" || w.Facts.Model == pair.Model
		if !about || w.Target != pair.A && w.Target != pair.B {
			continue
		}
		switch w.Code {
		case Drifting, Dependent, TwoGroups, SameServer, CachedPrompts, ColdRequests:
			if code := string(w.Code); !slices.Contains(codes, code) {
				codes = append(codes, code)
			}
		}
	}
	return codes
}

// decided says whether the comparison names a faster side, and has what that takes; a file that
// somebody else wrote may lack it.
func decided(c stats.Comparison) bool {
	return c.Verdict != stats.Inconclusive && c.Ratio != nil && *c.Ratio > 0 &&
		c.RatioCI95 != nil && cmp.Or(c.AdjustedPValue, c.PValue) != nil
}

// chance says in how many tests of equal servers there would be such a difference.
func (v view) chance(c stats.Comparison) string {
	thousandth := math.Round(1000 * *cmp.Or(c.AdjustedPValue, c.PValue))
	if thousandth < 1 {
		return v.belowThousand
	}
	return sprintf(v.ofThousand, int(thousandth))
}

// againstP is the p-value as it stands after p: `< 0.001` or `= 0.012`.
func againstP(c stats.Comparison) string {
	text := probability(*cmp.Or(c.AdjustedPValue, c.PValue))
	if strings.HasPrefix(text, "<") {
		return text
	}
	return "= " + text
}

// undecided says why no side is called the faster one, and what it would take.
func (v view) undecided(pair Comparison, difference float64) []string {
	c := pair.Metrics[Duration]
	a, b := v.summary(pair.A, Duration), v.summary(pair.B, Duration)
	both := v.and(v.full(pair.A), v.full(pair.B))
	means := sprintf(v.mayBeChance, v.duration(a.Mean), v.duration(b.Mean), v.duration(difference))
	switch p := cmp.Or(c.AdjustedPValue, c.PValue); {
	case v.tooFewOf(pair, Duration):
		return []string{sprintf(v.tooFew, both, v.least(pair, Duration)), means}
	case p != nil && *p < stats.Alpha:
		return []string{sprintf(v.outweighed, both, againstP(c)), means}
	}
	lines := []string{sprintf(v.notShown, both, min(a.Count, b.Count))}
	if c.Needed != nil {
		lines[0] += " " + sprintf(v.needed, roundUp(*c.Needed))
	}
	lines = append(lines, means)
	if c.SmallestRatio != nil {
		lines = append(lines, sprintf(v.wouldShow, factor(*c.SmallestRatio)))
	}
	return lines
}

// roundUp rounds an estimate up to two digits.
func roundUp(n int) int {
	step := 1
	for n/step >= 100 {
		step *= 10
	}
	return (n + step - 1) / step * step
}

// stabilityLine says which side of a pair is steadier; "" if neither is, or it is not known.
func (v view) stabilityLine(pair Comparison) string {
	if pair.StabilityRatio == nil || *pair.StabilityRatio <= 0 || *pair.StabilityRatio == 1 {
		return ""
	}
	steady, other, ratio := pair.A, pair.B, *pair.StabilityRatio
	if ratio < 1 {
		steady, other, ratio = pair.B, pair.A, 1/ratio
	}
	line := sprintf(v.steadier, v.subject(v.short(steady)), factor(ratio))
	if len(v.pairs) > 1 {
		line = sprintf(v.steadierThan, v.subject(v.short(steady)), v.short(other), factor(ratio))
	}
	if interval := pair.StabilityRatioCI95; interval != nil {
		low, high := interval[0], interval[1]
		if *pair.StabilityRatio < 1 {
			low, high = 1/high, 1/low
		}
		line += sprintf(v.steadierCI, factor(low), factor(high))
	}
	if interval := pair.StabilityRatioCI95; interval == nil || interval.Contains(1) {
		line += v.byChance
	}
	return line
}

// differenceLine gives the difference in response time with its interval and size.
func (v view) differenceLine(pair Comparison) string {
	c, ok := pair.Metrics[Duration]
	if !ok || c.Difference == nil || c.DifferenceCI95 == nil {
		return ""
	}
	line := sprintf(v.e2eDifference,
		v.fine(*c.Difference), v.fine(c.DifferenceCI95[0]), v.fine(c.DifferenceCI95[1]))
	if c.EffectSize != nil {
		line += ", " + sprintf(v.effectSize, decimals(*c.EffectSize, 2))
	}
	return line
}

// hint says what to do about a failure.
func hint(s Series, f Failure, l locale.Locale) string {
	return hints.For(f.Type, hints.Facts{
		Endpoint: s.Endpoint, Model: s.Model, Models: s.Models, Status: f.Status,
	}, l)
}
