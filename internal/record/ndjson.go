package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
)

// Write writes the records as newline-delimited JSON, a line each.
func Write(w io.Writer, records []Record) error {
	for i := range records {
		text, err := line(&records[i])
		if err == nil {
			_, err = w.Write(text)
		}
		if err != nil {
			return fmt.Errorf("writing request record %d: %w", i+1, err)
		}
	}
	return nil
}

// line is the record as a line of requests.ndjson.
func line(r *Record) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		return nil, fmt.Errorf("writing a request record: %w", err)
	}
	return text.Bytes(), nil
}

// Read reads newline-delimited records; empty lines are skipped. An error names the line.
func Read(r io.Reader) ([]Record, error) {
	var records []Record
	lines := NewReader(r)
	for {
		record, err := lines.Next()
		switch {
		case errors.Is(err, io.EOF):
			return records, nil
		case err != nil:
			return nil, err
		}
		records = append(records, record)
	}
}

// maxLine is the longest line, in bytes, that is taken for a record. One is a few hundred
// bytes long, and some kilobytes with a long error message.
const maxLine = 16 << 20

// LineError is a line that holds no record. The reader has passed it: the next may hold one.
type LineError struct {
	Number int // from 1
	Err    error
}

// Error implements error.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Number, e.Err) }

// Unwrap returns what is wrong with the line.
func (e *LineError) Unwrap() error { return e.Err }

// Reader reads newline-delimited records one by one; empty lines are skipped.
type Reader struct {
	in     *bufio.Reader
	number int // of the line that was read last
	text   []byte
}

// NewReader returns a reader of the records in r.
func NewReader(r io.Reader) *Reader {
	in := bufio.NewReaderSize(r, 64<<10)
	if mark, err := in.Peek(len(byteOrderMark)); err == nil && string(mark) == byteOrderMark {
		_, _ = in.Discard(len(byteOrderMark)) // it has been read already
	}
	return &Reader{in: in}
}

// byteOrderMark is what some editors put before a text in UTF-8.
const byteOrderMark = "\ufeff"

// Line returns the line of the latest record, without its line break. It is valid until the
// next call of Next.
func (r *Reader) Line() []byte { return r.text }

// Next returns the next record, or io.EOF after the last. Of a line that holds none the
// error is a *LineError, and Next can be called again; after any other error it can not.
func (r *Reader) Next() (Record, error) {
	for {
		err := r.readLine()
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return Record{}, fmt.Errorf("line %d: %w", r.number, err)
		}
		if len(r.text) > maxLine {
			return Record{}, &LineError{r.number, errors.New("not a request record: longer than 16 MiB")}
		}
		r.text = bytes.TrimSpace(r.text)
		if len(r.text) > 0 {
			record, err := parse(r.text)
			if err != nil {
				return Record{}, &LineError{r.number, err}
			}
			return record, nil
		}
		if end {
			return Record{}, io.EOF
		}
	}
}

// readLine reads a line into text; of one that is too long, no more than shows that. The
// error is io.EOF with the last line.
func (r *Reader) readLine() error {
	r.number++
	r.text = r.text[:0]
	for {
		piece, err := r.in.ReadSlice('\n')
		if len(r.text) <= maxLine {
			r.text = append(r.text, piece...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err //nolint:wrapcheck // Next does
		}
	}
}

// longest is the longest time, in ms, that a clock can have measured: thirty years.
const longest = 1e12

// checkTimes refuses times that no clock shows, which would make nonsense of every mean.
func (r *Record) checkTimes() error {
	server := r.Server
	if server == nil {
		server = &Server{}
	}
	for name, time := range map[string]*float64{
		"duration_ms": r.Duration, "headers_ms": r.Headers, "connect_ms": r.Connect, "ttft_ms": r.TTFT, "ttfo_ms": r.TTFO,
		"tpot_ms": r.TPOT, "last_token_ms": r.LastToken, "schedule_delay_ms": r.ScheduleDelay, "network_ms": r.Network,
		"server.total_ms": server.Total, "server.load_ms": server.Load, "server.prompt_eval_ms": server.PromptEval,
		"server.eval_ms": server.Eval, "server.queue_ms": server.Queue,
	} {
		if time != nil && (*time < 0 || *time > longest) {
			return fmt.Errorf("not a request record: %s is %g, which no clock shows", name, *time)
		}
	}
	return nil
}

func parse(text []byte) (record Record, err error) {
	if err := json.Unmarshal(text, &record); err != nil {
		return Record{}, fmt.Errorf("not a request record: %w", err)
	}
	for _, field := range [][2]string{{"target", record.Target}, {"op", record.Op}} {
		if field[1] == "" {
			return Record{}, fmt.Errorf("not a request record: %q is missing", field[0])
		}
	}
	if err := record.checkTimes(); err != nil {
		return Record{}, err
	}
	switch record.Phase {
	case Warmup, Measure:
	case "":
		record.Phase = Measure
	default:
		return Record{}, fmt.Errorf("not a request record: the phase is %q, expected %q or %q",
			record.Phase, Warmup, Measure)
	}
	record.Endpoint = withoutCredentials(record.Endpoint)
	return record, nil
}

// withoutCredentials leaves out the user and password of an address that another tool, or
// somebody by hand, wrote into a record; ours have none. They would stand in every report.
func withoutCredentials(address string) string {
	at := strings.LastIndex(address, "@")
	if at < 0 {
		return address
	}
	if endpoint, err := api.ParseEndpoint(address); err == nil {
		return endpoint.String()
	}
	return address[at+1:]
}
