package simulator_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/simulator"
)

// lateness counts in buckets of 10 µs how late tokens were.
type lateness struct{ buckets [10_000]atomic.Int64 }

func (l *lateness) add(late time.Duration) {
	bucket := min(max(int(late/(10*time.Microsecond)), 0), len(l.buckets)-1)
	l.buckets[bucket].Add(1)
}

// quantile returns a bound below which the share q of all tokens were late, in ms.
func (l *lateness) quantile(q float64) float64 {
	var total, seen int64
	for i := range l.buckets {
		total += l.buckets[i].Load()
	}
	for i := range l.buckets {
		seen += l.buckets[i].Load()
		if float64(seen) >= q*float64(total) {
			return float64(i+1) / 100
		}
	}
	return float64(len(l.buckets)) / 100
}

// BenchmarkTimers reports how late tokens are with few and with many open streams.
func BenchmarkTimers(b *testing.B) {
	for _, tt := range []struct {
		name    string
		streams int
	}{{"streams=100", 100}, {"streams=2000", 2000}} {
		b.Run(tt.name, func(b *testing.B) {
			var late lateness
			config := quick()
			config.Parallel, config.TTFT = tt.streams, simulator.Exactly(500*time.Millisecond)
			config.ITL = simulator.Distribution{Shape: simulator.Lognormal, Mean: 100 * time.Millisecond, Spread: 0.2}
			config.OnLate(late.add)
			server := start(b, config)
			for b.Loop() {
				streams(b, server, tt.streams, 30)
			}
			b.ReportMetric(late.quantile(0.5), "late-p50-ms")
			b.ReportMetric(late.quantile(0.99), "late-p99-ms")
		})
	}
}

// streams holds n streams open at once, over plain connections so that the client takes as
// little of the processor as it can.
func streams(tb testing.TB, server *simulator.Server, n, tokens int) {
	tb.Helper()
	body := `{"model":"tiny","prompt":"a","options":{"num_predict":` + itoa(tokens) + `}}`
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", server.Addr())
			if err != nil {
				tb.Error(err)
				return
			}
			defer func() { _ = conn.Close() }()
			request, err := http.NewRequestWithContext(
				context.Background(), http.MethodPost, server.URL()+"/api/generate", strings.NewReader(body))
			if err != nil {
				tb.Error(err)
				return
			}
			request.Close = true
			if err := request.Write(conn); err != nil {
				tb.Error(err)
				return
			}
			if _, err := io.Copy(io.Discard, bufio.NewReaderSize(conn, 512)); err != nil {
				tb.Error(err)
			}
		})
	}
	wg.Wait()
	require.False(tb, tb.Failed())
}

// BenchmarkToken writes one stream as fast as it goes: an operation is a token.
func BenchmarkToken(b *testing.B) {
	const tokens = 10_000
	server := start(b, quick())
	b.ReportAllocs()
	b.ResetTimer()
	for written := 0; written < b.N; written += tokens {
		streams(b, server, 1, min(tokens, b.N-written))
	}
}
