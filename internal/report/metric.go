package report

import (
	"cmp"
	"maps"
	"slices"

	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// Metric names a measured quantity in results.json. Its values are milliseconds, but for
// TokensPerSecond, PromptTokens and OutputTokens.
type Metric string

// The metrics there are; docs/metrics.md defines them.
const (
	Duration        Metric = "duration"
	TTFT            Metric = "ttft"
	TTFO            Metric = "ttfo"
	TPOT            Metric = "tpot"
	ITL             Metric = "itl"               // every gap of every request
	TokensPerSecond Metric = "tokens_per_second" // #nosec G101 -- a model's tokens are no secrets
	Server          Metric = "server"
	Load            Metric = "load"
	PromptEval      Metric = "prompt_eval"
	Eval            Metric = "eval"
	Queue           Metric = "queue"
	Network         Metric = "network"
	Connect         Metric = "connect"
	ScheduleDelay   Metric = "schedule_delay"
	PromptTokens    Metric = "prompt_tokens"
	OutputTokens    Metric = "output_tokens"
	// DurationPerToken is the E2E time over the output tokens: what is left to compare where
	// two targets wrote answers of different length.
	DurationPerToken Metric = "duration_per_token"
)

// compared are the metrics that have one value a request, so that a test of two sides means
// something: gaps within one answer are not independent of each other.
func compared() []Metric { return []Metric{Duration, TTFT, TPOT, TokensPerSecond} }

func (m Metric) better() stats.Better {
	if m == TokensPerSecond {
		return stats.HigherIsBetter
	}
	return stats.LowerIsBetter
}

// unit returns the unit of the metric's values.
func (m Metric) unit() string {
	switch m {
	case TokensPerSecond:
		return "tokens/s"
	case PromptTokens, OutputTokens:
		return "tokens"
	case TPOT, DurationPerToken:
		return "ms/token"
	}
	return "ms"
}

// perRequestMetrics is how many metrics have one value a request.
const perRequestMetrics = 16

// perRequest are the metrics that have one value a request, and where its record has it.
var perRequest = [perRequestMetrics]struct {
	metric Metric
	of     func(*record.Record) *float64 // nil: unknown
}{
	{Duration, func(r *record.Record) *float64 { return r.Duration }},
	{TTFT, func(r *record.Record) *float64 { return r.TTFT }},
	{TTFO, func(r *record.Record) *float64 { return r.TTFO }},
	{TPOT, func(r *record.Record) *float64 { return r.TPOT }},
	{TokensPerSecond, tokensPerSecond},
	{DurationPerToken, durationPerToken},
	{Server, ofServer(func(s *record.Server) *float64 { return s.Total })},
	{Load, ofServer(func(s *record.Server) *float64 { return s.Load })},
	{PromptEval, ofServer(func(s *record.Server) *float64 { return s.PromptEval })},
	{Eval, ofServer(func(s *record.Server) *float64 { return s.Eval })},
	{Queue, ofServer(func(s *record.Server) *float64 { return s.Queue })},
	{Network, func(r *record.Record) *float64 { return r.Network }},
	{Connect, func(r *record.Record) *float64 { return r.Connect }},
	{ScheduleDelay, func(r *record.Record) *float64 { return r.ScheduleDelay }},
	{PromptTokens, func(r *record.Record) *float64 { return toFloat(r.PromptTokens) }},
	{OutputTokens, func(r *record.Record) *float64 { return toFloat(r.OutputTokens) }},
}

// inOrderOfDisplay returns the metrics that there are, those of the whole request first.
func inOrderOfDisplay[T any](metrics map[Metric]T) []Metric {
	place := func(m Metric) int {
		if m == ITL {
			m = TPOT // beside it, as the other time between tokens
		}
		for i := range perRequest {
			if perRequest[i].metric == m {
				return i
			}
		}
		return perRequestMetrics
	}
	return slices.SortedFunc(maps.Keys(metrics), func(a, b Metric) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(b, a))
	})
}

func ofServer(value func(*record.Server) *float64) func(*record.Record) *float64 {
	return func(r *record.Record) *float64 {
		if r.Server == nil {
			return nil
		}
		return value(r.Server)
	}
}

func tokensPerSecond(r *record.Record) *float64 {
	if rate, ok := r.TokensPerSecond(); ok {
		return &rate
	}
	return nil
}

func durationPerToken(r *record.Record) *float64 {
	if r.Duration == nil || r.OutputTokens == nil || *r.OutputTokens <= 0 {
		return nil
	}
	time := *r.Duration / float64(*r.OutputTokens)
	return &time
}

func toFloat(n *int64) *float64 {
	if n == nil {
		return nil
	}
	x := float64(*n)
	return &x
}
