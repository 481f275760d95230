package ollama_test

import (
	"bufio"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	ollama "github.com/xk6-ollama/xk6-ollama"
	"github.com/xk6-ollama/xk6-ollama/internal/k6test"
	"github.com/xk6-ollama/xk6-ollama/internal/simulator"
)

// smallMemory has the k6 of a test hand no file to k6 that is larger than a kilobyte.
const smallMemory = "XK6_OLLAMA_TEST_SMALL_MEMORY"

func TestMain(m *testing.M) {
	if os.Getenv(smallMemory) != "" {
		ollama.SetMostInMemory(1 << 10)
	}
	k6test.Main(m)
}

// received is a request as it came to a server.
type received struct {
	method, path string
	url          string // as it was asked for: a proxy gets the whole of it
	header       http.Header
	body         string
	at           time.Time
	left         <-chan struct{} // closed when the client is gone
}

// field returns a field of the request's JSON.
func (r received) field(name string) any {
	var fields map[string]any
	if json.Unmarshal([]byte(r.body), &fields) != nil {
		return nil
	}
	return fields[name]
}

// server is an HTTP server that keeps what it was asked.
type server struct {
	*httptest.Server

	mu   sync.Mutex
	seen []received
}

// serve starts a server of the handler, which gets the body in r.Body, read already.
func serve(t *testing.T, handler func(w http.ResponseWriter, r received)) *server {
	t.Helper()
	s := unstarted(handler)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func unstarted(handler func(w http.ResponseWriter, r received)) *server {
	s := &server{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client left
		}
		request := received{r.Method, r.URL.Path, r.RequestURI, r.Header, string(body), time.Now(), r.Context().Done()}
		s.mu.Lock()
		s.seen = append(s.seen, request)
		s.mu.Unlock()
		handler(w, request)
	}))
	return s
}

func (s *server) requests() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// on returns the requests for a path.
func (s *server) on(path string) []received {
	return slices.DeleteFunc(s.requests(), func(r received) bool { return r.path != path })
}

// What a server answers to generate and chat, line by line.
const (
	generatePiece = `{"model":"m","created_at":"2026-01-01T00:00:00Z","response":"Hi","done":false}` + "\n"
	generateDone  = `{"model":"m","created_at":"2026-01-01T00:00:01Z","response":"","done":true,"done_reason":"stop",` +
		`"total_duration":40000,"load_duration":1000,"prompt_eval_count":7,"prompt_eval_duration":2000,` +
		`"eval_count":3,"eval_duration":30000}` + "\n"
	generateAnswer = generatePiece + `{"response":" there","done":false}` + "\n" + generateDone
)

// answer answers every request with the same text.
func answer(text string) func(http.ResponseWriter, received) {
	return func(w http.ResponseWriter, _ received) { send(w, text) }
}

// send writes to the client at once.
func send(w http.ResponseWriter, text string) {
	_, _ = io.WriteString(w, text)
	w.(http.Flusher).Flush() //nolint:forcetypeassert,errcheck // net/http's writers all are
}

// simulate starts a simulated Ollama that is quick, and changed as the test needs it.
func simulate(t *testing.T, change func(*simulator.Config)) *simulator.Server {
	t.Helper()
	config := simulator.DefaultConfig()
	config.Load = 0
	config.TTFT = simulator.Exactly(2 * time.Millisecond)
	config.ITL = simulator.Exactly(time.Millisecond)
	if change != nil {
		change(&config)
	}
	s, err := simulator.Start(t.Context(), config)
	require.NoError(t, err)
	return s
}

func anyModel(c *simulator.Config) { c.AnyModel = true }

// sample is a point of k6's JSON output.
type sample struct {
	metric string
	value  float64
	tags   map[string]string
	at     string // its time
}

// samples is k6's JSON output.
type samples struct {
	types map[string]string // of the metrics
	units map[string]string // what the metrics contain
	all   []sample
}

// of returns the samples of a metric.
func (s samples) of(metric string) []sample {
	return slices.DeleteFunc(slices.Clone(s.all), func(p sample) bool { return p.metric != metric })
}

// values returns the values of a metric, in the order in which they came.
func (s samples) values(metric string) []float64 {
	var values []float64
	for _, p := range s.of(metric) {
		values = append(values, p.value)
	}
	return values
}

// scriptWithSamples runs a script and returns what it emitted, too.
func scriptWithSamples(t *testing.T, env []string, source string, args ...string) (k6test.Result, samples) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "samples.json")
	result := k6test.Script(t, env, source, append(args, "--out", "json="+file)...)
	return result, readSamples(t, file)
}

func readSamples(t *testing.T, file string) samples {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	out := samples{types: map[string]string{}, units: map[string]string{}}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			Type, Metric string
			Data         struct {
				Type, Contains string
				Value          float64
				Time           string
				Tags           map[string]string
			}
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &line))
		if line.Type == "Metric" {
			out.types[line.Metric], out.units[line.Metric] = line.Data.Type, line.Data.Contains
			continue
		}
		out.all = append(out.all, sample{line.Metric, line.Data.Value, line.Data.Tags, line.Data.Time})
	}
	require.NoError(t, lines.Err())
	return out
}

// logged reads the only line that the script logged, which is JSON.
func logged[T any](t *testing.T, result k6test.Result) T {
	t.Helper()
	console := result.Console()
	require.Len(t, console, 1, result.Stderr)
	var value T
	require.NoError(t, json.Unmarshal([]byte(console[0]), &value), console[0])
	return value
}

// without returns the tags but for some.
func without(tags map[string]string, names ...string) map[string]string {
	rest := maps.Clone(tags)
	for _, name := range names {
		delete(rest, name)
	}
	return rest
}

func writeFile(t *testing.T, file string, content []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, content, 0o600)) //nolint:gosec // the test's own directory
}

func splitLines(text string) []string { return strings.Split(strings.TrimSpace(text), "\n") }
