package ollama

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/errext"
	"go.k6.io/k6/v2/js/common"
	"go.k6.io/k6/v2/lib"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
	"github.com/xk6-ollama/xk6-ollama/internal/settings"
	"github.com/xk6-ollama/xk6-ollama/internal/simulator"
	"github.com/xk6-ollama/xk6-ollama/internal/turns"
)

// sharedBenchmark is what makes one benchmark of the scripts that run in many VUs: the
// settings, the order of the targets, and the simulated servers, if there are any.
type sharedBenchmark struct {
	mu       sync.Mutex
	settings *settings.Settings // nil before a script asks for a benchmark
	turns    *turns.Turns
	run      string          // a name that no other run has
	files    map[string]bool // by path: whether finish could write it
}

// saved says whether finish has written the file, if it has tried.
func (b *sharedBenchmark) saved(name string) (written, tried bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	written, tried = b.files[name]
	return written, tried
}

// begin is called by each VU with the same settings; the first call counts. What can
// be known to fail fails here, before any request.
func (b *sharedBenchmark) begin(read *settings.Settings) (*settings.Settings, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.settings != nil {
		return b.settings, nil
	}
	if read.Out != "" {
		if err := os.MkdirAll(read.Out, 0o755); err != nil { // #nosec G301 G306 -- results are for everybody
			return nil, outError(read.Out, err)
		}
	}
	if read.Simulate {
		if err := simulate(read); err != nil {
			return nil, err
		}
	}
	b.settings = read
	b.run = rand.Text()
	b.turns = turns.New(read.Order, read.TargetNames(), read.Rounds())
	return read, nil
}

// simulate starts a server for each target. They serve until the process ends, since
// k6 tells a module no earlier when the last request is through.
func simulate(s *settings.Settings) error {
	for i := range s.Targets {
		target := &s.Targets[i]
		config := simulator.Local()
		if target.Name == settings.Remote {
			config = simulator.Remote()
		}
		config.Models = nil
		for _, model := range s.Models {
			config.Models = append(config.Models, simulator.NamedModel(model))
		}
		server, err := simulator.Start(context.Background(), config)
		if err != nil {
			return fmt.Errorf("SIMULATE: starting the simulated %s server: %w", target.Name, err)
		}
		target.Endpoint = server.URL()
	}
	return nil
}

// newBenchmark is benchmark(__ENV, open): it reads the settings of a comparison and
// stops the test if one is wrong.
func (i *instance) newBenchmark(env, open sobek.Value) *sobek.Object {
	rt := i.vu.Runtime()
	variables, ok := env.(*sobek.Object)
	if !ok {
		throwTypeError(rt, "benchmark(__ENV, open)", fmt.Errorf("__ENV: must be an object, got %s", describe(env)))
	}
	read, err := settings.Read(lookupIn(variables), readWith(rt, open))
	if err == nil {
		read, err = i.root.benchmark.begin(read)
	}
	if err != nil {
		// What k6's own test.abort() does: one line, no stack trace.
		rt.Interrupt(&errext.InterruptError{Reason: err.Error()})
		return nil
	}
	b := rt.NewObject()
	set := func(name string, value any) { i.define(b, name, value) }
	set("numRequests", read.NumRequests)
	set("models", read.Models)
	set("targets", i.targetObjects(read.Targets))
	set("order", string(read.Order))
	set("warmup", read.Warmup)
	set("prompt", read.Prompt)
	set("numPredict", read.NumPredict)
	set("cache", string(read.Cache))
	set("stream", read.Stream)
	set("timeout", read.Timeout.String())
	set("maxDuration", longest(read).String())
	set("locale", string(read.Locale))
	set("out", read.Out)
	set("run", i.root.benchmark.run)
	set("turn", i.turn)
	set("begin", func(target, model string) string {
		return whose(read, target, model) + report.BeginLine(read.NumRequests, read.Locale)
	})
	set("line", func(result *sobek.Object, number int) string { return i.line(read, result, number) })
	set("finish", i.finishBenchmark)
	return b
}

// longest returns how long the scenarios can take if every request takes as long as it may,
// so that the duration of a scenario is never the reason to stop.
func longest(s *settings.Settings) time.Duration {
	const (
		besides = 10 * time.Second // asking what is loaded, at the most
		most    = 365 * 24 * time.Hour
	)
	requests := float64(s.Rounds() * len(s.Targets))
	seconds := requests * (s.Timeout + besides).Seconds()
	return time.Duration(min(seconds, most.Seconds())) * time.Second
}

func (i *instance) targetObjects(targets []settings.Target) []any {
	objects := make([]any, len(targets))
	for n, target := range targets {
		object := i.vu.Runtime().NewObject()
		i.define(object, "name", target.Name)
		i.define(object, "host", target.Endpoint)
		objects[n] = object
	}
	return objects
}

// turn waits until it is the target's turn and resolves with the function that ends it.
func (i *instance) turn(target string) *sobek.Promise {
	rt := i.vu.Runtime()
	if i.vu.State() == nil {
		common.Throw(rt, fmt.Errorf("ollama: turn(%q) waits, which the init context can't", target))
	}
	ctx, players := i.vu.Context(), i.root.benchmark.turns // of the iteration
	promise, resolve, reject := rt.NewPromise()
	callback := i.vu.RegisterCallback()
	go func() {
		pass, err := players.Take(ctx, target)
		callback(func() error {
			select {
			case <-ctx.Done():
				return nil // as with requests, a script that is being stopped does not run on
			default:
			}
			if err != nil {
				return reject(rt.NewGoError(err))
			}
			return resolve(pass)
		})
	}()
	return promise
}

// line is line(result, number): what the log says of a finished request.
func (i *instance) line(s *settings.Settings, result *sobek.Object, number int) string {
	if result == nil || result.Get("timings") == nil {
		throwTypeError(i.vu.Runtime(), "line(result, number)", errors.New("result: must be the result of a request"))
	}
	model := ""
	if m := result.Get("model"); !common.IsNullish(m) {
		model = m.String()
	}
	digits := max(2, len(strconv.Itoa(s.NumRequests)))
	return whose(s, result.Get("target").String(), model) +
		report.RequestLine(lineRecord(result), number, digits, s.Locale)
}

// whose tells the lines of several targets and models apart.
func whose(s *settings.Settings, target, model string) string {
	var parts []string
	if len(s.Targets) > 1 {
		parts = append(parts, report.TargetName(target, s.Locale))
	}
	if len(s.Models) > 1 && model != "" {
		parts = append(parts, model)
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, " ") + ": "
}

// lineRecord takes from a result what its line in the log shows.
func lineRecord(result *sobek.Object) record.Record {
	shown := record.Record{OK: result.Get("ok").ToBoolean()}
	if timings, ok := result.Get("timings").(*sobek.Object); ok {
		if duration := timings.Get("duration"); !common.IsNullish(duration) {
			ms := duration.ToFloat()
			shown.Duration = &ms
		}
	}
	length := utf8.RuneCountInString(result.Get("text").String())
	shown.ResponseChars = &length
	if thinking := result.Get("thinking"); !common.IsNullish(thinking) {
		thought := utf8.RuneCountInString(thinking.String())
		shown.ThinkingChars = &thought
	}
	if failure, ok := result.Get("error").(*sobek.Object); ok {
		shown.Error = &record.Error{
			Type:    api.ErrorKind(failure.Get("type").String()),
			Message: failure.Get("message").String(),
		}
	}
	shown.Target = result.Get("target").String()
	return shown
}

// finishBenchmark is what a benchmark's teardown has to do: fail the test if a target
// never answered for a model or if a file can't be written, and report if k6 will not ask
// for it.
func (i *instance) finishBenchmark() {
	rt := i.vu.Runtime()
	state := i.vu.State()
	if state == nil {
		common.Throw(rt, errors.New("ollama: finish() belongs in teardown()"))
	}
	s := i.root.benchmark.settings
	for _, target := range s.TargetNames() {
		for _, model := range s.Models {
			if requests, succeeded := i.root.recorder.measured(target, model); requests > 0 && succeeded == 0 {
				state.Logger.Errorf("every request to %s for %s failed", target, model)
				state.TestStatus.MarkFailed()
			}
		}
	}
	results := i.root.recorder.results(i.root.run())
	if s.Out != "" {
		i.saveFiles(s, results, state)
	}
	if i.runtimeOptions.SummaryMode.String != "disabled" {
		return
	}
	text, err := textOf(results, s.Locale, colours(nil))
	if err == nil {
		_, err = os.Stdout.Write(text)
	}
	if err != nil {
		common.Throw(rt, fmt.Errorf("ollama: report: %w", err))
	}
}

// saveFiles writes the files and fails the test if one can't be written. handleSummary
// comes too late for that: k6 saves what it returns after the exit code is decided, and only
// logs what it can't save.
func (i *instance) saveFiles(s *settings.Settings, results report.Results, state *lib.State) {
	fail := func(err error) {
		state.Logger.Error(err)
		state.TestStatus.MarkFailed()
	}
	if err := os.MkdirAll(s.Out, 0o755); err != nil { // #nosec G301 G306 -- results are for everybody
		fail(outError(s.Out, err))
		return
	}
	saved := map[string]bool{}
	for _, file := range report.Files(results, &i.root.recorder.lines, s.Locale) {
		name := pathOf(s.Out, file)
		err := report.WriteFile(name, file)
		saved[name] = err == nil
		if err != nil {
			fail(err)
		}
	}
	i.root.benchmark.mu.Lock()
	defer i.root.benchmark.mu.Unlock()
	i.root.benchmark.files = saved
}

func lookupIn(env *sobek.Object) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value := env.Get(name)
		if common.IsNullish(value) {
			return "", false
		}
		return value.String(), true
	}
}

// readWith reads files with k6's open(), so that they are part of an archive.
func readWith(rt *sobek.Runtime, open sobek.Value) func(string) (string, error) {
	return func(path string) (string, error) {
		read, ok := sobek.AssertFunction(open)
		if !ok {
			return "", fmt.Errorf("benchmark(__ENV, open) was not given open to read it")
		}
		content, err := read(sobek.Undefined(), rt.ToValue(path))
		var exception *sobek.Exception
		if errors.As(err, &exception) && exception.Unwrap() != nil {
			return "", exception.Unwrap() // without the stack trace
		}
		if err != nil {
			return "", err
		}
		return content.String(), nil
	}
}
