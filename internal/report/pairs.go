package report

import "math"

// interleaved says whether the requests of two targets went out in turn, so that the nth of
// one and the nth of the other were sent under the same conditions: both before the next of
// either. It does not need to be told, which merged runs could not.
func interleaved(a, b *side) bool {
	x, y := measuredOf(a.summary.Sample), measuredOf(b.summary.Sample)
	if a.sampled() || b.sampled() || len(x) != len(y) {
		return false
	}
	latest := math.Inf(-1)
	for i := range x {
		if min(x[i].StartedAt, y[i].StartedAt) <= latest {
			return false
		}
		latest = max(x[i].StartedAt, y[i].StartedAt)
	}
	return true
}

// sampled says whether the requests that are kept are not all.
func (s *side) sampled() bool { return len(s.summary.Sample) < s.summary.SampleOf }

func measuredOf(requests []Request) []Request {
	measured := make([]Request, 0, len(requests))
	for i := range requests {
		if !requests[i].Warmup {
			measured = append(measured, requests[i])
		}
	}
	return measured
}

// valuesToCompare returns a metric's values of both sides; paired says that the nth of one
// belongs to the nth of the other. They do not if a request of either side has no value: what
// is compared is what was measured, all of it.
func valuesToCompare(a, b *side, metric Metric) (x, y []float64, paired bool) {
	x, y = valuesOf(a.summary.Sample, metric), valuesOf(b.summary.Sample, metric)
	whole := len(x) == a.summary.Requests && len(y) == b.summary.Requests
	return x, y, whole && interleaved(a, b)
}
