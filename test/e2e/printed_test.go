//go:build e2e

package e2e_test

import (
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// words are what the report says in a language.
type words struct {
	local, remote                             string
	line                                      string // of the log for a request; a regular expression
	benchmarking, final                       string
	endpoint, successRate, total, mean        string
	least, most                               string
	faster, saved, undecided                  string // regular expressions with the figures as groups
	throughput, network, deviations, steadier string
	networkDifference                         string
	tpot, ttft, itl, tokensPerSecond          string
	outputTokens                              string
	queue, load, prefill, decode, share, e2e  string
}

var languages = map[string]words{
	"en": {
		local: "Local Ollama", remote: "Remote Ollama",
		line:         `request # *\d+: (.+?) - response length: \d+ chars`,
		benchmarking: "Benchmarking", final: "🏁 Final comparison",
		endpoint: "Endpoint", successRate: "Success rate", total: "Total time", mean: "Mean response time",
		least: "Min response time", most: "Max response time",
		faster:     `⚡ (.+) is ([\d.]+) times as fast as (?:local|remote)!`,
		saved:      `saves (.+) per request`,
		undecided:  `means of (.+) and (.+): the difference of (.+) may`,
		throughput: "📈 Throughput", network: "🌐 Network overhead", deviations: "📉 Stability",
		steadier:          `→ (local|remote) is ([\d.]+) times as steady`,
		networkDifference: `mean difference: (.+)`,
		ttft:              "TTFT", tpot: "TPOT", itl: "ITL", tokensPerSecond: "Tokens/s", outputTokens: "Output tokens",
		share: "Network", queue: "Queue", load: "Model load", prefill: "Prefill (prompt)", decode: "Decode (output)",
		e2e: "Response time (E2E)",
	},
	"ko": {
		local: "로컬 Ollama", remote: "원격 Ollama",
		line:         `요청 # *\d+: (.+?) - 응답 길이: \d+자`,
		benchmarking: "벤치마킹", final: "🏁 최종 비교",
		endpoint: "엔드포인트", successRate: "성공률", total: "총 소요 시간", mean: "평균 응답 시간",
		least: "최소 응답 시간", most: "최대 응답 시간",
		faster:     `⚡ (.+)[이가] (?:로컬|원격)보다 ([\d.]+)배 빠릅니다`,
		saved:      `요청당 평균 (.+) 절약`,
		undecided:  `평균 (.+) / (.+): 차이 (.+)는 우연`,
		throughput: "📈 처리량", network: "🌐 네트워크 오버헤드", deviations: "📉 응답 시간 안정성",
		steadier:          `→ (로컬|원격)[이가] ([\d.]+)배 더 안정적`,
		networkDifference: `평균 네트워크 시간 차이: (.+)`,
		ttft:              "첫 토큰 (TTFT)", tpot: "토큰당 시간 (TPOT)", itl: "토큰 간격 (ITL)",
		tokensPerSecond: "초당 토큰 수", outputTokens: "출력 토큰 수",
		share: "네트워크", queue: "대기열", load: "모델 로드", prefill: "프롬프트 처리 (prefill)",
		decode: "토큰 생성 (decode)", e2e: "응답 시간 (E2E)",
	},
}

// figure is a printed number with its unit: `0.85 s`, `0.85초`, `400 µs`, `84.9 tok/s`, `0.034`.
var figure = regexp.MustCompile(`^([~-]?[\d.]+(?:e-?\d+)?)\s*(s|초|ms|µs|ns|req/s|tok/s|%|pp|%p)?$`)

// units are in milliseconds where they are times.
var units = map[string]float64{"s": 1000, "초": 1000, "ms": 1, "µs": 1e-3, "ns": 1e-6}

// prints holds a printed figure against the value: they differ by no more than half a unit of the last printed place.
func prints(t *testing.T, text string, value float64, what string) {
	t.Helper()
	parts := figure.FindStringSubmatch(strings.TrimSpace(text))
	if !assert.NotNil(t, parts, "%s: %q is no figure", what, text) {
		return
	}
	digits, unit := strings.TrimPrefix(parts[1], "~"), 1.0
	if u, ok := units[parts[2]]; ok {
		unit = u
	}
	printed, err := strconv.ParseFloat(digits, 64)
	require.NoError(t, err, what)
	mantissa, exponent, _ := strings.Cut(digits, "e")
	power, _ := strconv.Atoi(exponent)
	_, decimals, _ := strings.Cut(mantissa, ".")
	place := math.Pow10(power-len(decimals)) * unit
	assert.InDelta(t, value, printed*unit, place/2*(1+1e-6), "%s: printed as %s", what, text)
}

// page is the printed report, line by line.
type page struct {
	words
	lines []string
}

// block returns the lines from the one that starts with a title and names the subject up to the next heading of its
// kind.
func (p page) block(t *testing.T, title, subject string) page {
	t.Helper()
	first := slices.IndexFunc(p.lines, func(line string) bool {
		return strings.HasPrefix(line, title) && strings.HasSuffix(line, subject)
	})
	require.GreaterOrEqual(t, first, 0, "no block %q of %q", title, subject)
	rest := p.lines[first+1:]
	end := slices.IndexFunc(rest, func(line string) bool {
		return strings.HasPrefix(line, p.benchmarking) || strings.HasPrefix(line, p.final)
	})
	if end >= 0 {
		rest = rest[:end]
	}
	return page{p.words, rest}
}

// after returns the page from the line that starts with a title on.
func (p page) after(t *testing.T, title string) page {
	t.Helper()
	i := slices.IndexFunc(p.lines, func(line string) bool { return strings.HasPrefix(line, title) })
	require.GreaterOrEqual(t, i, 0, "no line %q", title)
	return page{p.words, p.lines[i+1:]}
}

// value returns what stands after `label:`.
func (p page) value(t *testing.T, label string) string {
	t.Helper()
	for _, line := range p.lines {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), label+":"); ok {
			return strings.TrimSpace(rest)
		}
	}
	require.Fail(t, "no value of "+label, strings.Join(p.lines, "\n"))
	return ""
}

var gap = regexp.MustCompile(`\s{2,}`)

// row returns the cells of a table's row after its label.
func (p page) row(t *testing.T, label string) []string {
	t.Helper()
	for _, line := range p.lines {
		if cells := gap.Split(strings.TrimSpace(line), -1); cells[0] == label && len(cells) > 1 {
			return cells[1:]
		}
	}
	require.Fail(t, "no row "+label, strings.Join(p.lines, "\n"))
	return nil
}

// groups returns what the groups of a regular expression match in the first line that has it; nil if none does.
func (p page) groups(expression string) []string {
	re := regexp.MustCompile(expression)
	for _, line := range p.lines {
		if groups := re.FindStringSubmatch(line); groups != nil {
			return groups[1:]
		}
	}
	return nil
}

// checkPrinted holds every figure of the printed comparison of two targets against requests.ndjson.
func checkPrinted(t *testing.T, o outcome, language, model string, endpoints [2]string) {
	t.Helper()
	p := page{languages[language], strings.Split(o.stdout, "\n")}
	all := of(o.requests(t), func(r request) bool { return isMeasured(r) && r.Model == model })
	sides := [2]side{
		newSide(p.local, endpoints[0], of(all, func(r request) bool { return r.Target == "local" })),
		newSide(p.remote, endpoints[1], of(all, func(r request) bool { return r.Target == "remote" })),
	}
	for _, s := range sides {
		s.check(t, p.block(t, p.benchmarking+": "+s.name, model))
	}
	comparison := p.block(t, p.final, model)
	checkFinalTable(t, comparison, sides)
	checkHeadline(t, comparison, sides)
	checkAnalysis(t, comparison, sides)
	checkMetricTables(t, comparison, sides)
}

// side is what was measured of one target.
type side struct {
	name, endpoint string
	requests, well int
	busy           float64
	samples        map[string]sample
}

func newSide(name, endpoint string, list []request) side {
	s := side{name: name, endpoint: endpoint, requests: len(list), samples: samples(list)}
	for _, r := range list {
		s.busy += *r.Duration
		if r.OK {
			s.well++
		}
	}
	return s
}

func (s side) rate() float64 { return float64(s.well) / float64(s.requests) * 100 }

func (s side) durations() sample { return s.samples["duration"] }

func (s side) check(t *testing.T, p page) {
	t.Helper()
	assert.Equal(t, s.endpoint+"/api/generate", p.value(t, p.endpoint))
	percent, count, _ := strings.Cut(p.value(t, p.successRate), " ")
	prints(t, percent, s.rate(), s.name+" success rate")
	assert.Equal(t, "("+strconv.Itoa(s.well)+"/"+strconv.Itoa(s.requests)+")", count)
	prints(t, p.value(t, p.total), s.busy, s.name+" total")
	prints(t, p.value(t, p.mean), s.durations().mean(), s.name+" mean")
	prints(t, p.value(t, p.least), slices.Min(s.durations()), s.name+" min")
	prints(t, p.value(t, p.most), slices.Max(s.durations()), s.name+" max")
}

func checkFinalTable(t *testing.T, p page, sides [2]side) {
	t.Helper()
	for i, cell := range p.row(t, p.endpoint) {
		address, err := url.Parse(sides[i].endpoint)
		require.NoError(t, err)
		assert.Equal(t, address.Host, cell)
	}
	row := func(label string, value func(side) float64) {
		cells := p.row(t, label)
		if !assert.Len(t, cells, 3, label) {
			return
		}
		a, b := value(sides[0]), value(sides[1])
		prints(t, cells[0], a, label)
		prints(t, cells[1], b, label)
		prints(t, cells[2], b-a, label+" difference")
	}
	row(p.successRate, side.rate)
	row(p.mean, func(s side) float64 { return s.durations().mean() })
	row(p.total, func(s side) float64 { return s.busy })
	row(p.least, func(s side) float64 { return slices.Min(s.durations()) })
	row(p.most, func(s side) float64 { return slices.Max(s.durations()) })
}

func checkHeadline(t *testing.T, p page, sides [2]side) {
	t.Helper()
	a, b := sides[0].durations().mean(), sides[1].durations().mean()
	if winner := p.groups(p.faster); winner != nil {
		ratio, name := b/a, sides[0].name
		if a > b {
			ratio, name = a/b, sides[1].name
		}
		assert.Equal(t, name, winner[0])
		prints(t, winner[1], ratio, "ratio")
		saved := p.groups(p.saved)
		require.NotNil(t, saved)
		prints(t, saved[0], math.Abs(b-a), "saved")
		return
	}
	undecided := p.groups(p.undecided)
	require.NotNil(t, undecided, "neither a winner nor none")
	prints(t, undecided[0], a, "mean")
	prints(t, undecided[1], b, "mean")
	prints(t, undecided[2], b-a, "difference")
}

func checkAnalysis(t *testing.T, p page, sides [2]side) {
	t.Helper()
	for _, s := range sides {
		requests, tokens, _ := strings.Cut(p.after(t, p.throughput).value(t, s.name), ", ")
		prints(t, requests, float64(s.well)/s.busy*1000, s.name+" req/s")
		prints(t, tokens, s.samples["output_tokens"].sum()/s.busy*1000, s.name+" tok/s")
		prints(t, p.after(t, p.network).value(t, s.name), s.samples["network"].mean(), s.name+" network")
		prints(t, p.after(t, p.deviations).value(t, s.name), s.durations().deviation(), s.name+" deviation")
	}
	difference := p.groups(p.networkDifference)
	require.NotNil(t, difference)
	prints(t, difference[0], sides[1].samples["network"].mean()-sides[0].samples["network"].mean(), "network difference")
	steadier := p.groups(p.steadier)
	require.NotNil(t, steadier)
	ratio := sides[1].durations().deviation() / sides[0].durations().deviation()
	prints(t, steadier[1], math.Max(ratio, 1/ratio), "stability")
	local := strings.HasPrefix(strings.ToLower(sides[0].name), steadier[0])
	assert.Equal(t, ratio > 1, local, "the steadier side is the one with the smaller deviation")
}

func checkMetricTables(t *testing.T, p page, sides [2]side) {
	t.Helper()
	for label, metric := range map[string]string{p.ttft: "ttft", p.tpot: "tpot"} {
		for i, cell := range p.row(t, label)[:2] {
			mean, p95, _ := strings.Cut(cell, " / ")
			prints(t, mean, sides[i].samples[metric].mean(), label)
			p95 = strings.TrimSuffix(p95, "*") // of fewer than twenty requests
			prints(t, p95, sides[i].samples[metric].percentile(95), label+" p95")
		}
	}
	for label, metric := range map[string]string{
		p.tokensPerSecond: "tokens_per_second", p.outputTokens: "output_tokens", p.share: "network", p.queue: "queue",
		p.load: "load", p.prefill: "prompt_eval", p.decode: "eval", p.e2e: "duration",
	} {
		for i, cell := range p.row(t, label)[:2] {
			cell, _, _ = strings.Cut(cell, " (") // its share of the response time
			prints(t, cell, sides[i].samples[metric].mean(), label)
		}
	}
	for label, metric := range map[string]string{p.ttft: "ttft", p.tpot: "tpot"} {
		ratio := sides[1].samples[metric].mean() / sides[0].samples[metric].mean()
		prints(t, p.row(t, label)[2], ratio, label+" ratio")
	}
}
