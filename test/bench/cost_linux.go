package main

import (
	"context"
	"fmt"
	"time"
)

// costs are what clients cost for each token, run by run.
type costs struct {
	cpu      sample // µs
	switches sample
	rate     sample // tokens a second
	busy     sample // the share of the time in which the client had the CPU
}

// measureCosts has each client in turn take the load, and a load of no requests, which
// is what starting and ending it costs.
func (b *bench) measureCosts(ctx context.Context, clients []client, p pace, l load) (map[string]*costs, error) {
	tokens := float64(l.Streams * l.Rounds * l.Tokens)
	idle := l
	idle.Rounds = 0
	measured := map[string]*costs{}
	for run := range b.runs {
		for _, c := range clients {
			begun, err := b.run(ctx, c, p, idle)
			if err != nil {
				return nil, err
			}
			done, err := b.run(ctx, c, p, l)
			if err != nil {
				return nil, err
			}
			if measured[c.name] == nil {
				measured[c.name] = &costs{}
			}
			net, m := done.usage.minus(begun.usage), measured[c.name]
			m.cpu = append(m.cpu, float64(net.cpu)/float64(time.Microsecond)/tokens)
			m.switches = append(m.switches, float64(net.switches)/tokens)
			m.rate = append(m.rate, tokens/net.elapsed.Seconds())
			m.busy = append(m.busy, net.cpu.Seconds()/net.elapsed.Seconds())
			b.note("run %d, %s: %.2f µs and %.2f switches a token, busy %.0f %%; start-up %.0f ms", run+1, c.name,
				m.cpu[run], m.switches[run], 100*m.busy[run], inMS(begun.usage.cpu))
		}
	}
	return measured, nil
}

// paced is the cost of a token that comes alone.
func (b *bench) paced(ctx context.Context) error {
	p := pace{ttft: 100 * time.Millisecond, itl: 20 * time.Millisecond}
	l := load{Streams: 50, Rounds: 2, Tokens: 250}
	measured, err := b.measureCosts(ctx, allClients, p, l)
	if err != nil {
		return err
	}
	t := table{title: fmt.Sprintf("%d streams, %v a token", l.Streams, p.itl)}
	t.goal = "xk6-ollama below k6/http with as many VUs, and towards 1.3 × the bare reader"
	t.header = []string{"client", "CPU, µs a token", "× bare reader", "× k6/http alike", "context switches a token"}
	for _, c := range allClients {
		m := measured[c.name]
		alike := ""
		if like := measured[c.like().name]; c != bare {
			alike = m.cpu.over(like.cpu).withRange("%.2f")
		}
		t.add(c.name, m.cpu.withRange("%.1f"), m.cpu.over(measured[bare.name].cpu).withRange("%.2f"), alike,
			m.switches.withRange("%.2f"))
	}
	return t.write(b.out)
}

// like is the k6/http client with as many VUs.
func (c client) like() client {
	if c.oneVU {
		return httpOneVU
	}
	return httpVUs
}

// flat is the cost of a token when there are always more to be read. In short answers much of
// it is what a request costs.
func (b *bench) flat(ctx context.Context) error {
	const goal = "xk6-ollama at most 2 × the bare reader"
	if err := b.flatOut(ctx, load{Streams: 4, Rounds: 50, Tokens: 10_000}, goal); err != nil {
		return err
	}
	return b.flatOut(ctx, load{Streams: 4, Rounds: 1000, Tokens: 500}, "")
}

func (b *bench) flatOut(ctx context.Context, l load, goal string) error {
	measured, err := b.measureCosts(ctx, allClients, pace{}, l)
	if err != nil {
		return err
	}
	t := table{goal: goal}
	t.title = fmt.Sprintf("Flat out, %d streams, %d lines a flush, answers of %d tokens", l.Streams, linesAFlush, l.Tokens)
	t.header = []string{"client", "CPU, µs a token", "× bare reader", "tokens a second", "busy"}
	for _, c := range allClients {
		m := measured[c.name]
		t.add(c.name, m.cpu.withRange("%.2f"), m.cpu.over(measured[bare.name].cpu).withRange("%.2f"),
			m.rate.withRange("%.0f"), fmt.Sprintf("%.0f %%", 100*m.busy.median()))
	}
	return t.write(b.out)
}
