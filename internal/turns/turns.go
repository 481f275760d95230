// Package turns decides which of several participants may go next. It is how the
// scenarios of a benchmark, which k6 runs side by side, ask the servers in turn.
package turns

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Order is the order in which the targets are asked.
type Order string

// The orders. Interleaved asks the targets in turn (A B A B), so that drift hits all of
// them; Sequential finishes one before the next begins; Parallel asks all at once.
const (
	Interleaved Order = "interleaved"
	Sequential  Order = "sequential"
	Parallel    Order = "parallel"
)

// joinTime is how long the others wait for a participant that has never shown up:
// k6 starts all scenarios at once, but may have been told to leave one out.
const joinTime = 5 * time.Second

// Turns is the order of play. At most one participant has the turn, unless all go in
// parallel. Nobody waits for a participant that has left.
type Turns struct {
	order Order
	names []string

	mu      sync.Mutex
	state   []state
	holder  int           // the participant that has the turn, or is to have it next
	playing bool          // the holder has taken its turn
	changed chan struct{} // closed and replaced at every change
	expired bool          // joinTime is over
	join    *time.Timer
}

type state int

const (
	expected state = iota // has not shown up yet
	joined
	gone
)

// New returns the turns of the participants, who play in the order of their names.
func New(order Order, names []string) *Turns {
	return &Turns{
		order:   order,
		names:   slices.Clone(names),
		state:   make([]state, len(names)),
		changed: make(chan struct{}),
	}
}

// Take waits until it is the participant's turn, and gives it the turn until it calls
// Pass, calls Take again, or leaves. It returns ctx's error if that is done first, and
// an error for a name that does not take part.
func (t *Turns) Take(ctx context.Context, name string) error {
	player := slices.Index(t.names, name)
	if player < 0 {
		return fmt.Errorf("%q does not take part; those who do: %q", name, t.names)
	}
	t.Pass(name)
	for {
		changed, ok := t.try(player)
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// try gives the player the turn if it is its own; otherwise it returns what to wait for.
func (t *Turns) try(player int) (changed <-chan struct{}, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.join == nil {
		t.join = time.AfterFunc(joinTime, t.expire)
	}
	if t.state[player] != joined {
		t.state[player] = joined
		t.notify()
	}
	if t.order == Parallel {
		return nil, true
	}
	t.skipAbsent()
	if t.holder == player && !t.playing {
		t.playing = true
		return nil, true
	}
	return t.changed, false
}

// Pass ends the participant's turn. Who has no turn can't pass it, so calling it twice
// does no harm.
func (t *Turns) Pass(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.playing || t.names[t.holder] != name {
		return
	}
	t.playing = false
	if t.order == Interleaved {
		t.holder = (t.holder + 1) % len(t.names)
	}
	t.notify()
}

// Leave ends the participation; nobody waits for it from now on.
func (t *Turns) Leave(name string) {
	t.Pass(name)
	t.mu.Lock()
	defer t.mu.Unlock()
	if player := slices.Index(t.names, name); player >= 0 {
		t.state[player] = gone
		t.notify()
	}
}

// skipAbsent moves the turn on from participants who will not take it.
func (t *Turns) skipAbsent() {
	for range t.names {
		absent := t.state[t.holder] == gone || t.state[t.holder] == expected && t.expired
		if !absent || t.playing {
			return
		}
		t.holder = (t.holder + 1) % len(t.names)
	}
}

func (t *Turns) expire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.expired = true
	t.notify()
}

func (t *Turns) notify() {
	close(t.changed)
	t.changed = make(chan struct{})
}
