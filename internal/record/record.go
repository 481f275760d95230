// Package record is one measured request, as a line of requests.ndjson holds it.
package record

import (
	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/sketch"
)

// Phase says whether a request counts.
type Phase string

// The phases. Warm-up requests load the model and stay outside every figure.
const (
	Warmup  Phase = "warmup"
	Measure Phase = "measure"
)

// Record is what was measured of one request. All durations are in milliseconds, all
// points in time are Unix times in milliseconds with their fraction. A pointer or slice
// that is nil was not known: not reported by the server, or not reached by a request
// that failed. Definitions of the terms are in docs/metrics.md.
type Record struct {
	Target   string `json:"target"`
	Model    string `json:"model,omitempty"`
	Endpoint string `json:"endpoint,omitempty"` // base address, without credentials
	Op       string `json:"op"`                 // generate, chat, embed, …
	Phase    Phase  `json:"phase"`
	VU       uint64 `json:"vu"`
	Iter     int64  `json:"iter"`

	ScheduledAt *float64 `json:"scheduled_at,omitempty"` // open-loop: the intended start
	StartedAt   float64  `json:"started_at"`             // the clock's start

	// PromptSeen says that the same prompt was sent to the target for the model before, so that
	// the server may have it in its cache.
	PromptSeen bool `json:"prompt_seen,omitempty"`

	OK         bool   `json:"ok"`
	Status     int    `json:"status,omitempty"` // HTTP; 0 if no answer came
	Error      *Error `json:"error,omitempty"`
	DoneReason string `json:"done_reason,omitempty"`

	Duration      *float64       `json:"duration_ms,omitempty"` // E2E
	Headers       *float64       `json:"headers_ms,omitempty"`
	Connect       *float64       `json:"connect_ms,omitempty"`
	TTFT          *float64       `json:"ttft_ms,omitempty"`
	TTFO          *float64       `json:"ttfo_ms,omitempty"`
	TPOT          *float64       `json:"tpot_ms,omitempty"`
	LastToken     *float64       `json:"last_token_ms,omitempty"`
	ITL           *sketch.Sketch `json:"itl_ms,omitempty"` // gaps between content chunks
	ScheduleDelay *float64       `json:"schedule_delay_ms,omitempty"`

	PromptTokens  *int64 `json:"prompt_tokens,omitempty"`
	CachedTokens  *int64 `json:"cached_tokens,omitempty"`
	OutputTokens  *int64 `json:"output_tokens,omitempty"`
	Chunks        *int   `json:"chunks,omitempty"` // content chunks: lines that carry tokens
	ResponseChars *int   `json:"response_chars,omitempty"`
	ThinkingChars *int   `json:"thinking_chars,omitempty"`

	Server  *Server  `json:"server,omitempty"`
	Network *float64 `json:"network_ms,omitempty"` // Duration − Server.Total
	Cold    *bool    `json:"cold,omitempty"`       // the server loaded the model for this request
}

// Server is what the server says of its own time, in milliseconds.
type Server struct {
	Total      *float64 `json:"total_ms,omitempty"`
	Load       *float64 `json:"load_ms,omitempty"`
	PromptEval *float64 `json:"prompt_eval_ms,omitempty"`
	Eval       *float64 `json:"eval_ms,omitempty"`
	Queue      *float64 `json:"queue_ms,omitempty"` // Total − Load − PromptEval − Eval
}

// Error says how the request failed.
type Error struct {
	Type    api.ErrorKind `json:"type"`
	Message string        `json:"message"`
}

// TokensPerSecond returns the output tokens over the server's eval time, per second;
// ok is false where the server did not report both.
func (r *Record) TokensPerSecond() (rate float64, ok bool) {
	if r.OutputTokens == nil || r.Server == nil || r.Server.Eval == nil || *r.Server.Eval <= 0 {
		return 0, false
	}
	return float64(*r.OutputTokens) / (*r.Server.Eval / 1000), true
}
