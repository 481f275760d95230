package exchange_test

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/exchange"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
)

// The tests of this file are not parallel: they run one after the other, before the
// parallel ones, because what they measure is time.

// gap is the pause before a step of a scripted server. Its real length is in the log.
const gap = 3 * time.Millisecond

// rounds is how often a script is measured. What holds is the median of the rounds: this
// machine does other things, too, and one of its pauses says nothing about the client.
const rounds = 5

// tolerance is how far the client's clock may be from the server's: 1 ms or 2 %.
func tolerance(truth float64) float64 {
	if raceDetector {
		return max(4, truth*0.05)
	}
	return max(1, truth*0.02)
}

// step is what a scripted server does after a pause.
type step struct {
	text   string
	tokens int  // content chunks that this text completes
	answer bool // it completes the first chunk of answer text
	direct bool // without a pause
}

// serverLog is what a server did and when, on the same monotonic clock as the client.
type serverLog struct {
	asked   time.Time
	headers time.Time
	wrote   []time.Time // just before each step was written
	ended   time.Time
}

// script returns a server that does the steps and sends its log to logs.
func script(steps []step, logs chan<- serverLog) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		log := serverLog{asked: time.Now()}
		w.Header().Set("Content-Type", "application/x-ndjson")
		for i, s := range steps {
			if !s.direct {
				select {
				case <-time.After(gap):
				case <-r.Context().Done():
				}
			}
			at := time.Now()
			if i == 0 {
				log.headers = at
			}
			log.wrote = append(log.wrote, at)
			send(w, s.text)
		}
		log.ended = time.Now()
		logs <- log
	}
}

// measured is a record with the gaps between its chunks.
type measured struct {
	record.Record
	gaps []float64
}

// measure sends the request and keeps what is measured of it.
func measure(t *testing.T, sender exchange.Sender, request exchange.Request) (*exchange.Outcome, measured) {
	t.Helper()
	var got measured
	request.OnGaps = func(runs []exchange.Gaps) {
		for _, run := range runs {
			got.gaps = append(got.gaps, slices.Repeat([]float64{run.Length}, run.Count)...)
		}
	}
	outcome := exchange.Do(t.Context(), sender, request)
	got.Record = outcome.Record
	return outcome, got
}

// expect computes from the log what the client should have seen.
func expect(steps []step, log serverLog, outputTokens int64) measured {
	since := func(at time.Time) *float64 {
		v := float64(at.Sub(log.asked)) / float64(time.Millisecond)
		return &v
	}
	want := measured{Record: record.Record{Headers: since(log.headers), Duration: since(log.ended)}}
	var tokens []float64
	for i, s := range steps {
		for range s.tokens {
			tokens = append(tokens, *since(log.wrote[i]))
		}
		if s.answer {
			want.TTFO = since(log.wrote[i])
		}
	}
	if len(tokens) == 0 {
		return want
	}
	first, last := tokens[0], tokens[len(tokens)-1]
	want.TTFT, want.LastToken = &first, &last
	for i := 1; i < len(tokens); i++ {
		want.gaps = append(want.gaps, tokens[i]-tokens[i-1])
	}
	if len(tokens) > 1 && outputTokens > 1 {
		tpot := (last - first) / float64(outputTokens-1)
		want.TPOT = &tpot
	}
	return want
}

func finished(outputTokens int) string {
	return fmt.Sprintf(`{"done":true,"done_reason":"stop","total_duration":1,"eval_count":%d}`+"\n", outputTokens)
}

func thinking(text string) string {
	return fmt.Sprintf(`{"response":"","thinking":%q,"done":false}`, text) + "\n"
}

const (
	empty    = `{"response":"","done":false}` + "\n"
	toolCall = `{"message":{"content":"","tool_calls":[{"function":{"name":"f"}}]},"done":false}` + "\n"
)

func TestTimings(t *testing.T) {
	for _, c := range []struct {
		name   string
		steps  []step
		output int64 // tokens that the server reports
	}{
		{"a token a chunk", []step{
			{text: token, tokens: 1, answer: true},
			{text: token, tokens: 1},
			{text: token, tokens: 1},
			{text: finished(3)},
		}, 3},
		{"headers before the first token", []step{
			{text: "\n"}, {text: token, tokens: 1, answer: true}, {text: token, tokens: 1}, {text: finished(2)},
		}, 2},
		{"thinking before the answer", []step{
			{text: thinking("Hm"), tokens: 1},
			{text: thinking(" so"), tokens: 1},
			{text: token, tokens: 1, answer: true},
			{text: token, tokens: 1},
			{text: finished(4)},
		}, 4},
		{"thinking and no answer", []step{{text: thinking("Hm"), tokens: 1}, {text: finished(1)}}, 1},
		{"tool call", []step{{text: toolCall, tokens: 1}, {text: finished(12)}}, 12},
		{"text and then a tool call", []step{
			{text: `{"message":{"content":"Let me see"},"done":false}` + "\n", tokens: 1, answer: true},
			{text: toolCall, tokens: 1},
			{text: finished(14)},
		}, 14},
		{"several tokens a chunk", []step{
			{text: token, tokens: 1, answer: true},
			{text: token, tokens: 1},
			{text: token, tokens: 1},
			{text: finished(40)},
		}, 40},
		{"two chunks at once", []step{
			{text: token + token, tokens: 2, answer: true}, {text: token, tokens: 1}, {text: finished(3)},
		}, 3},
		{"empty chunks are no tokens", []step{
			{text: empty},
			{text: token, tokens: 1, answer: true},
			{text: empty},
			{text: token, tokens: 1},
			{text: empty},
			{text: finished(2)},
		}, 2},
		{"one chunk", []step{{text: token, tokens: 1, answer: true}, {text: finished(9)}}, 9},
		{"one chunk with everything", []step{
			{text: "\n"},
			{text: `{"response":"all of it","done":true,"eval_count":9}` + "\n", tokens: 1, answer: true},
		}, 9},
		{"no tokens", []step{{text: "\n"}, {text: finished(0)}}, 0},
		{"a line in pieces counts when it is whole", []step{
			{text: token[:9]},
			{text: token[9:], tokens: 1, answer: true},
			{text: token[:1]},
			{text: token[1:] + token[:20], tokens: 1},
			{text: token[20:], tokens: 1},
			{text: finished(3)},
		}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			logs := make(chan serverLog, 1)
			url, client := httpServer(t, script(c.steps, logs))
			var errors deviations
			for range rounds {
				outcome, got := measure(t, client, generate(url))
				require.Nil(t, outcome.Err)
				assertSane(t, outcome)
				log := <-logs
				errors.add(t, expect(c.steps, log, c.output), got)
				assertCausal(t, c.steps, log, outcome.Record)
			}
			errors.assertSmall(t)
		})
	}
}

// assertCausal holds, on any machine and under any load, that nothing arrives before it
// was sent.
func assertCausal(t *testing.T, steps []step, log serverLog, r record.Record) {
	t.Helper()
	const rounding = 0.01 // of a Unix time in a float64, ms
	at := 0.0
	for i, s := range steps {
		if s.tokens > 0 && at == 0 {
			at = float64(log.wrote[i].UnixNano()) / 1e6
		}
	}
	if at > 0 {
		assert.GreaterOrEqual(t, r.StartedAt+*r.TTFT, at-rounding)
	}
	assert.LessOrEqual(t, r.StartedAt, float64(log.asked.UnixNano())/1e6+rounding)
}

// deviations collects, for each measure, by how much the client was off in each round.
type deviations struct {
	off   map[string][]float64
	truth map[string]float64
}

func (d *deviations) add(t *testing.T, want, got measured) {
	t.Helper()
	d.one(t, "headers", want.Headers, got.Headers)
	d.one(t, "TTFT", want.TTFT, got.TTFT)
	d.one(t, "TTFO", want.TTFO, got.TTFO)
	d.one(t, "last token", want.LastToken, got.LastToken)
	d.one(t, "TPOT", want.TPOT, got.TPOT)
	d.one(t, "E2E", want.Duration, got.Duration)
	require.Len(t, got.gaps, len(want.gaps))
	for i := range want.gaps {
		d.one(t, fmt.Sprintf("ITL %d", i), &want.gaps[i], &got.gaps[i])
	}
}

func (d *deviations) one(t *testing.T, name string, want, got *float64) {
	t.Helper()
	require.Equal(t, want == nil, got == nil, "%s: want %v, got %v", name, want, got)
	if want == nil {
		return
	}
	if d.off == nil {
		d.off, d.truth = map[string][]float64{}, map[string]float64{}
	}
	d.off[name] = append(d.off[name], math.Abs(*got-*want))
	d.truth[name] = *want
}

func (d *deviations) assertSmall(t *testing.T) {
	t.Helper()
	for name, off := range d.off {
		assert.LessOrEqual(t, median(off), tolerance(d.truth[name]), "%s is off by %v ms", name, off)
	}
}

// assertBelow holds that a pause is in none of the measures.
func (d *deviations) assertBelow(t *testing.T, pause time.Duration) {
	t.Helper()
	for name, off := range d.off {
		assert.Less(t, median(off), float64(pause)/float64(time.Millisecond)/2, "%s is off by %v ms", name, off)
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// What the server says of its own time is converted, never judged; queue and network
// follow from it.
func TestServerTimes(t *testing.T) {
	for name, c := range map[string]struct {
		last string
		want record.Server
		cold *bool
	}{
		"all of it": {
			`"total_duration":9000000,"load_duration":1500000,"prompt_eval_duration":2000000,"eval_duration":4000000`,
			record.Server{Total: ptr(9.0), Load: ptr(1.5), PromptEval: ptr(2.0), Eval: ptr(4.0), Queue: ptr(1.5)},
			ptr(false),
		},
		"num_predict 1 has no eval time": {
			`"total_duration":9000000,"load_duration":1500000,"prompt_eval_duration":2000000,"eval_count":1`,
			record.Server{Total: ptr(9.0), Load: ptr(1.5), PromptEval: ptr(2.0), Queue: ptr(5.5)},
			ptr(false),
		},
		"a cached prompt has no prompt time": {
			`"total_duration":9000000,"load_duration":1500000,"eval_duration":4000000`,
			record.Server{Total: ptr(9.0), Load: ptr(1.5), Eval: ptr(4.0), Queue: ptr(3.5)},
			ptr(false),
		},
		"loaded for this request": {
			`"load_duration":297709121`, record.Server{Load: ptr(297.709121)}, ptr(true),
		},
		"nothing":         {`"eval_count":3`, record.Server{}, nil},
		"the total alone": {`"total_duration":9000000`, record.Server{Total: ptr(9.0)}, nil},
		"more parts than a whole": {
			`"total_duration":3000000,"load_duration":1000000,"eval_duration":4000000`,
			record.Server{Total: ptr(3.0), Load: ptr(1.0), Eval: ptr(4.0)},
			ptr(false),
		},
		"negative is no report": {
			`"total_duration":-5,"load_duration":-1,"prompt_eval_duration":-2,"eval_duration":-3,"eval_count":-3`,
			record.Server{},
			nil,
		},
		"null is no report": {`"total_duration":null,"eval_count":null`, record.Server{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			url, client := httpServer(t, func(w http.ResponseWriter, _ *http.Request) {
				send(w, token)
				<-time.After(10 * time.Millisecond)
				send(w, `{"done":true,`+c.last+"}\n")
			})
			outcome := exchange.Do(t.Context(), client, generate(url))
			require.Nil(t, outcome.Err)
			assertSane(t, outcome)
			r := outcome.Record
			assert.Equal(t, c.want, valueOr(r.Server, record.Server{}))
			assert.Equal(t, c.cold, r.Cold)
			if c.want.Total == nil {
				assert.Nil(t, r.Network)
			} else {
				require.NotNil(t, r.Network)
				assert.InDelta(t, *r.Duration-*c.want.Total, *r.Network, 1e-9)
			}
		})
	}
}

// The network's share is what the server's own clock does not explain.
func TestNetworkIsWhatTheServerDidNotTake(t *testing.T) {
	truth := make(chan float64, 1)
	url, client := httpServer(t, func(w http.ResponseWriter, _ *http.Request) {
		start := time.Now()
		<-time.After(gap)
		total := time.Since(start)
		at := time.Now()
		<-time.After(2 * gap) // in a network, for all that the client knows
		truth <- float64(time.Since(at)) / float64(time.Millisecond)
		send(w, fmt.Sprintf(`{"done":true,"total_duration":%d}`, total))
	})
	off := make([]float64, 0, rounds)
	for range rounds {
		outcome := exchange.Do(t.Context(), client, generate(url))
		require.Nil(t, outcome.Err)
		off = append(off, math.Abs(*outcome.Record.Network-<-truth))
	}
	assert.LessOrEqual(t, median(off), tolerance(8), "off by %v ms", off)
}

// A server that says it worked for longer than the request took has a clock that tells
// nothing about the network.
func TestNetworkIsNeverNegative(t *testing.T) {
	t.Parallel()
	url, client := httpServer(t, func(w http.ResponseWriter, _ *http.Request) {
		send(w, `{"done":true,"total_duration":3600000000000}`)
	})
	outcome := exchange.Do(t.Context(), client, generate(url))
	require.Nil(t, outcome.Err)
	assert.Nil(t, outcome.Record.Network)
	assert.InDelta(t, 3.6e6, *outcome.Record.Server.Total, 0)
}

func TestNotStreamedHasNoTokenTimes(t *testing.T) {
	t.Parallel()
	for _, op := range []api.Op{api.Generate, api.Chat} {
		url, client := httpServer(t, func(w http.ResponseWriter, _ *http.Request) {
			send(w, `{"response":"안녕 hey","thinking":"Hm","done":true,"eval_count":5,"eval_duration":9,"total_duration":10}`)
		})
		request := generate(url)
		request.Op, request.Stream = op, false
		outcome := exchange.Do(t.Context(), client, request)
		require.Nil(t, outcome.Err)
		assertSane(t, outcome)
		r := outcome.Record
		assert.Nil(t, r.TTFT)
		assert.Nil(t, r.TTFO)
		assert.Nil(t, r.TPOT)
		assert.Nil(t, r.LastToken)
		assert.Nil(t, r.Chunks)
		assert.Nil(t, r.ITL)
		assert.Equal(t, 6, *r.ResponseChars)
		assert.Equal(t, 2, *r.ThinkingChars)
		assert.EqualValues(t, 5, *r.OutputTokens)
		assert.NotNil(t, r.Headers)
		assert.NotNil(t, r.Duration)
		assert.NotNil(t, r.Network)
		assert.Equal(t, "안녕 hey", outcome.Answer.Text)
		assert.Equal(t, "Hm", outcome.Answer.Thinking)
	}
}

// An embedding says how long all took and how long loading took, but not how long the
// model worked: the rest is no queue.
func TestEmbeddingHasNoQueue(t *testing.T) {
	t.Parallel()
	url, client := httpServer(t, func(w http.ResponseWriter, _ *http.Request) {
		send(w, `{"embeddings":[[0.1]],"total_duration":5000,"load_duration":1000,"prompt_eval_count":9}`)
	})
	outcome := exchange.Do(t.Context(), client, exchange.Request{Op: api.Embed, URL: url, Body: []byte("{}")})
	require.Nil(t, outcome.Err)
	assertSane(t, outcome)
	r := outcome.Record
	assert.Equal(t, record.Server{Total: ptr(0.005), Load: ptr(0.001)}, *r.Server)
	assert.EqualValues(t, 9, *r.PromptTokens)
	assert.Nil(t, r.Chunks)
	assert.Nil(t, r.ResponseChars)
}

// slowDialer connects after a pause, and logs how long it took and when it was done.
type slowDialer struct {
	took []time.Duration
	done []time.Time
	wrap func(net.Conn) net.Conn
}

func (d *slowDialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	start := time.Now()
	<-time.After(5 * gap)
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err == nil && d.wrap != nil {
		conn = d.wrap(conn)
	}
	d.took, d.done = append(d.took, time.Since(start)), append(d.done, time.Now())
	return conn, err
}

func TestConnectIsBesideTheDuration(t *testing.T) {
	steps := []step{{text: token, tokens: 1, answer: true}, {text: finished(1)}}
	logs := make(chan serverLog, 1)
	server := httptest.NewServer(script(steps, logs))
	defer server.Close()
	var off deviations
	for range rounds {
		dialer := &slowDialer{}
		transport := stamped(t, &http.Transport{DialContext: dialer.dial})
		first := exchange.Do(t.Context(), exchange.Client{Transport: transport}, generate(server.URL))
		require.Nil(t, first.Err)
		off.add(t, expect(steps, <-logs, 1), measured{Record: first.Record})
		took := float64(dialer.took[0]) / float64(time.Millisecond)
		assert.GreaterOrEqual(t, *first.Record.Connect, took)
		off.one(t, "connect", &took, first.Record.Connect)

		second := exchange.Do(t.Context(), exchange.Client{Transport: transport}, generate(server.URL))
		require.Nil(t, second.Err)
		off.add(t, expect(steps, <-logs, 1), measured{Record: second.Record})
		assert.Zero(t, *second.Record.Connect, "the connection was there")
		require.Len(t, dialer.took, 1)
		transport.CloseIdleConnections()
	}
	off.assertSmall(t)
}

func TestTLSHandshakeIsPartOfConnect(t *testing.T) {
	steps := []step{{text: token, tokens: 1, answer: true}, {text: finished(1)}}
	logs := make(chan serverLog, 1)
	server := httptest.NewTLSServer(script(steps, logs))
	defer server.Close()
	client := exchange.Client{Transport: server.Client().Transport}
	first := exchange.Do(t.Context(), client, generate(server.URL))
	require.Nil(t, first.Err)
	assertCausal(t, steps, <-logs, first.Record)
	assert.Positive(t, *first.Record.Connect)
	second := exchange.Do(t.Context(), client, generate(server.URL))
	require.Nil(t, second.Err)
	assertCausal(t, steps, <-logs, second.Record)
	assert.Zero(t, *second.Record.Connect)
}

// dyingConn is a pooled connection that turns out to be dead when it is written to.
type dyingConn struct {
	net.Conn
	dead *atomic.Bool
}

func (c dyingConn) Write(p []byte) (int, error) {
	if c.dead.Load() {
		return 0, syscall.EPIPE
	}
	return c.Conn.Write(p)
}

// A pooled connection can be dead. The transport then takes a new one: the time that this
// takes is connecting, not the server's.
func TestStalePooledConnection(t *testing.T) {
	steps := []step{{text: token, tokens: 1, answer: true}, {text: finished(1)}}
	logs := make(chan serverLog, 1)
	server := httptest.NewServer(script(steps, logs))
	defer server.Close()
	var off deviations
	for range rounds {
		var dead atomic.Bool
		dialer := &slowDialer{wrap: func(c net.Conn) net.Conn { return dyingConn{c, &dead} }}
		transport := stamped(t, &http.Transport{DialContext: dialer.dial})
		client := exchange.Client{Transport: transport}
		require.Nil(t, exchange.Do(t.Context(), client, generate(server.URL)).Err)
		<-logs
		dead.Store(true)
		dialer.wrap = nil
		outcome := exchange.Do(t.Context(), client, generate(server.URL))
		require.Nil(t, outcome.Err)
		assertSane(t, outcome)
		off.add(t, expect(steps, <-logs, 1), measured{Record: outcome.Record})
		require.Len(t, dialer.took, 2)
		assert.GreaterOrEqual(t, *outcome.Record.Connect, float64(dialer.took[1])/float64(time.Millisecond))
		transport.CloseIdleConnections()
	}
	off.assertSmall(t)
}

// While others have all the connections a request waits; that is not the server's time.
func TestWaitingForAConnection(t *testing.T) {
	t.Parallel()
	release, asked := make(chan struct{}), make(chan struct{}, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-release
		send(w, finished(0))
	}))
	defer server.Close()
	transport := stamped(t, &http.Transport{MaxConnsPerHost: 1})
	client := exchange.Client{Transport: transport}
	first, second := make(chan *exchange.Outcome, 1), make(chan *exchange.Outcome, 1)
	go func() { first <- exchange.Do(t.Context(), client, generate(server.URL)) }()
	<-asked
	waiting := time.Now()
	go func() { second <- exchange.Do(t.Context(), client, generate(server.URL)) }()
	<-time.After(10 * gap)
	freed := time.Now()
	close(release)
	require.Nil(t, (<-first).Err)
	outcome := <-second
	require.Nil(t, outcome.Err)
	waited := freed.Sub(waiting)
	all := float64(time.Since(waiting)) / float64(time.Millisecond)
	assert.LessOrEqual(t, *outcome.Record.Duration, all-float64(waited)/float64(time.Millisecond))
}

// A redirect is followed; the clock runs on from the first request, and the answer is
// that of the last.
func TestRedirect(t *testing.T) {
	steps := []step{{text: token, tokens: 1, answer: true}, {text: finished(1)}}
	logs, redirected := make(chan serverLog, 1), make(chan time.Time, 1)
	answer := script(steps, logs)
	url, client := httpServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/generate" {
			redirected <- time.Now()
			<-time.After(gap)
			http.Redirect(w, r, "/api/generate", http.StatusTemporaryRedirect)
			return
		}
		if body := make([]byte, 64); r.Method != http.MethodPost || !readsBody(r, body) {
			w.WriteHeader(http.StatusBadRequest)
		}
		answer(w, r)
	})
	var off deviations
	for range rounds {
		request := generate(url)
		request.URL += "/"
		outcome := exchange.Do(t.Context(), client, request)
		require.Nil(t, outcome.Err)
		assertSane(t, outcome)
		assert.Equal(t, http.StatusOK, outcome.Record.Status)
		log := <-logs
		log.asked = <-redirected
		off.add(t, expect(steps, log, 1), measured{Record: outcome.Record})
	}
	off.assertSmall(t)
}

func readsBody(r *http.Request, into []byte) bool {
	n, _ := r.Body.Read(into)
	return string(into[:n]) == `{"model":"tiny"}`
}

// A proxy that compresses would hold tokens back, so nobody is asked to.
func TestCompressionIsNotAskedFor(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	url, client := httpServer(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Header.Get("Accept-Encoding")
		send(w, token+done)
	})
	require.Nil(t, exchange.Do(t.Context(), client, generate(url)).Err)
	assert.Equal(t, "identity", <-asked)
	request := generate(url)
	request.Header = http.Header{"Accept-Encoding": {"br"}}
	require.Nil(t, exchange.Do(t.Context(), client, request).Err)
	assert.Equal(t, "br", <-asked, "but the user's word counts")
}

func ptr[T any](v T) *T { return &v }
