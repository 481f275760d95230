package report

import (
	"slices"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/gate"
	"github.com/xk6-ollama/xk6-ollama/internal/manifest"
	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// ChangesSchema names the format of Changes in JSON.
const ChangesSchema = "xk6-ollama/changes/v1"

// Measured is one of two runs to be compared.
type Measured struct {
	Name    string // of its file, as the user wrote it
	Results Results
	// Without says why Series of Results have no Sample, so that means and success rates alone can
	// be tested; "" if they have.
	Without WithoutRequests
	Detail  string // of Without
}

// WithoutRequests says why the requests of a run are not known.
type WithoutRequests string

// The reasons.
const (
	NoRequestsFile       WithoutRequests = "no_file"
	UnreadableRequests   WithoutRequests = "unreadable" // Detail says why
	RequestsOfAnotherRun WithoutRequests = "another_run"
)

// Changes is what changed from one run to another, in JSON, too. What can't be known is absent.
type Changes struct {
	Schema  string         `json:"schema"`
	Base    RunInfo        `json:"base"`
	New     RunInfo        `json:"new"`
	Remarks []Remark       `json:"remarks"`
	Series  []SeriesChange `json:"series"`
	Gates   []GateResult   `json:"gates"`
	Outcome gate.Outcome   `json:"outcome"`

	base, after       Results
	differentSettings bool
}

// AddSamples gives each series the requests that were collected of it. It returns false, and adds
// none, if they are not those of the results.
func (r *Results) AddSamples(c *Collector) bool {
	series := slices.Clone(r.Series)
	for i := range series {
		s := &series[i]
		all := c.series[subject{s.Model, s.Op, s.Variant}]
		at := slices.IndexFunc(all, func(one *collected) bool { return one.target == s.Target })
		if at < 0 || all[at].requests != s.Requests || all[at].succeeded != s.Succeeded {
			return false
		}
		s.Sample, s.SampleOf = all[at].inOrder(), all[at].seen
	}
	r.Series = series
	return true
}

// RunInfo says which run is meant.
type RunInfo struct {
	File        string    `json:"file"`
	GeneratedAt time.Time `json:"generated_at"`
	// Requests says whether the values of every request were there to be tested.
	Requests bool `json:"requests"`
}

// SeriesChange is what changed of one call of one model on one target.
type SeriesChange struct {
	Target  string `json:"target"`
	Model   string `json:"model"`
	Op      string `json:"op"`
	Variant string `json:"variant,omitempty"`
	// BaseModel is the model's name in the base, if it is another.
	BaseModel string `json:"base_model,omitempty"`
	// OnlyIn is "base" or "new" if the other run has no such series, "" if both have.
	OnlyIn  string         `json:"only_in,omitempty"`
	Figures []FigureChange `json:"figures"`

	base, after *Series
	likeness    manifest.Likeness // of the models
}

// FigureChange is what changed of one figure of a metric. Base or New is absent where that run
// has no such figure; then there is no Change.
type FigureChange struct {
	Metric Metric        `json:"metric"`
	Figure gate.Figure   `json:"figure,omitempty"`
	Base   *float64      `json:"base,omitempty"`
	New    *float64      `json:"new,omitempty"`
	Change *stats.Change `json:"change,omitempty"`
	Tells  Direction     `json:"verdict,omitempty"`
}

// Direction is what a change tells.
type Direction string

// The directions.
const (
	Better    Direction = "better"
	Worse     Direction = "worse"
	Differs   Direction = "differs" // and is neither better nor worse
	NoChange  Direction = "not_significant"
	NotTested Direction = "not_tested"
)

// The metrics that a series has one figure of.
const (
	SuccessRate           Metric = "success_rate"
	RequestsPerSecond     Metric = "requests_per_second"
	OutputTokensPerSecond Metric = "output_tokens_per_second" // #nosec G101 -- a model's tokens are no secrets
)

// changedFigures are the figures that are shown, in their order. "" is that of a metric that is
// one figure.
func changedFigures() []FigureChange {
	var list []FigureChange
	add := func(metric Metric, figures ...gate.Figure) {
		for _, figure := range figures {
			list = append(list, FigureChange{Metric: metric, Figure: figure})
		}
	}
	add(SuccessRate, "")
	add(Duration, gate.Mean, gate.P95)
	add(DurationPerToken, gate.Mean)
	add(TTFT, gate.Mean, gate.P95)
	add(TTFO, gate.Mean)
	add(TPOT, gate.Mean)
	add(ITL, gate.P95)
	add(TokensPerSecond, gate.Mean)
	add(RequestsPerSecond, "")
	add(OutputTokensPerSecond, "")
	add(Connect, gate.Mean)
	add(Network, gate.Mean)
	add(Queue, gate.Mean)
	add(Load, gate.Mean)
	add(PromptEval, gate.Mean)
	add(Eval, gate.Mean)
	add(OutputTokens, gate.Mean)
	return list
}

// CompareRuns says what changed. The tests of all figures are made together, so their p-values
// are adjusted by Holm's method.
func CompareRuns(base, after Measured) Changes {
	c := Changes{
		Schema:  ChangesSchema,
		Base:    RunInfo{base.Name, base.Results.GeneratedAt, base.Without == ""},
		New:     RunInfo{after.Name, after.Results.GeneratedAt, after.Without == ""},
		Series:  []SeriesChange{},
		Gates:   []GateResult{},
		Outcome: gate.Held,
		base:    base.Results,
		after:   after.Results,
	}
	c.pair()
	var changes []*stats.Change
	for i := range c.Series {
		changes = append(changes, c.Series[i].compare()...)
	}
	p := make([]float64, len(changes))
	for i, change := range changes {
		p[i] = *change.PValue
	}
	for i, adjusted := range stats.Holm(p) {
		changes[i].AdjustedPValue = &adjusted
	}
	for i := range c.Series {
		for n := range c.Series[i].Figures {
			f := &c.Series[i].Figures[n]
			f.Tells = f.direction()
		}
	}
	c.remark(base, after)
	return c
}

// pair finds out which series of the runs belong together: those of one target, model, call and
// variant; then, among those that are left, those of one target and call whose models have other
// names, if there is but one of each.
func (c *Changes) pair() {
	base, after := pointers(c.base.Series), pointers(c.after.Series)
	sameSide := func(a, b *Series) bool { return a.Target == b.Target && a.Op == b.Op && a.Variant == b.Variant }
	same := func(a, b *Series) bool { return sameSide(a, b) && api.SameModel(a.Model, b.Model) }
	for _, alike := range []func(a, b *Series) bool{same, sameSide} {
		var rest []*Series
		for _, one := range base {
			partner := only(after, func(s *Series) bool { return alike(one, s) })
			if partner == nil || only(base, func(s *Series) bool { return alike(one, s) }) == nil {
				rest = append(rest, one)
				continue
			}
			after = slices.DeleteFunc(after, func(s *Series) bool { return s == partner })
			c.Series = append(c.Series, seriesChange(one, partner))
		}
		base = rest
	}
	for _, one := range base {
		c.Series = append(c.Series, seriesChange(one, nil))
	}
	for _, one := range after {
		c.Series = append(c.Series, seriesChange(nil, one))
	}
}

func pointers(list []Series) []*Series {
	all := make([]*Series, len(list))
	for i := range list {
		all[i] = &list[i]
	}
	return all
}

// only returns the one series that is meant, nil if there is none or more than one.
func only(list []*Series, meant func(*Series) bool) *Series {
	at := slices.IndexFunc(list, meant)
	if at < 0 || slices.ContainsFunc(list[at+1:], meant) {
		return nil
	}
	return list[at]
}

func seriesChange(base, after *Series) SeriesChange {
	known := after
	if after == nil {
		known = base
	}
	s := SeriesChange{
		Target: known.Target, Model: known.Model, Op: known.Op, Variant: known.Variant,
		Figures: []FigureChange{}, base: base, after: after,
	}
	switch {
	case base == nil:
		s.OnlyIn = "new"
	case after == nil:
		s.OnlyIn = "base"
	default:
		if base.Model != after.Model {
			s.BaseModel = base.Model
		}
		s.likeness = manifest.Compare(manifestOf(base), manifestOf(after))
		if s.likeness == manifest.Unknown && !api.SameModel(base.Model, after.Model) {
			s.likeness = manifest.OtherModel
		}
	}
	return s
}

func manifestOf(s *Series) api.Manifest {
	if s.Manifest == nil {
		return api.Manifest{}
	}
	return *s.Manifest
}

func (s *SeriesChange) differentModels() bool {
	return s.likeness == manifest.OtherModel || s.likeness == manifest.OtherSetup
}

// compare fills in the figures, and returns the changes that were tested.
func (s *SeriesChange) compare() []*stats.Change {
	var tested []*stats.Change
	for _, f := range changedFigures() {
		f.Base, f.New = figureOf(s.base, f.Metric, f.Figure), figureOf(s.after, f.Metric, f.Figure)
		if !s.tells(f) {
			continue
		}
		if f.Base != nil && f.New != nil {
			change := changeOf(s.base, s.after, f.Metric, f.Figure)
			f.Change = &change
			if change.PValue != nil {
				tested = append(tested, f.Change)
			}
		}
		s.Figures = append(s.Figures, f)
	}
	return tested
}

// tells says whether the figure is worth a line.
func (s *SeriesChange) tells(f FigureChange) bool {
	switch {
	case f.Metric == TTFO && !s.thinks():
		return false // it is TTFT
	case f.Metric == DurationPerToken && (s.base == nil || s.after == nil || !lengthsDiffer(*s.base, *s.after)):
		return false // it is the response time in another unit
	}
	// What is unknown or nothing, as the time of a connection that is there, tells nothing.
	return f.Metric == SuccessRate || orZero(f.Base) != 0 || orZero(f.New) != 0
}

func (s *SeriesChange) thinks() bool {
	return slices.ContainsFunc([]*Series{s.base, s.after}, func(one *Series) bool {
		return one != nil && one.Metrics[TTFO].Count > 0 && one.Metrics[TTFO].Mean != one.Metrics[TTFT].Mean
	})
}

// figureOf returns a figure of a series, nil if it has none; s may be nil.
func figureOf(s *Series, metric Metric, figure gate.Figure) *float64 {
	if s == nil {
		return nil
	}
	switch metric {
	case SuccessRate:
		return valueIf(s.Requests > 0, s.SuccessRate)
	case RequestsPerSecond:
		return valueIf(s.RequestsPerSecond != nil && s.Succeeded > 0, orZero(s.RequestsPerSecond))
	case OutputTokensPerSecond:
		return s.OutputTokensPerSecond
	}
	summary := s.Metrics[metric]
	if summary.Count == 0 {
		return nil
	}
	switch figure {
	case gate.Min:
		return &summary.Min
	case gate.Median:
		return &summary.Med
	case gate.P90:
		return &summary.P90
	case gate.P95:
		return &summary.P95
	case gate.P99:
		return &summary.P99
	case gate.Max:
		return &summary.Max
	case gate.StdDev:
		return summary.StdDev
	}
	return &summary.Mean
}

func orZero(x *float64) float64 {
	if x == nil {
		return 0
	}
	return *x
}

// changeOf compares a figure that both series have.
func changeOf(base, after *Series, metric Metric, figure gate.Figure) stats.Change {
	was, is := *figureOf(base, metric, figure), *figureOf(after, metric, figure)
	p, isPercentile := map[gate.Figure]float64{gate.Median: 0.5, gate.P90: 0.9, gate.P95: 0.95, gate.P99: 0.99}[figure]
	switch {
	case metric == SuccessRate:
		return stats.ShareChange(base.Succeeded, base.Requests, after.Succeeded, after.Requests)
	case metric == RequestsPerSecond:
		return stats.RateChange(was, is, workOf(base, nil), workOf(after, nil))
	case metric == OutputTokensPerSecond:
		tokens := func(r *Request) (float64, bool) { return r.Value(OutputTokens) }
		return stats.RateChange(was, is, workOf(base, tokens), workOf(after, tokens))
	case metric == ITL: // the gaps of one answer depend on each other
		return stats.NewChange(was, is, stats.NoTest)
	case figure == gate.Mean:
		return stats.MeanChange(base.Metrics[metric], after.Metrics[metric])
	case !isPercentile:
		return stats.NewChange(was, is, stats.NoTest)
	}
	x, y := valuesOf(base.Sample, metric), valuesOf(after.Sample, metric)
	if len(x) == 0 || len(y) == 0 {
		return stats.NewChange(was, is, stats.NoValues)
	}
	change := stats.PercentileChange(x, y, p)
	change.Base, change.New = was, is
	return change
}

// workOf returns what the measured requests of a series brought about, and the time they took:
// each successful one 1, or what of says.
func workOf(s *Series, of func(*Request) (float64, bool)) stats.Work {
	var work stats.Work
	for i := range s.Sample {
		r := &s.Sample[i]
		duration, timed := r.Value(Duration)
		if r.Warmup || !timed {
			continue
		}
		done, known := 1.0, true
		if of != nil {
			done, known = of(r)
		}
		if !known || !r.OK() {
			done = 0
		}
		work.Done, work.Took = append(work.Done, done), append(work.Took, duration)
	}
	return work
}

// direction says what the change tells.
func (f *FigureChange) direction() Direction {
	switch {
	case f.Change == nil:
		return ""
	case f.Change.PValue == nil:
		return NotTested
	case !f.Change.Significant():
		return NoChange
	case f.Metric == OutputTokens || f.Metric == PromptTokens:
		return Differs
	case (f.Change.Difference > 0) == higherIsBetter(f.Metric):
		return Better
	}
	return Worse
}

func higherIsBetter(metric Metric) bool {
	return metric == SuccessRate || metric == RequestsPerSecond || metric == OutputTokensPerSecond ||
		metric.better() == stats.HigherIsBetter
}
