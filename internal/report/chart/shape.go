package chart

import "strings"

// Shape is what a point looks like, so that nobody has to tell colours apart.
type Shape int

// The shapes there are.
const (
	Disc Shape = iota
	Square
	Triangle
	Diamond
	Cross
	Ring
	Up    // beyond the upper end of an axis
	Right // beyond the right end of one
)

// vertices of the shapes with corners, for a radius of 1; SVG's y grows downwards.
var vertices = map[Shape][][2]float64{
	Square:   {{-0.9, -0.9}, {0.9, -0.9}, {0.9, 0.9}, {-0.9, 0.9}},
	Triangle: {{0, -1.2}, {1.15, 0.8}, {-1.15, 0.8}},
	Diamond:  {{0, -1.25}, {1.25, 0}, {0, 1.25}, {-1.25, 0}},
	Up:       {{0, 0}, {1.3, 2}, {-1.3, 2}},
	Right:    {{0, 0}, {-2, 1.3}, {-2, -1.3}},
}

// path is the shape around the point that the pen is at.
func (s Shape) path(radius float64) string {
	at := func(x, y float64) string { return number(x*radius) + " " + number(y*radius) }
	switch s {
	case Disc:
		return "h0" // the round end of a line without length
	case Cross:
		return "m" + at(-1, -1) + "l" + at(2, 2) + "m" + at(0, -2) + "l" + at(-2, 2)
	case Ring:
		arc := "a" + at(1, 1) + " 0 1 0 "
		return "m" + at(-1, 0) + arc + at(2, 0) + arc + at(-2, 0)
	}
	var path strings.Builder
	last := [2]float64{}
	for i, corner := range vertices[s] {
		path.WriteString(map[bool]string{true: "m", false: "l"}[i == 0])
		path.WriteString(at(corner[0]-last[0], corner[1]-last[1]))
		last = corner
	}
	return path.String() + "z"
}

// begin opens the path element of points of the shape.
func (s Shape) begin(out *canvas, ink Ink, radius, width float64) {
	switch s {
	case Disc:
		out.write(`<path class="s dot `, string(ink), `" stroke-width="`, number(2*radius))
	case Cross, Ring:
		out.write(`<path class="s `, string(ink), `" stroke-width="`, number(width))
	default:
		out.write(`<path class="f `, string(ink))
	}
	out.write(`" d="`)
}

// Sign is a point of the shape by itself, for a legend.
func Sign(ink Ink, shape Shape) string {
	const size = 12
	out := &canvas{}
	out.write(`<svg class="sign" viewBox="0 0 12 12" aria-hidden="true">`)
	shape.begin(out, ink, size/3, 1.8)
	y := map[Shape]string{Up: "2"}[shape]
	if y == "" {
		y = "6"
	}
	out.write("M6 ", y, shape.path(size/3), `"/></svg>`)
	return out.out.String()
}

// Swatch is a patch of an ink, for a legend.
func Swatch(ink Ink) string {
	return `<svg class="sign" viewBox="0 0 12 12" aria-hidden="true"><rect class="f ` + string(ink) +
		`" width="12" height="12" rx="2"/></svg>`
}
