package report_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// noise is how the times of a server scatter around a mean of 1.
type noise func(*rand.Rand) float64

func noises() map[string]noise {
	return map[string]noise{
		"normal":    func(r *rand.Rand) float64 { return 1 + 0.1*r.NormFloat64() },
		"lognormal": func(r *rand.Rand) float64 { return math.Exp(0.3*r.NormFloat64() - 0.3*0.3/2) },
		"bimodal": func(r *rand.Rand) float64 {
			if r.Float64() < 0.8 {
				return (1 + 0.05*r.NormFloat64()) / 1.1
			}
			return 1.5 * (1 + 0.05*r.NormFloat64()) / 1.1
		},
	}
}

// synthetic is a run of n requests to each of two servers, of which the remote one takes
// factor times as long. In turn, they alternate; else one server is asked after the other.
func synthetic(r *rand.Rand, n int, factor float64, draw noise, inTurn bool) []record.Record {
	records := make([]record.Record, 0, 2*n)
	clock := 1.7e12
	for i := range 2 * n {
		at := i % 2
		if !inTurn {
			at = i / n
		}
		speed := []float64{1, factor}[at]
		request := record.Record{
			Target: []string{"local", "remote"}[at], Model: model, Op: "generate", Phase: record.Measure, OK: true,
			Iter: int64(i), StartedAt: clock,
		}
		tokens := int64(64)
		duration, ttft, tpot := 800*speed*draw(r), 100*speed*draw(r), 10*speed*draw(r)
		eval := 640 * speed * draw(r)
		request.Duration, request.TTFT, request.TPOT, request.OutputTokens = &duration, &ttft, &tpot, &tokens
		request.Server = &record.Server{Eval: &eval}
		records = append(records, request)
		clock += duration
	}
	return records
}

// tally is what many runs came to, as shares of them.
type tally struct{ anyFaster, faster, slower, covered float64 }

func tallyOf(t *testing.T, runs, n int, factor float64, draw noise, inTurn bool) tally {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(n), uint64(1000*factor)))
	var sum tally
	for range runs {
		results := report.Summarize(report.Run{Records: synthetic(random, n, factor, draw, inTurn)})
		require.Len(t, results.Comparisons, 1)
		found := false
		for _, c := range results.Comparisons[0].Metrics {
			found = found || c.Verdict != stats.Inconclusive
		}
		c := results.Comparisons[0].Metrics[report.Duration]
		require.Equal(t, inTurn, c.Paired)
		sum.anyFaster += share(found, runs)
		sum.faster += share(c.Verdict == stats.AFaster, runs)
		sum.slower += share(c.Verdict == stats.BFaster, runs)
		sum.covered += share(c.RatioCI95.Contains(factor), runs)
	}
	return sum
}

func share(yes bool, of int) float64 {
	if yes {
		return 1 / float64(of)
	}
	return 0
}

// Of reports on equal servers at most 6 in 100 may name a faster one anywhere, and the
// interval holds the true ratio in 95 of 100. docs/statistics.md has more runs of each kind.
func TestEqualServers(t *testing.T) {
	t.Parallel()
	const runs = 100
	var all tally
	kinds := 0.0
	for name, draw := range noises() {
		for _, n := range []int{10, 30} {
			for _, inTurn := range []bool{true, false} {
				sum := tallyOf(t, runs, n, 1, draw, inTurn)
				assert.LessOrEqual(t, sum.anyFaster, 0.12, "%s noise, %d requests, in turn: %t", name, n, inTurn)
				all.anyFaster += sum.anyFaster
				all.covered += sum.covered
				kinds++
			}
		}
	}
	assert.LessOrEqual(t, all.anyFaster/kinds, 0.06)
	assert.InDelta(t, 0.95, all.covered/kinds, 0.02)
}

// A server that takes 20 % longer is found out in 95 of 100 reports with 30 requests each.
func TestSlowerServer(t *testing.T) {
	t.Parallel()
	const runs = 100
	for _, inTurn := range []bool{true, false} {
		sum := tallyOf(t, runs, 30, 1.2, noises()["normal"], inTurn)
		assert.GreaterOrEqual(t, sum.faster, 0.95)
		assert.Zero(t, sum.slower)
		assert.InDelta(t, 0.95, sum.covered, 0.05)
	}
}
