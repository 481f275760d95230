package loadcheck

import (
	"math"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestDelaysSince(t *testing.T) {
	t.Parallel()
	ends := []float64{1, 2, 4, 8}
	before := &histogram{counts: []uint64{5, 0, 0, 1}, ends: ends}
	after := &histogram{counts: []uint64{5 + 90, 4, 5, 1 + 1}, ends: ends}
	assert.Equal(t, Delay{Count: 100, Med: 1, P95: 4, P99: 4, Max: 8}, after.since(before))
	assert.Equal(t, Delay{}, after.since(after))
	assert.Equal(t, Delay{Count: 6, Med: 1, P95: 8, P99: 8, Max: 8}, before.since(&histogram{}))
	assert.Equal(t, Delay{}, (&histogram{}).since(&histogram{}))
	assert.Equal(t, &histogram{}, histogramOf(metrics.Sample{}), "a runtime that does not know it")
}

func TestUsage(t *testing.T) {
	t.Parallel()
	start := time.Now()
	from := &counters{at: start, process: time.Second, machine: ticks{busy: 100, total: 1000}}
	for _, tt := range []struct {
		name             string
		to               counters
		process, machine float64
	}{
		{"nothing has passed", *from, 0, 0},
		{"more than there is", counters{at: start.Add(time.Millisecond), process: time.Hour}, 1, 0},
		{"a clock that went back", counters{at: start.Add(time.Second), machine: ticks{busy: 1, total: 2}}, 0, 0},
		{"half of the machine", counters{at: start.Add(time.Second), process: time.Second, machine: ticks{150, 1100}}, 0, 0.5},
	} {
		process, machine := usage(from, &tt.to)
		assert.InDelta(t, tt.process, process, 1e-9, tt.name)
		assert.InDelta(t, tt.machine, machine, 1e-9, tt.name)
		assert.False(t, math.IsNaN(process) || math.IsNaN(machine), tt.name)
	}
}
