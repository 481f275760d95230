package ollama

import (
	"sync"

	"github.com/xk6-ollama/xk6-ollama/internal/record"
)

// connections counts those that had to be opened although they need not have been: a VU needs
// as many to a target as it has requests in flight at once, and can use each again.
type connections struct {
	mu sync.Mutex
	of []*connectionsOf
}

// connectionsOf are the connections of one VU, by target.
type connectionsOf struct {
	mu sync.Mutex
	to map[string]*connectionUse
}

type connectionUse struct{ inFlight, most, opened int }

// vu returns the connections of another VU.
func (c *connections) vu() *connectionsOf {
	c.mu.Lock()
	defer c.mu.Unlock()
	of := &connectionsOf{to: map[string]*connectionUse{}}
	c.of = append(c.of, of)
	return of
}

// begin counts a request that is being sent; end has to follow.
func (c *connectionsOf) begin(target string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	use := c.to[target]
	if use == nil {
		use = &connectionUse{}
		c.to[target] = use
	}
	use.inFlight++
	use.most = max(use.most, use.inFlight)
}

// end counts a request as finished, and its connection if it had to open one.
func (c *connectionsOf) end(r *record.Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	use := c.to[r.Target]
	use.inFlight--
	if r.Duration != nil && r.Connect != nil && *r.Connect > 0 {
		use.opened++
	}
}

// reopened returns how many connections were opened beyond those that were needed at once.
func (c *connections) reopened() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, of := range c.of {
		n += of.reopened()
	}
	return n
}

func (c *connectionsOf) reopened() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, use := range c.to {
		n += max(use.opened-use.most, 0)
	}
	return n
}
