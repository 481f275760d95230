package ollama

import (
	"errors"
	"sync"

	"github.com/grafana/sobek"
)

// events runs functions on the JS thread on behalf of a goroutine, in the order in which
// they were posted. k6's event loop gives out callbacks on the JS thread only, and each
// can be used once; so one is always kept in hand, and the function that uses it takes
// the next. As long as there is one, the iteration does not end.
type events struct {
	register func() func(func() error)

	mu       sync.Mutex
	callback func(func() error) // nil while it is on its way to run
	posted   []func() error
	last     func() error // set by close

	err error // the first error of a posted function; read on the JS thread only
}

// newEvents must be called on the JS thread.
func newEvents(register func() func(func() error)) *events {
	return &events{register: register, callback: register()}
}

// post has the function run on the JS thread. After one has failed, no other runs.
func (e *events) post(f func() error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.posted = append(e.posted, f)
	e.wake()
}

// close has the function run after all others, and lets the iteration end then.
func (e *events) close(last func() error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last = last
	e.wake()
}

func (e *events) wake() {
	if e.callback != nil {
		callback := e.callback
		e.callback = nil
		callback(e.run)
	}
}

// run does, on the JS thread, what there is to do.
func (e *events) run() error {
	for {
		e.mu.Lock()
		posted, last := e.posted, e.last
		e.posted = nil
		if len(posted) == 0 && last == nil {
			e.callback = e.register()
		}
		e.mu.Unlock()
		if len(posted) == 0 {
			if last != nil {
				return last()
			}
			return nil
		}
		for _, f := range posted {
			if e.err != nil {
				break
			}
			e.err = f()
			var interrupted *sobek.InterruptedError
			if errors.As(e.err, &interrupted) {
				e.awaitClose()
				return e.err // k6 has stopped the script, or test.abort() has: not for the script to catch
			}
		}
	}
}

// awaitClose takes a callback for close, unless that was there already: k6 lets an iteration
// that it has stopped end only with the goroutines that it began.
func (e *events) awaitClose() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.last == nil {
		e.callback = e.register()
	}
}
