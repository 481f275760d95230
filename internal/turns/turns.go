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

// patience is how long the others wait for a participant that has not shown up, or does
// not come back for its next round: k6 starts all scenarios at once and iterations follow
// one another at once, but a scenario may be left out, or stopped.
const patience = 5 * time.Second

// Turns is the order of play. At most one participant has the turn, unless all go in
// parallel. Nobody waits for a participant that has played its rounds.
type Turns struct {
	order   Order
	names   []string
	rounds  int
	players []player
	first   sync.Once

	mu      sync.Mutex
	holder  int           // the participant that has the turn, or is to have it next
	playing bool          // the holder has taken its turn
	changed chan struct{} // closed and replaced at every change
}

type player struct {
	round int  // which it has come for; 0 before the first
	gone  bool // it does not play any more
}

// New returns the turns of the participants, who play so many rounds each, in the order of
// their names.
func New(order Order, names []string, rounds int) *Turns {
	return &Turns{
		order:   order,
		names:   slices.Clone(names),
		rounds:  rounds,
		players: make([]player, len(names)),
		changed: make(chan struct{}),
	}
}

// Take waits until it is the participant's turn, and gives it the turn until it calls
// pass, calls Take for its next round, or ctx is done. Only the first call of pass counts.
// Take returns ctx's error if that is done first, and an error for a name that does not
// take part.
func (t *Turns) Take(ctx context.Context, name string) (pass func(), err error) {
	who := slices.Index(t.names, name)
	if who < 0 {
		return nil, fmt.Errorf("%q does not take part; those who do: %q", name, t.names)
	}
	t.first.Do(func() {
		for other := range t.players {
			t.expect(other, 0)
		}
	})
	round := t.arrive(who)
	context.AfterFunc(ctx, func() {
		t.pass(who, round)
		t.expect(who, round)
	})
	for {
		changed, ok := t.try(who)
		if ok {
			return func() { t.pass(who, round) }, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// arrive notes that the participant has come for its next round, which it returns. It can
// have no turn of an earlier one any more.
func (t *Turns) arrive(who int) (round int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.playing && t.holder == who {
		t.next()
	}
	t.players[who].gone = false
	t.players[who].round++
	t.notify()
	return t.players[who].round
}

// try gives the participant the turn if it is its own; otherwise it returns what to wait for.
func (t *Turns) try(who int) (changed <-chan struct{}, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.order == Parallel {
		return nil, true
	}
	for range t.names { // past those who will not come
		if t.playing || !t.players[t.holder].gone {
			break
		}
		t.holder = (t.holder + 1) % len(t.names)
	}
	if t.holder == who && !t.playing {
		t.playing = true
		return nil, true
	}
	return t.changed, false
}

// pass ends the participant's turn of a round, unless that is over.
func (t *Turns) pass(who, round int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.players[who].round != round {
		return
	}
	t.players[who].gone = t.players[who].gone || round >= t.rounds
	if t.playing && t.holder == who {
		t.next()
	}
	t.notify()
}

// next ends the turn that is on.
func (t *Turns) next() {
	t.playing = false
	if t.order == Interleaved {
		t.holder = (t.holder + 1) % len(t.names)
	}
}

// expect gives the participant some time to come for the round after this one.
func (t *Turns) expect(who, round int) {
	time.AfterFunc(patience, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.players[who].round == round {
			t.players[who].gone = true
			t.notify()
		}
	})
}

func (t *Turns) notify() {
	close(t.changed)
	t.changed = make(chan struct{})
}
