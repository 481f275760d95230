package exchange

import (
	"errors"
	"io"
	"sync"
)

// observedBody hands each piece of the body to the exchange when it is read.
type observedBody struct {
	io.ReadCloser
	x     *exchange
	small [512]byte
}

// Read implements io.Reader.
func (b *observedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.x.hear(p[:n], err)
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.x.cause(err)
	}
	return n, err
}

// WriteTo implements io.WriterTo: io.Copy, by which k6 reads a body that it does not keep,
// uses it instead of a buffer of its own for each stream. A stream that brings a token at
// a time needs few bytes; large buffers are for those that bring more than fits.
func (b *observedBody) WriteTo(w io.Writer) (int64, error) {
	written, err := b.copyTo(w, b.small[:])
	if err == nil {
		large, _ := buffers.Get().(*largeBuffer)
		defer buffers.Put(large)
		for err == nil {
			var more int64
			more, err = b.copyTo(w, large[:])
			written += more
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return written, err
}

type largeBuffer [16 << 10]byte

var buffers = sync.Pool{New: func() any { return &largeBuffer{} }}

// copyTo copies until there is an error, or until the buffer is filled by one read.
func (b *observedBody) copyTo(w io.Writer, buffer []byte) (written int64, err error) {
	for n := 0; err == nil && n < len(buffer); written += int64(n) {
		if n, err = b.Read(buffer); n == 0 {
			continue
		}
		if _, err := w.Write(buffer[:n]); err != nil {
			return written, err
		}
	}
	return written, err
}

func discard(body io.ReadCloser) (int64, error) {
	n, err := io.Copy(io.Discard, body)
	return n, errors.Join(err, body.Close())
}
