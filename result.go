package ollama

import (
	"github.com/grafana/sobek"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/exchange"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
)

// result makes the object that the script gets: Ollama's own fields as they came, the
// pieces of a stream put together, and what was measured. Must run on the JS thread.
func (inv *invocation) result(rt *sobek.Runtime, outcome *exchange.Outcome) *sobek.Object {
	object := inv.answerFields(rt, outcome)
	set := func(name string, value any) { inv.client.define(object, name, value) }
	r := &inv.record
	set("ok", r.OK)
	set("status", r.Status)
	set("target", r.Target)
	set("text", outcome.Answer.Text)
	if r.Error != nil {
		failure := rt.NewObject()
		inv.client.define(failure, "type", string(r.Error.Type))
		inv.client.define(failure, "message", r.Error.Message)
		inv.client.define(failure, "status", r.Status)
		set("error", failure)
	}
	if r.Cold != nil {
		set("cold", *r.Cold)
	}
	set("timings", inv.timings(rt, r))
	return object
}

// answerFields returns the last line of the answer, with the whole text in the place of
// its last piece.
func (inv *invocation) answerFields(rt *sobek.Runtime, outcome *exchange.Outcome) *sobek.Object {
	answer := &outcome.Answer
	parsed, err := parseJSON(rt, string(answer.Last))
	object, ok := parsed.(*sobek.Object)
	if err != nil || !ok {
		object = rt.NewObject()
	}
	if !inv.op.GeneratesTokens() || len(answer.Last) == 0 {
		return object
	}
	holder, textField := object, "response"
	if inv.op == api.Chat {
		textField = "content"
		if message, ok := object.Get("message").(*sobek.Object); ok {
			holder = message
		}
	}
	inv.client.define(holder, textField, answer.Text)
	if answer.Thinking != "" {
		inv.client.define(holder, "thinking", answer.Thinking)
	}
	if len(answer.ToolCalls) > 0 {
		calls := make([]any, 0, len(answer.ToolCalls))
		for _, raw := range answer.ToolCalls {
			if call, err := parseJSON(rt, string(raw)); err == nil {
				calls = append(calls, call)
			}
		}
		inv.client.define(holder, "tool_calls", rt.NewArray(calls...))
	}
	return object
}

// timings returns the times in ms; a time that is not known is not there.
func (inv *invocation) timings(rt *sobek.Runtime, r *record.Record) *sobek.Object {
	set := func(object *sobek.Object, name string, value *float64) {
		if value != nil {
			inv.client.define(object, name, *value)
		}
	}
	timings, server := rt.NewObject(), rt.NewObject()
	set(timings, "startedAt", &r.StartedAt)
	set(timings, "connect", r.Connect)
	set(timings, "duration", r.Duration)
	set(timings, "headers", r.Headers)
	set(timings, "ttft", r.TTFT)
	set(timings, "ttfo", r.TTFO)
	set(timings, "lastToken", r.LastToken)
	set(timings, "tpot", r.TPOT)
	set(timings, "network", r.Network)
	set(timings, "scheduleDelay", r.ScheduleDelay)
	if s := r.Server; s != nil {
		set(server, "total", s.Total)
		set(server, "load", s.Load)
		set(server, "promptEval", s.PromptEval)
		set(server, "eval", s.Eval)
		set(server, "queue", s.Queue)
	}
	inv.client.define(timings, "server", server)
	return timings
}
