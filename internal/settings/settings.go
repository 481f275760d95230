// Package settings reads what a benchmark is told to do. The script reads it from
// environment variables and the command line from flags; both mean the same things.
package settings

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/turns"
)

// Cache says what the server's prompt cache may do.
type Cache string

// Cold makes each prompt unique at its start, so that the cache can't answer for the
// model; Warm repeats the prompt.
const (
	Cold Cache = "cold"
	Warm Cache = "warm"
)

// The names of the two targets that need no naming.
const (
	Local  = "local"
	Remote = "remote"
)

// Defaults of the settings that have one.
const (
	DefaultNumRequests = 10
	DefaultModel       = "deepseek-r1:1.5b"
	DefaultWarmup      = 1
	DefaultNumPredict  = 128
	DefaultTimeout     = 5 * time.Minute
	DefaultPrompt      = "Explain in a few sentences why the sky is blue."
	DefaultLocal       = api.DefaultHost + "/api/generate"
)

// Target is a server under its name.
type Target struct {
	Name     string
	Endpoint string // as given; valid for api.ParseEndpoint; "" if it is to be simulated
}

// Settings is what a benchmark does.
type Settings struct {
	NumRequests int // measured requests for each target and model
	Models      []string
	Targets     []Target // in the order in which they are asked and shown
	Simulate    bool     // the targets are simulated servers
	Order       turns.Order
	Warmup      int // requests before the measured ones, for each target and model
	Prompt      string
	NumPredict  int // most output tokens of an answer
	Cache       Cache
	Stream      bool
	Timeout     time.Duration // of a whole request
	Locale      locale.Locale
	Out         string // the directory for the files, "" for none
}

// Error is a setting with a value that it can't have, and says what it can.
type Error struct {
	Name    Name
	Value   string
	Allowed string
}

// Error implements error, in one line.
func (e *Error) Error() string {
	return fmt.Sprintf("%s=%q: %s", e.Name.both(), e.Value, e.Allowed)
}

// Name is a setting's environment variable.
type Name string

// The settings.
const (
	NumRequests    Name = "NUM_REQUESTS"
	Model          Name = "MODEL"
	Only           Name = "ONLY"
	LocalEndpoint  Name = "LOCAL_ENDPOINT"
	RemoteEndpoint Name = "REMOTE_ENDPOINT"
	Targets        Name = "TARGETS"
	Simulate       Name = "SIMULATE"
	Order          Name = "ORDER"
	Warmup         Name = "WARMUP"
	Prompt         Name = "PROMPT"
	NumPredict     Name = "NUM_PREDICT"
	CacheName      Name = "CACHE"
	Stream         Name = "STREAM"
	Timeout        Name = "TIMEOUT"
	Locale         Name = "LOCALE"
	Out            Name = "OUT"
)

// flags are the command-line twins, where the name does not follow from the variable's.
var flags = map[Name]string{
	Only:    "--only-local, --only-remote",
	Targets: "--target",
	Stream:  "--no-stream",
}

// Names returns every setting, in the order of the documentation.
func Names() []Name {
	return []Name{
		NumRequests, Model, Only, LocalEndpoint, RemoteEndpoint, Targets, Simulate,
		Order, Warmup, Prompt, NumPredict, CacheName, Stream, Timeout, Locale, Out,
	}
}

// Flag returns the flag that sets the same on the command line.
func (n Name) Flag() string {
	if flag, ok := flags[n]; ok {
		return flag
	}
	return "--" + strings.ReplaceAll(strings.ToLower(string(n)), "_", "-")
}

func (n Name) both() string { return fmt.Sprintf("%s (%s)", string(n), n.Flag()) }

// Read takes the settings from the environment, which lookup knows, and checks them. A
// variable that is empty counts as not set. readFile reads the file of PROMPT=@FILE.
// Errors about a value are *Error.
func Read(lookup func(string) (string, bool), readFile func(string) (string, error)) (*Settings, error) {
	r := reader{lookup: lookup}
	s := &Settings{
		NumRequests: r.number(NumRequests, DefaultNumRequests, 1),
		Models:      r.models(),
		Simulate:    r.boolean(Simulate, false),
		Order:       oneOf(&r, Order, turns.Interleaved, turns.Sequential, turns.Parallel),
		Warmup:      r.number(Warmup, DefaultWarmup, 0),
		Prompt:      r.prompt(readFile),
		NumPredict:  r.number(NumPredict, DefaultNumPredict, 1),
		Cache:       oneOf(&r, CacheName, Cold, Warm),
		Stream:      r.boolean(Stream, true),
		Timeout:     r.duration(Timeout, DefaultTimeout),
		Locale:      r.locale(),
		Out:         r.text(Out, ""),
	}
	s.Targets = r.targets(s.Simulate)
	if r.err != nil {
		return nil, r.err
	}
	return s, nil
}

// TargetNames returns the names of the targets, in order.
func (s *Settings) TargetNames() []string {
	names := make([]string, len(s.Targets))
	for i, t := range s.Targets {
		names[i] = t.Name
	}
	return names
}

// Rounds returns how many requests each target gets.
func (s *Settings) Rounds() int { return len(s.Models) * (s.Warmup + s.NumRequests) }

// Map returns the settings under the names of their variables, for results.json.
func (s *Settings) Map() map[string]any {
	targets := make([]string, len(s.Targets))
	for i, t := range s.Targets {
		targets[i] = t.Name + "=" + withoutCredentials(t.Endpoint)
	}
	return map[string]any{
		string(NumRequests): s.NumRequests,
		string(Model):       strings.Join(s.Models, ","),
		string(Targets):     strings.Join(targets, ","),
		string(Simulate):    s.Simulate,
		string(Order):       s.Order,
		string(Warmup):      s.Warmup,
		string(Prompt):      s.Prompt,
		string(NumPredict):  s.NumPredict,
		string(CacheName):   s.Cache,
		string(Stream):      s.Stream,
		string(Timeout):     s.Timeout.String(),
		string(Locale):      s.Locale,
	}
}

func withoutCredentials(endpoint string) string {
	parsed, err := api.ParseEndpoint(endpoint)
	if err != nil {
		return ""
	}
	return parsed.String()
}

// reader keeps the first error, so that reading a setting is one line.
type reader struct {
	lookup func(string) (string, bool)
	err    error
}

func (r *reader) text(name Name, fallback string) string {
	if value, _ := r.lookup(string(name)); strings.TrimSpace(value) != "" {
		return strings.TrimSpace(value)
	}
	return fallback
}

func (r *reader) fail(name Name, value, allowed string, args ...any) {
	if slices.Contains([]Name{LocalEndpoint, RemoteEndpoint, Targets}, name) {
		value = hideCredentials(value)
	}
	if r.err == nil {
		r.err = &Error{Name: name, Value: value, Allowed: fmt.Sprintf(allowed, args...)}
	}
}

// hideCredentials leaves out all that may be a password of the URLs in the text, however
// wrong they are: an error ends up in the log of a CI run.
func hideCredentials(text string) string {
	if at := strings.LastIndex(text, "@"); at >= 0 {
		return "…" + text[at:]
	}
	return text
}

func (r *reader) number(name Name, fallback, least int) int {
	text := r.text(name, "")
	if text == "" {
		return fallback
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > math.MaxInt32 {
		r.fail(name, text, "must be a whole number from %d to %d", least, math.MaxInt32)
	}
	return n
}

func (r *reader) duration(name Name, fallback time.Duration) time.Duration {
	text := r.text(name, "")
	if text == "" {
		return fallback
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		r.fail(name, text, "must be a duration above 0, such as 30s or 5m")
	}
	return d
}

func (r *reader) boolean(name Name, fallback bool) bool {
	switch text := r.text(name, ""); strings.ToLower(text) {
	case "":
		return fallback
	case "true", "1", "yes", "on":
		return true
	case "false", "0", "no", "off":
		return false
	default:
		r.fail(name, text, "must be true or false")
		return false
	}
}

// oneOf reads a setting that has one of a few values, of which the first is the default.
func oneOf[T ~string](r *reader, name Name, values ...T) T {
	text := r.text(name, string(values[0]))
	if i := slices.Index(values, T(strings.ToLower(text))); i >= 0 {
		return values[i]
	}
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = string(v)
	}
	r.fail(name, text, "must be one of %s", strings.Join(names, ", "))
	return ""
}

func (r *reader) models() []string {
	text := r.text(Model, DefaultModel)
	var models []string
	for model := range strings.SplitSeq(text, ",") {
		model = strings.TrimSpace(model)
		switch {
		case model == "":
			r.fail(Model, text, "must be a model or several separated by commas, without empty ones")
		case strings.ContainsFunc(model, unicode.IsSpace):
			r.fail(Model, text, "must be a model such as %s; a name has no spaces", DefaultModel)
		case slices.Contains(models, model):
			r.fail(Model, text, "names %s twice", model)
		}
		models = append(models, model)
	}
	return models
}

// windowsPrompt is what PROMPT is on every Windows: the form of the command line's own prompt.
const windowsPrompt = "$P$G"

func (r *reader) prompt(readFile func(string) (string, error)) string {
	text := r.text(Prompt, DefaultPrompt)
	if text == windowsPrompt {
		text = DefaultPrompt
	}
	path, isFile := strings.CutPrefix(text, "@")
	if !isFile {
		return text
	}
	content, err := readFile(path)
	if err != nil {
		r.fail(Prompt, text, "the file can't be read: %v", err)
		return ""
	}
	if content = strings.TrimSpace(content); content == "" {
		r.fail(Prompt, text, "the file is empty")
	}
	return content
}

func (r *reader) locale() locale.Locale {
	text := r.text(Locale, "")
	if text == "" {
		return locale.FromEnvironment(r.lookup)
	}
	l, err := locale.Parse(text)
	if err != nil {
		r.fail(Locale, text, "must be en or ko")
	}
	return l
}
