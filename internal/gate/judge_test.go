package gate_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/gate"
	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

func parse(t *testing.T, text string) gate.Gate {
	t.Helper()
	g, err := gate.Parse(text)
	require.NoError(t, err)
	return g
}

// changed is a change of a figure of 100 by so many per cent, with a p-value and an interval of
// ± 5 points.
func changed(percent, p float64) *stats.Change {
	c := stats.NewChange(100, 100+percent, "")
	relative := percent / 100
	c.PValue, c.RelativeCI95 = &p, &stats.Interval{relative - 0.05, relative + 0.05}
	c.DifferenceCI95 = &stats.Interval{percent - 5, percent + 5}
	return &c
}

func TestJudge(t *testing.T) {
	t.Parallel()
	untested := func(why stats.Untested) *stats.Change {
		c := stats.NewChange(100, 120, why)
		return &c
	}
	fewPossible := changed(50, 0.01)
	fewPossible.LeastPValue = 0.1
	fromZero := stats.NewChange(0, 5, "")
	fromZero.PValue, fromZero.DifferenceCI95 = new(float64), &stats.Interval{4, 6}
	for name, tt := range map[string]struct {
		gate     string
		evidence gate.Evidence
		reason   gate.Reason
		bare     gate.Reason // with EvenIfNoise; "" if it is the same
	}{
		"larger and significant":      {"ttft>+10%", gate.Evidence{Change: changed(20, 0.001)}, gate.Beyond, gate.BeyondBare},
		"larger, but maybe by chance": {"ttft>+10%", gate.Evidence{Change: changed(20, 0.2)}, gate.NotSignificant, gate.BeyondBare},
		"its interval has 0 in it":    {"ttft>+2%", gate.Evidence{Change: changed(4, 0.04)}, gate.NotSignificant, gate.BeyondBare},
		"significant, but small":      {"ttft>+10%", gate.Evidence{Change: changed(8, 0.001)}, gate.Within, ""},
		"the other way":               {"ttft>+10%", gate.Evidence{Change: changed(-30, 0.001)}, gate.Within, ""},
		"fell":                        {"ttft<-10%", gate.Evidence{Change: changed(-20, 0.001)}, gate.Beyond, gate.BeyondBare},
		"exactly, >":                  {"ttft>+50%", gate.Evidence{Change: changed(50, 0.001)}, gate.Within, ""},
		"exactly, >=":                 {"ttft>=+50%", gate.Evidence{Change: changed(50, 0.001)}, gate.Beyond, gate.BeyondBare},
		"by so many ms":               {"ttft>+10ms", gate.Evidence{Change: changed(20, 0.001)}, gate.Beyond, gate.BeyondBare},
		"level":                       {"ttft>100", gate.Evidence{New: 101}, gate.Beyond, ""},
		"level, exactly":              {"ttft>101", gate.Evidence{New: 101}, gate.Within, ""},
		"level, at most":              {"ttft<=101", gate.Evidence{New: 101}, gate.Beyond, ""},
		"level below":                 {"success_rate<0.99", gate.Evidence{New: 0.98}, gate.Beyond, ""},
		"missing":                     {"ttft>100", gate.Evidence{Missing: gate.NoSeries}, gate.NoSeries, ""},
		"too few":                     {"ttft>+10%", gate.Evidence{Change: untested(stats.TooFew)}, gate.TooFewRequests, gate.BeyondBare},
		"too few for any such p":      {"ttft>+10%", gate.Evidence{Change: fewPossible}, gate.TooFewRequests, gate.BeyondBare},
		"too few, whatever the size":  {"ttft>+90%", gate.Evidence{Change: fewPossible}, gate.TooFewRequests, gate.Within},
		"no values":                   {"ttft.p95>+10%", gate.Evidence{Change: untested(stats.NoValues)}, gate.NoRequestsFile, gate.BeyondBare},
		"no test":                     {"ttft.max>+10%", gate.Evidence{Change: untested(stats.NoTest)}, gate.NoTest, gate.BeyondBare},
		"a percentage of 0":           {"queue>+10%", gate.Evidence{Change: &fromZero}, gate.ZeroBase, ""},
		"a difference to 0":           {"queue>+1ms", gate.Evidence{Change: &fromZero}, gate.Beyond, gate.BeyondBare},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.evidence.Gate = parse(t, tt.gate)
			for _, options := range []gate.Options{{}, {EvenIfNoise: true}} {
				want := tt.reason
				if options.EvenIfNoise && tt.bare != "" {
					want = tt.bare
				}
				verdicts := gate.Judge([]gate.Evidence{tt.evidence}, options)
				require.Len(t, verdicts, 1)
				assert.Equal(t, want, verdicts[0].Reason)
				outcome := map[gate.Reason]gate.Outcome{
					gate.Within: gate.Held, gate.NotSignificant: gate.Held, gate.Beyond: gate.Failed, gate.BeyondBare: gate.Failed,
				}[want]
				if outcome == "" {
					outcome = gate.Unjudged
				}
				assert.Equal(t, outcome, verdicts[0].Outcome)
			}
		})
	}
}

// Twenty gates on equal runs would fail one of them in two runs of three if each were judged as
// though it were the only one.
func TestJudgeAllowsForManyGates(t *testing.T) {
	t.Parallel()
	g := parse(t, "ttft>+10%")
	evidence := []gate.Evidence{{Gate: g, Change: changed(20, 0.03)}}
	assert.Equal(t, gate.Beyond, gate.Judge(evidence, gate.Options{})[0].Reason)
	evidence = append(evidence, gate.Evidence{Gate: g, Change: changed(20, 0.5)})
	verdicts := gate.Judge(evidence, gate.Options{})
	assert.Equal(t, gate.NotSignificant, verdicts[0].Reason)
	assert.InDelta(t, 0.06, *verdicts[0].Change.AdjustedPValue, 1e-12)
	assert.Nil(t, evidence[0].Change.AdjustedPValue, "the evidence stays as it is")
	verdicts = gate.Judge(evidence, gate.Options{EvenIfNoise: true})
	assert.Equal(t, gate.Failed, verdicts[0].Outcome)

	few := changed(20, 0.02)
	few.LeastPValue = 0.02
	assert.Equal(t, gate.Failed, gate.Judge([]gate.Evidence{{Gate: g, Change: few}}, gate.Options{})[0].Outcome)
	three := []gate.Evidence{{Gate: g, Change: few}, {Gate: g, Change: few}, {Gate: g, Change: few}}
	assert.Equal(t, gate.TooFewRequests, gate.Judge(three, gate.Options{})[0].Reason, "none of them could ever fail")
}

func TestOverall(t *testing.T) {
	t.Parallel()
	verdicts := func(outcomes ...gate.Outcome) []gate.Verdict {
		var list []gate.Verdict
		for _, o := range outcomes {
			list = append(list, gate.Verdict{Outcome: o})
		}
		return list
	}
	assert.Equal(t, gate.Held, gate.Overall(nil))
	assert.Equal(t, gate.Held, gate.Overall(verdicts(gate.Held, gate.Held)))
	assert.Equal(t, gate.Unjudged, gate.Overall(verdicts(gate.Held, gate.Unjudged)))
	assert.Equal(t, gate.Failed, gate.Overall(verdicts(gate.Unjudged, gate.Failed, gate.Held)))
}
