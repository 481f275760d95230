package api

import (
	"encoding/json"
	"time"
)

// Piece is what a line of a stream says, found without decoding the line. Its slices are
// parts of the line and valid as long as the line is.
type Piece struct {
	Text      Raw    // answer text
	Thinking  Raw    // what the model thought before
	ToolCalls []byte // the JSON array as it came; nil where it has no element
	Done      bool

	createdAt  Raw
	doneReason Raw
	usage      [evalDuration - totalDuration + 1]int64
	seen       uint32 // a bit for each field that is there and not null
}

// Content says whether the piece carries tokens of any kind.
func (p *Piece) Content() bool {
	return len(p.Text) > 0 || len(p.Thinking) > 0 || len(p.ToolCalls) > 0
}

// Final says whether the line closes an answer: it is done, or tells how long all took.
func (p *Piece) Final() bool {
	return p.Done || p.has(totalDuration)
}

// Chunk decodes the piece to what ParseChunk makes of its line.
func (p *Piece) Chunk() Chunk {
	var calls []json.RawMessage
	if p.ToolCalls != nil {
		_ = json.Unmarshal(p.ToolCalls, &calls) // never fails: Scan has seen that it is an array
	}
	return Chunk{
		Text:       p.Text.String(),
		Thinking:   p.Thinking.String(),
		ToolCalls:  calls,
		Done:       p.Done,
		DoneReason: p.doneReason.String(),
		Usage: Usage{
			Total:        p.duration(totalDuration),
			Load:         p.duration(loadDuration),
			PromptEval:   p.duration(promptEvalDuration),
			Eval:         p.duration(evalDuration),
			PromptTokens: p.count(promptEvalCount),
			OutputTokens: p.count(evalCount),
		},
	}
}

func (p *Piece) has(f field) bool { return p.seen&(1<<f) != 0 }

func (p *Piece) count(f field) *int64 {
	if !p.has(f) {
		return nil
	}
	n := p.usage[f-totalDuration]
	return &n
}

func (p *Piece) duration(f field) *time.Duration {
	return (*time.Duration)(p.count(f))
}

// Scan finds in a line what ParseChunk would decode from it, in one pass that allocates
// nothing. It knows the lines of which streams consist. Where ok is false, the line is
// another, and ParseChunk must be asked: an error, progress of a pull, embeddings, a field
// of an unexpected type, a field that comes twice or may be meant by a key in other
// letters, and all that is no JSON. So what is odd means here what it means to
// encoding/json.
func Scan(line []byte) (piece Piece, ok bool) {
	end := piece.object(line, skipSpace(line, 0), topLevel)
	if end == odd || skipSpace(line, end) != len(line) {
		return Piece{}, false
	}
	return piece, true
}

// object reads the members of an object.
func (p *Piece) object(line []byte, at int, keys *keys) int {
	if peek(line, at) != '{' {
		return odd
	}
	if at = skipSpace(line, at+1); peek(line, at) == '}' {
		return at + 1
	}
	for {
		field, value := keys.read(line, at)
		at = skipSpace(line, p.value(line, value, field))
		if peek(line, at) != ',' {
			return skipByte(line, at, '}')
		}
		at = skipSpace(line, at+1)
	}
}

// value reads the value of a field.
func (p *Piece) value(line []byte, at int, f field) int {
	switch {
	case f == ignored:
		return skipValue(line, at, maxDepth)
	case at == odd || f == beyond || p.has(f):
		return odd
	case peek(line, at) == 'n': // to encoding/json null is nothing, whatever the type
		return skipLiteral(line, at, "null")
	}
	p.seen |= 1 << f
	switch f {
	case text:
		p.Text, at = readString(line, at)
	case thinking:
		p.Thinking, at = readString(line, at)
	case toolCalls:
		p.ToolCalls, at = readArray(line, at)
	case message:
		at = p.object(line, at, inMessage)
	case done:
		p.Done, at = readBool(line, at)
	case createdAt:
		p.createdAt, at = readString(line, at)
	case doneReason:
		p.doneReason, at = readString(line, at)
	default:
		p.usage[f-totalDuration], at = readCount(line, at)
	}
	return at
}

// field is what a key means.
type field uint8

const (
	ignored field = iota // for sure nothing that a Piece has
	beyond               // something that Scan leaves to ParseChunk
	createdAt
	text
	thinking
	toolCalls
	message
	done
	doneReason
	totalDuration
	loadDuration
	promptEvalCount
	promptEvalDuration
	evalCount
	evalDuration
)
