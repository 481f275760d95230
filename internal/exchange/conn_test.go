package exchange_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"strings"
	"sync"
	"syscall"
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
			off.assertBelow(t, sender.pause)
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
	logs := make(chan serverLog, 3)
	server := httptest.NewUnstartedServer(script(steps, logs))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	transport, ok := server.Client().Transport.(*http.Transport)
	require.True(t, ok)
	client := exchange.Client{Transport: stamped(t, transport)}
	outcome := exchange.Do(t.Context(), client, generate(server.URL))
	require.Nil(t, outcome.Err)
	assertCausal(t, steps, <-logs, outcome.Record)

	var atTheSameTime sync.WaitGroup
	for range 3 {
		atTheSameTime.Go(func() {
			outcome := exchange.Do(t.Context(), client, generate(server.URL))
			assert.Nil(t, outcome.Err)
			assertSane(t, outcome)
			assert.GreaterOrEqual(t, *outcome.Record.TTFT, float64(gap)/1e6, "the pause before the first token")
		})
	}
	atTheSameTime.Wait()
}

// A transport that was not made to stamp is measured, too.
func TestTransportThatDoesNotStamp(t *testing.T) {
	steps := []step{{text: token, tokens: 1, answer: true}, {text: finished(1)}}
	logs := make(chan serverLog, 1)
	server := httptest.NewServer(script(steps, logs))
	defer server.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	outcome := exchange.Do(t.Context(), exchange.Client{Transport: transport}, generate(server.URL))
	require.Nil(t, outcome.Err)
	assertSane(t, outcome)
	assertCausal(t, steps, <-logs, outcome.Record)
	assert.GreaterOrEqual(t, *outcome.Record.TTFT, float64(gap)/1e6, "the pause before the first token")
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

// connected is a connection of this machine to itself, and its other end.
func connected(t *testing.T) (conn, other *net.TCPConn) {
	t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	defer func() { assert.NoError(t, listener.Close()) }()
	conn, err = net.DialTCP("tcp", nil, listener.Addr().(*net.TCPAddr)) //nolint:forcetypeassert,errcheck // it is one
	require.NoError(t, err)
	other, err = listener.AcceptTCP()
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = conn.Close(), other.Close() }) // which may have happened
	return conn, other
}

// To whoever reads from it, a connection that stamps is the connection that it was: k6 and
// this module tell failures apart by their errors.
func TestConnReadsAsBefore(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(conn, other *net.TCPConn) error{
		"end":                 func(_, other *net.TCPConn) error { return other.Close() },
		"reset":               func(_, other *net.TCPConn) error { return errors.Join(other.SetLinger(0), other.Close()) },
		"closed":              func(conn, _ *net.TCPConn) error { return conn.Close() },
		"deadline":            func(conn, _ *net.TCPConn) error { return conn.SetReadDeadline(time.Now()) },
		"closed while read":   func(conn, _ *net.TCPConn) error { time.AfterFunc(gap, func() { _ = conn.Close() }); return nil },
		"deadline while read": func(conn, _ *net.TCPConn) error { return conn.SetReadDeadline(time.Now().Add(gap)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			read := func(wrap func(net.Conn) net.Conn) (texts []string) {
				conn, other := connected(t)
				_, err := other.Write([]byte("some bytes"))
				require.NoError(t, err)
				wrapped := wrap(conn)
				nothing, err := wrapped.Read(nil)
				require.NoError(t, err)
				assert.Zero(t, nothing)
				buffer := make([]byte, 4)
				for len(texts) < 3 {
					n, err := wrapped.Read(buffer)
					require.NoError(t, err)
					texts = append(texts, string(buffer[:n]))
				}
				require.NoError(t, happens(conn, other))
				_, err = wrapped.Read(buffer)
				require.Error(t, err)
				addresses := strings.NewReplacer(conn.LocalAddr().String(), "here", conn.RemoteAddr().String(), "there")
				var timeout net.Error
				return append(texts, addresses.Replace(err.Error()), fmt.Sprint(
					errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, net.ErrClosed),
					errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout()))
			}
			before := read(func(c net.Conn) net.Conn { return c })
			assert.Equal(t, before, read(func(c net.Conn) net.Conn { return exchange.NewConn(c) }))
			assert.Equal(t, before, read(func(c net.Conn) net.Conn { return exchange.NewConn(struct{ net.Conn }{c}) }),
				"with its socket hidden")
		})
	}
}

func TestConnAllocatesNothing(t *testing.T) {
	conn, other := connected(t)
	stamping := exchange.NewConn(conn)
	buffer := make([]byte, 8)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := other.Write(buffer); err != nil {
			t.Error(err)
		}
		if _, err := stamping.Read(buffer); err != nil {
			t.Error(err)
		}
	}))
}
