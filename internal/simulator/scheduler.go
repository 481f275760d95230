package simulator

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/simulator/wire/api"
)

// errMaxQueue is what Ollama says when too many requests wait for a model to load.
var errMaxQueue = errors.New("server busy, please try again.  maximum pending requests exceeded")

// scheduler loads and unloads models as Ollama's does: a request for a loaded model goes
// ahead; all others wait in one bounded queue, from which models are loaded one by one.
type scheduler struct {
	config   Config
	ctx      context.Context // the life of the server
	pending  chan *loadRequest
	mu       sync.Mutex
	runners  map[string]*runner // by digest
	unloaded chan struct{}      // wakes the loader that waits for room
	onUnload func(digest string)
}

// runner is a loaded model.
type runner struct {
	model     Model
	keepAlive time.Duration
	uses      int
	expiresAt time.Time
	expiry    *time.Timer
	slots     slots
}

// loadRequest waits for a model; granted once, or given up by its request.
type loadRequest struct {
	model     Model
	keepAlive *api.Duration
	granted   chan *runner
	givenUp   bool // under scheduler.mu
}

func newScheduler(ctx context.Context, config Config) *scheduler {
	s := &scheduler{
		config: config, ctx: ctx,
		pending:  make(chan *loadRequest, config.MaxQueue),
		runners:  make(map[string]*runner),
		unloaded: make(chan struct{}, 1),
	}
	return s
}

// acquire returns the runner of a model once it is loaded; release it. It fails with
// errMaxQueue, or with the error of ctx.
func (s *scheduler) acquire(ctx context.Context, model Model, keepAlive *api.Duration) (*runner, error) {
	s.mu.Lock()
	if r := s.runners[model.digest()]; r != nil {
		s.use(r, keepAlive)
		s.mu.Unlock()
		if err := sleepUntil(ctx, time.Now().Add(s.config.WarmLoad)); err != nil {
			s.release(r)
			return nil, err
		}
		return r, nil
	}
	s.mu.Unlock()
	request := &loadRequest{model: model, keepAlive: keepAlive, granted: make(chan *runner, 1)}
	select {
	case s.pending <- request:
	default:
		return nil, errMaxQueue
	}
	select {
	case r := <-request.granted:
		return r, nil
	case <-ctx.Done():
		s.giveUp(request)
		return nil, ctx.Err()
	case <-s.ctx.Done():
		s.giveUp(request)
		return nil, s.ctx.Err()
	}
}

func (s *scheduler) giveUp(request *loadRequest) {
	s.mu.Lock()
	request.givenUp = true
	var granted *runner
	select {
	case granted = <-request.granted:
	default:
	}
	s.mu.Unlock()
	if granted != nil {
		s.release(granted)
	}
}

// use counts a request on a runner; s.mu is held.
func (s *scheduler) use(r *runner, keepAlive *api.Duration) {
	r.uses++
	if keepAlive != nil {
		r.keepAlive = keepAlive.Duration
	}
	if r.expiry != nil {
		r.expiry.Stop()
		r.expiry = nil
	}
	r.expiresAt = time.Time{}
}

// release ends a request's use of a runner; the last one starts its keep-alive.
func (s *scheduler) release(r *runner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.uses--
	if r.uses > 0 {
		return
	}
	if r.keepAlive <= 0 {
		s.unload(r)
		return
	}
	r.expiresAt = time.Now().Add(r.keepAlive)
	if r.keepAlive == api.Forever {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(r.keepAlive, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if r.expiry == timer { // else it has been used since
			s.unload(r)
		}
	})
	r.expiry = timer
}

// unload forgets an idle runner; s.mu is held.
func (s *scheduler) unload(r *runner) {
	digest := r.model.digest()
	if s.runners[digest] != r {
		return
	}
	if r.expiry != nil {
		r.expiry.Stop()
		r.expiry = nil
	}
	delete(s.runners, digest)
	select {
	case s.unloaded <- struct{}{}:
	default:
	}
	if s.onUnload != nil {
		s.onUnload(digest)
	}
}

// expire unloads a model, at once or when its last request ends.
func (s *scheduler) expire(model Model) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.runners[model.digest()]; r != nil {
		r.keepAlive = 0
		if r.uses == 0 {
			s.unload(r)
		}
	}
}

// run loads what is asked for until the server ends.
func (s *scheduler) run() {
	for {
		select {
		case <-s.ctx.Done():
			return
		case request := <-s.pending:
			s.serve(request)
		}
	}
}

func (s *scheduler) serve(request *loadRequest) {
	for {
		s.mu.Lock()
		if request.givenUp {
			s.mu.Unlock()
			return
		}
		if r := s.runners[request.model.digest()]; r != nil {
			s.use(r, request.keepAlive)
			request.granted <- r
			s.mu.Unlock()
			return
		}
		if len(s.runners) < s.config.MaxLoaded {
			s.mu.Unlock()
			break
		}
		s.makeRoom()
		s.mu.Unlock()
		select {
		case <-s.unloaded:
		case <-s.ctx.Done():
			return
		}
	}
	if sleepUntil(s.ctx, time.Now().Add(s.config.Load)) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &runner{model: request.model, keepAlive: s.config.KeepAlive, slots: newSlots(s.config.Parallel)}
	if r.keepAlive < 0 {
		r.keepAlive = api.Forever
	}
	s.runners[request.model.digest()] = r
	s.use(r, request.keepAlive)
	request.granted <- r
	if request.givenUp { // while it was loading: the grant has no taker
		<-request.granted
		go s.release(r)
	}
}

// makeRoom unloads the runner that would go first, or has it go after its last request; s.mu
// is held.
func (s *scheduler) makeRoom() {
	victims := make([]*runner, 0, len(s.runners))
	for _, r := range s.runners {
		victims = append(victims, r)
	}
	victim := slices.MinFunc(victims, func(a, b *runner) int {
		return cmp.Or(cmp.Compare(a.uses, b.uses), a.expiresAt.Compare(b.expiresAt))
	})
	victim.keepAlive = 0
	if victim.uses == 0 {
		s.unload(victim)
	}
}

// loaded is a line of /api/ps.
type loaded struct {
	model     Model
	expiresAt time.Time
}

func (s *scheduler) list() []loaded {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]loaded, 0, len(s.runners))
	for _, r := range s.runners {
		expires := r.expiresAt
		if expires.IsZero() {
			expires = time.Now().Add(r.keepAlive)
		}
		list = append(list, loaded{r.model, expires})
	}
	slices.SortFunc(list, func(a, b loaded) int { return b.expiresAt.Compare(a.expiresAt) })
	return list
}

// slots are the places of a runner, each with the tokens it has processed last. Requests
// get them in the order in which they ask.
type slots struct {
	mu      *sync.Mutex
	caches  [][]int
	free    []int
	waiting []*slotWait
}

type slotWait struct{ granted chan int }

func newSlots(parallel int) slots {
	s := slots{mu: new(sync.Mutex), caches: make([][]int, parallel)}
	for i := range parallel {
		s.free = append(s.free, i)
	}
	return s
}

// take returns a slot, and how many of the prompt's tokens it has in its cache. Of the free
// slots it is the one that has most. One token is always left to process, as in Ollama.
func (s *slots) take(ctx context.Context, prompt []int) (slot, cached int, err error) {
	s.mu.Lock()
	if len(s.free) > 0 {
		best := 0
		for i, candidate := range s.free {
			if commonPrefix(s.caches[candidate], prompt) > commonPrefix(s.caches[s.free[best]], prompt) {
				best = i
			}
		}
		slot = s.free[best]
		s.free = slices.Delete(s.free, best, best+1)
		defer s.mu.Unlock()
		return slot, s.cached(slot, prompt), nil
	}
	wait := &slotWait{granted: make(chan int, 1)}
	s.waiting = append(s.waiting, wait)
	s.mu.Unlock()
	select {
	case slot = <-wait.granted:
		s.mu.Lock()
		defer s.mu.Unlock()
		return slot, s.cached(slot, prompt), nil
	case <-ctx.Done():
		s.leave(wait)
		return 0, 0, ctx.Err()
	}
}

func (s *slots) cached(slot int, prompt []int) int {
	return max(0, min(commonPrefix(s.caches[slot], prompt), len(prompt)-1))
}

// leave takes a request out of the queue, and passes on what it may have been given.
func (s *slots) leave(wait *slotWait) {
	s.mu.Lock()
	s.waiting = slices.DeleteFunc(s.waiting, func(w *slotWait) bool { return w == wait })
	s.mu.Unlock()
	select {
	case slot := <-wait.granted:
		s.put(slot, nil)
	default:
	}
}

// put gives a slot back, to the first who waits; tokens, if any, are what it has processed.
func (s *slots) put(slot int, tokens []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if tokens != nil {
		s.caches[slot] = tokens
	}
	if len(s.waiting) > 0 {
		first := s.waiting[0]
		s.waiting = s.waiting[1:]
		first.granted <- slot
		return
	}
	s.free = append(s.free, slot)
}

// sleepUntil waits for a moment, or fails with the error of ctx.
func sleepUntil(ctx context.Context, moment time.Time) error {
	wait := time.Until(moment)
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
