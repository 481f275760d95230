package preflight

import (
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/xk6-ollama/xk6-ollama/internal/locale"
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

// Differences writes in what a model differs between two servers. It writes nothing if one
// of them has not got it.
func (p *Printer) Differences(model string, a, b *Findings) {
	first, okA := a.Manifest(model)
	second, okB := b.Manifest(model)
	if !okA || !okB {
		return
	}
	p.line("")
	differences := Differences(first, second)
	if len(differences) == 0 {
		p.line(p.words.same, model, a.Target, b.Target)
		return
	}
	p.line(p.words.differ, a.Target, b.Target, model)
	width := 0
	for _, d := range differences {
		width = max(width, cells.StringWidth(p.words.fields[d.Field]))
	}
	for _, d := range differences {
		p.line("  %s  %s ≠ %s", cells.FillRight(p.words.fields[d.Field], width), d.A, d.B)
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
	bold  = "1"
	red   = "31"
	green = "32"
)

func (p *Printer) paint(code, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
