package simulator_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/simulator"
)

const (
	// slack is how late a timer may fire on a busy machine before a test calls it wrong.
	slack = 250.0
	// exact is for figures that are the same measurement, apart from rounding.
	exact = 0.01
)

func ms(nanoseconds any) float64 {
	number, _ := nanoseconds.(float64)
	return number / 1e6
}

func TestDurationsAreWhatHappened(t *testing.T) {
	t.Parallel()
	log, config := newTruths(), quick()
	config.Load, config.TTFT = 30*time.Millisecond, simulator.Exactly(20*time.Millisecond)
	config.ITL, config.PrefillRate = simulator.Exactly(5*time.Millisecond), 1000
	config.Truth = log
	server := start(t, config)

	got := call(server, "POST", "/api/generate", `{"model":"tiny","prompt":"a b c d","raw":true,"options":{"num_predict":10}}`)
	truth, last := log.next(t), got.last()
	require.Equal(t, "ok", truth.Outcome)
	require.Len(t, got.lines, 11)
	require.Equal(t, 11, truth.Lines)
	require.Equal(t, 4, truth.PromptTokens)
	require.Equal(t, 10, truth.OutputTokens)
	require.EqualValues(t, 4, last["prompt_eval_count"])
	require.EqualValues(t, 10, last["eval_count"])

	// The answer says what the truth says, and both what the model was told to do.
	assert.InDelta(t, truth.TotalMS, ms(last["total_duration"]), exact)
	assert.InDelta(t, truth.LoadMS, ms(last["load_duration"]), exact)
	assert.InDelta(t, truth.PromptEvalMS, ms(last["prompt_eval_duration"]), exact)
	assert.InDelta(t, truth.EvalMS, ms(last["eval_duration"]), exact)
	assert.InDelta(t, 24, truth.PlannedPromptEvalMS, exact) // 4 tokens at 1000/s + 20 ms
	assert.InDelta(t, 45, truth.PlannedEvalMS, exact)       // 9 gaps of 5 ms
	for _, d := range []struct{ planned, real float64 }{
		{30, truth.LoadMS}, {24, truth.PromptEvalMS}, {24 + 45, truth.PromptEvalMS + truth.EvalMS},
	} {
		assert.GreaterOrEqual(t, d.real, d.planned-exact)
		assert.Less(t, d.real, d.planned+slack)
	}
	sum := truth.LoadMS + truth.QueueMS + truth.PromptEvalMS + truth.EvalMS
	assert.GreaterOrEqual(t, truth.TotalMS, sum-exact)
	assert.Less(t, truth.TotalMS-sum, slack)
	// What the client saw encloses what the server did, and not by much.
	assert.Greater(t, inMS(got.took), truth.TotalMS)
	assert.Less(t, inMS(got.took)-truth.TotalMS, slack)
	assert.GreaterOrEqual(t, inMS(got.ttft), truth.FirstTokenMS)
}

func inMS(d time.Duration) float64 { return float64(d) / 1e6 }

func TestNetworkIsWhatTheClientFinds(t *testing.T) {
	t.Parallel()
	log, config := newTruths(), quick()
	config.Network = simulator.Exactly(60 * time.Millisecond)
	config.ITL = simulator.Exactly(10 * time.Millisecond)
	config.Truth = log
	server := start(t, config)
	for _, body := range []string{
		`{"model":"tiny","prompt":"a","options":{"num_predict":8}}`,
		`{"model":"tiny","prompt":"a","stream":false,"options":{"num_predict":8}}`,
	} {
		got := call(server, "POST", "/api/generate", body)
		truth := log.next(t)
		network := inMS(got.took) - ms(got.last()["total_duration"])
		assert.GreaterOrEqual(t, network, 60.0)
		assert.Less(t, network, 60+slack)
		assert.InDelta(t, 60, truth.NetworkMS, exact)
		assert.GreaterOrEqual(t, truth.NetworkAppliedMS, 60-0.1)
		assert.LessOrEqual(t, truth.NetworkAppliedMS, network+0.1)
		assert.GreaterOrEqual(t, truth.ArrivedAt-truth.ReadAt, 30-0.1)
		// The schedule is not held back: 7 gaps of 10 ms, and not of 10 + 30.
		assert.Less(t, truth.LastTokenMS-truth.FirstTokenMS, 70+slack)
	}
}

func TestWaitsForSlotsInOrderOfArrival(t *testing.T) {
	t.Parallel()
	log, config := newTruths(), quick()
	config.TTFT, config.Truth = simulator.Exactly(20*time.Millisecond), log
	server := start(t, config)
	call(server, "POST", "/api/generate", `{"model":"tiny"}`)
	log.next(t)

	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			call(server, "POST", "/api/generate", `{"model":"tiny","prompt":"a","options":{"num_predict":1}}`)
		})
	}
	wg.Wait()
	free := 0.0
	for i := range 4 {
		truth := log.next(t)
		begin := truth.ArrivedAt + truth.LoadMS + truth.QueueMS
		require.GreaterOrEqual(t, begin, free-0.1, "one slot, one request at a time")
		free = begin + truth.PromptEvalMS
		if i > 0 {
			assert.Positive(t, truth.QueueMS)
			assert.Less(t, truth.LoadMS, slack, "the wait is not in load_duration")
		}
	}
}

func TestColdModelPutsTheWaitIntoLoad(t *testing.T) {
	t.Parallel()
	log, config := newTruths(), quick()
	config.Load, config.Parallel, config.Truth = 60*time.Millisecond, 4, log
	server := start(t, config)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			got := call(server, "POST", "/api/generate", `{"model":"tiny","prompt":"a","options":{"num_predict":1}}`)
			assert.Positive(t, ms(got.last()["load_duration"]))
		})
	}
	wg.Wait()
	longest := 0.0
	for range 4 {
		truth := log.next(t)
		longest = max(longest, truth.LoadMS)
		assert.Less(t, truth.QueueMS, slack)
	}
	assert.GreaterOrEqual(t, longest, 60.0)
}

func TestTooManyWaitForAModel(t *testing.T) {
	t.Parallel()
	config := quick()
	config.Load, config.MaxQueue = 300*time.Millisecond, 1
	server := start(t, config)
	statuses := make(chan int, 8)
	for range 8 {
		go func() {
			statuses <- call(server, "POST", "/api/generate", `{"model":"tiny","prompt":"a","stream":false}`).status
		}()
	}
	count := map[int]int{}
	for range 8 {
		count[<-statuses]++
	}
	require.Equal(t, 8, count[200]+count[503])
	require.GreaterOrEqual(t, count[200], 1)
	require.GreaterOrEqual(t, count[503], 1)
}

func TestPrefixCacheSavesPrefill(t *testing.T) {
	t.Parallel()
	log, config := newTruths(), quick()
	config.PrefillRate, config.Truth = 10_000, log
	server := start(t, config)
	long := strings.Repeat("one two ", 50)
	send := func(prompt string) simulator.Truth {
		got := call(server, "POST", "/api/generate",
			`{"model":"tiny","prompt":"`+prompt+`","raw":true,"options":{"num_predict":1}}`)
		truth := log.next(t)
		require.EqualValues(t, truth.PromptTokens, got.last()["prompt_eval_count"], "the count stays full")
		return truth
	}
	first, again, longer, other := send(long), send(long), send(long+"three four"), send("x"+long)
	assert.Zero(t, first.CachedTokens)
	assert.Equal(t, again.PromptTokens-1, again.CachedTokens, "one token is always left to process")
	assert.GreaterOrEqual(t, longer.CachedTokens, 100)
	assert.Zero(t, other.CachedTokens)
	assert.InDelta(t, 10.1, first.PlannedPromptEvalMS, 0.2)
	assert.InDelta(t, 0.1, again.PlannedPromptEvalMS, exact)
}

func TestKeepAlive(t *testing.T) {
	t.Parallel()
	server := start(t, quick())
	unloads := server.Unloads()
	load := func(keepAlive string) { call(server, "POST", "/api/generate", `{"model":"tiny"`+keepAlive+`}`) }
	running := func() int {
		models, _ := call(server, "GET", "/api/ps", "").last()["models"].([]any)
		return len(models)
	}
	gone := func() {
		select {
		case digest := <-unloads:
			require.Equal(t, simulator.NamedModel("tiny").Digest(), digest)
		case <-time.After(10 * time.Second):
			require.FailNow(t, "the model is still there")
		}
		require.Zero(t, running())
	}
	load(`,"keep_alive":"20ms"`)
	gone()
	load("")
	require.Equal(t, 1, running())
	load(`,"keep_alive":0`) // no prompt: unload
	gone()
	load(`,"keep_alive":-1`)
	require.Equal(t, 1, running())
	models, _ := call(server, "GET", "/api/ps", "").last()["models"].([]any)
	entry, _ := models[0].(map[string]any)
	require.Greater(t, entry["expires_at"], "2300")
	call(server, "POST", "/api/generate", `{"model":"tiny","prompt":"a","keep_alive":0}`)
	gone()
}

func TestMakesRoomForAnotherModel(t *testing.T) {
	t.Parallel()
	config := quick()
	config.MaxLoaded = 1
	server := start(t, config)
	unloads := server.Unloads()
	for _, model := range []string{"tiny", "llama3.2:1b"} {
		require.Equal(t, 200, call(server, "POST", "/api/generate", `{"model":"`+model+`"}`).status)
	}
	require.Equal(t, simulator.NamedModel("tiny").Digest(), <-unloads)
}

func TestSameSeedSameSchedule(t *testing.T) {
	t.Parallel()
	play := func(seed uint64) (texts []string, plans []float64) {
		log, config := newTruths(), quick()
		config.ITL = simulator.Distribution{Shape: simulator.Lognormal, Mean: time.Millisecond, Spread: 0.5}
		config.TTFT = simulator.Distribution{Shape: simulator.Normal, Mean: time.Millisecond, Spread: 0.5}
		config.Network = simulator.Distribution{Shape: simulator.Lognormal, Mean: time.Millisecond, Spread: 0.5}
		config.Seed, config.Truth, config.OutputTokens = seed, log, 6
		server := start(t, config)
		for range 3 {
			got := call(server, "POST", "/api/generate", `{"model":"tiny","prompt":"a","stream":false}`)
			truth := log.next(t)
			text, _ := got.last()["response"].(string)
			texts = append(texts, text)
			plans = append(plans, truth.PlannedPromptEvalMS, truth.PlannedEvalMS, truth.NetworkMS)
		}
		return texts, plans
	}
	texts, plans := play(7)
	againTexts, againPlans := play(7)
	require.Equal(t, texts, againTexts)
	require.Equal(t, plans, againPlans)
	otherTexts, otherPlans := play(8)
	require.NotEqual(t, texts, otherTexts)
	require.NotEqual(t, plans, otherPlans)
	require.NotEqual(t, plans[:3], plans[3:6], "requests differ from each other")
}

func TestClosesGracefully(t *testing.T) {
	t.Parallel()
	log, config := newTruths(), quick()
	config.TTFT, config.ITL, config.Truth = simulator.Distribution{}, simulator.Exactly(5*time.Millisecond), log
	server, err := simulator.Start(context.Background(), config)
	require.NoError(t, err)
	began := make(chan struct{})
	finished := make(chan answer, 1)
	go func() {
		close(began)
		finished <- call(server, "POST", "/api/generate", `{"model":"tiny","prompt":"a","options":{"num_predict":30}}`)
	}()
	<-began
	require.Eventually(t, func() bool { // it runs: the model is loaded
		models, _ := call(server, "GET", "/api/ps", "").last()["models"].([]any)
		return len(models) == 1
	}, 5*time.Second, time.Millisecond)
	require.NoError(t, server.Close(context.Background()))
	got := <-finished
	require.NoError(t, got.err)
	require.Equal(t, true, got.last()["done"], "a stream that runs is finished")
	require.Equal(t, "ok", log.next(t).Outcome)
}

func TestCutsStreamsWhenTimeIsUp(t *testing.T) {
	t.Parallel()
	log, config := newTruths(), quick()
	config.ITL, config.Truth = simulator.Exactly(time.Hour), log
	server, err := simulator.Start(context.Background(), config)
	require.NoError(t, err)
	began, finished := make(chan struct{}), make(chan answer, 1)
	go func() {
		close(began)
		finished <- call(server, "POST", "/api/generate", `{"model":"tiny","prompt":"a","options":{"num_predict":2}}`)
	}()
	<-began
	require.Eventually(t, func() bool {
		models, _ := call(server, "GET", "/api/ps", "").last()["models"].([]any)
		return len(models) == 1
	}, 5*time.Second, time.Millisecond)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, server.Close(ctx), context.DeadlineExceeded)
	require.Len(t, log.lines, 1, "the truth is complete when Close returns")
	require.Equal(t, "client_gone", log.next(t).Outcome)
	require.Error(t, (<-finished).err)
}
