package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/simulator/wire/api"
	"github.com/xk6-ollama/xk6-ollama/internal/simulator/wire/openai"
)

// job is a generation, whichever endpoint asked for it.
type job struct {
	name      string // as the request wrote it
	op        string // "generate" or "chat", as errors call it
	shape     shape
	stream    bool
	empty     bool // no prompt or no message: load or unload the model
	keepAlive *api.Duration
	think     *api.ThinkValue
	format    json.RawMessage
	options   map[string]any
	tools     []api.Tool
	suffix    bool
	raw       bool
	context   []int
	text      string // the prompt as the model sees it
	images    int
	flaw      string // a 400, once the model is known
}

func generate(x *exchange) {
	var request api.GenerateRequest
	if x.decode(&request) {
		x.run(generateJob(request, newGenerateShape(request.Model)))
	}
}

func chat(x *exchange) {
	var request api.ChatRequest
	if x.decode(&request) {
		x.run(chatJob(request, newChatShape(request.Model)))
	}
}

func v1Completions(x *exchange) {
	var request openai.CompletionRequest
	if !x.decode(&request) {
		return
	}
	translated, err := request.Generate()
	if err != nil {
		x.refuse(err.Error())
		return
	}
	x.run(generateJob(translated, newV1CompletionShape(request.Model, request.StreamOptions)))
}

func v1Chat(x *exchange) {
	var request openai.ChatCompletionRequest
	if !x.decode(&request) {
		return
	}
	translated, err := request.Chat()
	if err != nil {
		x.refuse(err.Error())
		return
	}
	x.run(chatJob(translated, newV1ChatShape(request.Model, request.StreamOptions)))
}

func generateJob(r api.GenerateRequest, shape shape) job {
	j := job{
		name: r.Model, op: "generate", shape: shape, stream: r.Stream == nil || *r.Stream, empty: r.Prompt == "",
		keepAlive: r.KeepAlive, think: r.Think, format: r.Format, options: r.Options, suffix: r.Suffix != "",
		raw: r.Raw, context: r.Context, text: r.Prompt, images: len(r.Images),
	}
	if r.Raw && (r.Template != "" || r.System != "" || len(r.Context) > 0) {
		j.flaw = "raw mode does not support template, system, or context"
	}
	if !r.Raw {
		var b strings.Builder
		if r.System != "" {
			b.WriteString("system: " + r.System + "\n")
		}
		b.WriteString("user: " + r.Prompt + "\nassistant:")
		j.text = b.String()
	}
	return j
}

func chatJob(r api.ChatRequest, shape shape) job {
	j := job{
		name: r.Model, op: "chat", shape: shape, stream: r.Stream == nil || *r.Stream, empty: len(r.Messages) == 0,
		keepAlive: r.KeepAlive, think: r.Think, format: r.Format, options: r.Options, tools: r.Tools,
	}
	var b strings.Builder
	for _, message := range r.Messages {
		b.WriteString(strings.ToLower(message.Role) + ": " + message.Content + "\n")
		j.images += len(message.Images)
	}
	b.WriteString("assistant:")
	j.text = b.String()
	if n := len(r.Messages); n > 0 && strings.EqualFold(r.Messages[n-1].Role, "tool") {
		j.tools = nil // the tool has been called: now the model answers
	}
	return j
}

// run answers a job, checking it in the order in which Ollama does.
func (x *exchange) run(j job) {
	x.truth.Model = j.name
	model, ok := x.findFor(j)
	if !ok || x.failed(j.name) {
		return
	}
	if j.empty && j.keepAlive != nil && j.keepAlive.Duration == 0 {
		x.server.scheduler.expire(model.Model)
		x.json(j.shape.whole(time.Now(), result{done: true, reason: "unload"}))
		return
	}
	options, ok := x.check(j, model.Model)
	if !ok {
		return
	}
	runner, ok := x.load(model.Model, j.keepAlive)
	if !ok {
		return
	}
	loaded := time.Now()
	release := sync.OnceFunc(func() { x.server.scheduler.release(runner) })
	defer release()
	if j.empty {
		release()
		x.json(j.shape.whole(time.Now(), result{done: true, reason: "load"}))
		return
	}
	if reason := formatFlaw(j.format); reason != "" {
		release()
		x.failLate(j, reason)
		return
	}
	x.answer(j, model.Model, options, runner, loaded, release)
}

// findFor finds the model of a job. Ollama calls an empty or impossible name "not found" on
// generate, and says that a model is required on chat.
func (x *exchange) findFor(j job) (shelved, bool) {
	if j.op == "chat" && !parseName(j.name).valid() {
		x.fail(http.StatusBadRequest, "model is required")
		return shelved{}, false
	}
	model, ok := x.server.shelf.find(j.name)
	if !ok {
		x.fail(http.StatusNotFound, notFound(j.name))
	}
	return model, ok
}

// failed answers with the fault if it is one of those that come instead of an answer.
func (x *exchange) failed(name string) bool {
	switch x.fault.Kind {
	case Error500:
		x.outcome("fault")
		x.fail(http.StatusInternalServerError, runnerDied)
	case Error503:
		x.outcome("fault")
		x.fail(http.StatusServiceUnavailable, errMaxQueue.Error())
	case ModelNotFound:
		x.outcome("fault")
		x.fail(http.StatusNotFound, notFound(name))
	default:
		return false
	}
	return true
}

func (x *exchange) check(j job, model Model) (api.Options, bool) {
	thinks := model.can(Thinking)
	switch {
	case j.flaw != "":
		x.fail(http.StatusBadRequest, j.flaw)
	case j.think != nil && j.think.On && !thinks && (j.op == "chat" || j.think.Level == ""):
		x.fail(http.StatusBadRequest, fmt.Sprintf("%q does not support thinking", j.name))
	case j.think != nil && j.think.Level != "" && model.Family != "gptoss":
		x.fail(http.StatusBadRequest, fmt.Sprintf("think value %q is not supported for this model", j.think.Level))
	case !model.can(Completion):
		x.fail(http.StatusBadRequest, fmt.Sprintf("%q does not support %s", j.name, j.op))
	case lacks(model, j) != "":
		x.fail(http.StatusBadRequest, parseName(model.Name).full()+" does not support "+lacks(model, j))
	default:
		return x.options(j.options)
	}
	return api.Options{}, false
}

// lacks names what a job asks of a model that it cannot do, "" if there is nothing.
func lacks(model Model, j job) string {
	switch {
	case j.suffix && !model.can(Insert):
		return Insert
	case len(j.tools) > 0 && !model.can(Tools):
		return Tools
	}
	return ""
}

func (x *exchange) options(values map[string]any) (api.Options, bool) {
	options, err := api.ParseOptions(values)
	if err != nil {
		x.fail(http.StatusInternalServerError, err.Error())
	}
	return options, err == nil
}

// load waits for the model; false if that failed and has been answered.
func (x *exchange) load(model Model, keepAlive *api.Duration) (*runner, bool) {
	runner, err := x.server.scheduler.acquire(x.r.Context(), model, keepAlive)
	switch {
	case errors.Is(err, errMaxQueue):
		x.fail(http.StatusServiceUnavailable, err.Error())
	case err != nil:
		x.outcome("client_gone")
	}
	return runner, err == nil
}

// formatFlaw says what is wrong with `format`, in Ollama's words; "" if nothing is.
func formatFlaw(format json.RawMessage) string {
	switch text := string(format); {
	case text == "" || text == "null" || text == `""` || text == `"json"` || text[0] == '{':
		return ""
	default:
		return fmt.Sprintf("invalid format: %q; expected \"json\" or a valid JSON Schema object", text)
	}
}

// failLate answers with an error after the stream has been set up: Ollama then sends another
// content type, and the body in chunks.
func (x *exchange) failLate(j job, message string) {
	if !j.stream || x.v1 {
		x.fail(http.StatusInternalServerError, message)
		return
	}
	x.reply(http.StatusInternalServerError, typeV1JSON, errorBody(message))
	_ = http.NewResponseController(x.w).Flush() // a client that is gone needs no answer
}

// imageTokens is what an image adds to a prompt: for a model that cannot see, its tag.
func imageTokens(model Model, images int) int {
	if model.can(Vision) {
		return images * 256
	}
	return images * 8
}

func (x *exchange) answer(j job, model Model, options api.Options, r *runner, loaded time.Time, release func()) {
	config := x.server.config
	prompt := append(append([]int{}, j.context...), tokenize(j.text)...)
	prompt = append(prompt, make([]int, imageTokens(model, j.images))...)
	if excess := len(prompt) - model.ContextLength; model.ContextLength > 0 && excess > 0 {
		prompt = prompt[excess:]
	}
	w := wish{
		prompt: prompt, think: model.can(Thinking) && (j.think == nil || j.think.On), options: options,
		asJSON:   len(j.format) > 0 && string(j.format) != "null" && string(j.format) != `""`,
		thinking: config.ThinkingTokens, mean: config.OutputTokens, seed: config.Seed,
	}
	if len(j.tools) > 0 {
		w.tool = &j.tools[0]
	}
	slot, cached, err := r.slots.take(x.r.Context(), prompt)
	if err != nil {
		x.outcome("client_gone")
		return
	}
	p := &playback{
		x: x, shape: j.shape, answer: plan(w), stream: j.stream, prompt: prompt, cached: cached,
		loaded: loaded, granted: time.Now(),
	}
	if j.op == "generate" && !j.raw {
		p.context = prompt
	}
	p.release = sync.OnceFunc(func() {
		r.slots.put(slot, append(prompt[:len(prompt):len(prompt)], p.answer.ids()...))
		release()
	})
	p.play()
}
