package simulator

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// Truth is what really happened to one generation request, read off the monotonic clock as
// it happened: a line of Config.Truth. Times ending in _at are Unix milliseconds with their
// fraction, those ending in _ms are milliseconds. Fields that do not apply are absent.
type Truth struct {
	// Request is the number of the request, from 1, in the order in which they were read.
	Request int `json:"request"`
	// Path and Model are what the request asked for.
	Path  string `json:"path"`
	Model string `json:"model,omitempty"`
	// Status is the HTTP status, 0 if none was sent.
	Status int `json:"status"`
	// Outcome is "ok", "rejected" (an error status), "fault" (one that spoiled the answer)
	// or "client_gone" (also: the server was closed first).
	Outcome string `json:"outcome"`
	// Fault is the fault that struck, in the form of ParseFault.
	Fault string `json:"fault,omitempty"`

	// ReadAt is when the request had been read from the socket.
	ReadAt float64 `json:"read_at"`
	// ArrivedAt is when it reached the server behind the network: ReadAt + NetworkMS/2. Here
	// total_duration begins. The offsets below count from here.
	ArrivedAt float64 `json:"arrived_at"`
	// FirstWrittenAt and LastWrittenAt are when the first and the last bytes of the answer
	// had been handed to the socket.
	FirstWrittenAt float64 `json:"first_written_at,omitempty"`
	LastWrittenAt  float64 `json:"last_written_at,omitempty"`

	// FirstTokenMS, LastTokenMS and DoneMS are when the first and last token and the end were
	// there at the server, before the network.
	FirstTokenMS float64 `json:"first_token_ms,omitempty"`
	LastTokenMS  float64 `json:"last_token_ms,omitempty"`
	DoneMS       float64 `json:"done_ms,omitempty"`
	// FirstWrittenMS and LastWrittenMS are FirstWrittenAt and LastWrittenAt as offsets.
	FirstWrittenMS float64 `json:"first_written_ms,omitempty"`
	LastWrittenMS  float64 `json:"last_written_ms,omitempty"`

	// LoadMS, QueueMS, PromptEvalMS, EvalMS and TotalMS are where the server's time went: total
	// is load + queue + prompt eval + eval + what the simulator itself took.
	LoadMS       float64 `json:"load_ms"`
	QueueMS      float64 `json:"queue_ms"`
	PromptEvalMS float64 `json:"prompt_eval_ms"`
	EvalMS       float64 `json:"eval_ms"`
	TotalMS      float64 `json:"total_ms"`
	// NetworkMS is the network delay of this request, both ways, as drawn from
	// Config.Network, with what the faults slow-headers and stall=DURATION add.
	NetworkMS float64 `json:"network_ms"`
	// NetworkAppliedMS is the delay as it came to be: (arrived − read) + (last written − done).
	NetworkAppliedMS float64 `json:"network_applied_ms,omitempty"`

	// PlannedPromptEvalMS and PlannedEvalMS are what the timing model asked for; they are the
	// same for the same seed and sequence of requests.
	PlannedPromptEvalMS float64 `json:"planned_prompt_eval_ms,omitempty"`
	PlannedEvalMS       float64 `json:"planned_eval_ms,omitempty"`
	// LateMeanMS and LateMaxMS are how late tokens were, against the timing model.
	LateMeanMS float64 `json:"late_mean_ms,omitempty"`
	LateMaxMS  float64 `json:"late_max_ms,omitempty"`

	PromptTokens   int `json:"prompt_tokens,omitempty"`   // with the cached ones
	CachedTokens   int `json:"cached_tokens,omitempty"`   // of these, in the prefix cache
	OutputTokens   int `json:"output_tokens,omitempty"`   // eval_count, with thinking
	ThinkingTokens int `json:"thinking_tokens,omitempty"` // of these, thinking
	Lines          int `json:"lines,omitempty"`           // lines or events written, 1 if not streamed
}

// truthLog writes Truths, one line each, and keeps the first error.
type truthLog struct {
	mu  sync.Mutex
	out io.Writer
	err error
}

func (l *truthLog) write(truth *Truth) {
	if l.out == nil {
		return
	}
	line, err := json.Marshal(truth)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		_, err = l.out.Write(append(line, '\n'))
	}
	if err != nil && l.err == nil {
		l.err = fmt.Errorf("simulator: writing the truth of request %d: %w", truth.Request, err)
	}
}

func (l *truthLog) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

func unixMS(t time.Time) float64 { return float64(t.UnixNano()) / float64(time.Millisecond) }

func inMS(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
