// Package preflight finds out whether a benchmark of an Ollama server would work and, where
// it would not, at which step it fails and what to do about it.
package preflight

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/hints"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
)

// Step is one of the checks.
type Step string

// The checks, in the order in which a person would make them. The last three are made for
// each model.
const (
	Resolve    Step = "name"       // the host name has an address
	Connect    Step = "tcp"        // the port accepts connections
	Handshake  Step = "tls"        // the server shows a valid certificate; https only
	Respond    Step = "http"       // something answers
	Identify   Step = "ollama"     // it is Ollama, in a version
	FindModel  Step = "model"      // the server has the model
	Loaded     Step = "loaded"     // whether the model is in memory; both is well
	Generation Step = "generation" // the model generates a few tokens
)

// The time that a step gets where Options gives none.
const (
	DefaultTimeout           = 5 * time.Second
	DefaultGenerationTimeout = 2 * time.Minute // loading a large model from a disk takes this long
)

// Target is a server under its name.
type Target struct {
	Name     string
	Endpoint api.Endpoint
}

// Options says how to check a target.
type Options struct {
	Models            []string
	Timeout           time.Duration // of each step but the generation; 0 means DefaultTimeout
	GenerationTimeout time.Duration // 0 means DefaultGenerationTimeout
	InsecureTLS       bool          // take any certificate
	APIKey            string        // counts before the credentials of an address; "" for none
	Resolver          *net.Resolver // nil means net.DefaultResolver
	Locale            locale.Locale
	OnResult          func(Result) // gets each result as soon as it is there; may be nil
}

// Result is the outcome of a step.
type Result struct {
	Step     Step          `json:"step"`
	Model    string        `json:"model,omitempty"`
	OK       bool          `json:"ok"`
	Detail   string        `json:"detail"` // what was found, in one line
	Duration float64       `json:"duration_ms"`
	Kind     api.ErrorKind `json:"error_type,omitempty"`
	Fix      string        `json:"fix,omitempty"` // what to do, with the commands in backquotes
}

// Findings is all that was found out about a target.
type Findings struct {
	Target    string         `json:"target"`
	Endpoint  string         `json:"endpoint"`
	OK        bool           `json:"ok"` // a benchmark of it would work
	Results   []Result       `json:"results"`
	Manifests []api.Manifest `json:"manifests,omitempty"` // of the models that were found

	server *checker
}

// Manifest returns what the server told of a model; found is false if it has not got it.
func (f *Findings) Manifest(model string) (manifest api.Manifest, found bool) {
	for _, m := range f.Manifests {
		if api.SameModel(m.Model, model) {
			return m, true
		}
	}
	return api.Manifest{}, false
}

// Check makes the checks and stops where the rest would be pointless. Each step is bounded
// by its own timeout; a cancelled ctx ends the step that runs and all that follow.
func Check(ctx context.Context, target Target, options Options) *Findings {
	if options.Timeout <= 0 {
		options.Timeout = DefaultTimeout
	}
	if options.GenerationTimeout <= 0 {
		options.GenerationTimeout = DefaultGenerationTimeout
	}
	if options.Resolver == nil {
		options.Resolver = net.DefaultResolver
	}
	c := &checker{
		options:   options,
		target:    target,
		transport: newTransport(options),
		words:     wordsOf(options.Locale),
		findings:  &Findings{Target: target.Name, Endpoint: target.Endpoint.String(), OK: true},
	}
	c.findings.server = c
	defer c.transport.CloseIdleConnections()
	c.route = routeTo(target.Endpoint)
	if c.reach(ctx) && c.identify(ctx) && c.list(ctx) {
		for _, model := range options.Models {
			if ctx.Err() == nil {
				c.checkModel(ctx, model)
			}
		}
	}
	for _, model := range options.Models {
		if manifest, found := c.inventory.Manifest(model); found {
			c.findings.Manifests = append(c.findings.Manifests, manifest)
		}
	}
	return c.findings
}

type checker struct {
	options   Options
	target    Target
	route     route
	transport *http.Transport
	words     *words
	inventory api.Inventory
	findings  *Findings
}

// reach goes the way to the server: name, TCP and, with https, TLS.
func (c *checker) reach(ctx context.Context) bool {
	addresses, ok := c.resolve(ctx)
	if !ok {
		return false
	}
	connection, ok := c.connect(ctx, addresses)
	if !ok {
		return false
	}
	ok = !c.target.Endpoint.Secure() || c.route.proxied || c.handshake(ctx, connection)
	// Nothing was sent that could get lost.
	_ = connection.Close()
	return ok
}

// pass adds the result of a step that went well.
func (c *checker) pass(result Result) bool {
	result.OK = true
	c.add(result)
	return true
}

// fail adds the result of a step that failed and says what to do about it.
func (c *checker) fail(result Result, failure *api.Error) bool {
	result.Kind, result.Detail, result.Fix = failure.Kind, failure.Message, c.fix(result, failure)
	c.findings.OK = false
	c.add(result)
	return false
}

func (c *checker) add(result Result) {
	c.findings.Results = append(c.findings.Results, result)
	if c.options.OnResult != nil {
		c.options.OnResult(result)
	}
}

// fix returns the hint for a failure. Of a timeout, and of what was canceled, the hints speak
// as of a benchmark, whose settings the reader has not got here.
func (c *checker) fix(result Result, failure *api.Error) string {
	facts := hints.Facts{
		Endpoint: c.target.Endpoint.String(), Model: result.Model,
		Status: failure.Status,
	}
	if c.inventory.Models != nil {
		facts.Models = c.inventory.ModelNames()
	}
	if c.route.proxied && (result.Step == Resolve || result.Step == Connect) {
		return c.words.checkProxy
	}
	switch kind := failure.Kind; {
	case kind == api.Canceled:
		return ""
	case kind == api.TimeoutConnect:
		return hints.For(api.Connect, facts, c.options.Locale)
	case kind == api.TimeoutTotal && result.Step == Generation:
		return c.words.slowGeneration
	case kind == api.TimeoutTotal:
		return c.words.slowAnswer
	case kind == api.ModelNotFound:
		return hints.For(kind, facts, c.options.Locale) + " " + c.words.listModels(c.target.Endpoint)
	default:
		return hints.For(kind, facts, c.options.Locale)
	}
}

func since(start time.Time) float64 { return float64(time.Since(start)) / float64(time.Millisecond) }
