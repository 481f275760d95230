package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	"strconv"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Ink is a colour by name: a class of the page's style sheet, so that pictures follow the
// reader's choice of dark or light.
type Ink string

// RGBA makes an Ink a color.Color for the library, which only hands it on.
func (Ink) RGBA() (r, g, b, a uint32) { return 0, 0, 0, 0xffff }

// errUnsupported is the error of what no picture here is made of.
var errUnsupported = errors.New("chart: images, transforms and fonts can't be drawn")

// canvas is a vg.Canvas that writes SVG of classes instead of colours and fonts. The
// library's own, vgsvg, sets both as style attributes, which a strict Content-Security-Policy
// forbids, and takes ten times the space for a point.
type canvas struct {
	out    bytes.Buffer
	height float64 // the library's origin is the lower left corner
	pen    pen
	pens   []pen
	err    error
}

type pen struct {
	ink    Ink
	width  vg.Length
	dashes []vg.Length
}

var _ vg.Canvas = (*canvas)(nil)

func (c *canvas) SetLineWidth(width vg.Length)                { c.pen.width = width }
func (c *canvas) SetLineDash(dashes []vg.Length, _ vg.Length) { c.pen.dashes = dashes }
func (c *canvas) Push()                                       { c.pens = append(c.pens, c.pen) }
func (c *canvas) Rotate(float64)                              { c.err = errUnsupported }
func (c *canvas) Translate(vg.Point)                          { c.err = errUnsupported }
func (c *canvas) Scale(float64, float64)                      { c.err = errUnsupported }
func (c *canvas) FillString(font.Face, vg.Point, string)      { c.err = errUnsupported }
func (c *canvas) DrawImage(vg.Rectangle, image.Image)         { c.err = errUnsupported }

func (c *canvas) Pop() {
	last := len(c.pens) - 1
	c.pen, c.pens = c.pens[last], c.pens[:last]
}

func (c *canvas) SetColor(colour color.Color) {
	ink, ok := colour.(Ink)
	if !ok && colour != nil {
		c.err = errUnsupported
	}
	c.pen.ink = ink
}

func (c *canvas) Stroke(path vg.Path) {
	if c.pen.width <= 0 {
		return
	}
	c.write(`<path class="s `, string(c.pen.ink), `" stroke-width="`, number(float64(c.pen.width)))
	if len(c.pen.dashes) > 0 {
		parts := make([]string, len(c.pen.dashes))
		for i, dash := range c.pen.dashes {
			parts[i] = number(float64(dash))
		}
		c.write(`" stroke-dasharray="`, strings.Join(parts, " "))
	}
	c.write(`" d="`)
	c.path(path)
	c.write("\"/>\n")
}

func (c *canvas) Fill(path vg.Path) {
	c.write(`<path class="f `, string(c.pen.ink), `" d="`)
	c.path(path)
	c.write("\"/>\n")
}

func (c *canvas) path(path vg.Path) {
	for _, part := range path {
		switch part.Type {
		case vg.MoveComp:
			c.write("M", c.at(part.Pos))
		case vg.LineComp:
			c.write("L", c.at(part.Pos))
		case vg.CloseComp:
			c.write("Z")
		default:
			c.err = errUnsupported
		}
	}
}

func (c *canvas) at(p vg.Point) string {
	return number(float64(p.X)) + " " + number(c.height-float64(p.Y))
}

func (c *canvas) write(parts ...string) {
	for _, part := range parts {
		c.out.WriteString(part)
	}
}

// number writes a length to a tenth of a unit.
func number(x float64) string {
	text := strconv.FormatFloat(x, 'f', 1, 64)
	text = strings.TrimSuffix(text, ".0")
	if text == "-0" {
		return "0"
	}
	return text
}

// escape makes text of anything; what no XML may hold becomes U+FFFD.
func escape(text string) string {
	var out bytes.Buffer
	_ = xml.EscapeText(&out, []byte(text)) // its only error is the writer's
	return out.String()
}

// title is what a browser shows when the pointer rests on the element that holds it.
func title(text string) string { return "<title>" + escape(text) + "</title>" }

// canvasOf finds the canvas below the areas that the library has laid out on it.
func canvasOf(c vg.Canvas) *canvas {
	for {
		switch area := c.(type) {
		case *canvas:
			return area
		case *draw.Canvas:
			c = area.Canvas
		case draw.Canvas:
			c = area.Canvas
		default:
			return &canvas{err: errUnsupported}
		}
	}
}

// The size of text, and how wide half an em is in terms of it: the reader's font is not
// known, so that widths are estimates with something to spare.
const (
	textSize  = 12
	cellWidth = 0.6
	capHeight = 0.75
)

// lettering measures and writes text in the page's own font.
type lettering struct{}

var _ text.Handler = lettering{}

// Cache is nil: there are no fonts.
func (lettering) Cache() *font.Cache { return nil }

// Extents has no descent, so that the library aligns capitals and digits.
func (lettering) Extents(f font.Font) font.Extents {
	return font.Extents{Ascent: capHeight * f.Size, Height: f.Size}
}

// Lines returns the text as one line.
func (lettering) Lines(txt string) []string { return []string{txt} }

// Box returns an estimate.
func (lettering) Box(txt string, f font.Font) (width, height, depth vg.Length) {
	return vg.Length(Width(txt)) * f.Size / textSize, capHeight * f.Size, 0
}

// Draw writes the text. The browser aligns it, which knows its font.
func (lettering) Draw(c vg.Canvas, txt string, sty text.Style, at vg.Point) {
	out := canvasOf(c)
	ink, ok := sty.Color.(Ink)
	if !ok || sty.Rotation != 0 {
		out.err = errUnsupported
	}
	at.Y += vg.Length(sty.YAlign) * capHeight * sty.Font.Size
	anchor := ""
	switch sty.XAlign {
	case text.XCenter:
		anchor = ` text-anchor="middle"`
	case text.XRight:
		anchor = ` text-anchor="end"`
	}
	out.write(`<text class="`, string(ink), `" x="`, number(float64(at.X)), `" y="`, number(out.height-float64(at.Y)), `"`,
		anchor, ">", escape(txt), "</text>\n")
}
