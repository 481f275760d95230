//go:build e2e

package e2e_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// request is a line of requests.ndjson.
type request struct {
	Target       string   `json:"target"`
	Model        string   `json:"model"`
	Op           string   `json:"op"`
	Phase        string   `json:"phase"`
	StartedAt    float64  `json:"started_at"`
	OK           bool     `json:"ok"`
	Status       int      `json:"status"`
	Error        *failure `json:"error"`
	Duration     *float64 `json:"duration_ms"`
	Connect      *float64 `json:"connect_ms"`
	TTFT         *float64 `json:"ttft_ms"`
	TTFO         *float64 `json:"ttfo_ms"`
	TPOT         *float64 `json:"tpot_ms"`
	LastToken    *float64 `json:"last_token_ms"`
	ITL          gaps     `json:"itl_ms"`
	PromptTokens *float64 `json:"prompt_tokens"`
	OutputTokens *float64 `json:"output_tokens"`
	Chunks       *int     `json:"chunks"`
	Network      *float64 `json:"network_ms"`
	Cold         *bool    `json:"cold"`
	Server       struct {
		Total      *float64 `json:"total_ms"`
		Load       *float64 `json:"load_ms"`
		PromptEval *float64 `json:"prompt_eval_ms"`
		Eval       *float64 `json:"eval_ms"`
		Queue      *float64 `json:"queue_ms"`
	} `json:"server"`
}

// gaps are the times between the chunks of an answer.
type gaps struct {
	Count int     `json:"count"`
	Mean  float64 `json:"mean"`
	Min   float64 `json:"min"`
	Max   float64 `json:"max"`
}

type failure struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

func (r request) end() float64 { return r.StartedAt + *r.Duration }

// requests reads requests.ndjson, in the order in which the requests started.
func (o outcome) requests(t *testing.T) []request {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(o.dir, "requests.ndjson"))
	require.NoError(t, err)
	var list []request
	for line := range bytes.Lines(content) {
		var r request
		require.NoError(t, json.Unmarshal(line, &r), "%s", line)
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(a, b request) int {
		if a.StartedAt < b.StartedAt {
			return -1
		}
		return 1
	})
	return list
}

// of returns the requests that something holds for.
func of(list []request, holds func(request) bool) []request {
	return slices.DeleteFunc(slices.Clone(list), func(r request) bool { return !holds(r) })
}

func isMeasured(r request) bool { return r.Phase == "measure" && r.Op == "generate" }

// sample is what was measured of something.
type sample []float64

// sampleOf collects a value of each request that went well and has it.
func sampleOf(list []request, value func(request) *float64) sample {
	var s sample
	for _, r := range list {
		if v := value(r); r.OK && v != nil {
			s = append(s, *v)
		}
	}
	return s
}

func (s sample) sum() (total float64) {
	for _, v := range s {
		total += v
	}
	return total
}

func (s sample) mean() float64 { return s.sum() / float64(len(s)) }

// deviation is the sample standard deviation: n−1 in the denominator.
func (s sample) deviation() float64 {
	squares := 0.0
	for _, v := range s {
		squares += (v - s.mean()) * (v - s.mean())
	}
	return math.Sqrt(squares / float64(len(s)-1))
}

// percentile interpolates between the two values around the rank, as k6 does.
func (s sample) percentile(p float64) float64 {
	sorted := slices.Sorted(slices.Values(s))
	whole, rest := math.Modf(p / 100 * float64(len(s)-1))
	low := int(whole)
	return sorted[low] + rest*(sorted[min(low+1, len(s)-1)]-sorted[low])
}

func (s sample) median() float64 { return s.percentile(50) }

// results is what is checked of results.json.
type results struct {
	Schema      string       `json:"schema"`
	Series      []series     `json:"series"`
	Comparisons []comparison `json:"comparisons"`
	Warnings    []struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Target  string `json:"target"`
	} `json:"warnings"`
}

type series struct {
	Target                string             `json:"target"`
	Model                 string             `json:"model"`
	Endpoint              string             `json:"endpoint"`
	Requests              int                `json:"requests"`
	Succeeded             int                `json:"succeeded"`
	SuccessRate           float64            `json:"success_rate"`
	BusyMS                float64            `json:"busy_ms"`
	WallMS                float64            `json:"wall_ms"`
	RequestsPerSecond     float64            `json:"requests_per_second"`
	OutputTokensPerSecond float64            `json:"output_tokens_per_second"`
	Metrics               map[string]summary `json:"metrics"`
	Errors                map[string]int     `json:"errors"`
	Manifest              map[string]any     `json:"manifest"`
}

type summary struct {
	Count  int     `json:"count"`
	Mean   float64 `json:"mean"`
	StdDev float64 `json:"stddev"`
	Min    float64 `json:"min"`
	Med    float64 `json:"med"`
	P90    float64 `json:"p90"`
	P95    float64 `json:"p95"`
	P99    float64 `json:"p99"`
	Max    float64 `json:"max"`
}

type comparison struct {
	Model   string `json:"model"`
	A       string `json:"a"`
	B       string `json:"b"`
	Metrics map[string]struct {
		Ratio      float64  `json:"ratio"`
		Difference float64  `json:"difference"`
		PValue     *float64 `json:"p_value"`
		Verdict    string   `json:"verdict"`
	} `json:"metrics"`
	StabilityRatio  float64 `json:"stability_ratio"`
	NetworkOverhead struct {
		A          float64 `json:"a"`
		B          float64 `json:"b"`
		Difference float64 `json:"difference"`
	} `json:"network_overhead_ms"`
}

func (o outcome) results(t *testing.T) results {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(o.dir, "results.json"))
	require.NoError(t, err)
	var r results
	require.NoError(t, json.Unmarshal(content, &r))
	require.Equal(t, "xk6-ollama/results/v1", r.Schema)
	return r
}

func (r results) of(t *testing.T, target, model string) series {
	t.Helper()
	i := slices.IndexFunc(r.Series, func(s series) bool { return s.Target == target && s.Model == model })
	require.GreaterOrEqual(t, i, 0, "no series of %s and %s", target, model)
	return r.Series[i]
}

func (r results) warnings() []string {
	var codes []string
	for _, w := range r.Warnings {
		codes = append(codes, w.Code)
	}
	return codes
}

// samples are the metrics of results.json, counted from the requests.
func samples(list []request) map[string]sample {
	tokens := func(r request) *float64 {
		if r.OutputTokens == nil || r.Server.Eval == nil {
			return nil
		}
		rate := *r.OutputTokens / *r.Server.Eval * 1000
		return &rate
	}
	s := map[string]sample{
		"duration":          sampleOf(list, func(r request) *float64 { return r.Duration }),
		"ttft":              sampleOf(list, func(r request) *float64 { return r.TTFT }),
		"ttfo":              sampleOf(list, func(r request) *float64 { return r.TTFO }),
		"tpot":              sampleOf(list, func(r request) *float64 { return r.TPOT }),
		"tokens_per_second": sampleOf(list, tokens),
		"connect":           sampleOf(list, func(r request) *float64 { return r.Connect }),
		"network":           sampleOf(list, func(r request) *float64 { return r.Network }),
		"server":            sampleOf(list, func(r request) *float64 { return r.Server.Total }),
		"load":              sampleOf(list, func(r request) *float64 { return r.Server.Load }),
		"prompt_eval":       sampleOf(list, func(r request) *float64 { return r.Server.PromptEval }),
		"eval":              sampleOf(list, func(r request) *float64 { return r.Server.Eval }),
		"queue":             sampleOf(list, func(r request) *float64 { return r.Server.Queue }),
		"output_tokens":     sampleOf(list, func(r request) *float64 { return r.OutputTokens }),
	}
	return s
}

// precise is the relative error that summing in another order may make.
const precise = 1e-9

func same(t *testing.T, want, got float64, what string) {
	t.Helper()
	assert.InDelta(t, want, got, precise*math.Max(1, math.Abs(want)), what)
}

// checkResults recomputes results.json from requests.ndjson.
func checkResults(t *testing.T, o outcome) {
	t.Helper()
	all, r := of(o.requests(t), isMeasured), o.results(t)
	require.NotEmpty(t, r.Series)
	counted := 0
	for _, s := range r.Series {
		list := of(all, func(r request) bool { return r.Target == s.Target && r.Model == s.Model })
		counted += len(list)
		checkSeries(t, s, list)
	}
	assert.Len(t, all, counted, "each measured request is in one series")
	for _, c := range r.Comparisons {
		checkComparison(t, c, r.of(t, c.A, c.Model), r.of(t, c.B, c.Model))
	}
}

func checkSeries(t *testing.T, s series, list []request) {
	t.Helper()
	name := s.Target + " " + s.Model + " "
	busy := 0.0
	for _, r := range list { // of one VU, so that none overlaps another
		busy += *r.Duration
	}
	well := of(list, func(r request) bool { return r.OK })
	assert.Equal(t, len(list), s.Requests, name)
	assert.Equal(t, len(well), s.Succeeded, name)
	same(t, float64(len(well))/float64(len(list)), s.SuccessRate, name+"success rate")
	same(t, busy, s.BusyMS, name+"busy")
	assert.InDelta(t, list[len(list)-1].end()-list[0].StartedAt, s.WallMS, 0.01, name+"wall: Unix times are coarser")
	same(t, float64(len(well))/busy*1000, s.RequestsPerSecond, name+"req/s")
	checkGaps(t, s.Metrics["itl"], well, name)
	expected := samples(list)
	same(t, expected["output_tokens"].sum()/busy*1000, s.OutputTokensPerSecond, name+"tok/s")
	for metric, values := range expected {
		got := s.Metrics[metric]
		what := name + metric
		if !assert.Equal(t, len(values), got.Count, what) || len(values) == 0 {
			continue
		}
		same(t, values.mean(), got.Mean, what+" mean")
		same(t, slices.Min(values), got.Min, what+" min")
		same(t, slices.Max(values), got.Max, what+" max")
		same(t, values.median(), got.Med, what+" med")
		same(t, values.percentile(90), got.P90, what+" p90")
		same(t, values.percentile(95), got.P95, what+" p95")
		same(t, values.percentile(99), got.P99, what+" p99")
		if len(values) > 1 {
			same(t, values.deviation(), got.StdDev, what+" stddev")
		}
	}
}

// checkGaps recomputes what is said of all gaps from what each request says of its own.
func checkGaps(t *testing.T, got summary, list []request, name string) {
	t.Helper()
	count, sum, least, most := 0, 0.0, math.Inf(1), 0.0
	for _, r := range list {
		if g := r.ITL; g.Count > 0 {
			count, sum = count+g.Count, sum+g.Mean*float64(g.Count)
			least, most = min(least, g.Min), max(most, g.Max)
		}
	}
	if !assert.Equal(t, count, got.Count, name+"itl") || count == 0 {
		return
	}
	same(t, sum/float64(count), got.Mean, name+"itl mean")
	same(t, least, got.Min, name+"itl min")
	same(t, most, got.Max, name+"itl max")
}

func checkComparison(t *testing.T, c comparison, a, b series) {
	t.Helper()
	name := c.A + " and " + c.B + " " + c.Model + " "
	for _, metric := range []string{"duration", "ttft", "tpot", "tokens_per_second"} {
		got, left, right := c.Metrics[metric], a.Metrics[metric].Mean, b.Metrics[metric].Mean
		same(t, right-left, got.Difference, name+metric+" difference")
		ratio := right / left
		if metric == "tokens_per_second" {
			ratio = left / right
		}
		same(t, ratio, got.Ratio, name+metric+" ratio")
		switch got.Verdict {
		case "a_faster":
			assert.True(t, ratio > 1 && *got.PValue < 0.05, name+metric)
		case "b_faster":
			assert.True(t, ratio < 1 && *got.PValue < 0.05, name+metric)
		default:
			assert.Equal(t, "inconclusive", got.Verdict, name+metric)
		}
	}
	same(t, b.Metrics["duration"].StdDev/a.Metrics["duration"].StdDev, c.StabilityRatio, name+"stability")
	same(t, a.Metrics["network"].Mean, c.NetworkOverhead.A, name+"network")
	same(t, b.Metrics["network"].Mean, c.NetworkOverhead.B, name+"network")
	same(t, b.Metrics["network"].Mean-a.Metrics["network"].Mean, c.NetworkOverhead.Difference, name+"network")
}
