package ollama

import (
	"time"

	"go.k6.io/k6/v2/metrics"

	"github.com/xk6-ollama/xk6-ollama/internal/exchange"
)

// pushGaps emits each of the gaps between chunks as a sample of ollama_itl.
func (m *instanceMetrics) pushGaps(inv *invocation, runs []exchange.Gaps) {
	together := 0
	samples := newBatch(inv.tags.Tags, len(runs))
	for _, run := range runs {
		if run.Length == 0 && inv.tags.Metadata == nil {
			together += run.Count
			continue
		}
		for range run.Count {
			samples.add(m.itl, inv.tags.Metadata, run.Length)
		}
	}
	if len(samples.Samples) > 0 {
		metrics.PushIfNotDone(inv.ctx, inv.state.Samples, samples.ConnectedSamples)
	}
	for together > 0 {
		n := min(together, alikeLength)
		metrics.PushIfNotDone(inv.ctx, inv.state.Samples, m.alikeGaps(samples.Tags, samples.Time, n))
		together -= n
	}
}

// alikeGaps are samples of gaps of 0. A server that sends more than a client can read in
// one piece has one for almost every token, and k6 takes samples as slices of 56 bytes
// each; so those of one time are the same memory, which nobody writes to.
type alikeGaps struct{ metrics.ConnectedSamples }

const (
	alikeLength = 512
	alikeFor    = 20 * time.Millisecond // that long their time is good enough
)

func (m *instanceMetrics) alikeGaps(tags *metrics.TagSet, at time.Time, n int) metrics.ConnectedSamples {
	alike := m.alike.Load()
	if alike == nil || alike.Tags != tags || at.Sub(alike.Time).Abs() > alikeFor || len(alike.Samples) < n {
		samples := newBatch(tags, n)
		samples.Time = at
		for range n {
			samples.add(m.itl, nil, 0)
		}
		alike = &alikeGaps{samples.ConnectedSamples}
		m.alike.Store(alike)
	}
	some := alike.ConnectedSamples
	some.Samples = some.Samples[:n:n]
	return some
}
