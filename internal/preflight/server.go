package preflight

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/exchange"
)

// ask calls the API. It returns the API's kinds of error, a canceled context's among them.
func (c *checker) ask(ctx context.Context, op api.Op, body []byte) *exchange.Outcome {
	timeouts := exchange.Timeouts{Connect: c.options.Timeout, Total: c.options.Timeout}
	if op == api.Generate {
		timeouts.Total = c.options.GenerationTimeout
	}
	outcome := exchange.Do(ctx, exchange.Client{Transport: c.transport}, exchange.Request{
		Op:       op,
		URL:      c.target.Endpoint.URL(op.Path()),
		Header:   credentials(c.options.APIKey, c.target.Endpoint.Credentials()),
		Body:     body,
		Stream:   op == api.Generate,
		Timeouts: timeouts,
	})
	c.inventory.Host = cmp.Or(c.inventory.Host, outcome.Host)
	if failed := outcome.Err; failed != nil {
		switch failed.Kind {
		case api.Canceled:
			failed.Message = c.words.canceled
		case api.TimeoutConnect, api.TimeoutTotal:
			failed.Message = c.words.notWithin(timeouts.Total)
		}
	}
	return outcome
}

// credentials are those that a benchmark has.
func credentials(key string, user *url.Userinfo) http.Header {
	switch {
	case key != "":
		return http.Header{"Authorization": {"Bearer " + key}}
	case user == nil:
		return nil
	}
	password, _ := user.Password()
	token := base64.StdEncoding.EncodeToString([]byte(user.Username() + ":" + password))
	return http.Header{"Authorization": {"Basic " + token}}
}

// identify asks for the version: any answer says that HTTP works, a version that it is
// Ollama.
func (c *checker) identify(ctx context.Context) bool {
	outcome := c.ask(ctx, api.GetVersion, nil)
	result := Result{Step: Respond, Duration: elapsed(outcome)}
	status := outcome.Record.Status
	if status == 0 {
		return c.fail(result, outcome.Err)
	}
	result.Detail = fmt.Sprintf("%d %s", status, http.StatusText(status))
	c.pass(result)

	result = Result{Step: Identify}
	if outcome.Err != nil {
		return c.fail(result, outcome.Err)
	}
	var answer api.Version
	if err := json.Unmarshal(outcome.Answer.Last, &answer); err != nil || answer.Version == "" {
		return c.fail(result, &api.Error{
			Kind: api.Decode, Message: c.words.noVersion(outcome.Answer.Last), Status: status, Err: err,
		})
	}
	c.inventory.Version = answer.Version
	result.Detail = c.words.version(answer.Version)
	return c.pass(result)
}

// list asks for the models. It is no step of its own: the models are.
func (c *checker) list(ctx context.Context) bool {
	outcome := c.ask(ctx, api.List, nil)
	result := Result{Step: FindModel, Duration: elapsed(outcome)}
	if outcome.Err != nil {
		return c.fail(result, outcome.Err)
	}
	var tags api.Tags
	if err := json.Unmarshal(outcome.Answer.Last, &tags); err != nil {
		return c.fail(result, &api.Error{
			Kind: api.Decode, Message: api.Excerpt(outcome.Answer.Last), Status: outcome.Record.Status, Err: err,
		})
	}
	c.inventory.Models = append([]api.Model{}, tags.Models...)
	return true
}

func (c *checker) checkModel(ctx context.Context, model string) {
	result := Result{Step: FindModel, Model: model}
	manifest, found := c.inventory.Manifest(model)
	if !found {
		c.fail(result, &api.Error{Kind: api.ModelNotFound, Message: c.words.noModel(model)})
		return
	}
	c.show(ctx, model)
	result.Detail = c.words.model(manifest, len(c.inventory.Models))
	c.pass(result)
	if c.loaded(ctx, model) && c.generate(ctx, model) {
		c.running(ctx) // now that it is loaded, the server says how
	}
}

// show asks what tells the model from others of its name. A server that does not say leaves
// less to compare, no more.
func (c *checker) show(ctx context.Context, model string) {
	body, err := json.Marshal(map[string]string{"model": model})
	if err != nil {
		return
	}
	outcome := c.ask(ctx, api.Show, body)
	var shown api.Shown
	if outcome.Err != nil || json.Unmarshal(outcome.Answer.Last, &shown) != nil {
		return
	}
	if c.inventory.Shown == nil {
		c.inventory.Shown = map[string]api.Shown{}
	}
	c.inventory.Shown[model] = shown
}

// loaded asks whether the model is in memory. That it is not is well: the first request
// loads it. A server that is too old to say is well, too.
func (c *checker) loaded(ctx context.Context, model string) bool {
	outcome := c.running(ctx)
	result := Result{Step: Loaded, Model: model, Duration: elapsed(outcome)}
	if outcome.Err != nil && outcome.Record.Status != http.StatusNotFound {
		return c.fail(result, outcome.Err)
	}
	manifest, _ := c.inventory.Manifest(model)
	result.Detail = c.words.loaded(manifest, outcome.Err == nil)
	return c.pass(result)
}

// running asks which models are loaded, and how.
func (c *checker) running(ctx context.Context) *exchange.Outcome {
	outcome := c.ask(ctx, api.ListRunning, nil)
	var answer api.PS
	if outcome.Err == nil && json.Unmarshal(outcome.Answer.Last, &answer) == nil {
		c.inventory.Running = answer.Models
	}
	return outcome
}

const tokensToGenerate = 8

// generate has the model generate a few tokens.
func (c *checker) generate(ctx context.Context, model string) bool {
	result := Result{Step: Generation, Model: model}
	body, err := json.Marshal(map[string]any{
		"model":   model,
		"prompt":  "Say hello.",
		"stream":  true,
		"options": map[string]any{"num_predict": tokensToGenerate, "temperature": 0},
	})
	if err != nil {
		return c.fail(result, &api.Error{Kind: api.InvalidRequest, Message: err.Error(), Err: err})
	}
	outcome := c.ask(ctx, api.Generate, body)
	result.Duration = elapsed(outcome)
	if outcome.Err != nil {
		return c.fail(result, outcome.Err)
	}
	result.Detail = c.words.generated(&outcome.Record)
	return c.pass(result)
}

// elapsed is the time of a request, or of the attempt to connect if that was all.
func elapsed(outcome *exchange.Outcome) float64 {
	for _, d := range []*float64{outcome.Record.Duration, outcome.Record.Connect} {
		if d != nil {
			return *d
		}
	}
	return 0
}
