package exchange

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
)

// Stamped returns a copy of the transport with connections of its own that stamp what
// passes, so that the scheduling of goroutines between a connection and who uses it is no
// part of what is measured. wrap makes of each connection that is dialled the one that is
// used, with a NewConn somewhere in it. A request over another transport, or over HTTP/2,
// where a connection carries many requests at a time, is stamped when net/http says that
// something happened.
func Stamped(transport *http.Transport, wrap func(net.Conn) net.Conn) *http.Transport {
	stamped := transport.Clone()
	if stamped.ReadBufferSize == 0 {
		// A stream that comes one token at a time uses no more of it than it needs; one that
		// comes in heaps needs a quarter of the reads that net/http's 4 KiB take.
		stamped.ReadBufferSize = 16 << 10
	}
	dial := stamped.DialContext
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	stamped.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return wrap(conn), nil
	}
	return stamped
}

// Conn is a connection that stamps what passes for the request that uses it.
type Conn struct {
	net.Conn
	socket *socket // nil where the kernel does not stamp
	user   atomic.Pointer[stamps]
}

// stamps are when things happened on a connection, for one request.
type stamps struct {
	sent    atomicInstant // the request began to go out
	arrived atomicInstant // the latest bytes came, or the end
}

// NewConn returns the connection as one that stamps.
func NewConn(conn net.Conn) *Conn { return &Conn{Conn: conn, socket: newSocket(conn)} }

// Read implements io.Reader.
func (c *Conn) Read(p []byte) (n int, err error) {
	var at instant
	if c.socket != nil {
		n, at, err = c.socket.read(p)
	} else {
		n, err = c.Conn.Read(p)
		at = now()
	}
	if user := c.user.Load(); user != nil {
		user.arrived.store(max(at, user.arrived.load(), user.sent.load()))
	}
	return n, err //nolint:wrapcheck // net/http knows the connection's own errors
}

// Write implements io.Writer.
func (c *Conn) Write(p []byte) (int, error) {
	if user := c.user.Load(); user != nil && user.sent.load() == 0 {
		user.sent.store(now())
	}
	return c.Conn.Write(p) //nolint:wrapcheck // likewise
}

// follow returns the stamps of the next request over the connection, nil if it has none.
func follow(conn net.Conn) *stamps {
	for {
		switch c := conn.(type) {
		case *Conn:
			s := &stamps{}
			c.user.Store(s)
			return s
		case interface{ NetConn() net.Conn }: // TLS, and whatever wraps a connection in turn
			conn = c.NetConn()
		default:
			return nil
		}
	}
}
