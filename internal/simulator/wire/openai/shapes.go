// Package openai holds the shapes of the /v1 endpoints, called as in Ollama for the same
// reason as in package api: errors name them.
package openai

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/xk6-ollama/xk6-ollama/internal/simulator/wire/api"
)

// StreamOptions is `stream_options`.
type StreamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

// Message is one turn of a chat, in requests and answers.
type Message struct {
	Role      string     `json:"role"`
	Content   any        `json:"content"`
	Reasoning string     `json:"reasoning,omitempty"`
	ToolCalls []ToolCall `json:"tool_calls,omitempty"`
}

// ToolCall is the model's wish to have a tool called; Arguments is JSON in a string.
type ToolCall struct {
	ID       string `json:"id"`
	Index    int    `json:"index"`
	Type     string `json:"type"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

// ChatCompletionRequest is the body of POST /v1/chat/completions.
type ChatCompletionRequest struct {
	Model          string         `json:"model"`
	Messages       []Message      `json:"messages"`
	Stream         bool           `json:"stream"`
	StreamOptions  *StreamOptions `json:"stream_options"`
	MaxTokens      *int           `json:"max_tokens"`
	Stop           any            `json:"stop"`
	Temperature    *float64       `json:"temperature"`
	ResponseFormat *struct {
		Type       string `json:"type"`
		JSONSchema *struct {
			Schema json.RawMessage `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
	Tools     []api.Tool `json:"tools"`
	Reasoning *struct {
		Effort string `json:"effort"`
	} `json:"reasoning"`
	ReasoningEffort *string `json:"reasoning_effort"`
}

// CompletionRequest is the body of POST /v1/completions.
type CompletionRequest struct {
	Model         string         `json:"model"`
	Prompt        string         `json:"prompt"`
	MaxTokens     *int           `json:"max_tokens"`
	Stop          any            `json:"stop"`
	Stream        bool           `json:"stream"`
	StreamOptions *StreamOptions `json:"stream_options"`
	Suffix        string         `json:"suffix"`
	Temperature   *float32       `json:"temperature"`
}

// EmbedRequest is the body of POST /v1/embeddings.
type EmbedRequest struct {
	Input          any    `json:"input"`
	Model          string `json:"model"`
	Dimensions     int    `json:"dimensions"`
	EncodingFormat string `json:"encoding_format"`
}

// Usage is the number of tokens of a request.
type Usage struct {
	PromptTokens     int `json:"prompt_tokens"`
	CompletionTokens int `json:"completion_tokens"`
	TotalTokens      int `json:"total_tokens"`
}

// Choice is an answer to a chat.
type Choice struct {
	Index        int     `json:"index"`
	Message      Message `json:"message"`
	FinishReason *string `json:"finish_reason"`
}

// ChunkChoice is a piece of an answer to a chat.
type ChunkChoice struct {
	Index        int     `json:"index"`
	Delta        Message `json:"delta"`
	FinishReason *string `json:"finish_reason"`
}

// TextChoice is an answer, or a piece of one, to a completion.
type TextChoice struct {
	Text         string  `json:"text"`
	Index        int     `json:"index"`
	FinishReason *string `json:"finish_reason"`
}

// ChatCompletion is the answer of /v1/chat/completions.
type ChatCompletion struct {
	ID                string   `json:"id"`
	Object            string   `json:"object"`
	Created           int64    `json:"created"`
	Model             string   `json:"model"`
	SystemFingerprint string   `json:"system_fingerprint"`
	Choices           []Choice `json:"choices"`
	Usage             Usage    `json:"usage"`
}

// ChatCompletionChunk is an event of a streamed /v1/chat/completions.
type ChatCompletionChunk struct {
	ID                string        `json:"id"`
	Object            string        `json:"object"`
	Created           int64         `json:"created"`
	Model             string        `json:"model"`
	SystemFingerprint string        `json:"system_fingerprint"`
	Choices           []ChunkChoice `json:"choices"`
	Usage             *Usage        `json:"usage,omitempty"`
}

// Completion is the answer of /v1/completions.
type Completion struct {
	ID                string       `json:"id"`
	Object            string       `json:"object"`
	Created           int64        `json:"created"`
	Model             string       `json:"model"`
	SystemFingerprint string       `json:"system_fingerprint"`
	Choices           []TextChoice `json:"choices"`
	Usage             Usage        `json:"usage"`
}

// CompletionChunk is an event of a streamed /v1/completions.
type CompletionChunk struct {
	ID                string       `json:"id"`
	Object            string       `json:"object"`
	Created           int64        `json:"created"`
	Choices           []TextChoice `json:"choices"`
	Model             string       `json:"model"`
	SystemFingerprint string       `json:"system_fingerprint"`
	Usage             *Usage       `json:"usage,omitempty"`
}

// Model is an entry of /v1/models.
type Model struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

// ListCompletion is the answer of /v1/models.
type ListCompletion struct {
	Object string  `json:"object"`
	Data   []Model `json:"data"`
}

// Embedding is an entry of /v1/embeddings: floats, or base64 of little-endian float32.
type Embedding struct {
	Object    string `json:"object"`
	Embedding any    `json:"embedding"`
	Index     int    `json:"index"`
}

// EmbeddingList is the answer of /v1/embeddings.
type EmbeddingList struct {
	Object string      `json:"object"`
	Data   []Embedding `json:"data"`
	Model  string      `json:"model"`
	Usage  struct {
		PromptTokens int `json:"prompt_tokens"`
		TotalTokens  int `json:"total_tokens"`
	} `json:"usage"`
}

// ErrorResponse is the body of an error.
type ErrorResponse struct {
	Error struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   any     `json:"param"`
		Code    *string `json:"code"`
	} `json:"error"`
}

// NewError returns the body of an error with the type that belongs to its status.
func NewError(status int, message string) ErrorResponse {
	var response ErrorResponse
	response.Error.Message = message
	response.Error.Type = "api_error"
	if status == http.StatusBadRequest {
		response.Error.Type = "invalid_request_error"
	}
	return response
}

// ToolCalls returns calls in the form of /v1.
func ToolCalls(calls []api.ToolCall) []ToolCall {
	converted := make([]ToolCall, len(calls))
	for i, call := range calls {
		converted[i].ID, converted[i].Type, converted[i].Index = call.ID, "function", call.Function.Index
		converted[i].Function.Name = call.Function.Name
		if arguments, err := json.Marshal(call.Function.Arguments); err == nil {
			converted[i].Function.Arguments = string(arguments)
		}
	}
	return converted
}

// Generate returns the request of /api/generate that stands for r.
func (r CompletionRequest) Generate() (api.GenerateRequest, error) {
	options, err := optionsOf(r.Stop, r.MaxTokens, true)
	return api.GenerateRequest{
		Model: r.Model, Prompt: r.Prompt, Suffix: r.Suffix, Stream: &r.Stream, Options: options,
	}, err
}

// Chat returns the request of /api/chat that stands for r.
func (r ChatCompletionRequest) Chat() (api.ChatRequest, error) {
	if len(r.Messages) == 0 {
		return api.ChatRequest{}, errors.New("[] is too short - 'messages'")
	}
	var messages []api.Message
	for _, message := range r.Messages {
		parts, err := message.parts()
		if err != nil {
			return api.ChatRequest{}, err
		}
		messages = append(messages, parts...)
	}
	options, err := optionsOf(r.Stop, r.MaxTokens, false)
	if err != nil {
		return api.ChatRequest{}, err
	}
	think, err := r.think()
	if err != nil {
		return api.ChatRequest{}, err
	}
	return api.ChatRequest{
		Model: r.Model, Messages: messages, Stream: &r.Stream, Tools: r.Tools, Options: options, Think: think,
		Format: r.format(),
	}, nil
}

func (r ChatCompletionRequest) format() json.RawMessage {
	if r.ResponseFormat == nil {
		return nil
	}
	switch strings.ToLower(strings.TrimSpace(r.ResponseFormat.Type)) {
	case "json_object":
		return json.RawMessage(`"json"`)
	case "json_schema":
		if r.ResponseFormat.JSONSchema != nil {
			return r.ResponseFormat.JSONSchema.Schema
		}
	}
	return nil
}

func (r ChatCompletionRequest) think() (*api.ThinkValue, error) {
	effort := ""
	switch {
	case r.Reasoning != nil:
		effort = r.Reasoning.Effort
	case r.ReasoningEffort != nil:
		effort = *r.ReasoningEffort
	}
	switch {
	case effort == "":
		return nil, nil // absent, as in the request
	case effort == "none":
		return &api.ThinkValue{}, nil
	case slices.Contains([]string{"high", "medium", "low"}, effort):
		return &api.ThinkValue{On: true, Level: effort}, nil
	}
	return nil, fmt.Errorf(`invalid reasoning value: '%s' (must be "high", "medium", "low", or "none")`, effort)
}

// parts returns a message for the text, or for each part of a list of texts and images.
func (m Message) parts() ([]api.Message, error) {
	switch content := m.Content.(type) {
	case string:
		return []api.Message{{Role: m.Role, Content: content, Thinking: m.Reasoning}}, nil
	case []any:
		parts := make([]api.Message, 0, len(content))
		for _, item := range content {
			part, err := partOf(item)
			if err != nil {
				return nil, err
			}
			part.Role = m.Role
			parts = append(parts, part)
		}
		return parts, nil
	}
	if m.ToolCalls == nil {
		return nil, fmt.Errorf("invalid message content type: %T", m.Content)
	}
	return []api.Message{{Role: m.Role, Thinking: m.Reasoning}}, nil
}

var errMessageFormat = errors.New("invalid message format")

func partOf(item any) (api.Message, error) {
	fields, _ := item.(map[string]any)
	switch fields["type"] {
	case "text":
		if text, ok := fields["text"].(string); ok {
			return api.Message{Content: text}, nil
		}
	case "image_url":
		address, ok := fields["image_url"].(string)
		if nested, isMap := fields["image_url"].(map[string]any); isMap {
			address, ok = nested["url"].(string)
		}
		if !ok {
			return api.Message{}, errMessageFormat
		}
		_, encoded, _ := strings.Cut(address, ";base64,")
		image, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || encoded == "" {
			return api.Message{}, errors.New("invalid image input")
		}
		return api.Message{Images: []api.ImageData{image}}, nil
	}
	return api.Message{}, errMessageFormat
}

func optionsOf(stop any, maxTokens *int, strict bool) (map[string]any, error) {
	options := make(map[string]any)
	switch stop := stop.(type) {
	case string:
		options["stop"] = []any{stop}
	case []any:
		stops := make([]any, 0, len(stop))
		for _, item := range stop {
			if _, ok := item.(string); ok {
				stops = append(stops, item)
			} else if strict {
				return nil, fmt.Errorf("invalid type for 'stop' field: %T", item)
			}
		}
		options["stop"] = stops
	}
	if maxTokens != nil {
		options["num_predict"] = float64(*maxTokens)
	}
	return options, nil
}

// Base64 returns an embedding as base64 of little-endian float32.
func Base64(embedding []float32) string {
	var buffer bytes.Buffer
	for _, value := range embedding {
		_ = binary.Write(&buffer, binary.LittleEndian, value) // a bytes.Buffer does not fail
	}
	return base64.StdEncoding.EncodeToString(buffer.Bytes())
}
