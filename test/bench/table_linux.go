package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// table is one of Markdown, with a heading if it has a title.
type table struct {
	title  string
	goal   string
	header []string
	rows   [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) write(w io.Writer) error {
	var text strings.Builder
	if t.title != "" {
		fmt.Fprintf(&text, "## %s\n\n", t.title)
	}
	if t.goal != "" {
		fmt.Fprintf(&text, "Goal: %s.\n\n", t.goal)
	}
	row := func(cells []string) { fmt.Fprintf(&text, "| %s |\n", strings.Join(cells, " | ")) }
	row(t.header)
	rule := make([]string, len(t.header))
	for i := range rule {
		rule[i] = "---:"
	}
	rule[0] = "---"
	fmt.Fprintf(&text, "|%s|\n", strings.Join(rule, "|"))
	for _, cells := range t.rows {
		row(cells)
	}
	return write(w, "%s\n", text.String())
}

func write(w io.Writer, format string, arguments ...any) error {
	if _, err := fmt.Fprintf(w, format, arguments...); err != nil {
		return fmt.Errorf("writing the results: %w", err)
	}
	return nil
}

// sample is what was measured of one thing, in any order.
type sample []float64

func (s sample) quantile(q float64) float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	sorted := slices.Clone(s)
	slices.Sort(sorted)
	place := q * float64(len(sorted)-1)
	below := int(place)
	if below+1 == len(sorted) {
		return sorted[below]
	}
	return sorted[below] + (place-float64(below))*(sorted[below+1]-sorted[below])
}

func (s sample) median() float64 { return s.quantile(0.5) }

// over divides run by run, so that what disturbed both of a run's measurements cancels.
func (s sample) over(base sample) sample {
	ratios := make(sample, min(len(s), len(base)))
	for i := range ratios {
		ratios[i] = s[i] / base[i]
	}
	return ratios
}

// withRange prints the median, and the least and the most in brackets.
func (s sample) withRange(format string) string {
	f := func(v float64) string { return fmt.Sprintf(format, v) }
	if len(s) < 2 {
		return f(s.median())
	}
	return fmt.Sprintf("%s (%s–%s)", f(s.median()), f(slices.Min(s)), f(slices.Max(s)))
}
