package report

import (
	"math"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
)

func (c *SelfCheck) add(r *record.Record) {
	c.Records++
	switch {
	case !api.Op(r.Op).Inference():
		c.Other++
	case r.Phase == record.Warmup:
		c.Warmup++
	case canceled(r):
		c.Canceled++
	case r.Phase == record.Measure:
		c.Measured++
	}
	if r.Network == nil && r.Duration != nil && r.Server != nil && r.Server.Total != nil {
		c.NegativeNetwork++
	}
	if !consistent(r) {
		c.Inconsistent++
	}
}

// counts are the fields, in their order.
func (c *SelfCheck) counts() []int {
	return []int{c.Records, c.Measured, c.Warmup, c.Canceled, c.Other, c.NegativeNetwork, c.Inconsistent}
}

func canceled(r *record.Record) bool { return r.Error != nil && r.Error.Type == api.Canceled }

// consistent says whether the parts of a record make up their whole.
func consistent(r *record.Record) bool {
	var server record.Server
	if r.Server != nil {
		server = *r.Server
	}
	return inOrder(r.Headers, r.TTFT, r.LastToken, r.Duration) &&
		inOrder(r.TTFT, r.TTFO, r.LastToken) &&
		addUp(r.Duration, r.Network, server.Total) &&
		addUp(server.Total, server.Queue, server.Load, server.PromptEval, server.Eval)
}

func inOrder(times ...*float64) bool {
	last := 0.0
	for _, t := range times {
		switch {
		case t == nil:
		case *t < last:
			return false
		default:
			last = *t
		}
	}
	return true
}

// addUp is true where a part is not known.
func addUp(whole *float64, parts ...*float64) bool {
	if whole == nil {
		return true
	}
	total := 0.0
	for _, part := range parts {
		if part == nil {
			return true
		}
		total += *part
	}
	return math.Abs(*whole-total) <= 0.001+1e-9*math.Abs(*whole)
}
