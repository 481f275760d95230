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
	var ratio, difference, stability, told, faster int
	for range b.N {
		x, y := design.sides(r, noise.draw, n, longer)
		options := stats.Options{Paired: design.paired}
		c := stats.Compare(x, y, options)
		ratio += count(c.RatioCI95.Contains(1 + longer))
		difference += count(c.DifferenceCI95.Contains(longer))
		faster += count(c.Verdict != stats.Inconclusive)
		if longer == 0 {
			if s := stats.CompareStability(x, y, options); s.RatioCI95 != nil { // else it says nothing
				stability += count(s.RatioCI95.Contains(1))
				told++
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(100*share(ratio, b.N), "ratio_%")
	b.ReportMetric(100*share(difference, b.N), "difference_%")
	b.ReportMetric(100*share(faster, b.N), "verdicts_%")
	if longer == 0 {
		b.ReportMetric(100*share(stability, max(told, 1)), "stability_%")
		b.ReportMetric(100*share(told, b.N), "stability_told_%")
	}
}

// BenchmarkWarnings measures how often what makes a mean misleading is found in one run: where
// there is nothing to find, and where there is.
//
//	go test ./internal/stats -run '^$' -bench Warnings -benchtime 2000x -timeout 0
func BenchmarkWarnings(b *testing.B) {
	for _, run := range runs() {
		for _, n := range []int{10, 20, 30, 50, 100, 1000} {
			b.Run(fmt.Sprintf("%s/n=%d", run.name, n), func(b *testing.B) {
				r := rand.New(rand.NewPCG(uint64(n), 5))
				var found findings
				for range b.N {
					found.add(findingsOf(run.draw(r, n)))
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(100*share(found.drift, b.N), "drift_%")
				b.ReportMetric(100*share(found.autocorrelation, b.N), "autocorrelation_%")
				b.ReportMetric(100*share(found.outliers, b.N), "outliers_%")
				b.ReportMetric(100*share(found.modes, b.N), "modes_%")
			})
		}
	}
}

// findings are how often something was found.
type findings struct{ drift, autocorrelation, outliers, modes int }

func (f *findings) add(other findings) {
	f.drift += other.drift
	f.autocorrelation += other.autocorrelation
	f.outliers += other.outliers
	f.modes += other.modes
}

func findingsOf(values []float64) findings {
	var f findings
	if d := stats.DriftOf(values); d != nil {
		f.drift = count(d.Found)
	}
	if a := stats.AutocorrelationOf(values); a != nil {
		f.autocorrelation = count(a.Found)
	}
	f.outliers = count(len(stats.Outliers(values)) > 0)
	if m := stats.ModesOf(values); m != nil {
		f.modes = count(m.Found)
	}
	return f
}

// run draws the times of a run in their order.
type run struct {
	name string
	draw func(r *rand.Rand, n int) []float64
}

func runs() []run {
	all := []run{
		independent(noise{"uniform", func(r *rand.Rand) float64 { return 1 + 0.3*(r.Float64()-0.5) }}),
		independent(noise{"1_+_exponential", func(r *rand.Rand) float64 { return 1 + 0.2*r.ExpFloat64() }}),
		{"drift_of_10%", func(r *rand.Rand, n int) []float64 { return drifting(r, n, 0.1) }},
		{"drift_of_20%", func(r *rand.Rand, n int) []float64 { return drifting(r, n, 0.2) }},
		{"autocorrelation_0.3", func(r *rand.Rand, n int) []float64 { return dependent(r, n, 0.3) }},
		{"autocorrelation_0.6", func(r *rand.Rand, n int) []float64 { return dependent(r, n, 0.6) }},
		{"one_of_3_times_the_mean", func(r *rand.Rand, n int) []float64 {
			values := dependent(r, n, 0)
			values[r.IntN(n)] *= 3
			return values
		}},
	}
	for _, noise := range noises() {
		all = append(all, independent(noise))
	}
	return all
}

func independent(of noise) run {
	return run{of.name, func(r *rand.Rand, n int) []float64 { return sample(r, of.draw, n) }}
}

// drifting is normal noise of 10 % around a mean that rises evenly by so much.
func drifting(r *rand.Rand, n int, rise float64) []float64 {
	values := dependent(r, n, 0)
	for i := range values {
		values[i] *= 1 + rise*float64(i)/float64(n-1)
	}
	return values
}

// dependent is normal noise of 10 % in which each value resembles the one before.
func dependent(r *rand.Rand, n int, correlation float64) []float64 {
	values := make([]float64, n)
	state := r.NormFloat64()
	for i := range values {
		values[i] = 1 + 0.1*state
		state = correlation*state + math.Sqrt(1-correlation*correlation)*r.NormFloat64()
	}
	return values
}
