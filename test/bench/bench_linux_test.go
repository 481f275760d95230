package main_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	main "github.com/xk6-ollama/xk6-ollama/test/bench"
)

// Each request is measured by the client and known to the server, under one number.
func TestClientAndTruthSpeakOfTheSameRequests(t *testing.T) {
	log, written, err := main.Exchange(time.Millisecond, 3, 2, 5)
	require.NoError(t, err)
	assert.Equal(t, []int{5, 5, 5, 5, 5, 5}, written)
	seen := map[int]bool{}
	for line := range strings.Lines(log) {
		var m struct {
			ID        int
			TTFT, E2E float64
			ITL       []float64
		}
		require.NoError(t, json.Unmarshal([]byte(line), &m), line)
		seen[m.ID] = true
		assert.Len(t, m.ITL, 4)
		assert.Greater(t, m.TTFT, 0.9, "not before it was time, ms")
		assert.Greater(t, m.E2E, 4.9)
	}
	assert.Len(t, seen, 6)
}

// The answers are Ollama's, whether their length is a number of flushes or not.
func TestServerAnswersAsOllama(t *testing.T) {
	url, stop, err := main.Serve()
	require.NoError(t, err)
	for tokens, body := range map[int]string{
		1:      `{"options":{"num_predict":1}}`,
		64:     `{"options":{"num_predict":64}}`,
		10_000: `{"options":{"num_predict":10000}}`,
	} {
		response, err := http.Post(url+"/api/generate", "application/json", strings.NewReader(body))
		require.NoError(t, err)
		var text, done int
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			chunk, err := api.ParseChunk(lines.Bytes())
			require.NoError(t, err)
			if chunk.Done {
				done++
				assert.EqualValues(t, tokens, *chunk.Usage.OutputTokens)
			} else {
				assert.NotEmpty(t, chunk.Text)
				text++
			}
		}
		require.NoError(t, response.Body.Close())
		assert.Equal(t, tokens, text)
		assert.Equal(t, 1, done)
	}
	require.NoError(t, stop())
}

func TestServerNamesWhatItCanNotAnswer(t *testing.T) {
	url, stop, err := main.Serve()
	require.NoError(t, err)
	_, err = http.Post(url, "application/json", strings.NewReader(`{}`))
	require.Error(t, err)
	assert.EqualError(t, stop(), "the server broke: the body \"{}\" asks for no tokens")
}

func TestFigures(t *testing.T) {
	assert.Equal(t, 2.5, main.Median(4, 1, 3, 2))
	assert.Equal(t, 3.0, main.Median(3))
	assert.Equal(t, []float64{2, 0.5}, main.Ratios([]float64{4, 1}, []float64{2, 2}))
}

func TestBenchmarksAreRead(t *testing.T) {
	names, fast := main.ParseBenchmarks("goos: linux\n" +
		"BenchmarkScan/chat \t 1 \t 0 allocs \t 100 ns \t 10 times-as-fast\n" +
		"BenchmarkScan/final \t 1 \t 0 allocs \t 100 ns \t 5 times-as-fast\n" +
		"BenchmarkScan/chat \t 1 \t 0 allocs \t 100 ns \t 20 times-as-fast\nPASS\n")
	assert.Equal(t, []string{"BenchmarkScan/chat", "BenchmarkScan/final"}, names)
	assert.Equal(t, 15.0, fast)
}
