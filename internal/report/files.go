package report

import (
	"bytes"

	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
)

// The names of the files.
const (
	ResultsFile  = "results.json"
	RequestsFile = "requests.ndjson"
	MarkdownFile = "report.md"
)

// Files returns the contents of the files to be left behind, by name. The records are written
// as they are, warm-up included.
func Files(results Results, records []record.Record, l locale.Locale) (map[string][]byte, error) {
	var resultsText, requests, page bytes.Buffer
	if err := JSON(&resultsText, results); err != nil {
		return nil, err
	}
	if err := record.Write(&requests, records); err != nil {
		return nil, err
	}
	if err := Markdown(&page, results, l); err != nil {
		return nil, err
	}
	return map[string][]byte{
		ResultsFile:  resultsText.Bytes(),
		RequestsFile: requests.Bytes(),
		MarkdownFile: page.Bytes(),
	}, nil
}
