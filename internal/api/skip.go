package api

import (
	"encoding/binary"
	"math/bits"
)

// The functions of this file go over JSON that begins at a position in a line, and return
// the position behind it.

// odd is the position behind what encoding/json would not accept, or Scan not expect. No
// line has a byte there, so whoever goes on from it comes to odd again.
const odd = -1

// maxDepth is how deep a value may be that is skipped; encoding/json allows 10,000.
const maxDepth = 32

// peek returns the byte at a position, or 0, which means nothing in JSON, where none is.
func peek(line []byte, at int) byte {
	if uint(at) < uint(len(line)) {
		return line[at]
	}
	return 0
}

func skipSpace(line []byte, at int) int {
	for uint(at) < uint(len(line)) && isSpace(line[at]) {
		at++
	}
	return at
}

func isSpace(c byte) bool {
	return c <= ' ' && (c == ' ' || c == '\t' || c == '\r' || c == '\n')
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// skipValue goes over a value of any type that is not deeper than depth.
func skipValue(line []byte, at, depth int) int {
	switch peek(line, at) {
	case '"':
		return skipString(line, at)
	case '{':
		return skipObject(line, at, depth-1)
	case '[':
		return skipArray(line, at, depth-1)
	case 't':
		return skipLiteral(line, at, "true")
	case 'f':
		return skipLiteral(line, at, "false")
	case 'n':
		return skipLiteral(line, at, "null")
	default:
		return skipNumber(line, at)
	}
}

// skipByte goes over a byte that must be there.
func skipByte(line []byte, at int, c byte) int {
	if peek(line, at) == c {
		return at + 1
	}
	return odd
}

// skipLiteral goes over a word of which the first letter is known to be there.
func skipLiteral(line []byte, at int, literal string) int {
	if end := at + len(literal); end <= len(line) && string(line[at:end]) == literal {
		return end
	}
	return odd
}

func skipObject(line []byte, at, depth int) int {
	if depth == 0 {
		return odd
	}
	if at = skipSpace(line, at+1); peek(line, at) == '}' {
		return at + 1
	}
	for {
		if at = skipString(line, at); peek(line, at) == ':' && peek(line, at+1) > ' ' {
			at++ // there is no space around the colon, as with Ollama
		} else {
			at = skipColon(line, at)
		}
		at = skipSpace(line, skipValue(line, at, depth))
		if peek(line, at) != ',' {
			return skipByte(line, at, '}')
		}
		at = skipSpace(line, at+1)
	}
}

// skipColon goes over what is between a key and its value.
func skipColon(line []byte, at int) int {
	at = skipByte(line, skipSpace(line, at), ':')
	return skipSpace(line, at)
}

func skipArray(line []byte, at, depth int) int {
	if depth == 0 {
		return odd
	}
	if at = skipSpace(line, at+1); peek(line, at) == ']' {
		return at + 1
	}
	for {
		if isDigit(peek(line, at)) {
			at = skipIntegers(line, at)
		}
		at = skipSpace(line, skipValue(line, at, depth))
		if peek(line, at) != ',' {
			return skipByte(line, at, ']')
		}
		at = skipSpace(line, at+1)
	}
}

func skipNumber(line []byte, at int) int {
	if peek(line, at) == '-' {
		at++
	}
	if peek(line, at) == '0' {
		at++
	} else {
		at = skipDigits(line, at)
	}
	if peek(line, at) == '.' {
		at = skipDigits(line, at+1)
	}
	if c := peek(line, at); c == 'e' || c == 'E' {
		at++
		if c := peek(line, at); c == '+' || c == '-' {
			at++
		}
		at = skipDigits(line, at)
	}
	return at
}

// skipDigits goes over one digit or more.
func skipDigits(line []byte, at int) int {
	if !isDigit(peek(line, at)) {
		return odd
	}
	for {
		others := digitsIn(wordAt(line, at)) ^ marks
		if others != 0 {
			return at + firstMark(others)
		}
		at += 8
	}
}

func skipString(line []byte, at int) int {
	if peek(line, at) != '"' {
		return odd
	}
	for at++; ; at += 8 {
		if stops := stopsOfString(wordAt(line, at)); stops != 0 {
			at += firstMark(stops)
			break
		}
	}
	switch peek(line, at) {
	case '"':
		return at + 1
	case '\\':
		return skipEscaped(line, at)
	default:
		return odd
	}
}

// skipEscaped goes over the rest of a string, from a backslash on.
func skipEscaped(line []byte, at int) int {
	for {
		switch c := peek(line, at); {
		case c == '"':
			return at + 1
		case c == '\\':
			if at = skipEscape(line, at); at == odd {
				return odd
			}
		case c >= ' ':
			at++
		default:
			return odd
		}
	}
}

// skipEscape goes over a backslash and what it escapes.
func skipEscape(line []byte, at int) int {
	switch peek(line, at+1) {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return at + 2
	case 'u':
		if at+6 <= len(line) && hex4(line[at+2:at+6]) >= 0 {
			return at + 6
		}
	}
	return odd
}

// Eight bytes are looked at together, as the lanes of a word: lanes(c) has c in each. What
// is found is marked by the highest bit of its lane.
const (
	ones  = 0x0101010101010101
	marks = 0x80 * ones
)

func lanes(c byte) uint64 { return ones * uint64(c) }

func firstMark(word uint64) int { return bits.TrailingZeros64(word) / 8 }

// wordAt returns the eight bytes at a position; those behind the end of the line are 0.
func wordAt(line []byte, at int) uint64 {
	if at+8 <= len(line) {
		return binary.LittleEndian.Uint64(line[at : at+8])
	}
	return lastWord(line[at:])
}

func lastWord(rest []byte) uint64 {
	word := uint64(0)
	for i := len(rest) - 1; i >= 0; i-- {
		word = word<<8 | uint64(rest[i])
	}
	return word
}

// stopsOfString marks quotes, backslashes and control characters: what does not simply
// belong to a string. Only the first mark is sure to be right: where a subtraction finds
// something, it borrows from the next lane.
func stopsOfString(word uint64) uint64 {
	quoteOrControl := (word ^ lanes('"'^' ')) - lanes(' '+1) // the quote in the place of the space
	backslash := (word ^ lanes('\\')) - ones
	return (quoteOrControl | backslash) &^ word & marks
}

// skipIntegers goes over elements of an array as long as they are plain integers with
// a comma right behind, as in a context of hundreds of thousands of tokens. Position at is
// where an element begins, and so is the one that it returns. It may stop early, and does
// so before an element in which something is wrong.
func skipIntegers(line []byte, at int) int {
	start := at
	begins := uint64(0x80) // marks where an element begins; in lane 0 it does
	for ; ; at += 8 {
		word := wordAt(line, at)
		digits, commas, zeros := digitsIn(word), bytesIn(word, ','), bytesIn(word, '0')
		begins |= commas << 8
		beforeDigit := digits>>8 | 0x80<<56 // what follows the last lane may be one
		if digits|commas != marks || begins&(commas|zeros&beforeDigit) != 0 {
			break
		}
		begins = commas >> 56
	}
	for at > start && line[at-1] != ',' {
		at--
	}
	return at
}

// bytesIn marks each lane that is c.
func bytesIn(word uint64, c byte) uint64 {
	return atMost(word^lanes(c), 0)
}

// digitsIn marks each lane that is a decimal digit.
func digitsIn(word uint64) uint64 {
	return atMost(word^lanes('0'), 9)
}

// atMost marks each lane of at most a value below 128. Nothing is carried between lanes.
func atMost(word uint64, value byte) uint64 {
	const rest = marks - ones // 0x7f in each lane
	return ^((word&rest + lanes(0x7f-value)) | word) & marks
}
