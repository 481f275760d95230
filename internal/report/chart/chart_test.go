package chart_test

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/xk6-ollama/xk6-ollama/internal/report/chart"
)

func picture(layers ...chart.Layer) chart.Picture {
	return chart.Picture{
		Width: 400, Height: 200, Label: "a < b & c",
		X: chart.Axis{Min: 0, Max: 10, Ticks: []chart.Tick{{0, "0"}, {5, "<5>"}}},
		Y: chart.Axis{Min: 1, Max: 100, Log: true, Ticks: []chart.Tick{{1, "1초"}, {10, "10초"}}, NoGrid: true},

		Layers: layers,
	}
}

// elements returns the elements of an SVG by their names, and all of its text.
func elements(t *testing.T, svg string) (found map[string][]xml.StartElement, text string) {
	t.Helper()
	found = map[string][]xml.StartElement{}
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return found, text
		}
		require.NoError(t, err, svg)
		switch token := token.(type) {
		case xml.StartElement:
			found[token.Name.Local] = append(found[token.Name.Local], token.Copy())
		case xml.CharData:
			text += string(token)
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func TestPicture(t *testing.T) {
	t.Parallel()
	points := &chart.Points{Ink: "t1", Shape: chart.Disc, Radius: 3, At: []chart.XY{{0, 1}, {10, 100}}}
	svg, err := picture(
		points,
		&chart.Points{Ink: "t2", Shape: chart.Cross, Radius: 3, Width: 2, At: []chart.XY{{5, 10}}},
		&chart.Points{Ink: "none", Shape: chart.Square},
		chart.Spots{Ink: "t1", Radius: 6, At: []chart.Spot{{XY: chart.XY{X: 0, Y: 1}, Title: "<script>&"}}},
		chart.Line{Ink: "t1", Width: 2, Dashes: []float64{6, 3}, Steps: true, At: []chart.XY{{0, 1}, {5, 10}}},
		chart.Box{Ink: "p1", From: chart.XY{X: 0, Y: 1}, To: chart.XY{X: 5, Y: 10}, Title: "a box"},
		chart.Text{Ink: "name", At: chart.XY{X: 5, Y: 10}, Anchor: chart.Middle, Text: "</text>"},
	).SVG("chart wide")
	require.NoError(t, err)
	found, text := elements(t, svg)
	assert.Equal(t, "0 0 400 200", attribute(found["svg"][0], "viewBox"))
	assert.Equal(t, "chart wide", attribute(found["svg"][0], "class"))
	assert.Equal(t, "a < b & c", attribute(found["svg"][0], "aria-label"))
	for _, shown := range []string{"<5>", "<script>&", "</text>", "10초", "a box"} {
		assert.Contains(t, text, shown)
	}
	assert.Len(t, found["circle"], 1)
	assert.Len(t, found["text"], 5)
	assert.Equal(t, 2, points.Drawn)

	classes := map[string]xml.StartElement{}
	for _, path := range found["path"] {
		classes[attribute(path, "class")] = path
	}
	assert.Equal(t, 2, strings.Count(attribute(classes["s dot t1"], "d"), "h0"))
	assert.Equal(t, "6 3", attribute(classes["s t1"], "stroke-dasharray"))
	assert.Contains(t, classes, "s t2")
	assert.Contains(t, classes, "s grid")
	assert.NotContains(t, classes, "f none")
	for _, elements := range found {
		for _, e := range elements {
			assert.Empty(t, attribute(e, "style"), "the policy of the page forbids it")
		}
	}
}

// Where the axes' ends are is where their data are drawn: a tenth of the range is a tenth of the way.
func TestPlacesAreTrue(t *testing.T) {
	t.Parallel()
	at := []chart.XY{{0, 1}, {5, 10}, {10, 100}}
	spots := chart.Spots{Ink: "t1", Radius: 6}
	for _, xy := range at {
		spots.At = append(spots.At, chart.Spot{XY: xy})
	}
	svg, err := picture(spots).SVG("chart")
	require.NoError(t, err)
	found, _ := elements(t, svg)
	var x, y []float64
	for _, circle := range found["circle"] {
		x, y = append(x, parse(t, attribute(circle, "cx"))), append(y, parse(t, attribute(circle, "cy")))
	}
	assert.InDelta(t, (x[0]+x[2])/2, x[1], 0.1)
	assert.InDelta(t, (y[0]+y[2])/2, y[1], 0.1, "logarithmic: 10 is half way from 1 to 100")
	assert.Less(t, y[2], y[0])
	for i := range x {
		assert.True(t, x[i] >= 0 && x[i] <= 400 && y[i] >= 0 && y[i] <= 200)
	}
}

func parse(t *testing.T, text string) float64 {
	t.Helper()
	var x float64
	require.NoError(t, xml.Unmarshal([]byte("<x>"+text+"</x>"), &x))
	return x
}

func TestThinningKeepsThePictureWhole(t *testing.T) {
	t.Parallel()
	crowd := &chart.Points{Ink: "t1", Radius: 1, Cell: 2}
	for i := range 100_000 {
		crowd.At = append(crowd.At, chart.XY{X: 10 * float64(i%1000) / 1000, Y: 1 + 99*float64(i)/100_000})
	}
	crowd.At = append(crowd.At, chart.XY{X: 5, Y: 1}) // far from all others of its place
	svg, err := picture(crowd).SVG("chart")
	require.NoError(t, err)
	assert.Less(t, crowd.Drawn, 200*100)
	assert.Less(t, len(svg), 300_000)
	crowd.Cell = 0
	_, err = picture(crowd).SVG("chart")
	require.NoError(t, err)
	assert.Equal(t, 100_001, crowd.Drawn)
}

type layer func(draw.Canvas, *plot.Plot)

func (l layer) Plot(c draw.Canvas, p *plot.Plot) { l(c, p) }

// What the canvas can't write is an error, not a picture that lacks it.
func TestUnsupportedDrawing(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]layer{
		"rotation":  func(c draw.Canvas, _ *plot.Plot) { c.Rotate(1) },
		"transform": func(c draw.Canvas, _ *plot.Plot) { c.Translate(vg.Point{}) },
		"scale":     func(c draw.Canvas, _ *plot.Plot) { c.Scale(1, 2) },
		"image":     func(c draw.Canvas, _ *plot.Plot) { c.DrawImage(vg.Rectangle{}, nil) },
		"circle": func(c draw.Canvas, _ *plot.Plot) {
			c.DrawGlyph(draw.GlyphStyle{Color: chart.Ink("t1"), Radius: 3, Shape: draw.CircleGlyph{}}, c.Center())
		},
	} {
		_, err := picture(l).SVG("chart")
		assert.Error(t, err, name)
	}
}

func TestTicks(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []float64{0, 0.5, 1, 1.5, 2}, chart.Linear(0, 2.1, 5))
	assert.Equal(t, []float64{60, 80, 100, 120, 140}, chart.Linear(52, 148, 5))
	assert.Equal(t, []float64{-5, 0, 5}, chart.Linear(-5, 8, 4))
	assert.Equal(t, []float64{1, 2, 5, 10, 20}, chart.Logarithmic(0.8, 30, 6))
	assert.Equal(t, []float64{1, 1000, 1e6}, chart.Logarithmic(0.5, 5e6, 3))
	assert.Equal(t, []float64{0, 15, 30, 45}, chart.Seconds(58, 5))
	assert.Equal(t, []float64{0, 600, 1200, 1800}, chart.Seconds(1900, 4))
	assert.Equal(t, []float64{0, 86400, 172800}, chart.Seconds(180_000, 3))
	assert.Equal(t, []float64{0, 0.5, 1}, chart.Seconds(1.2, 4))
	for _, ends := range [][2]float64{{0, 0}, {1, 1}, {0, math.Inf(1)}, {math.NaN(), 1}, {1e300, 1e300 + 1}} {
		assert.LessOrEqual(t, len(chart.Linear(ends[0], ends[1], 5)), 100, "%v ends", ends)
	}
	for high := 1e-6; high < 1e12; high *= 1.7 {
		assert.LessOrEqual(t, len(chart.Linear(0, high, 5)), 5+1, "%g", high)
		assert.GreaterOrEqual(t, len(chart.Linear(0, high, 5)), 3, "%g", high)
		assert.LessOrEqual(t, len(chart.Seconds(high, 8)), 9+1, "%g", high)
	}
}

func TestFit(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "local", chart.Fit("local", 100))
	cut := chart.Fit("프로덕션-gpu-node-in-a-rack-with-a-long-name", 100)
	assert.True(t, strings.HasSuffix(cut, "…"))
	assert.LessOrEqual(t, chart.Width(cut), 100.0)
	assert.NotEmpty(t, chart.Fit("x", 0))
}

func TestSigns(t *testing.T) {
	t.Parallel()
	for shape := chart.Disc; shape <= chart.Right; shape++ {
		found, _ := elements(t, chart.Sign("t1", shape))
		assert.Len(t, found["path"], 1)
	}
	found, _ := elements(t, chart.Swatch("p1"))
	assert.Len(t, found["rect"], 1)
}
