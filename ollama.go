package ollama

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"
	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/metrics"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/exchange"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
)

// client is one object of the JavaScript class Ollama: a server, and how to talk to it.
type client struct {
	*instance
	clientOptions
}

// ops are the calls, each a method of that name.
var ops = []api.Op{
	api.Generate, api.Chat, api.Embed, api.List, api.Show, api.ListRunning,
	api.GetVersion, api.Pull, api.Load, api.Unload,
}

// newOllama is the constructor: new Ollama({ host, model, … }).
func (i *instance) newOllama(call sobek.ConstructorCall) *sobek.Object {
	options, err := i.parseClientOptions(call.Argument(0))
	if err != nil {
		throwTypeError(i.vu.Runtime(), "new Ollama(options)", err)
	}
	i.defineMethods(call.This, &client{instance: i, clientOptions: *options})
	return nil // `this`
}

// defaultClient is the one behind the default export. A wrong OLLAMA_HOST is an error
// only for a script that uses it, so it is kept for the first call.
func (i *instance) defaultClient() *client {
	options, err := i.parseClientOptions(sobek.Undefined())
	if err != nil {
		options = &clientOptions{err: err}
	}
	return &client{instance: i, clientOptions: *options}
}

func (i *instance) defineMethods(object *sobek.Object, c *client) {
	for _, op := range ops {
		i.define(object, string(op), func(request, params sobek.Value) *sobek.Promise {
			return c.call(op, request, params)
		})
	}
}

// invocation is one call with everything that has to be taken on the JS thread before
// its goroutine starts.
type invocation struct {
	client  *client
	op      api.Op
	params  *callParams
	request exchange.Request
	record  record.Record // of the finished request
	ctx     context.Context
	state   *lib.State
	tags    metrics.TagsAndMeta
	events  *events
}

// call sends one request in the background and returns a promise of its result.
func (c *client) call(op api.Op, request, params sobek.Value) *sobek.Promise {
	rt := c.vu.Runtime()
	where := fmt.Sprintf("%s(request, params)", op)
	state := c.vu.State()
	if state == nil {
		common.Throw(rt, fmt.Errorf("ollama: %s() sends a request, which the init context can't; "+
			"call it in setup(), teardown() or an iteration (the default function)", op))
	}
	if c.err != nil {
		throwTypeError(rt, where, c.err)
	}
	parsed, err := c.parseCallParams(op, params)
	if err != nil {
		throwTypeError(rt, where, err)
	}
	body, err := c.parseRequest(op, request)
	if err != nil {
		throwTypeError(rt, where, err)
	}
	if parsed.onChunk == nil {
		parsed.onChunk = body.onChunk
	}

	inv := &invocation{client: c, op: op, params: parsed, ctx: c.vu.Context(), state: state}
	inv.tags = inv.tagsFor(body.model)
	inv.events = newEvents(c.vu.RegisterCallback)
	inv.request = exchange.Request{
		Op:       op,
		URL:      c.endpoint.URL(op.Path()),
		Header:   inv.header(),
		Body:     body.json,
		Stream:   body.stream,
		Timeouts: parsed.timeouts,
		Discard:  state.Options.DiscardResponseBodies.Bool,
		Record:   inv.identity(body),
	}
	inv.request.OnGaps = func(runs []exchange.Gaps) { c.metrics.pushGaps(inv, runs) }
	send := &sender{ctx: inv.ctx, state: state, transport: c.transport.of(inv.ctx, state), tags: inv.tags}
	promise, resolve, reject := rt.NewPromise()
	inv.forwardChunks(rt)
	c.root.watch.Start()
	c.connections.begin(c.target)
	go func() {
		outcome := exchange.Do(inv.ctx, send, inv.request)
		inv.finish(outcome)
		inv.events.close(func() error { return inv.settle(rt, outcome, resolve, reject) })
	}()
	return promise
}

// identity says whose request it is.
func (inv *invocation) identity(body *requestBody) record.Record {
	return record.Record{
		Target:      inv.client.target,
		Model:       body.model,
		Endpoint:    inv.client.endpoint.String(),
		Phase:       inv.params.phase,
		VU:          inv.state.VUID,
		Iter:        inv.state.Iteration,
		ScheduledAt: inv.params.scheduledAt,
		PromptSeen:  inv.client.root.prompts.add(inv.client.target, body),
	}
}

// forwardChunks lets onChunk see each line of the answer, in order, on the JS thread.
func (inv *invocation) forwardChunks(rt *sobek.Runtime) {
	onChunk := inv.params.onChunk
	if onChunk == nil {
		return
	}
	inv.request.OnLine = func(line []byte) {
		text := string(line)
		inv.events.post(func() error {
			chunk, err := parseJSON(rt, text)
			if err != nil {
				return err
			}
			_, err = onChunk(sobek.Undefined(), chunk)
			return err
		})
	}
}

// finish turns the outcome into a record, and hands that on to k6's metrics and to the
// report.
func (inv *invocation) finish(outcome *exchange.Outcome) {
	inv.record = outcome.Record
	inv.client.metrics.push(inv)
	inv.client.connections.end(&inv.record)
	recorder := &inv.client.root.recorder
	recorder.reached(inv.record.Target, outcome.Host)
	switch {
	case inv.op.Inference():
		if err := recorder.add(&inv.record); err != nil {
			inv.state.Logger.WithError(err).Error("a request is missing in requests.ndjson")
		}
	case outcome.Err == nil:
		recorder.note(inv.record.Target, inv.record.Model, inv.op, outcome.Answer.Last)
	}
}

// settle resolves the promise with the result, or rejects it: with what onChunk threw,
// or, if the script asked for that, with the error of the request.
func (inv *invocation) settle(
	rt *sobek.Runtime, outcome *exchange.Outcome, resolve, reject func(any) error,
) error {
	select {
	case <-inv.ctx.Done():
		return nil // k6 is about to interrupt the script, which is not to run on until then
	default:
	}
	if thrown := inv.events.err; thrown != nil {
		var exception *sobek.Exception
		if errors.As(thrown, &exception) {
			return reject(exception.Value())
		}
		return reject(rt.NewGoError(thrown))
	}
	result := inv.result(rt, outcome)
	if outcome.Err == nil || !inv.params.throwErrors {
		return resolve(result)
	}
	thrown := rt.NewGoError(fmt.Errorf("%s: %w", inv.op, outcome.Err))
	for name, value := range map[string]any{
		"name": "OllamaError", "type": string(outcome.Err.Kind), "status": outcome.Err.Status, "result": result,
	} {
		inv.client.define(thrown, name, value)
	}
	return reject(thrown)
}

// requestBody is the first argument of a call, read.
type requestBody struct {
	json    []byte // nil for calls without a body
	model   string
	stream  bool
	prompt  string // what the server's cache would know again; "" for none
	onChunk sobek.Callable
}

// parseRequest makes the body of the call. Fields go through as they are, whatever they
// are called; what we add is the model and the way in which load and unload are told.
func (c *client) parseRequest(op api.Op, argument sobek.Value) (*requestBody, error) {
	if common.IsNullish(argument) {
		argument = c.vu.Runtime().NewObject()
	}
	given, ok := argument.(*sobek.Object)
	if !ok || given.ClassName() == "Array" {
		return nil, fmt.Errorf("request: must be an object, got %s", describe(argument))
	}
	switch op {
	case api.List, api.ListRunning, api.GetVersion:
		return &requestBody{}, checkNoFields(given)
	}
	request := c.copyRequest(given)
	if err := checkRequest(op, request); err != nil {
		return nil, err
	}
	body := &requestBody{model: c.model, stream: op.GeneratesTokens() || op == api.Pull}
	if onChunk, ok := sobek.AssertFunction(request.Get("onChunk")); ok {
		body.onChunk = onChunk
	}
	if model := request.Get("model"); !common.IsNullish(model) {
		body.model = model.String()
	}
	if body.model == "" {
		return nil, errors.New("model: missing; give it in the request or to new Ollama({ model })")
	}
	c.define(request, "model", body.model)
	if op == api.Load || op == api.Unload {
		c.define(request, "stream", false)
	}
	if op == api.Unload {
		c.define(request, "keep_alive", 0)
	}
	if stream := request.Get("stream"); !common.IsNullish(stream) {
		body.stream = stream.ToBoolean()
	}
	encoded, err := request.MarshalJSON() // JSON.stringify; json.Marshal would escape <, > and &
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	body.json = encoded
	body.prompt = promptIn(op, request, encoded)
	return body, nil
}

// copyRequest copies what will be changed, so that the script's own object stays as it
// is, and makes base64 of binary images, which JSON can't carry.
func (c *client) copyRequest(given *sobek.Object) *sobek.Object {
	rt := c.vu.Runtime()
	request := rt.NewObject()
	for _, key := range given.Keys() {
		value := given.Get(key)
		switch key {
		case "images":
			value = rt.ToValue(encodeImages(value))
		case "messages":
			value = c.copyMessages(value)
		}
		c.define(request, key, value)
	}
	return request
}

func (c *client) copyMessages(value sobek.Value) sobek.Value {
	messages, ok := value.(*sobek.Object)
	if !ok || messages.ClassName() != "Array" {
		return value
	}
	rt := c.vu.Runtime()
	copied := make([]any, 0, len(messages.Keys()))
	for _, index := range messages.Keys() {
		message, ok := messages.Get(index).(*sobek.Object)
		if !ok || common.IsNullish(message.Get("images")) {
			copied = append(copied, messages.Get(index))
			continue
		}
		clone := rt.NewObject()
		for _, key := range message.Keys() {
			c.define(clone, key, message.Get(key))
		}
		c.define(clone, "images", encodeImages(message.Get("images")))
		copied = append(copied, clone)
	}
	return rt.NewArray(copied...)
}

// checkNoFields refuses what would get lost: most likely params in the place of the request.
func checkNoFields(request *sobek.Object) error {
	if keys := request.Keys(); len(keys) > 0 {
		return fmt.Errorf("%s: unknown; this request has no fields, and params come second", keys[0])
	}
	return nil
}

// checkRequest finds the mistakes that the server would answer with an error about its
// own source code, or not at all.
func checkRequest(op api.Op, request *sobek.Object) error {
	type field struct {
		name  string
		kinds []string
	}
	fields := []field{{"model", []string{"string"}}, {"stream", []string{"boolean"}}, {"onChunk", []string{"function"}}}
	switch op {
	case api.Generate:
		fields = append(fields, field{"prompt", []string{"string"}}, field{"images", []string{"array"}})
	case api.Chat:
		fields = append(fields, field{"messages", []string{"array"}})
	case api.Embed:
		fields = append(fields, field{"input", []string{"string", "array"}})
	}
	for _, f := range fields {
		value := request.Get(f.name)
		if kind := kindOf(value); kind != "undefined" && kind != "null" && !slices.Contains(f.kinds, kind) {
			return fmt.Errorf("%s: must be %s, got %s", f.name, orList(f.kinds), describe(value))
		}
	}
	return nil
}
