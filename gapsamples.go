package ollama

import (
	"time"

	"go.k6.io/k6/v2/metrics"

	"github.com/xk6-ollama/xk6-ollama/internal/exchange"
)

// pushGaps emits each of the gaps between chunks as a sample of ollama_itl.
func (m *instanceMetrics) pushGaps(inv *invocation, runs []exchange.Gaps) {
	none := 0
	samples := newBatch(inv.tags.Tags, len(runs))
	for _, run := range runs {
		if run.Length == 0 && inv.tags.Metadata == nil {
			none += run.Count
			continue
		}
		for range run.Count {
			samples.add(m.itl, inv.tags.Metadata, run.Length)
		}
	}
	if len(samples.Samples) > 0 {
		metrics.PushIfNotDone(inv.ctx, inv.state.Samples, samples.ConnectedSamples)
	}
	for none > 0 {
		n := min(none, mostAlike)
		metrics.PushIfNotDone(inv.ctx, inv.state.Samples, m.noGaps(samples.Tags, samples.Time, n))
		none -= n
	}
}

const (
	mostAlike = 512
	alikeFor  = 20 * time.Millisecond
)

// noGaps returns samples of a gap of 0, of about the given time. Chunks that come in one read
// have no gap between them; where a server sends faster than the client reads, that is nearly
// all of them, and k6 takes a slice of 56 bytes for each. So those of one time are made once
// and handed on as often as they are needed: nobody writes to samples.
func (m *instanceMetrics) noGaps(tags *metrics.TagSet, at time.Time, n int) metrics.ConnectedSamples {
	made := m.madeNoGaps.Load()
	if made == nil || made.Tags != tags || at.Sub(made.Time).Abs() > alikeFor || len(made.Samples) < n {
		fresh := newBatch(tags, n)
		fresh.Time = at
		for range n {
			fresh.add(m.itl, nil, 0)
		}
		made = &fresh.ConnectedSamples
		m.madeNoGaps.Store(made)
	}
	some := *made
	some.Samples = made.Samples[:n:n]
	return some
}
