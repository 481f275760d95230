package chart

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// XY is a place in a picture, in the units of its axes.
type XY struct{ X, Y float64 }

// Points are many alike.
type Points struct {
	Ink    Ink
	Shape  Shape
	Radius float64
	Width  float64 // of the lines of a Cross or Ring
	At     []XY
	// Cell, if above 0, thins the points: of those whose centres fall into one square of that
	// size only one is drawn, in the middle of the square.
	Cell float64
	// Drawn is how many were drawn, once they are.
	Drawn int
}

// Plot draws the points.
func (p *Points) Plot(c draw.Canvas, drawing *plot.Plot) {
	p.Drawn = 0
	if len(p.At) == 0 {
		return
	}
	out := canvasOf(c)
	x, y := drawing.Transforms(&c)
	p.Shape.begin(out, p.Ink, p.Radius, p.Width)
	mark := p.Shape.path(p.Radius)
	taken := map[[2]int]bool{}
	for _, at := range p.At {
		place := vg.Point{X: x(at.X), Y: y(at.Y)}
		if p.Cell > 0 {
			cell := [2]int{int(math.Floor(float64(place.X) / p.Cell)), int(math.Floor(float64(place.Y) / p.Cell))}
			if taken[cell] {
				continue
			}
			taken[cell] = true
			middle := func(n int) vg.Length { return vg.Length((float64(n) + 0.5) * p.Cell) }
			place = vg.Point{X: middle(cell[0]), Y: middle(cell[1])}
		}
		out.write("M", out.at(place), mark)
		p.Drawn++
	}
	out.write("\"/>\n")
}

// Spots are places that tell something when the pointer rests on them.
type Spots struct {
	Ink    Ink
	Radius float64
	At     []Spot
}

// Spot is a place and what it tells.
type Spot struct {
	XY
	Title string
}

// Plot draws the spots.
func (s Spots) Plot(c draw.Canvas, drawing *plot.Plot) {
	out := canvasOf(c)
	x, y := drawing.Transforms(&c)
	for _, spot := range s.At {
		out.write(`<circle class="h `, string(s.Ink), `" cx="`, number(float64(x(spot.X))),
			`" cy="`, number(out.height-float64(y(spot.Y))), `" r="`, number(s.Radius), `">`, title(spot.Title), "</circle>\n")
	}
}

// Line joins points, by steps if it is one of a count.
type Line struct {
	Ink    Ink
	Width  float64
	Dashes []float64
	Steps  bool
	At     []XY
}

// Plot draws the line.
func (l Line) Plot(c draw.Canvas, drawing *plot.Plot) {
	line := plotter.Line{XYs: make(plotter.XYs, len(l.At))}
	line.LineStyle = draw.LineStyle{Color: l.Ink, Width: vg.Length(l.Width)}
	for i, at := range l.At {
		line.XYs[i] = plotter.XY(at)
	}
	for _, dash := range l.Dashes {
		line.LineStyle.Dashes = append(line.LineStyle.Dashes, vg.Length(dash))
	}
	if l.Steps {
		line.StepStyle = plotter.PostStep
	}
	line.Plot(c, drawing)
}

// Box is a rectangle between two corners. Title is what it tells when the pointer rests on it.
type Box struct {
	Ink      Ink
	From, To XY
	Title    string
}

// Plot draws the box.
func (b Box) Plot(c draw.Canvas, drawing *plot.Plot) {
	out := canvasOf(c)
	x, y := drawing.Transforms(&c)
	left, right := float64(x(b.From.X)), float64(x(b.To.X))
	top, bottom := out.height-float64(y(b.To.Y)), out.height-float64(y(b.From.Y))
	out.write(`<rect class="f `, string(b.Ink), `" x="`, number(left), `" y="`, number(top),
		`" width="`, number(max(0, right-left)), `" height="`, number(max(0, bottom-top)), `">`, title(b.Title), "</rect>\n")
}

// Text is written beside or above a place, moved by so many pixels to the right and up.
type Text struct {
	Ink    Ink
	At     XY
	DX, DY float64
	Text   string
	Anchor Anchor
}

// Anchor is which part of a text stands at its place.
type Anchor draw.XAlignment

// The anchors there are.
const (
	Start  = Anchor(draw.XLeft)
	Middle = Anchor(draw.XCenter)
	End    = Anchor(draw.XRight)
)

// Plot writes the text, the middle of its capitals at the height of its place.
func (t Text) Plot(c draw.Canvas, drawing *plot.Plot) {
	x, y := drawing.Transforms(&c)
	style := tickLabel()
	style.Color, style.XAlign, style.YAlign = t.Ink, draw.XAlignment(t.Anchor), draw.YCenter
	c.FillText(style, vg.Point{X: x(t.At.X) + vg.Length(t.DX), Y: y(t.At.Y) + vg.Length(t.DY)}, t.Text)
}
