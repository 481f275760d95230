package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// The kinds of rows of results.csv.
const (
	csvSeries     = "series"     // what a series is by itself: counts, rates
	csvMetric     = "metric"     // the summary of one metric of a series
	csvError      = "error"      // how many requests of a series failed in one way
	csvPair       = "pair"       // what two targets are by themselves
	csvComparison = "comparison" // one metric of two targets
)

// csvKeys are the columns that say what a row is of.
var csvKeys = []string{"kind", "model", "op", "variant", "target", "other", "metric", "error_type", "unit"}

// CSV writes the figures of the results as a table: a row for each metric of each series, and
// further kinds of rows for what is not of a metric. A figure has its name in results.json;
// those that a row does not have are empty.
func CSV(w io.Writer, results Results) error {
	t := csvTable{out: csv.NewWriter(w), columns: map[string]int{}}
	for _, part := range []any{stats.Summary{}, Series{}, stats.Comparison{}, Comparison{}} {
		t.addColumns(part)
	}
	t.write(t.header())
	for i := range results.Series {
		t.series(&results.Series[i])
	}
	for i := range results.Comparisons {
		t.comparison(&results.Comparisons[i])
	}
	t.out.Flush()
	if t.err == nil {
		t.err = t.out.Error()
	}
	if t.err != nil {
		return fmt.Errorf("writing the table: %w", t.err)
	}
	return nil
}

// csvTable writes rows, and keeps the first error.
type csvTable struct {
	out     *csv.Writer
	columns map[string]int // of the figures, by name
	err     error
}

// csvElsewhere are the fields that are keys of a row, or too long for a cell.
var csvElsewhere = []string{"target", "model", "op", "variant", "a", "b", "manifest", "models"}

func (t *csvTable) addColumns(part any) {
	cells, err := flatten(part, csvElsewhere...)
	if err != nil {
		t.err = err
	}
	for _, c := range cells {
		if _, known := t.columns[c.name]; !known {
			t.columns[c.name] = len(csvKeys) + len(t.columns)
		}
	}
}

func (t *csvTable) header() []string {
	header := append(slices.Clone(csvKeys), make([]string, len(t.columns))...)
	for name, at := range t.columns {
		header[at] = name
	}
	return header
}

func (t *csvTable) series(s *Series) {
	keys := map[string]string{"model": s.Model, "op": s.Op, "variant": s.Variant, "target": s.Target}
	t.row(csvSeries, keys, *s)
	for _, metric := range inOrderOfDisplay(s.Metrics) {
		keys["metric"], keys["unit"] = string(metric), metric.unit()
		t.row(csvMetric, keys, s.Metrics[metric])
	}
	delete(keys, "metric")
	keys["unit"] = "requests"
	for _, kind := range slices.Sorted(maps.Keys(s.Errors)) {
		keys["error_type"] = string(kind)
		t.row(csvError, keys, struct {
			Count int `json:"count"`
		}{s.Errors[kind]})
	}
}

func (t *csvTable) comparison(c *Comparison) {
	keys := map[string]string{"model": c.Model, "op": c.Op, "variant": c.Variant, "target": c.A, "other": c.B}
	t.row(csvPair, keys, *c)
	for _, metric := range inOrderOfDisplay(c.Metrics) {
		keys["metric"], keys["unit"] = string(metric), metric.unit()
		t.row(csvComparison, keys, c.Metrics[metric])
	}
}

func (t *csvTable) row(kind string, keys map[string]string, part any) {
	cells, err := flatten(part, csvElsewhere...)
	if err != nil {
		t.err = err
		return
	}
	row := make([]string, len(csvKeys)+len(t.columns))
	for i, name := range csvKeys {
		row[i] = inert(keys[name])
	}
	row[0] = kind
	for _, c := range cells {
		if c.foreign {
			c.text = inert(c.text)
		}
		row[t.columns[c.name]] = c.text
	}
	t.write(row)
}

func (t *csvTable) write(row []string) {
	if t.err == nil {
		t.err = t.out.Write(row)
	}
}

// inert returns a text on one line. An apostrophe stands before one that a spreadsheet would take
// for a formula, as OWASP's page "CSV Injection" advises; also before one with an apostrophe, so
// that it can be taken off again. The wide characters are those of East Asian keyboards, which
// Excel takes for the same.
func inert(text string) string {
	text = plain(text)
	if strings.IndexFunc(text, func(r rune) bool { return strings.ContainsRune("'=+-@＝＋－＠", r) }) == 0 {
		return "'" + text
	}
	return text
}
