//go:build e2e

package e2e_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The main job: 10 requests of two models to each of two servers, in both languages. Every printed figure and every
// figure of results.json is recomputed from requests.ndjson.
func TestComparison(t *testing.T) {
	for language := range languages {
		t.Run(language, func(t *testing.T) {
			o := benchmark(t, both(settings{"MODEL": given.quick + "," + given.slow, "LOCALE": language}))
			require.Equal(t, 0, o.code)
			assert.Len(t, of(o.requests(t), isMeasured), 2*2*10)
			t.Run("results.json", func(t *testing.T) { checkResults(t, o) })
			for _, model := range []string{given.quick, given.slow} {
				t.Run("printed for "+model, func(t *testing.T) {
					checkPrinted(t, o, language, model, [2]string{given.local, given.remote})
				})
			}
			t.Run("log and report.md", func(t *testing.T) { checkLogAndMarkdown(t, o, languages[language]) })
			t.Run("same model on both sides", func(t *testing.T) { checkSameModel(t, o) })
			if language == "en" {
				noteComparison(t, o)
			}
		})
	}
}

func checkLogAndMarkdown(t *testing.T, o outcome, w words) {
	t.Helper()
	lines := regexp.MustCompile(w.line).FindAllStringSubmatch(o.stderr, -1)
	list := of(o.requests(t), isMeasured)
	if assert.Len(t, lines, len(list), "a line for each measured request, in their order") {
		for i, r := range list {
			prints(t, lines[i][1], *r.Duration, "log line")
		}
	}
	markdown, err := os.ReadFile(filepath.Join(o.dir, "report.md"))
	require.NoError(t, err)
	for _, text := range []string{given.quick, given.slow, w.local, w.remote, w.mean, w.successRate} {
		assert.Contains(t, string(markdown), text)
	}
}

// The store of the second server is a copy of the first one's, so the digests are the same.
func checkSameModel(t *testing.T, o outcome) {
	t.Helper()
	r := o.results(t)
	for _, model := range []string{given.quick, given.slow} {
		digest := r.of(t, "local", model).Manifest["digest"]
		assert.Equal(t, digestOf(t, given.local, model), digest)
		assert.Equal(t, digest, r.of(t, "remote", model).Manifest["digest"])
	}
	assert.NotContains(t, r.warnings(), "models_differ")
	assert.NotContains(t, r.warnings(), "manifest_unknown")
}

func digestOf(t *testing.T, server, model string) string {
	t.Helper()
	var list struct {
		Models []struct{ Name, Digest string }
	}
	call(t, http.MethodGet, server+"/api/tags", nil, &list)
	for _, m := range list.Models {
		if m.Name == model || m.Name == model+":latest" {
			return m.Digest
		}
	}
	require.Fail(t, "no model "+model)
	return ""
}

// call sends JSON to a server and reads its answer into a value, if there is one.
func call(t *testing.T, method, url string, body, into any) {
	t.Helper()
	content, err := json.Marshal(body)
	require.NoError(t, err)
	response, err := send(t.Context(), method, url, bytes.NewReader(content))
	require.NoError(t, err)
	defer response.Body.Close() //nolint:errcheck // read to its end
	require.Equal(t, http.StatusOK, response.StatusCode, url)
	if into != nil {
		require.NoError(t, json.NewDecoder(response.Body).Decode(into))
	}
}

func noteComparison(t *testing.T, o outcome) {
	t.Helper()
	r := o.results(t)
	for _, model := range []string{given.quick, given.slow} {
		for _, target := range []string{"local", "remote"} {
			m := r.of(t, target, model).Metrics
			note(t, "%s %s: E2E %.1f ms, TTFT %.1f ms, network %.2f ms, decode %.1f tok/s", target, model,
				m["duration"].Mean, m["ttft"].Mean, m["network"].Mean, m["tokens_per_second"].Mean)
		}
	}
}

// The remote server is behind a wire that adds a known delay: the report says so, and names the winner.
func TestKnownDifference(t *testing.T) {
	const delay = 300 * time.Millisecond
	far := record(t, given.remote, delay)
	for language := range languages {
		t.Run(language, func(t *testing.T) {
			o := benchmark(t, both(settings{"REMOTE_ENDPOINT": far.URL, "LOCALE": language}))
			require.Equal(t, 0, o.code)
			checkResults(t, o)
			checkPrinted(t, o, language, given.quick, [2]string{given.local, far.URL})
			c := o.results(t).Comparisons[0]
			assert.Equal(t, "a_faster", c.Metrics["duration"].Verdict)
			// What the delay does not explain is the recorder's own work, and timers that fire late.
			network := sampleOf(of(o.requests(t), func(r request) bool { return isMeasured(r) && r.Target == "remote" }),
				func(r request) *float64 { return r.Network })
			assert.InDelta(t, delay.Seconds()*1000, network.median(), 15)
			note(t, "network time of a server %d ms away, measured: median %.2f ms", delay.Milliseconds(), network.median())
		})
	}
}

// Interleaved by default: A B A B over everything, warm-ups included, and never two requests at once.
func TestOrder(t *testing.T) {
	targets := func(list []request) string {
		var b strings.Builder
		for _, r := range list {
			b.WriteByte(r.Target[0])
		}
		return b.String()
	}
	generates := func(r request) bool { return r.Op == "generate" }
	overlapping := func(list []request) (n int) {
		for i := range list[1:] {
			if list[i+1].StartedAt < list[i].end()-0.01 { // ms: Unix times are coarser than durations
				n++
			}
		}
		return n
	}
	for order, check := range map[string]func(t *testing.T, list []request){
		"interleaved": func(t *testing.T, list []request) {
			t.Helper()
			assert.Equal(t, strings.Repeat("lr", 12), targets(list))
			assert.Zero(t, overlapping(list))
		},
		"sequential": func(t *testing.T, list []request) {
			t.Helper()
			assert.Equal(t, strings.Repeat("l", 12)+strings.Repeat("r", 12), targets(list))
			assert.Zero(t, overlapping(list))
		},
		"parallel": func(t *testing.T, list []request) {
			t.Helper()
			assert.Equal(t, 12, strings.Count(targets(list), "l"))
			assert.Greater(t, overlapping(list), 6, "both servers work at once")
		},
	} {
		t.Run(order, func(t *testing.T) {
			o := benchmark(t, both(settings{"ORDER": order, "WARMUP": "2"}))
			require.Equal(t, 0, o.code)
			list := of(o.requests(t), generates)
			check(t, list)
			checkResults(t, o)
			checkPrinted(t, o, "en", given.quick, [2]string{given.local, given.remote})
			for _, target := range []string{"local", "remote"} {
				var phases []string
				for _, r := range of(list, func(r request) bool { return r.Target == target }) {
					phases = append(phases, r.Phase)
				}
				assert.Equal(t, "warmup warmup"+strings.Repeat(" measure", 10), strings.Join(phases, " "))
			}
		})
	}
}

// The warm-up request waits for the model to be loaded, and is in no figure.
func TestWarmup(t *testing.T) {
	for _, server := range []string{given.local, given.remote} {
		call(t, http.MethodPost, server+"/api/generate", map[string]any{"model": given.quick, "keep_alive": 0}, nil)
	}
	o := benchmark(t, both(nil))
	require.Equal(t, 0, o.code)
	checkResults(t, o) // of the measured ones
	loads := map[string][]float64{}
	for _, r := range of(o.requests(t), func(r request) bool { return r.Op == "generate" }) {
		require.NotNil(t, r.Cold)
		assert.Equal(t, *r.Server.Load >= 100, *r.Cold) // a tiny model may be loaded faster
		loads[r.Phase] = append(loads[r.Phase], *r.Server.Load)
	}
	require.Len(t, loads["warmup"], 2)
	slices.Sort(loads["measure"])
	typical := loads["measure"][len(loads["measure"])/2]
	assert.Greater(t, slices.Min(loads["warmup"]), 2*typical, "the model was loaded by the warm-up")
	for _, s := range o.results(t).Series {
		assert.Equal(t, 10, s.Requests)
	}
}

// With CACHE=cold the server has to process every prompt; with warm it remembers it.
func TestPromptCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "prompt.txt")
	prompt := strings.Repeat("the river falls slowly behind the old stone house ", 12)
	require.NoError(t, os.WriteFile(file, []byte(prompt), 0o600))
	prefill := map[string]float64{}
	for _, cache := range []string{"cold", "warm"} {
		o := benchmark(t, both(settings{
			"ONLY": "local", "MODEL": given.slow, "NUM_PREDICT": "4", "NUM_REQUESTS": "6", "CACHE": cache, "PROMPT": "@" + file,
		}))
		require.Equal(t, 0, o.code)
		list := of(o.requests(t), isMeasured)
		prefill[cache] = sampleOf(list, func(r request) *float64 { return r.Server.PromptEval }).median()
	}
	note(t, "prefill of a prompt on %s: %.1f ms cold, %.1f ms warm", given.slow, prefill["cold"], prefill["warm"])
	assert.Greater(t, prefill["cold"], 4*prefill["warm"])
}

// Both sides get the same prompts in the same pairs, each prompt new from its first word on.
func TestPairsHaveTheSamePrompts(t *testing.T) {
	near, far := record(t, given.local, 0), record(t, given.remote, 0)
	o := benchmark(t, both(settings{"LOCAL_ENDPOINT": near.URL, "REMOTE_ENDPOINT": far.URL}))
	require.Equal(t, 0, o.code)
	left, right := near.recorded(), far.recorded()
	require.Len(t, left, 11)
	require.Len(t, right, 11)
	first := map[string]bool{}
	for i := range left {
		assert.Equal(t, left[i].request, right[i].request, "request %d", i)
		prompt, _ := left[i].request["prompt"].(string)
		word, _, _ := strings.Cut(prompt, " ")
		assert.False(t, first[word], "%q begins a second prompt", word)
		first[word] = true
		assert.Equal(t, map[string]any{"seed": 42.0, "temperature": 0.0, "num_predict": 32.0}, left[i].request["options"])
	}
}

// pieces are the chunks of an answer that carry text.
func pieces(t *testing.T, a answer) []string {
	t.Helper()
	var all []string
	for _, line := range a.lines {
		var chunk struct{ Response, Thinking string }
		require.NoError(t, json.Unmarshal([]byte(line), &chunk))
		if piece := chunk.Thinking + chunk.Response; piece != "" {
			all = append(all, piece)
		}
	}
	return all
}

func TestOneSideAlone(t *testing.T) {
	for only, other := range map[string]string{"local": "Remote Ollama", "remote": "Local Ollama"} {
		t.Run(only, func(t *testing.T) {
			o := benchmark(t, both(settings{"ONLY": only}))
			require.Equal(t, 0, o.code)
			checkResults(t, o)
			r := o.results(t)
			require.Len(t, r.Series, 1)
			assert.Empty(t, r.Comparisons)
			assert.NotContains(t, o.stdout, other)
			w, list := languages["en"], of(o.requests(t), isMeasured)
			names := map[string]string{"local": w.local, "remote": w.remote}
			endpoints := map[string]string{"local": given.local, "remote": given.remote}
			p := page{w, strings.Split(o.stdout, "\n")}
			newSide(names[only], endpoints[only], list).check(t, p.block(t, w.benchmarking+": "+names[only], given.quick))
		})
	}
}

// The report is the same whatever k6 was told about its own summary, and from an archive.
func TestWaysToRun(t *testing.T) {
	check := func(t *testing.T, o outcome) {
		t.Helper()
		require.Equal(t, 0, o.code)
		checkResults(t, o)
		checkPrinted(t, o, "en", given.quick, [2]string{given.local, given.remote})
	}
	for _, flag := range []string{"--summary-mode=disabled", "--no-thresholds", "--new-machine-readable-summary"} {
		t.Run(flag, func(t *testing.T) { check(t, benchmark(t, both(nil), flag)) })
	}
	t.Run("--out json", func(t *testing.T) {
		samples := filepath.Join(t.TempDir(), "samples.json")
		o := benchmark(t, both(nil), "--out", "json="+samples)
		check(t, o)
		checkSamples(t, o, samples)
	})
	t.Run("archive", func(t *testing.T) {
		archive := filepath.Join(t.TempDir(), "benchmark.tar")
		made := start(t, both(nil), "archive", "-O", archive, benchmarkScript).wait(t)
		require.Equal(t, 0, made.code)
		check(t, start(t, both(nil), "run", "--quiet", archive).wait(t))
	})
}

// checkSamples holds k6's JSON output against requests.ndjson: the same values, one for one.
func checkSamples(t *testing.T, o outcome, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	got := map[string]sample{}
	for line := range bytes.Lines(content) {
		var point struct {
			Type, Metric string
			Data         struct {
				Value float64
				Tags  map[string]string
			}
		}
		require.NoError(t, json.Unmarshal(line, &point))
		if point.Type == "Point" && point.Data.Tags["phase"] == "measure" && point.Data.Tags["op"] == "generate" {
			got[point.Metric] = append(got[point.Metric], point.Data.Value)
		}
	}
	expected := samples(of(o.requests(t), isMeasured))
	for name, metric := range map[string]string{
		"ollama_req_duration": "duration", "ollama_ttft": "ttft", "ollama_ttfo": "ttfo", "ollama_tpot": "tpot",
		"ollama_output_tokens": "output_tokens", "ollama_network_duration": "network",
		"ollama_server_duration": "server", "ollama_eval_duration": "eval", "ollama_load_duration": "load",
		"ollama_prompt_eval_duration": "prompt_eval", "ollama_queue_duration": "queue",
		"ollama_connect_duration": "connect", "ollama_tokens_per_second": "tokens_per_second",
	} {
		if assert.Len(t, got[name], len(expected[metric]), name) {
			same(t, expected[metric].sum(), got[name].sum(), name)
			same(t, expected[metric].median(), got[name].median(), name)
		}
	}
	gaps, sum := 0, 0.0 // requests.ndjson has them as a sketch
	for _, r := range of(o.requests(t), isMeasured) {
		gaps, sum = gaps+r.ITL.Count, sum+r.ITL.Mean*float64(r.ITL.Count)
	}
	assert.Len(t, got["ollama_itl"], gaps)
	same(t, sum, got["ollama_itl"].sum(), "the sum of all gaps")
	assert.Len(t, got["ollama_reqs"], 20)
	assert.Zero(t, got["ollama_req_failed"].sum())
	assert.Len(t, got["http_reqs"], 20, "as for k6/http")
}

// Thresholds on submetrics pass and fail by the values that the records have.
func TestThresholds(t *testing.T) {
	thresholds := func(limit string) string {
		return `{"ollama_ttft{target:remote,phase:measure}": ["p(95)<` + limit + `"],` +
			`"ollama_ttft{target:remote}": ["p(95)<` + limit + `"], "ollama_req_duration{phase:measure,target:local}": ["avg>0"],` +
			`"ollama_req_failed": ["rate==0"], "ollama_output_tokens{phase:measure}": ["count==` + strconv.Itoa(20*32) + `"]}`
	}
	ttft := func(r request) *float64 { return r.TTFT }
	for limit, code := range map[string]int{"600000": 0, "0.001": exitThresholds} {
		t.Run("p(95)<"+limit, func(t *testing.T) {
			env := both(settings{"THRESHOLDS": thresholds(limit)})
			o := start(t, env, "run", "--quiet", "testdata/thresholds.js").wait(t)
			require.Equal(t, code, o.code)
			checkResults(t, o)
			content, err := os.ReadFile(filepath.Join(o.dir, "k6.json"))
			require.NoError(t, err)
			var metrics map[string]struct {
				Values map[string]float64
			}
			require.NoError(t, json.Unmarshal(content, &metrics))
			remote := of(o.requests(t), func(r request) bool { return r.Target == "remote" && r.Op == "generate" })
			same(t, sampleOf(remote, ttft).percentile(95), metrics["ollama_ttft{target:remote}"].Values["p(95)"], "with warm-up")
			same(t, sampleOf(of(remote, isMeasured), ttft).percentile(95),
				metrics["ollama_ttft{target:remote,phase:measure}"].Values["p(95)"], "measured")
			if code != 0 {
				assert.Contains(t, o.stderr, "ollama_ttft{target:remote}")
			}
		})
	}
}
