package ollama

import (
	"sync/atomic"
	"time"

	"go.k6.io/k6/v2/metrics"

	"github.com/xk6-ollama/xk6-ollama/internal/record"
)

// metricDefinition is a metric of which each request gives at most one sample. value
// returns false where the request has none.
type metricDefinition struct {
	name  string
	kind  metrics.MetricType
	unit  metrics.ValueType
	value func(r *record.Record) (float64, bool)
}

// definitions are the metrics, in the order of the documentation. All times are in ms.
var definitions = []metricDefinition{
	{"ollama_reqs", metrics.Counter, metrics.Default, func(*record.Record) (float64, bool) { return 1, true }},
	{"ollama_req_failed", metrics.Rate, metrics.Default, func(r *record.Record) (float64, bool) {
		return metrics.B(!r.OK), true
	}},
	trend("ollama_req_duration", func(r *record.Record) *float64 { return r.Duration }),
	trend("ollama_connect_duration", func(r *record.Record) *float64 { return r.Connect }),
	trend("ollama_ttft", func(r *record.Record) *float64 { return r.TTFT }),
	trend("ollama_ttfo", func(r *record.Record) *float64 { return r.TTFO }),
	trend("ollama_tpot", func(r *record.Record) *float64 { return r.TPOT }),
	{"ollama_tokens_per_second", metrics.Trend, metrics.Default, (*record.Record).TokensPerSecond},
	counter("ollama_prompt_tokens", func(r *record.Record) *int64 { return r.PromptTokens }),
	counter("ollama_output_tokens", func(r *record.Record) *int64 { return r.OutputTokens }),
	trend("ollama_server_duration", server(func(s *record.Server) *float64 { return s.Total })),
	trend("ollama_load_duration", server(func(s *record.Server) *float64 { return s.Load })),
	trend("ollama_prompt_eval_duration", server(func(s *record.Server) *float64 { return s.PromptEval })),
	trend("ollama_eval_duration", server(func(s *record.Server) *float64 { return s.Eval })),
	trend("ollama_queue_duration", server(func(s *record.Server) *float64 { return s.Queue })),
	trend("ollama_network_duration", func(r *record.Record) *float64 { return r.Network }),
	trend("ollama_schedule_delay", func(r *record.Record) *float64 { return r.ScheduleDelay }),
}

func trend(name string, value func(*record.Record) *float64) metricDefinition {
	return metricDefinition{name, metrics.Trend, metrics.Time, func(r *record.Record) (float64, bool) {
		if v := value(r); v != nil {
			return *v, true
		}
		return 0, false
	}}
}

func counter(name string, value func(*record.Record) *int64) metricDefinition {
	return metricDefinition{name, metrics.Counter, metrics.Default, func(r *record.Record) (float64, bool) {
		if v := value(r); v != nil {
			return float64(*v), true
		}
		return 0, false
	}}
}

func server(value func(*record.Server) *float64) func(*record.Record) *float64 {
	return func(r *record.Record) *float64 {
		if r.Server == nil {
			return nil
		}
		return value(r.Server)
	}
}

// instanceMetrics are the metrics as the run's registry knows them.
type instanceMetrics struct {
	single  []*metrics.Metric // in the order of the definitions
	itl     *metrics.Metric
	goodput *metrics.Metric
	// madeNoGaps are the latest samples of noGaps; nil if there are none.
	madeNoGaps atomic.Pointer[metrics.ConnectedSamples]
}

func registerMetrics(registry *metrics.Registry) (*instanceMetrics, error) {
	m := &instanceMetrics{single: make([]*metrics.Metric, len(definitions))}
	var err error
	for i, d := range definitions {
		if m.single[i], err = registry.NewMetric(d.name, d.kind, d.unit); err != nil {
			return nil, err
		}
	}
	if m.itl, err = registry.NewMetric("ollama_itl", metrics.Trend, metrics.Time); err != nil {
		return nil, err
	}
	m.goodput, err = registry.NewMetric("ollama_goodput", metrics.Rate)
	return m, err
}

// push emits the samples of a finished request in one batch.
func (m *instanceMetrics) push(inv *invocation) {
	r := &inv.record
	tags := inv.tags.Tags
	if r.Error != nil {
		tags = tags.With("error_type", string(r.Error.Type))
	}
	request := newBatch(tags, len(definitions)+1)
	for i, d := range definitions {
		if value, ok := d.value(r); ok {
			request.add(m.single[i], inv.tags.Metadata, value)
		}
	}
	if good, ok := inv.params.slo.met(r); ok && inv.op.Inference() {
		request.add(m.goodput, inv.tags.Metadata, metrics.B(good))
	}
	metrics.PushIfNotDone(inv.ctx, inv.state.Samples, request.ConnectedSamples)
}

// batch is samples that are of one time and have the same tags.
type batch struct{ metrics.ConnectedSamples }

func newBatch(tags *metrics.TagSet, size int) *batch {
	return &batch{metrics.ConnectedSamples{Tags: tags, Time: time.Now(), Samples: make([]metrics.Sample, 0, size)}}
}

func (b *batch) add(metric *metrics.Metric, metadata map[string]string, value float64) {
	b.Samples = append(b.Samples, metrics.Sample{
		TimeSeries: metrics.TimeSeries{Metric: metric, Tags: b.Tags},
		Time:       b.Time, Metadata: metadata, Value: value,
	})
}

// met says whether the request met every objective; ok is false if that can't be said: no
// objective was given, or only ones for times that the request does not have (the TTFT of an
// answer that was not streamed). A request that failed met none.
func (s slo) met(r *record.Record) (good, ok bool) {
	objectives := []struct {
		limit float64
		value *float64
	}{{s.ttft, r.TTFT}, {s.tpot, r.TPOT}, {s.duration, r.Duration}}
	good = r.OK
	for _, o := range objectives {
		if o.limit == 0 || r.OK && o.value == nil {
			continue
		}
		ok = true
		if o.value != nil && *o.value > o.limit {
			good = false
		}
	}
	return good, ok
}
