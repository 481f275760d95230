package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// Document collects an answer that was not streamed: one JSON value, over as many lines
// as whoever sent it likes. The zero value is ready.
type Document struct {
	body []byte
}

// Feed takes the next piece. It returns an *Error of kind Decode when the answer grows
// out of all bounds.
func (d *Document) Feed(piece []byte) error {
	if len(d.body)+len(piece) > maxLine {
		d.body = nil
		return &Error{Kind: Decode, Message: "the answer is longer than 256 MiB"}
	}
	d.body = append(d.body, piece...)
	return nil
}

// Flush ends the answer and calls value with it: with each object, where a server
// streams in spite of all, and with the whole body where that is no JSON. What comes
// after the value does not count, and one that was cut off is none.
func (d *Document) Flush(value func([]byte)) {
	decoder := json.NewDecoder(bytes.NewReader(d.body))
	for first := true; ; first = false {
		var next json.RawMessage
		switch err := decoder.Decode(&next); {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return
		case first && err != nil:
			value(d.body)
			return
		case err != nil, !first && next[0] != '{':
			return
		}
		value(next)
	}
}
