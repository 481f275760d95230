package report_test

import (
	"bytes"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
)

// Whatever format somebody reads, the figures are those of results.json: in all digits where
// a program reads them, and to the last printed digit where a person does.
func TestEveryFormatHasTheSameFigures(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"two-sides", "failures-mixed", "milliseconds", "inconclusive"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			summarized := report.Summarize(runs()[name])
			checkCSV(t, summarized)
			checkProperties(t, summarized)
			checkMedians(t, summarized)

			var written bytes.Buffer
			require.NoError(t, report.JSON(&written, summarized))
			results, err := report.ReadResults(&written)
			require.NoError(t, err)
			written.Reset()
			require.NoError(t, report.Markdown(&written, summarized, locale.English))
			fromMarkdown, fromText := tablesOfMarkdown(written.String()), tablesOfText(text(t, summarized, locale.English, 120))
			const targets, ofEach, ofBoth, besides = 2, 24, 19, 3 // rows that are no table's in the text
			assert.Equal(t, targets*ofEach+ofBoth, checkTables(t, fromText, results), "figures in the text")
			assert.Equal(t, targets*(ofEach+besides)+ofBoth, checkTables(t, fromMarkdown, results), "figures in Markdown")
			fromPage := tablesOfPage(parsed(t, page(t, summarized, locale.English)))
			assert.Equal(t, targets*(ofEach+besides)+ofBoth, checkTables(t, fromPage, results), "figures in HTML")
		})
	}
}

// printed are the tables of a page: their rows by the header's first two cells and the label.
type printed map[string]map[string][]string

func tablesOfMarkdown(page string) printed {
	tables := printed{}
	header := ""
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| ") {
			header = ""
			continue
		}
		cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(line, "| "), " |"), " | ")
		header = tables.add(header, cells)
	}
	return tables
}

func tablesOfPage(root *html.Node) printed {
	tables := printed{}
	for _, table := range find(root, "table", "") {
		header := ""
		for _, row := range find(table, "tr", "") {
			var cells []string
			for cell := range row.ChildNodes() {
				cells = append(cells, textOf(cell))
			}
			header = tables.add(header, cells)
		}
	}
	return tables
}

func tablesOfText(page string) printed {
	tables := printed{}
	header, before := "", ""
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "───"):
			header = tables.add("", columns.Split(before, -1))
		case line == "" || !columns.MatchString(line):
			header = ""
		case header != "":
			tables.add(header, columns.Split(line, -1))
		}
		before = line
	}
	return tables
}

var columns = regexp.MustCompile(` {2,}`)

func (p printed) add(header string, cells []string) string {
	if header == "" {
		if len(cells) < 2 {
			return ""
		}
		header = cells[0] + "/" + cells[1]
		p[header] = map[string][]string{}
		return header
	}
	label := strings.TrimLeftFunc(strings.ReplaceAll(cells[0], `\`, ""), func(r rune) bool { return !unicode.IsLetter(r) })
	p[header][label] = cells[1:]
	return header
}

// checkTables holds the figures in the tables against the results, and returns how many there
// were.
func checkTables(t *testing.T, tables printed, results report.Results) int {
	t.Helper()
	checked := 0
	check := func(table, label string, column int, want ...float64) {
		cells, found := tables[table][label]
		if !found {
			return
		}
		checked += len(want)
		figures := figuresIn(t, cells[column])
		require.GreaterOrEqual(t, len(figures), len(want), "%s: %s", label, cells[column])
		for i, value := range want {
			assert.InDelta(t, value, figures[i].value, figures[i].rounding, "%s, %s: %s", table, label, cells[column])
		}
	}
	for column, s := range results.Series {
		const item, metric, part = "Item/Local Ollama", "Metric/Local Ollama", "Part/Local Ollama"
		duration := s.Metrics[report.Duration]
		check(item, "Success rate", column, s.SuccessRate)
		check(item, "Mean response time", column, duration.Mean)
		check(item, "Total time", column, s.BusyMS)
		check(item, "Min response time", column, duration.Min)
		check(item, "Max response time", column, duration.Max)
		check(item, "Throughput (requests per second)", column, *s.RequestsPerSecond)
		check(item, "Network overhead (measured: response time − the server's total_duration)", column,
			s.Metrics[report.Network].Mean)
		check(item, "Stability of response times (standard deviation)", column, *duration.StdDev)
		for label, m := range map[string]report.Metric{"TTFT": report.TTFT, "TPOT": report.TPOT, "ITL": report.ITL} {
			check(metric, label, column, s.Metrics[m].Mean, s.Metrics[m].P95)
		}
		check(metric, "Tokens/s", column, s.Metrics[report.TokensPerSecond].Mean)
		check(metric, "Output tokens", column, s.Metrics[report.OutputTokens].Mean)
		for label, value := range map[string]float64{
			"Network": s.Breakdown.Network, "Queue": s.Breakdown.Queue, "Model load": s.Breakdown.Load,
			"Prefill (prompt)": s.Breakdown.Prefill, "Decode (output)": s.Breakdown.Decode,
		} {
			check(part, label, column, value, value/s.Breakdown.Duration)
		}
		check(part, "Response time (E2E)", column, s.Breakdown.Duration)
	}
	for label, m := range map[string]report.Metric{
		"Response time (E2E)": report.Duration, "TTFT": report.TTFT, "TPOT": report.TPOT, "Tokens/s": report.TokensPerSecond,
	} {
		const confidence = "Metric/Ratio"
		c := results.Comparisons[0].Metrics[m]
		p := c.PValue
		if c.AdjustedPValue != nil {
			p = c.AdjustedPValue
		}
		check("Metric/Local Ollama", label, 2, *c.Ratio)
		check(confidence, label, 0, *c.Ratio)
		check(confidence, label, 1, c.RatioCI95[0], c.RatioCI95[1])
		check(confidence, label, 2, *p)
	}
	return checked
}

// figure is a printed number, in ms if it is a time, and how far rounding may have moved it.
type figure struct{ value, rounding float64 }

var number = regexp.MustCompile(`([<≥] ?|&lt; )?(-?\d+(?:\.(\d+))?) ?(ms|µs|ns|s\b|%)?`)

func figuresIn(t *testing.T, cell string) []figure {
	t.Helper()
	units := map[string]float64{"s": 1000, "ms": 1, "µs": 1e-3, "ns": 1e-6, "%": 0.01, "": 1}
	var figures []figure
	for _, found := range number.FindAllStringSubmatch(cell, -1) {
		value, err := strconv.ParseFloat(found[2], 64)
		require.NoError(t, err)
		unit := units[found[4]]
		one := figure{value * unit, 0.5000001 * math.Pow10(-len(found[3])) * unit}
		if strings.Contains(found[1], "<") || strings.Contains(found[1], "&lt;") { // less than it says
			one.value, one.rounding = one.value/2, one.value/2
		}
		figures = append(figures, one)
	}
	return figures
}
