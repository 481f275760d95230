package report

import (
	"cmp"
	"math"
	"slices"
)

// spans are the times during which requests were in flight, in memory that does not grow
// with their number.
type spans struct {
	list  []span
	loose float64 // the time of requests whose start is not known: as if one followed another
	first float64 // the start of the first that was added; Unix times are too coarse to add up
	most  int     // how many are kept before those that touch are joined; 0 means spansKept
}

// span is a time, in ms since the first, during which something was in flight for busy ms.
type span struct{ start, length, busy float64 }

func (s span) end() float64 { return s.start + s.length }

const spansKept = 1 << 17

func (s *spans) add(start, duration float64) {
	if start == 0 && duration >= 0 && !math.IsInf(duration, 0) {
		s.loose += duration
		return
	}
	if len(s.list) == 0 {
		s.first = start
	}
	start -= s.first
	if !(duration >= 0) || math.IsInf(start+duration, 0) || math.IsNaN(start+duration) {
		return // no times that a clock could have shown
	}
	limit := s.most
	if limit == 0 {
		limit = spansKept
	}
	if len(s.list) >= limit {
		s.join()
		// Where so many requests followed one another with pauses, some pauses count as busy.
		for len(s.list) > limit/2 {
			s.list = closeGaps(s.list)
		}
	}
	s.list = append(s.list, span{start, duration, duration})
}

// join makes one of spans that overlap.
func (s *spans) join() {
	slices.SortStableFunc(s.list, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	joined := s.list[:0]
	for _, next := range s.list {
		last := len(joined) - 1
		if last < 0 || next.start >= joined[last].end() {
			joined = append(joined, next) // busy as it was measured: Unix times are coarser
			continue
		}
		if more := next.end() - joined[last].end(); more > 0 {
			joined[last].busy += more
			joined[last].length += more
		}
	}
	s.list = joined
}

// closeGaps joins each second of the spans with the one before it.
func closeGaps(list []span) []span {
	closed := list[:0]
	for i := 0; i < len(list); i += 2 {
		one := list[i]
		if i+1 < len(list) {
			next := list[i+1]
			one.busy += next.start - one.end() + next.busy
			one.length = next.end() - one.start
		}
		closed = append(closed, one)
	}
	return closed
}

// occupied returns for how long at least one request was in flight, and the time from the
// first start to the last end.
func (s *spans) occupied() (busy, wall float64) {
	if len(s.list) == 0 {
		return s.loose, s.loose
	}
	s.join()
	busy = s.loose
	for _, one := range s.list {
		busy += one.busy
	}
	return busy, s.loose + s.list[len(s.list)-1].end() - s.list[0].start
}
