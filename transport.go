package ollama

import (
	"context"
	"net"
	"net/http"
	"sync"

	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/lib/netext"

	"github.com/xk6-ollama/xk6-ollama/internal/exchange"
)

// vuTransport is the VU's own transport, dialer and settings included, over connections
// that stamp what passes. k6 makes no connections for others, so there has to be a second
// transport, which must do what k6 has its own do.
type vuTransport struct {
	original http.RoundTripper
	stamped  http.RoundTripper

	mu        sync.Mutex
	iteration context.Context // the one of which connections are open
}

// of returns the transport for a request of the VU. It must be called on the JS thread.
func (t *vuTransport) of(ctx context.Context, state *lib.State) http.RoundTripper {
	if t.original != state.Transport {
		t.original, t.stamped = state.Transport, state.Transport
		if transport, ok := state.Transport.(*http.Transport); ok {
			t.stamped = exchange.Stamped(transport, stampedConn)
		}
	}
	if stamped, ok := t.stamped.(*http.Transport); ok && state.Options.NoVUConnectionReuse.Bool {
		t.limitTo(ctx, stamped)
	}
	return t.stamped
}

// limitTo lets no connection outlive the iteration. k6 ends its context with it, but those
// who wait for that may run when the next has begun.
func (t *vuTransport) limitTo(iteration context.Context, stamped *http.Transport) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.iteration == iteration {
		return
	}
	stamped.CloseIdleConnections()
	t.iteration = iteration
	context.AfterFunc(iteration, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.iteration == iteration {
			stamped.CloseIdleConnections()
			t.iteration = nil
		}
	})
}

// stampedConn stamps below k6's own connection, which counts what passes.
func stampedConn(conn net.Conn) net.Conn {
	counted, ok := conn.(*netext.Conn)
	if !ok {
		return exchange.NewConn(conn)
	}
	counted.Conn = exchange.NewConn(counted.Conn)
	return countedConn{counted}
}

type countedConn struct{ *netext.Conn }

// NetConn returns what k6 has wrapped.
func (c countedConn) NetConn() net.Conn { return c.Conn.Conn }
