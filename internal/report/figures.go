package report

import (
	"slices"

	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// figuresTable shows everything that is known of each metric of one series.
func (v view) figuresTable(s Series) *table {
	t := &table{header: []string{
		v.metricHeader, v.count, v.meanHeader, v.deviation, v.smallest, v.median, "p90", "p95", "p99", v.most,
	}}
	for _, metric := range v.figures() {
		if summary := s.Metrics[metric.name]; summary.Count > 0 {
			t.add(metric.label, v.figuresOf(summary, metric.format)...)
		}
	}
	return t
}

// figure is a metric with its name in the reader's language.
type figure struct {
	name   Metric
	label  string
	format func(float64) string
}

// figures are all metrics, in the order of a request's course.
func (v view) figures() []figure {
	count := func(x float64) string { return decimals(x, 1) }
	return []figure{
		{Duration, v.e2e, v.fine},
		{TTFT, v.ttft, v.fine},
		{TTFO, v.ttfo, v.fine},
		{TPOT, v.tpot, v.fine},
		{ITL, v.itl, v.fine},
		{DurationPerToken, v.perToken, v.fine},
		{TokensPerSecond, v.tokensPerSecond, count},
		{Connect, v.connect, v.fine},
		{ScheduleDelay, v.scheduleDelay, v.fine},
		{Network, v.networkShare, v.fine},
		{Queue, v.queue, v.fine},
		{Load, v.load, v.fine},
		{PromptEval, v.prefill, v.fine},
		{Eval, v.decoding, v.fine},
		{Server, "total_duration", v.fine},
		{PromptTokens, v.promptTokens, count},
		{OutputTokens, v.outputTokens, count},
	}
}

func (v view) figuresOf(s stats.Summary, format func(float64) string) []string {
	percentile := func(name string, value float64) string {
		if slices.Contains(s.Unsupported, name) {
			return format(value) + perhapsMaximumMark
		}
		return format(value)
	}
	deviation := absent
	if s.StdDev != nil {
		deviation = format(*s.StdDev)
	}
	return []string{
		decimals(float64(s.Count), 0),
		withInterval(s.Mean, s.CI95, format), deviation, format(s.Min), withInterval(s.Med, s.MedCI95, format),
		percentile("p90", s.P90), percentile("p95", s.P95), percentile("p99", s.P99), format(s.Max),
	}
}

func withInterval(value float64, interval *stats.Interval, format func(float64) string) string {
	if interval == nil {
		return format(value)
	}
	return format(value) + " (" + format(interval[0]) + "–" + format(interval[1]) + ")"
}
