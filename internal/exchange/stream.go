package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
)

// stream reads the lines of a successful answer.
type stream struct {
	streamed bool
	timed    bool // its chunks are tokens as they were generated
	discard  bool
	onLine   func([]byte)
	lines    api.Lines    // of an answer that is streamed
	document api.Document // of one that is not
	scanner  api.Scanner
	at       instant // when the piece arrived that completes the current line

	chunks        int     // with content
	first, latest instant // when the first and the latest content chunk arrived
	answer        instant // when the first answer text arrived
	gaps          gaps    // between content chunks

	text, thinking           []byte
	textChars, thinkingChars int // of what is not kept
	toolCalls                [][]byte

	current  []byte    // the latest line of the piece at hand
	last     []byte    // the latest of those before
	final    api.Chunk // the one that closes the answer with its usage; zero if there was none
	status   string    // the latest progress of a pull
	embedded bool
	err      *api.Error
}

func newStream(request *Request) stream {
	return stream{
		streamed: request.Stream, timed: request.streamsTokens(), discard: request.Discard,
		onLine: request.OnLine, gaps: gaps{emit: request.OnGaps},
	}
}

// take reads a piece of the body. The lines that it completes arrived with it.
func (s *stream) take(piece []byte, at instant) {
	s.at, s.current = at, nil
	var err error
	if s.streamed {
		err = s.lines.Feed(piece, s.run, s.line)
	} else {
		err = s.document.Feed(piece)
	}
	s.keepLast()
	if err != nil {
		s.failWith(err)
	}
}

// keepLast keeps the latest line beyond the buffer in which it came.
func (s *stream) keepLast() {
	if s.current != nil {
		s.last = append(s.last[:0], s.current...)
	}
}

// end reads what came after the last line break. A line that was cut off is no line: it
// says nothing but that the answer broke off, which is known anyway.
func (s *stream) end() {
	s.current = nil
	defer s.keepLast()
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

func (s *stream) hasToken() bool { return s.chunks > 0 }

func (s *stream) line(line []byte) {
	if s.err != nil {
		return // the stream is broken; the rest is only read so that the connection lives
	}
	if piece, ok := s.scanner.Scan(line); ok {
		s.piece(piece)
	} else {
		s.odd(line)
	}
	if s.err != nil {
		return
	}
	s.current = line
	if s.onLine != nil {
		s.onLine(line)
	}
}

// run takes the lines at the beginning of a piece that are like the one before them.
func (s *stream) run(piece []byte) (rest []byte) {
	if s.err != nil || s.onLine != nil {
		return piece
	}
	texts, chars := &s.text, &s.textChars
	if s.scanner.Thinking() {
		texts, chars = &s.thinking, &s.thinkingChars
	}
	run := s.scanner.Run(piece, *texts, s.discard)
	if run.Lines > 0 {
		s.content(!s.scanner.Thinking(), run.Lines)
		*texts, s.current = run.Texts, run.Last
		*chars += run.Chars
	}
	return run.Rest
}

// piece takes a line as almost all are.
func (s *stream) piece(p *api.Piece) {
	if p.Content() {
		s.content(len(p.Text) > 0, 1)
		if s.discard {
			s.textChars += p.Text.Chars()
			s.thinkingChars += p.Thinking.Chars()
		} else {
			s.text = p.Text.Append(s.text)
			s.thinking = p.Thinking.Append(s.thinking)
			if p.ToolCalls != nil {
				s.call(p.Chunk().ToolCalls)
			}
		}
	}
	if p.Final() {
		s.final = p.Chunk()
	}
}

// odd takes any other line.
func (s *stream) odd(line []byte) {
	chunk, err := api.ParseChunk(line)
	if err != nil {
		s.failWith(err)
		return
	}
	if chunk.Error != "" {
		s.fail(&api.Error{Kind: api.ServerError, Message: chunk.Error})
		return
	}
	if chunk.Content() {
		s.content(chunk.Text != "", 1)
		if s.discard {
			s.textChars += utf8.RuneCountInString(chunk.Text)
			s.thinkingChars += utf8.RuneCountInString(chunk.Thinking)
		} else {
			s.text = append(s.text, chunk.Text...)
			s.thinking = append(s.thinking, chunk.Thinking...)
			s.call(chunk.ToolCalls)
		}
	}
	if chunk.Done || chunk.Usage.Total != nil { // an embedding has no done
		s.final = chunk
	}
	if chunk.Status != "" {
		s.status = chunk.Status
	}
	s.embedded = s.embedded || chunk.Embedded
}

// content notes that chunks with tokens came, all at once.
func (s *stream) content(answer bool, chunks int) {
	if s.chunks == 0 {
		s.first = s.at
	} else if s.timed {
		s.gaps.add(float64(s.at-s.latest)/float64(time.Millisecond), 1)
	}
	if s.timed && chunks > 1 {
		s.gaps.add(0, chunks-1)
	}
	s.chunks += chunks
	s.latest = s.at
	if answer && s.answer == 0 {
		s.answer = s.at
	}
}

func (s *stream) call(calls []json.RawMessage) {
	for _, call := range calls {
		s.toolCalls = append(s.toolCalls, call)
	}
}

// fail keeps the first thing that went wrong.
func (s *stream) fail(err *api.Error) {
	if s.err == nil {
		s.err = err
	}
}

func (s *stream) failWith(err error) {
	var failed *api.Error
	if errors.As(err, &failed) {
		s.fail(failed)
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

// chars returns how many characters of answer and of thinking came.
func (s *stream) chars() (text, thinking int) {
	return s.textChars + utf8.RuneCount(s.text), s.thinkingChars + utf8.RuneCount(s.thinking)
}

func (s *stream) result() Answer {
	return Answer{Last: s.last, Text: string(s.text), Thinking: string(s.thinking), ToolCalls: s.toolCalls}
}
