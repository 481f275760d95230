package exchange

import (
	"sync"

	"github.com/xk6-ollama/xk6-ollama/internal/sketch"
)

// Gaps are gaps between content chunks of the same length, one after the other: chunks that
// come in one read have none between them.
type Gaps struct {
	Length float64 // ms
	Count  int
}

// gaps collects the gaps between content chunks, a block at a time, so that an answer of
// any length takes the same memory.
type gaps struct {
	emit   func([]Gaps) // may be nil
	block  *block       // nil while there is none
	sketch *sketch.Sketch
}

// block is small enough to be kept by each open stream, and large enough for what is done
// with it not to matter.
type block struct {
	length int
	runs   [64]Gaps
}

var blocks = sync.Pool{New: func() any { return &block{} }}

func (g *gaps) add(gap float64, times int) {
	b := g.block
	if b == nil {
		b, _ = blocks.Get().(*block)
		g.block = b
	}
	if b.length > 0 && b.runs[b.length-1].Length == gap {
		b.runs[b.length-1].Count += times
		return
	}
	if b.length == len(b.runs) {
		g.flush()
	}
	b.runs[b.length] = Gaps{Length: gap, Count: times}
	b.length++
}

func (g *gaps) flush() {
	if g.block == nil || g.block.length == 0 {
		return
	}
	if g.sketch == nil {
		g.sketch = &sketch.Sketch{}
	}
	runs := g.block.runs[:g.block.length]
	for _, run := range runs {
		g.sketch.AddTimes(run.Length, run.Count)
	}
	if g.emit != nil {
		g.emit(runs)
	}
	g.block.length = 0
}

// end flushes what is left and returns the sketch of all, nil if there were none.
func (g *gaps) end() *sketch.Sketch {
	g.flush()
	if g.block != nil {
		blocks.Put(g.block)
		g.block = nil
	}
	return g.sketch
}
