package stats_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// noise is how times scatter around a mean of 1.
type noise struct {
	name string
	draw func(*rand.Rand) float64
}

func noises() []noise {
	return []noise{
		{"normal_10", func(r *rand.Rand) float64 { return 1 + 0.1*r.NormFloat64() }},
		lognormalNoise(0.1), lognormalNoise(0.3), lognormalNoise(0.5),
		bimodalNoise(0.8, 1.4, 0.03), bimodalNoise(0.5, 1.4, 0.03),
		bimodalNoise(0.8, 1.5, 0.05), bimodalNoise(0.2, 1.4, 0.03),
	}
}

func lognormalNoise(sigma float64) noise {
	return noise{
		fmt.Sprintf("lognormal_%g", sigma),
		func(r *rand.Rand) float64 { return math.Exp(sigma*r.NormFloat64() - sigma*sigma/2) },
	}
}

// bimodalNoise has a share of values around a low mode, and the others around one that is so many
// times as high.
func bimodalNoise(share, high, width float64) noise {
	mean := share + (1-share)*high
	draw := func(r *rand.Rand) float64 {
		mode := 1.0
		if r.Float64() >= share {
			mode = high
		}
		return mode * (1 + width*r.NormFloat64()) / mean
	}
	return noise{fmt.Sprintf("bimodal_%.0f/%.0f_%.0f%%_apart", 100*share, 100-100*share, 100*high-100), draw}
}

// design is how the two sides of a comparison are measured.
type design struct {
	name   string
	paired bool
	shared float64 // σ of a lognormal factor that both of a pair have in common
}

func designs() []design {
	return []design{{"unpaired", false, 0}, {"paired", true, 0}, {"paired_alike", true, 0.3}}
}

// sides draws two sides of n values each. b takes 1 + longer times as long on average.
func (d design) sides(r *rand.Rand, draw func(*rand.Rand) float64, n int, longer float64) (a, b []float64) {
	a, b = make([]float64, n), make([]float64, n)
	for i := range a {
		prompt := math.Exp(d.shared*r.NormFloat64() - d.shared*d.shared/2)
		a[i], b[i] = prompt*draw(r), prompt*(draw(r)+longer)
	}
	return a, b
}

// BenchmarkComparisons measures what docs/statistics.md says of intervals and verdicts: b.N
// comparisons of each kind, in per cent. It takes half an hour:
//
//	go test ./internal/stats -run '^$' -bench Comparisons -benchtime 4000x -timeout 0
func BenchmarkComparisons(b *testing.B) {
	for _, design := range designs() {
		for _, noise := range noises() {
			for _, n := range []int{10, 30, 100} {
				for _, longer := range []float64{0, 0.2} {
					b.Run(fmt.Sprintf("%s/%s/n=%d/+%g%%", design.name, noise.name, n, 100*longer), func(b *testing.B) {
						studyComparisons(b, design, noise, n, longer)
					})
				}
			}
		}
	}
}

func studyComparisons(b *testing.B, design design, noise noise, n int, longer float64) {
	b.Helper()
	r := rand.New(rand.NewPCG(uint64(n), math.Float64bits(longer)))
	var ratio, difference, stability, faster int
	for range b.N {
		x, y := design.sides(r, noise.draw, n, longer)
		options := stats.Options{Paired: design.paired}
		c := stats.Compare(x, y, options)
		ratio += count(c.RatioCI95.Contains(1 + longer))
		difference += count(c.DifferenceCI95.Contains(longer))
		faster += count(c.Verdict != stats.Inconclusive)
		if longer == 0 {
			stability += count(stats.CompareStability(x, y, options).RatioCI95.Contains(1))
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(100*share(ratio, b.N), "ratio_%")
	b.ReportMetric(100*share(difference, b.N), "difference_%")
	b.ReportMetric(100*share(faster, b.N), "verdicts_%")
	if longer == 0 {
		b.ReportMetric(100*share(stability, b.N), "stability_%")
	}
}
