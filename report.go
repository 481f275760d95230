package ollama

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"
	"golang.org/x/term"

	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
)

// defaultWidth is the width of lines where the output is no terminal.
const defaultWidth = 100

// reportOptions are the options of report(data, options).
type reportOptions struct {
	out    string
	locale locale.Locale
}

// report is report(data, options): what handleSummary returns to k6, which prints and
// saves it. Its data are k6's own figures; ours come from the recorder, which has what
// k6's have not (raw values, standard deviations).
func (i *instance) report(data, argument sobek.Value) *sobek.Object {
	rt := i.vu.Runtime()
	options, err := i.parseReportOptions(argument)
	if err != nil {
		throwTypeError(rt, "report(data, options)", err)
	}
	content, err := i.compose(options, data)
	if err != nil {
		common.Throw(rt, fmt.Errorf("ollama: report: %w", err))
	}
	object := rt.NewObject()
	for name, text := range content {
		i.define(object, name, string(text))
	}
	return object
}

func (i *instance) parseReportOptions(argument sobek.Value) (*reportOptions, error) {
	options := &reportOptions{locale: locale.FromEnvironment(i.lookup)}
	readers := map[string]option{
		"out": func(v sobek.Value) error {
			if kindOf(v) != "string" { // '' is what benchmark().out is where no files are wanted
				return fmt.Errorf("must be a string, got %s", describe(v))
			}
			options.out = v.String()
			return nil
		},
		"locale": func(v sobek.Value) (err error) {
			options.locale, err = locale.Parse(v.String())
			return err
		},
	}
	return options, readOptions(argument, "options", readers)
}

// compose makes the text for the terminal, under the name stdout, and the files. What
// can't be saved is said on stderr; the text is there all the same.
func (i *instance) compose(options *reportOptions, data sobek.Value) (map[string][]byte, error) {
	results := i.root.recorder.results(i.root.run())
	results.Thresholds = thresholdsIn(data)
	content := map[string][]byte{}
	if options.out != "" {
		files := report.Files(results, &i.root.recorder.lines, options.locale)
		if err := i.composeFiles(options.out, files, content); err != nil {
			content["stderr"] = []byte(err.Error() + "\n")
		}
	}
	var err error
	content["stdout"], err = textOf(results, options.locale, colours(data))
	return content, err
}

func textOf(results report.Results, l locale.Locale, colour bool) ([]byte, error) {
	var text bytes.Buffer
	err := report.Text(&text, results, report.TextOptions{Locale: l, Color: colour, Width: terminalWidth()})
	return text.Bytes(), err
}

// mostInMemory is up to how many bytes a file is handed to k6, which takes files as one text
// each. A larger one is written at once.
var mostInMemory = 8 << 20

// errTooLarge ends the writing of a file that is larger.
var errTooLarge = errors.New("the file is too large to be held in memory")

// bounded is a buffer for a file that is to be handed to k6. Whatever comes in comes in by
// Write: an embedded bytes.Buffer would have io.Copy read past the bound.
type bounded struct{ text bytes.Buffer }

// Write implements io.Writer.
func (b *bounded) Write(text []byte) (int, error) {
	if b.text.Len()+len(text) > mostInMemory {
		return 0, errTooLarge
	}
	b.text.Write(text)
	return len(text), nil
}

// composeFiles puts the files into content, by their paths. An error names each that is not.
func (i *instance) composeFiles(out string, files []report.File, content map[string][]byte) error {
	if err := os.MkdirAll(out, 0o755); err != nil { // #nosec G301 G306 -- results are for everybody
		return outError(out, err)
	}
	var errs []error
	for _, file := range files {
		name := pathOf(out, file)
		saved, tried := i.root.benchmark.saved(name)
		if tried && !saved {
			continue // it is known why
		}
		var held bounded
		switch err := file.Write(&held); {
		case err == nil:
			content[name] = held.text.Bytes()
		case !errors.Is(err, errTooLarge):
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		case !saved:
			errs = append(errs, report.WriteFile(name, file))
		}
	}
	return errors.Join(errs...)
}

// outError says in one line why there can be no directory for the files.
func outError(out string, err error) error {
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return fmt.Errorf("OUT (--out)=%q: the directory can't be made: %w", out, err)
}

func pathOf(out string, file report.File) string { return path.Join(filepath.ToSlash(out), file.Name) }

// thresholdsIn returns the thresholds of k6 that its data for handleSummary tell of. With
// --new-machine-readable-summary they tell of none.
func thresholdsIn(data sobek.Value) []report.Threshold {
	var thresholds []report.Threshold
	metrics := child(data, "metrics")
	for _, name := range keys(metrics) {
		conditions := child(metrics.Get(name), "thresholds")
		if len(keys(conditions)) == 0 {
			continue
		}
		values := map[string]float64{}
		numbers := child(metrics.Get(name), "values")
		for _, key := range keys(numbers) {
			values[key] = numbers.Get(key).ToFloat()
		}
		for _, condition := range keys(conditions) {
			ok := child(conditions, condition)
			held := ok != nil && ok.Get("ok") != nil && ok.Get("ok").ToBoolean()
			thresholds = append(thresholds, report.NewThreshold(name, condition, held, values))
		}
	}
	report.SortThresholds(thresholds)
	return thresholds
}

// child returns an object's property if that is an object, too, else nil.
func child(value sobek.Value, name string) *sobek.Object {
	object, ok := value.(*sobek.Object)
	if !ok || object == nil {
		return nil
	}
	property, ok := object.Get(name).(*sobek.Object)
	if !ok {
		return nil
	}
	return property
}

func keys(object *sobek.Object) []string {
	if object == nil {
		return nil
	}
	return object.Keys()
}

// run gathers what there is to report.
func (r *RootModule) run() report.Run {
	k6, extension := versions()
	run := report.Run{
		Environment: report.ThisEnvironment(k6, extension),
		GeneratedAt: time.Now(),
	}
	if load, ok := r.watch.Stop(); ok {
		run.Client = &report.Client{Load: load, ConnectionsReopened: r.connections.reopened()}
	}
	if s := r.benchmark.settings; s != nil {
		run.Settings = s.Map()
		run.Targets, run.Expected = s.TargetNames(), s.TargetNames()
		run.Interrupted = r.recorder.measuredInAll() < s.NumRequests*len(s.Models)*len(s.Targets)
	}
	return run
}

// versions returns the versions of k6 and of this module that the binary was built from.
func versions() (k6, extension string) {
	const module, k6Module = "github.com/xk6-ollama/xk6-ollama", "go.k6.io/k6/v2"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "", ""
	}
	for _, dependency := range append(info.Deps, &info.Main) {
		switch dependency.Path {
		case k6Module:
			k6 = dependency.Version
		case module:
			extension = dependency.Version
		}
	}
	return k6, extension
}

// colours says whether the text may have any: on a terminal, unless somebody minds.
func colours(data sobek.Value) bool {
	if os.Getenv("NO_COLOR") != "" || os.Getenv("K6_NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	options := child(data, "options") // k6 run --no-color
	if options != nil && options.Get("noColor") != nil && options.Get("noColor").ToBoolean() {
		return false
	}
	return term.IsTerminal(int(os.Stdout.Fd()))
}

func terminalWidth() int {
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil || width <= 0 {
		return defaultWidth
	}
	return width
}
