package report

import (
	"cmp"
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
	// Manifests are those of an earlier report, by target and model, for targets without an
	// inventory. Without either a model's identity is unknown.
	Manifests   map[string]map[string]api.Manifest
	Settings    map[string]any
	Environment Environment
	GeneratedAt time.Time
	Targets     []string // in the order of display; others follow as they appear
	Interrupted bool     // the test was stopped before its end
}

// unknownError is the type of a failure whose record names none.
const unknownError api.ErrorKind = "unknown"

// Summarize computes the results of a run. Only measured calls that make a model work count,
// and only successful ones in metrics.
func Summarize(run Run) Results {
	groups, selfCheck := group(run), check(run.Records)
	results := Results{
		Schema:      Schema,
		GeneratedAt: run.GeneratedAt.UTC(),
		Environment: run.Environment,
		Settings:    run.Settings,
		Series:      []Series{},
		Comparisons: []Comparison{},
		SelfCheck:   selfCheck,
	}
	if results.Settings == nil {
		results.Settings = map[string]any{}
	}
	for _, sides := range groups {
		var pairs []Comparison
		for i, b := range sides {
			results.Series = append(results.Series, b.summary)
			for _, a := range sides[:i] {
				pairs = append(pairs, compare(a, b))
			}
		}
		adjust(pairs)
		results.Comparisons = append(results.Comparisons, pairs...)
	}
	results.Warnings = warnings(run, groups)
	return results
}

// side is a series in the making.
type side struct {
	summary   Series
	records   []*record.Record
	samples   samples
	endpoints []string
}

type subject struct{ model, op string }

// group returns the series of each model and call, in the order of appearance, and within
// it by target.
func group(run Run) [][]*side {
	var subjects []subject
	sides := map[subject][]*side{}
	for i := range run.Records {
		r := &run.Records[i]
		if !measured(r) {
			continue
		}
		s := subject{r.Model, r.Op}
		if sides[s] == nil {
			subjects = append(subjects, s)
		}
		at := slices.IndexFunc(sides[s], func(other *side) bool { return other.summary.Target == r.Target })
		if at < 0 {
			at = len(sides[s])
			sides[s] = append(sides[s], &side{summary: Series{Target: r.Target, Model: r.Model, Op: r.Op}})
		}
		sides[s][at].records = append(sides[s][at].records, r)
	}
	groups := make([][]*side, len(subjects))
	for i, s := range subjects {
		groups[i] = sides[s]
		slices.SortStableFunc(groups[i], func(a, b *side) int {
			return cmp.Compare(rank(run.Targets, a.summary.Target), rank(run.Targets, b.summary.Target))
		})
		for _, each := range groups[i] {
			each.summarize(run)
		}
	}
	return groups
}

// measured says whether the request counts. One that was cancelled with its iteration says
// nothing of the server; k6 has no samples of it either.
func measured(r *record.Record) bool {
	return r.Phase == record.Measure && api.Op(r.Op).Inference() && !canceled(r)
}

func canceled(r *record.Record) bool { return r.Error != nil && r.Error.Type == api.Canceled }

func rank(targets []string, target string) int {
	if i := slices.Index(targets, target); i >= 0 {
		return i
	}
	return len(targets)
}

func (s *side) summarize(run Run) {
	s.samples = samples{}
	series := &s.summary
	series.Errors = map[api.ErrorKind]int{}
	series.Requests = len(s.records)
	for _, r := range s.records {
		if r.Endpoint != "" && !slices.Contains(s.endpoints, r.Endpoint) {
			s.endpoints = append(s.endpoints, r.Endpoint)
		}
		if !r.OK {
			series.fail(r)
			continue
		}
		series.Succeeded++
		s.samples.add(r)
	}
	slices.SortStableFunc(series.Failures, func(a, b Failure) int { return b.Count - a.Count })
	if len(s.endpoints) > 0 {
		series.Endpoint = s.endpoints[0]
	}
	if manifest, ok := run.Manifests[series.Target][series.Model]; ok {
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
	series.SuccessRate = float64(series.Succeeded) / float64(series.Requests)
	series.BusyMS, series.WallMS = occupied(s.records)
	series.RequestsPerSecond = perSecond(float64(series.Succeeded), series.BusyMS)
	if tokens, ok := s.samples[OutputTokens]; ok {
		series.OutputTokensPerSecond = perSecond(sum(tokens), series.BusyMS)
	}
	series.Metrics = s.samples.summaries()
}

func (s *Series) fail(r *record.Record) {
	failure := Failure{Type: unknownError, Count: 1, Status: r.Status}
	if r.Error != nil {
		failure.Type, failure.Message = r.Error.Type, r.Error.Message
	}
	s.Errors[failure.Type]++
	if i := slices.IndexFunc(s.Failures, func(f Failure) bool { return f.Type == failure.Type }); i >= 0 {
		s.Failures[i].Count++
		return
	}
	s.Failures = append(s.Failures, failure)
}

// occupied returns how long at least one of the requests was in flight, and the time from
// the first start to the last end.
func occupied(records []*record.Record) (busy, wall float64) {
	timed := make([]*record.Record, 0, len(records))
	for _, r := range records {
		if r.Duration != nil && *r.Duration >= 0 {
			timed = append(timed, r)
		}
	}
	if len(timed) == 0 {
		return 0, 0
	}
	slices.SortStableFunc(timed, func(a, b *record.Record) int { return cmp.Compare(a.StartedAt, b.StartedAt) })
	first, end := timed[0].StartedAt, 0.0 // from first on
	for _, r := range timed {
		start, duration := r.StartedAt-first, *r.Duration
		if start >= end {
			busy += duration // as it was measured: Unix times are coarser
		} else {
			busy += max(0, start+duration-end)
		}
		end = max(end, start+duration)
	}
	if math.IsInf(busy, 0) || math.IsInf(end, 0) || math.IsNaN(busy) || math.IsNaN(end) {
		return 0, 0 // no time that a clock could have shown
	}
	return busy, end
}

func perSecond(count, ms float64) *float64 {
	rate := count / (ms / 1000)
	if math.IsNaN(rate) || math.IsInf(rate, 0) {
		return nil
	}
	return &rate
}

func sum(values []float64) float64 {
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total
}

func compare(a, b *side) Comparison {
	comparison := Comparison{
		Model:   a.summary.Model,
		Op:      a.summary.Op,
		A:       a.summary.Target,
		B:       b.summary.Target,
		Metrics: map[Metric]stats.Comparison{},
	}
	if a.summary.Succeeded == 0 || b.summary.Succeeded == 0 {
		return comparison
	}
	for _, metric := range compared() {
		if len(a.samples[metric]) > 0 && len(b.samples[metric]) > 0 {
			comparison.Metrics[metric] = stats.Compare(a.samples[metric], b.samples[metric], metric.better())
		}
	}
	comparison.StabilityRatio = stability(a.summary.Metrics[Duration], b.summary.Metrics[Duration])
	comparison.NetworkOverhead = overhead(a.summary.Metrics[Network], b.summary.Metrics[Network])
	return comparison
}

// adjust allows for the fact that more pairs have more chances of a difference by chance.
func adjust(pairs []Comparison) {
	if len(pairs) < 2 {
		return
	}
	for _, metric := range compared() {
		var tested []int
		var p []float64
		for i, pair := range pairs {
			if value := pair.Metrics[metric].PValue; value != nil {
				tested, p = append(tested, i), append(p, *value)
			}
		}
		for n, adjusted := range stats.Holm(p) {
			metrics := pairs[tested[n]].Metrics
			metrics[metric] = metrics[metric].Adjusted(adjusted)
		}
	}
}

func stability(a, b stats.Summary) *float64 {
	if a.StdDev == nil || b.StdDev == nil || *a.StdDev == 0 {
		return nil
	}
	ratio := *b.StdDev / *a.StdDev
	return &ratio
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
