package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
)

// stream reads the lines of a successful answer.
type stream struct {
	streamed bool
	onLine   func([]byte)
	lines    api.Lines    // of an answer that is streamed
	document api.Document // of one that is not
	at       time.Time    // when the piece arrived that completes the current line

	tokens    []time.Time // when each content chunk arrived
	answer    time.Time   // when the first answer text arrived
	text      strings.Builder
	thinking  strings.Builder
	toolCalls [][]byte
	last      []byte
	final     api.Chunk // the one that closes the answer with its usage; zero if there was none
	status    string    // the latest progress of a pull
	embedded  bool
	err       *api.Error
}

func newStream(request *Request) stream {
	return stream{streamed: request.Stream, onLine: request.OnLine}
}

// take reads a piece of the body. The lines that it completes arrived with it.
func (s *stream) take(piece []byte, at time.Time) {
	s.at = at
	var err error
	if s.streamed {
		err = s.lines.Feed(piece, s.line)
	} else {
		err = s.document.Feed(piece)
	}
	var failed *api.Error
	if errors.As(err, &failed) {
		s.fail(failed)
	}
}

// end reads what came after the last line break. A line that was cut off is no line: it
// says nothing but that the answer broke off, which is known anyway.
func (s *stream) end() {
	if !s.streamed {
		s.document.Flush(s.line)
		return
	}
	s.lines.Flush(func(line []byte) {
		var value json.RawMessage
		err := json.NewDecoder(bytes.NewReader(line)).Decode(&value)
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			s.line(line)
		}
	})
}

func (s *stream) hasToken() bool { return len(s.tokens) > 0 }

func (s *stream) line(line []byte) {
	if s.err != nil {
		return // the stream is broken; the rest is only read so that the connection lives
	}
	chunk, err := api.ParseChunk(line)
	var failed *api.Error
	if errors.As(err, &failed) {
		s.fail(failed)
		return
	}
	if chunk.Error != "" {
		s.fail(&api.Error{Kind: api.ServerError, Message: chunk.Error})
		return
	}
	if chunk.Content() {
		s.tokens = append(s.tokens, s.at)
		if chunk.Text != "" && s.answer.IsZero() {
			s.answer = s.at
		}
	}
	s.text.WriteString(chunk.Text)
	s.thinking.WriteString(chunk.Thinking)
	for _, call := range chunk.ToolCalls {
		s.toolCalls = append(s.toolCalls, call)
	}
	if chunk.Done || chunk.Usage.Total != nil { // an embedding has no done
		s.final = chunk
	}
	if chunk.Status != "" {
		s.status = chunk.Status
	}
	s.embedded = s.embedded || chunk.Embedded
	s.last = append(s.last[:0], line...)
	if s.onLine != nil {
		s.onLine(line)
	}
}

// fail keeps the first thing that went wrong.
func (s *stream) fail(err *api.Error) {
	if s.err == nil {
		s.err = err
	}
}

// complete says whether the answer came to its proper end.
func (s *stream) complete(op api.Op) bool {
	switch op {
	case api.Generate, api.Chat, api.Load, api.Unload:
		return s.final.Done
	case api.Pull:
		return s.status == "success"
	case api.Embed:
		return s.embedded
	default:
		return len(s.last) > 0
	}
}

func (s *stream) result() Answer {
	return Answer{
		Last:      bytes.Clone(s.last),
		Text:      s.text.String(),
		Thinking:  s.thinking.String(),
		ToolCalls: s.toolCalls,
	}
}
