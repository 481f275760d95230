package exchange_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/exchange"
)

// limit is the timeout under test, far the others: too long to be the reason.
const (
	limit = 30 * time.Millisecond
	far   = time.Minute
)

// others are timeouts that must not fire.
func others() exchange.Timeouts {
	return exchange.Timeouts{Connect: far, FirstToken: far, Idle: far, Total: far}
}

// hang keeps the answer open until the client leaves.
func hang(r *http.Request) { <-r.Context().Done() }

func assertTimeout(t *testing.T, outcome *exchange.Outcome, want api.ErrorKind, message string) {
	t.Helper()
	assertSane(t, outcome)
	require.Equal(t, want, kind(outcome), "%v", outcome.Err)
	assert.Equal(t, message, outcome.Err.Message)
	assert.ErrorIs(t, outcome.Err, context.DeadlineExceeded)
}

func TestTimeoutConnect(t *testing.T) {
	t.Parallel()
	blackHole := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	silent := rawServer(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	for name, c := range map[string]struct {
		client exchange.Client
		url    string
	}{
		"no answer to the dial":      {exchange.Client{Transport: blackHole}, "http://127.0.0.1:1"},
		"no answer to the handshake": {client(t), "https://" + silent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := generate(c.url)
			request.Timeouts = others()
			request.Timeouts.Connect = limit
			outcome := exchange.Do(t.Context(), c.client, request)
			assertTimeout(t, outcome, api.TimeoutConnect, "no connection within 30ms")
			assert.GreaterOrEqual(t, *outcome.Record.Connect, 30.0)
			assert.Nil(t, outcome.Record.Duration, "its clock never started")
			assert.Zero(t, outcome.Record.Status)
		})
	}
}

// A pooled connection that is dead says nothing yet; what follows is connecting, and is
// bounded as such. So is the connection to which a redirect leads.
func TestTimeoutConnectOfALaterConnection(t *testing.T) {
	t.Parallel()
	var dead, blackHole atomic.Bool
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if blackHole.Load() {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return dyingConn{conn, &dead}, err
	}
	answer := make(chan http.HandlerFunc, 2)
	url, _ := httpServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		(<-answer)(w, r)
	})
	well := func(w http.ResponseWriter, _ *http.Request) { send(w, token+done) }
	away := func(w http.ResponseWriter, r *http.Request) {
		blackHole.Store(true)
		http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
	}
	transport := &http.Transport{DialContext: dial}
	t.Cleanup(transport.CloseIdleConnections)
	client := exchange.Client{Transport: transport}
	request := generate(url)
	request.Timeouts = others()

	answer <- well
	require.Nil(t, exchange.Do(t.Context(), client, request).Err)
	request.Timeouts.Connect = limit
	answer <- away
	redirected := exchange.Do(t.Context(), client, request)
	assertTimeout(t, redirected, api.TimeoutConnect, "no connection within 30ms")
	assert.Zero(t, redirected.Record.Status, "the redirect is not the answer")

	dead.Store(true)
	blackHole.Store(true)
	stale := exchange.Do(t.Context(), client, request)
	assertTimeout(t, stale, api.TimeoutConnect, "no connection within 30ms")
	assert.Nil(t, stale.Record.Duration, "its clock never started")
	assert.GreaterOrEqual(t, *stale.Record.Connect, 30.0)
}

// The dialer of a transport can have a timeout of its own.
func TestTimeoutOfTheDialer(t *testing.T) {
	t.Parallel()
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: timeout{}}
	}}
	outcome := exchange.Do(t.Context(), exchange.Client{Transport: transport}, generate("http://127.0.0.1:1"))
	assertSane(t, outcome)
	assert.Equal(t, api.TimeoutConnect, kind(outcome))
}

type timeout struct{}

func (timeout) Error() string   { return "i/o timeout" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

func TestTimeoutFirstToken(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]string{"before the headers": "", "after them": empty} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, client := httpServer(t, func(w http.ResponseWriter, r *http.Request) {
				if begin != "" {
					send(w, begin)
				}
				_, _ = io.Copy(io.Discard, r.Body)
				hang(r)
			})
			request := generate(url)
			request.Timeouts = others()
			request.Timeouts.FirstToken = limit
			outcome := exchange.Do(t.Context(), client, request)
			assertTimeout(t, outcome, api.TimeoutFirstToken, "no token within 30ms")
			assert.GreaterOrEqual(t, *outcome.Record.Duration, 30.0)
			assert.Nil(t, outcome.Record.TTFT)
			assert.NotNil(t, outcome.Record.Connect)
		})
	}
}

func TestTimeoutIdleKeepsWhatWasMeasured(t *testing.T) {
	t.Parallel()
	url, client := httpServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		send(w, thinking("Hm"))
		send(w, token)
		hang(r)
	})
	request := generate(url)
	request.Timeouts = others()
	request.Timeouts.Idle = 300 * time.Millisecond // longer than this machine pauses
	outcome := exchange.Do(t.Context(), client, request)
	assertTimeout(t, outcome, api.TimeoutIdle, "no data for 300ms")
	r := outcome.Record
	assert.NotNil(t, r.TTFT)
	assert.NotNil(t, r.TTFO)
	assert.Equal(t, 2, *r.Chunks)
	assert.Equal(t, http.StatusOK, r.Status)
	assert.GreaterOrEqual(t, *r.Duration-*r.LastToken, 300.0)
	assert.Equal(t, " a", outcome.Answer.Text)
}

// What is idle is the stream: waiting for its beginning is not, nor is a redirect.
func TestIdleBeginsWithTheAnswer(t *testing.T) {
	t.Parallel()
	const idle = 250 * time.Millisecond
	url, client := httpServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/generate" {
			http.Redirect(w, r, "/api/generate", http.StatusTemporaryRedirect)
			return
		}
		<-time.After(idle + 50*time.Millisecond)
		send(w, token+done)
	})
	request := generate(url)
	request.URL += "/"
	request.Timeouts = others()
	request.Timeouts.Idle = idle
	outcome := exchange.Do(t.Context(), client, request)
	assertSane(t, outcome)
	assert.Nil(t, outcome.Err)
}

func TestTimeoutTotal(t *testing.T) {
	t.Parallel()
	url, client := httpServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		ticker := time.NewTicker(time.Millisecond)
		defer ticker.Stop()
		for r.Context().Err() == nil {
			send(w, token)
			<-ticker.C
		}
	})
	request := generate(url)
	request.Timeouts = others()
	request.Timeouts.Total = 200 * time.Millisecond
	outcome := exchange.Do(t.Context(), client, request)
	assertTimeout(t, outcome, api.TimeoutTotal, "not finished within 200ms")
	r := outcome.Record
	assert.GreaterOrEqual(t, *r.Duration+*r.Connect, 199.9)
	assert.NotNil(t, r.TTFT)
	assert.Positive(t, *r.Chunks)
}

// The total includes connecting.
func TestTimeoutTotalWhileConnecting(t *testing.T) {
	t.Parallel()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	request := generate("http://127.0.0.1:1")
	request.Timeouts = exchange.Timeouts{Connect: far, Total: limit}
	outcome := exchange.Do(t.Context(), exchange.Client{Transport: transport}, request)
	assertTimeout(t, outcome, api.TimeoutTotal, "not finished within 30ms")
	assert.GreaterOrEqual(t, *outcome.Record.Connect, 30.0)
}

// An answer that is not streamed has no first token to wait for, and one that came is
// not waited for any more.
func TestFirstTokenTimeoutDoesNotApply(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stream bool
		first  string
	}{"not streamed": {false, ""}, "it is there": {true, token}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const firstToken = 250 * time.Millisecond
			url, client := httpServer(t, func(w http.ResponseWriter, _ *http.Request) {
				send(w, c.first)
				<-time.After(firstToken + 50*time.Millisecond)
				send(w, done)
			})
			request := generate(url)
			request.Stream = c.stream
			request.Timeouts = exchange.Timeouts{FirstToken: firstToken}
			outcome := exchange.Do(t.Context(), client, request)
			assertSane(t, outcome)
			assert.Nil(t, outcome.Err)
		})
	}
}

func TestCancelKeepsWhatWasMeasured(t *testing.T) {
	t.Parallel()
	url, client := httpServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		send(w, token)
		send(w, token)
		hang(r)
	})
	for name, reason := range map[string]error{"plain": nil, "with a reason": errors.New("gracefulStop is over")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			request := generate(url)
			request.Timeouts = others()
			seen := 0
			request.OnLine = func([]byte) {
				seen++
				if seen == 2 {
					cancel(reason)
				}
			}
			outcome := exchange.Do(ctx, client, request)
			assertSane(t, outcome)
			require.Equal(t, api.Canceled, kind(outcome), "%v", outcome.Err)
			assert.Equal(t, "the test or the iteration ended before the answer did", outcome.Err.Message)
			assert.Equal(t, http.StatusOK, outcome.Record.Status)
			assert.Equal(t, 2, *outcome.Record.Chunks)
			assert.NotNil(t, outcome.Record.TTFT)
			assert.Equal(t, " a a", outcome.Answer.Text)
		})
	}
}

func TestCanceledBeforeItBegan(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	outcome := exchange.Do(ctx, client(t), generate("http://127.0.0.1:1"))
	assertSane(t, outcome)
	assert.Equal(t, api.Canceled, kind(outcome))
	assert.Nil(t, outcome.Record.Duration)
}

// A deadline of the test is the test's end, not a timeout of the request.
func TestDeadlineOfTheTest(t *testing.T) {
	t.Parallel()
	url, client := httpServer(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		hang(r)
	})
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	outcome := exchange.Do(ctx, client, generate(url))
	assertSane(t, outcome)
	assert.Equal(t, api.Canceled, kind(outcome))
}

// k6 gives each request a context of its own and makes its own errors: what bounds a
// request must reach it there, and be known when it comes back.
func TestSenderWithAContextAndErrorsOfItsOwn(t *testing.T) {
	t.Parallel()
	url, sender := httpServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		send(w, token)
		hang(r)
	})
	own := senderFunc(func(r *http.Request, observe func(http.RoundTripper) http.RoundTripper) error {
		if err := sender.Send(r.WithContext(context.Background()), observe); err != nil {
			return errors.New(err.Error())
		}
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for name, c := range map[string]struct {
		timeouts exchange.Timeouts
		onLine   func([]byte)
		want     api.ErrorKind
	}{
		"total":    {exchange.Timeouts{Total: 200 * time.Millisecond}, nil, api.TimeoutTotal},
		"idle":     {exchange.Timeouts{Idle: 200 * time.Millisecond}, nil, api.TimeoutIdle},
		"canceled": {exchange.Timeouts{}, func([]byte) { cancel() }, api.Canceled},
	} {
		request := generate(url)
		request.Timeouts, request.OnLine = c.timeouts, c.onLine
		requestCtx := t.Context()
		if c.want == api.Canceled {
			requestCtx = ctx
		}
		outcome := exchange.Do(requestCtx, own, request)
		assertSane(t, outcome)
		assert.Equal(t, c.want, kind(outcome), name)
		assert.Equal(t, 1, *outcome.Record.Chunks, name)
	}
}
