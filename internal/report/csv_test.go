package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/report"
)

// rowsOf reads a table as its cells by their columns' names.
func rowsOf(t *testing.T, page []byte) []map[string]string {
	t.Helper()
	lines, err := csv.NewReader(bytes.NewReader(page)).ReadAll() // all of the same length, or it is an error
	require.NoError(t, err)
	rows := make([]map[string]string, 0, len(lines))
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		require.Len(t, row, len(lines[0]), "two columns have one name")
		rows = append(rows, row)
	}
	return rows
}

func TestTheTableHasEveryFigure(t *testing.T) {
	t.Parallel()
	for name, run := range runs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkCSV(t, report.Summarize(run))
		})
	}
}

// checkCSV says whether each number of results.json stands in the table, in the same digits.
func checkCSV(t *testing.T, results report.Results) {
	t.Helper()
	var page bytes.Buffer
	require.NoError(t, report.CSV(&page, results))
	rows := rowsOf(t, page.Bytes())
	used := 0
	find := func(keys map[string]string) map[string]string {
		for _, row := range rows {
			same := true
			for name, value := range keys {
				same = same && strings.TrimPrefix(row[name], "'") == oneLine(value)
			}
			if same {
				used++
				return row
			}
		}
		require.Fail(t, "no such row", "%q", keys)
		return nil
	}
	for _, s := range document(t, results, "series") {
		keys := map[string]string{
			"model": word(s["model"]), "op": word(s["op"]), "variant": word(s["variant"]), "target": word(s["target"]), "other": "",
		}
		keys["kind"] = "series"
		same(t, find(keys), numbersOf(s, "metrics", "errors"))
		keys["kind"] = "metric"
		for metric, summary := range object(s["metrics"]) {
			keys["metric"] = metric
			same(t, find(keys), numbersOf(object(summary)))
		}
		delete(keys, "metric")
		keys["kind"] = "error"
		for kind, count := range object(s["errors"]) {
			keys["error_type"] = kind
			assert.Equal(t, word(count), find(keys)["count"])
		}
	}
	for _, c := range document(t, results, "comparisons") {
		keys := map[string]string{
			"model": word(c["model"]), "op": word(c["op"]), "variant": word(c["variant"]),
			"target": word(c["a"]), "other": word(c["b"]), "kind": "pair",
		}
		same(t, find(keys), numbersOf(c, "metrics"))
		keys["kind"] = "comparison"
		for metric, comparison := range object(c["metrics"]) {
			keys["metric"] = metric
			row := find(keys)
			same(t, row, numbersOf(object(comparison)))
			assert.Equal(t, object(comparison)["verdict"], row["verdict"])
		}
	}
	assert.Len(t, rows, used, "a row for each part, and no other")
	for _, row := range rows {
		for name, text := range row {
			if _, err := json.Marshal(json.Number(text)); err == nil || text == "" {
				continue // a number may begin with a minus
			}
			first, _ := utf8.DecodeRuneInString(text)
			assert.NotContains(t, "=+-@＝＋－＠\t\r\n", string(first), "%s is a formula to a spreadsheet", name)
		}
	}
}

// oneLine is a text without what would break its line or hide in it.
func oneLine(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		case unicode.Is(unicode.Bidi_Control, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, text)), " ")
}

// same says whether the row has these numbers, and no others.
func same(t *testing.T, row, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for name, text := range row {
		switch name {
		case "kind", "model", "op", "variant", "target", "other", "metric", "error_type", "unit", "endpoint", "verdict",
			"test", "unsupported":
		default:
			if text != "" {
				got[name] = text
			}
		}
	}
	assert.Equal(t, want, got)
}

// document returns a list in results.json, its numbers as they stand there.
func document(t *testing.T, results report.Results, list string) []map[string]any {
	t.Helper()
	var page bytes.Buffer
	require.NoError(t, report.JSON(&page, results))
	var all map[string]any
	decoder := json.NewDecoder(&page)
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&all))
	var objects []map[string]any
	for _, one := range all[list].([]any) { //nolint:forcetypeassert,errcheck // or it is no results.json
		objects = append(objects, object(one))
	}
	return objects
}

func object(value any) map[string]any {
	fields, _ := value.(map[string]any)
	return fields
}

func word(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// numbersOf returns the numbers in a part of results.json by their names in the table.
func numbersOf(part map[string]any, but ...string) map[string]string {
	numbers := map[string]string{}
	skip := map[string]bool{"manifest": true, "failures": true}
	for _, name := range but {
		skip[name] = true
	}
	for name, value := range part {
		switch v := value.(type) {
		case json.Number:
			numbers[name] = v.String()
		case bool:
			numbers[name] = strconv.FormatBool(v)
		case []any:
			if len(v) == 2 && !skip[name] && word(v[0]) != "" && strings.Contains(name, "ci95") {
				numbers[name+"_low"], numbers[name+"_high"] = word(v[0]), word(v[1])
			}
		case map[string]any:
			if skip[name] {
				continue
			}
			for inner, text := range numbersOf(v) {
				numbers[name+"_"+inner] = text
			}
		}
	}
	return numbers
}
