package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"go.k6.io/k6/v2/cmd/state"
	"go.k6.io/k6/v2/errext/exitcodes"

	"github.com/xk6-ollama/xk6-ollama/internal/gate"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
	"github.com/xk6-ollama/xk6-ollama/internal/settings"
)

// gateUnjudged is the exit code of compare where no gate failed, but one could not be judged, be it
// for a file that can't be read.
const gateUnjudged exitcodes.ExitCode = 2

func newCompare(gs *state.GlobalState) *cobra.Command {
	c := &comparer{gs: gs}
	cmd := &cobra.Command{
		Use:   "compare BASE NEW [flags]",
		Short: "Say what changed between two runs, and fail if it is too much",
		Long: `Say what changed from one run to another, and which changes are more than chance.

BASE and NEW are directories that bench --out has written, or results.json files. With the requests.ndjson
beside them every figure is tested; without, means and success rates alone are.

--fail-if takes a condition that must not be true:

  remote.ttft.p95>+10%              TTFT of the target remote rose by more than 10 %
  tokens_per_second<-5%             tokens/s fell by more than 5 % on any target
  local.success_rate<0.99           of the new run alone; 99% is the same
  remote{model:llama3.2:1b}.ttft.p95>500ms
  comparison.duration.ratio<1.2     local is less than 1.2 times as fast as remote
  comparison{a:laptop,b:gpu}.duration.ratio>+10%

A change (with a sign) fails a gate only if it is larger than that and more than chance: its test says so at
the 5 % level, and its 95 % interval excludes 0.

Exit codes: 0 all gates held, 1 a gate failed, 2 none failed but one could not be judged, or a file could not be
read, 104 wrong use.`,
		Example: examples(gs, `
  # What changed since last week.
  $ {} compare last-week/ today/

  # In CI: a red build if the new server is slower.
  $ {} compare base/ new/ --fail-if 'ttft.p95>+10%' --fail-if 'success_rate<99%'

  # As test cases for a CI that reads JUnit's files.
  $ {} compare base/ new/ --fail-if 'duration>+10%' --junit gates.xml

  # As annotations of a GitHub workflow, and in its summary.
  $ {} compare base/ new/ --fail-if 'duration>+10%' --format github
  $ {} compare base/ new/ --format markdown >> "$GITHUB_STEP_SUMMARY"`),
		RunE: c.run,
	}
	flags := cmd.Flags()
	c.failIf = flags.StringArray("fail-if", nil, "fail if this `CONDITION` is true; may be given several times")
	c.evenIfNoise = addBool(flags, "even-if-noise", "let a change fail a gate even if it may be chance")
	c.allowModels = addBool(flags, "allow-different-models", "judge changes although the runs used different models")
	c.allowSettings = addBool(flags, "allow-different-settings", "judge changes although the runs had different settings")
	c.format = asText
	flags.Var(parsed[format]{target: &c.format, parse: parseFormat, show: plain[format], kind: "FORMAT"}, "format",
		"text, json, markdown or github (annotations of a workflow)")
	flags.Var(parsed[string]{target: &c.junit, parse: parseFileName, show: plain[string], kind: "FILE"}, "junit",
		"write the new run and its gates into this file, as test cases for a CI")
	c.settings = newSettingFlags(flags)
	c.settings.add(settings.Locale, "", "en|ko", "", "the language of the output; default: that of LANG")
	return cmd
}

// format is what the changes are written as.
type format string

const (
	asText     format = "text"
	asJSON     format = "json"
	asMarkdown format = "markdown"
	asGitHub   format = "github"
)

func parseFormat(text string) (format, error) {
	switch f := format(text); f {
	case asText, asJSON, asMarkdown, asGitHub:
		return f, nil
	}
	return "", errors.New("expected text, json, markdown or github")
}

func parseFileName(text string) (string, error) {
	if text == "" {
		return "", errEmpty
	}
	return text, nil
}

// comparer is the command `compare`.
type comparer struct {
	gs                                      *state.GlobalState
	settings                                *settingFlags
	failIf                                  *[]string
	junit                                   string // "" for no file
	format                                  format
	evenIfNoise, allowModels, allowSettings *bool
}

func (c *comparer) run(cmd *cobra.Command, files []string) error {
	switch {
	case len(files) != 2:
		return usageError(cmd, fmt.Sprintf("expected two files or directories, BASE and NEW, got %d", len(files)))
	case files[0] == "" || files[1] == "":
		return usageError(cmd, `BASE or NEW is "", expected a directory that bench --out has written`)
	}
	gates, err := parseGates(*c.failIf)
	if err != nil {
		return err
	}
	language, err := localeOf(c.gs, c.settings.environment())
	if err != nil {
		return err
	}
	base, err := readMeasured(files[0])
	if err != nil {
		return err
	}
	after, err := readMeasured(files[1])
	if err != nil {
		return err
	}
	changes := report.CompareRuns(base, after)
	changes.Judge(gates, report.GateOptions{
		EvenIfNoise: *c.evenIfNoise, AllowDifferentModels: *c.allowModels, AllowDifferentSettings: *c.allowSettings,
	})
	err = c.write(changes, language)
	if c.junit != "" {
		err = errors.Join(err, report.WriteFile(c.junit, report.File{Write: changes.JUnit}))
	}
	if err != nil {
		return unjudged(err, "%v", err)
	}
	switch changes.Outcome {
	case gate.Failed:
		return failed(nil, "gates: %s", changes.Tally())
	case gate.Unjudged:
		return unjudged(nil, "gates: %s", changes.Tally())
	}
	return nil
}

func parseGates(texts []string) ([]gate.Gate, error) {
	gates := make([]gate.Gate, len(texts))
	for i, text := range texts {
		var err error
		if gates[i], err = gate.Parse(text); err != nil {
			return nil, invalid("--fail-if: %v", err)
		}
	}
	return gates, nil
}

// unjudged is the failure of what keeps gates from being judged.
func unjudged(cause error, format string, args ...any) error {
	return &failure{message: fmt.Sprintf(format, args...), code: gateUnjudged, cause: cause}
}

func (c *comparer) write(changes report.Changes, language locale.Locale) error {
	switch c.format {
	case asJSON:
		return report.ChangesJSON(c.gs.Stdout, changes)
	case asMarkdown:
		return report.ChangesMarkdown(c.gs.Stdout, changes, language)
	case asGitHub:
		return report.ChangesAnnotations(c.gs.Stdout, changes, language)
	}
	return report.ChangesText(c.gs.Stdout, changes, report.TextOptions{
		Locale: language, Color: colours(c.gs), Width: terminalWidth(c.gs),
	})
}

// readMeasured reads a run, with its requests if they are beside it and of the same run.
func readMeasured(name string) (report.Measured, error) {
	path := name
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		path = filepath.Join(name, report.ResultsFile)
	}
	file, err := os.Open(path) // #nosec G304 -- the user names the file
	if err != nil {
		return report.Measured{}, unjudged(err, "%s: can't be read: %v", path, pathCause(err))
	}
	results, err := report.ReadResults(file)
	if err == nil {
		err = results.Validate()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return report.Measured{}, unjudged(err, "%s: %v%s", path, err, recordsHint(path))
	}
	run := report.Measured{Name: name, Results: results}
	run.Without, run.Detail = addRequests(&run.Results, filepath.Dir(path))
	return run, nil
}

// recordsHint tells someone who gave the wrong one of two files.
func recordsHint(path string) string {
	if strings.HasSuffix(path, ".ndjson") {
		return "; give its directory, or the results.json beside it"
	}
	return ""
}

// addRequests gives the results the requests beside them, or says why it can't.
func addRequests(results *report.Results, dir string) (why report.WithoutRequests, detail string) {
	file, err := os.Open(filepath.Join(dir, report.RequestsFile)) // #nosec G304 -- the user names the directory
	if errors.Is(err, fs.ErrNotExist) {
		file, err = os.Open(filepath.Join(dir, report.RequestsFile+".gz")) // #nosec G304 -- likewise
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return report.NoRequestsFile, ""
	case err != nil:
		return report.UnreadableRequests, pathCause(err).Error()
	}
	requests, err := collect(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return report.UnreadableRequests, err.Error()
	}
	if !results.AddSamples(requests) {
		return report.RequestsOfAnotherRun, ""
	}
	return "", ""
}

func collect(from io.Reader) (*report.Collector, error) {
	var requests report.Collector
	content, err := unzipped(from)
	if err != nil {
		return nil, err
	}
	for lines := record.NewReader(content); ; {
		r, err := lines.Next()
		switch {
		case errors.Is(err, io.EOF):
			return &requests, nil
		case err != nil:
			return nil, err
		}
		requests.Add(&r, "")
	}
}
