package api

import "bytes"

// Scanner scans the lines of a stream, as Scan does. Most of them differ from the line
// before in two strings only, the time and the text, so it remembers what is around
// these: where that is the same, only the two are read. The zero value is ready.
type Scanner struct {
	head, middle, tail []byte // a line is head, time, middle, text, tail
	thinking           bool   // the text is thinking
	line               []byte // of which they are parts; the Scanner's own

	usual, other Piece // of a line like the one before, with nothing but a text, and of any other
}

// maxRemembered is the length of the longest line that is worth a copy.
const maxRemembered = 256

// Scan finds in a line what ParseChunk would decode from it; see the function Scan. The
// piece is valid until the next Scan.
func (s *Scanner) Scan(line []byte) (piece *Piece, ok bool) {
	if text, end := s.match(line); end == len(line) {
		if s.thinking {
			s.usual.Thinking = text
		} else {
			s.usual.Text = text
		}
		return &s.usual, true
	}
	if s.other, ok = Scan(line); ok {
		s.remember(line, &s.other)
	}
	return &s.other, ok
}

// Run is lines of a stream that carry nothing but texts of one kind.
type Run struct {
	Lines int
	Texts []byte // all texts, one after the other
	Chars int    // of the texts, if they are not wanted
	Last  []byte // the last of the lines, without its line break
	Rest  []byte // what comes after the lines
}

// Run reads the lines with which a piece of a stream begins, as long as each is like the
// one that was scanned last, has a text, and ends with a line break within the piece. It
// appends their texts to those that there are, or, to discard them, counts their characters.
func (s *Scanner) Run(piece, texts []byte, discard bool) Run {
	run := Run{Texts: texts, Rest: piece}
	for {
		text, end := s.match(run.Rest)
		if len(text) == 0 || peek(run.Rest, end) != '\n' {
			return run
		}
		if discard {
			run.Chars += text.Chars()
		} else {
			run.Texts = text.Append(run.Texts)
		}
		run.Lines++
		run.Last, run.Rest = run.Rest[:end], run.Rest[end+1:]
	}
}

// Thinking says whether the texts of a Run are thinking.
func (s *Scanner) Thinking() bool { return s.thinking }

// match returns the text of a line that is like the one remembered, and where the line ends;
// odd, if it is not. Another string in the place of a string changes nothing in what the rest
// of the line means.
func (s *Scanner) match(line []byte) (text Raw, end int) {
	if len(s.head) == 0 || !bytes.HasPrefix(line, s.head) {
		return nil, odd
	}
	_, at := readString(line, len(s.head)-1)
	if at == odd || !bytes.HasPrefix(line[at:], s.middle) {
		return nil, odd
	}
	text, at = readString(line, at+len(s.middle)-1)
	if at == odd || !bytes.HasPrefix(line[at:], s.tail) {
		return nil, odd
	}
	return text, at + len(s.tail)
}

// remember keeps what is around the time and the text, if the piece is nothing but a text.
func (s *Scanner) remember(line []byte, p *Piece) {
	const usual = 1<<createdAt | 1<<text | 1<<thinking | 1<<message | 1<<done
	content, other := p.Text, p.Thinking
	if len(other) > 0 {
		content, other = other, content
	}
	from, to := offset(line, p.createdAt), offset(line, content)
	if p.Done || p.seen&^usual != 0 || len(other) > 0 ||
		p.createdAt == nil || content == nil || from > to || len(line) > maxRemembered {
		return
	}
	s.line = append(s.line[:0], line...)
	s.head = s.line[:from]
	s.middle = s.line[from+len(p.createdAt)+1 : to]
	s.tail = s.line[to+len(content)+1:]
	s.thinking = len(p.Thinking) > 0
	s.usual = Piece{}
}

// offset returns where a part of a line begins: both end at the same capacity.
func offset(line, part []byte) int { return cap(line) - cap(part) }
