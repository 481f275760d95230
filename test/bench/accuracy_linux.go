package main

import (
	"context"
	"fmt"
	"math"
	"time"
)

// deviations are errors of a client's figures against the truth, in ms, without their sign.
type deviations struct{ ttft, itl, e2e sample }

// accuracy is how far the clients' figures are from what happened.
func (b *bench) accuracy(ctx context.Context) error {
	// No token comes while VUs begin: 500 take some 200 ms of CPU for that, and who needs the CPU reads late.
	p := pace{ttft: 500 * time.Millisecond, itl: 20 * time.Millisecond}
	for _, level := range []struct {
		streams, rounds int
		clients         []client
		goal            string
	}{
		{1, 20, []client{bare, httpVUs, ollamaVUs}, ""},
		{50, 3, allClients, "xk6-ollama's TTFT at most 0.15 ms off at p50, 0.5 ms at p99"},
		{200, 3, allClients, ""},
		{500, 3, allClients, "xk6-ollama's TTFT at most 0.6 ms off at p50, 7 ms at p99"},
	} {
		t := table{title: fmt.Sprintf("Error against the truth in ms, streams: %d, %v a token", level.streams, p.itl)}
		t.goal = level.goal
		t.header = []string{"client", "TTFT p50", "TTFT p99", "ITL p50", "ITL p99", "E2E p50", "E2E p99"}
		l := load{Streams: level.streams, Rounds: level.rounds, Tokens: 50, Log: true}
		found := map[string]*runsOfDeviations{}
		for run := range b.runs {
			for _, c := range level.clients {
				d, err := b.deviations(ctx, c, p, l)
				if err != nil {
					return err
				}
				if found[c.name] == nil {
					found[c.name] = &runsOfDeviations{}
				}
				found[c.name].add(d)
				b.note("run %d, %s, %d streams: TTFT error %.2f / %.2f ms", run+1, c.name, level.streams,
					d.ttft.median(), d.ttft.quantile(0.99))
			}
		}
		for _, c := range level.clients {
			t.add(append([]string{c.name}, found[c.name].cells()...)...)
		}
		if err := t.write(b.out); err != nil {
			return err
		}
	}
	return nil
}

// deviations measures a client. k6 gives the gaps as samples only; writing them takes a CPU
// that it needs for the next requests, so they come from a run without next requests.
func (b *bench) deviations(ctx context.Context, c client, p pace, l load) (d deviations, err error) {
	l.Gaps = c == bare
	done, err := b.run(ctx, c, p, l)
	if err != nil {
		return d, err
	}
	if err := d.add(done); err != nil || c.script != ollamaVUs.script {
		return d, err
	}
	l.Gaps, l.Rounds = true, 1
	done, err = b.run(ctx, c, p, l)
	if err != nil {
		return d, err
	}
	var again deviations
	err = again.add(done)
	d.itl = again.itl
	return d, err
}

func (d *deviations) add(o *outcome) error {
	logged, err := o.logged()
	if err != nil {
		return err
	}
	if len(logged) != len(o.truths) {
		return fmt.Errorf("%s logged %d of %d requests", o.name, len(logged), len(o.truths))
	}
	const ms = float64(time.Millisecond)
	for id, m := range logged {
		t := o.truths[id]
		d.ttft = append(d.ttft, math.Abs(m.TTFT-float64(t.tokens[0]-t.arrived)/ms))
		d.e2e = append(d.e2e, math.Abs(m.E2E-float64(t.ended-t.arrived)/ms))
		if o.wantsGaps && len(m.ITL) != len(t.tokens)-1 {
			return fmt.Errorf("%s saw %d gaps between %d tokens", o.name, len(m.ITL), len(t.tokens))
		}
		for i, gap := range m.ITL {
			d.itl = append(d.itl, math.Abs(gap-float64(t.tokens[i+1]-t.tokens[i])/ms))
		}
	}
	return nil
}

// runsOfDeviations are the quantiles of each run.
type runsOfDeviations struct{ quantiles [6]sample }

func (r *runsOfDeviations) add(d deviations) {
	for i, s := range []sample{d.ttft, d.itl, d.e2e} {
		if len(s) > 0 {
			r.quantiles[2*i] = append(r.quantiles[2*i], s.median())
			r.quantiles[2*i+1] = append(r.quantiles[2*i+1], s.quantile(0.99))
		}
	}
}

func (r *runsOfDeviations) cells() []string {
	cells := make([]string, len(r.quantiles))
	for i, s := range r.quantiles {
		if len(s) > 0 { // k6/http has no ITL
			cells[i] = s.withRange("%.2f")
		}
	}
	return cells
}
