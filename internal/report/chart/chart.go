// Package chart draws the figures of a report as SVG: gonum.org/v1/plot lays out axes, scales
// and lines, a canvas of ours writes them down.
//
// The SVG has no colours, fonts or styles of its own but classes: s (stroked), f (filled), h
// (a spot to rest the pointer on), and the Inks. Lengths are in CSS pixels.
package chart

import (
	"fmt"

	"github.com/mattn/go-runewidth"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The inks that a picture uses by itself.
const (
	inkText Ink = "label"
	inkGrid Ink = "grid"
)

// Picture is one area with axes, and what is drawn into it.
type Picture struct {
	Width, Height float64
	X, Y          Axis
	Layers        []Layer
	Label         string // says in words what can be seen
}

// Axis is a range of values, and the marks along it.
type Axis struct {
	Min, Max float64 // Min < Max; above 0 where Log is set
	Log      bool
	Ticks    []Tick
	NoGrid   bool // marks have no lines across the picture
}

// Tick is a mark on an axis.
type Tick struct {
	Value float64
	Label string
}

// Layer is something that is drawn into a picture.
type Layer = plot.Plotter

// SVG draws the picture. Its element has the given class.
func (p Picture) SVG(class string) (string, error) {
	out := &canvas{height: p.Height}
	out.write(fmt.Sprintf(`<svg class=%q viewBox="0 0 %s %s" role="img" aria-label="%s">`+"\n",
		class, number(p.Width), number(p.Height), escape(p.Label)))
	drawing := plot.New()
	drawing.BackgroundColor = nil
	drawing.TextHandler = lettering{}
	p.X.apply(&drawing.X)
	p.Y.apply(&drawing.Y)
	drawing.X.Tick.Label.XAlign, drawing.X.Tick.Label.YAlign = text.XCenter, text.YTop
	drawing.Y.Tick.Label.XAlign, drawing.Y.Tick.Label.YAlign = text.XRight, text.YCenter
	grid := plotter.NewGrid()
	grid.Vertical, grid.Horizontal = p.X.grid(), p.Y.grid()
	drawing.Add(grid)
	for _, layer := range p.Layers {
		drawing.Add(layer)
	}
	const edge = 4 // so that what is as wide as its half is not cut off
	drawing.Draw(draw.Crop(draw.NewCanvas(out, vg.Length(p.Width), vg.Length(p.Height)), 1, -edge, edge, -edge))
	out.write("</svg>\n")
	if out.err != nil {
		return "", out.err
	}
	return out.out.String(), nil
}

func (a Axis) apply(to *plot.Axis) {
	to.Min, to.Max = a.Min, a.Max
	if a.Log {
		to.Scale = plot.LogScale{}
	}
	to.Padding = 8 // between labels and the area
	to.LineStyle = draw.LineStyle{}
	to.Tick.LineStyle = draw.LineStyle{}
	to.Tick.Label = tickLabel()
	to.Label.TextStyle = to.Tick.Label
	ticks := make(plot.ConstantTicks, len(a.Ticks))
	for i, tick := range a.Ticks {
		ticks[i] = plot.Tick{Value: tick.Value, Label: tick.Label}
	}
	to.Tick.Marker = ticks
}

func tickLabel() text.Style {
	return text.Style{Color: inkText, Font: font.Font{Size: textSize}, Handler: lettering{}}
}

func (a Axis) grid() draw.LineStyle {
	if a.NoGrid {
		return draw.LineStyle{Color: inkGrid}
	}
	return draw.LineStyle{Color: inkGrid, Width: 1}
}

// cells measures text by the halves of an em: Hangul takes two.
var cells = &runewidth.Condition{StrictEmojiNeutral: true}

// Width returns about how wide the text is.
func Width(text string) float64 { return float64(cells.StringWidth(text)) * cellWidth * textSize }

// Fit cuts text to the width.
func Fit(text string, width float64) string {
	return cells.Truncate(text, max(1, int(width/cellWidth/textSize)), "…")
}
