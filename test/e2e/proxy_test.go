//go:build e2e

package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// answer is a request for tokens and its answer, as the recorder saw them pass.
type answer struct {
	request map[string]any
	lines   []string
	// first and last are from the request's arrival until the first line and the last byte had gone out again.
	first, last time.Duration
}

// final is the last line, which has the server's own figures.
func (a answer) final(t *testing.T) map[string]any {
	t.Helper()
	require.NotEmpty(t, a.lines)
	var line map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.lines[len(a.lines)-1]), &line))
	require.Equal(t, true, line["done"])
	return line
}

// ms returns a duration of a line, which is in nanoseconds, in milliseconds; 0 for one that is left out.
func ms(line map[string]any, field string) float64 {
	ns, _ := line[field].(float64)
	return ns / 1e6
}

// recorder stands before a server, passes everything on as it comes, and keeps what it saw.
type recorder struct {
	*httptest.Server
	mu      sync.Mutex
	answers []answer
}

// record starts a recorder. What it passes on has waited for delay, as on a slow network.
func record(t *testing.T, upstream string, delay time.Duration) *recorder {
	t.Helper()
	r := &recorder{}
	other := passing(t, upstream)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, incoming *http.Request) {
		if incoming.URL.Path != "/api/generate" {
			other.ServeHTTP(w, incoming)
			return
		}
		began := time.Now()
		body, err := io.ReadAll(incoming.Body)
		if err != nil {
			return
		}
		<-time.After(delay)
		var a answer
		if err := json.Unmarshal(body, &a.request); err != nil {
			return
		}
		response, err := send(incoming.Context(), http.MethodPost, upstream+"/api/generate", bytes.NewReader(body))
		if err != nil {
			return
		}
		defer response.Body.Close() //nolint:errcheck // only read
		w.Header().Set("Content-Type", response.Header.Get("Content-Type"))
		w.WriteHeader(response.StatusCode)
		for lines := bufio.NewReader(response.Body); ; {
			line, err := lines.ReadString('\n')
			if line != "" {
				if passOn(w, line) != nil {
					break
				}
				a.lines = append(a.lines, line)
				a.last = time.Since(began)
				if a.first == 0 {
					a.first = a.last
				}
			}
			if err != nil {
				break
			}
		}
		r.mu.Lock()
		r.answers = append(r.answers, a)
		r.mu.Unlock()
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) recorded() []answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]answer(nil), r.answers...)
}

// passOn writes a line and sees to it that it goes out at once.
func passOn(w http.ResponseWriter, line string) error {
	if _, err := io.WriteString(w, line); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}

// send sends a request by an ordinary client.
func send(ctx context.Context, method, url string, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, body) //nolint:gosec // one of the tests' own servers
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(request) //nolint:gosec // one of the tests' own servers
}

// passing is a handler that passes requests on to a server.
func passing(t *testing.T, upstream string) http.Handler {
	t.Helper()
	target, err := url.Parse(upstream)
	require.NoError(t, err)
	return httputil.NewSingleHostReverseProxy(target)
}

// wire passes bytes on between k6 and a server, and knows of them only how many requests for tokens went by.
type wire struct {
	address  string
	listener net.Listener
	target   string
	trigger  int           // the request in the midst of whose answer
	pulled   chan struct{} // this is closed
	mu       sync.Mutex
	asked    int // requests until now
	pieces   int // of the answer to the trigger
}

// lay starts a wire to a server.
func lay(t *testing.T, upstream string, trigger int) *wire {
	t.Helper()
	target, err := url.Parse(upstream)
	require.NoError(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &wire{
		address: "http://" + listener.Addr().String(), listener: listener,
		target: target.Host, trigger: trigger, pulled: make(chan struct{}),
	}
	t.Cleanup(func() { _ = listener.Close() })
	go w.serve()
	return w
}

func (w *wire) serve() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", w.target)
		if err != nil {
			_ = near.Close()
			continue
		}
		go w.pass(far, near, w.outgoing)
		go w.pass(near, far, w.incoming)
	}
}

// pass copies until an end is closed, and then closes the other.
func (w *wire) pass(to, from net.Conn, seen func([]byte)) {
	defer to.Close()   //nolint:errcheck // either end may be gone
	defer from.Close() //nolint:errcheck // either end may be gone
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			seen(buffer[:n]) // before the other end knows, and acts on it
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// outgoing counts requests. k6 writes the head of each at once, so that none is cut in two.
func (w *wire) outgoing(b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked += strings.Count(string(b), "POST /api/generate")
}

func (w *wire) incoming([]byte) {
	const some = 3
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.asked < w.trigger {
		return
	}
	w.pieces++
	if w.pieces == some {
		close(w.pulled)
	}
}
