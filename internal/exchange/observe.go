package exchange

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
)

// exchange watches a request on its way. The connection, or else the hooks of the HTTP
// transport and the reads of the body, stamp; all that is made of the stamps is made in
// finish.
type exchange struct {
	ctx     context.Context
	cancel  context.CancelCauseFunc
	request *Request

	askedAt   time.Time // RoundTrip was called: from here on it waits for a connection
	asked     instant   // the same
	got       instant   // there was a connection; 0 while there is none
	outward   *stamps   // of the connection by which the clock goes; nil where it has none
	inward    *stamps   // of the connection from which the answer comes
	reused    bool
	host      string      // api.Inventory.Host of the server
	handshake atomic.Bool // a TLS handshake has begun

	headers  instant       // the headers were there
	heard    atomicInstant // when something came last, as far as the timeout goes
	lastByte instant       // the latest bytes of the body were there
	ended    instant       // the end of the body was there, or the error

	response *http.Response
	body     errorBody // of an answer that is no success
	stream   stream    // of one that is

	connecting, firstToken, idle, total *watch
}

func newExchange(ctx context.Context, cancel context.CancelCauseFunc, request *Request) *exchange {
	return &exchange{ctx: ctx, cancel: cancel, request: request, stream: newStream(request)}
}

// observe wraps the transport so that the exchange sees what passes.
func (x *exchange) observe(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		if x.asked == 0 {
			x.begin()
		}
		// A redirect comes here again. The clock runs on, but its answer is not the answer.
		x.idle.stop()
		x.response, x.body = nil, errorBody{}
		ctx := withTrace(x.cancelled(req.Context()), x.trace(req.URL))
		response, err := next.RoundTrip(req.WithContext(ctx))
		x.connecting.stop()
		if err != nil {
			x.ended = now()
			return nil, x.cause(err)
		}
		if response.ProtoMajor != 1 {
			x.outward, x.inward = nil, nil // other requests use the connection at the same time
		}
		if x.got == 0 {
			x.got = x.asked // the transport says nothing of its connections
		}
		x.headers, x.response = x.arrival(), response
		x.heard.store(now())
		x.idle = x.watch(x.request.Timeouts.Idle, x.heard.load, api.TimeoutIdle, "no data for %v")
		response.Body = &observedBody{x: x, ReadCloser: response.Body}
		return response, nil
	})
}

// cancelled returns the sender's context, which may carry traces of its own, cancelled
// as soon as the exchange is.
func (x *exchange) cancelled(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(ctx)
	context.AfterFunc(x.ctx, func() { cancel(context.Cause(x.ctx)) })
	return ctx
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return r(req) }

// begin starts what runs from the moment at which the request is allowed to go.
func (x *exchange) begin() {
	x.askedAt, x.asked = time.Now(), now()
	x.total = x.watch(x.request.Timeouts.Total, since(x.asked), api.TimeoutTotal, "not finished within %v")
}

func (x *exchange) trace(target *url.URL) *httptrace.ClientTrace {
	direct := false
	return &httptrace.ClientTrace{
		// Called again by a redirect, and if the transport finds a pooled connection dead and
		// takes another: then the request goes out anew, so the clock does, too.
		GetConn: func(hop string) {
			direct = hop == target.Host // else it is a proxy
			x.connecting.stop()
			x.connecting = x.watch(x.request.Timeouts.Connect, since(now()),
				api.TimeoutConnect, "no connection within %v")
			if x.headers == 0 {
				x.got, x.outward = 0, nil
			}
		},
		TLSHandshakeStart: func() { x.handshake.Store(true) },
		GotConn: func(info httptrace.GotConnInfo) {
			x.connecting.stop()
			x.inward = follow(info.Conn)
			if x.headers != 0 {
				return // the second request of a redirect
			}
			x.got, x.outward, x.reused = now(), x.inward, info.Reused
			if direct {
				x.host = hostOf(info.Conn)
			}
			if x.request.streamsTokens() {
				x.firstToken.stop()
				x.firstToken = x.watch(x.request.Timeouts.FirstToken, clock(x.got, x.outward),
					api.TimeoutFirstToken, "no token within %v")
			}
		},
	}
}

// withTrace is httptrace.WithClientTrace, which composes the hooks of a context that has
// some by reflection. That takes more time and stack than all the rest of a request here.
func withTrace(ctx context.Context, trace *httptrace.ClientTrace) context.Context {
	outer := httptrace.ContextClientTrace(ctx)
	if outer == nil {
		return httptrace.WithClientTrace(ctx, trace)
	}
	both := *outer
	both.GetConn = chain(trace.GetConn, outer.GetConn)
	both.GotConn = chain(trace.GotConn, outer.GotConn)
	both.TLSHandshakeStart = func() {
		trace.TLSHandshakeStart()
		if outer.TLSHandshakeStart != nil {
			outer.TLSHandshakeStart()
		}
	}
	return tracedContext{Context: ctx, trace: &both}
}

func chain[T any](first, second func(T)) func(T) {
	if second == nil {
		return first
	}
	return func(of T) {
		first(of)
		second(of)
	}
}

// tracedContext has another trace in the place of its parent's.
type tracedContext struct {
	context.Context
	trace *httptrace.ClientTrace
}

// Value implements context.Context.
func (c tracedContext) Value(key any) any {
	value := c.Context.Value(key)
	if _, ok := value.(*httptrace.ClientTrace); ok {
		return c.trace
	}
	return value
}

// hostOf names the machine at the other end. A connection of this machine to itself has the
// same address at both ends, whether that is the loopback's or another one of its own.
func hostOf(c net.Conn) string {
	there, ok := c.RemoteAddr().(*net.TCPAddr)
	here, _ := c.LocalAddr().(*net.TCPAddr)
	switch {
	case !ok:
		return ""
	case there.IP.IsLoopback(), here != nil && here.IP.Equal(there.IP):
		return api.ThisMachine
	}
	return there.AddrPort().Addr().Unmap().String()
}

// clock returns when the clock of a request starts: when the first of it is written to its
// connection; as long as that is not known, when it had the connection.
func clock(got instant, outward *stamps) func() instant {
	return func() instant {
		if outward != nil {
			if sent := outward.sent.load(); sent != 0 {
				return sent
			}
		}
		return got
	}
}

// start is when the clock started.
func (x *exchange) start() instant { return clock(x.got, x.outward)() }

// arrival is when what has come now was there.
func (x *exchange) arrival() instant {
	if x.inward != nil {
		if arrived := x.inward.arrived.load(); arrived != 0 {
			return arrived
		}
	}
	return now()
}

func (x *exchange) stopWatches() {
	for _, w := range []*watch{x.connecting, x.firstToken, x.idle, x.total} {
		w.stop()
	}
}

// cause prefers the reason for which the request was cancelled to the error that the
// transport makes of it.
func (x *exchange) cause(err error) error {
	var timeout *api.Error
	if errors.As(context.Cause(x.ctx), &timeout) {
		return timeout
	}
	return err
}

// hear takes a piece of the body, or its end, as it comes out of the connection.
func (x *exchange) hear(piece []byte, err error) {
	at := x.arrival()
	if err != nil && !errors.Is(err, io.EOF) {
		at = now()
	}
	x.ended = at
	if len(piece) == 0 {
		return
	}
	x.lastByte = at
	x.heard.store(at)
	if !success(x.response.StatusCode) {
		x.body.keep(piece)
		return
	}
	x.stream.take(piece, at)
	if x.firstToken != nil && x.stream.hasToken() {
		x.firstToken.stop()
		x.firstToken = nil
	}
}

func success(status int) bool { return status >= 200 && status < 300 && status != http.StatusNoContent }

// errorBody keeps the beginning of the body of an error; the rest is only read.
type errorBody struct{ kept []byte }

func (b *errorBody) keep(piece []byte) {
	const most = 64 << 10
	b.kept = append(b.kept, piece[:min(len(piece), most-len(b.kept))]...)
}
