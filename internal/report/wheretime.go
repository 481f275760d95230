package report

import (
	"slices"

	"github.com/xk6-ollama/xk6-ollama/internal/report/chart"
)

// part is one of those that make up the response time.
type part struct {
	ink  chart.Ink
	name string
	of   func(*Breakdown) float64
}

func (g *gallery) parts() []part {
	return []part{
		{"p1", g.networkShare, func(b *Breakdown) float64 { return b.Network }},
		{"p2", g.queue, func(b *Breakdown) float64 { return b.Queue }},
		{"p3", g.load, func(b *Breakdown) float64 { return b.Load }},
		{"p4", g.prefill, func(b *Breakdown) float64 { return b.Prefill }},
		{"p5", g.decoding, func(b *Breakdown) float64 { return b.Decode }},
	}
}

// breakdown draws where the time of the mean request went, a bar for each side.
func (g *gallery) breakdown() (*exhibit, error) {
	longest := 0.0
	var notes []string
	add := func(note string) {
		if !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
	}
	for _, v := range g.views {
		for _, note := range v.measured().timeNotes() {
			add(note)
		}
		for _, s := range v.sides {
			if broken(s) {
				longest = max(longest, s.Breakdown.Duration)
			} else if s.Succeeded > 0 {
				add(sprintf(g.words.breakdownNone, g.sideName(v, s)))
			}
		}
	}
	if longest == 0 {
		return nil, nil //nolint:nilnil // nothing to show is no error
	}
	f := &exhibit{ID: "parts", Title: bare(g.times), Full: true, Notes: notes}
	for _, v := range g.views {
		v.sides = slices.DeleteFunc(slices.Clone(v.sides), func(s Series) bool { return !broken(s) })
		if len(v.sides) == 0 {
			continue
		}
		height := 34 + barHeight*float64(len(v.sides))
		p, _, _, err := g.panel(v, g.frames(true, height), func(size frame) chart.Picture {
			return g.drawParts(v, longest, size)
		})
		if err != nil {
			return nil, err
		}
		f.Panels = append(f.Panels, p)
		t := g.tableOf(v.timeTable(), v.sides)
		t.Caption = g.captionOf(v)
		f.Tables = append(f.Tables, t)
	}
	for _, part := range g.parts() {
		f.Legend = append(f.Legend, legend{trusted(chart.Swatch(part.ink)), part.name})
	}
	if len(g.views) > 1 {
		f.Notes = append(f.Notes, g.words.sameAxes)
	}
	return f, nil
}

// broken says whether the side's time is broken down into parts that can be drawn.
func broken(s Series) bool {
	return s.Breakdown != nil && s.Breakdown.Duration > 0 && drawable(s.Breakdown.Duration)
}

const barHeight = 62 // with its name above

func (g *gallery) drawParts(v view, longest float64, size frame) chart.Picture {
	const low, high, name = 0.12, 0.62, 0.82
	axis := scale{low: 0, high: longest * 1.02}
	p := chart.Picture{
		Label: sprintf(g.words.sides, bare(g.times), v.title),
		X:     axis.axis(size.marks, g.unit),
		Y:     chart.Axis{Min: 0, Max: float64(len(v.sides)), NoGrid: true},
	}
	pixels := (size.width - 20) / axis.high // about
	for i, s := range v.sides {
		bottom := float64(len(v.sides) - 1 - i)
		whole := g.fine(s.Breakdown.Duration)
		p.Layers = append(p.Layers, chart.Text{
			Ink: "name", At: chart.XY{Y: bottom + name}, Anchor: chart.Start,
			Text: chart.Fit(g.full(s.Target), size.width-chart.Width(whole)-60) + "  " + whole,
		})
		from := 0.0
		for _, part := range g.parts() {
			ms := max(0, min(part.of(s.Breakdown), s.Breakdown.Duration))
			share := percent(ms / s.Breakdown.Duration)
			p.Layers = append(p.Layers, chart.Box{
				Ink: part.ink, From: chart.XY{X: from, Y: bottom + low}, To: chart.XY{X: from + ms, Y: bottom + high},
				Title: sprintf(g.words.sides, g.full(s.Target)+", "+part.name, g.fine(ms)+" ("+share+")"),
			})
			if ms*pixels > chart.Width(share)+12 {
				p.Layers = append(p.Layers, chart.Text{
					Ink: "on", At: chart.XY{X: from + ms/2, Y: bottom + (low+high)/2}, Anchor: chart.Middle, Text: share,
				})
			}
			from += ms
		}
	}
	return p
}
