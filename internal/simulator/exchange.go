package simulator

import (
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/simulator/wire/openai"
)

// Content types, as Ollama's.
const (
	typeJSON   = "application/json; charset=utf-8"
	typeV1JSON = "application/json"
	typeNDJSON = "application/x-ndjson"
	typeSSE    = "text/event-stream"
	typePlain  = "text/plain"
)

// exchange is one request behind the network, and the way back.
type exchange struct {
	server  *Server
	w       http.ResponseWriter
	r       *http.Request
	body    []byte
	v1      bool          // errors of handlers come in the form of /v1
	arrived time.Time     // at the server, behind the network
	back    time.Duration // the network delay of what is written
	number  int           // of a generation request, from 1
	random  *rand.Rand    // for the schedule of this request
	fault   Fault
	truth   *Truth // nil unless it is a generation request
}

// streams of chance of a request, so that what one draws does not shift another.
const (
	chanceSchedule = iota
	chanceNetwork
	chanceFault
	chanceOther
)

func (s *Server) chance(stream, number uint64) *rand.Rand {
	return rand.New(rand.NewPCG(s.config.Seed<<2|stream, number)) // #nosec G404 -- no secrets, but repeatable
}

// generation makes a handler of requests that are counted and logged.
func (s *Server) generation(v1 bool, handle func(*exchange)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.gate.RLock()
		defer s.gate.RUnlock()
		if s.shut {
			return
		}
		x := &exchange{server: s, w: w, r: r, v1: v1, truth: &Truth{Path: r.URL.Path}}
		if !x.read() {
			return
		}
		read := time.Now()
		x.number = int(s.requests.Add(1))
		number := uint64(x.number) // #nosec G115 -- never negative
		x.random = s.chance(chanceSchedule, number)
		x.fault = strikes(s.config.Faults, x.number, s.chance(chanceFault, number))
		delay := s.config.Network.draw(s.chance(chanceNetwork, number))
		x.back = delay/2 + x.fault.delay()
		x.truth.Request, x.truth.ReadAt, x.truth.NetworkMS = x.number, unixMS(read), inMS(delay/2+x.back)
		if x.fault.Kind != "" {
			x.truth.Fault = x.fault.String()
		}
		defer s.truth.write(x.truth)
		if sleepUntil(r.Context(), read.Add(delay/2)) != nil {
			x.truth.Outcome = "client_gone"
			return
		}
		x.arrived = time.Now()
		x.truth.ArrivedAt = unixMS(x.arrived)
		if x.fault.Kind == Refuse {
			x.truth.Outcome = "fault"
			x.reset()
			return
		}
		handle(x)
	}
}

// inquiry makes a handler of all other requests.
func (s *Server) inquiry(v1 bool, handle func(*exchange)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{server: s, w: w, r: r, v1: v1}
		if !x.read() {
			return
		}
		delay := s.config.Network.draw(s.chance(chanceOther, uint64(s.others.Add(1)))) // #nosec G115 -- never negative
		x.back = delay / 2
		if sleepUntil(r.Context(), time.Now().Add(delay/2)) != nil {
			return
		}
		x.arrived = time.Now()
		handle(x)
	}
}

// read takes in the body; false if the client left before its end.
func (x *exchange) read() bool {
	var err error
	x.body, err = io.ReadAll(x.r.Body)
	return err == nil
}

// decode parses the body into request; false if that failed and has been answered.
func (x *exchange) decode(request any) bool {
	err := decodeFirst(x.body, request)
	switch {
	case errors.Is(err, io.EOF) && !x.v1:
		x.reply(http.StatusBadRequest, typeJSON, errorBody("missing request body"))
	case err != nil:
		x.refuse(err.Error())
	}
	return err == nil
}

// decodeFirst reads the first JSON value of body, as Ollama does, whatever follows it.
func decodeFirst(body []byte, request any) error {
	return json.NewDecoder(&reader{body}).Decode(request) //nolint:wrapcheck // the text is Ollama's answer
}

// reader reads bytes; unlike bytes.Reader it has no other methods that json could use.
type reader struct{ rest []byte }

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func errorBody(message string) []byte {
	body, err := json.Marshal(map[string]string{"error": message})
	if err != nil { // a map of strings always marshals
		return nil
	}
	return body
}

// refuse answers 400 for a request that could not be read; on /v1 Ollama's middleware does
// that, with another content type than its handlers' errors have.
func (x *exchange) refuse(message string) {
	if !x.v1 {
		x.fail(http.StatusBadRequest, message)
		return
	}
	x.replyJSON(http.StatusBadRequest, typeJSON, openai.NewError(http.StatusBadRequest, message), false)
}

// fail answers with an error. On /v1 every error of a handler has the type api_error.
func (x *exchange) fail(status int, message string) {
	if !x.v1 {
		x.reply(status, typeJSON, errorBody(message))
		return
	}
	x.replyJSON(status, typeV1JSON, openai.NewError(http.StatusInternalServerError, message), true)
}

// json answers 200; on /v1 a line feed follows, as from a json.Encoder.
func (x *exchange) json(value any) {
	if x.v1 {
		x.replyJSON(http.StatusOK, typeV1JSON, value, true)
		return
	}
	x.replyJSON(http.StatusOK, typeJSON, value, false)
}

func (x *exchange) replyJSON(status int, contentType string, value any, lineFeed bool) {
	body, err := json.Marshal(value)
	if err != nil {
		status, contentType, body = http.StatusInternalServerError, typeJSON, errorBody(err.Error())
	}
	if lineFeed {
		body = append(body, '\n')
	}
	x.reply(status, contentType, body)
}

// reply sends an answer in one piece, through the network.
func (x *exchange) reply(status int, contentType string, body []byte) {
	if x.truth != nil {
		x.truth.DoneMS = inMS(time.Since(x.arrived))
		x.truth.TotalMS = x.truth.DoneMS
	}
	x.send(time.Now().Add(x.back), status, contentType, body)
}

// send sends an answer in one piece at a moment, and completes the truth.
func (x *exchange) send(at time.Time, status int, contentType string, body []byte) {
	if sleepUntil(x.r.Context(), at) != nil {
		x.outcome("client_gone")
		return
	}
	x.w.Header().Set("Content-Type", contentType)
	x.w.WriteHeader(status)
	_, err := x.w.Write(body)
	if x.truth == nil {
		return
	}
	x.truth.Status = status
	x.wrote(time.Now())
	switch {
	case err != nil:
		x.outcome("client_gone")
	case x.truth.Outcome != "":
	case status >= http.StatusBadRequest:
		x.outcome("rejected")
	default:
		x.outcome("ok")
	}
}

func (x *exchange) outcome(outcome string) {
	if x.truth != nil && (x.truth.Outcome == "" || outcome == "client_gone") {
		x.truth.Outcome = outcome
	}
}

// wrote notes that a line has been handed to the socket.
func (x *exchange) wrote(now time.Time) {
	t := x.truth
	t.Lines++
	if t.FirstWrittenAt == 0 {
		t.FirstWrittenAt, t.FirstWrittenMS = unixMS(now), inMS(now.Sub(x.arrived))
	}
	t.LastWrittenAt, t.LastWrittenMS = unixMS(now), inMS(now.Sub(x.arrived))
	if t.DoneMS > 0 {
		t.NetworkAppliedMS = t.ArrivedAt - t.ReadAt + t.LastWrittenMS - t.DoneMS
	}
}

// reset breaks the connection with a TCP RST.
func (x *exchange) reset() {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		return // the connection is already gone
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // if it fails the close below still ends the connection
	}
	_ = conn.Close()
}

// pause holds back what is still to be written, as a stall with a duration does.
func (x *exchange) pause() {
	x.back += x.fault.Duration
	x.truth.NetworkMS += inMS(x.fault.Duration)
}

// breakOff does what a fault does instead of the rest of an answer: it breaks the connection,
// or stalls until the client leaves or the server closes, and then breaks it.
func (x *exchange) breakOff() {
	if !x.fault.breaksOff() {
		return
	}
	if x.fault.Kind == Stall {
		select {
		case <-x.r.Context().Done():
		case <-x.server.closing:
		}
	}
	x.reset()
}

// sendHalf sends half of an answer, then does as the fault says.
func (x *exchange) sendHalf(at time.Time, contentType string, body []byte) {
	if sleepUntil(x.r.Context(), at) != nil {
		x.outcome("client_gone")
		return
	}
	x.w.Header().Set("Content-Type", contentType)
	x.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	x.truth.Status = http.StatusOK
	_, err := x.w.Write(body[:len(body)/2])
	if err != nil || http.NewResponseController(x.w).Flush() != nil {
		x.outcome("client_gone")
		return
	}
	x.wrote(time.Now())
	if !x.fault.pauses() {
		x.breakOff()
		return
	}
	x.pause()
	if sleepUntil(x.r.Context(), time.Now().Add(x.fault.Duration)) != nil {
		x.outcome("client_gone")
		return
	}
	if _, err := x.w.Write(body[len(body)/2:]); err != nil {
		x.outcome("client_gone")
		return
	}
	x.wrote(time.Now())
	x.outcome("ok")
}
