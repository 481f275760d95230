package simulator_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/simulator"
)

// dial sends a request and leaves the answer unread.
func dial(t *testing.T, server *simulator.Server, body string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", server.Addr())
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(
		context.Background(), http.MethodPost, server.URL()+"/api/generate", strings.NewReader(body))
	require.NoError(t, err)
	require.NoError(t, request.Write(conn))
	return conn
}

// Whatever is sent, the answer is one that a client can read.
func FuzzRequests(f *testing.F) {
	server := start(f, quick())
	for _, body := range []string{
		streamed, inOne, `{`, `[1]`, `null`, `{"model":"tiny","input":["a",1]}`, `{"model":"tiny","keep_alive":"1h"}`,
		`{"model":"deepseek-r1:1.5b","think":"high","messages":[{"role":"user","content":"a","images":["aGk="]}]}`,
		`{"model":"qwen3:0.6b","messages":[{"role":"u","content":[{"type":"text","text":"a"}]}],"tools":[{}],"stop":["a"]}`,
		`{"model":"tiny","prompt":"a","context":[-1],"format":{},"options":{"num_predict":2,"stop":["", " "]}}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if strings.Contains(body, "num_predict") && len(body) > 200 {
			return // long answers are as valid as short ones
		}
		for _, path := range []string{
			"/api/generate", "/api/chat", "/api/embed", "/api/embeddings", "/api/show", "/api/pull",
			"/v1/completions", "/v1/chat/completions", "/v1/embeddings",
		} {
			got := call(server, "POST", path, body)
			require.NoError(t, got.err, path)
			require.Contains(t, []int{200, 400, 404, 500}, got.status, path)
			require.NotEmpty(t, got.lines, "%s: %s", path, got.body)
		}
	})
}

func TestThinksFirst(t *testing.T) {
	t.Parallel()
	log, config := newTruths(), quick()
	config.ThinkingTokens, config.Truth = 3, log
	server := start(t, config)
	const user = `"messages":[{"role":"user","content":"a"}],"options":{"num_predict":8}`
	got := call(server, "POST", "/api/chat", `{"model":"deepseek-r1:1.5b",`+user+`}`)
	require.Len(t, got.lines, 9)
	for i, line := range got.lines[:8] {
		message, _ := line["message"].(map[string]any)
		require.Equal(t, i < 3, message["thinking"] != nil, "line %d", i)
		require.Equal(t, i >= 3, message["content"] != "", "line %d", i)
	}
	truth := log.next(t)
	require.Equal(t, 3, truth.ThinkingTokens)
	require.Equal(t, 8, truth.OutputTokens)

	got = call(server, "POST", "/api/chat", `{"model":"deepseek-r1:1.5b","think":false,`+user+`}`)
	require.NotContains(t, got.body, "thinking")
	got = call(server, "POST", "/v1/chat/completions",
		`{"model":"deepseek-r1:1.5b","messages":[{"role":"user","content":"a"}],"max_tokens":8}`)
	require.Contains(t, got.body, `"reasoning":" `)
}

func TestCallsTools(t *testing.T) {
	t.Parallel()
	server := start(t, quick())
	const request = `"model":"llama3.2:1b","messages":[{"role":"user","content":"a"}],"tools":[{"type":"function",` +
		`"function":{"name":"weather","parameters":{"type":"object","required":["city"],` +
		`"properties":{"city":{"type":"string"},"days":{"type":"integer"}}}}}]`
	got := call(server, "POST", "/api/chat", `{`+request+`}`)
	require.Len(t, got.lines, 2)
	require.Contains(t, got.body, `"tool_calls":[{"id":"call_`)
	require.Contains(t, got.body, `"function":{"index":0,"name":"weather","arguments":{"city":"the sea"}}`)
	got = call(server, "POST", "/v1/chat/completions", `{`+request+`}`)
	require.Contains(t, got.body, `"arguments":"{\"city\":\"the sea\"}"`)
	require.Contains(t, got.body, `"finish_reason":"tool_calls"`)
}

func TestEndsAtAStopText(t *testing.T) {
	t.Parallel()
	server := start(t, quick())
	whole, _ := call(server, "POST", "/api/generate", inOne).last()["response"].(string)
	words := strings.Fields(whole)
	got := call(server, "POST", "/api/generate",
		`{"model":"tiny","prompt":"a","stream":false,"options":{"num_predict":8,"stop":["`+words[4]+`"]}}`).last()
	text, _ := got["response"].(string)
	require.True(t, strings.HasPrefix(whole, text))
	require.NotContains(t, text, words[4])
	require.Equal(t, "stop", got["done_reason"])
	require.EqualValues(t, len(strings.Fields(text))+1, got["eval_count"], "the stop text counts")
}

func TestAnswersInJSON(t *testing.T) {
	t.Parallel()
	server := start(t, quick())
	for _, predict := range []string{"1", "5"} {
		text, _ := call(server, "POST", "/api/generate",
			`{"model":"tiny","prompt":"a","stream":false,"format":"json","options":{"num_predict":`+predict+`}}`,
		).last()["response"].(string)
		var content map[string]string
		require.NoError(t, json.Unmarshal([]byte(text), &content), text)
		require.NotEmpty(t, content["answer"])
	}
}

func TestEndsByItselfWithoutNumPredict(t *testing.T) {
	t.Parallel()
	config := quick()
	config.OutputTokens = 10
	server := start(t, config)
	got := call(server, "POST", "/api/generate", `{"model":"tiny","prompt":"a"}`)
	require.Equal(t, "stop", got.last()["done_reason"])
	require.InDelta(t, 11, got.last()["eval_count"], 5)
	require.EqualValues(t, len(got.lines), got.last()["eval_count"], "the end of text counts")
}

func TestPullsModels(t *testing.T) {
	t.Parallel()
	server := start(t, quick())
	require.Equal(t, 404, call(server, "POST", "/api/generate", `{"model":"new:2b","prompt":"a"}`).status)
	got := call(server, "POST", "/api/pull", `{"model":"new:2b"}`)
	require.Equal(t, "pulling manifest", got.lines[0]["status"])
	require.Equal(t, "success", got.last()["status"])
	require.Contains(t, call(server, "GET", "/api/tags", "").body, `"name":"new:2b"`)
	require.Equal(t, 200, call(server, "POST", "/api/generate", `{"model":"NEW:2B","prompt":"a"}`).status)
	require.Equal(t, `{"status":"success"}`, call(server, "POST", "/api/pull", `{"model":"b","stream":false}`).body)
	require.Equal(t, 400, call(server, "POST", "/api/pull", `{"model":"a b"}`).status)
}

func TestServesAnyModelIfAllowed(t *testing.T) {
	t.Parallel()
	config := quick()
	config.Models, config.AnyModel = nil, true
	server := start(t, config)
	require.Equal(t, 200, call(server, "POST", "/api/generate", `{"model":"mine","prompt":"a"}`).status)
	require.Equal(t, 404, call(server, "POST", "/api/generate", `{"model":"","prompt":"a"}`).status)
	require.Contains(t, call(server, "GET", "/api/tags", "").body, simulator.NamedModel("MINE:latest").Digest())
}

func TestFreesTheSlotOfAClientThatLeft(t *testing.T) {
	t.Parallel()
	log, config := newTruths(), quick()
	config.Truth = log
	config.TTFT = simulator.Exactly(0)
	config.ITL = simulator.Distribution{Shape: simulator.Fixed, Mean: 1 << 40} // 18 minutes
	server := start(t, config)
	conn := dial(t, server, `{"model":"tiny","prompt":"a","options":{"num_predict":2}}`)
	_, err := conn.Read(make([]byte, 64))
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	require.Equal(t, "client_gone", log.next(t).Outcome)
	got := call(server, "POST", "/api/generate", `{"model":"tiny","prompt":"a","options":{"num_predict":1}}`)
	require.Equal(t, 200, got.status)
}

func TestEveryTokenOfAnAnswerIsOneToken(t *testing.T) {
	t.Parallel()
	server := start(t, quick())
	text, _ := call(server, "POST", "/api/generate", inOne).last()["response"].(string)
	require.Equal(t, 8, simulator.Tokens(text))
	require.Equal(t, 6, simulator.Tokens("Hello, calm sea!")) // Hell o , calm sea !
}
