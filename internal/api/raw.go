package api

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// Raw is the inside of a JSON string as it stands in a line, with its escapes. What it
// means is what encoding/json makes of it: what is no UTF-8, or half of a surrogate pair,
// becomes U+FFFD.
type Raw []byte

// String decodes the text.
func (r Raw) String() string {
	if len(r) == 0 {
		return ""
	}
	return string(r.Append(make([]byte, 0, len(r))))
}

// Append decodes the text to the end of dst.
func (r Raw) Append(dst []byte) []byte {
	if r.isWord() {
		return append(dst, r...)
	}
	for len(r) > 0 {
		plain := bytes.IndexByte(r, '\\')
		if plain < 0 {
			plain = len(r)
		}
		dst = appendValid(dst, r[:plain])
		if r = r[plain:]; len(r) > 0 {
			c, size := r.escape()
			dst = utf8.AppendRune(dst, c)
			r = r[size:]
		}
	}
	return dst
}

// isWord says whether the text is as short as a token, and means what it looks like.
func (r Raw) isWord() bool {
	if len(r) > 16 {
		return false
	}
	for _, c := range r {
		if c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Chars returns how many characters the text has when decoded.
func (r Raw) Chars() int {
	if r.isWord() {
		return len(r)
	}
	n := 0
	for {
		plain := bytes.IndexByte(r, '\\')
		if plain < 0 {
			return n + utf8.RuneCount(r)
		}
		n += utf8.RuneCount(r[:plain]) + 1
		_, size := r[plain:].escape()
		r = r[plain+size:]
	}
}

// appendValid appends text with U+FFFD for each byte that is no UTF-8.
func appendValid(dst, text []byte) []byte {
	if utf8.Valid(text) {
		return append(dst, text...)
	}
	for _, c := range string(text) {
		dst = utf8.AppendRune(dst, c)
	}
	return dst
}

// escape decodes the escape with which the text begins, and says how long it is.
func (r Raw) escape() (c rune, size int) {
	switch r[1] {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		return r.unicode()
	default: // what stands for itself
		return rune(r[1]), 2
	}
}

// unicode decodes \uXXXX, or two of them that are one character.
func (r Raw) unicode() (c rune, size int) {
	c = hex4(r[2:6])
	if !utf16.IsSurrogate(c) {
		return c, 6
	}
	if len(r) >= 12 && r[6] == '\\' && r[7] == 'u' {
		if pair := utf16.DecodeRune(c, hex4(r[8:12])); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

// hex4 decodes four hexadecimal digits, and returns -1 where one is none.
func hex4(digits []byte) rune {
	var n rune
	for _, c := range digits {
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		n = 16*n + rune(c)
	}
	return n
}
