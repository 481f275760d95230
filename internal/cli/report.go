package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"go.k6.io/k6/v2/cmd/state"

	"github.com/xk6-ollama/xk6-ollama/internal/locale"
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
Files may be compressed with gzip. A request that stands in several files counts once; a broken line is named
and left out. Which model a server ran, and with which settings, is taken from the results.json beside the file, if
there is one: different models and settings are kept apart.`,
		Example: examples(gs, `
  # What bench printed, once more and in Korean.
  $ {} report results/requests.ndjson --locale ko

  # The runs of three machines as one, with all the files.
  $ {} report a/requests.ndjson b/requests.ndjson c/requests.ndjson --out merged

  # A hundred compressed files, with a progress bar.
  $ {} report runs/*.ndjson.gz --out merged

  # Only what succeeded.
  $ jq -c 'select(.ok)' results/requests.ndjson | {} report -`),
		RunE: r.run,
	}
	r.settings = newSettingFlags(cmd.Flags())
	r.settings.add(settings.Locale, "", "en|ko", "", "the language of the output; default: that of LANG")
	r.settings.addOut()
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
	language, err := localeOf(r.gs, set)
	if err != nil {
		return err
	}
	out, _ := lookup(r.gs, set)(string(settings.Out))
	if out != "" {
		if out, err = outDirectory(out); err != nil {
			return err
		}
	}
	sources, err := findSources(files)
	if err != nil {
		return err
	}
	results, lines, err := r.merge(cmd.Context(), sources, out)
	if err != nil {
		return err
	}
	err = report.Text(r.gs.Stdout, results, report.TextOptions{
		Locale: language, Color: colours(r.gs), Width: terminalWidth(r.gs),
	})
	if err != nil {
		return failed(err, "%v", errors.Join(err, lines.discard()))
	}
	if out == "" {
		return nil
	}
	if err := errors.Join(report.WriteFiles(out, report.Files(results, nil, language)), lines.keep()); err != nil {
		return failed(err, "%v", err)
	}
	return nil
}

// merge reads the sources. The lines of their requests are in a file in the directory out,
// if there is one, which is yet to be kept.
func (r *reporter) merge(ctx context.Context, sources []*source, out string) (report.Results, *merged, error) {
	lines, err := newMerged(out)
	if err != nil {
		return report.Results{}, nil, err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	m := newMerger(r.gs, sources, lines.writer())
	if err := m.merge(ctx, sources); err != nil {
		return report.Results{}, nil, errors.Join(err, lines.discard())
	}
	run := report.Run{
		GeneratedAt: time.Now(),
		Targets:     []string{settings.Local, settings.Remote},
		Manifests:   m.manifests(sources),
		Settings:    common(sources),
	}
	if only := sources[0].beside; len(sources) == 1 && only != nil {
		run.Environment = only.Environment
	}
	return m.collector.Results(run), lines, nil
}

// localeOf returns the language that the flag, the variable or the environment asks for.
func localeOf(gs *state.GlobalState, set map[string]string) (locale.Locale, error) {
	find := lookup(gs, set)
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

// merged is the requests.ndjson to be: a file beside its place, since that place may hold
// one of the files that are read. Its methods do nothing where no file is wanted. What can't
// be written is for keep to say: it costs that file, and nothing else.
type merged struct {
	file     *os.File // nil for none
	buffered *bufio.Writer
	path     string
	err      error // the first of writing
}

func newMerged(dir string) (*merged, error) {
	if dir == "" {
		return &merged{}, nil
	}
	path := filepath.Join(dir, report.RequestsFile)
	file, err := os.CreateTemp(dir, report.RequestsFile+".*")
	if err != nil {
		return nil, failed(err, "%s: can't be written: %v", path, pathCause(err))
	}
	return &merged{file: file, buffered: bufio.NewWriterSize(file, 1<<20), path: path}, nil
}

func (m *merged) writer() io.Writer {
	if m.file == nil {
		return nil
	}
	return m
}

// Write implements io.Writer, and never fails.
func (m *merged) Write(text []byte) (int, error) {
	if m.err == nil {
		_, m.err = m.buffered.Write(text)
	}
	return len(text), nil
}

// keep puts the file in its place.
func (m *merged) keep() error {
	if m.file == nil {
		return nil
	}
	if m.err == nil {
		m.err = m.buffered.Flush()
	}
	if m.err == nil {
		m.err = m.file.Chmod(0o644)
	}
	if err := m.file.Close(); m.err == nil {
		m.err = err
	}
	if m.err == nil {
		m.err = os.Rename(m.file.Name(), m.path)
	}
	if m.err == nil {
		return nil
	}
	return fmt.Errorf("%s: can't be written: %w", m.path, errors.Join(pathCause(m.err), os.Remove(m.file.Name())))
}

func (m *merged) discard() error {
	if m == nil || m.file == nil {
		return nil
	}
	return errors.Join(m.file.Close(), os.Remove(m.file.Name()))
}
