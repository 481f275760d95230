// Package api holds the shapes of Ollama's own endpoints as the server sees them, and
// parses requests as it does: with encoding/json, so that keys match without regard to
// case, unknown fields and anything behind the first value are ignored, and so that the
// text of an error, which names the Go type, is the server's own. The package and its
// types are called as in Ollama for that reason.
package api

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"
)

// GenerateRequest is the body of POST /api/generate.
type GenerateRequest struct {
	Model     string          `json:"model"`
	Prompt    string          `json:"prompt"`
	Suffix    string          `json:"suffix"`
	System    string          `json:"system"`
	Template  string          `json:"template"`
	Context   []int           `json:"context"`
	Stream    *bool           `json:"stream"`
	Raw       bool            `json:"raw"`
	Format    json.RawMessage `json:"format"`
	KeepAlive *Duration       `json:"keep_alive"`
	Images    []ImageData     `json:"images"`
	Options   map[string]any  `json:"options"`
	Think     *ThinkValue     `json:"think"`
}

// ChatRequest is the body of POST /api/chat.
type ChatRequest struct {
	Model     string          `json:"model"`
	Messages  []Message       `json:"messages"`
	Stream    *bool           `json:"stream"`
	Format    json.RawMessage `json:"format"`
	KeepAlive *Duration       `json:"keep_alive"`
	Tools     []Tool          `json:"tools"`
	Options   map[string]any  `json:"options"`
	Think     *ThinkValue     `json:"think"`
}

// EmbedRequest is the body of POST /api/embed.
type EmbedRequest struct {
	Model      string         `json:"model"`
	Input      any            `json:"input"`
	KeepAlive  *Duration      `json:"keep_alive"`
	Truncate   *bool          `json:"truncate"`
	Dimensions int            `json:"dimensions"`
	Options    map[string]any `json:"options"`
}

// EmbeddingRequest is the body of POST /api/embeddings, the older form.
type EmbeddingRequest struct {
	Model     string         `json:"model"`
	Prompt    string         `json:"prompt"`
	KeepAlive *Duration      `json:"keep_alive"`
	Options   map[string]any `json:"options"`
}

// ShowRequest is the body of POST /api/show.
type ShowRequest struct {
	Model string `json:"model"`
	Name  string `json:"name"`
}

// PullRequest is the body of POST /api/pull.
type PullRequest struct {
	Model  string `json:"model"`
	Name   string `json:"name"`
	Stream *bool  `json:"stream"`
}

// ImageData is an image, base64 on the wire.
type ImageData []byte

// Message is one turn of a chat.
type Message struct {
	Role      string      `json:"role"`
	Content   string      `json:"content"`
	Thinking  string      `json:"thinking,omitempty"`
	Images    []ImageData `json:"images,omitempty"`
	ToolCalls []ToolCall  `json:"tool_calls,omitempty"`
	ToolName  string      `json:"tool_name,omitempty"`
}

// UnmarshalJSON implements json.Unmarshaler. It takes a message by way of another type because
// Ollama does, and so the text of an error names the ChatRequest instead of the Message.
func (m *Message) UnmarshalJSON(data []byte) error {
	type Alias Message
	return json.Unmarshal(data, (*Alias)(m)) //nolint:wrapcheck // the text is Ollama's
}

// Tool is a function that the model may ask the client to call.
type Tool struct {
	Type     string       `json:"type"`
	Function ToolFunction `json:"function"`
}

// ToolFunction is the signature of a tool.
type ToolFunction struct {
	Name       string `json:"name"`
	Parameters struct {
		Required   []string                `json:"required"`
		Properties map[string]ToolProperty `json:"properties"`
	} `json:"parameters"`
}

// ToolProperty is a parameter of a tool; Type is a string or a list of strings.
type ToolProperty struct {
	Type any   `json:"type"`
	Enum []any `json:"enum"`
}

// ToolCall is the model's wish to have a tool called.
type ToolCall struct {
	ID       string           `json:"id,omitempty"`
	Function ToolCallFunction `json:"function"`
}

// ToolCallFunction names the tool and its arguments.
type ToolCallFunction struct {
	Index     int            `json:"index"`
	Name      string         `json:"name"`
	Arguments map[string]any `json:"arguments"`
}

// ThinkValue is `think`: a boolean, or a level for the models that know levels.
type ThinkValue struct {
	On    bool
	Level string
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *ThinkValue) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &t.On) == nil {
		return nil
	}
	if json.Unmarshal(data, &t.Level) != nil {
		return fmt.Errorf(`think must be a boolean or string ("high", "medium", "low", true, or false)`)
	}
	if !slices.Contains([]string{"high", "medium", "low"}, t.Level) {
		return fmt.Errorf(`invalid think value: %q (must be "high", "medium", "low", true, or false)`, t.Level)
	}
	t.On = true
	return nil
}

// Duration is `keep_alive`: a number of seconds or a text such as "5m".
type Duration struct{ time.Duration }

// Forever is what a negative keep_alive becomes.
const Forever = time.Duration(math.MaxInt64)

// UnmarshalJSON implements json.Unmarshaler.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return err //nolint:wrapcheck // the text is Ollama's
	}
	d.Duration = 5 * time.Minute
	switch v := value.(type) {
	case float64:
		d.Duration = time.Duration(v * float64(time.Second))
	case string:
		parsed, err := time.ParseDuration(v)
		if err != nil {
			return err //nolint:wrapcheck // the text is Ollama's
		}
		d.Duration = parsed
	default:
		return fmt.Errorf("Unsupported type: '%s'", reflect.TypeOf(v)) //nolint:staticcheck // Ollama's words.
	}
	if d.Duration < 0 {
		d.Duration = Forever
	}
	return nil
}
