package report

import (
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/xk6-ollama/xk6-ollama/internal/report/chart"
)

// exhibit is a picture, drawn for wide and for narrow screens, with its figures as tables for
// those who can't see it.
type exhibit struct {
	ID, Title string
	Full      bool // as wide as the page
	Side      bool // its pictures stand side by side
	Notes     []string
	Legend    []legend
	Panels    []panel
	Tables    []htmlTable
}

// Paragraphs are how the exhibit is to be read, and what else is to be known of it.
func (f exhibit) Paragraphs() []string {
	if len(f.Notes) < 2 {
		return f.Notes
	}
	return []string{f.Notes[0], strings.Join(f.Notes[1:], " ")}
}

// Many says whether the exhibit has a picture for each of several models, side by side.
func (f exhibit) Many() bool { return f.Side && len(f.Panels) > 1 }

// panel is the part of an exhibit that shows one model.
type panel struct {
	Title        string // "" if there is one model
	Wide, Narrow template.HTML
}

// legend says what a mark stands for.
type legend struct {
	Sign template.HTML
	Text string
}

// gallery draws the exhibits of a report.
type gallery struct {
	*messages
	words *htmlWords
	views []view
	order []string // of the targets, which gives them their colours
}

// exhibits returns the pictures that there is anything to see in.
func (g *gallery) exhibits() ([]exhibit, error) {
	var list []exhibit
	for _, draw := range []func() (*exhibit, error){
		g.overTime,
		func() (*exhibit, error) { return g.distribution("e2e", g.e2e, Duration) },
		func() (*exhibit, error) { return g.distribution("ttft", g.ttft, TTFT) },
		g.breakdown,
		func() (*exhibit, error) { return g.strips("rate", g.tokensPerSecond, TokensPerSecond) },
		func() (*exhibit, error) { return g.strips("tpot", g.tpot, TPOT) },
	} {
		drawn, err := draw()
		if err != nil {
			return nil, err
		}
		if drawn != nil {
			list = append(list, *drawn)
		}
	}
	fill(list)
	return list, nil
}

// fill widens a half exhibit that has no neighbour.
func fill(list []exhibit) {
	halves := 0
	for i := range list {
		if list[i].Full {
			halves = 0
			continue
		}
		halves++
		last := i+1 == len(list) || list[i+1].Full
		if last && halves%2 == 1 {
			list[i].Full = true
		}
	}
}

// sampled says whether there are requests to draw.
func (g *gallery) sampled() bool {
	return slices.ContainsFunc(g.views, func(v view) bool {
		return slices.ContainsFunc(v.sides, func(s Series) bool { return len(s.Sample) > 0 })
	})
}

const inks = 6 // of targets, in the style sheet

// look is how a target is drawn everywhere.
type look struct {
	ink    chart.Ink
	shape  chart.Shape
	dashes []float64
}

func (g *gallery) look(target string) look {
	n := max(0, slices.Index(g.order, target))
	shapes := []chart.Shape{chart.Disc, chart.Square, chart.Triangle, chart.Diamond}
	dashes := [][]float64{nil, {6, 3}, {2, 3}, {8, 3, 2, 3}}
	return look{
		ink:    chart.Ink("t" + strconv.Itoa(n%inks+1)),
		shape:  shapes[n%len(shapes)],
		dashes: dashes[n%len(dashes)],
	}
}

// targets is the legend of the targets that the chosen sides are of.
func (g *gallery) targets(chosen func(Series) bool) []legend {
	var list []legend
	for _, target := range g.order {
		of := func(s Series) bool { return s.Target == target && chosen(s) }
		if slices.ContainsFunc(g.views, func(v view) bool { return slices.ContainsFunc(v.sides, of) }) {
			list = append(list, legend{g.sign(target), g.full(target)})
		}
	}
	return list
}

func (g *gallery) sign(target string) template.HTML {
	l := g.look(target)
	return trusted(chart.Sign(l.ink, l.shape))
}

// trusted marks what the chart package wrote, which escapes all that it is given.
func trusted(svg string) template.HTML { return template.HTML(svg) } // #nosec G203 -- see above

// frame is the size of a picture, and how many marks fit on its axes.
type frame struct {
	width, height float64
	marks         int
	narrow        bool
}

func (g *gallery) frames(full bool, height float64) [2]frame {
	wide := frame{width: 500, height: height, marks: 5}
	if full {
		wide = frame{width: 1020, height: height, marks: 9}
	}
	return [2]frame{wide, {width: 360, height: height, marks: 4, narrow: true}}
}

// panel draws a view in both widths. It also returns how many points the wide picture shows,
// and of how many.
func (g *gallery) panel(v view, frames [2]frame, draw func(frame) chart.Picture) (p panel, shown, of int, err error) {
	if len(g.views) > 1 {
		p.Title = v.title
	}
	for _, f := range frames {
		picture := draw(f)
		picture.Width, picture.Height = f.width, f.height
		class := map[bool]string{false: "chart wide", true: "chart narrow"}[f.narrow]
		svg, err := picture.SVG(class)
		if err != nil {
			return panel{}, 0, 0, err
		}
		if f.narrow {
			p.Narrow = trusted(svg)
			continue
		}
		p.Wide = trusted(svg)
		for _, layer := range picture.Layers {
			if points, ok := layer.(*chart.Points); ok && points.Ink != halo {
				shown, of = shown+points.Drawn, of+len(points.At)
			}
		}
	}
	return p, shown, of, nil
}

// halo is the ink that keeps a mark apart from what it stands on.
const halo chart.Ink = "halo"

// drawable says whether a value can be drawn at all.
func drawable(value float64) bool {
	const largest = 1e100
	return math.Abs(value) < largest
}

// sortedValues returns a metric's values of the measured successful requests of a side.
func sortedValues(s Series, metric Metric) []float64 {
	values := slices.DeleteFunc(valuesOf(s.Sample, metric), func(x float64) bool { return !drawable(x) })
	slices.Sort(values)
	return values
}

// samples says of which sides the pictures show a sample.
func (g *gallery) samples() []string {
	var notes []string
	for _, v := range g.views {
		for _, s := range v.sides {
			if len(s.Sample) < s.SampleOf {
				notes = append(notes, sprintf(g.words.sampleOf, g.sideName(v, s), number(len(s.Sample)), number(s.SampleOf)))
			}
		}
	}
	return notes
}

// sideName names a side, with its model if there are several.
func (g *gallery) sideName(v view, s Series) string {
	if len(g.views) > 1 {
		return g.full(s.Target) + ", " + v.title
	}
	return g.full(s.Target)
}

func number(n int) string { return thousands(strconv.Itoa(n)) }

// value writes a value of a metric.
func (g *gallery) value(metric Metric, x float64) string {
	if metric == TokensPerSecond {
		return decimals(x, 1)
	}
	return g.fine(x)
}

// mark writes a round value of a metric on an axis.
func (g *gallery) mark(metric Metric) func(x, largest float64) string {
	if metric == TokensPerSecond {
		return func(x, _ float64) string { return round(x) }
	}
	return g.unit
}
