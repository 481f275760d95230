package simulator

import (
	"fmt"
	"io"
	"net"
	"time"
)

// Config says how a simulated server behaves. Start from DefaultConfig, Local or Remote.
type Config struct {
	// Addr is where to listen: host:port. Without a host it is 127.0.0.1, port 0 picks a
	// free one.
	Addr string
	// Version is what /api/version answers.
	Version string
	// Models are the models that the server has.
	Models []Model
	// AnyModel gives the server every model that a request asks for; without it an unknown
	// one is a 404. A model is listed in /api/tags once it has been asked for.
	AnyModel bool

	// Parallel is how many requests of one model run at once (OLLAMA_NUM_PARALLEL); the
	// others wait in the order of their arrival, which shows only in total_duration.
	Parallel int
	// MaxQueue is how many requests wait for a model that is not loaded, besides the one that
	// is being loaded (OLLAMA_MAX_QUEUE); the next is a 503. As in Ollama the queue of a
	// loaded model has no bound.
	MaxQueue int
	// MaxLoaded is how many models are loaded at once (OLLAMA_MAX_LOADED_MODELS); to load
	// another, an idle one is unloaded.
	MaxLoaded int
	// Load is how long it takes to load a model; it shows in load_duration, as does waiting
	// for it.
	Load time.Duration
	// WarmLoad is the load_duration of a loaded model (scheduling; 2 ms on a real server).
	WarmLoad time.Duration
	// KeepAlive is how long a model stays loaded after its last request if that did not say
	// (OLLAMA_KEEP_ALIVE): 0 unloads at once, below 0 never.
	KeepAlive time.Duration

	// PrefillRate is how many prompt tokens that are not in the prefix cache are processed
	// per second; 0 takes no time.
	PrefillRate float64
	// TTFT is the time from the end of the prefill to the first token; part of
	// prompt_eval_duration.
	TTFT Distribution
	// ITL is the time between tokens (inter-token latency).
	ITL Distribution
	// OutputTokens is the mean length of an answer for which the request gives no
	// num_predict; the lengths spread evenly over ±50 %, given by Seed and prompt.
	OutputTokens int
	// ThinkingTokens is how many tokens a thinking model thinks before it answers, at most
	// half of its tokens; they count as output.
	ThinkingTokens int

	// Network is the time that a request spends on the way, drawn once a request: half before
	// it arrives, half after each line is written. It is outside total_duration, and shifts
	// the lines of a stream without changing the gaps between them.
	Network Distribution

	// Seed fixes everything random: the same seed and the same sequence of requests make the
	// same texts and schedule.
	Seed uint64
	// Faults make requests go wrong; the first that strikes counts.
	Faults []Fault
	// Truth takes what really happened, one JSON object a line and generation request; see
	// Truth. nil: nowhere.
	Truth io.Writer

	// onLate sees how late each token was produced; for benchmarks.
	onLate func(time.Duration)
}

// DefaultConfig returns a small model on a computer without a GPU.
func DefaultConfig() Config {
	return Config{
		Addr:    "127.0.0.1:0",
		Version: "0.17.4",
		Models: []Model{
			NamedModel("deepseek-r1:1.5b"), NamedModel("llama3.2:1b"), NamedModel("qwen3:0.6b"), NamedModel("tiny"),
		},
		Parallel:       1,
		MaxQueue:       512,
		MaxLoaded:      3,
		Load:           400 * time.Millisecond,
		WarmLoad:       2 * time.Millisecond,
		KeepAlive:      5 * time.Minute,
		PrefillRate:    2000,
		TTFT:           Distribution{Shape: Lognormal, Mean: 30 * time.Millisecond, Spread: 0.2},
		ITL:            Distribution{Shape: Lognormal, Mean: 12 * time.Millisecond, Spread: 0.15},
		OutputTokens:   64,
		ThinkingTokens: 16,
		Seed:           1,
	}
}

// Local returns a fast server near by: what `--simulate` calls "local".
func Local() Config {
	config := DefaultConfig()
	config.ITL.Mean = 8 * time.Millisecond
	config.TTFT.Mean = 20 * time.Millisecond
	return config
}

// Remote returns a slower server behind a network: what `--simulate` calls "remote".
func Remote() Config {
	config := DefaultConfig()
	config.ITL.Mean = 12 * time.Millisecond
	config.TTFT.Mean = 35 * time.Millisecond
	config.Network = Distribution{Shape: Lognormal, Mean: 40 * time.Millisecond, Spread: 0.2}
	config.Seed = 2
	return config
}

// ConfigError is a Config that makes no sense: the field, and what is wrong with it.
type ConfigError struct {
	Field  string
	Reason string
}

// Error implements error.
func (e *ConfigError) Error() string { return fmt.Sprintf("simulator: %s %s", e.Field, e.Reason) }

const (
	// largestCount is more slots, waiting requests, models and tokens than any Ollama has. Slots
	// and the queue take memory in advance, so that much larger ones end in a crash.
	largestCount = 1_000_000
	// smallestPrefillRate keeps the time of the longest prompts within a time.Duration.
	smallestPrefillRate = 0.001
)

// Validate returns a *ConfigError for the first field that makes no sense, nil if there is
// none.
func (c Config) Validate() error {
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		return &ConfigError{"Addr", fmt.Sprintf("is %q, expected host:port", c.Addr)}
	}
	for _, field := range []struct {
		name     string
		value    int
		smallest int
	}{
		{"Parallel", c.Parallel, 1},
		{"MaxQueue", c.MaxQueue, 0},
		{"MaxLoaded", c.MaxLoaded, 1},
		{"OutputTokens", c.OutputTokens, 1},
		{"ThinkingTokens", c.ThinkingTokens, 0},
	} {
		if field.value < field.smallest {
			return &ConfigError{field.name, fmt.Sprintf("is %d, expected %d or more", field.value, field.smallest)}
		}
		if field.value > largestCount {
			return &ConfigError{field.name, fmt.Sprintf("is %d, expected %d or less", field.value, largestCount)}
		}
	}
	switch {
	case c.Load < 0:
		return &ConfigError{"Load", fmt.Sprintf("is %s, expected 0 or more", c.Load)}
	case c.WarmLoad < 0:
		return &ConfigError{"WarmLoad", fmt.Sprintf("is %s, expected 0 or more", c.WarmLoad)}
	case !(c.PrefillRate >= 0): // NaN too
		return &ConfigError{"PrefillRate", fmt.Sprintf("is %g tokens/s, expected 0 or more", c.PrefillRate)}
	case c.PrefillRate > 0 && c.PrefillRate < smallestPrefillRate:
		return &ConfigError{"PrefillRate", fmt.Sprintf("is %g tokens/s, expected %g or more, or 0 for no time",
			c.PrefillRate, smallestPrefillRate)}
	case len(c.Models) == 0 && !c.AnyModel:
		return &ConfigError{"Models", "is empty, expected a model, or AnyModel"}
	}
	return c.validateParts()
}

func (c Config) validateParts() error {
	for _, field := range []struct {
		name  string
		value Distribution
	}{{"TTFT", c.TTFT}, {"ITL", c.ITL}, {"Network", c.Network}} {
		if reason := field.value.flaw(); reason != "" {
			return &ConfigError{field.name, fmt.Sprintf("%q %s", field.value, reason)}
		}
	}
	for _, model := range c.Models {
		if !parseName(model.Name).valid() {
			return &ConfigError{"Models", fmt.Sprintf("has %q, which is no model name", model.Name)}
		}
	}
	for _, fault := range c.Faults {
		if reason := fault.flaw(); reason != "" {
			return &ConfigError{"Faults", reason}
		}
	}
	return nil
}
