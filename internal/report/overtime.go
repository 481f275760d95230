package report

import (
	"cmp"
	"math"
	"slices"

	"github.com/xk6-ollama/xk6-ollama/internal/report/chart"
	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

const (
	mostSpots    = 1500 // requests of an exhibit up to which each shows its value
	mostExtremes = 200  // of a kind that show theirs if there are more
	crowded      = 2000 // requests of a panel from which on points are thinned
)

// track is the requests of a view, as they are drawn over time.
type track struct {
	view  view
	sides []sideTrack
	start float64 // of the first, Unix ms
	last  float64 // start of the last, seconds after the first
}

type sideTrack struct {
	target                     string
	warm, good, failed, beyond []dot
}

// dot is a request in a picture. timed says whether it has a response time.
type dot struct {
	seconds, value float64
	timed          bool
	request        *Request
}

// overTime draws the response time of every request.
func (g *gallery) overTime() (*exhibit, error) {
	if !g.sampled() {
		return nil, nil //nolint:nilnil // nothing to show is no error
	}
	axis, ok := g.timeScale()
	f := &exhibit{ID: "requests", Title: g.words.overTime, Full: true, Notes: []string{g.words.overTimeHow}}
	if !ok {
		axis = scale{low: 0, high: 1} // all failed before any time could be measured
	}
	tracks := make([]track, len(g.views))
	last, total := 0.0, 0
	for i, v := range g.views {
		tracks[i] = trackOf(v, axis)
		for _, s := range v.sides {
			total += len(s.Sample)
		}
		last = max(last, tracks[i].last)
	}
	if last == 0 {
		last = 1
	}
	height := 300.0
	if len(tracks) > 1 {
		height = 220
	}
	drawn, points := 0, 0
	for _, c := range tracks {
		p, shown, of, err := g.panel(c.view, g.frames(true, height), func(size frame) chart.Picture {
			return g.drawTrack(c, axis, last, size, total <= mostSpots)
		})
		if err != nil {
			return nil, err
		}
		drawn, points = drawn+shown, points+of
		f.Panels = append(f.Panels, p)
		f.Tables = append(f.Tables, g.trackTable(c))
	}
	f.Legend = g.trackLegend(tracks)
	f.Notes = append(f.Notes, g.trackNotes(tracks, axis, total, drawn, points)...)
	return f, nil
}

// timeScale is the axis of all response times.
func (g *gallery) timeScale() (scale, bool) {
	var sides [][]float64
	var others []float64
	for _, v := range g.views {
		for _, s := range v.sides {
			sides = append(sides, sortedValues(s, Duration))
			for i := range s.Sample {
				r := &s.Sample[i]
				if value, known := r.Value(Duration); known && drawable(value) && !r.measured() {
					others = append(others, value)
				}
			}
		}
	}
	return scaleOf(sides, others, true)
}

// startOf is when the request started, if that is a time that a clock could have shown.
func startOf(r *Request) float64 {
	const latest = 1e15 // Unix ms
	return max(-latest, min(latest, r.StartedAt))
}

func (c *track) seconds(r *Request) float64 { return (startOf(r) - c.start) / 1000 }

func trackOf(v view, axis scale) track {
	c := track{view: v, start: math.Inf(1)}
	for _, s := range v.sides {
		for i := range s.Sample {
			c.start = min(c.start, startOf(&s.Sample[i]))
		}
	}
	for _, s := range v.sides {
		side := sideTrack{target: s.Target}
		for i := range s.Sample {
			r := &s.Sample[i]
			d := dot{seconds: c.seconds(r), request: r}
			c.last = max(c.last, d.seconds)
			value, known := r.Value(Duration)
			if d.timed = known && drawable(value); d.timed {
				d.value = value
			}
			switch {
			case d.value > axis.high:
				side.beyond = append(side.beyond, d)
			case !r.OK():
				side.failed = append(side.failed, d)
			case r.Warmup:
				side.warm = append(side.warm, d)
			case d.timed:
				side.good = append(side.good, d)
			}
		}
		c.sides = append(c.sides, side)
	}
	return c
}

func (g *gallery) drawTrack(c track, axis scale, last float64, size frame, spots bool) chart.Picture {
	p := chart.Picture{
		Label: sprintf(g.words.sides, g.words.overTime, c.view.title),
		X:     chart.Axis{Min: -0.01 * last, Max: 1.01 * last, NoGrid: true},
		Y:     axis.axis(5, g.unit),
	}
	for _, mark := range chart.Seconds(last, size.marks) {
		p.X.Ticks = append(p.X.Ticks, chart.Tick{Value: mark, Label: g.clock(mark, last)})
	}
	radius, cell := pointSize(c.requests(), size.narrow)
	add := func(points chart.Points, dots []dot) {
		points.Cell = cell
		for _, d := range dots {
			points.At = append(points.At, chart.XY{X: d.seconds, Y: axis.at(d.value)})
		}
		p.Layers = append(p.Layers, &points)
	}
	for _, s := range c.sides {
		add(chart.Points{Ink: "warm", Shape: chart.Ring, Radius: radius, Width: 1.5}, s.warm)
	}
	for _, s := range c.sides {
		l := g.look(s.target)
		if cell > 0 {
			l.ink += " soft" // so that one side does not hide the other
		}
		add(chart.Points{Ink: l.ink, Shape: l.shape, Radius: radius}, s.good)
	}
	for _, s := range c.sides {
		for _, warm := range []bool{true, false} {
			ink := g.look(s.target).ink
			if warm {
				ink = "warm"
			}
			failed := ofPhase(warm, s.failed)
			add(chart.Points{Ink: ink, Shape: chart.Up, Radius: 4}, ofPhase(warm, s.beyond))
			add(chart.Points{Ink: halo, Shape: chart.Cross, Radius: 5, Width: 5}, failed)
			add(chart.Points{Ink: ink, Shape: chart.Cross, Radius: 4, Width: 2}, failed)
		}
	}
	if !size.narrow { // fingers do not hover
		p.Layers = append(p.Layers, g.trackSpots(c, axis, spots)...)
	}
	return p
}

// ofPhase are the warm-up requests, or the others.
func ofPhase(warmup bool, dots ...[]dot) []dot {
	return slices.DeleteFunc(slices.Concat(dots...), func(d dot) bool { return d.request.Warmup != warmup })
}

func (c track) requests() int {
	n := 0
	for _, s := range c.sides {
		n += len(s.warm) + len(s.good) + len(s.failed) + len(s.beyond)
	}
	return n
}

// pointSize is the radius of points, and the size of the squares of which only one is drawn, for
// as many requests.
func pointSize(requests int, narrow bool) (radius, cell float64) {
	switch {
	case requests > crowded:
		return 1.3, 2
	case requests > crowded/10 || narrow && requests > crowded/40:
		return 2.2, 0
	}
	return 3.2, 0
}

// trackSpots lets requests show their values: all, or those that stand out.
func (g *gallery) trackSpots(c track, axis scale, all bool) []chart.Layer {
	layers := make([]chart.Layer, 0, len(c.sides))
	for _, s := range c.sides {
		shown := slices.Concat(s.warm, s.good, s.beyond, s.failed)
		if !all {
			byValue := func(a, b dot) int { return cmp.Compare(a.value, b.value) }
			shown = slices.Concat(first(s.beyond, mostExtremes), first(s.failed, mostExtremes))
			if len(s.good) > 0 {
				shown = append(shown, slices.MinFunc(s.good, byValue), slices.MaxFunc(s.good, byValue))
			}
		}
		spots := chart.Spots{Ink: g.look(s.target).ink, Radius: 6}
		for _, d := range shown {
			spots.At = append(spots.At, chart.Spot{
				XY: chart.XY{X: d.seconds, Y: axis.at(d.value)}, Title: g.tell(s.target, d),
			})
		}
		layers = append(layers, spots)
	}
	return layers
}

func first(dots []dot, n int) []dot { return dots[:min(n, len(dots))] }

// tell says all about a request.
func (g *gallery) tell(target string, d dot) string {
	value := absent
	if d.timed {
		value = g.fine(d.value)
	}
	return sprintf(g.words.spot, g.full(target), value, sprintf(g.words.spotSecond, decimals(d.seconds, 1))) +
		" (" + g.stateOf(d.request) + ")"
}

func (g *gallery) stateOf(r *Request) string {
	state := g.words.stateOK
	switch {
	case !r.OK():
		state = g.words.failed + ": " + plain(string(r.Error))
	case r.Cold:
		state = g.words.stateCold
	}
	if r.Warmup {
		state = g.words.stateWarm + ", " + state
	}
	return state
}

// clock writes a mark of the time axis.
func (g *gallery) clock(seconds, last float64) string {
	const minute, hour = 60, 3600
	switch {
	case last >= 2*hour:
		return sprintf(g.words.hours, round(seconds/hour))
	case last >= 2*minute:
		return sprintf(g.words.minutes, round(seconds/minute))
	}
	return sprintf(g.words.seconds, round(seconds))
}

func (g *gallery) trackLegend(tracks []track) []legend {
	list := g.targets(func(s Series) bool { return len(s.Sample) > 0 })
	has := func(of func(sideTrack) []dot) bool {
		return slices.ContainsFunc(tracks, func(c track) bool {
			return slices.ContainsFunc(c.sides, func(s sideTrack) bool { return len(of(s)) > 0 })
		})
	}
	if has(func(s sideTrack) []dot { return ofPhase(true, s.warm, s.failed, s.beyond) }) {
		list = append(list, legend{trusted(chart.Sign("warm", chart.Ring)), g.words.legendWarmup})
	}
	if has(func(s sideTrack) []dot { return s.failed }) {
		list = append(list, legend{trusted(chart.Sign("plain", chart.Cross)), g.words.legendFailed})
	}
	if has(func(s sideTrack) []dot { return s.beyond }) {
		list = append(list, legend{trusted(chart.Sign("plain", chart.Up)), g.words.legendBeyond})
	}
	return list
}

func (g *gallery) trackNotes(tracks []track, axis scale, total, drawn, points int) []string {
	notes := g.samples()
	if drawn < points {
		notes = append(notes, sprintf(g.words.thinned, number(drawn), number(points)))
	}
	if total > mostSpots {
		notes = append(notes, g.words.everyValue)
	}
	beyond, most, untimed := 0, 0.0, 0
	for _, c := range tracks {
		for _, s := range c.sides {
			beyond += len(s.beyond)
			for _, d := range s.beyond {
				most = max(most, d.value)
			}
			for _, d := range s.failed {
				untimed += count(!d.timed)
			}
		}
	}
	if beyond > 0 {
		notes = append(notes, sprintf(g.words.beyond, number(beyond), g.fine(most)))
	}
	if untimed > 0 {
		notes = append(notes, sprintf(g.words.untimed, number(untimed)))
	}
	return append(notes, g.axesNotes(axis)...)
}

// axesNotes say what is not plain to see about the axes.
func (g *gallery) axesNotes(axis scale) []string {
	var notes []string
	if axis.log {
		notes = append(notes, g.words.logarithmic)
	}
	if len(g.views) > 1 {
		notes = append(notes, g.words.sameAxes)
	}
	return notes
}

const (
	listed = 100 // requests of a view up to which its table has them all
	slots  = 20  // spans of time that it has otherwise
)

// trackTable lists the requests, or what happened in equal spans of time.
func (g *gallery) trackTable(c track) htmlTable {
	total := 0
	for _, s := range c.view.sides {
		total += len(s.Sample)
	}
	if total > listed {
		return g.spanTable(c)
	}
	t := htmlTable{
		Caption: g.captionOf(c.view),
		Head:    heads(g.words.startedAt, g.words.target, g.e2e, g.ttft, g.words.state),
	}
	type line struct {
		target string
		*Request
	}
	lines := make([]line, 0, total)
	for _, s := range c.view.sides {
		for i := range s.Sample {
			lines = append(lines, line{s.Target, &s.Sample[i]})
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.StartedAt, b.StartedAt) })
	for _, l := range lines {
		cells := []string{decimals(c.seconds(l.Request), 2), g.full(l.target)}
		for _, metric := range []Metric{Duration, TTFT} {
			cell := absent
			if value, known := l.Value(metric); known {
				cell = g.fine(value)
			}
			cells = append(cells, cell)
		}
		t.Rows = append(t.Rows, htmlRow{Cells: append(cells, g.stateOf(l.Request))})
	}
	return t
}

// spanTable counts the measured requests of each span of time, and gives their median and
// slowest.
func (g *gallery) spanTable(c track) htmlTable {
	t := htmlTable{Caption: g.captionOf(c.view), Head: heads(g.words.sliceFrom)}
	for _, s := range c.view.sides {
		for _, text := range []string{g.words.requests, g.words.median, g.words.most} {
			t.Head = append(t.Head, htmlHead{Text: g.full(s.Target) + ": " + text, Sign: g.sign(s.Target)})
		}
	}
	span := c.last / slots
	slotOf := func(r *Request) int {
		if span == 0 {
			return 0
		}
		return min(slots-1, int(c.seconds(r)/span))
	}
	for slot := range slots {
		cells := make([]string, 0, len(t.Head))
		cells = append(cells, decimals(span*float64(slot), 1)+" – "+decimals(span*float64(slot+1), 1))
		for _, s := range c.view.sides {
			within := func(r *Request) bool { return !r.Warmup && slotOf(r) == slot }
			cells = append(cells, g.spanCells(s, within)...)
		}
		t.Rows = append(t.Rows, htmlRow{Cells: cells})
	}
	return t
}

func (g *gallery) spanCells(s Series, within func(*Request) bool) []string {
	requests, failed := 0, 0
	var values []float64
	for i := range s.Sample {
		r := &s.Sample[i]
		if !within(r) {
			continue
		}
		requests++
		failed += count(!r.OK())
		if value, known := r.Value(Duration); known && r.OK() {
			values = append(values, value)
		}
	}
	text := number(requests)
	if failed > 0 {
		text += " (" + g.words.failed + " " + number(failed) + ")"
	}
	if len(values) == 0 {
		return []string{text, absent, absent}
	}
	summary := stats.Summarize(values)
	return []string{text, g.fine(summary.Med), g.fine(summary.Max)}
}

func (g *gallery) captionOf(v view) string {
	if len(g.views) > 1 {
		return v.title
	}
	return ""
}
