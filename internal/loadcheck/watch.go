// Package loadcheck watches the process that generates the load: whether it was quick enough
// for its measurements to be of the servers and not of itself.
package loadcheck

import (
	"encoding/binary"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/sketch"
)

// Load is how busy the process and its machine were while they were watched. Times are in
// milliseconds, shares are from 0 to 1. What the system does not tell is absent.
type Load struct {
	Watched float64 `json:"watched_ms"`
	CPUs    int     `json:"cpus"` // that the process may use at once: GOMAXPROCS

	Process *Usage `json:"process_cpu,omitempty"` // of these CPUs, used by this process
	Machine *Usage `json:"machine_cpu,omitempty"` // of all CPUs of the machine, used by anything

	// TimerFloor is how late a timer of a millisecond fired at best, when the watch began.
	TimerFloor float64 `json:"timer_floor_ms"`
	// Lateness is how late the process noticed what it was waiting for, such as the arrival of a
	// token: the time from when a timer was due, through a pipe that it writes into, to the
	// goroutine that reads from that.
	Lateness Delay `json:"lateness_ms"`
	// Scheduling is how long goroutines that were ready to run waited for a CPU.
	Scheduling Delay `json:"scheduling_ms"`
	// GC is for how long garbage collections stopped everything, each time.
	GC Delay `json:"gc_pauses_ms"`
}

// Usage is a share of CPUs: over all of the time, and in the busiest second.
type Usage struct {
	Mean float64 `json:"mean"`
	Max  float64 `json:"max"`
}

// Delay describes delays in milliseconds. The Go runtime counts its own in buckets; each of
// those is as long as its bucket's upper end.
type Delay struct {
	Count int     `json:"count"`
	Med   float64 `json:"med"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
}

const (
	tick          = 200 * time.Millisecond // between two looks at the clock
	ticksPerCount = 5                      // between two looks at the counters, which cost more
	floorTimers   = 10
	shortTimer    = time.Millisecond
)

// Watch watches this process, from Start to Stop. Its zero value is ready.
type Watch struct {
	once sync.Once

	mu     sync.Mutex
	timer  *time.Timer // nil while nothing is watched
	begun  *counters
	last   *counters
	peaks  [2]float64 // busiest intervals, of process and machine
	floor  []float64
	late   sketch.Sketch
	ticks  int
	load   Load // once it has been stopped
	in     *os.File
	out    *os.File
	reader sync.WaitGroup
}

// Start begins to watch. Only the first call does anything.
func (w *Watch) Start() {
	w.once.Do(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.begun = readCounters()
		w.last = w.begun
		var err error
		if w.in, w.out, err = os.Pipe(); err == nil {
			w.reader.Go(w.read)
		}
		w.arm(shortTimer)
	})
}

// Stop ends the watch and returns what was seen; ok is false if it was never started.
func (w *Watch) Stop() (load Load, ok bool) {
	w.mu.Lock()
	running := w.timer != nil
	if running {
		w.timer.Stop()
		w.timer = nil
		if w.out != nil {
			_ = w.out.Close() // the reader reads to the end and is done
		}
	}
	w.mu.Unlock()
	w.reader.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if running {
		w.finish()
	}
	return w.load, w.begun != nil
}

// arm looks at the clock after a time; w.mu is held.
func (w *Watch) arm(after time.Duration) {
	due := time.Now().Add(after)
	w.timer = time.AfterFunc(after, func() {
		late := time.Since(due)
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.timer != nil {
			w.look(due, milliseconds(late))
		}
	})
}

// look notes how late a timer was and sets the next one; w.mu is held. The first are short, for
// the floor.
func (w *Watch) look(due time.Time, late float64) {
	if w.out != nil {
		w.send(due)
	} else {
		w.late.Add(late) // the greater part of it, where there can be no pipe
	}
	if len(w.floor) < floorTimers {
		w.floor = append(w.floor, late)
		w.arm(shortTimer)
		return
	}
	w.ticks++
	if w.ticks%ticksPerCount == 0 {
		now := readCounters()
		w.peak(now)
		w.last = now
	}
	w.arm(tick)
}

// send passes a time through the pipe, as that since the start.
func (w *Watch) send(due time.Time) {
	var message [8]byte
	binary.LittleEndian.PutUint64(message[:], uint64(due.Sub(w.begun.at))) // #nosec G115 -- it is due afterwards
	_, _ = w.out.Write(message[:])                                         // what is lost is not counted
}

// read notes how much later than it was due a time comes out of the pipe.
func (w *Watch) read() {
	defer w.in.Close() //nolint:errcheck // only read
	var message [8]byte
	for {
		if _, err := io.ReadFull(w.in, message[:]); err != nil {
			return
		}
		now := time.Since(w.begun.at)
		due := time.Duration(binary.LittleEndian.Uint64(message[:])) // #nosec G115 -- it was one
		w.mu.Lock()
		w.late.Add(milliseconds(now - due))
		w.mu.Unlock()
	}
}

// peak keeps the usage since the last look if it is the highest; w.mu is held.
func (w *Watch) peak(now *counters) {
	process, machine := usage(w.last, now)
	w.peaks[0], w.peaks[1] = max(w.peaks[0], process), max(w.peaks[1], machine)
}

// finish makes the figures; w.mu is held.
func (w *Watch) finish() {
	const least = time.Second / 2 // shorter than that is no busiest second
	now := readCounters()
	if now.at.Sub(w.last.at) >= least || w.last == w.begun {
		w.peak(now)
	}
	process, machine := usage(w.begun, now)
	w.load = Load{
		Watched:    milliseconds(now.at.Sub(w.begun.at)),
		CPUs:       runtime.GOMAXPROCS(0),
		Lateness:   delayOf(&w.late),
		Scheduling: now.scheduling.since(w.begun.scheduling),
		GC:         now.gc.since(w.begun.gc),
	}
	if len(w.floor) > 0 {
		w.load.TimerFloor = slices.Min(w.floor)
	}
	if now.process > 0 {
		w.load.Process = &Usage{Mean: process, Max: w.peaks[0]}
	}
	if now.machine.total > 0 {
		w.load.Machine = &Usage{Mean: machine, Max: w.peaks[1]}
	}
}

func delayOf(s *sketch.Sketch) Delay {
	return Delay{
		Count: s.Count(), Med: s.Quantile(0.5), P95: s.Quantile(0.95), P99: s.Quantile(0.99), Max: s.Max(),
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
