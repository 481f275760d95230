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

// exchange watches a request on its way. The hooks of the HTTP transport and the reads
// of the body stamp; all that is made of the stamps is made in finish.
//
// Stamps are time.Time values, which carry the monotonic clock; only differences of them
// are ever used, but for the one Unix time that says when the request started.
type exchange struct {
	ctx     context.Context
	cancel  context.CancelCauseFunc
	request *Request

	asked     time.Time    // RoundTrip was called: from here on it waits for a connection
	started   atomic.Int64 // the clock's start, as time since asked; 0 while there is no connection
	reused    atomic.Bool
	handshake atomic.Bool // a TLS handshake has begun
	host      atomic.Pointer[string]

	headers  time.Time // the headers were there
	lastByte time.Time // the latest bytes of the body were there
	ended    time.Time // the end of the body was there, or the error

	response *http.Response
	body     errorBody // of an answer that is no success
	stream   stream    // of one that is

	connectTimer, firstTokenTimer, idleTimer, totalTimer *time.Timer
}

func newExchange(ctx context.Context, cancel context.CancelCauseFunc, request *Request) *exchange {
	return &exchange{ctx: ctx, cancel: cancel, request: request, stream: newStream(request)}
}

// observe wraps the transport so that the exchange sees what passes.
func (x *exchange) observe(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		if x.asked.IsZero() {
			x.begin()
		}
		// A redirect comes here again. The clock runs on, but its answer is not the answer.
		stop(x.idleTimer)
		x.response, x.body = nil, errorBody{}
		ctx := httptrace.WithClientTrace(x.cancelled(req.Context()), x.trace(req.URL))
		response, err := next.RoundTrip(req.WithContext(ctx))
		now := time.Now()
		stop(x.connectTimer)
		if err != nil {
			x.ended = now
			return nil, x.cause(err)
		}
		x.headers, x.response = now, response
		x.idleTimer = x.timer(x.request.Timeouts.Idle, api.TimeoutIdle, "no data for %v")
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
	x.asked = time.Now()
	x.totalTimer = x.timer(x.request.Timeouts.Total, api.TimeoutTotal, "not finished within %v")
}

func (x *exchange) trace(target *url.URL) *httptrace.ClientTrace {
	direct := false
	return &httptrace.ClientTrace{
		// Called again by a redirect, and if the transport finds a pooled connection dead and
		// takes another: then the request goes out anew, so the clock does, too.
		GetConn: func(hop string) {
			direct = hop == target.Host // else it is a proxy
			stop(x.connectTimer)
			x.connectTimer = x.timer(x.request.Timeouts.Connect, api.TimeoutConnect, "no connection within %v")
			if x.headers.IsZero() {
				x.started.Store(0)
			}
		},
		TLSHandshakeStart: func() { x.handshake.Store(true) },
		GotConn: func(info httptrace.GotConnInfo) {
			stop(x.connectTimer)
			if !x.headers.IsZero() {
				return // the second request of a redirect
			}
			x.started.Store(int64(max(time.Since(x.asked), 1)))
			x.reused.Store(info.Reused)
			if direct {
				host := hostOf(info.Conn)
				x.host.Store(&host)
			}
			if x.request.Op.GeneratesTokens() && x.request.Stream {
				stop(x.firstTokenTimer)
				x.firstTokenTimer = x.timer(x.request.Timeouts.FirstToken, api.TimeoutFirstToken, "no token within %v")
			}
		},
	}
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

// timer cancels the request with an error of the given kind when the limit is over.
// It is nil without a limit.
func (x *exchange) timer(limit time.Duration, kind api.ErrorKind, format string) *time.Timer {
	if limit <= 0 {
		return nil
	}
	return time.AfterFunc(limit, func() { x.cancel(timeoutError(kind, format, limit)) })
}

func stop(timer *time.Timer) {
	if timer != nil {
		timer.Stop()
	}
}

func (x *exchange) stopTimers() {
	for _, timer := range []*time.Timer{x.connectTimer, x.firstTokenTimer, x.idleTimer, x.totalTimer} {
		stop(timer)
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

// observedBody stamps each read when it returns, before anything looks at the bytes.
type observedBody struct {
	io.ReadCloser
	x *exchange
}

// Read implements io.Reader.
func (b *observedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	now := time.Now()
	x := b.x
	x.ended = now
	if n > 0 {
		x.lastByte = now
		if x.idleTimer != nil {
			x.idleTimer.Reset(x.request.Timeouts.Idle)
		}
		x.take(p[:n], now)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = x.cause(err)
	}
	return n, err
}

// take reads a piece of the body that arrived at the given time.
func (x *exchange) take(piece []byte, at time.Time) {
	if !success(x.response.StatusCode) {
		x.body.keep(piece)
		return
	}
	x.stream.take(piece, at)
	if x.stream.hasToken() {
		stop(x.firstTokenTimer)
	}
}

func success(status int) bool { return status >= 200 && status < 300 && status != http.StatusNoContent }

// errorBody keeps the beginning of the body of an error; the rest is only read.
type errorBody struct{ kept []byte }

func (b *errorBody) keep(piece []byte) {
	const most = 64 << 10
	b.kept = append(b.kept, piece[:min(len(piece), most-len(b.kept))]...)
}

func discard(body io.ReadCloser) (int64, error) {
	n, err := io.Copy(io.Discard, body)
	return n, errors.Join(err, body.Close())
}
