package api

import "net/http"

// Op is one of the calls of Ollama's API; it is the `op` tag of the metrics.
type Op string

// The calls there are. Load and Unload are generate calls without a prompt.
const (
	Generate    Op = "generate"
	Chat        Op = "chat"
	Embed       Op = "embed"
	List        Op = "list"
	Show        Op = "show"
	ListRunning Op = "ps"
	GetVersion  Op = "version"
	Pull        Op = "pull"
	Load        Op = "load"
	Unload      Op = "unload"
)

// Inference says whether the call makes the model work, so that it counts in a
// benchmark. The others look at the server or prepare it.
func (o Op) Inference() bool { return o == Generate || o == Chat || o == Embed }

// GeneratesTokens says whether the answer is made of tokens, with timings of its own.
func (o Op) GeneratesTokens() bool { return o == Generate || o == Chat }

// Method returns the HTTP method of the call.
func (o Op) Method() string {
	switch o {
	case List, ListRunning, GetVersion:
		return http.MethodGet
	default:
		return http.MethodPost
	}
}

// Path returns the path of the call below the endpoint.
func (o Op) Path() string {
	switch o {
	case List:
		return "/api/tags"
	case Load, Unload:
		return "/api/generate"
	default:
		return "/api/" + string(o)
	}
}
