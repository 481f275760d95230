package report

import (
	"math"

	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// How a prompt that was read from the cache is told from one that was processed. Ollama counts
// all tokens of a prompt in prompt_eval_count, and in prompt_eval_duration only the time of
// those that were not in the cache, so that the rate of the two is far too high.
const (
	// cachedSpeedup is how many times as fast per token a prompt must have been processed that
	// was sent before, for the cache to be the reason. On a real server, models of 0.2 and 20
	// million parameters on a CPU, it was 9 to 1000 times, and never more than 2.5 times between
	// prompts that the server had not seen.
	cachedSpeedup = 5
	// impossiblePrefill is how many times the rate of decoding no prefill reaches. A prompt is
	// processed in batches of num_batch tokens, 512 unless a request says otherwise, and the pass
	// through the model that a batch takes is no shorter than that for a single token. Twice that
	// is left for what decoding takes besides the pass.
	impossiblePrefill = 1000
	// cachedShare is the share of a prompt's tokens that must be out of the cache for a server's
	// own word to count.
	cachedShare = 0.5
)

// cachedPrompts counts, among the successful measured requests, those whose prompts the server
// took out of its cache for the most part: it said so; or the same prompt was sent to it
// before, and it was done with it several times as fast as with prompts of like length that it
// saw for the first time; or faster than any server can be. A cache that saved no time, such as
// that of a short prompt on a GPU, is not found out; neither is one that was filled before the
// run began, unless the prompt is long.
func cachedPrompts(requests []Request) (cached, of int) {
	first := firstSeen(requests)
	for i := range requests {
		r := &requests[i]
		if !r.measured() {
			continue
		}
		of++
		p, ok := prefillOf(r)
		again := r.PromptSeen && cachedSpeedup*p.perToken < first[p.length]
		cached += count(r.Cached || ok && (again || p.perToken*impossiblePrefill < p.decoding))
	}
	return cached, of
}

// firstSeen returns the median time per token of the prompts that were sent for the first time,
// by their length: longer ones take less time for each token.
func firstSeen(requests []Request) map[int]float64 {
	times := map[int][]float64{}
	for i := range requests {
		if p, ok := prefillOf(&requests[i]); ok && !requests[i].PromptSeen {
			times[p.length] = append(times[p.length], p.perToken)
		}
	}
	medians := map[int]float64{}
	for length, list := range times {
		medians[length] = stats.Summarize(list).Med
	}
	return medians
}

// prefill is what processing a prompt took.
type prefill struct {
	length   int     // the power of two to which the tokens come
	perToken float64 // ms
	decoding float64 // ms per output token, 0 if unknown
}

func prefillOf(r *Request) (p prefill, ok bool) {
	tokens, counted := r.Value(PromptTokens)
	time, timed := r.Value(PromptEval)
	if !r.OK() || !counted || !timed || tokens <= 0 || time <= 0 {
		return prefill{}, false
	}
	p = prefill{length: math.Ilogb(tokens), perToken: time / tokens}
	if rate, known := r.Value(TokensPerSecond); known && rate > 0 {
		p.decoding = 1000 / rate
	}
	return p, true
}
