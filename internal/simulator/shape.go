package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/simulator/wire/api"
	"github.com/xk6-ollama/xk6-ollama/internal/simulator/wire/openai"
)

// result is a finished answer.
type result struct {
	done      bool // false: cut off, without a reason and metrics
	reason    string
	text      string
	thinking  string
	toolCalls []api.ToolCall
	context   []int // nil on chats and raw prompts
	metrics   api.Metrics
}

// shape writes answers in the form of one endpoint. The methods that begin with append add
// to a buffer, and must not allocate for a token.
type shape interface {
	streamType() string
	// appendToken adds a line with one token, a JSON string.
	appendToken(line []byte, now time.Time, quoted []byte, thinking bool) []byte
	appendToolCalls(line []byte, now time.Time, calls []api.ToolCall) []byte
	// appendLast adds what ends a stream.
	appendLast(line []byte, now time.Time, r result) []byte
	// appendError adds what ends a stream when the runner dies.
	appendError(line []byte, now time.Time, message string) []byte
	// whole returns the answer to a request that does not stream.
	whole(now time.Time, r result) any
	// lineEnd is what separates lines.
	lineEnd() string
}

func appendJSON(line []byte, value any) []byte {
	encoded, err := json.Marshal(value)
	if err != nil { // plain structs of strings and numbers always marshal
		return append(line, errorBody(err.Error())...)
	}
	return append(line, encoded...)
}

// generateShape is /api/generate.
type generateShape struct {
	model string
	head  []byte
}

func newGenerateShape(model string) *generateShape { return &generateShape{model, lineHead(model)} }

func lineHead(model string) []byte {
	return append(append([]byte(`{"model":`), quote(model)...), `,"created_at":"`...)
}

func (s *generateShape) streamType() string { return typeNDJSON }
func (s *generateShape) lineEnd() string    { return "\n" }

func (s *generateShape) appendToken(line []byte, now time.Time, quoted []byte, thinking bool) []byte {
	line = now.UTC().AppendFormat(append(line, s.head...), time.RFC3339Nano)
	if thinking {
		line = append(append(line, `","response":"","thinking":`...), quoted...)
	} else {
		line = append(append(line, `","response":`...), quoted...)
	}
	return append(line, `,"done":false}`+"\n"...)
}

// appendToolCalls is never needed: /api/generate takes no tools.
func (s *generateShape) appendToolCalls(line []byte, _ time.Time, _ []api.ToolCall) []byte {
	return line
}

func (s *generateShape) appendLast(line []byte, now time.Time, r result) []byte {
	r.text, r.thinking = "", ""
	return append(appendJSON(line, s.whole(now, r)), '\n')
}

func (s *generateShape) appendError(line []byte, _ time.Time, message string) []byte {
	return append(append(line, errorBody(message)...), '\n')
}

func (s *generateShape) whole(now time.Time, r result) any {
	return api.GenerateResponse{
		Model: s.model, CreatedAt: now.UTC(), Response: r.text, Thinking: r.thinking,
		Done: r.done, DoneReason: r.reason, Context: r.context, Metrics: r.metrics,
	}
}

// chatShape is /api/chat.
type chatShape struct {
	model string
	head  []byte
}

func newChatShape(model string) *chatShape { return &chatShape{model, lineHead(model)} }

func (s *chatShape) streamType() string { return typeNDJSON }
func (s *chatShape) lineEnd() string    { return "\n" }

func (s *chatShape) appendToken(line []byte, now time.Time, quoted []byte, thinking bool) []byte {
	line = now.UTC().AppendFormat(append(line, s.head...), time.RFC3339Nano)
	if thinking {
		line = append(append(line, `","message":{"role":"assistant","content":"","thinking":`...), quoted...)
	} else {
		line = append(append(line, `","message":{"role":"assistant","content":`...), quoted...)
	}
	return append(line, `},"done":false}`+"\n"...)
}

func (s *chatShape) appendToolCalls(line []byte, now time.Time, calls []api.ToolCall) []byte {
	return append(appendJSON(line, s.whole(now, result{toolCalls: calls})), '\n')
}

func (s *chatShape) appendLast(line []byte, now time.Time, r result) []byte {
	r.text, r.thinking, r.toolCalls = "", "", nil
	return append(appendJSON(line, s.whole(now, r)), '\n')
}

func (s *chatShape) appendError(line []byte, _ time.Time, message string) []byte {
	return append(append(line, errorBody(message)...), '\n')
}

func (s *chatShape) whole(now time.Time, r result) any {
	return api.ChatResponse{
		Model: s.model, CreatedAt: now.UTC(), Done: r.done, DoneReason: r.reason, Metrics: r.metrics,
		Message: api.Message{Role: "assistant", Content: r.text, Thinking: r.thinking, ToolCalls: r.toolCalls},
	}
}

// eventShape is what both streaming /v1 endpoints have in common: server-sent events.
type eventShape struct {
	model string
	id    string
	usage bool // asked for in stream_options
}

func newEventShape(prefix, model string, options *openai.StreamOptions) eventShape {
	id := fmt.Sprintf("%s-%d", prefix, rand.IntN(999)) // #nosec G404 -- as in Ollama, no secret
	return eventShape{model: model, id: id, usage: options != nil && options.IncludeUsage}
}

func (s *eventShape) streamType() string { return typeSSE }
func (s *eventShape) lineEnd() string    { return "\n\n" }

func appendEvent(line []byte, value any) []byte {
	return append(appendJSON(append(line, "data: "...), value), "\n\n"...)
}

func usageOf(r result) openai.Usage {
	prompt, output := r.metrics.PromptEvalCount, r.metrics.EvalCount
	return openai.Usage{PromptTokens: prompt, CompletionTokens: output, TotalTokens: prompt + output}
}

func finish(r result) *string {
	switch {
	case r.reason == "":
		return nil
	case len(r.toolCalls) > 0:
		calls := "tool_calls"
		return &calls
	}
	return &r.reason
}

// v1ChatShape is /v1/chat/completions.
type v1ChatShape struct {
	eventShape
	head, middle []byte
}

func newV1ChatShape(model string, options *openai.StreamOptions) *v1ChatShape {
	s := &v1ChatShape{eventShape: newEventShape("chatcmpl", model, options)}
	s.head = []byte(`data: {"id":"` + s.id + `","object":"chat.completion.chunk","created":`)
	s.middle = []byte(`,"model":` + string(quote(model)) +
		`,"system_fingerprint":"fp_ollama","choices":[{"index":0,"delta":{"role":"assistant","content":`)
	return s
}

func (s *v1ChatShape) appendToken(line []byte, now time.Time, quoted []byte, thinking bool) []byte {
	line = append(strconv.AppendInt(append(line, s.head...), now.Unix(), 10), s.middle...)
	if thinking {
		line = append(append(line, `"","reasoning":`...), quoted...)
	} else {
		line = append(line, quoted...)
	}
	return append(line, `},"finish_reason":null}]}`+"\n\n"...)
}

func (s *v1ChatShape) chunk(now time.Time, choices ...openai.ChunkChoice) openai.ChatCompletionChunk {
	return openai.ChatCompletionChunk{
		ID: s.id, Object: "chat.completion.chunk", Created: now.Unix(), Model: s.model,
		SystemFingerprint: "fp_ollama", Choices: choices,
	}
}

func (s *v1ChatShape) appendToolCalls(line []byte, now time.Time, calls []api.ToolCall) []byte {
	return appendEvent(line, s.chunk(now, openai.ChunkChoice{
		Delta: openai.Message{Role: "assistant", Content: "", ToolCalls: openai.ToolCalls(calls)},
	}))
}

func (s *v1ChatShape) appendLast(line []byte, now time.Time, r result) []byte {
	line = appendEvent(line, s.chunk(now, openai.ChunkChoice{
		Delta: openai.Message{Role: "assistant", Content: ""}, FinishReason: finish(r),
	}))
	if s.usage {
		chunk, usage := s.chunk(now), usageOf(r)
		chunk.Choices, chunk.Usage = []openai.ChunkChoice{}, &usage
		line = appendEvent(line, chunk)
	}
	return append(line, "data: [DONE]\n\n"...)
}

// appendError adds an empty chunk without a model: all that Ollama's /v1 says when its runner
// dies.
func (s *v1ChatShape) appendError(line []byte, now time.Time, _ string) []byte {
	chunk := s.chunk(now, openai.ChunkChoice{Delta: openai.Message{Role: "assistant", Content: ""}})
	chunk.Model = ""
	return appendEvent(line, chunk)
}

func (s *v1ChatShape) whole(now time.Time, r result) any {
	message := openai.Message{
		Role: "assistant", Content: r.text, Reasoning: r.thinking, ToolCalls: openai.ToolCalls(r.toolCalls),
	}
	return openai.ChatCompletion{
		ID: s.id, Object: "chat.completion", Created: now.Unix(), Model: s.model, SystemFingerprint: "fp_ollama",
		Choices: []openai.Choice{{Message: message, FinishReason: finish(r)}}, Usage: usageOf(r),
	}
}

// v1CompletionShape is /v1/completions; it has no place for thinking.
type v1CompletionShape struct {
	eventShape
	head, tail []byte
}

func newV1CompletionShape(model string, options *openai.StreamOptions) *v1CompletionShape {
	s := &v1CompletionShape{eventShape: newEventShape("cmpl", model, options)}
	s.head = []byte(`data: {"id":"` + s.id + `","object":"text_completion","created":`)
	var tail bytes.Buffer
	tail.WriteString(`,"index":0,"finish_reason":null}],"model":`)
	tail.Write(quote(model))
	tail.WriteString(`,"system_fingerprint":"fp_ollama"`)
	if s.usage {
		tail.WriteString(`,"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}`)
	}
	tail.WriteString("}\n\n")
	s.tail = tail.Bytes()
	return s
}

func (s *v1CompletionShape) appendToken(line []byte, now time.Time, quoted []byte, thinking bool) []byte {
	line = append(strconv.AppendInt(append(line, s.head...), now.Unix(), 10), `,"choices":[{"text":`...)
	if thinking {
		line = append(line, `""`...)
	} else {
		line = append(line, quoted...)
	}
	return append(line, s.tail...)
}

// appendToolCalls is never needed: /v1/completions takes no tools.
func (s *v1CompletionShape) appendToolCalls(line []byte, _ time.Time, _ []api.ToolCall) []byte {
	return line
}

func (s *v1CompletionShape) chunk(now time.Time, usage *openai.Usage, choices []openai.TextChoice) any {
	return openai.CompletionChunk{
		ID: s.id, Object: "text_completion", Created: now.Unix(), Model: s.model, SystemFingerprint: "fp_ollama",
		Choices: choices, Usage: usage,
	}
}

func (s *v1CompletionShape) appendLast(line []byte, now time.Time, r result) []byte {
	var none *openai.Usage
	if s.usage {
		none = &openai.Usage{}
	}
	line = appendEvent(line, s.chunk(now, none, []openai.TextChoice{{FinishReason: finish(r)}}))
	if s.usage {
		usage := usageOf(r)
		line = appendEvent(line, s.chunk(now, &usage, []openai.TextChoice{}))
	}
	return append(line, "data: [DONE]\n\n"...)
}

func (s *v1CompletionShape) appendError(line []byte, now time.Time, _ string) []byte {
	return appendEvent(line, openai.CompletionChunk{
		ID: s.id, Object: "text_completion", Created: now.Unix(), SystemFingerprint: "fp_ollama",
		Choices: []openai.TextChoice{{}},
	})
}

func (s *v1CompletionShape) whole(now time.Time, r result) any {
	return openai.Completion{
		ID: s.id, Object: "text_completion", Created: now.Unix(), Model: s.model, SystemFingerprint: "fp_ollama",
		Choices: []openai.TextChoice{{Text: r.text, FinishReason: finish(r)}}, Usage: usageOf(r),
	}
}
