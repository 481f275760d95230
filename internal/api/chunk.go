package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Chunk is one line of an answer: a piece of a stream, or the whole of an answer that
// was not streamed.
type Chunk struct {
	Text      string            // answer text
	Thinking  string            // what the model thought before
	ToolCalls []json.RawMessage // as they came
	Done      bool
	Error     string // of an {"error":…} line
	Status    string // progress of a pull
	Embedded  bool   // the line has embeddings

	DoneReason string
	Usage      Usage
}

// Usage is what the server reports at the end of an answer. Ollama leaves out what is
// zero, and some versions leave out more, so what is nil was not reported.
type Usage struct {
	Total, Load, PromptEval, Eval *time.Duration
	PromptTokens, OutputTokens    *int64
}

// Content says whether the chunk carries tokens of any kind.
func (c *Chunk) Content() bool {
	return c.Text != "" || c.Thinking != "" || len(c.ToolCalls) > 0
}

// wire is a line as Ollama writes it; generate and chat differ in where the text is.
type wire struct {
	Response  string            `json:"response"`
	Thinking  string            `json:"thinking"`
	ToolCalls []json.RawMessage `json:"tool_calls"`
	Message   struct {
		Content   string            `json:"content"`
		Thinking  string            `json:"thinking"`
		ToolCalls []json.RawMessage `json:"tool_calls"`
	} `json:"message"`
	Status     string          `json:"status"`
	Embeddings present         `json:"embeddings"`
	Error      json.RawMessage `json:"error"`

	Done               bool           `json:"done"`
	DoneReason         string         `json:"done_reason"`
	TotalDuration      *time.Duration `json:"total_duration"`
	LoadDuration       *time.Duration `json:"load_duration"`
	PromptEvalCount    *int64         `json:"prompt_eval_count"`
	PromptEvalDuration *time.Duration `json:"prompt_eval_duration"`
	EvalCount          *int64         `json:"eval_count"`
	EvalDuration       *time.Duration `json:"eval_duration"`
}

// present is true of a field that is there; its value, which can be megabytes, is not kept.
type present bool

// UnmarshalJSON implements json.Unmarshaler.
func (p *present) UnmarshalJSON(value []byte) error {
	*p = present(!bytes.Equal(value, []byte("null")))
	return nil
}

// ParseChunk reads a line of an answer. The error is an *Error of kind Decode.
func ParseChunk(line []byte) (Chunk, error) {
	var w wire
	err := json.Unmarshal(line, &w)
	if err == nil && bytes.Equal(bytes.TrimSpace(line), []byte("null")) {
		err = errors.New("null is no object")
	}
	if err != nil {
		return Chunk{}, &Error{
			Kind:    Decode,
			Message: fmt.Sprintf("expected a line of JSON, got %q: %v", Excerpt(line), err),
			Err:     err,
		}
	}
	return Chunk{
		Text:       w.Response + w.Message.Content,
		Thinking:   w.Thinking + w.Message.Thinking,
		ToolCalls:  append(w.ToolCalls, w.Message.ToolCalls...),
		Done:       w.Done,
		Error:      errorText(w.Error),
		Status:     w.Status,
		Embedded:   bool(w.Embeddings),
		DoneReason: w.DoneReason,
		Usage: Usage{
			Total: w.TotalDuration, Load: w.LoadDuration, PromptEval: w.PromptEvalDuration, Eval: w.EvalDuration,
			PromptTokens: w.PromptEvalCount, OutputTokens: w.EvalCount,
		},
	}, nil
}

// errorText reads the value of "error": a text, or OpenAI's object with a message.
// However long or broken it is, it becomes one line.
func errorText(raw json.RawMessage) string {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return ""
	}
	var text string
	if json.Unmarshal(raw, &text) == nil && strings.TrimSpace(text) != "" {
		return oneLine(text, mostOfError)
	}
	var object struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(raw, &object) == nil && object.Message != "" {
		return oneLine(object.Message, mostOfError)
	}
	return Excerpt(raw)
}

const (
	mostOfAnswer = 120 // characters of an unexpected answer that an error message quotes
	mostOfError  = 500 // and of an error message that the server wrote
)

// Excerpt shortens an unexpected answer to what fits in a line.
func Excerpt(body []byte) string {
	return oneLine(string(body[:min(len(body), 8*mostOfAnswer)]), mostOfAnswer)
}

// oneLine makes a line of at most so many characters of a text, without anything that
// a terminal would not print.
func oneLine(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, text)
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) <= most {
		return string(runes)
	}
	return string(runes[:most]) + "…"
}
