package exchange_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/exchange"
)

// A chunk costs no memory: a long answer takes as many allocations as a short one.
func TestChunksAllocateNothing(t *testing.T) {
	for _, lines := range []int{1, 32} {
		allocations := func(tokens int) float64 {
			return testing.AllocsPerRun(5, func() {
				request := generate("http://localhost")
				request.Discard = true
				request.OnGaps = func([]exchange.Gaps) {}
				outcome := exchange.Do(t.Context(), inMemory{tokens: tokens, linesARead: lines}, request)
				if outcome.Err != nil || *outcome.Record.Chunks != tokens {
					t.Error("the answer is not whole")
				}
			})
		}
		// How many buckets a sketch of gaps has depends on how quick this machine is.
		assert.InDelta(t, allocations(3200), allocations(320_000), 100, "%d lines a read", lines)
	}
}

// Gaps come some at a time, all of them and in order, before the answer is over.
func TestGapsComeInBlocks(t *testing.T) {
	t.Parallel()
	const tokens = 1000
	request := generate("http://localhost")
	var calls, gaps int
	var sum float64
	request.OnGaps = func(runs []exchange.Gaps) {
		calls++
		for _, run := range runs {
			gaps += run.Count
			sum += float64(run.Count) * run.Length
		}
	}
	outcome := exchange.Do(t.Context(), inMemory{tokens: tokens, linesARead: 1}, request)
	require.Nil(t, outcome.Err)
	r := outcome.Record
	assert.Greater(t, calls, 4)
	assert.Less(t, calls, 20)
	assert.Equal(t, tokens-1, gaps)
	assert.Equal(t, tokens-1, r.ITL.Count())
	assert.InDelta(t, *r.LastToken-*r.TTFT, sum, 1e-6)
}

// What nobody will look at is measured and not kept.
func TestDiscard(t *testing.T) {
	t.Parallel()
	answers := []string{
		`{"message":{"content":"","thinking":"Hm\u00e9"},"done":false}`,
		`{"message":{"content":"안녕 \ud83d\ude00\n"},"done":false}`,
		`{"Message":{"content":"é"},"done":false}`, // encoding/json does not mind
		`{"message":{"content":"","tool_calls":[{"function":{"name":"f"}}]},"done":false}`,
		`{"message":{"content":""},"done":true,"done_reason":"stop","eval_count":3}`,
	}
	url, client := httpServer(t, func(w http.ResponseWriter, _ *http.Request) { send(w, lines(answers...)) })
	request := generate(url)
	kept := exchange.Do(t.Context(), client, request)
	require.Nil(t, kept.Err)
	assert.Equal(t, "안녕 😀\né", kept.Answer.Text)
	assert.Equal(t, "Hmé", kept.Answer.Thinking)
	assert.Len(t, kept.Answer.ToolCalls, 1)

	request.Discard = true
	discarded := exchange.Do(t.Context(), client, request)
	require.Nil(t, discarded.Err)
	assertSane(t, discarded)
	assert.Equal(t, exchange.Answer{Last: kept.Answer.Last}, discarded.Answer)
	for _, outcome := range []*exchange.Outcome{kept, discarded} {
		assert.Equal(t, 6, *outcome.Record.ResponseChars)
		assert.Equal(t, 3, *outcome.Record.ThinkingChars)
		assert.Equal(t, 4, *outcome.Record.Chunks)
		assert.EqualValues(t, 3, *outcome.Record.OutputTokens)
	}
}
