// Command go makes calls with Ollama's own Go client and prints the shape of what comes back,
// a line for each. Arguments: `calls URL`, or `faults NAME=URL…`.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ollama/ollama/api"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: go calls URL | go faults NAME=URL…")
		os.Exit(2)
	}
	if os.Args[1] == "calls" {
		calls(clientOf(os.Args[2]))
		return
	}
	for _, argument := range os.Args[2:] {
		name, address, _ := strings.Cut(argument, "=")
		if name != "works" && name != "ready" {
			faults(name, clientOf(address))
		}
	}
}

func clientOf(address string) *api.Client {
	base, err := url.Parse(address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return api.NewClient(base, &http.Client{Timeout: time.Minute})
}

func calls(client *api.Client) {
	ctx := context.Background()
	fmt.Println("heartbeat:", client.Heartbeat(ctx))
	version, err := client.Version(ctx)
	fmt.Println("version:", version, err)
	for _, g := range []struct {
		name string
		body string
	}{
		{"unload", `{"model":"tiny","keep_alive":0}`},
		{"preload", `{"model":"tiny"}`},
		{"stream", `{"model":"tiny","prompt":"the calm sea","options":{"temperature":0,"num_predict":5}}`},
		{"no stream", `{"model":"tiny","prompt":"the calm sea","stream":false,"options":{"temperature":0,"num_predict":5}}`},
		{"raw", `{"model":"tiny","prompt":"the calm sea","raw":true,"options":{"temperature":0,"num_predict":5}}`},
		{"one token", `{"model":"tiny","prompt":"the calm sea","options":{"temperature":0,"num_predict":1}}`},
		{"with context", `{"model":"tiny","prompt":"the calm sea","context":[101,102],"options":{"temperature":0,"num_predict":2}}`},
		{"name with tag", `{"model":"TINY:latest","prompt":"the calm sea","options":{"temperature":0,"num_predict":2}}`},
		{"unknown model", `{"model":"nope","prompt":"x"}`},
		{"no model", `{"prompt":"x"}`},
		{"bad option", `{"model":"tiny","prompt":"x","options":{"num_predict":"x"}}`},
		{"bad format", `{"model":"tiny","prompt":"x","format":"xml"}`},
		{"bad format, no stream", `{"model":"tiny","prompt":"x","stream":false,"format":"xml"}`},
		{"no thinking", `{"model":"tiny","prompt":"x","think":true}`},
		{"raw with system", `{"model":"tiny","prompt":"x","raw":true,"system":"x"}`},
		{"suffix", `{"model":"tiny","prompt":"x","suffix":"y"}`},
	} {
		generate(ctx, client, "generate, "+g.name, g.body)
	}
	const user = `"model":"tiny","messages":[{"role":"user","content":"the calm sea"}]`
	for _, c := range []struct{ name, body string }{
		{"stream", `{` + user + `,"options":{"temperature":0,"num_predict":5}}`},
		{"no stream", `{` + user + `,"stream":false,"options":{"temperature":0,"num_predict":5}}`},
		{"no messages", `{"model":"tiny"}`},
		{"unknown model", `{"model":"nope","messages":[{"role":"user","content":"x"}]}`},
		{"no model", `{"messages":[{"role":"user","content":"x"}]}`},
		{"no thinking", `{` + user + `,"think":true}`},
		{"no tools", `{` + user + `,"tools":[{"type":"function","function":{"name":"f"}}]}`},
	} {
		chat(ctx, client, "chat, "+c.name, c.body)
	}
	inventory(ctx, client)
	embed(ctx, client)
	leave(client)
}

func faults(name string, client *api.Client) {
	ctx := context.Background()
	generate(ctx, client, name+", generate", `{"model":"tiny","prompt":"x","options":{"temperature":0,"num_predict":6}}`)
	generate(ctx, client, name+", no stream", `{"model":"tiny","prompt":"x","stream":false,"options":{"temperature":0,"num_predict":6}}`)
	chat(ctx, client, name+", chat", `{"model":"tiny","messages":[{"role":"user","content":"x"}],"options":{"temperature":0,"num_predict":6}}`)
}

func generate(ctx context.Context, client *api.Client, name, body string) {
	var request api.GenerateRequest
	must(json.Unmarshal([]byte(body), &request))
	var lines []string
	err := client.Generate(ctx, &request, func(r api.GenerateResponse) error {
		lines = append(lines, fmt.Sprintf("text=%t thinking=%t done=%t reason=%q context=%t model=%q created=%t%s",
			r.Response != "", r.Thinking != "", r.Done, r.DoneReason, len(r.Context) > 0, r.Model,
			time.Since(r.CreatedAt).Abs() < time.Hour, metrics(r.Metrics)))
		return nil
	})
	report(name, lines, err)
}

func chat(ctx context.Context, client *api.Client, name, body string) {
	var request api.ChatRequest
	must(json.Unmarshal([]byte(body), &request))
	var lines []string
	err := client.Chat(ctx, &request, func(r api.ChatResponse) error {
		lines = append(lines, fmt.Sprintf("role=%q text=%t thinking=%t tools=%d done=%t reason=%q model=%q created=%t%s",
			r.Message.Role, r.Message.Content != "", r.Message.Thinking != "", len(r.Message.ToolCalls), r.Done,
			r.DoneReason, r.Model, time.Since(r.CreatedAt).Abs() < time.Hour, metrics(r.Metrics)))
		return nil
	})
	report(name, lines, err)
}

// metrics names the figures that are there, and says whether they add up.
func metrics(m api.Metrics) string {
	if m == (api.Metrics{}) {
		return ""
	}
	return fmt.Sprintf(" total=%t load=%t prompt_count=%t prompt=%t count=%d eval=%t adds_up=%t",
		m.TotalDuration > 0, m.LoadDuration > 0, m.PromptEvalCount > 0, m.PromptEvalDuration > 0, m.EvalCount,
		m.EvalDuration > 0, m.TotalDuration >= m.LoadDuration+m.PromptEvalDuration+m.EvalDuration)
}

// report prints how often each line came, in a row, and the error.
func report(name string, lines []string, err error) {
	fmt.Printf("%s: %d lines, %s\n", name, len(lines), outcome(err))
	for i := 0; i < len(lines); {
		n := 1
		for i+n < len(lines) && lines[i+n] == lines[i] {
			n++
		}
		fmt.Printf("  %d × %s\n", n, lines[i])
		i += n
	}
}

func outcome(err error) string {
	var status api.StatusError
	switch {
	case err == nil:
		return "no error"
	case errors.As(err, &status):
		return fmt.Sprintf("status %d %q: %s", status.StatusCode, status.Status, status.ErrorMessage)
	case strings.Contains(err.Error(), "connection reset"):
		return "connection reset"
	}
	text := err.Error()
	if strings.HasPrefix(text, `{"model"`) {
		text = "not JSON, and so the error itself: {…"
	}
	return fmt.Sprintf("%T: %s", err, text)
}

func inventory(ctx context.Context, client *api.Client) {
	list, err := client.List(ctx)
	fmt.Println("list:", outcome(err))
	if err == nil {
		i := slices.IndexFunc(list.Models, func(m api.ListModelResponse) bool { return m.Name == "tiny:latest" })
		m := list.Models[max(i, 0)]
		fmt.Printf("  name=%q model=%q size=%t digest=%d format=%q family=%q families=%v parameters=%t\n", m.Name, m.Model,
			m.Size > 0, len(m.Digest), m.Details.Format, m.Details.Family, m.Details.Families, m.Details.ParameterSize != "")
	}
	running, err := client.ListRunning(ctx)
	fmt.Println("list running:", outcome(err))
	if err == nil {
		for _, m := range running.Models {
			fmt.Printf("  name=%q model=%q size=%t vram=%d digest=%d context=%t expires=%t\n", m.Name, m.Model, m.Size > 0,
				m.SizeVRAM, len(m.Digest), m.ContextLength > 0, time.Until(m.ExpiresAt).Round(time.Minute) == 5*time.Minute)
		}
	}
	for _, name := range []string{"tiny", "nope", ""} {
		shown, err := client.Show(ctx, &api.ShowRequest{Model: name})
		fmt.Printf("show %q: %s\n", name, outcome(err))
		if err == nil {
			architecture, _ := shown.ModelInfo["general.architecture"].(string)
			_, length := shown.ModelInfo[architecture+".context_length"]
			fmt.Printf("  capabilities=%v architecture=%q context_length=%t template=%t modelfile=%t tensors=%t modified=%t\n",
				shown.Capabilities, architecture, length, shown.Template != "", shown.Modelfile != "",
				len(shown.Tensors) > 0, !shown.ModifiedAt.IsZero())
		}
	}
}

func embed(ctx context.Context, client *api.Client) {
	for _, e := range []struct {
		name  string
		model string
		input any
	}{
		{"one", "tiny", "the sea"}, {"two", "tiny", []string{"the sea", "the hill"}}, {"none", "tiny", nil},
		{"unknown model", "nope", "x"}, {"bad input", "tiny", 5},
	} {
		response, err := client.Embed(ctx, &api.EmbedRequest{Model: e.model, Input: e.input})
		fmt.Printf("embed, %s: %s\n", e.name, outcome(err))
		if err == nil {
			norm := float32(0)
			for _, vector := range response.Embeddings {
				for _, value := range vector {
					norm += value * value
				}
			}
			fmt.Printf("  embeddings=%d norm=%.2f%s\n", len(response.Embeddings), norm, metrics(api.Metrics{
				TotalDuration: response.TotalDuration, LoadDuration: response.LoadDuration,
				PromptEvalCount: response.PromptEvalCount,
			}))
		}
	}
	for _, model := range []string{"tiny", "nope", ""} {
		response, err := client.Embeddings(ctx, &api.EmbeddingRequest{Model: model, Prompt: "the sea"})
		fmt.Printf("embeddings %q: %s", model, outcome(err))
		fmt.Println(" some:", err == nil && len(response.Embedding) > 0)
	}
}

// leave ends a stream in the middle; the server must go on.
func leave(client *api.Client) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	request := api.GenerateRequest{Model: "tiny", Prompt: "x", Options: map[string]any{"temperature": 0, "num_predict": 200}}
	err := client.Generate(ctx, &request, func(api.GenerateResponse) error {
		cancel()
		return ctx.Err()
	})
	fmt.Println("leave:", errors.Is(err, context.Canceled))
	generate(context.Background(), client, "after leaving",
		`{"model":"tiny","prompt":"the calm sea","options":{"temperature":0,"num_predict":2}}`)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
