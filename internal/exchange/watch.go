package exchange

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
)

// watch cancels a request when a part of it takes too long. nil watches nothing.
type watch struct {
	timer *time.Timer
	over  atomic.Bool
}

// watch cancels the request, with an error of the given kind, when the limit has passed
// since an instant. That may move on meanwhile, which costs the timer nothing: it looks
// when it fires, and goes on for as long as is left.
func (x *exchange) watch(limit time.Duration, since func() instant, kind api.ErrorKind, format string) *watch {
	if limit <= 0 {
		return nil
	}
	w := &watch{}
	w.timer = time.AfterFunc(math.MaxInt64, func() {
		if w.over.Load() {
			return
		}
		if left := limit - now().sub(since()); left > 0 {
			w.timer.Reset(left)
			return
		}
		x.cancel(timeoutError(kind, format, limit))
	})
	w.timer.Reset(limit)
	return w
}

func (w *watch) stop() {
	if w != nil {
		w.over.Store(true)
		w.timer.Stop()
	}
}

// since is for a part that began at an instant.
func since(begun instant) func() instant { return func() instant { return begun } }
