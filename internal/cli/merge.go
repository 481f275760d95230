package cli

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cheggaaa/pb/v3"
	"go.k6.io/k6/v2/cmd/state"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/manifest"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
	"github.com/xk6-ollama/xk6-ollama/internal/settings"
)

// source is a file of request records, and what the results.json beside it tells of the run.
type source struct {
	name      string // as it was given
	path      string // "" for the standard input
	size      int64  // bytes; 0 where that is not known
	settings  map[string]any
	manifests map[string]map[string]api.Manifest // by target and model
	beside    *report.Results                    // nil if there is none
}

const standardInput = "the standard input"

// findSources looks at the files that were named before any of them is read.
func findSources(names []string) ([]*source, error) {
	sources := make([]*source, 0, len(names))
	for _, name := range names {
		if name == "-" {
			sources = append(sources, &source{name: standardInput})
			continue
		}
		s := &source{name: name, path: name}
		info, err := os.Stat(name)
		if err == nil && info.IsDir() {
			s.path = filepath.Join(name, report.RequestsFile)
			if info, err = os.Stat(s.path); errors.Is(err, fs.ErrNotExist) {
				if zipped, zippedErr := os.Stat(s.path + ".gz"); zippedErr == nil {
					s.path, info, err = s.path+".gz", zipped, nil
				}
			}
			s.name = s.path
		}
		if err != nil {
			return nil, failed(err, "%s: can't be read: %v", s.name, pathCause(err))
		}
		s.size = info.Size()
		s.lookBeside()
		sources = append(sources, s)
	}
	return sources, nil
}

// lookBeside reads the results.json that bench wrote together with the records. A file that
// is not there, or none of ours, tells nothing.
func (s *source) lookBeside() {
	path := filepath.Join(filepath.Dir(s.path), report.ResultsFile)
	file, err := os.Open(path) // #nosec G304 -- the user names the directory
	if err != nil {
		return
	}
	results, err := report.ReadResults(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return
	}
	s.beside, s.settings = &results, results.Settings
	s.manifests = map[string]map[string]api.Manifest{}
	for _, series := range results.Series {
		if series.Manifest == nil {
			continue
		}
		if s.manifests[series.Target] == nil {
			s.manifests[series.Target] = map[string]api.Manifest{}
		}
		s.manifests[series.Target][series.Model] = *series.Manifest
	}
}

// decisive are the settings with which requests measure something else.
func decisive() []settings.Name {
	return []settings.Name{settings.Prompt, settings.NumPredict, settings.CacheName, settings.Stream, settings.Order}
}

// variants tells apart the runs that must not be averaged: what differs between the settings
// of the sources, and between the models that their targets ran.
type variants struct {
	differing []settings.Name
	digests   map[[2]string]bool // of target and model: several digests
}

func findVariants(sources []*source) variants {
	v := variants{digests: map[[2]string]bool{}}
	for _, name := range decisive() {
		values := map[string]bool{}
		for _, s := range sources {
			values[s.setting(name)] = true
		}
		if len(values) > 1 {
			v.differing = append(v.differing, name)
		}
	}
	first := map[[2]string]api.Manifest{}
	for _, s := range sources {
		for target, models := range s.manifests {
			for model, told := range models {
				key := [2]string{target, model}
				before, seen := first[key]
				if !seen {
					first[key] = told
					continue
				}
				switch manifest.Compare(before, told) {
				case manifest.OtherModel, manifest.OtherSetup:
					v.digests[key] = true
				}
			}
		}
	}
	return v
}

// setting returns how the run was set, "" if that is not known.
func (s *source) setting(name settings.Name) string {
	value, ok := s.settings[string(name)]
	if !ok {
		return ""
	}
	if text, ok := value.(string); ok {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(text)
}

// of returns what is peculiar to the source's requests for a model.
func (v variants) of(s *source, model string) string {
	var parts []string
	for _, name := range v.differing {
		value := s.setting(name)
		switch {
		case value == "":
			value = "?"
		case len([]rune(value)) > mostOfSetting:
			value = string([]rune(value)[:mostOfSetting]) + "…"
		}
		parts = append(parts, string(name)+"="+value)
	}
	for key := range v.digests {
		if told, ok := s.manifests[key[0]][model]; ok && key[1] == model {
			parts = append(parts, key[0]+" "+manifest.Short(told.Digest))
		}
	}
	slices.Sort(parts[len(v.differing):])
	return strings.Join(parts, ", ")
}

// mostOfSetting is how many characters of a setting, such as the prompt, are shown.
const mostOfSetting = 40

// merger reads the records of many files into one collector, in memory that does not grow
// with them but for eight bytes a record, by which it knows what it has read before.
type merger struct {
	gs        *state.GlobalState
	collector report.Collector
	variants  variants
	copy      io.Writer // gets the lines; nil for none
	bar       *pb.ProgressBar

	hash    maphash.Seed
	earlier [][]uint64 // the hashes of the lines of each file read before, sorted
	empty   []string   // the names of files without a request
	read    int
}

// mostBroken is how many broken lines of a file are named.
const mostBroken = 5

// progressFrom is how many bytes take long enough to show progress.
const progressFrom = 8 << 20

func newMerger(gs *state.GlobalState, sources []*source, copyTo io.Writer) *merger {
	m := &merger{gs: gs, variants: findVariants(sources), copy: copyTo, hash: maphash.MakeSeed()}
	total := int64(0)
	for _, s := range sources {
		total += s.size
	}
	if gs.Stderr.IsTTY && total >= progressFrom {
		m.bar = pb.New64(total).Set(pb.Bytes, true).SetWriter(gs.Stderr)
	}
	return m
}

// merge reads all sources, or as many as it can until ctx is done.
func (m *merger) merge(ctx context.Context, sources []*source) error {
	if m.bar != nil {
		m.bar.Start()
		defer m.bar.Finish()
	}
	for i, s := range sources {
		if err := m.source(ctx, s, i+1 < len(sources)); err != nil {
			return err
		}
		if ctx.Err() != nil {
			m.note("interrupted: this is the report of the %d requests that were read until then", m.read)
			break
		}
	}
	if m.read == 0 {
		names := make([]string, len(sources))
		for i, s := range sources {
			names[i] = s.name
		}
		return failed(nil, "%s: there is no request to report", strings.Join(names, ", "))
	}
	for _, name := range m.empty {
		m.note("%s: there is no request in it", name)
	}
	return nil
}

func (m *merger) source(ctx context.Context, s *source, another bool) error {
	var in io.Reader
	if s.path == "" {
		in = interruptible(ctx, m.gs.Stdin)
	} else {
		file, err := os.Open(s.path)
		if err != nil {
			return failed(err, "%s: can't be read: %v", s.name, pathCause(err))
		}
		defer file.Close() //nolint:errcheck // nothing is lost of a file that was read
		in = file
	}
	if m.bar != nil && s.size > 0 {
		in = m.bar.NewProxyReader(in)
	}
	in, err := unzipped(in)
	if err != nil {
		return failed(err, "%s: %v", s.name, err)
	}
	return m.records(ctx, s, in, another)
}

// interruptible returns what can be read from in until ctx is done, which ends it even while
// nothing comes.
func interruptible(ctx context.Context, in io.Reader) io.Reader {
	reader, writer := io.Pipe()
	context.AfterFunc(ctx, func() { writer.CloseWithError(io.EOF) })
	go func() {
		_, err := io.Copy(writer, in)
		writer.CloseWithError(err)
	}()
	return reader
}

// unzipped returns what is in the gzip file that in is, or in itself.
func unzipped(in io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(in)
	if head, err := buffered.Peek(2); err != nil || head[0] != 0x1f || head[1] != 0x8b {
		return buffered, nil //nolint:nilerr // reading on will meet the error again
	}
	content, err := gzip.NewReader(buffered)
	if err != nil {
		return nil, fmt.Errorf("not a gzip file: %w", err)
	}
	return content, nil
}

// tally counts what was found in a file.
type tally struct{ good, twice, broken int }

func (m *merger) records(ctx context.Context, s *source, in io.Reader, another bool) error {
	var (
		found  tally
		hashes []uint64
		cut    error
	)
	byModel := map[string]string{}
	lines := record.NewReader(in)
	for ctx.Err() == nil {
		r, err := lines.Next()
		var broken *record.LineError
		if errors.As(err, &broken) {
			found.broken++
			if found.broken <= mostBroken {
				m.note("%s: %v", s.name, err)
			}
			continue
		}
		if err != nil {
			cut = err // the end, or such as that of a gzip file that was cut off
			break
		}
		hash := maphash.Bytes(m.hash, lines.Line())
		if m.readBefore(hash) {
			found.twice++
			continue
		}
		if another {
			hashes = append(hashes, hash)
		}
		if _, known := byModel[r.Model]; !known {
			byModel[r.Model] = m.variants.of(s, r.Model)
		}
		m.collector.Add(&r, byModel[r.Model])
		found.good++
		if err := m.keep(lines.Line()); err != nil {
			return err
		}
	}
	slices.Sort(hashes)
	m.earlier = append(m.earlier, hashes)
	m.read += found.good
	m.tell(s, found, cut)
	return nil
}

func (m *merger) readBefore(hash uint64) bool {
	for _, hashes := range m.earlier {
		if _, found := slices.BinarySearch(hashes, hash); found {
			return true
		}
	}
	return false
}

func (m *merger) keep(line []byte) error {
	if m.copy == nil {
		return nil
	}
	_, err := m.copy.Write(line)
	if err == nil {
		_, err = m.copy.Write([]byte{'\n'})
	}
	if err != nil {
		m.copy = nil
		return failed(err, "%s: can't be written: %v", report.RequestsFile, pathCause(err))
	}
	return nil
}

// tell says what is peculiar about a file.
func (m *merger) tell(s *source, found tally, cut error) {
	if more := found.broken - mostBroken; more > 0 {
		m.note("%s: %s", s.name, plural(more, "more broken line"))
	}
	if found.broken > 0 {
		m.note("%s: %s skipped", s.name, plural(found.broken, "broken line"))
	}
	if !errors.Is(cut, io.EOF) && cut != nil {
		m.note("%s: can't be read further: %v", s.name, pathCause(cut))
	}
	if found.twice > 0 {
		m.note("%s: %d of %d requests were read before and count once", s.name, found.twice, found.twice+found.good)
	}
	if found.good+found.twice == 0 {
		m.empty = append(m.empty, s.name)
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// note tells on stderr what is no reason to stop. That it can't be told is none either.
func (m *merger) note(format string, args ...any) {
	text := fmt.Sprintf("Note: "+format+"\n", args...)
	if m.bar != nil {
		text = "\r\x1b[K" + text // in the place of the bar, which comes again below
	}
	_, _ = m.gs.Stderr.Write([]byte(text))
}

// manifests returns which models the targets ran, as the results beside the records tell.
func (m *merger) manifests(sources []*source) map[report.Identity]api.Manifest {
	all := map[report.Identity]api.Manifest{}
	for _, s := range sources {
		for target, models := range s.manifests {
			for model, manifest := range models {
				all[report.Identity{Target: target, Model: model, Variant: m.variants.of(s, model)}] = manifest
			}
		}
	}
	return all
}

// common returns the settings that all sources share.
func common(sources []*source) map[string]any {
	shared := map[string]any{}
	for name, value := range sources[0].settings {
		text, err := json.Marshal(value)
		same := func(s *source) bool {
			other, otherErr := json.Marshal(s.settings[name])
			return errors.Join(err, otherErr) == nil && bytes.Equal(text, other)
		}
		if !slices.ContainsFunc(sources, func(s *source) bool { return !same(s) }) {
			shared[name] = value
		}
	}
	return shared
}
