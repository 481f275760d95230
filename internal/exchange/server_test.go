package exchange_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/exchange"
)

// rawServer accepts connections on this machine, gives each to handle and closes it
// afterwards. It returns its address.
func rawServer(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				t.Errorf("accepting: %v", err)
				return
			}
			running.Go(func() {
				defer func() { _ = conn.Close() }()
				handle(conn)
			})
		}
	})
	t.Cleanup(func() {
		assert.NoError(t, listener.Close())
		running.Wait()
	})
	return listener.Addr().String()
}

// readRequest reads a request to its end.
func readRequest(from *bufio.Reader) error {
	request, err := http.ReadRequest(from)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, request.Body)
	return err
}

// httpServer starts a server and returns its address and a client with its own
// connections.
func httpServer(t *testing.T, handler http.HandlerFunc) (string, exchange.Client) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL, client(t)
}

func client(t *testing.T) exchange.Client {
	t.Helper()
	return exchange.Client{Transport: stamped(t, &http.Transport{})}
}

// stamped makes a transport stamp at its connections, as in k6.
func stamped(t *testing.T, transport *http.Transport) *http.Transport {
	t.Helper()
	transport = exchange.Stamped(transport, func(c net.Conn) net.Conn { return exchange.NewConn(c) })
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// generate asks for a stream.
func generate(url string) exchange.Request {
	return exchange.Request{Op: api.Generate, URL: url + "/api/generate", Body: []byte(`{"model":"tiny"}`), Stream: true}
}

const (
	token = `{"response":" a","done":false}` + "\n"
	done  = `{"response":"","done":true,"done_reason":"stop","total_duration":30000,"load_duration":1000,` +
		`"prompt_eval_count":7,"prompt_eval_duration":2000,"eval_count":3,"eval_duration":20000}` + "\n"
)

// send writes to the client at once.
func send(w http.ResponseWriter, text string) {
	_, _ = w.Write([]byte(text))
	w.(http.Flusher).Flush() //nolint:forcetypeassert,errcheck // net/http's writers all are
}

func kind(outcome *exchange.Outcome) api.ErrorKind {
	if outcome.Err == nil {
		return ""
	}
	return outcome.Err.Kind
}

func valueOr[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

// assertSane holds an outcome against what is true of every request, however it went.
func assertSane(t *testing.T, outcome *exchange.Outcome) {
	t.Helper()
	r := outcome.Record
	eachFloat(reflect.ValueOf(r), func(v float64) {
		assert.False(t, math.IsNaN(v) || math.IsInf(v, 0) || v < 0, "%v in %+v", v, r)
	})
	_, err := json.Marshal(r)
	require.NoError(t, err, "every record can be written")
	assert.Positive(t, r.StartedAt)

	assert.Equal(t, outcome.Err == nil, r.OK)
	if outcome.Err != nil {
		assert.Contains(t, api.ErrorKinds(), outcome.Err.Kind)
		assert.Equal(t, r.Status, outcome.Err.Status)
		require.NotNil(t, r.Error)
		assert.Equal(t, outcome.Err.Kind, r.Error.Type)
		assert.NotEmpty(t, r.Error.Message)
		assert.NotContains(t, r.Error.Message, "\n")
	} else {
		assert.Nil(t, r.Error)
		assert.NotNil(t, r.Duration)
	}

	const exact = 1e-6
	infinite := math.Inf(1)
	assert.LessOrEqual(t, valueOr(r.Headers, 0), valueOr(r.TTFT, infinite)+exact)
	assert.LessOrEqual(t, valueOr(r.TTFT, 0), valueOr(r.TTFO, infinite)+exact)
	assert.LessOrEqual(t, valueOr(r.TTFO, 0), valueOr(r.LastToken, infinite)+exact)
	assert.LessOrEqual(t, valueOr(r.LastToken, 0), valueOr(r.Duration, 0)+exact)
	assert.Equal(t, r.TTFT == nil, r.LastToken == nil)
	if r.TTFT != nil {
		require.NotNil(t, r.Chunks)
		require.Equal(t, *r.Chunks > 1, r.ITL != nil)
		if r.ITL != nil {
			assert.Equal(t, *r.Chunks-1, r.ITL.Count(), "a gap between each two chunks")
			assert.InDelta(t, *r.LastToken-*r.TTFT, r.ITL.Mean()*float64(r.ITL.Count()), 1e-3, "the gaps add up")
		}
	} else {
		assert.Nil(t, r.ITL)
		assert.Nil(t, r.TPOT)
	}
	if r.Network != nil {
		assert.InDelta(t, *r.Duration, *r.Server.Total+*r.Network, exact, "server and network are the whole")
	}
}

// eachFloat visits every float64 below v.
func eachFloat(v reflect.Value, visit func(float64)) {
	switch v.Kind() {
	case reflect.Float64:
		visit(v.Float())
	case reflect.Pointer:
		if !v.IsNil() {
			eachFloat(v.Elem(), visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachFloat(v.Index(i), visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			eachFloat(v.Field(i), visit)
		}
	default:
	}
}

func lines(text ...string) string { return strings.Join(text, "\n") + "\n" }
