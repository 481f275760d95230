package main

import (
	"context"
	"fmt"
	"math"
	"time"
)

// errors of a client's clock against the truth, in ms, without their sign.
type deviations struct{ ttft, itl, e2e sample }

// accuracy is how far the clients' figures are from what happened.
func (b *bench) accuracy(ctx context.Context) error {
	p := pace{ttft: 300 * time.Millisecond, itl: 20 * time.Millisecond}
	for _, streams := range []int{1, 50, 200, 500} {
		l := load{Streams: streams, Rounds: max(3, 60/streams), Tokens: 100, Log: true}
		found := map[string]*runsOfDeviations{}
		for run := range b.runs {
			for _, c := range allClients {
				done, err := b.run(ctx, c, p, l)
				if err != nil {
					return err
				}
				d, err := compare(done)
				if err != nil {
					return err
				}
				if found[c.name] == nil {
					found[c.name] = &runsOfDeviations{}
				}
				found[c.name].add(d)
				b.note("run %d, %s, %d streams: TTFT error %.2f / %.2f ms", run+1, c.name, streams,
					d.ttft.median(), d.ttft.quantile(0.99))
			}
		}
		t := table{title: fmt.Sprintf("Error against the truth in ms, %d streams, %v a token", streams, p.itl)}
		t.header = []string{"client", "TTFT p50", "TTFT p99", "ITL p50", "ITL p99", "E2E p50", "E2E p99"}
		for _, c := range allClients {
			t.add(append([]string{c.name}, found[c.name].cells()...)...)
		}
		if err := t.write(b.out); err != nil {
			return err
		}
	}
	return nil
}

func compare(o *outcome) (d deviations, err error) {
	logged, err := o.logged()
	if err != nil {
		return d, err
	}
	if len(logged) != len(o.truths) {
		return d, fmt.Errorf("%s logged %d of %d requests", o.name, len(logged), len(o.truths))
	}
	const ms = float64(time.Millisecond)
	for id, m := range logged {
		t := o.truths[id]
		d.ttft = append(d.ttft, math.Abs(m.TTFT-float64(t.tokens[0]-t.arrived)/ms))
		d.e2e = append(d.e2e, math.Abs(m.E2E-float64(t.ended-t.arrived)/ms))
		if m.ITL == nil {
			continue
		}
		if len(m.ITL) != len(t.tokens)-1 {
			return d, fmt.Errorf("%s saw %d gaps between %d tokens", o.name, len(m.ITL), len(t.tokens))
		}
		for i, gap := range m.ITL {
			d.itl = append(d.itl, math.Abs(gap-float64(t.tokens[i+1]-t.tokens[i])/ms))
		}
	}
	return d, nil
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
