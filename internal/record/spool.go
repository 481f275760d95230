package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Spool keeps records as the lines of requests.ndjson. The first are in memory. Of many,
// most are in a file that has no name and is gone with the process however that ends; where
// there can be none, they are in memory, compressed to some 100 bytes each. The zero value
// is ready, and may be used by several goroutines.
type Spool struct {
	mu    sync.Mutex
	count int

	// The lines, one part after the other.
	file       *os.File // nil as long as there is none
	inFile     int64    // bytes
	sealed     bool     // the file gets no more lines
	encoder    *zstd.Encoder
	compressed bytes.Buffer
	inEncoder  int64 // bytes
	latest     bytes.Buffer
}

// mostLatest is how many bytes of lines are moved at a time.
const mostLatest = 1 << 20

// Add takes a record.
func (s *Spool) Add(r *Record) error {
	line, err := line(r) // outside of the lock: it is most of the work
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latest.Write(line)
	s.count++
	if s.latest.Len() < mostLatest {
		return nil
	}
	if !s.sealed && s.moveToFile() == nil {
		return nil
	}
	s.sealed = true
	return s.compress()
}

// moveToFile moves the latest lines. If it fails, they are where they were.
func (s *Spool) moveToFile() (err error) {
	if s.file == nil {
		if s.file, err = namelessFile(); err != nil {
			return err
		}
	}
	if _, err := s.file.WriteAt(s.latest.Bytes(), s.inFile); err != nil {
		return fmt.Errorf("keeping request records: %w", err)
	}
	s.inFile += int64(s.latest.Len())
	s.latest.Reset()
	return nil
}

// compress moves the latest lines to the memory for those that find no place in a file.
func (s *Spool) compress() (err error) {
	if s.encoder == nil {
		const window = 256 << 10 // lines resemble their neighbours
		s.encoder, err = zstd.NewWriter(&s.compressed,
			zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window))
		if err != nil {
			return fmt.Errorf("keeping request records: %w", err)
		}
	}
	if _, err := s.encoder.Write(s.latest.Bytes()); err != nil {
		return fmt.Errorf("keeping request records: %w", err)
	}
	s.inEncoder += int64(s.latest.Len())
	s.latest.Reset()
	return nil
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
	var parts []io.Reader
	if s.file != nil {
		parts = append(parts, io.NewSectionReader(s.file, 0, s.inFile))
	}
	if s.encoder != nil {
		if err := s.encoder.Flush(); err != nil {
			return 0, fmt.Errorf("writing request records: %w", err)
		}
		// What is flushed can be read although the stream has no end yet.
		decoder, err := zstd.NewReader(bytes.NewReader(s.compressed.Bytes()), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return 0, fmt.Errorf("writing request records: %w", err)
		}
		defer decoder.Close()
		parts = append(parts, io.LimitReader(decoder, s.inEncoder))
	}
	n, err := io.Copy(w, io.MultiReader(append(parts, bytes.NewReader(s.latest.Bytes()))...))
	if err != nil {
		return n, fmt.Errorf("writing request records: %w", err)
	}
	return n, nil
}

// isAt says whether the file was saved as the path.
func (s *Spool) isAt(path string) bool {
	if s.file == nil {
		return false
	}
	there, err := os.Lstat(path)
	if err != nil {
		return false
	}
	here, err := s.file.Stat()
	return err == nil && os.SameFile(here, there)
}

// errNotWhole is the error of a file that has not all of the lines.
var errNotWhole = errors.New("not all of the records are in a file")

// SaveAs makes the lines of all records a file of the given path, in the place of one that
// was there, without writing most of them once more. It is an error wherever that can't be
// done, whatever the reason; then WriteTo is for it. Records that are added later are not in
// the file.
func (s *Spool) SaveAs(path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	whole := s.file != nil && s.encoder == nil
	switch {
	case s.isAt(path) && whole && s.latest.Len() == 0:
		return nil
	case s.isAt(path): // whoever writes there must not write over the lines
		return errors.Join(errNotWhole, os.Remove(path))
	case !whole || s.sealed:
		return errNotWhole
	}
	if err := s.moveToFile(); err != nil {
		return err
	}
	if err := giveName(s.file, path); err != nil {
		return fmt.Errorf("saving the request records: %w", err)
	}
	s.sealed = true
	return nil
}
