package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
)

// values feeds the text in pieces of one byte, and in one, and returns what came of it.
func values(t *testing.T, text string) []string {
	t.Helper()
	var results [2][]string
	for i, size := range []int{1, max(1, len(text))} {
		var document api.Document
		for rest := text; rest != ""; rest = rest[min(size, len(rest)):] {
			require.NoError(t, document.Feed([]byte(rest[:min(size, len(rest))])))
		}
		document.Flush(func(value []byte) { results[i] = append(results[i], string(value)) })
	}
	require.Equal(t, results[1], results[0])
	return results[0]
}

func TestDocument(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		want []string
	}{
		"a value":                            {`{"a":1}`, []string{`{"a":1}`}},
		"over several lines":                 {"{\n  \"a\": 1\n}\n", []string{"{\n  \"a\": 1\n}"}},
		"with something after it":            {"{\"a\":1}\r\n0\r\n\r\n", []string{`{"a":1}`}},
		"a stream in spite of all":           {"{\"a\":1}\n{\"a\":2}\n", []string{`{"a":1}`, `{"a":2}`}},
		"a stream that was cut off":          {"{\"a\":1}\n{\"a\":", []string{`{"a":1}`}},
		"cut off":                            {`{"a":`, nil},
		"nothing":                            {"", nil},
		"white space":                        {" \n", nil},
		"no JSON, for the error message":     {"<html>", []string{"<html>"}},
		"something that follows and is none": {`{"a":1}<html>`, []string{`{"a":1}`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, values(t, test.body))
		})
	}
}

func TestDocumentHasABound(t *testing.T) {
	t.Parallel()
	var document api.Document
	piece := []byte(strings.Repeat(" ", 64<<20))
	var err error
	for range 5 {
		if err = document.Feed(piece); err != nil {
			break
		}
	}
	require.Equal(t, api.Decode, api.KindOf(err))
}

func FuzzDocument(f *testing.F) {
	f.Add(`{"a":1}`)
	f.Add("{\"a\":1}\n{}")
	f.Add("<html>")
	f.Fuzz(func(t *testing.T, body string) {
		got := values(t, body)
		if json.Valid([]byte(body)) {
			require.Equal(t, []string{strings.Trim(body, " \t\r\n")}, got)
		}
	})
}
