package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.k6.io/k6/v2/cmd/state"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
	"github.com/xk6-ollama/xk6-ollama/internal/settings"
)

func newReport(gs *state.GlobalState) *cobra.Command {
	r := &reporter{gs: gs}
	cmd := &cobra.Command{
		Use:   "report FILE... [flags]",
		Short: "Merge the request records of one or many runs",
		Long: `Merge the requests.ndjson files of one or many runs, from one or many machines, and print what
bench prints. FILE is such a file, a directory that bench --out has written, or - for the standard input.
A request that stands in several files counts once. Which model a server ran is taken from the results.json
beside the file, if there is one.`,
		Example: examples(gs, `
  # What bench printed, once more and in Korean.
  $ {} report results/requests.ndjson --locale ko

  # The runs of three machines as one, with all the files.
  $ {} report a/requests.ndjson b/requests.ndjson c/requests.ndjson --out merged

  # Only what succeeded.
  $ jq -c 'select(.ok)' results/requests.ndjson | {} report -`),
		RunE: r.run,
	}
	r.settings = newSettingFlags(cmd.Flags())
	r.settings.add(settings.Locale, "", "en|ko", "", "the language of the output; default: that of LANG")
	r.settings.add(settings.Out, "", "DIR", "",
		"write results.json, requests.ndjson and report.md into this directory")
	return cmd
}

// reporter is the command `report`.
type reporter struct {
	gs       *state.GlobalState
	settings *settingFlags
}

func (r *reporter) run(cmd *cobra.Command, files []string) error {
	if len(files) == 0 {
		return usageError(cmd, "no FILE is given; it takes one or more requests.ndjson")
	}
	if slices.Contains(files, "") {
		return usageError(cmd, `FILE is "", expected the name of a requests.ndjson`)
	}
	set := r.settings.environment()
	language, err := r.locale(set)
	if err != nil {
		return err
	}
	records, err := r.read(files)
	if err != nil {
		return err
	}
	out, _ := lookup(r.gs, set)(string(settings.Out))
	if out != "" {
		if out, err = outDirectory(out); err != nil {
			return err
		}
	}
	var lines record.Spool
	for i := range records {
		if err := lines.Add(&records[i]); err != nil {
			return failed(err, "%v", err)
		}
	}
	results := report.Summarize(report.Run{
		Records:     records,
		GeneratedAt: time.Now(),
		Targets:     []string{settings.Local, settings.Remote},
		Manifests:   manifestsBeside(files),
	})
	err = report.Text(r.gs.Stdout, results, report.TextOptions{
		Locale: language, Color: colours(r.gs), Width: terminalWidth(r.gs),
	})
	if err != nil {
		return failed(err, "%v", err)
	}
	if out == "" {
		return nil
	}
	if err := report.WriteFiles(out, report.Files(results, &lines, language)); err != nil {
		return failed(err, "%v", err)
	}
	return nil
}

func (r *reporter) locale(set map[string]string) (locale.Locale, error) {
	find := lookup(r.gs, set)
	text, _ := find(string(settings.Locale))
	if text == "" {
		return locale.FromEnvironment(find), nil
	}
	language, err := locale.Parse(text)
	if err != nil {
		return "", invalid("%v", &settings.Error{Name: settings.Locale, Value: text, Allowed: "must be en or ko"})
	}
	return language, nil
}

// read reads all files. What stands in more than one of them counts once, and is said.
func (r *reporter) read(files []string) ([]record.Record, error) {
	var (
		all   []record.Record
		empty []string
	)
	seen := map[string]bool{}
	for _, name := range files {
		records, err := r.readOne(name)
		if err != nil {
			return nil, err
		}
		fresh := slices.DeleteFunc(slices.Clone(records), func(one record.Record) bool {
			key, err := json.Marshal(one)
			known := err == nil && seen[string(key)]
			seen[string(key)] = true
			return known
		})
		if twice := len(records) - len(fresh); twice > 0 {
			r.note("%s: %d of %d requests were read before and count once", name, twice, len(records))
		}
		if len(records) == 0 {
			empty = append(empty, name)
		}
		all = append(all, fresh...)
	}
	if len(all) == 0 {
		return nil, failed(nil, "%s: there is no request to report", strings.Join(files, ", "))
	}
	if len(empty) > 0 {
		r.note("%s: there is no request in it", strings.Join(empty, ", "))
	}
	// Files of several machines follow one another; the requests did not.
	slices.SortStableFunc(all, func(a, b record.Record) int { return cmp.Compare(a.StartedAt, b.StartedAt) })
	return all, nil
}

// manifestsBeside reads which models the servers ran from the results.json files that bench
// wrote together with the records. A file that is not there, or none of ours, tells nothing.
func manifestsBeside(files []string) map[string]map[string]api.Manifest {
	manifests := map[string]map[string]api.Manifest{}
	for _, name := range files {
		path := filepath.Join(filepath.Dir(requestsFile(name)), report.ResultsFile)
		file, err := os.Open(path) // #nosec G304 -- the user names the directory
		if err != nil {
			continue
		}
		results, err := report.ReadResults(file)
		if err = errors.Join(err, file.Close()); err != nil {
			continue
		}
		for _, series := range results.Series {
			if series.Manifest == nil {
				continue
			}
			if manifests[series.Target] == nil {
				manifests[series.Target] = map[string]api.Manifest{}
			}
			manifests[series.Target][series.Model] = *series.Manifest
		}
	}
	return manifests
}

// requestsFile returns the file that is meant by the name of a directory, too.
func requestsFile(name string) string {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return filepath.Join(name, report.RequestsFile)
	}
	return name
}

func (r *reporter) readOne(name string) ([]record.Record, error) {
	if name == "-" {
		return parseRecords("the standard input", r.gs.Stdin)
	}
	name = requestsFile(name)
	file, err := os.Open(name) // #nosec G304 -- the user names the file
	if err != nil {
		return nil, failed(err, "%s: can't be read: %v", name, pathCause(err))
	}
	records, err := parseRecords(name, file)
	if closeErr := file.Close(); closeErr != nil && err == nil {
		return nil, failed(closeErr, "%s: %v", name, pathCause(closeErr))
	}
	return records, err
}

func parseRecords(name string, from io.Reader) ([]record.Record, error) {
	records, err := record.Read(from)
	if err != nil {
		return nil, failed(err, "%s: %v", name, err)
	}
	return records, nil
}

// note tells on stderr what is no reason to stop. That it can't be told is none either.
func (r *reporter) note(format string, args ...any) {
	_, _ = fmt.Fprintf(r.gs.Stderr, "Note: "+format+"\n", args...)
}
