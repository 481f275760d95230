package exchange_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/exchange"
)

// slow is a client that is short of CPU: it does nothing for a while once it has a
// connection, and again before it reads the answer.
type slow struct {
	transport http.RoundTripper
	pause     time.Duration
}

func (s slow) Send(req *http.Request, observe func(http.RoundTripper) http.RoundTripper) error {
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { <-time.After(s.pause) },
	}))
	response, err := observe(s.transport).RoundTrip(req)
	if err != nil {
		return err
	}
	<-time.After(s.pause)
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

// What happens between the connection and whoever uses it is no time of the server: the
// clock starts when the request is written, and stops when the bytes are there.
func TestClockIsThatOfTheConnection(t *testing.T) {
	steps := []step{{text: token + token, tokens: 2, answer: true}}
	for name, start := range map[string]func(http.Handler) *httptest.Server{
		"plain": httptest.NewServer, "TLS": httptest.NewTLSServer,
	} {
		t.Run(name, func(t *testing.T) {
			logs := make(chan serverLog, 1)
			server := start(script(steps, logs))
			defer server.Close()
			transport, ok := server.Client().Transport.(*http.Transport)
			require.True(t, ok)
			sender := slow{stamped(t, transport), 20 * gap}
			var off deviations
			for round := range rounds {
				outcome, got := measure(t, sender, generate(server.URL))
				assert.Nil(t, outcome.Record.TPOT, "the server has not said how many tokens there were")
				assertSane(t, outcome)
				want := expect(steps, <-logs, 0)
				want.Duration, got.Duration = nil, nil // the end may come in a piece of its own
				off.add(t, want, got)
				assert.Equal(t, round == 0, *got.Connect > 0, "connecting is what it did the first time")
			}
			off.assertSmall(t)
		})
	}
}

// A connection of HTTP/2 has many requests at a time, so it can't say when one of them was
// sent. Then the transport says when things happen.
func TestHTTP2(t *testing.T) {
	steps := []step{
		{text: token, tokens: 1, answer: true},
		{text: token, tokens: 1},
		{text: finished(2)},
	}
	logs := make(chan serverLog, 2)
	server := httptest.NewUnstartedServer(script(steps, logs))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	transport, ok := server.Client().Transport.(*http.Transport)
	require.True(t, ok)
	client := exchange.Client{Transport: stamped(t, transport)}
	var off deviations
	for range rounds {
		_, got := measure(t, client, generate(server.URL))
		off.add(t, expect(steps, <-logs, 2), got)
	}
	off.assertSmall(t)

	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			outcome := exchange.Do(t.Context(), client, generate(server.URL))
			assert.Nil(t, outcome.Err)
			assertSane(t, outcome)
			assert.InDelta(t, 3*float64(gap)/1e6, *outcome.Record.Duration, 50)
		})
	}
	both.Wait()
}

// A transport that was not made to stamp is measured, too.
func TestTransportThatDoesNotStamp(t *testing.T) {
	steps := []step{{text: token, tokens: 1, answer: true}, {text: finished(1)}}
	logs := make(chan serverLog, 1)
	server := httptest.NewServer(script(steps, logs))
	defer server.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	var off deviations
	for range rounds {
		_, got := measure(t, exchange.Client{Transport: transport}, generate(server.URL))
		off.add(t, expect(steps, <-logs, 1), got)
	}
	off.assertSmall(t)
}

// A transport that tells nothing of its connections does not have any.
func TestTransportWithoutConnections(t *testing.T) {
	t.Parallel()
	outcome := exchange.Do(t.Context(), inMemory{tokens: 3, linesARead: 1}, generate("http://localhost"))
	require.Nil(t, outcome.Err)
	assertSane(t, outcome)
	assert.Equal(t, 3, *outcome.Record.Chunks)
	assert.Zero(t, *outcome.Record.Connect)
}

// The copy of a transport dials as the transport does.
func TestStampedDialsAsBefore(t *testing.T) {
	t.Parallel()
	dialer := &slowDialer{}
	address, _ := httpServer(t, func(w http.ResponseWriter, _ *http.Request) { send(w, token+done) })
	wrapped := 0
	transport := exchange.Stamped(&http.Transport{DialContext: dialer.dial}, func(c net.Conn) net.Conn {
		wrapped++
		return c
	})
	defer transport.CloseIdleConnections()
	require.Nil(t, exchange.Do(t.Context(), exchange.Client{Transport: transport}, generate(address)).Err)
	assert.Len(t, dialer.took, 1)
	assert.Equal(t, 1, wrapped)

	refused := exchange.Do(t.Context(), exchange.Client{Transport: transport}, generate("http://127.0.0.1:1"))
	assert.EqualValues(t, "connect", kind(refused))
}
