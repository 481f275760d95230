package loadcheck_test

import (
	"encoding/json"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/loadcheck"
)

// after returns a channel that is closed some time later.
func after(d time.Duration) <-chan struct{} {
	done := make(chan struct{})
	time.AfterFunc(d, func() { close(done) })
	return done
}

func TestWatchSeesABusyProcess(t *testing.T) {
	t.Parallel()
	var watch loadcheck.Watch
	_, ok := watch.Stop()
	assert.False(t, ok, "it has not begun")

	watch = loadcheck.Watch{}
	watch.Start()
	watch.Start()
	var busy sync.WaitGroup
	until := after(700 * time.Millisecond)
	for range runtime.GOMAXPROCS(0) {
		busy.Go(func() {
			for waiting := true; waiting; {
				select {
				case <-until:
					waiting = false
				default:
				}
			}
		})
	}
	busy.Wait()
	load, ok := watch.Stop()
	require.True(t, ok)
	assert.GreaterOrEqual(t, load.Watched, 700.0)
	assert.Equal(t, runtime.GOMAXPROCS(0), load.CPUs)
	require.NotNil(t, load.Process)
	assert.Positive(t, load.Process.Mean)
	for _, usage := range []*loadcheck.Usage{load.Process, load.Machine} {
		if usage != nil {
			assert.LessOrEqual(t, usage.Mean, 1.0)
			assert.LessOrEqual(t, usage.Max, 1.0)
		}
	}
	assert.Positive(t, load.Lateness.Count)
	assert.Positive(t, load.Scheduling.Count)
	for _, d := range []loadcheck.Delay{load.Lateness, load.Scheduling, load.GC} {
		assert.LessOrEqual(t, 0.0, d.Med)
		assert.LessOrEqual(t, d.Med, d.P95)
		assert.LessOrEqual(t, d.P95, d.P99)
		assert.LessOrEqual(t, d.P99, d.Max)
	}
	text, err := json.Marshal(load)
	require.NoError(t, err, "no NaN, no infinity: %+v", load)
	assert.Contains(t, string(text), `"lateness_ms"`)

	again, ok := watch.Stop()
	assert.True(t, ok)
	assert.Equal(t, load, again, "what was seen stays what it was")
}

// A watch that has ended leaves nothing behind, however often and from wherever it is ended.
func TestStopLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	const watches = 50
	before := runtime.NumGoroutine()
	var all sync.WaitGroup
	for range watches {
		var watch loadcheck.Watch
		watch.Start()
		for range 2 {
			all.Go(func() { watch.Stop() })
		}
	}
	all.Wait()
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() < before+watches/2 }, 5*time.Second, time.Millisecond,
		"a goroutine for each watch is left")
}
