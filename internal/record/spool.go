package record

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Spool keeps records as the lines of requests.ndjson, compressed: some 100 bytes each. The
// first are in memory; of many, most are in a temporary file, which is gone with the process
// however that ends. Where there can be no such file, all are in memory. The zero value is
// ready, and may be used by several goroutines.
type Spool struct {
	mu      sync.Mutex
	encoder *zstd.Encoder // nil before the first record
	size    int64         // of the lines
	count   int

	file     *os.File // nil as long as there is none
	inFile   int64    // bytes
	fileFull bool     // or can't be had: it gets no more
	inMemory bytes.Buffer
}

// mostInMemory is how many compressed bytes are kept in memory before they go to the file.
const mostInMemory = 1 << 20

// Add takes a record.
func (s *Spool) Add(r *Record) error {
	line, err := line(r) // outside of the lock: it is most of the work
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.encoder == nil {
		if s.encoder, err = newEncoder(compressed{s}); err != nil {
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

// compressed takes what the encoder makes; the Spool is locked.
type compressed struct{ *Spool }

// Write implements io.Writer. It never fails: what finds no place in the file has one in memory.
func (c compressed) Write(text []byte) (int, error) {
	c.inMemory.Write(text)
	if c.inMemory.Len() >= mostInMemory && !c.fileFull {
		c.fileFull = c.moveToFile() != nil
	}
	return len(text), nil
}

func (s *Spool) moveToFile() (err error) {
	if s.file == nil {
		if s.file, err = namelessFile(); err != nil {
			return err
		}
	}
	if _, err := s.file.WriteAt(s.inMemory.Bytes(), s.inFile); err != nil {
		return fmt.Errorf("keeping request records: %w", err)
	}
	s.inFile += int64(s.inMemory.Len())
	s.inMemory.Reset()
	return nil
}

// namelessFile returns a temporary file without a name, of which nothing is left when it is
// closed. It is an error where a file that is open can't be removed, as on Windows.
func namelessFile() (*os.File, error) {
	file, err := os.CreateTemp("", "xk6-ollama-*.ndjson.zst")
	if err != nil {
		return nil, fmt.Errorf("keeping request records: %w", err)
	}
	if err := os.Remove(file.Name()); err != nil {
		_ = file.Close() // nothing is in it
		_ = os.Remove(file.Name())
		return nil, fmt.Errorf("keeping request records: %w", err)
	}
	return file, nil
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
	decoder, err := zstd.NewReader(s.reader(), zstd.WithDecoderConcurrency(1))
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

// reader reads all that was compressed.
func (s *Spool) reader() io.Reader {
	rest := bytes.NewReader(s.inMemory.Bytes())
	if s.file == nil {
		return rest
	}
	return io.MultiReader(io.NewSectionReader(s.file, 0, s.inFile), rest)
}
