package api

import "bytes"

// maxLine bounds the memory that one line can take. A context of a million tokens is
// about 8 MB long; a stream that goes on for this long without a line break is no
// Ollama's.
const maxLine = 256 << 20

// maxKept bounds the memory that is kept from one stream for the next.
const maxKept = 64 << 10

// Lines cuts a stream of bytes, which arrives in pieces of any size, into lines of any
// length. The zero value is ready.
type Lines struct {
	rest []byte
}

// Feed takes the next piece and calls line for each line that it completes. The slice
// is valid only during the call and has no line break. Lines of white space only are
// left out. run, if it is not nil, gets first what begins with a new line, may take whole
// lines of it itself, and returns the rest. Feed returns an *Error of kind Decode when a
// line grows out of all bounds.
func (l *Lines) Feed(piece []byte, run func([]byte) []byte, line func([]byte)) error {
	for {
		if run != nil && len(l.rest) == 0 {
			piece = run(piece)
		}
		end := bytes.IndexByte(piece, '\n')
		if end < 0 {
			break
		}
		whole := piece[:end]
		if len(l.rest) > 0 {
			l.rest = append(l.rest, whole...)
			whole = l.rest
		}
		emit(whole, line)
		l.rest = l.rest[:0]
		piece = piece[end+1:]
	}
	if len(l.rest)+len(piece) > maxLine {
		l.rest = nil
		return &Error{Kind: Decode, Message: "a line of the answer is longer than 256 MiB"}
	}
	l.rest = append(l.rest, piece...)
	return nil
}

// Flush ends the stream: what came after the last line break is a line, too. The next
// stream can be fed.
func (l *Lines) Flush(line func([]byte)) {
	emit(l.rest, line)
	if l.rest = l.rest[:0]; cap(l.rest) > maxKept {
		l.rest = nil
	}
}

func emit(whole []byte, line func([]byte)) {
	if end := len(whole) - 1; end < 0 || whole[0] != '{' || whole[end] != '}' { // as is all that streams are made of
		whole = bytes.TrimSpace(whole)
	}
	if len(whole) > 0 {
		line(whole)
	}
}
