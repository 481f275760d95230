package ollama

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"
	"go.k6.io/k6/v2/lib/types"
	"go.k6.io/k6/v2/metrics"
	"golang.org/x/net/http/httpguts"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/exchange"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
)

// The bounds of a request for which the script sets none. Loading a large model takes
// minutes, so the total is generous; a host that does not answer is known soon.
const (
	defaultConnectTimeout = 10 * time.Second
	defaultTotalTimeout   = 10 * time.Minute
)

// sharedOptions are the options that new Ollama(options) and each call (…, params) share.
type sharedOptions struct {
	headers     http.Header
	timeouts    exchange.Timeouts
	slo         slo
	tags        map[string]string
	throwErrors bool
}

// clientOptions are the options of new Ollama(options).
type clientOptions struct {
	sharedOptions
	endpoint api.Endpoint
	target   string
	model    string
	apiKey   string
	err      error // why the default client can't be used
}

// callParams are the options of one call, on top of the client's.
type callParams struct {
	sharedOptions
	phase       record.Phase
	scheduledAt *float64 // Unix time in ms
	onChunk     sobek.Callable
}

// slo holds the service level objectives in ms; 0 means none.
type slo struct{ ttft, tpot, duration float64 }

// option reads the value of one option.
type option func(value sobek.Value) error

// readOptions reads an object of options. Unknown names are errors, so that a typo does
// not measure something else.
func readOptions(argument sobek.Value, name string, options map[string]option) error {
	if common.IsNullish(argument) {
		return nil
	}
	object, ok := argument.(*sobek.Object)
	if !ok || object.ClassName() != "Object" {
		return fmt.Errorf("%s: must be an object, got %s", name, describe(argument))
	}
	for _, key := range object.Keys() {
		read, known := options[key]
		if !known {
			return fmt.Errorf("%s: unknown; the %s are %s", key, name, strings.Join(slices.Sorted(maps.Keys(options)), ", "))
		}
		value := object.Get(key)
		if common.IsNullish(value) {
			continue
		}
		if err := read(value); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

func (i *instance) parseClientOptions(argument sobek.Value) (*clientOptions, error) {
	options := &clientOptions{sharedOptions: sharedOptions{
		timeouts: exchange.Timeouts{Connect: defaultConnectTimeout, Total: defaultTotalTimeout},
	}}
	host := api.DefaultHost
	if fromEnvironment, _ := i.lookup("OLLAMA_HOST"); fromEnvironment != "" {
		host = fromEnvironment
	}
	readers := options.readers(i)
	readers["host"] = text(&host)
	readers["model"] = text(&options.model)
	readers["target"] = text(&options.target)
	readers["apiKey"] = text(&options.apiKey)
	if err := readOptions(argument, "options", readers); err != nil {
		return nil, err
	}
	endpoint, err := api.ParseEndpoint(host)
	if err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	options.endpoint = endpoint
	if options.target == "" {
		options.target = endpoint.Label()
	}
	if options.apiKey == "" && !endpoint.Loopback() {
		options.apiKey, _ = i.lookup("OLLAMA_API_KEY")
	}
	options.apiKey = strings.TrimSpace(options.apiKey) // a key that was read from a file ends with its line
	if !httpguts.ValidHeaderFieldValue(options.apiKey) {
		return nil, errors.New("apiKey (OLLAMA_API_KEY): has a character that no header can have, such as a line break")
	}
	return options, nil
}

func (c *client) parseCallParams(op api.Op, argument sobek.Value) (*callParams, error) {
	params := &callParams{sharedOptions: c.sharedOptions}
	if op.Inference() {
		params.phase = record.Measure
	}
	params.headers = c.headers.Clone()
	params.tags = maps.Clone(c.tags)
	readers := params.readers(c.instance)
	readers["phase"] = params.readPhase
	readers["scheduledAt"] = params.readScheduledAt
	readers["onChunk"] = params.readOnChunk
	if err := readOptions(argument, "params", readers); err != nil {
		return nil, err
	}
	return params, nil
}

// readers of the options that client and call share. What a call gives is added to what
// the client has.
func (o *sharedOptions) readers(i *instance) map[string]option {
	return map[string]option{
		"headers": func(v sobek.Value) error { return o.readHeaders(i, v) },
		"tags":    func(v sobek.Value) error { return o.readTags(i, v) },
		"timeout": o.readTimeout,
		"slo":     o.readSLO,
		"throw": func(v sobek.Value) error {
			if kindOf(v) != "boolean" {
				return fmt.Errorf("must be true or false, got %s", describe(v))
			}
			o.throwErrors = v.ToBoolean()
			return nil
		},
	}
}

func (o *sharedOptions) readHeaders(i *instance, value sobek.Value) error {
	if o.headers == nil {
		o.headers = http.Header{}
	}
	return eachProperty(i, value, func(name string, v sobek.Value) error {
		switch {
		case !httpguts.ValidHeaderFieldName(name):
			return fmt.Errorf("%q is no name of a header", name)
		case !isScalar(v):
			return fmt.Errorf("%s: must be a string, number or boolean, got %s", name, describe(v))
		case !httpguts.ValidHeaderFieldValue(v.String()):
			return fmt.Errorf("%s: has a character that no header can have, such as a line break", name)
		}
		o.headers.Set(name, v.String())
		return nil
	})
}

// ownTags are the tags that this module sets itself.
var ownTags = []string{"target", "model", "op", "phase", "error_type"}

func (o *sharedOptions) readTags(i *instance, value sobek.Value) error {
	if o.tags == nil {
		o.tags = map[string]string{}
	}
	return eachProperty(i, value, func(name string, v sobek.Value) error {
		if slices.Contains(ownTags, name) {
			return fmt.Errorf("%s is set by this module; see the options target and model and the param phase", name)
		}
		if !isScalar(v) {
			return fmt.Errorf("%s: must be a string, number or boolean, got %s", name, describe(v))
		}
		o.tags[name] = v.String()
		return nil
	})
}

// readTimeout reads a duration for the whole request, or one for each part.
func (o *sharedOptions) readTimeout(value sobek.Value) error {
	if kindOf(value) != "object" {
		return duration(&o.timeouts.Total)(value)
	}
	return readOptions(value, "parts of a timeout", map[string]option{
		"connect":    duration(&o.timeouts.Connect),
		"firstToken": duration(&o.timeouts.FirstToken),
		"idle":       duration(&o.timeouts.Idle),
		"total":      duration(&o.timeouts.Total),
	})
}

func (o *sharedOptions) readSLO(value sobek.Value) error {
	objective := func(to *float64) option {
		return func(v sobek.Value) error {
			ms, ok := number(v)
			if !ok || ms <= 0 {
				return fmt.Errorf("must be a number of milliseconds above 0, got %s", describe(v))
			}
			*to = ms
			return nil
		}
	}
	return readOptions(value, "objectives of an slo", map[string]option{
		"ttft": objective(&o.slo.ttft), "tpot": objective(&o.slo.tpot), "duration": objective(&o.slo.duration),
	})
}

func (p *callParams) readPhase(value sobek.Value) error {
	switch phase := record.Phase(value.String()); phase {
	case record.Warmup, record.Measure:
		p.phase = phase
		return nil
	}
	return fmt.Errorf(`must be "warmup" or "measure", got %s`, describe(value))
}

func (p *callParams) readScheduledAt(value sobek.Value) error {
	at, ok := number(value)
	if !ok || at <= 0 {
		return fmt.Errorf("must be a Unix time in milliseconds, as of Date.now(), got %s", describe(value))
	}
	p.scheduledAt = &at
	return nil
}

func (p *callParams) readOnChunk(value sobek.Value) error {
	onChunk, ok := sobek.AssertFunction(value)
	if !ok {
		return fmt.Errorf("must be a function, got %s", describe(value))
	}
	p.onChunk = onChunk
	return nil
}

// text reads a string that is not empty.
func text(to *string) option {
	return func(v sobek.Value) error {
		if kindOf(v) != "string" || strings.TrimSpace(v.String()) == "" {
			return fmt.Errorf("must be a string that is not empty, got %s", describe(v))
		}
		*to = v.String()
		return nil
	}
}

// duration reads what k6 reads as a duration: '1m30s', or a number of milliseconds.
func duration(to *time.Duration) option {
	return func(v sobek.Value) error {
		d, err := types.GetDurationValue(v.Export())
		if err != nil || d <= 0 {
			return fmt.Errorf("must be a duration above 0, such as '30s' or a number of milliseconds, got %s", describe(v))
		}
		*to = d
		return nil
	}
}

func isScalar(v sobek.Value) bool {
	return slices.Contains([]string{"string", "number", "boolean"}, kindOf(v))
}

func number(v sobek.Value) (n float64, ok bool) {
	if kindOf(v) != "number" {
		return 0, false // a BigInt or Symbol would throw what names no field
	}
	n = v.ToFloat()
	return n, !math.IsNaN(n) && !math.IsInf(n, 0)
}

func eachProperty(i *instance, value sobek.Value, do func(name string, v sobek.Value) error) error {
	if kindOf(value) != "object" {
		return fmt.Errorf("must be an object, got %s", describe(value))
	}
	object := value.ToObject(i.vu.Runtime())
	for _, name := range object.Keys() {
		if err := do(name, object.Get(name)); err != nil {
			return err
		}
	}
	return nil
}

// header returns the headers of the call, with the credentials that the client has.
func (inv *invocation) header() http.Header {
	header := inv.params.headers
	if header == nil {
		header = http.Header{}
	}
	if header.Get("Authorization") != "" {
		return header
	}
	if key := inv.client.apiKey; key != "" {
		header.Set("Authorization", "Bearer "+key)
	} else if user := inv.client.endpoint.Credentials(); user != nil {
		password, _ := user.Password()
		(&http.Request{Header: header}).SetBasicAuth(user.Username(), password)
	}
	return header
}

// tagsFor returns the tags of the call's samples: k6's own and the script's, and ours.
func (inv *invocation) tagsFor(model string) metrics.TagsAndMeta {
	tags := inv.state.Tags.GetCurrentValues()
	tags.Tags = tags.Tags.WithTagsFromMap(inv.params.tags)
	own := map[string]string{
		"target": inv.client.target, "model": model, "op": string(inv.op), "phase": string(inv.params.phase),
	}
	maps.DeleteFunc(own, func(_, value string) bool { return value == "" })
	tags.Tags = tags.Tags.WithTagsFromMap(own)
	return tags
}

// encodeImages makes base64 of the images that are binary.
func encodeImages(value sobek.Value) any {
	images, ok := value.Export().([]any)
	if !ok {
		return value
	}
	encoded := make([]any, len(images))
	for n, image := range images {
		switch data := image.(type) {
		case sobek.ArrayBuffer:
			encoded[n] = base64.StdEncoding.EncodeToString(data.Bytes())
		case []byte:
			encoded[n] = base64.StdEncoding.EncodeToString(data)
		default:
			encoded[n] = image
		}
	}
	return encoded
}

// kindOf names the kind of a value as a script's author would.
func kindOf(v sobek.Value) string {
	switch {
	case v == nil || sobek.IsUndefined(v):
		return "undefined"
	case sobek.IsNull(v):
		return "null"
	}
	if object, ok := v.(*sobek.Object); ok {
		switch object.ClassName() {
		case "Array":
			return "array"
		case "Function", "AsyncFunction":
			return "function"
		default:
			return "object"
		}
	}
	switch v.Export().(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case int64, float64:
		return "number"
	default:
		return "value"
	}
}

// describe shows a value in an error message.
func describe(v sobek.Value) string {
	switch kind := kindOf(v); kind {
	case "string":
		return fmt.Sprintf("%q", v.String())
	case "number", "boolean":
		return v.String()
	case "array":
		return "an array"
	case "object":
		return "an object"
	case "function":
		return "a function"
	default:
		return kind
	}
}

func orList(kinds []string) string {
	return strings.ReplaceAll("a "+strings.Join(kinds, " or a "), "a array", "an array")
}

// throwTypeError throws a TypeError that names the call and the field.
func throwTypeError(rt *sobek.Runtime, where string, err error) {
	panic(rt.NewTypeError("ollama: %s: %v", where, err))
}
