package exchange

import (
	"sync/atomic"
	"time"
)

// instant is a time of the monotonic clock, in nanoseconds since this package was loaded.
// 0 is none.
type instant int64

var loaded = time.Now()

func now() instant { return instant(max(time.Since(loaded), 1)) }

func (i instant) sub(j instant) time.Duration { return time.Duration(i - j) }

// atomicInstant is an instant that one goroutine sets and another reads.
type atomicInstant struct{ ns atomic.Int64 }

func (a *atomicInstant) load() instant   { return instant(a.ns.Load()) }
func (a *atomicInstant) store(i instant) { a.ns.Store(int64(i)) }
