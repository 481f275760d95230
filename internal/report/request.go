package report

import (
	"math"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
)

// Request is what figures and pictures take from the record of one request.
type Request struct {
	StartedAt float64 // Unix time in ms
	Warmup    bool
	Cold      bool          // the server loaded the model for it
	Error     api.ErrorKind // "" if it succeeded

	PromptSeen bool // the same prompt was sent before
	Cached     bool // the server said that its cache answered for most of the prompt

	values [perRequestMetrics]float64
}

// OK says whether the request succeeded.
func (r *Request) OK() bool { return r.Error == "" }

// measured says whether the request's values count.
func (r *Request) measured() bool { return !r.Warmup && r.OK() }

// Value returns the request's value of a metric; known is false where it has none, as no
// request has of ITL, which has a value for each gap.
func (r *Request) Value(metric Metric) (value float64, known bool) {
	for i := range perRequest {
		if perRequest[i].metric == metric && !math.IsNaN(r.values[i]) {
			return r.values[i], true
		}
	}
	return 0, false
}

// requestOf takes from a record what a Request keeps. The error of a failed one is never "".
func requestOf(r *record.Record) Request {
	request := Request{
		StartedAt: r.StartedAt, Warmup: r.Phase == record.Warmup, Cold: r.Cold != nil && *r.Cold, PromptSeen: r.PromptSeen,
		Cached: r.CachedTokens != nil && r.PromptTokens != nil && *r.PromptTokens > 0 &&
			float64(*r.CachedTokens) > cachedShare*float64(*r.PromptTokens),
	}
	if !r.OK {
		request.Error = unknownError
		if r.Error != nil && r.Error.Type != "" {
			request.Error = r.Error.Type
		}
	}
	for i := range perRequest {
		request.values[i] = math.NaN()
		if value := perRequest[i].of(r); value != nil {
			request.values[i] = *value
		}
	}
	return request
}
