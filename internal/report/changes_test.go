package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/gate"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
)

// later is when the new one of two runs was measured.
var later = generatedAt.Add(24 * time.Hour)

func gates(t *testing.T, texts ...string) []gate.Gate {
	t.Helper()
	list := make([]gate.Gate, len(texts))
	for i, text := range texts {
		var err error
		list[i], err = gate.Parse(text)
		require.NoError(t, err)
	}
	return list
}

func measured(
	name string, at time.Time, inventories map[string]api.Inventory, records []record.Record,
) report.Measured {
	return report.Measured{Name: name, Results: report.Summarize(report.Run{
		Records: records, Targets: []string{"local", "remote"}, Inventories: inventories, GeneratedAt: at,
		Settings: map[string]any{"NUM_PREDICT": 64, "NUM_REQUESTS": len(records)},
		Environment: report.Environment{
			K6: "v2.2.0", Extension: "v0.1.0", Go: "go1.25.0", OS: "linux", Arch: "amd64", CPUs: 8,
		},
	})}
}

// slower is a server whose tokens take 20 % longer.
func slower(s server) server {
	s.perToken *= 1.2
	return s
}

// pairs are the pairs of runs that there are golden files of, and their gates.
func pairs(t *testing.T) map[string]report.Changes {
	t.Helper()
	same := sameModel("local", "remote")
	base := measured("base", generatedAt, same, interleave(20, local(), remote()))
	equal := measured("new", later, same, interleave(20, local(), remote()))
	slow := measured("new", later, same, interleave(20, local(), slower(remote())))

	half := remote()
	half.failing = func(n int) *record.Error {
		if n%2 == 0 {
			return refused(n)
		}
		return nil
	}
	broken := measured("new", later, sameModel("local"), interleave(20, half))
	down := remote()
	down.failing = refused
	gone := measured("new", later, sameModel("local"), interleave(20, local(), down))

	other := measured("old | one", later.Add(time.Hour), map[string]api.Inventory{
		"local": inventory(digestA, "Q4_K_M", "0.17.4"), "remote": inventory("ff"+digestA[2:], "Q8_0", "0.18.0"),
	}, interleave(20, local(), slower(remote())))
	other.Results.Settings["NUM_PREDICT"] = 128
	other.Results.Environment.CPUs, other.Results.Environment.Extension = 4, "v0.2.0"
	other.Without = report.NoRequestsFile
	for i := range other.Results.Series {
		other.Results.Series[i].Sample = nil
	}
	other.Results.Warnings = append(other.Results.Warnings, report.Warning{Code: report.Interrupted})

	all := map[string]report.Changes{}
	add := func(name string, base, after report.Measured, texts ...string) {
		changes := report.CompareRuns(base, after)
		changes.Judge(gates(t, texts...), report.GateOptions{})
		all[name] = changes
	}
	add("slower", base, slow,
		"remote.duration.p95>+10%", "ttft.p95>+10%", "tokens_per_second<-10%", "local.success_rate<99%",
		"comparison.duration.ratio>1.7", "comparison{a:remote,b:local}.duration.ratio<-10%", "remote.tpot>+5ms",
		"remote.requests_per_second<-10%")
	add("equal", base, equal, "duration>+10%", "success_rate<0.99", "duration.p95>+10%")
	add("no-gates", base, slow)
	shorter := remote()
	shorter.tokens = 40
	add("shorter", base, measured("new", later, same, interleave(20, local(), shorter)), "remote.duration_per_token>+2%")
	add("broken", base, broken, "success_rate<-5pp", "duration>+10%")
	add("gone", base, gone, "remote.duration>+10%", "remote.success_rate<99%", "comparison.duration.ratio<1.2")
	add("other", other, slow,
		"remote.duration>+10%", "local.duration.p95>+10%", "remote.duration.p95>500ms", "gpu.duration>1")
	return all
}

func TestChangesGolden(t *testing.T) {
	t.Parallel()
	for name, changes := range pairs(t) {
		name = "changes-" + name
		var page bytes.Buffer
		require.NoError(t, report.ChangesJSON(&page, changes))
		golden(t, name+".json", page.Bytes())
		page.Reset()
		require.NoError(t, report.ChangesAnnotations(&page, changes, locale.English))
		golden(t, name+".github", page.Bytes())
		for _, l := range []locale.Locale{locale.English, locale.Korean} {
			page.Reset()
			require.NoError(t, report.ChangesText(&page, changes, report.TextOptions{Locale: l, Width: 100}))
			golden(t, name+"."+string(l)+".txt", page.Bytes())
			page.Reset()
			require.NoError(t, report.ChangesMarkdown(&page, changes, l))
			golden(t, name+"."+string(l)+".md", page.Bytes())
		}
	}
}

func TestGatesOutcomes(t *testing.T) {
	t.Parallel()
	all := pairs(t)
	for name, want := range map[string]struct {
		overall gate.Outcome
		reasons []gate.Reason
	}{
		"slower": {gate.Failed, []gate.Reason{
			gate.Beyond, gate.Within, gate.Within, gate.Within, gate.Beyond, gate.Within, gate.Beyond, gate.Beyond, gate.Within,
			gate.Beyond,
		}},
		"equal": {gate.Held, []gate.Reason{gate.Within, gate.Within, gate.Within, gate.Within, gate.Within, gate.Within}},
		"broken": {gate.Failed, []gate.Reason{
			gate.Beyond, gate.NoSeries, gate.Within, gate.NoSeries,
		}},
		"gone": {gate.Failed, []gate.Reason{gate.AllFailed, gate.Beyond, gate.AllFailed}},
		"other": {gate.Failed, []gate.Reason{
			gate.DifferentModels, gate.DifferentSettings, gate.Beyond, gate.NoSeries,
		}},
	} {
		var reasons []gate.Reason
		for _, g := range all[name].Gates {
			reasons = append(reasons, g.Reason)
		}
		assert.Equal(t, want.reasons, reasons, name)
		assert.Equal(t, want.overall, all[name].Outcome, name)
	}
}

func TestGateOptions(t *testing.T) {
	t.Parallel()
	same := sameModel("remote")
	base := measured("base", generatedAt, same, interleave(20, remote()))
	after := measured("new", later, map[string]api.Inventory{"remote": inventory("ff"+digestA[2:], "Q8_0", "0.17.4")},
		interleave(20, slower(remote())))
	after.Results.Settings["NUM_PREDICT"] = 128
	judge := func(text string, options report.GateOptions) gate.Reason {
		changes := report.CompareRuns(base, after)
		changes.Judge(gates(t, text), options)
		require.Len(t, changes.Gates, 1)
		return changes.Gates[0].Reason
	}
	assert.Equal(t, gate.DifferentModels, judge("duration>+10%", report.GateOptions{}))
	assert.Equal(t, gate.DifferentSettings, judge("duration>+10%", report.GateOptions{AllowDifferentModels: true}))
	both := report.GateOptions{AllowDifferentModels: true, AllowDifferentSettings: true}
	assert.Equal(t, gate.Beyond, judge("duration>+10%", both))
	assert.Equal(t, gate.NoTest, judge("duration.max>+10%", both))
	assert.Equal(t, gate.NoTest, judge("itl.p95>+10%", both))
	both.EvenIfNoise = true
	assert.Equal(t, gate.BeyondBare, judge("duration.max>+10%", both))
	assert.Equal(t, gate.BeyondBare, judge("itl.p95>+10%", both))
}

// A model of another name on the same target is the same place in two runs, if it is the only one.
func TestModelsOfOtherNames(t *testing.T) {
	t.Parallel()
	renamed := remote()
	renamed.model = "llama3.2:1b"
	base := measured("base", generatedAt, sameModel("remote"), interleave(10, remote()))
	after := measured("new", later, sameModel("remote"), interleave(10, renamed))
	changes := report.CompareRuns(base, after)
	require.Len(t, changes.Series, 1)
	assert.Equal(t, model, changes.Series[0].BaseModel)
	assert.Equal(t, "llama3.2:1b", changes.Series[0].Model)
	assert.Equal(t, report.RunsModelDiffers, changes.Remarks[0].Code)
	changes.Judge(gates(t, "remote{model:llama3.2:1b}.duration>+10%"), report.GateOptions{})
	assert.Equal(t, gate.DifferentModels, changes.Gates[0].Reason)

	after = measured("new", later, sameModel("remote"), interleave(10, renamed, remote()))
	changes = report.CompareRuns(base, after)
	require.Len(t, changes.Series, 2)
	assert.Empty(t, changes.Series[0].OnlyIn, "the one of the same name")
	assert.Equal(t, "new", changes.Series[1].OnlyIn)
}

// Simulated servers listen wherever they can, which is nothing to know.
func TestSimulatedAddresses(t *testing.T) {
	t.Parallel()
	moved := remote()
	moved.url = "http://127.0.0.1:4000"
	base := measured("base", generatedAt, nil, interleave(5, remote()))
	after := measured("new", later, nil, interleave(5, moved))
	codes := func() string { return fmt.Sprint(report.CompareRuns(base, after).Remarks) }
	assert.Contains(t, codes(), report.RunsEndpointDiffers)
	base.Results.Settings["SIMULATE"], after.Results.Settings["SIMULATE"] = true, true
	assert.NotContains(t, codes(), report.RunsEndpointDiffers)
}

// The name without a tag is that of the latest.
func TestTheLatestIsItself(t *testing.T) {
	t.Parallel()
	short, long := remote(), remote()
	short.model, long.model = "tiny", "tiny:latest"
	changes := report.CompareRuns(measured("base", generatedAt, nil, interleave(5, short)),
		measured("new", later, nil, interleave(5, long)))
	require.Len(t, changes.Series, 1)
	for _, r := range changes.Remarks {
		assert.NotEqual(t, report.RunsModelDiffers, r.Code)
	}
}

// What is in the files of a run is said as it is, but steers no terminal, ends no table and gives
// GitHub no command.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	evil := remote()
	evil.target, evil.model = "a|b`\n::error::x", "m<script>`|\x1b[31m\r\n::add-mask::y%0A"
	base := measured("ba`se\n::error::z", generatedAt, nil, interleave(5, evil))
	after := measured("new|<b>", later, nil, interleave(5, slower(evil)))
	changes := report.CompareRuns(base, after)
	changes.Judge(gates(t, `duration>+10%`, `{target:"x|`+"`"+`<i>"}.duration>+10%`), report.GateOptions{})
	var page bytes.Buffer
	require.NoError(t, report.ChangesText(&page, changes, report.TextOptions{}))
	assert.NotContains(t, page.String(), "\x1b")
	page.Reset()
	require.NoError(t, report.ChangesAnnotations(&page, changes, locale.Korean))
	for line := range strings.Lines(page.String()) {
		assert.Regexp(t, `^::(error|warning|notice) title=[^:,]*::[^\r]*\n$`, line)
		assert.NotContains(t, line, "%0A", "that of the name is escaped")
	}
	page.Reset()
	require.NoError(t, report.ChangesMarkdown(&page, changes, locale.English))
	outsideCode := regexp.MustCompile("`[^`\n]*`").ReplaceAllString(page.String(), "")
	for _, html := range []string{"<script>", "<b>", "<i>"} {
		assert.NotContains(t, outsideCode, html)
	}
	columns := 0
	for line := range strings.Lines(page.String()) {
		if !strings.HasPrefix(line, "|") {
			columns = 0
			continue
		}
		cells := len(regexp.MustCompile(`[^\\]\|`).FindAllString(line, -1))
		assert.True(t, columns == 0 || cells == columns, line)
		columns = cells
	}
}

// Every format has the same figures.
func TestFormatsAgree(t *testing.T) {
	t.Parallel()
	for name, changes := range pairs(t) {
		var text, page, annotations bytes.Buffer
		require.NoError(t, report.ChangesText(&text, changes, report.TextOptions{Width: 1000}))
		require.NoError(t, report.ChangesMarkdown(&page, changes, locale.English))
		require.NoError(t, report.ChangesAnnotations(&annotations, changes, locale.English))
		for _, g := range changes.Gates {
			plain := strings.NewReplacer("`", "").Replace(g.Message)
			assert.Contains(t, strings.ReplaceAll(text.String(), "`", ""), plain, name)
			assert.Contains(t, strings.ReplaceAll(annotations.String(), "`", ""), strings.ReplaceAll(plain, "%", "%25"), name)
			assert.Contains(t, strings.NewReplacer(`\`, "", "`", "", "&lt;", "<").Replace(page.String()), plain, name)
		}
		cells := regexp.MustCompile(`(?m)^\| (.*) \|$`).FindAllStringSubmatch(page.String(), -1)
		for _, row := range cells {
			if strings.Contains(row[1], "---") || strings.HasPrefix(row[1], "`") || strings.HasPrefix(row[1], "🚦") {
				continue
			}
			for cell := range strings.SplitSeq(row[1], " | ") {
				cell = strings.NewReplacer(`\`, "", "&lt;", "<", "&gt;", ">").Replace(strings.TrimSpace(cell))
				assert.Contains(t, text.String(), cell, name)
			}
		}
	}
}

// A table fits where its terminal is narrow.
func TestChangesFit(t *testing.T) {
	t.Parallel()
	for _, width := range []int{60, 80, 120} {
		for _, l := range []locale.Locale{locale.English, locale.Korean} {
			var page bytes.Buffer
			require.NoError(t, report.ChangesText(&page, pairs(t)["slower"], report.TextOptions{Width: width, Locale: l}))
			for line := range strings.Lines(page.String()) {
				assert.LessOrEqual(t, cellsOf(strings.TrimSuffix(line, "\n")), width, line)
			}
		}
	}
}

// Gates know the metrics of the results, all of them and no others.
func TestGatesKnowEveryMetric(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"success_rate": true, "requests_per_second": true, "output_tokens_per_second": true}
	thinking := local()
	thinking.thinking = true
	records := interleave(3, thinking, remote())
	for i := range records {
		records[i].ScheduleDelay = ptr(1.0)
	}
	results := report.Summarize(report.Run{Records: records})
	for metric := range results.Series[0].Metrics {
		known[string(metric)] = true
	}
	for _, metric := range gate.Metrics() {
		assert.True(t, known[metric], "%s is in no results", metric)
		delete(known, metric)
	}
	assert.Empty(t, known, "no gate can be about these")
	compared := map[string]bool{"stability_ratio": true, "network_overhead": true}
	for metric := range results.Comparisons[0].Metrics {
		compared[string(metric)] = true
	}
	for _, metric := range gate.ComparisonMetrics() {
		delete(compared, metric)
	}
	assert.Empty(t, compared)
}

func TestSamplesOfAnotherRun(t *testing.T) {
	t.Parallel()
	records := interleave(5, local(), remote())
	results := report.Summarize(report.Run{Records: records})
	collect := func(records []record.Record) *report.Collector {
		var c report.Collector
		for i := range records {
			c.Add(&records[i], "")
		}
		return &c
	}
	assert.True(t, results.AddSamples(collect(records)))
	assert.Len(t, results.Series[1].Sample, 5)
	assert.False(t, results.AddSamples(collect(records[1:])))
	assert.False(t, results.AddSamples(collect(nil)))
	records[0].OK = false
	assert.False(t, results.AddSamples(collect(records)))
}

func TestValidate(t *testing.T) {
	t.Parallel()
	valid := report.Summarize(report.Run{Records: interleave(3, local(), remote())})
	require.NoError(t, valid.Validate())
	for text, want := range map[string]string{
		`{"series":[{"target":"a","model":"m","requests":3,"succeeded":4}]}`:                      "series 1 (a - m) has 4 of 3",
		`{"series":[{"requests":9000000000000000000,"succeeded":9}]}`:                             "has 9000000000000000000 requests",
		`{"series":[{"success_rate":2}]}`:                                                         "success_rate of 2",
		`{"series":[{"requests_per_second":1e300}]}`:                                              "a rate of 1e+300",
		`{"series":[{"metrics":{"ttft":{"count":3,"mean":1e200}}}]}`:                              `"ttft" that can't be measured`,
		`{"series":[{"metrics":{"ttft":{"count":3,"stddev":-1}}}]}`:                               `"ttft" that can't`,
		`{"comparisons":[{"a":"x","b":"y","metrics":{"duration":{"ratio":1e200,"verdict":""}}}]}`: "comparison of x and y",
	} {
		var results report.Results
		require.NoError(t, json.Unmarshal([]byte(text), &results))
		err := results.Validate()
		require.ErrorIs(t, err, report.ErrSchema, text)
		assert.Contains(t, err.Error(), want)
		assert.NotContains(t, err.Error(), "\n")
	}
}

// Whatever stands in a results.json, it is refused in one line, or compared and judged without a
// figure that is none.
func FuzzCompareRuns(f *testing.F) {
	for _, run := range []report.Run{{Records: interleave(4, local(), remote())}, {}} {
		var page bytes.Buffer
		require.NoError(f, report.JSON(&page, report.Summarize(run)))
		f.Add(page.Bytes())
	}
	f.Add([]byte(`{"schema":"xk6-ollama/results/v1","series":[{"metrics":{"ttft":{"count":3,"mean":1e99,"stddev":1e99}}},null]}`))
	texts := []string{"ttft.p95>+10%", "duration>+1ms", "success_rate<0.9", "comparison.duration.ratio<+10%", "itl.max>1"}
	texts[3] = "comparison.duration.ratio>+10%"
	var list []gate.Gate
	for _, text := range texts {
		g, err := gate.Parse(text)
		require.NoError(f, err)
		list = append(list, g)
	}
	known, err := report.ReadResults(strings.NewReader(`{"schema":"xk6-ollama/results/v1"}`))
	require.NoError(f, err)
	normal := report.Summarize(report.Run{Records: interleave(4, local(), remote())})
	f.Fuzz(func(t *testing.T, text []byte) {
		results, err := report.ReadResults(bytes.NewReader(text))
		if err == nil {
			err = results.Validate()
		}
		if err != nil {
			require.ErrorIs(t, err, report.ErrSchema)
			return
		}
		for _, other := range []report.Results{results, normal, known} {
			a, b := report.Measured{Name: "a", Results: results}, report.Measured{Name: "b", Results: other}
			changes := report.CompareRuns(a, b)
			changes.Judge(list, report.GateOptions{AllowDifferentModels: true, AllowDifferentSettings: true})
			require.GreaterOrEqual(t, len(changes.Gates), len(list))
			var page bytes.Buffer
			require.NoError(t, report.ChangesJSON(&page, changes))
			require.NoError(t, report.ChangesText(&page, changes, report.TextOptions{}))
			require.NoError(t, report.ChangesMarkdown(&page, changes, locale.Korean))
			require.NoError(t, report.ChangesAnnotations(&page, changes, locale.English))
			for _, none := range []string{"NaN", "Inf"} {
				if !bytes.Contains(text, []byte(none)) {
					require.NotContains(t, page.String(), none)
				}
			}
		}
	})
}

func TestChangesTellOfWriteErrors(t *testing.T) {
	t.Parallel()
	changes := pairs(t)["slower"]
	full := fullDisk{}
	assert.ErrorContains(t, report.ChangesText(full, changes, report.TextOptions{}), "disk full")
	assert.ErrorContains(t, report.ChangesJSON(full, changes), "disk full")
	assert.ErrorContains(t, report.ChangesMarkdown(full, changes, locale.English), "disk full")
	assert.ErrorContains(t, report.ChangesAnnotations(full, changes, locale.English), "disk full")
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, fmt.Errorf("disk full") }
