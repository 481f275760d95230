package exchange

import (
	"sync"

	"github.com/xk6-ollama/xk6-ollama/internal/sketch"
)

// gaps collects the gaps between content chunks, in ms, a block at a time, so that an
// answer of any length takes the same memory.
type gaps struct {
	emit   func([]float64) // may be nil
	block  *block          // nil while there is none
	sketch *sketch.Sketch
}

// block is small enough to be kept by each open stream, and large enough for what is done
// with it not to matter.
type block struct {
	length int
	values [128]float64
}

var blocks = sync.Pool{New: func() any { return &block{} }}

func (g *gaps) add(gap float64) {
	if g.block == nil {
		g.block, _ = blocks.Get().(*block)
	}
	g.block.values[g.block.length] = gap
	g.block.length++
	if g.block.length == len(g.block.values) {
		g.flush()
	}
}

func (g *gaps) flush() {
	if g.block == nil || g.block.length == 0 {
		return
	}
	if g.sketch == nil {
		g.sketch = &sketch.Sketch{}
	}
	values := g.block.values[:g.block.length]
	for rest := values; len(rest) > 0; { // chunks that come in one read have gaps of 0
		same := 1
		for same < len(rest) && rest[same] == rest[0] {
			same++
		}
		g.sketch.AddTimes(rest[0], same)
		rest = rest[same:]
	}
	if g.emit != nil {
		g.emit(values)
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
