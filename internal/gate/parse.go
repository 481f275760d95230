package gate

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// SyntaxError is a gate that can't be read.
type SyntaxError struct {
	Text    string
	Column  int // of the character at which reading ended, from 1
	Problem string
}

// Error implements error, in three lines: the problem, the gate, and a caret below the column.
func (e *SyntaxError) Error() string {
	const indent = "  "
	shown := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(e.Text, "?"))
	before := string([]rune(shown)[:e.Column-1])
	return fmt.Sprintf("column %d: %s\n%s%s\n%s%s^", e.Column, e.Problem,
		indent, shown, indent, strings.Repeat(" ", runewidth.StringWidth(before)))
}

// Parse reads a gate. Its error is a *SyntaxError.
//
//	gate       = subject ( ">" | "<" | ">=" | "<=" ) limit
//	subject    = [ target [ selector ] "." | selector "." ] metric [ "." figure ]
//	           | "comparison" [ selector ] "." metric [ "." ( "ratio" | "difference" ) ]
//	selector   = "{" key ":" value { "," key ":" value } "}"
//	limit      = number [ unit ]             the new run's figure
//	           | ( "+" | "-" ) number [ unit ]   its difference to the base
//	           | ( "+" | "-" ) number "%"        its change, relative to the base
func Parse(text string) (Gate, error) {
	p := &parser{text: strings.ToValidUTF8(text, "?")}
	g := Gate{Text: strings.TrimSpace(p.text)}
	if g.Text == "" {
		return Gate{}, p.fail(0, "the gate is empty, expected one such as remote.ttft.p95>+10%%")
	}
	at := p.find(0, len(p.text), "<>")
	if at < 0 {
		return Gate{}, p.noOperator()
	}
	subject, metric, err := p.subject(at)
	if err != nil {
		return Gate{}, err
	}
	g.Subject = subject
	g.Operator = Operator(p.text[at : at+1])
	at++
	if strings.HasPrefix(p.text[at:], "=") {
		g.Operator += "="
		at++
	}
	g.Limit, err = p.limit(at, g, metric)
	if err != nil {
		return Gate{}, err
	}
	return g, nil
}

// parser reads a text, in which it names places by their byte.
type parser struct{ text string }

func (p *parser) fail(at int, format string, args ...any) error {
	return &SyntaxError{
		Text: p.text, Column: utf8.RuneCountInString(p.text[:at]) + 1, Problem: fmt.Sprintf(format, args...),
	}
}

// noOperator says why no operator was found: what has no end has hidden it.
func (p *parser) noOperator() error {
	if strings.Count(p.text, `"`)%2 == 1 {
		return p.fail(strings.LastIndex(p.text, `"`), `the " has no other`)
	}
	if open := p.find(0, len(p.text), "{"); open >= 0 && p.find(open+1, len(p.text), "}") < 0 {
		return p.fail(open, "the { has no }")
	}
	return p.fail(len(p.text), "no >, <, >= or <= in it, expected one such as remote.ttft.p95>+10%%")
}

// find returns where the first of the characters is that is neither in quotes nor, unless it is
// what ends it, in a selector; -1 if there is none.
func (p *parser) find(from, to int, characters string) int {
	quoted, selecting := false, false
	for i, r := range p.text[from:to] {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case strings.ContainsRune(characters, r) && (!selecting || r == '}'):
			return from + i
		case r == '{':
			selecting = !strings.ContainsRune(characters, '}')
		case r == '}':
			selecting = false
		}
	}
	return -1
}

// trim leaves the white space out at both ends.
func (p *parser) trim(from, to int) (int, int) {
	part := p.text[from:to]
	from += len(part) - len(strings.TrimLeftFunc(part, unicode.IsSpace))
	return from, from + len(strings.TrimSpace(part))
}

const comparison = "comparison"

// subject reads what stands before the operator.
func (p *parser) subject(end int) (Subject, metric, error) {
	var s Subject
	start, end := p.trim(0, end)
	open := p.find(start, end, "{")
	if open < 0 {
		return p.path(start, end, s, false)
	}
	closed := p.find(open+1, end, "}")
	if closed < 0 {
		return s, metric{}, p.fail(open, "the { has no }")
	}
	from, to := p.trim(start, open)
	s.Target = p.text[from:to]
	if s.Target == comparison {
		s.Comparison, s.Target = true, ""
	}
	if err := p.selector(open+1, closed, &s); err != nil {
		return s, metric{}, err
	}
	dot, _ := p.trim(closed+1, end)
	if dot >= end || p.text[dot] != '.' {
		return s, metric{}, p.fail(dot, "expected a . and a metric after the }")
	}
	return p.path(dot+1, end, s, true)
}

// piece is a part of a path between dots.
type piece struct {
	from int
	text string
}

// path reads TARGET.METRIC.FIGURE from its end, as a target's name may have dots in it. After a
// selector there is no target.
func (p *parser) path(from, to int, s Subject, selected bool) (Subject, metric, error) {
	pieces := p.pieces(from, to)
	if !selected && len(pieces) > 1 && pieces[0].text == comparison {
		s.Comparison, selected, pieces = true, true, pieces[1:]
	}
	m, before, err := p.metric(pieces, &s)
	if err != nil {
		return s, m, err
	}
	for _, part := range before {
		switch {
		case part.text == "":
			return s, m, p.fail(part.from, "there is no name before the .")
		case selected:
			return s, m, p.fail(part.from, "%q is out of place before %s", part.text, m.name)
		}
		s.Target += "." + part.text
	}
	s.Target = strings.Trim(strings.TrimPrefix(s.Target, "."), `"`)
	return s, m, nil
}

func (p *parser) pieces(from, to int) []piece {
	var list []piece
	for at := from; at <= to; {
		end := p.find(at, to, ".")
		if end < 0 {
			end = to
		}
		begin, stop := p.trim(at, end)
		list = append(list, piece{begin, p.text[begin:stop]})
		at = end + 1
	}
	return list
}

// metric reads METRIC or METRIC.FIGURE at the end of a path, and returns what is before it.
func (p *parser) metric(pieces []piece, s *Subject) (m metric, before []piece, err error) {
	known := seriesMetrics()
	if s.Comparison {
		known = comparisonMetrics()
	}
	last := len(pieces) - 1
	figure, named := figures(s.Comparison)[pieces[last].text]
	at := last
	if named && last > 0 {
		at--
	}
	m, ok := lookUp(known, pieces[at].text)
	switch {
	case !ok && !named && last > 0 && isMetric(known, pieces[last-1].text):
		return m, nil, p.fail(pieces[last].from, "%q is no figure, expected one of %s",
			pieces[last].text, strings.Join(figureList(s.Comparison), ", "))
	case !ok:
		return m, nil, p.fail(pieces[at].from, "%s, expected one of %s", noMetric(pieces[at].text, s.Comparison),
			strings.Join(names(known), ", "))
	case m.single && at < last:
		return m, nil, p.fail(pieces[last].from, "%s is one figure; it has no %s", m.name, pieces[last].text)
	case at == last:
		figure = m.usual(s.Comparison)
	}
	s.Metric, s.Figure = m.name, figure
	return m, pieces[:at], nil
}

func noMetric(text string, comparison bool) string {
	switch {
	case text == "":
		return "there is no metric here"
	case comparison:
		return fmt.Sprintf("%q is no metric of a comparison", text)
	}
	return fmt.Sprintf("%q is no metric", text)
}

func figureList(comparison bool) []string {
	if comparison {
		return []string{string(Ratio), string(MeanDifference)}
	}
	return Figures()
}

func lookUp(list []metric, name string) (metric, bool) {
	for _, m := range list {
		if m.name == name {
			return m, true
		}
	}
	return metric{}, false
}

func isMetric(list []metric, name string) bool {
	_, ok := lookUp(list, name)
	return ok
}

// selector reads key:value,… between braces.
func (p *parser) selector(from, to int, s *Subject) error {
	fields := map[string]*string{"model": &s.Model, "op": &s.Op, "target": &s.Target}
	allowed := "target, model, op"
	if s.Comparison {
		fields = map[string]*string{"model": &s.Model, "op": &s.Op, "a": &s.A, "b": &s.B}
		allowed = "a, b, model, op"
	}
	for at := from; at <= to; {
		end := p.find(at, to, ",")
		if end < 0 {
			end = to
		}
		begin, stop := p.trim(at, end)
		key, value, found := strings.Cut(p.text[begin:stop], ":")
		key, value = strings.TrimSpace(key), strings.Trim(strings.TrimSpace(value), `"`)
		field := fields[key]
		switch {
		case !found:
			return p.fail(begin, "expected key:value, with a key of %s", allowed)
		case field == nil:
			return p.fail(begin, "%q can't be selected by, expected one of %s", key, allowed)
		case value == "":
			return p.fail(stop, "%s has no value", key)
		case *field != "":
			return p.fail(begin, "%s stands twice", key)
		}
		*field = value
		at = end + 1
	}
	return nil
}
