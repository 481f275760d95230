package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/fatih/color"

	"github.com/xk6-ollama/xk6-ollama/internal/gate"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
)

// ChangesText writes what changed for a terminal.
func ChangesText(out io.Writer, c Changes, options TextOptions) error {
	width := options.Width
	if width <= 0 {
		width = defaultWidth
	}
	w := changeWordsIn(options.Locale)
	p := &page{
		out: out, width: max(width, leastWidth), color: options.Color, locale: options.Locale, messages: w.messages,
	}
	p.line(w.heading, color.Bold)
	p.prose("  "+w.base+": ", w.run(c.Base))
	p.prose("  "+w.after+": ", w.run(c.New))
	if len(c.Remarks) > 0 {
		p.title(w.warningsHead)
		for _, r := range c.Remarks {
			p.prose("  - ", w.remark(r), remarkStyles(r)...)
		}
	}
	for _, s := range c.Series {
		p.title(w.title(s))
		if s.OnlyIn != "" {
			p.prose("  ", w.onlyIn[s.OnlyIn])
			continue
		}
		p.table(w.changeTable(s, p.width))
	}
	p.line("")
	if len(c.Series) == 0 {
		p.prose("", w.nothing)
	} else {
		p.prose("", w.legend)
	}
	p.gates(w, c)
	return p.err
}

func remarkStyles(r Remark) []color.Attribute {
	if r.Blocks {
		return []color.Attribute{color.FgRed, color.Bold}
	}
	return []color.Attribute{color.FgYellow}
}

// run names a run by its file and time.
func (w *changeWords) run(r RunInfo) string {
	return sprintf(w.measuredAt, plain(r.File), r.GeneratedAt.UTC().Format(time.DateTime+" UTC"))
}

func (w *changeWords) title(s SeriesChange) string {
	model := s.Model
	if s.BaseModel != "" {
		model = s.BaseModel + " → " + s.Model
	}
	return w.full(s.Target) + " - " + titleOf(Series{Model: model, Op: s.Op, Variant: s.Variant}, s.Op != "generate")
}

// changeTable shows the figures of a series; p is left out where there is no room.
func (w *changeWords) changeTable(s SeriesChange, width int) *table {
	t := &table{header: []string{w.metricHeader, w.base, w.after, w.change, w.messages.interval, w.pValue, ""}}
	for _, f := range s.Figures {
		p := absent
		if f.Change != nil && f.Change.AdjustedPValue != nil {
			p = probability(*f.Change.AdjustedPValue)
		}
		t.add(w.label(f.Metric, f.Figure), w.value(f.Metric, f.Base), w.value(f.Metric, f.New), w.size(f.Metric, f),
			w.intervalOf(f.Metric, f), p, w.tells[f.Tells])
	}
	if _, fits := t.widths(width); !fits {
		t.remove(5)
	}
	return t
}

// remove takes a column out.
func (t *table) remove(column int) {
	without := func(cells []string) []string {
		return append(append([]string{}, cells[:column]...), cells[column+1:]...)
	}
	t.header = without(t.header)
	for i := range t.rows {
		t.rows[i].cells = without(t.rows[i].cells)
	}
}

func (p *page) gates(w *changeWords, c Changes) {
	if len(c.Gates) == 0 {
		return
	}
	p.title(w.gates)
	for _, g := range c.Gates {
		style := map[gate.Outcome]color.Attribute{
			gate.Held: color.FgGreen, gate.Failed: color.FgRed, gate.Unjudged: color.FgYellow,
		}[g.Outcome]
		p.prose("  ", w.outcomes[g.Outcome]+": "+plain(g.Gate), style)
		p.prose("     ", w.because(&c, g))
	}
	p.line("")
	p.prose("  ", w.tally(c.Gates))
}

// tally counts the outcomes.
func (w *changeWords) tally(gates []GateResult) string {
	counts := map[gate.Outcome]int{}
	for _, g := range gates {
		counts[g.Outcome]++
	}
	var parts []string
	for _, outcome := range []gate.Outcome{gate.Failed, gate.Unjudged, gate.Held} {
		if n := counts[outcome]; n > 0 {
			parts = append(parts, sprintf(w.counts[outcome], n))
		}
	}
	return strings.Join(parts, ", ")
}

// Tally counts the outcomes of the gates, in English.
func (c *Changes) Tally() string { return changeWordsIn(locale.English).tally(c.Gates) }

// ChangesJSON writes what changed as JSON.
func ChangesJSON(out io.Writer, c Changes) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(c); err != nil {
		return fmt.Errorf("writing the changes: %w", err)
	}
	return nil
}

// ChangesMarkdown writes what changed as tables for a CI job's summary or a comment.
func ChangesMarkdown(out io.Writer, c Changes, l locale.Locale) error {
	w := changeWordsIn(l)
	d := &document{out: out, locale: l, messages: w.messages}
	d.heading(2, w.heading)
	if len(c.Gates) > 0 {
		lines := make([]string, 0, len(c.Gates)+2)
		lines = append(lines, markdownRow(escapeAll([]string{w.gates, w.verdict, ""})), "| --- | --- | --- |")
		for _, g := range c.Gates {
			lines = append(lines, markdownRow([]string{
				tableCode(g.Gate), escape(w.outcomes[g.Outcome]), keepCode(w.because(&c, g)),
			}))
		}
		d.paragraph(lines...)
	}
	d.paragraph("- "+escape(w.base)+": "+escape(w.run(c.Base)), "- "+escape(w.after)+": "+escape(w.run(c.New)))
	if len(c.Remarks) > 0 {
		d.heading(3, w.warningsHead)
		lines := make([]string, 0, len(c.Remarks))
		for _, r := range c.Remarks {
			line := keepCode(w.remark(r))
			if r.Blocks {
				line = "**" + line + "**"
			}
			lines = append(lines, "- "+line)
		}
		d.paragraph(lines...)
	}
	for _, s := range c.Series {
		d.heading(3, w.title(s))
		if s.OnlyIn != "" {
			d.paragraph(escape(w.onlyIn[s.OnlyIn]))
			continue
		}
		d.paragraph(w.changeTable(s, everyColumn).markdown()...)
	}
	if len(c.Series) == 0 {
		d.paragraph(escape(w.nothing))
	} else {
		d.paragraph(escape(w.legend))
	}
	return d.err
}

// everyColumn is wide enough for any table.
const everyColumn = 1 << 30

// tableCode sets text as code within a table, where a | would end the cell even in code.
func tableCode(text string) string { return strings.ReplaceAll(code(text), "|", `\|`) }

// ChangesAnnotations writes what changed as commands of GitHub's workflows: an error for each gate
// that failed, a warning for each that could not be judged, a notice for the rest. Without gates
// there is a notice for each series whose figures changed.
func ChangesAnnotations(out io.Writer, c Changes, l locale.Locale) error {
	w := changeWordsIn(l)
	var lines []string
	for _, r := range c.Remarks {
		if r.Blocks {
			lines = append(lines, annotation("warning", w.heading, w.remark(r)))
		}
	}
	for _, g := range c.Gates {
		level := map[gate.Outcome]string{gate.Held: "notice", gate.Failed: "error", gate.Unjudged: "warning"}[g.Outcome]
		lines = append(lines, annotation(level, w.outcomes[g.Outcome]+": "+plain(g.Gate), w.because(&c, g)))
	}
	for _, s := range c.Series {
		if len(c.Gates) > 0 {
			break
		}
		if text := w.significant(s); text != "" {
			lines = append(lines, annotation("notice", w.title(s), text))
		}
	}
	for _, line := range lines {
		if _, err := io.WriteString(out, line+"\n"); err != nil {
			return fmt.Errorf("writing the changes: %w", err)
		}
	}
	return nil
}

// significant lists what changed of a series by more than chance; "" if nothing did.
func (w *changeWords) significant(s SeriesChange) string {
	var lines []string
	for _, f := range s.Figures {
		if f.Tells == Better || f.Tells == Worse || f.Tells == Differs {
			lines = append(lines, w.label(f.Metric, f.Figure)+": "+w.value(f.Metric, f.Base)+" → "+
				w.value(f.Metric, f.New)+" ("+w.size(f.Metric, f)+", "+w.tells[f.Tells]+")")
		}
	}
	return strings.Join(lines, "\n")
}

// annotation is a workflow command: docs.github.com/actions/reference/workflow-commands-for-github-actions,
// with the escapes of @actions/core (command.ts).
func annotation(level, title, message string) string {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	return "::" + level + " title=" + property.Replace(title) + "::" + data.Replace(message)
}
