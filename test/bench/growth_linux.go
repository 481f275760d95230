package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// growth is what a token costs after how many, and in answers of what length.
func (b *bench) growth(ctx context.Context) error {
	if err := b.growthOfTest(ctx); err != nil {
		return err
	}
	return b.growthOfAnswer(ctx)
}

// powers are numbers of tokens.
var powers = []int{10_000, 100_000, 1_000_000, 10_000_000}

// growthOfTest measures within one test of answers of 1,000 tokens, one after the other:
// what the tokens cost between each power of ten and the next.
func (b *bench) growthOfTest(ctx context.Context) error {
	clients := []client{bare, httpVUs, ollamaVUs}
	l := load{Streams: 1, Tokens: 1000, Rounds: powers[len(powers)-1] / 1000}
	measured := map[string][]sample{}
	for run := range b.runs {
		for _, c := range clients {
			costs, err := b.costsBetweenPowers(ctx, c, l)
			if err != nil {
				return err
			}
			if measured[c.name] == nil {
				measured[c.name] = make([]sample, len(powers))
			}
			for i, cost := range costs {
				measured[c.name][i] = append(measured[c.name][i], cost)
			}
			b.note("run %d, %s: µs a token %.2f", run+1, c.name, costs)
		}
	}
	return b.writeGrowth("Growth with the length of the test, answers of 1,000 tokens", "µs a token, from the last to",
		clients, measured)
}

func (b *bench) writeGrowth(title, corner string, clients []client, measured map[string][]sample) error {
	t := table{title: title, goal: "flat", header: []string{corner}}
	for _, tokens := range powers {
		t.header = append(t.header, fmt.Sprintf("%.0e tokens", float64(tokens)))
	}
	t.header = append(t.header, "last × first")
	for _, c := range clients {
		cells := []string{c.name}
		m := measured[c.name]
		for _, s := range m {
			cells = append(cells, s.withRange("%.2f"))
		}
		t.add(append(cells, m[len(m)-1].over(m[0]).withRange("%.2f"))...)
	}
	return t.write(b.out)
}

// costsBetweenPowers reads the client's CPU time when the request comes that follows a
// power of ten of tokens: then all tokens before it have been read.
func (b *bench) costsBetweenPowers(ctx context.Context, c client, l load) (perToken []float64, err error) {
	var used []time.Duration
	var failed error
	started := make(chan *process, 1)
	var p *process
	read := func() {
		if p == nil {
			p = <-started
		}
		cpu, err := p.cpuTime()
		failed = errors.Join(failed, err)
		used = append(used, cpu)
	}
	s, err := startServer(pace{}, func(number int) {
		if tokens := number * l.Tokens; number == 0 || len(used) <= len(powers) && tokens == powers[len(used)-1] {
			read()
		}
	})
	if err != nil {
		return nil, err
	}
	l.URL = s.url
	l.Rounds++ // a request after the last power
	process, err := b.start(ctx, c, l)
	if err == nil {
		started <- process
		_, err = process.wait()
	}
	_, serverErr := s.close()
	if err := errors.Join(err, serverErr, failed); err != nil {
		return nil, err
	}
	before := 0
	for i, tokens := range powers {
		perToken = append(perToken, float64(used[i+1]-used[i])/float64(time.Microsecond)/float64(tokens-before))
		before = tokens
	}
	return perToken, nil
}

// growthOfAnswer measures answers of each power of ten of tokens, 10^7 tokens in all.
func (b *bench) growthOfAnswer(ctx context.Context) error {
	clients := []client{bare, ollamaVUs}
	measured := map[string][]sample{}
	for run := range b.runs {
		for _, c := range clients {
			if measured[c.name] == nil {
				measured[c.name] = make([]sample, len(powers))
			}
			for i, tokens := range powers {
				l := load{Streams: 1, Tokens: tokens, Rounds: powers[len(powers)-1] / tokens}
				all, err := b.run(ctx, c, pace{}, l)
				if err != nil {
					return err
				}
				l.Rounds = 0
				none, err := b.run(ctx, c, pace{}, l)
				if err != nil {
					return err
				}
				net := all.usage.minus(none.usage)
				cost := float64(net.cpu) / float64(time.Microsecond) / float64(powers[len(powers)-1])
				measured[c.name][i] = append(measured[c.name][i], cost)
				b.note("run %d, %s, answers of %d tokens: %.2f µs a token, %d MiB at its peak", run+1, c.name, tokens, cost,
					all.usage.peak>>20)
			}
		}
	}
	return b.writeGrowth("Growth with the length of the answer, 10⁷ tokens in all", "µs a token, in answers of",
		clients, measured)
}
