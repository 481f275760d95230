package report

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// Run is what a test leaves to be reported.
type Run struct {
	Records     []record.Record
	Inventories map[string]api.Inventory // by target
	// Manifests are those of earlier reports, for targets without an inventory. Without either
	// a model's identity is unknown.
	Manifests   map[Identity]api.Manifest
	Settings    map[string]any
	Environment Environment
	GeneratedAt time.Time
	Targets     []string // in the order of display; others follow as they appear
	Expected    []string // of which there should be measured requests
	Interrupted bool     // the test was stopped before its end
	Client      *Client  // nil if it was not this process that sent the requests
}

// Identity says whose manifest it is. Variant tells apart runs that were merged.
type Identity struct{ Target, Model, Variant string }

// unknownError is the type of a failure whose record names none.
const unknownError api.ErrorKind = "unknown"

// Summarize computes the results of a run from its records. Only measured calls that make a
// model work count, and only successful ones in metrics.
func Summarize(run Run) Results {
	var c Collector
	for i := range run.Records {
		c.Add(&run.Records[i], "")
	}
	return c.Results(run)
}

// Results computes the results of all records that were added; run's own are left out.
func (c *Collector) Results(run Run) Results {
	results := Results{
		Schema:      Schema,
		GeneratedAt: run.GeneratedAt.UTC(),
		Environment: run.Environment,
		Settings:    run.Settings,
		Series:      []Series{},
		Comparisons: []Comparison{},
		SelfCheck:   c.check,
	}
	if results.Settings == nil {
		results.Settings = map[string]any{}
	}
	var groups [][]*side
	for _, s := range c.subjects {
		sides := c.sides(s, run)
		if len(sides) == 0 {
			continue // there were none but warm-up requests
		}
		groups = append(groups, sides)
		for i, b := range sides {
			results.Series = append(results.Series, b.summary)
			for _, a := range sides[:i] {
				results.Comparisons = append(results.Comparisons, compare(a, b))
			}
		}
	}
	adjust(results.Comparisons)
	if run.Client != nil {
		client := *run.Client
		client.check(groups)
		results.SelfCheck.Client = &client
	}
	results.Warnings = c.warnings(run, groups)
	return results
}

// side is a series that is summarised.
type side struct {
	*collected
	summary Series
}

// sides returns what was measured of a subject, by target in the order of display.
func (c *Collector) sides(s subject, run Run) []*side {
	var sides []*side
	for _, one := range c.series[s] {
		if one.requests > 0 {
			sides = append(sides, &side{collected: one, summary: one.summarize(s, run)})
		}
	}
	slices.SortStableFunc(sides, func(a, b *side) int {
		return cmp.Compare(rank(run.Targets, a.target), rank(run.Targets, b.target))
	})
	return sides
}

func rank(targets []string, target string) int {
	if i := slices.Index(targets, target); i >= 0 {
		return i
	}
	return len(targets)
}

func (s *collected) summarize(of subject, run Run) Series {
	requests := s.inOrder()
	series := Series{
		Target: s.target, Model: of.model, Op: of.op, Variant: of.variant,
		Requests: s.requests, Succeeded: s.succeeded,
		SuccessRate: float64(s.succeeded) / float64(s.requests),
		Metrics:     s.summaries(requests),
		Breakdown:   breakdownOf(requests),
		ColdStarts:  coldStartsOf(requests),
		Errors:      map[api.ErrorKind]int{},
		Sample:      requests,
		SampleOf:    s.seen,
	}
	if len(requests) == s.seen { // a random sample has another order
		series.Course = courseOf(requests)
	}
	series.Failures = slices.Clone(s.failures)
	slices.SortStableFunc(series.Failures, func(a, b Failure) int { return b.Count - a.Count })
	for _, failure := range s.failures {
		series.Errors[failure.Type] = failure.Count
	}
	if len(s.endpoints) > 0 {
		series.Endpoint = s.endpoints[0]
	}
	if manifest, ok := run.Manifests[Identity{series.Target, series.Model, series.Variant}]; ok {
		series.Manifest = &manifest
	}
	if inventory, ok := run.Inventories[series.Target]; ok {
		if manifest, _ := inventory.Manifest(series.Model); manifest != (api.Manifest{}) {
			series.Manifest = &manifest
		}
		if series.Errors[api.ModelNotFound] > 0 && inventory.Models != nil {
			series.Models = inventory.ModelNames()
		}
	}
	series.BusyMS, series.WallMS = s.spans.occupied()
	series.RequestsPerSecond = perSecond(float64(series.Succeeded), series.BusyMS)
	if tokens, ok := series.Metrics[OutputTokens]; ok {
		series.OutputTokensPerSecond = perSecond(tokens.Mean*float64(tokens.Count), series.BusyMS)
	}
	return series
}

func perSecond(count, ms float64) *float64 {
	rate := count / (ms / 1000)
	if math.IsNaN(rate) || math.IsInf(rate, 0) {
		return nil
	}
	return &rate
}

func compare(a, b *side) Comparison {
	comparison := Comparison{
		Model:   a.summary.Model,
		Op:      a.summary.Op,
		A:       a.summary.Target,
		B:       b.summary.Target,
		Variant: a.summary.Variant,
		Metrics: map[Metric]stats.Comparison{},
	}
	if a.summary.Succeeded == 0 || b.summary.Succeeded == 0 {
		return comparison
	}
	var stability *stats.Stability
	metrics := compared()
	if lengthsDiffer(a.summary, b.summary) {
		metrics = append(metrics, DurationPerToken)
	}
	for _, metric := range metrics {
		x, y, paired := valuesToCompare(a, b, metric)
		if len(x) == 0 || len(y) == 0 {
			continue
		}
		options := stats.Options{Better: metric.better(), Paired: paired}
		c := stats.Compare(x, y, options)
		if metric == Duration {
			stability = stats.CompareStability(x, y, options)
		}
		if a.sampled() || b.sampled() {
			left, right := a.summary.Metrics[metric], b.summary.Metrics[metric]
			c = aboutAll(c, left, right, options.Better)
			if metric == Duration {
				stability = stabilityOfAll(stability, left, right)
			}
		}
		comparison.Metrics[metric] = c
	}
	if stability != nil {
		comparison.StabilityRatio, comparison.StabilityRatioCI95 = &stability.Ratio, stability.RatioCI95
	}
	comparison.NetworkOverhead = overhead(a.summary.Metrics[Network], b.summary.Metrics[Network])
	return comparison
}

// adjust allows for the fact that more tests have more chances of a difference by chance:
// those of all metrics, models and pairs of targets are one family.
func adjust(comparisons []Comparison) {
	type test struct {
		metrics map[Metric]stats.Comparison
		metric  Metric
	}
	var (
		tests []test
		p     []float64
	)
	for _, comparison := range comparisons {
		for _, metric := range slices.Sorted(maps.Keys(comparison.Metrics)) {
			if value := comparison.Metrics[metric].PValue; value != nil {
				tests, p = append(tests, test{comparison.Metrics, metric}), append(p, *value)
			}
		}
	}
	if len(tests) < 2 {
		return
	}
	for i, adjusted := range stats.Holm(p) {
		t := tests[i]
		t.metrics[t.metric] = t.metrics[t.metric].Adjusted(adjusted)
	}
}

func overhead(a, b stats.Summary) *NetworkOverhead {
	if a.Count == 0 && b.Count == 0 {
		return nil
	}
	var o NetworkOverhead
	if a.Count > 0 {
		o.A = &a.Mean
	}
	if b.Count > 0 {
		o.B = &b.Mean
	}
	if o.A != nil && o.B != nil {
		difference := b.Mean - a.Mean
		o.Difference = &difference
	}
	return &o
}
