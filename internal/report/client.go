package report

import (
	"math"
	"strconv"

	"github.com/xk6-ollama/xk6-ollama/internal/loadcheck"
)

// What makes the client the bottleneck.
const (
	// lateShare is the share of the shortest median TTFT that the client's lateness may have in
	// all but one of twenty cases: later, and the times say as much of the client as of servers.
	lateShare = 0.1
	// leastLate is the lateness, in ms, that is never too much: no time is claimed to be more
	// exact.
	leastLate = 1
	// busyShare is the share of its CPUs from which on a process has none left to send more with.
	busyShare = 0.9
)

// check fills in what the records say of the client.
func (c *Client) check(groups [][]*side) {
	for _, sides := range groups {
		for _, s := range sides {
			delay := s.summary.Metrics[ScheduleDelay]
			if delay.Count > 0 && (c.ScheduleDelay == nil || delay.P95 > *c.ScheduleDelay) {
				c.ScheduleDelay = &delay.P95
			}
		}
	}
}

// bottleneck warns if the client was too slow for what it measured.
func (c *Client) bottleneck(groups [][]*side) []Warning {
	quickest := math.Inf(1)
	for _, sides := range groups {
		for _, s := range sides {
			for _, metric := range []Metric{TTFT, Duration} { // not every answer is streamed
				if m := s.summary.Metrics[metric]; m.Count > 0 {
					quickest = min(quickest, m.Med)
					break
				}
			}
		}
	}
	late := c.Lateness.P95 > leastLate && c.Lateness.P95 > lateShare*quickest
	busy := c.Process != nil && c.Process.Mean >= busyShare
	if !late && !busy {
		return nil
	}
	return []Warning{{Code: ClientBottleneck, Facts: Facts{
		X: &c.Lateness.P95, Y: valueIf(!math.IsInf(quickest, 1), quickest),
		A: usageOf(c.Process), B: usageOf(c.Machine), Count: c.CPUs,
	}}}
}

// lateStarts warns if requests of a series waited for the client until they could start.
func (s *side) lateStarts() []Warning {
	delay, duration := s.summary.Metrics[ScheduleDelay], s.summary.Metrics[Duration]
	if delay.Count == 0 || delay.P95 <= leastLate || delay.P95 <= lateShare*duration.Med {
		return nil
	}
	return []Warning{{Code: LateStarts, Target: s.summary.Target, Facts: Facts{
		Model: s.summary.Model, X: &delay.P95, Y: &duration.Med,
	}}}
}

func usageOf(u *loadcheck.Usage) string {
	if u == nil {
		return absent
	}
	return wholePercent(u.Mean)
}

func wholePercent(share float64) string { return strconv.FormatFloat(share*100, 'f', 0, 64) + "%" }

// client says in a few sentences how the client did.
func (m *messages) client(c *Client) string {
	peak := absent
	if c.Process != nil {
		peak = wholePercent(c.Process.Max)
	}
	text := sprintf(m.clientLoad, usageOf(c.Process), c.CPUs, peak, usageOf(c.Machine),
		m.fine(c.Lateness.Med), m.fine(c.Lateness.P95), m.fine(c.TimerFloor),
		c.GC.Count, m.fine(c.GC.Max), c.ConnectionsReopened)
	if c.ScheduleDelay != nil {
		text += " " + sprintf(m.clientDelay, m.fine(*c.ScheduleDelay))
	}
	return text
}

func (p *page) client(results Results) {
	if c := results.SelfCheck.Client; c != nil {
		p.title(p.clientHead)
		p.prose("   ", p.messages.client(c))
	}
}

func (d *document) client(results Results) {
	if c := results.SelfCheck.Client; c != nil {
		d.heading(3, d.clientHead)
		d.paragraph(escape(d.messages.client(c)))
	}
}
