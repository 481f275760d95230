// Package gate reads conditions on what was measured, such as remote.ttft.p95>+10%, and judges
// whether a run is let through.
package gate

// Gate is a condition; a run that it is true of fails.
type Gate struct {
	Text     string // as it was written
	Subject  Subject
	Operator Operator
	Limit    Limit
}

// Subject is the figure that a gate is about. What is empty names all.
type Subject struct {
	Comparison bool   // a figure of how two targets of the new run compare, not of a target
	Target     string // "" in a comparison
	A, B       string // the targets of a comparison
	Model      string
	Op         string
	Metric     string // as in results.json
	Figure     Figure // of the metric; "" for a metric that is one figure
}

// Operator compares a figure with a limit.
type Operator string

// The operators.
const (
	Above   Operator = ">"
	Below   Operator = "<"
	AtLeast Operator = ">="
	AtMost  Operator = "<="
)

func (o Operator) holds(x, limit float64) bool {
	switch o {
	case Above:
		return x > limit
	case Below:
		return x < limit
	case AtLeast:
		return x >= limit
	default:
		return x <= limit
	}
}

// up says whether the operator looks for large figures.
func (o Operator) up() bool { return o == Above || o == AtLeast }

// Limit is what a figure is compared with.
type Limit struct {
	Value float64 // ms, a share of 1, or the metric's own unit
	Of    Quantity
}

// Quantity is what is compared with the limit.
type Quantity int

// The quantities.
const (
	Level          Quantity = iota // the new run's figure
	Difference                     // new − base
	RelativeChange                 // new/base − 1
)

// Figure names one figure of a metric.
type Figure string

// The figures of a metric that has a value a request.
const (
	Mean   Figure = "mean"
	Min    Figure = "min"
	Median Figure = "med"
	P90    Figure = "p90"
	P95    Figure = "p95"
	P99    Figure = "p99"
	Max    Figure = "max"
	StdDev Figure = "stddev"
)

// The figures of a metric in a comparison.
const (
	Ratio          Figure = "ratio"
	MeanDifference Figure = "difference"
)

// Unit is what a metric is measured in.
type Unit int

// The units.
const (
	Milliseconds Unit = iota
	PerSecond
	Tokens
	Share // of 1
	Plain // a ratio
)

// metric is what a gate has to know of a metric.
type metric struct {
	name   string
	unit   Unit
	single bool // it is one figure
}

// usual is the figure of the metric that is meant where none is named.
func (m metric) usual(comparison bool) Figure {
	switch {
	case m.single:
		return ""
	case comparison:
		return Ratio
	}
	return Mean
}

// seriesMetrics are those of a target.
func seriesMetrics() []metric {
	return []metric{
		{"success_rate", Share, true},
		{"duration", Milliseconds, false},
		{"ttft", Milliseconds, false},
		{"ttfo", Milliseconds, false},
		{"tpot", Milliseconds, false},
		{"itl", Milliseconds, false},
		{"tokens_per_second", PerSecond, false},
		{"requests_per_second", PerSecond, true},
		{"output_tokens_per_second", PerSecond, true},
		{"connect", Milliseconds, false},
		{"network", Milliseconds, false},
		{"queue", Milliseconds, false},
		{"load", Milliseconds, false},
		{"prompt_eval", Milliseconds, false},
		{"eval", Milliseconds, false},
		{"server", Milliseconds, false},
		{"schedule_delay", Milliseconds, false},
		{"prompt_tokens", Tokens, false},
		{"output_tokens", Tokens, false},
		{"duration_per_token", Milliseconds, false},
	}
}

// comparisonMetrics are those of a comparison between two targets.
func comparisonMetrics() []metric {
	return []metric{
		{"duration", Milliseconds, false},
		{"ttft", Milliseconds, false},
		{"tpot", Milliseconds, false},
		{"tokens_per_second", PerSecond, false},
		{"duration_per_token", Milliseconds, false},
		{"stability_ratio", Plain, true},
		{"network_overhead", Milliseconds, true},
	}
}

// Metrics returns the names of the metrics of a target.
func Metrics() []string { return names(seriesMetrics()) }

// ComparisonMetrics returns the names of the metrics of a comparison.
func ComparisonMetrics() []string { return names(comparisonMetrics()) }

func names(metrics []metric) []string {
	list := make([]string, len(metrics))
	for i, m := range metrics {
		list[i] = m.name
	}
	return list
}

// figures are the names that a figure can be written with; k6's own are among them.
func figures(comparison bool) map[string]Figure {
	if comparison {
		return map[string]Figure{"ratio": Ratio, "difference": MeanDifference}
	}
	return map[string]Figure{
		"mean": Mean, "avg": Mean, "min": Min, "max": Max, "stddev": StdDev,
		"med": Median, "median": Median, "p50": Median, "p(50)": Median,
		"p90": P90, "p(90)": P90, "p95": P95, "p(95)": P95, "p99": P99, "p(99)": P99,
	}
}

// Figures returns the names of the figures of a target's metric.
func Figures() []string { return []string{"mean", "min", "med", "p90", "p95", "p99", "max", "stddev"} }
