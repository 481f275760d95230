package loadcheck

import (
	"math"
	"runtime"
	"runtime/metrics"
	"time"
)

// counters are what only ever grows while a process runs.
type counters struct {
	at         time.Time
	process    time.Duration // of CPU, in user and system mode; 0 if unknown
	machine    ticks
	scheduling *histogram
	gc         *histogram
}

// ticks are the machine's time on all its CPUs, in a unit of the system's; 0 if unknown.
type ticks struct{ busy, total uint64 }

func readCounters() *counters {
	samples := []metrics.Sample{{Name: "/sched/latencies:seconds"}, {Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(samples)
	return &counters{
		at:         time.Now(),
		process:    processTime(),
		machine:    machineTime(),
		scheduling: histogramOf(samples[0]),
		gc:         histogramOf(samples[1]),
	}
}

// usage returns the shares of the CPUs that were used between two readings.
func usage(from, to *counters) (process, machine float64) {
	if capacity := to.at.Sub(from.at).Seconds() * float64(runtime.GOMAXPROCS(0)); capacity > 0 {
		process = (to.process - from.process).Seconds() / capacity
	}
	if total := to.machine.total - from.machine.total; total > 0 && to.machine.total > from.machine.total {
		machine = float64(to.machine.busy-from.machine.busy) / float64(total)
	}
	return share(process), share(machine)
}

// share keeps what clocks of different grain make of a share within its bounds.
func share(x float64) float64 { return min(max(x, 0), 1) }

// histogram counts delays in buckets, as runtime/metrics does.
type histogram struct {
	counts []uint64
	ends   []float64 // of each bucket, in ms
}

func histogramOf(s metrics.Sample) *histogram {
	if s.Value.Kind() != metrics.KindFloat64Histogram {
		return &histogram{} // a runtime without it
	}
	h := s.Value.Float64Histogram()
	ends := make([]float64, len(h.Counts))
	for i := range ends {
		end := h.Buckets[i+1]
		if math.IsInf(end, 1) {
			end = h.Buckets[i]
		}
		ends[i] = end * float64(time.Second/time.Millisecond)
	}
	return &histogram{counts: h.Counts, ends: ends}
}

// since describes the delays that were not yet in an earlier reading.
func (h *histogram) since(before *histogram) Delay {
	counts := make([]uint64, len(h.counts))
	var all uint64
	for i, count := range h.counts {
		if i < len(before.counts) {
			count -= min(count, before.counts[i])
		}
		counts[i] = count
		all += count
	}
	delay := Delay{Count: int(min(all, math.MaxInt64))} // #nosec G115 -- it is none larger
	var below uint64
	for i, count := range counts {
		if count == 0 {
			continue
		}
		for _, q := range []struct {
			share float64
			value *float64
		}{{0.5, &delay.Med}, {0.95, &delay.P95}, {0.99, &delay.P99}, {1, &delay.Max}} {
			if rank := q.share * float64(all); float64(below) < rank && float64(below+count) >= rank {
				*q.value = h.ends[i]
			}
		}
		below += count
	}
	return delay
}
