package main

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// summary is what a long test leaves to do at its end, and how large the client has got.
// The test is short in everything else: answers of a few tokens, as fast as they go. It is
// measured once, which takes minutes enough.
func (b *bench) summary(ctx context.Context) error {
	const streams = 50
	few := load{Streams: streams, Rounds: 1, Tokens: 4, Report: true}
	many := few
	many.Rounds = b.requests / streams
	t := table{title: fmt.Sprintf("After %d requests, one run", many.Rounds*streams)}
	t.goal = "xk6-ollama at most 600 MB and 3 s"
	t.header = []string{"client", "last answer to exit, s", "after 50 requests, s", "memory, MB", "CPU, µs a request"}
	for _, c := range []client{httpVUs, ollamaVUs} {
		short, err := b.run(ctx, c, pace{}, few)
		if err != nil {
			return err
		}
		long, err := b.run(ctx, c, pace{}, many)
		if err != nil {
			return err
		}
		cost := long.usage.minus(short.usage).cpu / time.Duration((many.Rounds-1)*streams)
		t.add(c.name, fmt.Sprintf("%.2f", long.ending().Seconds()), fmt.Sprintf("%.2f", short.ending().Seconds()),
			fmt.Sprintf("%.0f", float64(long.usage.peak)/1e6), strconv.FormatInt(cost.Microseconds(), 10))
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
