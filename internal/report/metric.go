package report

import (
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

// samples holds the values of each metric.
type samples map[Metric][]float64

func (s samples) add(r *record.Record) {
	var server record.Server
	if r.Server != nil {
		server = *r.Server
	}
	for metric, value := range map[Metric]*float64{
		Duration:      r.Duration,
		TTFT:          r.TTFT,
		TTFO:          r.TTFO,
		TPOT:          r.TPOT,
		Server:        server.Total,
		Load:          server.Load,
		PromptEval:    server.PromptEval,
		Eval:          server.Eval,
		Queue:         server.Queue,
		Network:       r.Network,
		Connect:       r.Connect,
		ScheduleDelay: r.ScheduleDelay,
		PromptTokens:  toFloat(r.PromptTokens),
		OutputTokens:  toFloat(r.OutputTokens),
	} {
		if value != nil {
			s[metric] = append(s[metric], *value)
		}
	}
	if rate, ok := r.TokensPerSecond(); ok {
		s[TokensPerSecond] = append(s[TokensPerSecond], rate)
	}
	if len(r.ITL) > 0 {
		s[ITL] = append(s[ITL], r.ITL...)
	}
}

func (s samples) summaries() map[Metric]stats.Summary {
	summaries := make(map[Metric]stats.Summary, len(s))
	for metric, values := range s {
		if summary := stats.Summarize(values); summary.Count > 0 {
			summaries[metric] = summary
		}
	}
	return summaries
}

func toFloat(n *int64) *float64 {
	if n == nil {
		return nil
	}
	x := float64(*n)
	return &x
}
