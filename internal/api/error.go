package api

import (
	"errors"
	"fmt"
)

// ErrorKind says in one word how a request failed. The set is closed: it is the
// `error_type` tag of the metrics, and the key of every count of errors.
type ErrorKind string

// The kinds of failure, in the order in which a request can meet them.
const (
	// InvalidRequest is a 400: the server could read the request but not serve it.
	InvalidRequest ErrorKind = "invalid_request"
	// ModelNotFound is a 404 that names a model.
	ModelNotFound ErrorKind = "model_not_found"
	// Unauthorized is a 401 or 403.
	Unauthorized ErrorKind = "unauthorized"
	// Overloaded is a 429 or 503.
	Overloaded ErrorKind = "overloaded"
	// HTTP4xx is any other status from 400 to 499.
	HTTP4xx ErrorKind = "http_4xx"
	// HTTP5xx is any other status from 500 to 599.
	HTTP5xx ErrorKind = "http_5xx"
	// DNS says that the host name did not resolve.
	DNS ErrorKind = "dns"
	// Connect says that no TCP connection came about.
	Connect ErrorKind = "connect"
	// TLS says that the handshake failed, or that the peer speaks no TLS.
	TLS ErrorKind = "tls"
	// Reset says that an established connection broke.
	Reset ErrorKind = "reset"
	// TimeoutConnect says that connecting took longer than `timeout.connect`.
	TimeoutConnect ErrorKind = "timeout_connect"
	// TimeoutFirstToken says that the first token took longer than `timeout.firstToken`.
	TimeoutFirstToken ErrorKind = "timeout_first_token"
	// TimeoutIdle says that the stream paused for longer than `timeout.idle`.
	TimeoutIdle ErrorKind = "timeout_idle"
	// TimeoutTotal says that the request took longer than `timeout.total`.
	TimeoutTotal ErrorKind = "timeout_total"
	// ServerError is an {"error":…} line in a stream that began with status 200.
	ServerError ErrorKind = "server_error"
	// Truncated says that the stream ended without `"done":true`.
	Truncated ErrorKind = "truncated"
	// Decode says that the answer is not what Ollama sends (HTML, broken JSON).
	Decode ErrorKind = "decode"
	// Canceled says that the test, or the end of the iteration, stopped the request.
	Canceled ErrorKind = "canceled"
)

// ErrorKinds returns every kind, in the order in which a request can meet them.
func ErrorKinds() []ErrorKind {
	return []ErrorKind{
		InvalidRequest, ModelNotFound, Unauthorized, Overloaded, HTTP4xx, HTTP5xx,
		DNS, Connect, TLS, Reset,
		TimeoutConnect, TimeoutFirstToken, TimeoutIdle, TimeoutTotal,
		ServerError, Truncated, Decode, Canceled,
	}
}

// Error is a failed request: its kind, what the server or the system said, and
// the HTTP status if an answer came (0 if none did).
type Error struct {
	Kind    ErrorKind
	Message string
	Status  int
	Err     error // the cause, nil where the message is all there is
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s", e.Kind, e.Message)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the *Error in err's chain, "" if there is none.
func KindOf(err error) ErrorKind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}
