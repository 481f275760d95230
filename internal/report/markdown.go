package report

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/xk6-ollama/xk6-ollama/internal/locale"
)

// Markdown writes the results as tables for a CI job's summary.
func Markdown(w io.Writer, results Results, l locale.Locale) error {
	d := &document{out: w, locale: l, messages: messagesIn(l)}
	all := views(results, d.messages)
	if len(all) == 0 {
		d.paragraph("**" + d.noneMeasured + "**")
	}
	for _, v := range all {
		d.view(v)
	}
	d.client(results)
	d.failures(all)
	d.warnings(results)
	d.details(results)
	return d.err
}

// document writes Markdown, and keeps the first error.
type document struct {
	*messages
	out    io.Writer
	err    error
	locale locale.Locale
}

// paragraph writes lines that belong together, and an empty one.
func (d *document) paragraph(lines ...string) {
	if d.err != nil || len(lines) == 0 {
		return
	}
	if _, err := io.WriteString(d.out, strings.Join(lines, "\n")+"\n\n"); err != nil {
		d.err = fmt.Errorf("writing the report: %w", err)
	}
}

func (d *document) heading(level int, text string) {
	d.paragraph(strings.Repeat("#", level) + " " + escape(text))
}

func (d *document) section(title string, t *table) {
	if len(t.rows) > 0 {
		d.heading(3, title)
		d.paragraph(t.markdown()...)
	}
}

func (d *document) view(v view) {
	if len(v.sides) == 1 {
		d.heading(2, sprintf(d.benchmarking, d.full(v.sides[0].Target), v.title))
	} else {
		d.heading(2, sprintf(d.comparison, v.title))
	}
	for _, pair := range v.pairs {
		if lines := v.headline(pair); lines != nil {
			d.paragraph("**" + escape(lines[0]) + "** " + escape(strings.Join(lines[1:], " ")))
		}
	}
	if line := v.measured().mismatch(); line != "" {
		d.paragraph("**" + escape(line) + "**")
	}
	if line := v.failedLine(); line != "" && len(v.sides) > 1 {
		d.paragraph("**" + escape(line) + "**")
	}
	d.paragraph(d.overview(v).markdown()...)
	v = v.measured()
	metrics := v.metricTable()
	d.section(d.metrics, metrics)
	if legend := v.metricLegend(metrics); legend != "" {
		d.paragraph(escape(legend))
	}
	if times := v.timeTable(); len(times.rows) > 0 {
		d.section(d.times, times)
		d.paragraph(escape(strings.Join(v.timeNotes(), " ")))
	}
	for _, pair := range v.pairs {
		d.section(d.confidence+": "+sprintf(d.versus, d.full(pair.A), d.full(pair.B)), v.confidenceTable(pair))
		if line := v.differenceLine(pair); line != "" {
			d.paragraph(escape(line) + ". " + escape(d.confidenceNoteOf(pair, v.together)))
		}
	}
	d.models(v)
	d.figures(v)
}

// figures holds everything that is known of each series, folded away.
func (d *document) figures(v view) {
	if len(v.sides) == 0 {
		return
	}
	d.paragraph("<details><summary>" + d.allFigures + "</summary>")
	for _, s := range v.sides {
		t := v.figuresTable(s)
		d.paragraph("**" + escape(d.full(s.Target)) + "**")
		d.paragraph(t.markdown()...)
		if t.marked() {
			d.paragraph(escape(d.beyondMaximum))
		}
	}
	d.paragraph("</details>")
}

// overview is the old script's table, with the figures that it printed below.
func (d *document) overview(v view) *table {
	if len(v.measured().sides) < 2 {
		return d.alone(v)
	}
	v = v.measured()
	t := v.finalTable()
	var rates, deviations, network []*float64
	for _, s := range v.sides {
		rates = append(rates, s.RequestsPerSecond)
		deviations = append(deviations, s.Metrics[Duration].StdDev)
		network = append(network, valueIf(s.Metrics[Network].Count > 0, s.Metrics[Network].Mean))
	}
	rate := func(x float64) string { return decimals(x, 3) }
	t.add(short(d.throughput), withDifferences(rates, rate, rate)...)
	t.add(short(d.network), withDifferences(network, d.duration, d.duration)...)
	t.add(short(d.deviations), withDifferences(deviations, d.duration, d.duration)...)
	return t
}

// alone shows the targets without differences, which would be to nothing.
func (d *document) alone(v view) *table {
	t := &table{header: append([]string{d.item}, v.names()...)}
	columns := make([][]string, len(v.sides))
	for i, s := range v.sides {
		times := s.Metrics[Duration]
		show := func(ms float64) string { return d.optional(valueIf(times.Count > 0, ms)) }
		columns[i] = []string{
			hostOf(s.Endpoint),
			fmt.Sprintf("%s (%d/%d)", percent(s.SuccessRate), s.Succeeded, s.Requests),
			show(times.Mean), d.duration(s.BusyMS), show(times.Min), show(times.Max), rateOf(s),
			d.optional(times.StdDev),
		}
	}
	for i, label := range []string{
		d.endpoint, d.successRate, d.meanTime, d.totalTime, d.minTime, d.maxTime,
		short(d.throughput), short(d.deviations),
	} {
		cells := make([]string, len(columns))
		for at, column := range columns {
			cells[at] = column[i]
		}
		if i == 0 {
			t.addNames(label, cells...)
			continue
		}
		t.add(label, cells...)
	}
	return t
}

func rateOf(s Series) string {
	if s.RequestsPerSecond == nil || s.Succeeded == 0 {
		return absent
	}
	return decimals(*s.RequestsPerSecond, 3)
}

// short makes a row's label of a text heading: no colon at its end.
func short(heading string) string { return strings.TrimSuffix(heading, ":") }

func (d *document) failures(all []view) {
	var lines []string
	for _, v := range all {
		for _, s := range v.sides {
			for _, f := range s.Failures {
				line := fmt.Sprintf("- **%s**, %s: %s %s", escape(d.full(s.Target)), escape(v.title),
					code(string(f.Type)), sprintf(d.times1, f.Count))
				if f.Message != "" {
					line += " – " + escape(truncate(plain(f.Message), maxMessage))
				}
				lines = append(lines, line, "  - "+keepCode(hint(s, f, d.locale)))
			}
		}
	}
	if len(lines) > 0 {
		d.heading(3, d.messages.failures)
		d.paragraph(lines...)
	}
}

func (d *document) warnings(results Results) {
	if len(results.Warnings) == 0 {
		return
	}
	d.heading(3, d.warningsHead)
	var lines []string
	for _, w := range results.Warnings {
		lines = append(lines, "- "+escape(d.warning(w)))
		if advice := warmupHint(results, w, d.locale); advice != "" {
			lines = append(lines, "  - "+keepCode(advice))
		}
	}
	d.paragraph(lines...)
}

// details holds how the figures came about, folded away.
func (d *document) details(results Results) {
	e := results.Environment
	d.paragraph("<details><summary>" + d.settings + ", " + d.environment + "</summary>")
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(results.Settings)) {
		value, err := json.Marshal(results.Settings[name])
		if err != nil {
			d.err = fmt.Errorf("writing setting %q: %w", name, err)
			return
		}
		lines = append(lines, "- "+code(name)+": "+code(string(value)))
	}
	for _, fact := range e.facts() {
		lines = append(lines, "- "+fact[0]+": "+escape(plain(fact[1])))
	}
	d.paragraph(lines...)
	d.paragraph("</details>")
}

// code sets text as code.
func code(text string) string { return "`" + strings.ReplaceAll(plain(text), "`", "'") + "`" }

// keepCode escapes a hint, but for the commands in backticks.
func keepCode(text string) string {
	parts := strings.Split(text, "`")
	for i := range parts {
		if i%2 == 0 || i == len(parts)-1 {
			parts[i] = escape(parts[i])
		}
	}
	return strings.Join(parts, "`")
}
