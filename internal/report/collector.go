package report

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/sketch"
	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// ExactRequests is how many requests of a series a Collector keeps unless told otherwise.
const ExactRequests = 20_000

// Collector makes results of records, in memory that does not grow with their number. Up to
// a limit it keeps what counts of each request. Of a series with more it keeps a random
// sample, for pictures and comparisons; its counts, means, standard deviations and extremes
// still are of all requests, and so are its percentiles, to within sketch.Accuracy. The zero
// value is ready.
type Collector struct {
	// Limit is how many requests of a series are kept; 0 means ExactRequests.
	Limit int

	subjects []subject
	series   map[subject][]*collected
	check    SelfCheck
	warmups  []Warning // of those that failed
}

// subject is what targets are compared by: the model, the call, and what is peculiar to the
// settings of some of the runs, if several with different ones are merged.
type subject struct{ model, op, variant string }

// collected is what there is of one series.
type collected struct {
	target    string
	endpoints []string

	requests, succeeded int
	streamed            int // of those that succeeded
	failures            []Failure
	spans               spans

	kept   []Request // warm-up and failed ones included
	seen   int       // of which kept is all, or a sample
	random *rand.Rand
	// sketches describe what kept has no longer all of; nil as long as it has.
	sketches map[Metric]*sketch.Sketch
	itl      sketch.Sketch
}

// Add takes the record of a request. variant tells runs with different settings apart; it
// is "" if there is one run.
func (c *Collector) Add(r *record.Record, variant string) {
	c.check.add(r)
	if !r.OK && r.Phase == record.Warmup {
		c.failedWarmup(r)
	}
	if !api.Op(r.Op).Inference() || canceled(r) {
		return
	}
	series := c.seriesOf(r, variant)
	limit := c.Limit
	if limit <= 0 {
		limit = ExactRequests
	}
	series.keep(requestOf(r), limit)
	if r.Phase == record.Measure {
		series.measure(r)
	}
}

func (c *Collector) seriesOf(r *record.Record, variant string) *collected {
	s := subject{r.Model, r.Op, variant}
	if c.series == nil {
		c.series = map[subject][]*collected{}
	}
	if c.series[s] == nil {
		c.subjects = append(c.subjects, s)
	}
	for _, one := range c.series[s] {
		if one.target == r.Target {
			return one
		}
	}
	fresh := &collected{target: r.Target, random: rand.New(rand.NewPCG(1, 2))} // #nosec G404 -- a sample is no secret
	c.series[s] = append(c.series[s], fresh)
	return fresh
}

func (c *Collector) failedWarmup(r *record.Record) {
	same := func(w Warning) bool { return w.Target == r.Target && w.Facts.Model == r.Model }
	if at := slices.IndexFunc(c.warmups, same); at >= 0 {
		c.warmups[at].Facts.Count++
		return
	}
	facts := Facts{Model: r.Model, Count: 1, A: string(unknownError), Endpoint: r.Endpoint, Status: r.Status}
	if r.Error != nil {
		facts.A, facts.B = string(r.Error.Type), r.Error.Message
	}
	c.warmups = append(c.warmups, Warning{Code: WarmupFailed, Target: r.Target, Facts: facts})
}

// Records returns how many records there were, of which kinds.
func (c *Collector) Records() SelfCheck { return c.check }

// Measured returns how many measured requests of the target for the model there were, and
// how many of them succeeded.
func (c *Collector) Measured(target, model string) (requests, succeeded int) {
	for s, sides := range c.series {
		for _, one := range sides {
			if s.model == model && one.target == target {
				requests += one.requests
				succeeded += one.succeeded
			}
		}
	}
	return requests, succeeded
}

// keep keeps the request, or lets it take its chance to be in the sample: Vitter (1985),
// "Random sampling with a reservoir", ACM Transactions on Mathematical Software 11(1).
func (s *collected) keep(r Request, limit int) {
	s.seen++
	if len(s.kept) < limit {
		s.kept = append(s.kept, r)
		return
	}
	if s.sketches == nil {
		s.sketches = map[Metric]*sketch.Sketch{}
		for i := range s.kept {
			s.sketch(&s.kept[i])
		}
	}
	s.sketch(&r)
	if at := s.random.IntN(s.seen); at < limit {
		s.kept[at] = r
	}
}

func (s *collected) sketch(r *Request) {
	if !r.measured() {
		return
	}
	for i := range perRequest {
		metric := perRequest[i].metric
		if math.IsNaN(r.values[i]) {
			continue
		}
		if s.sketches[metric] == nil {
			s.sketches[metric] = &sketch.Sketch{}
		}
		s.sketches[metric].Add(r.values[i])
	}
}

// measure counts a measured request.
func (s *collected) measure(r *record.Record) {
	s.requests++
	if r.Endpoint != "" && !slices.Contains(s.endpoints, r.Endpoint) {
		s.endpoints = append(s.endpoints, r.Endpoint)
	}
	if r.Duration != nil {
		s.spans.add(r.StartedAt, *r.Duration)
	}
	if !r.OK {
		s.fail(r)
		return
	}
	s.succeeded++
	s.streamed += count(r.TTFT != nil)
	s.itl.Merge(r.ITL)
}

func (s *collected) fail(r *record.Record) {
	failure := Failure{Type: unknownError, Count: 1, Status: r.Status}
	if r.Error != nil {
		failure.Type, failure.Message = r.Error.Type, r.Error.Message
	}
	if i := slices.IndexFunc(s.failures, func(f Failure) bool { return f.Type == failure.Type }); i >= 0 {
		s.failures[i].Count++
		return
	}
	s.failures = append(s.failures, failure)
}

// inOrder returns the requests that are kept in the order in which they started.
func (s *collected) inOrder() []Request {
	requests := slices.Clone(s.kept)
	slices.SortStableFunc(requests, func(a, b Request) int { return cmp.Compare(a.StartedAt, b.StartedAt) })
	return requests
}

// summaries describes each metric of the successful measured requests.
func (s *collected) summaries(requests []Request) map[Metric]stats.Summary {
	summaries := map[Metric]stats.Summary{}
	add := func(metric Metric, summary stats.Summary) {
		if summary.Count > 0 {
			summaries[metric] = summary
		}
	}
	for i := range perRequest {
		metric := perRequest[i].metric
		if all := s.sketches[metric]; all != nil {
			add(metric, stats.SummarizeSketch(all))
		} else if s.sketches == nil {
			add(metric, stats.Summarize(valuesOf(requests, metric)))
		}
	}
	add(ITL, stats.SummarizeSketch(&s.itl))
	return summaries
}

// valuesOf returns a metric's values of the successful measured requests, in their order.
func valuesOf(requests []Request, metric Metric) []float64 {
	var values []float64
	for i := range requests {
		if r := &requests[i]; r.measured() {
			if value, known := r.Value(metric); known {
				values = append(values, value)
			}
		}
	}
	return values
}
