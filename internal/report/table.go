package report

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// table is a header and rows of as many cells; the first cell of a row says what it holds.
type table struct {
	header []string
	rows   []row
}

// row is a line of a table. The cells of an elastic one are names that may be cut to fit;
// figures never are.
type row struct {
	cells   []string
	elastic bool
}

func (t *table) add(label string, cells ...string) {
	t.rows = append(t.rows, row{cells: append([]string{label}, cells...)})
}

func (t *table) addNames(label string, names ...string) {
	t.rows = append(t.rows, row{cells: append([]string{label}, names...), elastic: true})
}

const (
	columnGap    = "  "
	labelWidth   = 20 // of the first column and
	columnWidth  = 18 // of the others, where there is room
	minNameWidth = 8
)

// text lays the table out within width cells. One with too many columns for that is written
// as a list.
func (t *table) text(width int) []string {
	widths, fits := t.widths(width)
	if !fits {
		return t.list()
	}
	lines := []string{layOut(t.header, widths)}
	total := len(columnGap) * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	lines = append(lines, strings.Repeat("─", total))
	for _, r := range t.rows {
		lines = append(lines, layOut(r.cells, widths))
	}
	return lines
}

func (t *table) widths(limit int) (widths []int, fits bool) {
	limit -= len(columnGap) * (len(t.header) - 1)
	least, natural, ample := t.columns()
	switch {
	case total(ample) <= limit:
		return ample, true
	case total(natural) <= limit:
		return natural, true
	}
	for total(natural) > limit {
		widest := -1
		for i := range natural {
			if natural[i] > least[i] && (widest < 0 || natural[i] > natural[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return nil, false
		}
		natural[widest]--
	}
	return natural, true
}

// columns returns the widths of the columns with names cut, with everything in full, and
// with the room that a small table takes.
func (t *table) columns() (least, natural, ample []int) {
	for i, name := range t.header {
		full := widthOf(name)
		short := min(full, minNameWidth)
		for _, r := range t.rows {
			w := widthOf(r.cells[i])
			full = max(full, w)
			if r.elastic && i > 0 {
				w = min(w, minNameWidth)
			}
			short = max(short, w)
		}
		preferred := columnWidth
		switch i {
		case 0:
			preferred, short = labelWidth, full
		case len(t.header) - 1:
			preferred = 0
		}
		least, natural = append(least, short), append(natural, full)
		ample = append(ample, max(full, preferred))
	}
	return least, natural, ample
}

func total(widths []int) int {
	n := 0
	for _, w := range widths {
		n += w
	}
	return n
}

func layOut(cells []string, widths []int) string {
	parts := make([]string, len(cells))
	for i, c := range cells {
		parts[i] = pad(truncate(c, widths[i]), widths[i])
	}
	return strings.TrimRight(strings.Join(parts, columnGap), " ")
}

func (t *table) list() []string {
	var lines []string
	for _, r := range t.rows {
		lines = append(lines, r.cells[0])
		for i, c := range r.cells[1:] {
			if c != "" {
				lines = append(lines, columnGap+t.header[i+1]+": "+c)
			}
		}
	}
	return lines
}

// markdown writes the table for GitHub and its kin, figures to the right.
func (t *table) markdown() []string {
	rule := append([]string{"---"}, slices.Repeat([]string{"---:"}, len(t.header)-1)...)
	lines := make([]string, 0, len(t.rows)+2)
	lines = append(lines, markdownRow(escapeAll(t.header)), markdownRow(rule))
	for _, r := range t.rows {
		lines = append(lines, markdownRow(escapeAll(r.cells)))
	}
	return lines
}

func markdownRow(cells []string) string { return "| " + strings.Join(cells, " | ") + " |" }

func escapeAll(cells []string) []string {
	escaped := make([]string, len(cells))
	for i, c := range cells {
		escaped[i] = escape(c)
	}
	return escaped
}

// escape keeps text from being read as Markdown or HTML, and GitHub from taking part of it for
// the mention of a person or an issue.
func escape(text string) string {
	var escaped strings.Builder
	before := ' '
	for rest := text; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
		after, _ := utf8.DecodeRuneInString(rest)
		switch {
		case r == '<':
			escaped.WriteString("&lt;")
		case r == '>':
			escaped.WriteString("&gt;")
		case r == '&':
			escaped.WriteString("&amp;")
		case strings.ContainsRune("\\|`*_[]", r), r == '~' && !unicode.IsSpace(before): // no other can strike out
			escaped.WriteString("\\" + string(r))
		case (r == '@' || r == '#') && !alphanumeric(before) && alphanumeric(after):
			escaped.WriteString(string(r) + "<!-- -->")
		default:
			escaped.WriteRune(r)
		}
		before = r
	}
	return escaped.String()
}

func alphanumeric(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
