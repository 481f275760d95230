package api_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
)

func ptr[T any](v T) *T { return &v }

func TestParseChunk(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		line    string
		want    api.Chunk
		content bool
	}{
		"generate": {
			`{"model":"tiny","created_at":"2026-11-23T14:21:16Z","response":" three","done":false}`,
			api.Chunk{Text: " three"},
			true,
		},
		"chat": {
			`{"message":{"role":"assistant","content":" three"},"done":false}`,
			api.Chunk{Text: " three"},
			true,
		},
		"generate thinks": {
			`{"response":"","thinking":"Hm","done":false}`,
			api.Chunk{Thinking: "Hm"},
			true,
		},
		"chat thinks": {
			`{"message":{"role":"assistant","content":"","thinking":"Hm"},"done":false}`,
			api.Chunk{Thinking: "Hm"},
			true,
		},
		"think text of older servers stays answer text": {
			`{"response":"<think>","done":false}`,
			api.Chunk{Text: "<think>"},
			true,
		},
		"tool call": {
			`{"message":{"content":"","tool_calls":[{"function":{"name":"f","arguments":{"x":1}}}]},"done":false}`,
			api.Chunk{ToolCalls: []json.RawMessage{[]byte(`{"function":{"name":"f","arguments":{"x":1}}}`)}},
			true,
		},
		"empty": {`{"response":"","done":false}`, api.Chunk{}, false},
		"last": {
			`{"response":"","done":true,"done_reason":"length","context":[1,2],"total_duration":21,"load_duration":4,` +
				`"prompt_eval_count":20,"prompt_eval_duration":3,"eval_count":8,"eval_duration":15}`,
			api.Chunk{Done: true, DoneReason: "length", Usage: api.Usage{
				Total: ptr(21 * time.Nanosecond), Load: ptr(4 * time.Nanosecond),
				PromptEval: ptr(3 * time.Nanosecond), Eval: ptr(15 * time.Nanosecond),
				PromptTokens: ptr[int64](20), OutputTokens: ptr[int64](8),
			}},
			false,
		},
		"last without what was zero": {
			`{"response":"","done":true,"done_reason":"load"}`,
			api.Chunk{Done: true, DoneReason: "load"},
			false,
		},
		"null is not zero": {`{"done":true,"eval_count":null}`, api.Chunk{Done: true}, false},
		"error":            {`{"error":"runner killed"}`, api.Chunk{Error: "runner killed"}, false},
		"error object": {
			`{"error":{"message":"no such model","type":"api_error","code":null}}`,
			api.Chunk{Error: "no such model"},
			false,
		},
		"error of another shape": {`{"error":{"code":7}}`, api.Chunk{Error: `{"code":7}`}, false},
		"error number":           {`{"error":7}`, api.Chunk{Error: "7"}, false},
		"empty error":            {`{"error":""}`, api.Chunk{Error: `""`}, false},
		"null error":             {`{"error":null,"response":"x"}`, api.Chunk{Text: "x"}, true},
		"error becomes a line":   {`{"error":"a\n\tb\u001b[31m\u0000c"}`, api.Chunk{Error: "a b�[31m�c"}, false},
		"progress": {
			`{"status":"pulling 8ae868e5ce40","digest":"sha256:8ae8","total":100,"completed":7}`,
			api.Chunk{Status: "pulling 8ae868e5ce40"},
			false,
		},
		"embeddings":     {`{"model":"tiny","embeddings":[[0.1]]}`, api.Chunk{Embedded: true}, false},
		"no embeddings":  {`{"model":"tiny","embeddings":null}`, api.Chunk{}, false},
		"unknown fields": {`{"response":"x","logprobs":[{"token":"x"}],"new":{"a":[]}}`, api.Chunk{Text: "x"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chunk, err := api.ParseChunk([]byte(c.line))
			require.NoError(t, err)
			assert.Equal(t, c.want, chunk)
			assert.Equal(t, c.content, chunk.Content())
		})
	}
}

func TestParseChunkRejects(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"", "null", "[]", "7", `"text"`, "Ollama is running", "<!DOCTYPE html>", `data: {"choices":[]}`, "{", `{"response":`,
		`{"response":7}`, `{"message":"text"}`, `{"eval_count":1.5}`, `{"total_duration":1e400}`, "{}{}", "\x1f\x8b\x00",
	} {
		_, err := api.ParseChunk([]byte(line))
		require.Error(t, err, line)
		assert.Equal(t, api.Decode, api.KindOf(err), line)
		assert.NotContains(t, err.Error(), "\n", line)
	}
	_, err := api.ParseChunk([]byte("<html>" + strings.Repeat("<p>정말 길다</p>\n", 1e5)))
	require.ErrorContains(t, err, `"<html><p>정말`)
	assert.Less(t, utf8.RuneCountInString(err.Error()), 250, "an excerpt, not the page")
}

func TestLongErrorsAreCut(t *testing.T) {
	t.Parallel()
	chunk, err := api.ParseChunk([]byte(`{"error":"` + strings.Repeat("길", 1e5) + `"}`))
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("길", 500)+"…", chunk.Error)
}

func TestExcerpt(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"":                                     "",
		" \r\n ":                               "",
		"a\n b\t c":                            "a b c",
		"\xff\x00":                             "��",
		strings.Repeat("é", 120):               strings.Repeat("é", 120),
		strings.Repeat("é", 121):               strings.Repeat("é", 120) + "…",
		strings.Repeat("가", 1000) + "\xea\xb0": strings.Repeat("가", 120) + "…",
	} {
		assert.Equal(t, want, api.Excerpt([]byte(body)))
	}
}

func FuzzParseChunk(f *testing.F) {
	for _, seed := range []string{
		`{"response":" a","done":false}`, `{"message":{"content":"","tool_calls":[{}]},"done":true}`,
		`{"error":{"message":""}}`, `{"error":[]}`, `{"total_duration":-1,"eval_count":-9}`, `null`, `{"ERROR":"x"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		chunk, err := api.ParseChunk(line)
		if err != nil {
			require.Equal(t, api.Decode, api.KindOf(err))
			require.NotContains(t, err.Error(), "\n")
			require.Equal(t, api.Chunk{}, chunk, "nothing is taken from a broken line")
			return
		}
		require.True(t, json.Valid(line))
		require.NotContains(t, chunk.Error, "\n")
		for _, call := range chunk.ToolCalls {
			require.True(t, json.Valid(call))
		}
		require.Equal(t, chunk.Content(), chunk.Text+chunk.Thinking != "" || len(chunk.ToolCalls) > 0)
	})
}

// tokenLine is what most lines of a stream look like.
const tokenLine = `{"model":"deepseek-r1:1.5b","created_at":"2026-11-23T14:21:16.250612345Z",` +
	`"response":" three","done":false}`
