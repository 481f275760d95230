package report_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
)

// read is a request whose prompt of so many tokens took a server so many ms, and each token of
// its answer 0.2 ms.
func read(tokens int64, prefill float64, seen bool) record.Record {
	r := local().request(0, 0)
	r.PromptTokens, r.PromptSeen, r.Server.PromptEval = &tokens, seen, &prefill
	eval := 0.2 * float64(*r.OutputTokens)
	r.Server.Eval = &eval
	return r
}

func warmedUp(r record.Record) record.Record {
	r.Phase, r.Cold = record.Warmup, ptr(true)
	return r
}

func TestPromptCacheIsNamed(t *testing.T) {
	t.Parallel()
	repeat := func(n int, r record.Record) []record.Record {
		list := make([]record.Record, n)
		for i := range list {
			list[i] = r
		}
		return list
	}
	for _, tt := range []struct {
		name    string
		records []record.Record
		want    int
	}{
		{"new prompts", repeat(10, read(50, 100, false)), 0},
		// What a real server said: 3.95 ms for the first, 0.25 ms for each that followed.
		{"one prompt over and over", append(repeat(1, warmedUp(read(45, 3.95, false))), repeat(10, read(45, 0.25, true))...), 10},
		{"without a warm-up", append(repeat(1, read(45, 3.95, false)), repeat(9, read(45, 0.25, true))...), 9},
		{"again, but the cache was gone", append(repeat(1, read(45, 3.95, false)), repeat(9, read(45, 3.2, true))...), 0},
		{"again, but no time saved", append(repeat(1, read(45, 3.95, false)), repeat(9, read(45, 1.5, true))...), 0},
		{"the first one failed", repeat(10, read(45, 0.25, true)), 0},
		{"shorter prompts take longer for each token", append(
			repeat(5, read(20, 60, false)), // 3 ms
			append(repeat(1, read(2000, 400, false)), repeat(5, read(2000, 380, true))...)...), 0}, // 0.2 ms
		{"new, and faster than the first, which loaded the model", append(
			repeat(1, warmedUp(read(50, 900, false))), repeat(10, read(50, 30, false))...), 0},
		{"faster than can be", repeat(10, read(4000, 0.7, false)), 10},
		{"fast, but possible", repeat(10, read(4000, 1.6, false)), 0}, // 500 times as fast as decoding
		{"the server says so", repeat(10, func() record.Record {
			r := read(50, 100, false)
			r.CachedTokens = ptr(int64(26))
			return r
		}()), 10},
		{"the server says it was little", repeat(10, func() record.Record {
			r := read(50, 100, false)
			r.CachedTokens = ptr(int64(24))
			return r
		}()), 0},
		{"nothing is known", repeat(10, func() record.Record {
			r := read(50, 100, true)
			r.Server = nil
			return r
		}()), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := 0
			for _, w := range report.Summarize(report.Run{Records: tt.records}).Warnings {
				if w.Code == report.CachedPrompts {
					got = w.Facts.Count
				}
			}
			assert.Equal(t, tt.want, got)
		})
	}
}
