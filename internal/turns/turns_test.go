package turns_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/turns"
)

// play has each player take the turn so many times, for so long each, and returns the
// order in which they had it. Each round has a context of its own, as k6's iterations do,
// which may be noticed to be done when the next round has begun. It runs on synctest's
// clock.
func play(t *testing.T, order turns.Order, rounds map[string]int, length map[string]time.Duration) string {
	t.Helper()
	names := []string{"A", "B", "C"}[:len(rounds)]
	table := turns.New(order, names, slices.Max(slices.Collect(maps.Values(rounds))))
	var (
		mu     sync.Mutex
		played strings.Builder
		wg     sync.WaitGroup
	)
	for _, name := range names {
		wg.Go(func() {
			for range rounds[name] {
				ctx, cancel := context.WithCancel(t.Context())
				pass, err := table.Take(ctx, name)
				if !assert.NoError(t, err) {
					cancel()
					return
				}
				mu.Lock()
				played.WriteString(name)
				mu.Unlock()
				<-time.After(length[name])
				pass()
				cancel()
			}
		})
	}
	wg.Wait()
	return played.String()
}

func TestOrders(t *testing.T) {
	t.Parallel()
	same := map[string]time.Duration{"A": time.Second, "B": time.Second, "C": time.Second}
	for name, test := range map[string]struct {
		order  turns.Order
		rounds map[string]int
		length map[string]time.Duration
		want   string
	}{
		"interleaved alternates":                 {turns.Interleaved, map[string]int{"A": 3, "B": 3}, same, "ABABAB"},
		"three alternate":                        {turns.Interleaved, map[string]int{"A": 2, "B": 2, "C": 2}, same, "ABCABC"},
		"a fast side does not run ahead":         {turns.Interleaved, map[string]int{"A": 3, "B": 3}, map[string]time.Duration{"A": 1, "B": time.Hour}, "ABABAB"},
		"nobody waits for one that has finished": {turns.Interleaved, map[string]int{"A": 1, "B": 4}, same, "ABBBB"},
		"sequential plays one after the other":   {turns.Sequential, map[string]int{"A": 3, "B": 3}, same, "AAABBB"},
		"one alone":                              {turns.Interleaved, map[string]int{"A": 3}, same, "AAA"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				assert.Equal(t, test.want, play(t, test.order, test.rounds, test.length))
			})
		})
	}
}

func TestParallelWaitsForNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		table := turns.New(turns.Parallel, []string{"A", "B"}, 2)
		for _, name := range []string{"B", "A", "B"} {
			_, err := table.Take(t.Context(), name)
			require.NoError(t, err)
		}
	})
}

func TestOneThatNeverComesIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		table := turns.New(turns.Interleaved, []string{"A", "B"}, 3)
		begin := time.Now()
		for range 3 {
			pass, err := table.Take(t.Context(), "A")
			require.NoError(t, err)
			pass()
		}
		assert.Less(t, time.Since(begin), 10*time.Second)
	})
}

// The others go on at once when a participant has played its last round, even if it does
// not pass, and soon when it stays away before.
func TestOneThatStops(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rounds int
		most   time.Duration
	}{
		"after its last round":  {1, 0},
		"before its last round": {2, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				table := turns.New(turns.Sequential, []string{"A", "B"}, test.rounds)
				ctx, cancel := context.WithCancel(t.Context())
				_, err := table.Take(ctx, "A")
				require.NoError(t, err)
				begin := time.Now()
				cancel()
				_, err = table.Take(t.Context(), "B")
				require.NoError(t, err)
				assert.LessOrEqual(t, time.Since(begin), test.most)
			})
		})
	}
}

// An iteration that fails with the turn does not pass it; its end does.
func TestOneThatFailsWithTheTurnDoesNotHoldIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		table := turns.New(turns.Interleaved, []string{"A", "B"}, 5)
		ctx, cancel := context.WithCancel(t.Context())
		stale, err := table.Take(ctx, "A")
		require.NoError(t, err)
		begin := time.Now()
		cancel()
		_, err = table.Take(t.Context(), "B")
		require.NoError(t, err)
		_, err = table.Take(t.Context(), "B") // taking again passes what was not passed
		require.NoError(t, err)
		assert.Positive(t, time.Since(begin), "A was waited for")
		stale()
	})
}

// A turn that is over can't end a new one: not when it is passed again, and not when it
// is noticed late that its iteration has ended.
func TestAnOldTurnCanNotEndANewOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		table := turns.New(turns.Interleaved, []string{"A", "B"}, 3)
		ctx, end := context.WithCancel(t.Context())
		passA1, err := table.Take(ctx, "A")
		require.NoError(t, err)
		passA1()
		passB1, err := table.Take(t.Context(), "B")
		require.NoError(t, err)
		passB1()
		_, err = table.Take(t.Context(), "A")
		require.NoError(t, err)
		passA1()
		end()
		synctest.Wait()
		waiting, stop := context.WithTimeout(t.Context(), time.Hour)
		defer stop()
		_, err = table.Take(waiting, "B")
		require.ErrorIs(t, err, context.DeadlineExceeded, "A has the turn still")
	})
}

func TestStopping(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		table := turns.New(turns.Sequential, []string{"A", "B"}, 1)
		_, err := table.Take(t.Context(), "A")
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan error)
		go func() {
			_, err := table.Take(ctx, "B")
			stopped <- err
		}()
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-stopped, context.Canceled)
	})
}

func TestAStrangerDoesNotTakePart(t *testing.T) {
	t.Parallel()
	_, err := turns.New(turns.Interleaved, []string{"A", "B"}, 1).Take(t.Context(), "X")
	require.ErrorContains(t, err, `"X"`)
}
