package exchange

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
)

// coldLoad is the load time from which on a request counts as having loaded the model.
// Looking up a model that is loaded takes a real server 2 to 10 ms; loading the
// smallest one takes it 250 ms. Only the server knows; a busy one can take this long
// without loading anything.
const coldLoad = 100 * time.Millisecond

// finish makes the outcome of the stamps. err is what the sender returned.
func (x *exchange) finish(err error) *Outcome {
	if x.ended == 0 {
		x.ended = now()
	}
	x.stream.end()
	if err != nil && x.stream.complete(x.request.Op) {
		x.ended = x.lastByte // the connection was held open, or broke, after all of the answer
	}
	failed := x.failure(err)
	outcome := &Outcome{Record: x.request.Record, Answer: x.stream.result(), Host: x.host, Err: failed}
	r := &outcome.Record
	r.Op = string(x.request.Op)
	r.OK = failed == nil
	if x.response != nil {
		r.Status = x.response.StatusCode
	}
	if failed != nil {
		failed.Status = r.Status
		r.Error = &record.Error{Type: failed.Kind, Message: failed.Message}
	}
	x.recordTimes(r)
	if r.ScheduledAt != nil {
		delay := max(r.StartedAt-*r.ScheduledAt, 0)
		r.ScheduleDelay = &delay
	}
	x.recordTokens(r)
	x.recordServer(r)
	return outcome
}

// recordTimes fills in what the client's clock says.
func (x *exchange) recordTimes(r *record.Record) {
	itl := x.stream.gaps.end()
	if x.asked == 0 { // it never got as far as the transport
		r.StartedAt = unixMS(time.Now())
		return
	}
	if x.got == 0 {
		r.StartedAt = unixMS(x.askedAt)
		r.Connect = ms(x.ended.sub(x.asked))
		return
	}
	start := x.start()
	connect := start.sub(x.asked)
	r.StartedAt = unixMS(x.askedAt.Add(connect))
	r.Duration = ms(x.ended.sub(start))
	if x.reused {
		connect = 0
	}
	r.Connect = ms(connect)
	if x.headers != 0 {
		r.Headers = ms(x.headers.sub(start))
	}
	if !x.request.streamsTokens() || !x.stream.hasToken() {
		return
	}
	r.TTFT = ms(x.stream.first.sub(start))
	r.LastToken = ms(x.stream.latest.sub(start))
	if x.stream.answer != 0 {
		r.TTFO = ms(x.stream.answer.sub(start))
	}
	r.ITL = itl
}

// recordTokens fills in how much was generated.
func (x *exchange) recordTokens(r *record.Record) {
	usage := x.stream.final.Usage
	r.PromptTokens, r.OutputTokens = count(usage.PromptTokens), count(usage.OutputTokens)
	r.DoneReason = x.stream.final.DoneReason
	if !x.request.Op.GeneratesTokens() {
		return
	}
	if x.response == nil || !success(x.response.StatusCode) {
		return
	}
	chunks := x.stream.chunks
	text, thinking := x.stream.chars()
	r.ResponseChars, r.ThinkingChars = &text, &thinking
	if !x.request.Stream {
		return
	}
	r.Chunks = &chunks
	// An answer that came in one piece has no time between its tokens, however many
	// they are.
	if chunks >= 2 && r.OutputTokens != nil && *r.OutputTokens >= 2 {
		tpot := (*r.LastToken - *r.TTFT) / float64(*r.OutputTokens-1)
		r.TPOT = &tpot
	}
}

// recordServer fills in what the server says of its own time, and what follows from
// holding it against the client's clock.
func (x *exchange) recordServer(r *record.Record) {
	usage := x.stream.final.Usage
	total, load := reported(usage.Total), reported(usage.Load)
	prompt, eval := reported(usage.PromptEval), reported(usage.Eval)
	if total == nil && load == nil && prompt == nil && eval == nil {
		return
	}
	r.Server = &record.Server{
		Total: optionalMS(total), Load: optionalMS(load), PromptEval: optionalMS(prompt), Eval: optionalMS(eval),
	}
	if total != nil && load != nil && x.request.Op.GeneratesTokens() {
		// Ollama leaves out what is zero, so a part that is missing took no time. Of an
		// embedding it never says how long the model worked, so nothing can be left over.
		r.Server.Queue = remainder(*total - *load - orZero(prompt) - orZero(eval))
	}
	if total != nil && r.Duration != nil {
		r.Network = remainder(x.ended.sub(x.start()) - *total)
	}
	if load != nil {
		cold := *load >= coldLoad
		r.Cold = &cold
	}
}

// failure returns what went wrong, nil if nothing did. err is what the sender returned.
func (x *exchange) failure(err error) *api.Error {
	if x.response == nil || err != nil && !x.answered() {
		return x.transportFailure(err)
	}
	if status := x.response.StatusCode; !success(status) {
		return api.StatusError(status, x.response.Header.Get("Content-Type"), x.body.kept)
	}
	if x.stream.err != nil {
		if x.stream.err.Kind == api.Decode {
			return x.notOllama(x.stream.err)
		}
		return x.stream.err
	}
	if x.request.Op == api.Embed && !x.stream.embedded && len(x.stream.last) > 0 {
		return &api.Error{Kind: api.Decode, Message: "the answer has no embeddings: " + api.Excerpt(x.stream.last)}
	}
	if !x.stream.complete(x.request.Op) {
		return &api.Error{Kind: api.Truncated, Message: "the answer ended before it was done"}
	}
	return nil
}

// answered says whether what came tells how the request went, so that it does not
// matter any more how the connection ended.
func (x *exchange) answered() bool {
	return !success(x.response.StatusCode) || x.stream.err != nil || x.stream.complete(x.request.Op)
}

// transportFailure says why there is no answer, or only a part of one.
func (x *exchange) transportFailure(err error) *api.Error {
	var known *api.Error
	switch {
	case err == nil:
		return &api.Error{Kind: api.Reset, Message: "no answer came"}
	case errors.As(err, &known):
		return &api.Error{Kind: known.Kind, Message: known.Message, Err: known}
	case errors.As(context.Cause(x.ctx), &known):
		return &api.Error{Kind: known.Kind, Message: known.Message, Err: err}
	case x.ctx.Err() != nil:
		return &api.Error{Kind: api.Canceled, Message: "the test or the iteration ended before the answer did", Err: err}
	case x.response == nil:
		return &api.Error{Kind: x.requestKind(err), Message: reason(err), Err: err}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &api.Error{Kind: api.Truncated, Message: "the connection was closed in the middle of the answer", Err: err}
	default:
		return &api.Error{Kind: api.Reset, Message: reason(err), Err: err}
	}
}

// requestKind tells the steps apart at which a request can fail before it is answered.
func (x *exchange) requestKind(err error) api.ErrorKind {
	var (
		dns         *net.DNSError
		record      tls.RecordHeaderError
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		timeout     net.Error
		operation   *net.OpError
	)
	dialing := errors.As(err, &operation) && operation.Op == "dial"
	switch {
	case errors.As(err, &dns):
		return api.DNS
	case errors.As(err, &record), errors.As(err, &certificate), errors.As(err, &authority),
		// net/http makes a plain text error of a RecordHeaderError that holds an HTTP answer.
		strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return api.TLS
	case operation != nil && operation.Op == "remote error":
		return api.TLS // an alert: TLS 1.3 servers refuse a client's certificate after the handshake
	case x.got != 0 && !dialing:
		return answerKind(err)
	case errors.As(err, &timeout) && timeout.Timeout():
		return api.TimeoutConnect
	case x.handshake.Load() && !dialing:
		return api.TLS
	default:
		return api.Connect
	}
}

// answerKind tells apart why no answer came over a connection that stood. net/http has
// no type for an answer that is not HTTP. TLS servers say in TLS (a record of type 21,
// an alert) that they were not spoken to in TLS.
func answerKind(err error) api.ErrorKind {
	switch text := err.Error(); {
	case strings.Contains(text, `malformed HTTP response "\x15\x03`):
		return api.TLS
	case strings.Contains(text, "malformed HTTP"), strings.Contains(text, "malformed MIME header"):
		return api.Decode
	default:
		return api.Reset
	}
}

// notOllama adds to a decoding error what the server says it sent.
func (x *exchange) notOllama(err *api.Error) *api.Error {
	media, _, _ := strings.Cut(x.response.Header.Get("Content-Type"), ";")
	if strings.Contains(media, "json") || media == "" {
		return err
	}
	return &api.Error{Kind: err.Kind, Message: fmt.Sprintf("the answer is %s: %s", media, err.Message), Err: err}
}

// timeoutError wraps context.DeadlineExceeded, by which HTTP stacks know a timeout.
func timeoutError(kind api.ErrorKind, format string, limit time.Duration) *api.Error {
	return &api.Error{Kind: kind, Message: fmt.Sprintf(format, limit), Err: context.DeadlineExceeded}
}

// reason strips the URL, which the reader knows, from the error of an HTTP client.
func reason(err error) string {
	var wrapper *url.Error
	if errors.As(err, &wrapper) {
		return wrapper.Err.Error()
	}
	return err.Error()
}

func ms(d time.Duration) *float64 {
	v := float64(max(d, 0)) / float64(time.Millisecond)
	return &v
}

func unixMS(t time.Time) float64 { return float64(t.UnixNano()) / float64(time.Millisecond) }

// reported leaves out a time that can't be: a negative one.
func reported(d *time.Duration) *time.Duration {
	if d == nil || *d < 0 {
		return nil
	}
	return d
}

func optionalMS(d *time.Duration) *float64 {
	if d == nil {
		return nil
	}
	return ms(*d)
}

func count(n *int64) *int64 {
	if n == nil || *n < 0 {
		return nil
	}
	return n
}

// remainder is what is left of a time; nothing is known of it if it is less than nothing.
func remainder(d time.Duration) *float64 {
	if d < 0 {
		return nil
	}
	return ms(d)
}

func orZero(d *time.Duration) time.Duration {
	if d == nil {
		return 0
	}
	return *d
}
