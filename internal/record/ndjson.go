package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Write writes the records as newline-delimited JSON, a line each.
func Write(w io.Writer, records []Record) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	for i := range records {
		if err := encoder.Encode(&records[i]); err != nil {
			return fmt.Errorf("writing request record %d: %w", i+1, err)
		}
	}
	return nil
}

// Read reads newline-delimited records; empty lines are skipped. An error names the line.
func Read(r io.Reader) ([]Record, error) {
	var records []Record
	lines := bufio.NewReader(r)
	for number, more := 1, true; more; number++ {
		line, err := lines.ReadBytes('\n')
		switch {
		case errors.Is(err, io.EOF):
			more = false
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		record, ok, err := parse(line)
		switch {
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", number, err)
		case ok:
			records = append(records, record)
		}
	}
	return records, nil
}

// parse reads one line; ok is false for an empty one.
func parse(line []byte) (record Record, ok bool, err error) {
	if len(bytes.TrimSpace(line)) == 0 {
		return Record{}, false, nil
	}
	if err := json.Unmarshal(line, &record); err != nil {
		return Record{}, false, fmt.Errorf("not a request record: %w", err)
	}
	if record.Target == "" || record.Op == "" {
		return Record{}, false, errors.New(`not a request record: "target" and "op" are missing`)
	}
	switch record.Phase {
	case Warmup, Measure:
	case "":
		record.Phase = Measure
	default:
		return Record{}, false, fmt.Errorf("not a request record: the phase is %q, expected %q or %q",
			record.Phase, Warmup, Measure)
	}
	return record, true, nil
}
