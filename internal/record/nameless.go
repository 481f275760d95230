package record

import (
	"fmt"
	"os"
)

// removedFile returns a temporary file that has no name any more. It is an error where a
// file that is open can't be removed, as on Windows.
func removedFile() (*os.File, error) {
	file, err := os.CreateTemp("", "xk6-ollama-*.ndjson")
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
