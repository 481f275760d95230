package turns_test

import (
	"context"
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
// order in which they had it. It runs on synctest's clock.
func play(t *testing.T, order turns.Order, rounds map[string]int, length map[string]time.Duration) string {
	t.Helper()
	names := []string{"A", "B", "C"}[:len(rounds)]
	table := turns.New(order, names)
	var (
		mu     sync.Mutex
		played strings.Builder
		wg     sync.WaitGroup
	)
	for _, name := range names {
		wg.Go(func() {
			defer table.Leave(name)
			for range rounds[name] {
				if err := table.Take(t.Context(), name); !assert.NoError(t, err) {
					return
				}
				mu.Lock()
				played.WriteString(name)
				mu.Unlock()
				<-time.After(length[name])
				table.Pass(name)
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
		table := turns.New(turns.Parallel, []string{"A", "B"})
		require.NoError(t, table.Take(t.Context(), "B"))
		require.NoError(t, table.Take(t.Context(), "A"))
		require.NoError(t, table.Take(t.Context(), "B"))
	})
}

func TestOneThatNeverComesIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		table := turns.New(turns.Interleaved, []string{"A", "B"})
		begin := time.Now()
		for range 3 {
			require.NoError(t, table.Take(t.Context(), "A"))
			table.Pass("A")
		}
		assert.Less(t, time.Since(begin), 10*time.Second)
	})
}

func TestOneThatFailsWithTheTurnDoesNotHoldIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		table := turns.New(turns.Interleaved, []string{"A", "B"})
		require.NoError(t, table.Take(t.Context(), "A")) // and never passes: its script threw
		played := make(chan error)
		go func() { played <- table.Take(t.Context(), "B") }()
		synctest.Wait()
		table.Leave("A")
		require.NoError(t, <-played)
		require.NoError(t, table.Take(t.Context(), "B"), "taking again passes what was not passed")
	})
}

func TestStopping(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		table := turns.New(turns.Sequential, []string{"A", "B"})
		require.NoError(t, table.Take(t.Context(), "A"))
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan error)
		go func() { stopped <- table.Take(ctx, "B") }()
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-stopped, context.Canceled)
	})
}

func TestAStrangerDoesNotTakePart(t *testing.T) {
	t.Parallel()
	err := turns.New(turns.Interleaved, []string{"A", "B"}).Take(t.Context(), "X")
	require.ErrorContains(t, err, `"X"`)
}
