package report

import (
	"math"
	"strconv"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// absent stands for what was not measured.
const absent = "–"

// duration writes milliseconds: seconds with two decimals from 100 ms on, as the guide of the
// old script has them, and three significant digits of a smaller unit below, so that nothing
// but 0 reads as 0.
func (m *messages) duration(ms float64) string {
	switch size := math.Abs(ms); {
	case size == 0 || size >= 100:
		return strconv.FormatFloat(ms/1000, 'f', 2, 64) + m.second
	case size >= 1:
		return significant(ms) + m.millisecond
	case size >= 0.001:
		return significant(ms*1e3) + m.microsecond
	default:
		return significant(ms*1e6) + m.nanosecond
	}
}

// fine writes milliseconds with three significant digits, seconds from 1 s on: for what the old
// script did not show.
func (m *messages) fine(ms float64) string {
	switch size := math.Abs(ms); {
	case size >= 999.5:
		return significant(ms/1000) + m.second
	case size == 0 || size >= 1:
		return significant(ms) + m.millisecond
	}
	return m.duration(ms)
}

func (m *messages) optional(ms *float64) string {
	if ms == nil {
		return absent
	}
	return m.duration(*ms)
}

// significant writes a number with three significant digits, and all that are before the point.
func significant(x float64) string {
	switch size := math.Abs(x); {
	case size == 0:
		return "0"
	case size >= 99.95:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case size >= 9.995:
		return strconv.FormatFloat(x, 'f', 1, 64)
	case size >= 0.01:
		return strconv.FormatFloat(x, 'f', 2, 64)
	}
	return strconv.FormatFloat(x, 'g', 2, 64)
}

// decimals writes x with n decimals, or with as many more as two significant digits take.
func decimals(x float64, n int) string {
	const most = 9
	if x != 0 {
		for n < most && math.Abs(x)*math.Pow10(n) < 9.5 {
			n++
		}
		if math.Abs(x)*math.Pow10(n) < 0.5 {
			return strconv.FormatFloat(x, 'g', 2, 64)
		}
	}
	return strconv.FormatFloat(x, 'f', n, 64)
}

// factor writes a ratio with two decimals, or with more where 1.00 would hide that it is not 1.
func factor(ratio float64) string {
	for n := 2; n < 6; n++ {
		text := strconv.FormatFloat(ratio, 'f', n, 64)
		if ratio == 1 || text != "1."+strings.Repeat("0", n) {
			return decimals(ratio, n)
		}
	}
	return strconv.FormatFloat(ratio, 'f', 2, 64)
}

// percent writes a share with one decimal, or with more where 0.0 or 100.0 would not be true.
func percent(share float64) string {
	for n := 1; n < 6; n++ {
		text := strconv.FormatFloat(share*100, 'f', n, 64)
		rounded, err := strconv.ParseFloat(text, 64)
		if err == nil && (rounded == 0) == (share == 0) && (rounded == 100) == (share == 1) {
			return text + "%"
		}
	}
	return strconv.FormatFloat(share*100, 'f', 1, 64) + "%"
}

// probability writes a p-value, with a further digit where three would hide on which side of
// the level it is.
func probability(p float64) string {
	const level = "0.050"
	text := strconv.FormatFloat(p, 'f', 3, 64)
	switch {
	case p < 0.001:
		return "< 0.001"
	case text == level:
		return strconv.FormatFloat(p, 'f', 5, 64)
	}
	return text
}

// cells measures text by terminal cells: Hangul and emoji take two. Characters that East Asian
// fonts of old drew wide are narrow, as terminals draw them now, whatever LANG says.
var cells = &runewidth.Condition{StrictEmojiNeutral: true}

func widthOf(text string) int { return cells.StringWidth(text) }

func truncate(text string, width int) string { return cells.Truncate(text, max(width, 1), "…") }

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-widthOf(text)))
}

// plain takes out of foreign text (names, messages) what would break a line or steer a terminal.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		case unicode.Is(unicode.Bidi_Control, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	return strings.Join(strings.Fields(text), " ")
}

// wrap breaks text at spaces into lines no wider than width, where a word is not wider by
// itself. A command between backticks is one word as long as it fits, so that it can be copied.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range words(text, width) {
		switch {
		case line == "":
			line = word
		case widthOf(line)+1+widthOf(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

func words(text string, width int) []string {
	var list []string
	open := false
	for _, word := range strings.Fields(text) {
		if last := len(list) - 1; open && widthOf(list[last])+1+widthOf(word) <= width {
			list[last] += " " + word
		} else {
			list = append(list, word)
		}
		if strings.Count(word, "`")%2 == 1 {
			open = !open
		}
	}
	return list
}
