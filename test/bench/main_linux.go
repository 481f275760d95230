package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

//go:embed scripts/*.js
var scripts embed.FS

// bench is a session of measurements.
type bench struct {
	k6                   string
	k6Flags, env         []string
	serverCPU, clientCPU int
	runs                 int
	requests             int    // of the test whose summary is measured
	inTurn               bool   // see pace
	scratch              string // a directory of its own
	out                  io.Writer
	progress             io.Writer
}

// item is one table.
type item struct {
	name    string
	measure func(*bench, context.Context) error
}

var items = []item{
	{"decode", (*bench).decode},
	{"paced", (*bench).paced},
	{"flat", (*bench).flat},
	{"accuracy", (*bench).accuracy},
	{"memory", (*bench).memory},
	{"growth", (*bench).growth},
	{"summary", (*bench).summary},
}

func main() {
	run := runBench
	if os.Getenv(asBare) != "" {
		run = func() error { return runBareFromEnvironment(os.Stdout) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func runBareFromEnvironment(log io.Writer) error {
	l := load{URL: os.Getenv("URL"), Log: os.Getenv("LOG") == "true", Gaps: os.Getenv("GAPS") == "true"}
	for name, to := range map[string]*int{"STREAMS": &l.Streams, "ROUNDS": &l.Rounds, "TOKENS": &l.Tokens} {
		value, err := strconv.Atoi(os.Getenv(name))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*to = value
	}
	return runBare(l, log)
}

func runBench() error {
	names := make([]string, 0, len(items))
	for _, i := range items {
		names = append(names, i.name)
	}
	b := &bench{out: os.Stdout, progress: os.Stderr}
	only := flag.String("only", "", "measure only these, separated by commas: "+strings.Join(names, ", "))
	k6Flags := flag.String("k6-flags", "", "more flags for k6, separated by blanks")
	env := flag.String("env", "", "more environment for the clients, NAME=VALUE separated by blanks")
	flag.StringVar(&b.k6, "k6", "build/k6", "k6 with the extension")
	flag.IntVar(&b.runs, "runs", 5, "how often each figure is measured")
	flag.IntVar(&b.requests, "requests", 1_000_000, "how many requests the test has whose summary is measured")
	flag.BoolVar(&b.inTurn, "in-turn", false, "let streams begin when their requests come, instead of evenly spread")
	flag.IntVar(&b.serverCPU, "server-cpu", 0, "the CPU of the server")
	flag.IntVar(&b.clientCPU, "client-cpu", 1, "the CPU of the client")
	flag.Parse()
	b.k6Flags, b.env = strings.Fields(*k6Flags), strings.Fields(*env)
	chosen, err := choose(*only, names)
	if err != nil {
		return err
	}
	if b.runs < 1 {
		return fmt.Errorf("-runs: must be 1 or more, got %d", b.runs)
	}
	if b.requests < 100 {
		return fmt.Errorf("-requests: must be 100 or more, got %d", b.requests)
	}
	return b.measureItems(chosen)
}

func choose(only string, names []string) ([]item, error) {
	if only == "" {
		return items, nil
	}
	var chosen []item
	for name := range strings.SplitSeq(only, ",") {
		at := slices.Index(names, name)
		if at < 0 {
			return nil, fmt.Errorf("-only: %q is unknown; there are %s", name, strings.Join(names, ", "))
		}
		chosen = append(chosen, items[at])
	}
	return chosen, nil
}

func (b *bench) measureItems(chosen []item) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if b.k6, err = filepath.Abs(b.k6); err != nil {
		return fmt.Errorf("-k6: %w", err)
	}
	if _, err := os.Stat(b.k6); err != nil {
		return fmt.Errorf("-k6: %w; `make build` makes it", err)
	}
	if b.scratch, err = os.MkdirTemp("", "xk6-ollama-bench"); err != nil {
		return fmt.Errorf("making a directory for scripts and reports: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.scratch)) }()
	if err := b.copyScripts(); err != nil {
		return err
	}
	if err := pinProcess(b.serverCPU); err != nil {
		return err
	}
	debug.SetGCPercent(400) // what the server leaves behind is small, and its time is not for collecting it
	if err := b.describeMachine(ctx); err != nil {
		return err
	}
	for _, i := range chosen {
		began := time.Now()
		err := i.measure(b, ctx)
		if ctx.Err() != nil {
			return fmt.Errorf("%s: interrupted", i.name)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", i.name, err)
		}
		b.note("%s took %.0f s", i.name, time.Since(began).Seconds())
	}
	return nil
}

func (b *bench) copyScripts() error {
	tree, err := fs.Sub(scripts, "scripts")
	if err != nil {
		return fmt.Errorf("the scripts: %w", err)
	}
	if err := os.CopyFS(b.scratch, tree); err != nil {
		return fmt.Errorf("copying the scripts: %w", err)
	}
	return nil
}

// note tells whoever waits how far it is.
func (b *bench) note(format string, arguments ...any) {
	fmt.Fprintf(b.progress, format+"\n", arguments...) //nolint:errcheck // a lost note spoils no figure
}

// run has a client put a load on a server of its own, and returns what that cost and what
// really happened.
func (b *bench) run(ctx context.Context, c client, p pace, l load) (*outcome, error) {
	p.inTurn = b.inTurn
	s, err := startServer(p, nil)
	if err != nil {
		return nil, err
	}
	l.URL = s.url
	o := &outcome{wantsGaps: l.Gaps}
	o.process, err = b.start(ctx, c, l)
	if err == nil {
		o.usage, err = o.process.wait()
	}
	truths, serverErr := s.close()
	o.truths = truths
	return o, errors.Join(err, serverErr)
}

// outcome is what is left of a run.
type outcome struct {
	*process
	usage     usage
	truths    []*truth
	wantsGaps bool
}
