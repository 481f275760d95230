package record

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Spool keeps records in memory as the lines of requests.ndjson, compressed: some 100 bytes
// each. The zero value is ready, and may be used by several goroutines.
type Spool struct {
	mu         sync.Mutex
	compressed bytes.Buffer
	encoder    *zstd.Encoder // nil before the first record
	size       int64
	count      int
}

// Add takes a record.
func (s *Spool) Add(r *Record) error {
	line, err := line(r) // outside of the lock: it is most of the work
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.encoder == nil {
		if s.encoder, err = newEncoder(&s.compressed); err != nil {
			return err
		}
	}
	if _, err := s.encoder.Write(line); err != nil {
		return fmt.Errorf("keeping a request record: %w", err)
	}
	s.size += int64(len(line))
	s.count++
	return nil
}

func newEncoder(to io.Writer) (*zstd.Encoder, error) {
	const window = 256 << 10 // lines resemble their neighbours
	encoder, err := zstd.NewWriter(to,
		zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window))
	if err != nil {
		return nil, fmt.Errorf("keeping request records: %w", err)
	}
	return encoder, nil
}

// Count returns how many records there are.
func (s *Spool) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// WriteTo writes the lines of all records. It implements io.WriterTo.
func (s *Spool) WriteTo(w io.Writer) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.encoder == nil {
		return 0, nil
	}
	if err := s.encoder.Flush(); err != nil {
		return 0, fmt.Errorf("writing request records: %w", err)
	}
	// What is flushed can be read although the stream has no end yet.
	decoder, err := zstd.NewReader(bytes.NewReader(s.compressed.Bytes()), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return 0, fmt.Errorf("writing request records: %w", err)
	}
	defer decoder.Close()
	n, err := io.CopyN(w, decoder, s.size)
	if err != nil {
		return n, fmt.Errorf("writing request records: %w", err)
	}
	return n, nil
}
