package main

import (
	"context"
	"fmt"
	"time"
)

// summary is what a long test leaves to do at its end, and how large the client has got.
// The test is short in everything else: answers of a few tokens, as fast as they go.
func (b *bench) summary(ctx context.Context) error {
	const streams = 50
	l := load{Streams: streams, Rounds: b.requests / streams, Tokens: 4, Report: true}
	t := table{title: fmt.Sprintf("After %d requests", l.Rounds*streams)}
	t.goal = "xk6-ollama at most 600 MB and 3 s"
	t.header = []string{"client", "last answer to exit, s", "the same after 50 requests, s", "memory, MB", "µs a request"}
	for _, c := range []client{httpVUs, ollamaVUs} {
		var took, least, peak, cost sample
		for range b.runs {
			few := l
			few.Rounds = 1
			short, err := b.run(ctx, c, pace{}, few)
			if err != nil {
				return err
			}
			long, err := b.run(ctx, c, pace{}, l)
			if err != nil {
				return err
			}
			took, least = append(took, long.ending().Seconds()), append(least, short.ending().Seconds())
			peak = append(peak, float64(long.usage.peak)/1e6)
			net := long.usage.minus(short.usage)
			cost = append(cost, float64(net.cpu)/float64(time.Microsecond)/float64((l.Rounds-1)*streams))
		}
		b.note("%s: %.2f s, %.0f MB", c.name, took.median(), peak.median())
		t.add(c.name, took.withRange("%.2f"), least.withRange("%.2f"), peak.withRange("%.0f"), cost.withRange("%.0f"))
	}
	return t.write(b.out)
}

// ending is how long the client took from its last answer to its end.
func (o *outcome) ending() time.Duration {
	var last int64
	for _, t := range o.truths {
		last = max(last, t.ended)
	}
	return o.began.Add(o.usage.elapsed).Sub(time.Unix(0, last))
}
