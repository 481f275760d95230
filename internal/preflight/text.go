package preflight

import (
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/manifest"
)

// Printer writes findings for people, as they come. It keeps the first error of its writer
// and writes nothing after it.
type Printer struct {
	w      io.Writer
	words  *words
	colour bool
	err    error
}

// NewPrinter returns a printer in a language, with or without a terminal's colours.
func NewPrinter(w io.Writer, l locale.Locale, colour bool) *Printer {
	return &Printer{w: w, words: wordsOf(l), colour: colour}
}

// Err returns the first error of the writer.
func (p *Printer) Err() error { return p.err }

// Target begins the results of a server.
func (p *Printer) Target(target Target) {
	p.line("%s  %s", p.paint(bold, target.Name), target.Endpoint)
}

// Result writes a step, and under it what to do if it failed.
func (p *Printer) Result(r Result) {
	mark := p.paint(green, "✓")
	if !r.OK {
		mark = p.paint(red, "✗")
	}
	took := ""
	// The others take no time, or say it in their detail.
	if r.Duration > 0 && r.Step != Generation {
		took = " (" + seconds(r.Duration) + ")"
	}
	p.line("  %s %s %s%s", mark, p.pad(p.words.steps[r.Step]), r.Detail, took)
	if r.Fix != "" {
		p.line("    → %s", r.Fix)
	}
}

// Comparison writes whether a model is the same on two servers, and what they told of it, side
// by side. It writes nothing if one of them has not got it.
func (p *Printer) Comparison(model string, a, b *Findings) {
	first, okA := a.Manifest(model)
	second, okB := b.Manifest(model)
	if !okA || !okB {
		return
	}
	p.line("")
	p.line(p.words.likeness[manifest.Compare(first, second)], model, a.Target, b.Target)
	rows := [][3]string{{"", a.Target, b.Target}}
	marks := []string{""}
	for _, fact := range manifest.Facts(first, second) {
		rows = append(rows, [3]string{fact.Field.Name(p.words.locale), p.shown(fact.Values[0]), p.shown(fact.Values[1])})
		mark := ""
		if fact.Differs {
			mark = p.paint(yellow, "≠")
		}
		marks = append(marks, mark)
	}
	var widths [3]int
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], cells.StringWidth(cell))
		}
	}
	for i, row := range rows {
		line := "  "
		for at, cell := range row {
			line += cells.FillRight(cell, widths[at]) + "  "
		}
		p.line("%s", strings.TrimRight(line+marks[i], " "))
	}
	p.parameters(manifest.Differences(first, second))
}

// parameters writes which of the parameters differ, of which the facts have only digests.
func (p *Printer) parameters(differences []manifest.Difference) {
	for _, d := range differences {
		if d.Field == manifest.Parameters {
			p.line("  %s: %s ≠ %s", d.Field.Name(p.words.locale), p.shown(d.A), p.shown(d.B))
		}
	}
}

// shown is what a server told, in one line that a terminal can show.
func (p *Printer) shown(value string) string {
	return oneLine([]string{manifest.Show(value, p.words.locale)})
}

// Kin warns of servers that share something.
func (p *Printer) Kin(kin Kin) {
	p.line("")
	switch kin.Kinship {
	case SameServer:
		p.line("%s", p.paint(yellow, fmt.Sprintf(p.words.sameServer, kin.A, kin.B)))
	case SameHost:
		host := kin.Host
		if host == api.ThisMachine {
			host = p.words.thisMachine
		}
		p.line("%s", p.paint(yellow, fmt.Sprintf(p.words.sameHost, kin.A, kin.B, host)))
	}
}

// Verdict ends the findings. onlyLocal says that no remote server was given.
func (p *Printer) Verdict(all []*Findings, onlyLocal bool) {
	var failed []string
	for _, f := range all {
		if !f.OK {
			failed = append(failed, f.Target)
		}
	}
	p.line("")
	if onlyLocal {
		p.line(p.words.onlyOne, all[0].Target)
	}
	if len(failed) == 0 {
		p.line("%s", p.paint(green, p.words.works))
		return
	}
	p.line("%s", p.paint(red, fmt.Sprintf(p.words.worksNot, strings.Join(failed, ", "))))
}

func (p *Printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// cells measures text by terminal cells, as the report does.
var cells = &runewidth.Condition{StrictEmojiNeutral: true}

// pad makes the names of the steps equally wide.
func (p *Printer) pad(step string) string {
	width := 0
	for _, name := range p.words.steps {
		width = max(width, cells.StringWidth(name))
	}
	return cells.FillRight(step, width)
}

// The colours, as ANSI codes.
const (
	bold   = "1"
	red    = "31"
	green  = "32"
	yellow = "33"
)

func (p *Printer) paint(code, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
