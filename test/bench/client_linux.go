package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// client is a program that puts a load on the server.
type client struct {
	name   string
	script string // of k6; empty for the bare reader
	oneVU  bool
}

// The clients, in the order of the tables. The first is the baseline.
var (
	bare       = client{name: "bare reader"}
	httpVUs    = client{name: "k6/http, a VU a stream", script: "k6-http.js"}
	httpOneVU  = client{name: "k6/http, one VU", script: "k6-http.js", oneVU: true}
	ollamaVUs  = client{name: "xk6-ollama, a VU a stream", script: "xk6-ollama.js"}
	ollamaOne  = client{name: "xk6-ollama, one VU", script: "xk6-ollama.js", oneVU: true}
	allClients = []client{bare, httpVUs, httpOneVU, ollamaVUs, ollamaOne}
)

// usage is what a process used from its start to its end.
type usage struct {
	cpu      time.Duration // user and system
	switches int64         // context switches, voluntary and not
	elapsed  time.Duration
	peak     int64 // resident, bytes
}

func (u usage) minus(v usage) usage {
	return usage{cpu: u.cpu - v.cpu, switches: u.switches - v.switches, elapsed: u.elapsed - v.elapsed, peak: u.peak}
}

// process is a client that runs.
type process struct {
	client
	command *exec.Cmd
	log     bytes.Buffer // what it measured
	errors  bytes.Buffer
	samples string // k6's file of samples; empty if none is needed
	began   time.Time
}

// asBare tells this program that it is the bare reader.
const asBare = "XK6_OLLAMA_BENCH_BARE"

// start starts the client on its CPU; a child inherits the affinity of the thread that
// makes it.
func (b *bench) start(ctx context.Context, c client, l load) (*process, error) {
	l.OneVU = c.oneVU
	p := &process{client: c}
	var err error
	if c.script == "" {
		err = b.prepareBare(ctx, p)
	} else {
		b.prepareK6(ctx, p, l)
	}
	if err != nil {
		return nil, err
	}
	for _, more := range [][]string{{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, l.environment(), b.env} {
		p.command.Env = append(p.command.Env, more...)
	}

	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := pinThread(0, b.clientCPU); err != nil {
		return nil, err
	}
	p.began = time.Now()
	err = p.command.Start()
	if err := errors.Join(err, pinThread(0, b.serverCPU)); err != nil {
		return nil, fmt.Errorf("starting %s: %w", c.name, err)
	}
	return p, nil
}

func (b *bench) prepareBare(ctx context.Context, p *process) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	p.command = exec.CommandContext(ctx, self) // #nosec G204 -- this program
	p.command.Env = []string{asBare + "=true"}
	p.command.Stdout, p.command.Stderr = &p.log, &p.errors
	return nil
}

func (b *bench) prepareK6(ctx context.Context, p *process, l load) {
	arguments := slices.Concat([]string{"run", "--quiet", "--no-color", "--log-format=raw"}, b.k6Flags)
	if l.Gaps {
		p.samples = filepath.Join(b.scratch, "samples.json")
		arguments = append(arguments, "--out=json="+p.samples)
	}
	arguments = append(arguments, filepath.Join(b.scratch, p.script))
	p.command = exec.CommandContext(ctx, b.k6, arguments...) // #nosec G204 -- the k6 that was asked for
	p.command.Env = []string{"K6_NO_USAGE_REPORT=true", "K6_AUTO_EXTENSION_RESOLUTION=false"}
	p.command.Stderr = &p.log // k6 logs there
	if l.Report {
		p.command.Env = append(p.command.Env, "OUT="+filepath.Join(b.scratch, "report"))
	}
}

// wait waits for the end of the client and returns what it used.
func (p *process) wait() (usage, error) {
	err := p.command.Wait()
	elapsed := time.Since(p.began)
	if err != nil {
		return usage{}, fmt.Errorf("%s: %w\n%s%s", p.name, err, p.log.String(), p.errors.String())
	}
	rusage, ok := p.command.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return usage{}, errors.New("no resource usage of a process here")
	}
	return usage{
		cpu:      p.command.ProcessState.UserTime() + p.command.ProcessState.SystemTime(),
		switches: rusage.Nvcsw + rusage.Nivcsw,
		elapsed:  elapsed,
		peak:     rusage.Maxrss << 10,
	}, nil
}

// cpuTime is what the process has used so far, exactly, whichever of its threads it was.
func (p *process) cpuTime() (time.Duration, error) {
	var used unix.Timespec
	const scheduler = 2                                   // CPUCLOCK_SCHED of the kernel's posix-timers.h
	clock := ^int32(p.command.Process.Pid)<<3 | scheduler // #nosec G115 -- a process id has less than 29 bits
	if err := unix.ClockGettime(clock, &used); err != nil {
		return 0, fmt.Errorf("reading the CPU time of %s: %w", p.name, err)
	}
	return time.Duration(used.Nano()), nil
}

// resident is how much memory the process has now, in bytes.
func (p *process) resident() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("reading the memory of %s: %w", p.name, err)
	}
	for line := range strings.Lines(string(status)) {
		var kilobytes int64
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kilobytes); err == nil {
			return kilobytes << 10, nil
		}
	}
	return 0, fmt.Errorf("%s has ended before its memory was read", p.name)
}

// logged returns what the client measured, each request by the number it has in the truth.
func (p *process) logged() (map[int]*measured, error) {
	byID := map[int]*measured{}
	byStream := map[string]*measured{}
	for scanner := newLineScanner(&p.log); scanner.Scan(); {
		var m measured
		if err := json.Unmarshal(scanner.Bytes(), &m); err != nil {
			return nil, fmt.Errorf("%s logged %q: %w", p.name, scanner.Text(), err)
		}
		byID[m.ID], byStream[m.Stream] = &m, &m
	}
	if p.samples == "" {
		return byID, nil
	}
	file, err := os.Open(p.samples)
	if err != nil {
		return nil, fmt.Errorf("the samples of %s: %w", p.name, err)
	}
	defer file.Close() //nolint:errcheck // only read
	scanner := newLineScanner(file)
	for scanner.Scan() {
		if !bytes.Contains(scanner.Bytes(), []byte(`"ollama_itl"`)) {
			continue
		}
		var sample struct {
			Type string
			Data struct {
				Value float64
				Tags  struct{ Stream string }
			}
		}
		if err := json.Unmarshal(scanner.Bytes(), &sample); err != nil {
			return nil, fmt.Errorf("%s wrote the sample %q: %w", p.name, scanner.Text(), err)
		}
		if m := byStream[sample.Data.Tags.Stream]; sample.Type == "Point" && m != nil {
			m.ITL = append(m.ITL, sample.Data.Value)
		}
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("the samples of %s: %w", p.name, err)
	}
	return byID, nil
}

func newLineScanner(from io.Reader) *bufio.Scanner {
	scanner := bufio.NewScanner(from)
	scanner.Buffer(nil, 64<<20)
	return scanner
}

// pinProcess binds all threads of this process to a CPU; those to come inherit it.
func pinProcess(cpu int) error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("listing the threads: %w", err)
	}
	for _, thread := range threads {
		var id int
		if _, err := fmt.Sscan(thread.Name(), &id); err != nil {
			return fmt.Errorf("thread %q: %w", thread.Name(), err)
		}
		if err := pinThread(id, cpu); err != nil {
			return err
		}
	}
	return nil
}

func pinThread(id, cpu int) error {
	var set unix.CPUSet
	set.Set(cpu)
	if err := unix.SchedSetaffinity(id, &set); err != nil {
		return fmt.Errorf("binding to CPU %d: %w", cpu, err)
	}
	return nil
}
