package record_test

import (
	"runtime"
	"testing"

	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/sketch"
)

// BenchmarkSize reports what a record of a streamed answer of 128 tokens takes in memory,
// where a test keeps all of them until its end.
func BenchmarkSize(b *testing.B) {
	const many = 10_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		records := make([]record.Record, many)
		for i := range records {
			records[i] = streamed(128)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(records)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/many, "B/record")
	}
}

func streamed(tokens int) record.Record {
	ms := func() *float64 { v := 1.5; return &v }
	count, chars, cold := int64(tokens), 500, false
	gaps := &sketch.Sketch{}
	for i := range tokens - 1 {
		gaps.Add(20 + float64(i%16)) // of a server that is not quite regular
	}
	return record.Record{
		Target: "remote", Model: "m", Op: "generate", Phase: record.Measure, OK: true, Status: 200, StartedAt: 1,
		Duration: ms(), Headers: ms(), Connect: ms(), TTFT: ms(), TTFO: ms(), TPOT: ms(), LastToken: ms(), ITL: gaps,
		PromptTokens: &count, OutputTokens: &count, Chunks: &chars, ResponseChars: &chars, ThinkingChars: &chars,
		Server:  &record.Server{Total: ms(), Load: ms(), PromptEval: ms(), Eval: ms(), Queue: ms()},
		Network: ms(), Cold: &cold,
	}
}
