package simulator_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/simulator"
)

// quick is a configuration without waiting, in which tests set what they look at.
func quick() simulator.Config {
	config := simulator.DefaultConfig()
	config.Load, config.WarmLoad, config.PrefillRate = 0, 0, 0
	config.TTFT, config.ITL = simulator.Distribution{}, simulator.Distribution{}
	return config
}

// truths collects Config.Truth.
type truths struct {
	mu     sync.Mutex
	buffer bytes.Buffer
	lines  chan simulator.Truth
}

func newTruths() *truths { return &truths{lines: make(chan simulator.Truth, 4096)} }

func (t *truths) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buffer.Write(p)
	for {
		line, err := t.buffer.ReadBytes('\n')
		if err != nil {
			t.buffer.Write(line)
			return len(p), nil
		}
		var truth simulator.Truth
		if err := json.Unmarshal(line, &truth); err != nil {
			return 0, err
		}
		t.lines <- truth
	}
}

func (t *truths) next(tb testing.TB) simulator.Truth {
	tb.Helper()
	select {
	case truth := <-t.lines:
		return truth
	case <-time.After(10 * time.Second):
		require.FailNow(tb, "no line of truth")
		return simulator.Truth{}
	}
}

func start(tb testing.TB, config simulator.Config) *simulator.Server {
	tb.Helper()
	server, err := simulator.Start(context.Background(), config)
	require.NoError(tb, err)
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		require.NoError(tb, server.Close(ctx))
	})
	return server
}

// answer is what a client saw.
type answer struct {
	status  int
	headers string // as on the wire, without Date
	body    string
	err     error // of reading the body
	took    time.Duration
	ttft    time.Duration
	lines   []map[string]any
}

// last returns the last line, nil if there is none.
func (a answer) last() map[string]any {
	if len(a.lines) == 0 {
		return nil
	}
	return a.lines[len(a.lines)-1]
}

// call sends a request over its own connection and keeps what comes back, raw, and any error.
func call(server *simulator.Server, method, path, body string, headers ...string) answer {
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", server.Addr())
	if err != nil {
		return answer{err: err}
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return answer{err: err}
	}
	request, err := http.NewRequestWithContext(context.Background(), method, server.URL()+path, strings.NewReader(body))
	if err != nil {
		return answer{err: err}
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
		if name == "Host" {
			request.Host = value
		}
	}
	begun := time.Now()
	if err := request.Write(conn); err != nil {
		return answer{err: err}
	}
	var raw bytes.Buffer
	response, err := http.ReadResponse(bufio.NewReader(io.TeeReader(conn, &raw)), request)
	if err != nil {
		return answer{err: err}
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{status: response.StatusCode, ttft: time.Since(begun)}
	content, err := io.ReadAll(response.Body)
	a.took, a.body, a.err = time.Since(begun), string(content), err
	a.headers = withoutDate(raw.String())
	for line := range strings.Lines(a.body) {
		var fields map[string]any
		if json.Unmarshal([]byte(strings.TrimPrefix(line, "data: ")), &fields) == nil {
			a.lines = append(a.lines, fields)
		}
	}
	return a
}

func withoutDate(raw string) string {
	head, _, _ := strings.Cut(raw, "\r\n\r\n")
	var kept []string
	for _, line := range strings.Split(head, "\r\n") {
		if !strings.HasPrefix(line, "Date:") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

func itoa(n int) string { return strconv.Itoa(n) }
