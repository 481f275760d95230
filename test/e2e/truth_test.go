//go:build e2e

package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Token counts, server times and texts are those of the server's last lines, and E2E and TTFT of each request are
// those that a proxy right before the server saw of the same request.
func TestRecordsSayWhatTheServerSaid(t *testing.T) {
	for _, model := range []string{given.quick, given.slow} {
		t.Run(model, func(t *testing.T) {
			seen := record(t, given.local, 0)
			o := benchmark(t, settings{
				"LOCAL_ENDPOINT": seen.URL, "ONLY": "local", "MODEL": model, "NUM_REQUESTS": "20", "NUM_PREDICT": "24",
			})
			require.Equal(t, 0, o.code)
			list := of(o.requests(t), func(r request) bool { return r.Op == "generate" })
			answers := seen.recorded()
			require.Len(t, answers, 21)
			require.Len(t, list, 21)
			var e2e, ttft sample
			for i, r := range list {
				checkAgainstFinal(t, r, answers[i])
				e2e = append(e2e, *r.Duration-milliseconds(answers[i].last))
				ttft = append(ttft, *r.TTFT-milliseconds(answers[i].first))
			}
			note(t, "%s, same requests as a proxy saw them: E2E %+.3f ms, TTFT %+.3f ms (medians of %d)",
				model, e2e.median(), ttft.median(), len(e2e))
			// The proxy is a hop of its own, so that it sees a little less.
			assert.InDelta(t, 0, e2e.median(), 1, "E2E in ms")
			assert.InDelta(t, 0, ttft.median(), 1, "TTFT in ms")
		})
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func checkAgainstFinal(t *testing.T, r request, a answer) {
	t.Helper()
	final := a.final(t)
	require.True(t, r.OK)
	assert.Equal(t, final["prompt_eval_count"], *r.PromptTokens)
	assert.Equal(t, final["eval_count"], *r.OutputTokens)
	assert.LessOrEqual(t, *r.OutputTokens, 24.0)
	if final["done_reason"] == "length" {
		assert.Equal(t, 24.0, *r.OutputTokens, "num_predict")
	}
	for field, value := range map[string]*float64{
		"total_duration": r.Server.Total, "load_duration": r.Server.Load,
		"prompt_eval_duration": r.Server.PromptEval, "eval_duration": r.Server.Eval,
	} {
		if assert.NotNil(t, value, field) {
			same(t, ms(final, field), *value, field)
		}
	}
	chunks := len(pieces(t, a))
	assert.Equal(t, chunks, *r.Chunks)
	assert.Equal(t, chunks-1, r.ITL.Count)
	same(t, *r.LastToken-*r.TTFT, r.ITL.Mean*float64(r.ITL.Count),
		"the gaps add up to the time between first and last token")
	same(t, (*r.LastToken-*r.TTFT)/(*r.OutputTokens-1), *r.TPOT, "TPOT")
	same(t, *r.Duration-*r.Server.Total, *r.Network, "network")
	same(t, *r.Server.Total-*r.Server.Load-*r.Server.PromptEval-*r.Server.Eval, *r.Server.Queue, "queue")
	assert.LessOrEqual(t, *r.TTFT, *r.LastToken)
	assert.LessOrEqual(t, *r.LastToken, *r.Duration)
}

// timing is what a client measured of one request, in ms.
type timing struct {
	Duration float64 `json:"duration"`
	TTFT     float64 `json:"ttft"`
	Server   float64 `json:"server"` // total_duration
}

// The module and a plain net/http client ask the same of the same server, in turn. Their E2E and TTFT agree within
// 1 ms or 2 %, whichever is more.
//
// The requests of a pair are two runs of a model on a machine that does other things, too. So what is held against
// the tolerance is the median of the pairs' differences, less 3 of its standard errors; pairs are added until these 3
// are within the tolerance themselves, or the time is up.
func TestAgreesWithPlainClient(t *testing.T) {
	for model, tokens := range map[string]int{given.quick: 64, given.slow: 16} {
		t.Run(model, func(t *testing.T) {
			body, err := json.Marshal(map[string]any{
				"model": model, "prompt": "Explain in a few sentences why the sky is blue.",
				"options": map[string]any{"seed": 42, "temperature": 0, "num_predict": tokens},
			})
			require.NoError(t, err)
			c := newControl(t, body)
			for range 3 { // the model is loaded, the prompt cached, the connection made
				_, err := c.ask(t.Context())
				require.NoError(t, err)
			}
			o := start(t, settings{"HOST": given.local, "CONTROL": c.URL, "REQUEST": string(body)},
				"run", "--quiet", "testdata/pairs.js").wait(t)
			require.Equal(t, 0, o.code)
			c.check(t, model)
		})
	}
}

// control is the plain client, and decides when there are enough pairs.
type control struct {
	*httptest.Server
	body     []byte
	deadline time.Time

	mu            sync.Mutex
	plain, module []timing
	err           error
}

const leastPairs, mostTime = 40, 25 * time.Second

func newControl(t *testing.T, body []byte) *control {
	t.Helper()
	c := &control{body: body, deadline: time.Now().Add(mostTime)}
	mux := http.NewServeMux()
	mux.HandleFunc("/plain", func(w http.ResponseWriter, r *http.Request) {
		measured, err := c.ask(r.Context())
		c.mu.Lock()
		defer c.mu.Unlock()
		if err != nil {
			c.err = err
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		c.plain = append(c.plain, measured)
	})
	mux.HandleFunc("/module", func(w http.ResponseWriter, r *http.Request) {
		var measured timing
		c.mu.Lock()
		defer c.mu.Unlock()
		if err := json.NewDecoder(r.Body).Decode(&measured); err != nil {
			c.err = err
			return
		}
		c.module = append(c.module, measured)
		if !c.enough() {
			_, _ = io.WriteString(w, "more")
		}
	})
	c.Server = httptest.NewServer(mux)
	t.Cleanup(c.Close)
	return c
}

// ask is the plain client: a request on a kept connection, its first line, its last byte.
func (c *control) ask(ctx context.Context) (timing, error) {
	began := time.Now()
	response, err := send(ctx, http.MethodPost, given.local+"/api/generate", bytes.NewReader(c.body))
	if err != nil {
		return timing{}, err
	}
	defer response.Body.Close() //nolint:errcheck // read to its end
	var measured timing
	var last []byte
	for lines := bufio.NewReader(response.Body); ; {
		line, err := lines.ReadBytes('\n')
		at := milliseconds(time.Since(began))
		if measured.TTFT == 0 {
			measured.TTFT = at
		}
		measured.Duration = at
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return timing{}, err
		}
		last = line
	}
	var final map[string]any
	if err := json.Unmarshal(last, &final); err != nil {
		return timing{}, err
	}
	if final["done"] != true {
		return timing{}, fmt.Errorf("no last line but %s", last)
	}
	measured.Server = ms(final, "total_duration")
	return measured, nil
}

// agreement is how far the module's value is from the plain client's, in ms.
type agreement struct {
	plain, module sample
	differences   sample // of the pairs
}

func (c *control) agreement(value func(timing) float64) (a agreement) {
	for i := range min(len(c.plain), len(c.module)) {
		plain, module := value(c.plain[i]), value(c.module[i])
		a.plain, a.module = append(a.plain, plain), append(a.module, module)
		a.differences = append(a.differences, module-plain)
	}
	return a
}

func (a agreement) tolerance() float64 { return math.Max(1, 0.02*a.plain.median()) }

// error is the standard error of the median of the differences. Its factors, for a normal distribution: 1.4826 from
// the median absolute deviation to the standard deviation, 1.2533 from the mean's standard error to the median's.
func (a agreement) error() float64 {
	var deviations sample
	for _, d := range a.differences {
		deviations = append(deviations, math.Abs(d-a.differences.median()))
	}
	return 1.2533 * 1.4826 * deviations.median() / math.Sqrt(float64(len(deviations)))
}

var compared = map[string]func(timing) float64{
	"E2E":                func(m timing) float64 { return m.Duration },
	"TTFT":               func(m timing) float64 { return m.TTFT },
	"E2E − server total": func(m timing) float64 { return m.Duration - m.Server },
}

func (c *control) enough() bool {
	if len(c.module) < leastPairs {
		return false
	}
	for _, value := range compared {
		if a := c.agreement(value); 3*a.error() > a.tolerance() {
			return time.Now().After(c.deadline)
		}
	}
	return true
}

func (c *control) check(t *testing.T, model string) {
	t.Helper()
	require.NoError(t, c.err)
	require.GreaterOrEqual(t, len(c.module), leastPairs)
	for _, name := range []string{"E2E", "TTFT", "E2E − server total"} {
		a := c.agreement(compared[name])
		difference, noise := a.differences.median(), 3*a.error()
		note(t, "%s, module and plain client: %s %.2f and %.2f ms (medians; means %.2f and %.2f), "+
			"difference %+.3f ± %.3f ms of %d pairs", model, name, a.module.median(), a.plain.median(), a.module.mean(),
			a.plain.mean(), difference, noise, len(a.differences))
		assert.LessOrEqual(t, math.Abs(difference)-noise, a.tolerance(), name)
	}
	// Without the server's own time little is left to be noisy: here the tolerance holds as it is.
	rest := c.agreement(compared["E2E − server total"])
	assert.InDelta(t, 0, rest.differences.median(), 1, "the client's own share in ms")
}
