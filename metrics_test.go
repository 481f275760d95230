package ollama_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/k6test"
	"github.com/xk6-ollama/xk6-ollama/internal/simulator"
)

// metricTypes are all metrics of this module: what they are and what they contain.
var metricTypes = map[string]string{
	"ollama_reqs":                 "counter default",
	"ollama_req_failed":           "rate default",
	"ollama_req_duration":         "trend time",
	"ollama_connect_duration":     "trend time",
	"ollama_ttft":                 "trend time",
	"ollama_ttfo":                 "trend time",
	"ollama_tpot":                 "trend time",
	"ollama_itl":                  "trend time",
	"ollama_tokens_per_second":    "trend default",
	"ollama_prompt_tokens":        "counter default",
	"ollama_output_tokens":        "counter default",
	"ollama_server_duration":      "trend time",
	"ollama_load_duration":        "trend time",
	"ollama_prompt_eval_duration": "trend time",
	"ollama_eval_duration":        "trend time",
	"ollama_queue_duration":       "trend time",
	"ollama_network_duration":     "trend time",
	"ollama_schedule_delay":       "trend time",
	"ollama_goodput":              "rate default",
}

// Samples are the values that the script sees in the result, each metric with one.
func TestMetricsAreTheResult(t *testing.T) {
	t.Parallel()
	ollama := simulate(t, func(c *simulator.Config) { c.AnyModel = true; c.PrefillRate = 1000 })
	result, out := scriptWithSamples(t, []string{"OLLAMA_HOST=" + ollama.URL()}, `
		import ollama from 'k6/x/ollama';
		export default async function () {
			const { timings, prompt_eval_count, eval_count } = await ollama.generate(
				{ model: 'deepseek-r1', prompt: 'a', think: true, options: { num_predict: 12 } },
				{ scheduledAt: Date.now() - 1000, slo: { ttft: 60000 } });
			console.log(JSON.stringify({ timings, prompt_eval_count, eval_count }));
		}`)
	require.Zero(t, result.Code, result.Stderr)
	type server struct{ Total, Load, PromptEval, Eval, Queue float64 }
	got := logged[struct {
		Timings struct {
			Connect, Duration, TTFT, TTFO, LastToken, TPOT, Network, ScheduleDelay float64
			Server                                                                 server
		}
		PromptTokens float64 `json:"prompt_eval_count"`
		OutputTokens float64 `json:"eval_count"`
	}](t, result)
	times := got.Timings
	for metric, want := range map[string]float64{
		"ollama_reqs":                 1,
		"ollama_req_failed":           0,
		"ollama_req_duration":         times.Duration,
		"ollama_connect_duration":     times.Connect,
		"ollama_ttft":                 times.TTFT,
		"ollama_ttfo":                 times.TTFO,
		"ollama_tpot":                 times.TPOT,
		"ollama_tokens_per_second":    got.OutputTokens / (times.Server.Eval / 1000),
		"ollama_prompt_tokens":        got.PromptTokens,
		"ollama_output_tokens":        12,
		"ollama_server_duration":      times.Server.Total,
		"ollama_load_duration":        times.Server.Load,
		"ollama_prompt_eval_duration": times.Server.PromptEval,
		"ollama_eval_duration":        times.Server.Eval,
		"ollama_queue_duration":       times.Server.Queue,
		"ollama_network_duration":     times.Network,
		"ollama_schedule_delay":       times.ScheduleDelay,
		"ollama_goodput":              1,
	} {
		require.Len(t, out.values(metric), 1, metric)
		assert.InDelta(t, want, out.values(metric)[0], 1e-6, metric)
	}
	assert.Positive(t, times.TTFT)
	assert.GreaterOrEqual(t, times.TTFO, times.TTFT, "it thought before")
	assert.InDelta(t, (times.LastToken-times.TTFT)/11, times.TPOT, 1e-6)
	assert.InDelta(t, times.Duration-times.Server.Total, times.Network, 1e-6)
	assert.GreaterOrEqual(t, times.ScheduleDelay, 1000.0)
	itl := out.values("ollama_itl")
	require.Len(t, itl, 11, "a gap between each two of 12 tokens")
	sum := 0.0
	for _, gap := range itl {
		sum += gap
	}
	assert.InDelta(t, times.LastToken-times.TTFT, sum, 1e-3)

	types := map[string]string{}
	for metric := range out.types {
		if strings.HasPrefix(metric, "ollama_") {
			types[metric] = out.types[metric] + " " + out.units[metric]
		}
	}
	assert.Equal(t, metricTypes, types)
}

// Every sample says whose request it was; the script's tags and k6's own are there, too.
func TestTags(t *testing.T) {
	t.Parallel()
	ollama := serve(t, func(w http.ResponseWriter, r received) {
		if r.field("prompt") == "fail" {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		send(w, generateAnswer)
	})
	result, out := scriptWithSamples(t, []string{"OLLAMA_HOST=" + ollama.URL}, `
		import exec from 'k6/execution';
		import { Ollama } from 'k6/x/ollama';
		const tags = { own: 'client', both: 'client', n: 5, yes: true };
		const ollama = new Ollama({ model: 'm', target: 'gpu', tags, slo: { duration: 1 } });
		export const options = { tags: { test: 't' } };
		export default async function () {
			exec.vu.tags.vu_tag = 'v';
			await ollama.generate({}, { tags: { both: 'call', id: 'plain' } });
			await ollama.generate({ model: 'n', prompt: 'fail' }, { tags: { id: 'failed' }, phase: 'warmup' });
			await ollama.version({}, { tags: { id: 'version' } });
			await ollama.load({}, { tags: { id: 'load' } });
		}`)
	require.Zero(t, result.Code, result.Stderr)
	common := func(tags map[string]string) map[string]string {
		all := map[string]string{
			"scenario": "default", "group": "", "test": "t", "vu_tag": "v", "target": "gpu",
			"own": "client", "both": "client", "n": "5", "yes": "true",
		}
		for name, value := range tags {
			all[name] = value
		}
		return all
	}
	want := map[string]map[string]string{
		"plain": common(map[string]string{"id": "plain", "both": "call", "model": "m", "op": "generate", "phase": "measure"}),
		"failed": common(map[string]string{
			"id": "failed", "model": "n", "op": "generate", "phase": "warmup", "error_type": "overloaded",
		}),
		"version": common(map[string]string{"id": "version", "op": "version"}),
		"load":    common(map[string]string{"id": "load", "model": "m", "op": "load"}),
	}
	seen := map[string]int{}
	for _, p := range out.all {
		if !strings.HasPrefix(p.metric, "ollama_") {
			continue
		}
		seen[p.tags["id"]]++
		assert.Equal(t, want[p.tags["id"]], p.tags, p.metric)
	}
	assert.Len(t, seen, len(want))

	goodput := map[string]float64{}
	for _, p := range out.of("ollama_goodput") {
		goodput[p.tags["id"]] = p.value
	}
	assert.Len(t, goodput, 2, "objectives are for requests that make a model work")
	assert.Zero(t, goodput["failed"])
	for _, p := range out.of("ollama_ttft") {
		assert.Equal(t, "plain", p.tags["id"], "a request that got no token has no sample of it")
	}
}

func TestGoodput(t *testing.T) {
	t.Parallel()
	ollama := simulate(t, func(c *simulator.Config) {
		anyModel(c)
		c.Faults = []simulator.Fault{{Kind: simulator.MissingDone, First: 5, Last: 5, Probability: 1}}
	})
	_, out := scriptWithSamples(t, []string{"OLLAMA_HOST=" + ollama.URL()}, `
		import { Ollama } from 'k6/x/ollama';
		const ollama = new Ollama({ model: 'm', slo: { ttft: 60000, tpot: 60000 } });
		const options = { num_predict: 5 };
		const run = (id, slo, request = {}) => ollama.generate({ prompt: 'a', options, ...request }, { slo, tags: { id } });
		export default async function () {
			await run('met', { duration: 60000 });
			await run('too long', { duration: 0.000001 });
			await run('late to begin', { ttft: 0.000001 });
			await run('slow', { tpot: 0.000001 }, { options: { num_predict: 200 } }); // more than come at once
			await run('failed', {});
			await run('no token times', { ttft: 0.000001 }, { stream: false });
			await new Ollama({ model: 'm' }).generate({ prompt: 'a', options }, { tags: { id: 'no objective' } });
		}`)
	got := map[string]float64{}
	for _, p := range out.of("ollama_goodput") {
		got[p.tags["id"]] = p.value
	}
	assert.Equal(t, map[string]float64{
		"met": 1, "too long": 0, "late to begin": 0, "slow": 0, "failed": 0,
	}, got)
}

// Thresholds work as with every metric of k6: on all requests, and on those with a tag.
func TestThresholds(t *testing.T) {
	t.Parallel()
	for threshold, passes := range map[string]bool{
		`ollama_ttft: ['p(95)<60000']`:                             true,
		`ollama_ttft: ['p(95)<0.000001']`:                          false,
		`'ollama_ttft{target:remote}': ['p(95)<60000']`:            true,
		`'ollama_ttft{target:remote}': ['med>60000']`:              false,
		`'ollama_req_failed{target:local}': ['rate==0']`:           true,
		`'ollama_req_failed{target:broken}': ['rate==0']`:          false,
		`'ollama_req_failed{error_type:overloaded}': ['rate==1']`:  true,
		`'ollama_reqs{phase:warmup}': ['count==1']`:                true,
		`'ollama_reqs{phase:measure}': ['count==3']`:               true,
		`'ollama_reqs{target:remote,op:generate}': ['count==2']`:   true,
		`'ollama_output_tokens{phase:measure}': ['count==6']`:      true,
		`'ollama_prompt_tokens{target:local}': ['count==7']`:       true,
		`'ollama_itl{phase:measure}': ['max<60000']`:               true,
		`'ollama_tpot{target:local}': []`:                          true,
		`ollama_goodput: ['rate>0.5']`:                             true,
		`ollama_goodput: ['rate>0.9']`:                             false,
		`'http_req_duration{target:local}': ['max<60000']`:         true,
		`'http_req_failed{target:broken}': ['rate==0']`:            false,
		`'ollama_network_duration{target:local}': ['avg<60000']`:   true,
		`'ollama_tokens_per_second{target:local}': ['avg==99999']`: false,
	} {
		t.Run(threshold, func(t *testing.T) {
			t.Parallel()
			ollama := serve(t, answer(generateAnswer))
			broken := serve(t, func(w http.ResponseWriter, _ received) { w.WriteHeader(http.StatusServiceUnavailable) })
			result := k6test.Script(t, nil, fmt.Sprintf(`
				import { Ollama } from 'k6/x/ollama';
				const at = (host, target) => new Ollama({ host, target, model: 'm', slo: { duration: 60000 } });
				const local = at('%[1]s', 'local'), remote = at('%[1]s', 'remote'), broken = at('%[2]s', 'broken');
				export const options = { thresholds: { %[3]s } };
				export default async function () {
					await remote.generate({}, { phase: 'warmup' });
					for (const server of [local, remote, broken]) await server.generate({});
				}`, ollama.URL, broken.URL, threshold))
			want := 99
			if passes {
				want = 0
			}
			assert.Equal(t, want, result.Code, "%s\n%s", result.Stdout, result.Stderr)
		})
	}
}

// The delay against the schedule; a start that was early is none.
func TestScheduleDelay(t *testing.T) {
	t.Parallel()
	ollama := serve(t, answer(generateAnswer))
	result, out := scriptWithSamples(t, []string{"OLLAMA_HOST=" + ollama.URL}, `
		import ollama from 'k6/x/ollama';
		export default async function () {
			const all = [];
			const now = Date.now();
			for (const scheduledAt of [now - 2500.5, now + 100000, undefined]) {
				const { timings } = await ollama.generate({ model: 'm' }, { scheduledAt });
				all.push([timings.scheduleDelay, scheduledAt && timings.startedAt - scheduledAt]);
			}
			console.log(JSON.stringify(all));
		}`)
	got := logged[[][]*float64](t, result)
	require.NotNil(t, got[0][0])
	assert.InDelta(t, *got[0][1], *got[0][0], 1e-3)
	assert.GreaterOrEqual(t, *got[0][0], 2500.0)
	assert.Zero(t, *got[1][0])
	assert.Nil(t, got[2][0])
	assert.Len(t, out.of("ollama_schedule_delay"), 2)
}

// However many chunks come in one read, each gap between two is a sample, with the tags of its
// request and the time of its block.
func TestITLOfBursts(t *testing.T) {
	t.Parallel()
	const chunks = 3000
	burst := strings.Repeat(`{"model":"m","created_at":"2026-11-23T14:20:19.4Z","response":"a","done":false}`+"\n", chunks) +
		`{"model":"m","created_at":"2026-11-23T14:20:19.5Z","response":"","done":true,"eval_count":3000}` + "\n"
	for name, systemTags := range map[string]string{"usual tags": "", "with metadata": "systemTags: ['vu', 'iter'],"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ollama := serve(t, answer(burst))
			result, out := scriptWithSamples(t, []string{"OLLAMA_HOST=" + ollama.URL}, `
				import ollama from 'k6/x/ollama';
				export const options = { `+systemTags+` };
				export default async function () {
					const all = [];
					for (const round of ['first', 'second']) {
						const before = Date.now();
						const { timings } = await ollama.generate({ model: 'm' }, { tags: { round } });
						all.push([timings.lastToken - timings.ttft, before - 1, Date.now() + 1]);
					}
					console.log(JSON.stringify(all));
				}`)
			want := logged[[][3]float64](t, result)
			for i, round := range []string{"first", "second"} {
				count, sum := 0, 0.0
				for _, gap := range out.of("ollama_itl") {
					if gap.tags["round"] != round {
						continue
					}
					count++
					sum += gap.value
					at, err := time.Parse(time.RFC3339Nano, gap.at)
					require.NoError(t, err)
					assert.InDelta(t, (want[i][1]+want[i][2])/2, float64(at.UnixMicro())/1000, (want[i][2]-want[i][1])/2+20)
				}
				assert.Equal(t, chunks-1, count, round)
				assert.InDelta(t, want[i][0], sum, 1e-3, round)
			}
		})
	}
}

// All gaps of an answer are one batch, taken at one time: an output that samples or sorts
// by time can't lose any.
func TestITLIsOneBatch(t *testing.T) {
	t.Parallel()
	ollama := simulate(t, anyModel)
	_, out := scriptWithSamples(t, []string{"OLLAMA_HOST=" + ollama.URL()}, `
		import ollama from 'k6/x/ollama';
		export default async function () { await ollama.generate({ model: 'm', prompt: 'a', options: { num_predict: 30 } }); }`)
	gaps := out.of("ollama_itl")
	require.Len(t, gaps, 29)
	at := map[string]bool{}
	for _, gap := range gaps {
		at[gap.at] = true
	}
	assert.Len(t, at, 1)
}
