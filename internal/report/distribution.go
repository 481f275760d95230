package report

import (
	"slices"
	"strings"

	"github.com/xk6-ollama/xk6-ollama/internal/report/chart"
	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// spread is the sorted values of each side of a view.
type spread struct {
	view   view
	values [][]float64
}

// spreads returns the values of a metric of all views and their axis. ok is false if there are
// none.
func (g *gallery) spreads(metric Metric) (list []spread, axis scale, ok bool) {
	var all [][]float64
	for _, v := range g.views {
		one := spread{view: v}
		for _, s := range v.sides {
			one.values = append(one.values, sortedValues(s, metric))
		}
		list, all = append(list, one), append(all, one.values...)
	}
	axis, ok = scaleOf(all, nil, false)
	return list, axis, ok
}

// half says whether an exhibit with a picture of half the width for each model can stand beside
// another one.
func (g *gallery) half() bool { return len(g.views) == 1 }

func (g *gallery) has(metric Metric) func(Series) bool {
	return func(s Series) bool { return len(valuesOf(s.Sample, metric)) > 0 }
}

// distribution draws the empirical distribution function of a metric.
func (g *gallery) distribution(id, name string, metric Metric) (*exhibit, error) {
	list, axis, ok := g.spreads(metric)
	if !ok {
		return nil, nil //nolint:nilnil // nothing to show is no error
	}
	f := &exhibit{ID: id, Title: sprintf(g.words.distribution, name), Full: !g.half(), Side: true}
	f.Notes = []string{g.words.distributeHow}
	for _, one := range list {
		p, _, _, err := g.panel(one.view, g.frames(false, 280), func(size frame) chart.Picture {
			return g.drawSteps(one, axis, size, f.Title, metric)
		})
		if err != nil {
			return nil, err
		}
		f.Panels = append(f.Panels, p)
		f.Tables = append(f.Tables, g.percentiles(one, metric))
	}
	f.Legend = g.targets(g.has(metric))
	f.Notes = append(f.Notes, g.spreadNotes(list, axis, metric)...)
	return f, nil
}

// spreadNotes say what is not in a picture of values, and where.
func (g *gallery) spreadNotes(list []spread, axis scale, metric Metric) []string {
	notes := g.samples()
	var without []string
	beyond, most := 0, 0.0
	for _, one := range list {
		for i, values := range one.values {
			if len(values) == 0 {
				without = append(without, g.sideName(one.view, one.view.sides[i]))
			}
			for _, value := range values {
				if value > axis.high {
					beyond, most = beyond+1, max(most, value)
				}
			}
		}
	}
	if beyond > 0 {
		notes = append(notes, sprintf(g.words.beyond, number(beyond), g.value(metric, most)))
	}
	if len(without) > 0 {
		notes = append(notes, sprintf(g.words.noneOfTheSides, strings.Join(without, ", ")))
	}
	return append(notes, g.axesNotes(axis)...)
}

func (g *gallery) drawSteps(one spread, axis scale, size frame, title string, metric Metric) chart.Picture {
	p := chart.Picture{
		Label: sprintf(g.words.sides, title, one.view.title),
		X:     axis.axis(size.marks, g.mark(metric)),
		Y:     chart.Axis{Min: 0, Max: 1},
	}
	for _, share := range []float64{0, 0.25, 0.5, 0.75, 1} {
		p.Y.Ticks = append(p.Y.Ticks, chart.Tick{Value: share, Label: round(share*100) + "%"})
	}
	for i, values := range one.values {
		l := g.look(one.view.sides[i].Target)
		p.Layers = append(p.Layers, chart.Line{Ink: l.ink, Width: 2, Dashes: l.dashes, Steps: true, At: steps(values, axis)})
	}
	for i, values := range one.values {
		if len(values) == 0 {
			continue
		}
		target := one.view.sides[i].Target
		l := g.look(target)
		quartiles := &chart.Points{Ink: l.ink, Shape: l.shape, Radius: 4.5}
		spots := chart.Spots{Ink: l.ink, Radius: 7}
		for percent := 5; percent < 100; percent += 5 {
			share := float64(percent) / 100
			value := stats.Percentile(values, share)
			if value > axis.high {
				continue
			}
			at := chart.XY{X: axis.at(value), Y: share}
			if percent%25 == 0 {
				quartiles.At = append(quartiles.At, at)
			}
			text := sprintf(g.words.spotShare, g.full(target), round(share*100)+"%", g.value(metric, value))
			spots.At = append(spots.At, chart.Spot{XY: at, Title: text})
		}
		p.Layers = append(p.Layers, quartiles)
		if !size.narrow {
			p.Layers = append(p.Layers, spots)
		}
	}
	return p
}

// steps is the share of values up to each, which rises at each value. Of many values as many
// are taken as a picture can show.
func steps(sorted []float64, axis scale) []chart.XY {
	const visible = 1000
	if len(sorted) == 0 {
		return nil
	}
	at := []chart.XY{{X: axis.at(sorted[0]), Y: 0}}
	stride := 1 + (len(sorted)-1)/visible
	share := 0.0
	for i := 0; i < len(sorted); i += stride {
		last := min(len(sorted), i+stride) - 1
		if sorted[last] > axis.high {
			break
		}
		share = float64(last+1) / float64(len(sorted))
		at = append(at, chart.XY{X: axis.at(sorted[last]), Y: share})
	}
	if share < 1 { // the rest is beyond the axis
		at = append(at, chart.XY{X: axis.high, Y: share})
	}
	return at
}

// percentiles is an exhibit's data: a column for each side.
func (g *gallery) percentiles(one spread, metric Metric) htmlTable {
	t := htmlTable{Caption: g.captionOf(one.view), Head: heads(g.words.quantile)}
	for _, s := range one.view.sides {
		t.Head = append(t.Head, htmlHead{Text: g.full(s.Target), Sign: g.sign(s.Target)})
	}
	add := func(label string, of func(sorted []float64) float64) {
		cells := slices.Repeat([]string{absent}, len(one.values))
		for i, values := range one.values {
			if len(values) > 0 {
				cells[i] = g.value(metric, of(values))
			}
		}
		cells = slices.Insert(cells, 0, label)
		t.Rows = append(t.Rows, htmlRow{Cells: cells})
	}
	add(g.words.least, slices.Min)
	for _, share := range []float64{0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99} {
		add(round(share*100)+"%", func(sorted []float64) float64 { return stats.Percentile(sorted, share) })
	}
	add(g.words.most, slices.Max)
	counts := make([]string, len(one.values))
	for i, values := range one.values {
		counts[i] = number(len(values))
	}
	t.Rows = append(t.Rows, htmlRow{Cells: slices.Insert(counts, 0, g.words.requests)})
	return t
}

// strips draws each value of a metric, and a box around the middle half.
func (g *gallery) strips(id, name string, metric Metric) (*exhibit, error) {
	list, axis, ok := g.spreads(metric)
	if !ok {
		return nil, nil //nolint:nilnil // nothing to show is no error
	}
	f := &exhibit{ID: id, Title: sprintf(g.words.rates, name), Full: !g.half(), Side: true}
	f.Notes = []string{g.words.rateHow}
	drawn, points := 0, 0
	for _, one := range list {
		height := 34 + stripHeight*float64(len(one.values))
		p, shown, of, err := g.panel(one.view, g.frames(false, height), func(size frame) chart.Picture {
			return g.drawStrips(one, axis, size, f.Title, metric)
		})
		if err != nil {
			return nil, err
		}
		drawn, points = drawn+shown, points+of
		f.Panels = append(f.Panels, p)
		f.Tables = append(f.Tables, g.percentiles(one, metric))
	}
	if drawn < points {
		f.Notes = append(f.Notes, sprintf(g.words.thinned, number(drawn), number(points)))
	}
	f.Notes = append(f.Notes, g.spreadNotes(list, axis, metric)...)
	return f, nil
}

const stripHeight = 74 // of one side

func (g *gallery) drawStrips(one spread, axis scale, size frame, title string, metric Metric) chart.Picture {
	p := chart.Picture{
		Label: sprintf(g.words.sides, title, one.view.title),
		X:     axis.axis(size.marks, g.mark(metric)),
		Y:     chart.Axis{Min: 0, Max: float64(len(one.values)), NoGrid: true},
	}
	for i, values := range one.values {
		p.Layers = append(p.Layers, g.strip(values, one.view.sides[i].Target, strip{
			axis: axis, metric: metric, size: size, bottom: float64(len(one.values) - 1 - i),
		})...)
	}
	return p
}

// strip is where the values of a side are drawn: from bottom to a unit above it.
type strip struct {
	axis   scale
	metric Metric
	size   frame
	bottom float64
}

func (g *gallery) strip(values []float64, target string, s strip) []chart.Layer {
	const middle, half, name = 0.36, 0.2, 0.82
	l := g.look(target)
	label := g.full(target)
	if len(values) == 0 {
		label += " " + absent
	}
	heading := chart.Text{
		Ink: "name", At: chart.XY{X: s.axis.low, Y: s.bottom + name}, DX: 2, Anchor: chart.Start,
		Text: chart.Fit(label, s.size.width-60),
	}
	if len(values) == 0 {
		return []chart.Layer{heading}
	}
	place := func(value, height float64) chart.XY { return chart.XY{X: s.axis.at(value), Y: s.bottom + height} }
	radius, cell := pointSize(len(values), s.size.narrow)
	points := &chart.Points{Ink: l.ink + " soft", Shape: l.shape, Radius: min(radius, 2.6), Cell: cell}
	beyond := &chart.Points{Ink: l.ink, Shape: chart.Right, Radius: 4}
	for i, value := range values {
		if value > s.axis.high {
			beyond.At = append(beyond.At, place(value, middle))
			continue
		}
		points.At = append(points.At, place(value, middle+half*0.9*scatter(i)))
	}
	low, q1, median, q3, high := stats.Percentile(values, 0.05), stats.Percentile(values, 0.25),
		stats.Percentile(values, 0.5), stats.Percentile(values, 0.75), stats.Percentile(values, 0.95)
	line := func(width float64, from, to chart.XY) chart.Line {
		return chart.Line{Ink: l.ink, Width: width, At: []chart.XY{from, to}}
	}
	show := func(x float64) string { return g.value(s.metric, x) }
	text := sprintf(g.words.spotBox, g.full(target), show(q1), show(median), show(q3))
	return []chart.Layer{
		heading, points, beyond,
		line(1.5, place(low, middle), place(q1, middle)), line(1.5, place(q3, middle), place(high, middle)),
		chart.Box{Ink: l.ink + " box", From: place(q1, middle-half), To: place(q3, middle+half), Title: text},
		line(3.5, place(median, middle-half), place(median, middle+half)),
	}
}

// scatter spreads the points of a strip between −1 and 1: the golden ratio leaves no pattern.
func scatter(i int) float64 {
	const golden = 0.6180339887498949
	x := golden * float64(i+1)
	return 2*(x-float64(int(x))) - 1
}
