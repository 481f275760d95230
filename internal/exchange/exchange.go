// Package exchange sends one request and measures it: it stamps what happens on the
// wire when it happens, reads the stream, and makes a record of both.
package exchange

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
)

// Sender sends a request and reads the answer to its end, over a transport of its own
// that it has passed through observe first. It returns the error of the transport or
// of the reading, and nil whatever the HTTP status is. Sending through an interface
// keeps k6's HTTP stack, with all that it adds to a request, out of this package.
type Sender interface {
	Send(req *http.Request, observe func(http.RoundTripper) http.RoundTripper) error
}

// Timeouts bound the parts of a request; zero means no bound.
type Timeouts struct {
	Connect    time.Duration // until a connection is there: DNS, TCP, TLS, proxy
	FirstToken time.Duration // clock start → first token; only for streams
	Idle       time.Duration // between two arrivals of bytes, once the answer has begun
	Total      time.Duration // the whole request, connecting included
}

// Request is one call of the API.
type Request struct {
	Op       api.Op
	URL      string
	Header   http.Header
	Body     []byte // JSON; nil for none
	Stream   bool   // whether Body asks for a stream
	Timeouts Timeouts
	// Record says whose request it is (target, model, phase, VU, iteration) and when it was
	// meant to start; Outcome.Record is a copy with the measurements.
	Record record.Record
	// Discard says that nobody will look at the texts and tool calls of the answer: they are
	// measured, but not kept.
	Discard bool
	// OnLine, if there is one, gets each line of a successful answer as it came, in
	// order, in the goroutine that reads. It must not keep the slice.
	OnLine func(line []byte)
	// OnGaps, if there is one, gets every gap between two content chunks, in order, some at a
	// time. It must not keep the slice.
	OnGaps func(runs []Gaps)
}

// streamsTokens says whether the answer comes as it is generated, so that its chunks have
// times of their own.
func (r *Request) streamsTokens() bool { return r.Stream && r.Op.GeneratesTokens() }

// Answer is what the server said, put together from the lines of its stream.
type Answer struct {
	Last      []byte // the last line as it came; of an answer that was not streamed, all of it
	Text      string // this and what follows is empty if it was to be discarded
	Thinking  string
	ToolCalls [][]byte // each as it came
}

// Outcome is a finished request, well or not. Record has everything that was measured.
type Outcome struct {
	Record record.Record
	Answer Answer
	Host   string     // api.Inventory.Host of the server, "" if no connection came about
	Err    *api.Error // nil if all went well
}

// Do sends the request and measures it. It always returns an outcome; a request that
// failed keeps what was measured of it until then.
func Do(ctx context.Context, sender Sender, request Request) *Outcome {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	x := newExchange(ctx, cancel, &request)
	defer x.stopWatches()

	req, err := newHTTPRequest(ctx, &request)
	if err == nil {
		err = sender.Send(req, x.observe)
	}
	return x.finish(err)
}

func newHTTPRequest(ctx context.Context, request *Request) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, request.Op.Method(), request.URL, bytes.NewReader(request.Body))
	if err != nil {
		return nil, &api.Error{Kind: api.InvalidRequest, Message: err.Error(), Err: err}
	}
	if request.Header != nil {
		req.Header = request.Header.Clone()
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host // net/http takes no notice of the header; a proxy may choose the server by it
	}
	if request.Body != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if req.Header.Get("Accept-Encoding") == "" {
		// A proxy that compresses holds tokens back.
		req.Header.Set("Accept-Encoding", "identity")
	}
	return req, nil
}

// Client is the Sender for use outside k6: a plain HTTP client.
type Client struct {
	Transport http.RoundTripper // nil means http.DefaultTransport
}

// Send implements Sender.
func (c Client) Send(req *http.Request, observe func(http.RoundTripper) http.RoundTripper) error {
	transport := c.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	response, err := (&http.Client{Transport: observe(transport)}).Do(req) //nolint:bodyclose // discard closes it
	if err != nil {
		return err
	}
	_, err = discard(response.Body)
	return err
}
