package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// memory is what another open stream adds to the client.
func (b *bench) memory(ctx context.Context) error {
	const streams = 1000
	// So slow that the client keeps up.
	p := pace{ttft: 2 * time.Second, itl: 400 * time.Millisecond}
	l := load{Rounds: 1, Tokens: 20}
	each, peak := map[string]sample{}, map[string]sample{}
	for run := range b.runs {
		for _, c := range allClients {
			l.Streams = 1
			one, onePeak, err := b.openMemory(ctx, c, p, l)
			if err != nil {
				return err
			}
			l.Streams = streams
			many, manyPeak, err := b.openMemory(ctx, c, p, l)
			if err != nil {
				return err
			}
			each[c.name] = append(each[c.name], float64(many-one)/(streams-1)/1024)
			peak[c.name] = append(peak[c.name], float64(manyPeak-onePeak)/(streams-1)/1024)
			b.note("run %d, %s: %.1f KiB a stream, at most %.1f", run+1, c.name, each[c.name][run], peak[c.name][run])
		}
	}
	t := table{title: fmt.Sprintf("Memory of %d open streams", streams)}
	t.goal = "xk6-ollama at most 64 KiB a stream in one VU"
	t.header = []string{"client", "resident, KiB a stream", "at its peak, KiB a stream", "× bare reader"}
	for _, c := range allClients {
		t.add(c.name, each[c.name].withRange("%.1f"), peak[c.name].withRange("%.1f"),
			each[c.name].over(each[bare.name]).withRange("%.2f"))
	}
	return t.write(b.out)
}

// openMemory returns the resident memory of the client while all streams are open and
// half of the tokens have come, and the most until then, in bytes.
func (b *bench) openMemory(ctx context.Context, c client, p pace, l load) (resident, peak int64, err error) {
	p.inTurn = b.inTurn
	s, err := startServer(p, nil)
	if err != nil {
		return 0, 0, err
	}
	l.URL = s.url
	process, err := b.start(ctx, c, l)
	if err == nil {
		// rusage knows the peak, too, but that of this process as well, from which the client was made.
		half := int64(l.Streams * l.Tokens / 2)
		for s.tokens.Load() < half && err == nil {
			time.Sleep(10 * time.Millisecond)
			resident, err = process.resident()
			peak = max(peak, resident)
		}
		if open := s.open.Load(); open != int64(l.Streams) {
			err = errors.Join(err, fmt.Errorf("%d streams were open, expected %d", open, l.Streams))
		}
		_, waitErr := process.wait()
		err = errors.Join(err, waitErr)
	}
	_, serverErr := s.close()
	return resident, peak, errors.Join(err, serverErr)
}
