package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/fatih/color"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/hints"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
)

// TextOptions says how the text is to look.
type TextOptions struct {
	Locale locale.Locale
	Color  bool
	Width  int // terminal cells; 0 means 80, and no less than 40 are used
}

const (
	defaultWidth = 80
	leastWidth   = 40
	blockWidth   = 60 // of the rules around one target
	finalWidth   = 70 // and around the comparison, as the old script drew them
)

// Text writes the results for a terminal, in the blocks and the order of the old script, and
// after them what it could not know.
func Text(w io.Writer, results Results, options TextOptions) error {
	width := options.Width
	if width <= 0 {
		width = defaultWidth
	}
	p := &page{
		out:      w,
		width:    max(width, leastWidth),
		color:    options.Color,
		locale:   options.Locale,
		messages: messagesIn(options.Locale),
	}
	all := views(results, p.messages)
	if len(all) == 0 {
		p.nothing(results)
	}
	for _, v := range all {
		for _, s := range v.sides {
			p.target(s, v.title)
		}
	}
	for _, v := range all {
		p.comparison(v, len(all) > 1)
	}
	p.client(results)
	p.failures(all)
	p.warnings(results)
	return p.err
}

// page writes lines of a width, and keeps the first error.
type page struct {
	*messages
	out    io.Writer
	err    error
	width  int
	color  bool
	locale locale.Locale
}

func (p *page) line(text string, styles ...color.Attribute) {
	if p.err != nil {
		return
	}
	if style := color.New(styles...); p.color && len(styles) > 0 && text != "" {
		style.EnableColor()
		text = style.Sprint(text)
	}
	if _, err := io.WriteString(p.out, text+"\n"); err != nil {
		p.err = fmt.Errorf("writing the report: %w", err)
	}
}

// prose writes text after a lead, within the page's width; further lines begin below the first.
func (p *page) prose(lead, text string, styles ...color.Attribute) {
	for _, line := range wrap(text, p.width-widthOf(lead)) {
		p.line(lead+line, styles...)
		lead = strings.Repeat(" ", widthOf(lead))
	}
}

func (p *page) rule(mark string, width int) { p.line(strings.Repeat(mark, min(width, p.width))) }

// heading is a title between two rules.
func (p *page) heading(mark, title string, width int) {
	p.line("")
	p.rule(mark, width)
	p.prose("", title, color.Bold)
	p.rule(mark, width)
}

func (p *page) title(text string) {
	p.line("")
	p.prose("", text, color.Bold)
}

func (p *page) table(t *table) {
	for _, line := range t.text(p.width) {
		p.line(line)
	}
}

// values writes labels with their values below one another.
func (p *page) values(indent string, pairs ...[2]string) {
	widest := 0
	for _, pair := range pairs {
		widest = max(widest, widthOf(pair[0]))
	}
	widest = min(widest, p.width/2)
	for _, pair := range pairs {
		p.line(indent + pad(truncate(pair[0], widest)+":", widest+2) + pair[1])
	}
}

func (p *page) nothing(results Results) {
	text := p.noneMeasured
	for _, w := range results.Warnings {
		if w.Code == Interrupted {
			text = p.stoppedAtOnce
		}
	}
	p.title(p.summary)
	p.prose("  ", text)
}

func (p *page) target(s Series, title string) {
	p.heading("=", sprintf(p.benchmarking, p.full(s.Target), title), blockWidth)
	if s.Endpoint != "" {
		p.line(p.endpoint + ": " + plain(s.Endpoint) + plain(api.Op(s.Op).Path()))
	}
	p.line("")
	p.rule("─", blockWidth)
	p.line(p.summary, color.Bold)
	p.rule("─", blockWidth)
	pairs := [][2]string{
		{p.successRate, fmt.Sprintf("%s (%d/%d)", percent(s.SuccessRate), s.Succeeded, s.Requests)},
		{p.totalTime, p.duration(s.BusyMS)},
	}
	if d := s.Metrics[Duration]; d.Count > 0 {
		pairs = append(pairs,
			[2]string{p.meanTime, p.duration(d.Mean)},
			[2]string{p.minTime, p.duration(d.Min)},
			[2]string{p.maxTime, p.duration(d.Max)})
	}
	p.values("  ", pairs...)
	if s.Succeeded == 0 {
		p.prose("  ", p.allFailed, color.FgRed)
	}
}

// comparison writes everything about one model after the targets' own blocks; its name is in
// the headings if it is one of several.
func (p *page) comparison(v view, several bool) {
	if len(v.sides) > 1 {
		p.heading("=", sprintf(p.messages.comparison, v.title), finalWidth)
		p.line("")
		if line := v.failedLine(); line != "" {
			p.prose("", line, color.FgRed)
		}
	}
	v = v.measured()
	if len(v.sides) > 1 {
		p.table(v.finalTable())
	}
	if len(v.sides) > 2 {
		p.prose("", sprintf(p.inParentheses, p.full(v.sides[0].Target)))
	}
	if len(v.sides) == 0 {
		return
	}
	analysis := p.analysis
	if several {
		analysis += " - " + v.title
	}
	p.heading("=", analysis, finalWidth)
	for _, pair := range v.pairs {
		p.headline(v, pair)
	}
	if line := v.mismatch(); line != "" {
		p.prose("   ", line, color.FgRed, color.Bold)
	}
	p.throughputs(v)
	p.networks(v)
	p.stability(v)
	p.metricsAndTimes(v)
	p.confidences(v)
	p.models(v)
}

func (p *page) headline(v view, pair Comparison) {
	lines := v.headline(pair)
	for i, line := range lines {
		if i == 0 {
			p.prose("", line, color.FgGreen, color.Bold)
		} else {
			p.prose("   ", line)
		}
	}
}

func (p *page) throughputs(v view) {
	var pairs [][2]string
	for _, s := range v.sides {
		if s.RequestsPerSecond == nil {
			continue
		}
		value := decimals(*s.RequestsPerSecond, 3) + " req/s"
		if s.OutputTokensPerSecond != nil {
			value += ", " + decimals(*s.OutputTokensPerSecond, 1) + " tok/s"
		}
		pairs = append(pairs, [2]string{p.full(s.Target), value})
	}
	if len(pairs) > 0 {
		p.title(p.throughput)
		p.values("   ", pairs...)
	}
}

func (p *page) networks(v view) {
	var pairs [][2]string
	for _, s := range v.sides {
		if n := s.Metrics[Network]; n.Count > 0 {
			pairs = append(pairs, [2]string{p.full(s.Target), p.duration(n.Mean)})
		}
	}
	p.title(p.network)
	if len(pairs) == 0 {
		p.prose("   ", p.networkUnknown)
		return
	}
	p.values("   ", pairs...)
	if len(v.pairs) == 1 && v.pairs[0].NetworkOverhead != nil && v.pairs[0].NetworkOverhead.Difference != nil {
		p.prose("   ", sprintf(p.networkMean, p.duration(*v.pairs[0].NetworkOverhead.Difference)))
		if d := v.pairs[0].Metrics[Duration].Difference; d != nil {
			p.prose("   ", sprintf(p.roundTrips, p.duration(*d)))
		}
	}
}

func (p *page) stability(v view) {
	var pairs [][2]string
	for _, s := range v.sides {
		if d := s.Metrics[Duration]; d.Count > 0 {
			pairs = append(pairs, [2]string{p.full(s.Target), p.optional(d.StdDev)})
		}
	}
	if len(pairs) == 0 {
		return
	}
	p.title(p.deviations)
	p.values("   ", pairs...)
	for _, pair := range v.pairs {
		if line := v.stabilityLine(pair); line != "" {
			p.prose("   ", line)
		}
	}
}

func (p *page) metricsAndTimes(v view) {
	if t := v.metricTable(); len(t.rows) > 0 {
		p.title(p.metrics)
		p.table(t)
		if legend := v.metricLegend(t); legend != "" {
			p.prose("", legend)
		}
	}
	if t := v.timeTable(); len(t.rows) > 0 {
		p.title(p.times)
		p.table(t)
		for _, note := range v.timeNotes() {
			p.prose("", note)
		}
	}
}

func (p *page) confidences(v view) {
	if len(v.pairs) == 0 {
		return
	}
	p.title(p.confidence)
	for _, pair := range v.pairs {
		t := v.confidenceTable(pair)
		if len(v.pairs) > 1 {
			p.line("")
			p.prose("", sprintf(p.versus, p.full(pair.A), p.full(pair.B)))
		}
		p.table(t)
		if line := v.differenceLine(pair); line != "" {
			p.prose("", line)
		}
	}
	p.prose("", p.confidenceNoteOf(v.pairs[0], v.together))
}

func (p *page) failures(all []view) {
	titled := false
	for _, v := range all {
		for _, s := range v.sides {
			if len(s.Failures) == 0 {
				continue
			}
			if !titled {
				p.title(p.messages.failures)
				titled = true
			}
			p.failed(s, v.title)
		}
	}
}

func (p *page) failed(s Series, title string) {
	name := p.full(s.Target) + " - " + title
	p.prose("  ", sprintf(p.failureCount, name, s.Requests-s.Succeeded, s.Requests), color.FgRed)
	for _, f := range s.Failures {
		text := plain(string(f.Type)) + " " + sprintf(p.times1, f.Count)
		if f.Message != "" {
			text += " - " + truncate(plain(f.Message), maxMessage)
		}
		p.prose("    ", text)
		p.prose("      → ", hint(s, f, p.locale))
	}
}

func (p *page) warnings(results Results) {
	if len(results.Warnings) == 0 {
		return
	}
	p.title(p.warningsHead)
	for _, w := range results.Warnings {
		p.prose("  - ", p.warning(w), color.FgYellow)
		if advice := warmupHint(results, w, p.locale); advice != "" {
			p.prose("    → ", advice)
		}
	}
}

// warmupHint says what to do about warm-up requests that failed where no measured one
// followed, whose own failures would say it.
func warmupHint(results Results, w Warning, l locale.Locale) string {
	if w.Code != WarmupFailed {
		return ""
	}
	for _, s := range results.Series {
		if s.Target == w.Target && s.Model == w.Facts.Model {
			return ""
		}
	}
	return hints.For(api.ErrorKind(w.Facts.A), hints.Facts{
		Endpoint: w.Facts.Endpoint, Model: w.Facts.Model, Status: w.Facts.Status,
	}, l)
}

func sprintf(format string, arguments ...any) string { return fmt.Sprintf(format, arguments...) }
