package sketch_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"

	"github.com/xk6-ollama/xk6-ollama/internal/sketch"
)

func of(values ...float64) *sketch.Sketch {
	s := &sketch.Sketch{}
	for _, value := range values {
		s.Add(value)
	}
	return s
}

func draw(n int, next func(*rand.Rand) float64) []float64 {
	random := rand.New(rand.NewPCG(1, 2))
	values := make([]float64, n)
	for i := range values {
		values[i] = next(random)
	}
	return values
}

func lognormal(r *rand.Rand) float64 { return 20 * math.Exp(r.NormFloat64()) }

// assertDescribes holds the sketch against the values themselves.
func assertDescribes(t *testing.T, s *sketch.Sketch, values []float64) {
	t.Helper()
	sorted := slices.Sorted(slices.Values(values))
	mean, deviation := stat.MeanStdDev(values, nil)
	got, ok := s.StdDev()
	require.True(t, ok)
	assert.Equal(t, len(values), s.Count())
	assert.Equal(t, sorted[0], s.Min())
	assert.Equal(t, sorted[len(sorted)-1], s.Max())
	assert.InEpsilon(t, mean, s.Mean(), 1e-9)
	assert.InEpsilon(t, deviation, got, 1e-9)
	for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.95, 0.99, 1} {
		want := sorted[int(q*float64(len(sorted)-1))]
		assert.InDelta(t, want, s.Quantile(q), sketch.Accuracy*want*1.000001, "quantile %g", q)
	}
}

// A value that comes many times may be told at once.
func TestAddTimes(t *testing.T) {
	t.Parallel()
	values := draw(1000, func(r *rand.Rand) float64 { return float64(r.IntN(5)) * 1.5 })
	var atOnce sketch.Sketch
	for rest := values; len(rest) > 0; {
		same := 1
		for same < len(rest) && rest[same] == rest[0] {
			same++
		}
		atOnce.AddTimes(rest[0], same)
		rest = rest[same:]
	}
	assertDescribes(t, &atOnce, values)
	atOnce.AddTimes(7, 0)
	assert.Equal(t, len(values), atOnce.Count())

	var many sketch.Sketch
	many.AddTimes(2, 3)
	many.AddTimes(0, 1_000_000)
	assert.Equal(t, 1_000_003, many.Count())
	assert.InEpsilon(t, 6.0/1_000_003, many.Mean(), 1e-9)
}

func TestDescribes(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(*rand.Rand) float64{
		"lognormal": lognormal,
		"tiny":      func(r *rand.Rand) float64 { return 1e-6 * r.ExpFloat64() },
		"mostly 0": func(r *rand.Rand) float64 {
			if r.Float64() < 0.97 {
				return 0
			}
			return 100 * r.Float64()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := draw(10_000, next)
			assertDescribes(t, of(values...), values)
		})
	}
}

func TestMergingIsAddingAll(t *testing.T) {
	t.Parallel()
	values := draw(5000, lognormal)
	merged := of()
	merged.Merge(nil)
	merged.Merge(of())
	for part := range slices.Chunk(values, 137) {
		merged.Merge(of(part...))
	}
	assertDescribes(t, merged, values)
}

func TestOfLittle(t *testing.T) {
	t.Parallel()
	none := of()
	assert.Zero(t, none.Count())
	assert.Zero(t, none.Quantile(0.5))
	one := of(7)
	assert.Equal(t, []float64{7, 7, 7, 7}, []float64{one.Mean(), one.Min(), one.Max(), one.Quantile(0.5)})
	for _, s := range []*sketch.Sketch{none, one} {
		_, ok := s.StdDev()
		assert.False(t, ok, "a deviation takes two values")
	}
}

func TestLeavesOutWhatIsNoTime(t *testing.T) {
	t.Parallel()
	s := of(1, math.NaN(), -1, math.Inf(1), math.Inf(-1), 1e101, 3, 1e-200)
	assert.Equal(t, 3, s.Count())
	assert.Zero(t, s.Min())
	assert.Equal(t, 3.0, s.Max())
}

func TestJSONGivesBackWhatWasWritten(t *testing.T) {
	t.Parallel()
	for _, s := range []*sketch.Sketch{of(), of(0), of(0, 0, 5, 1e100, 1e-99), of(draw(1000, lognormal)...)} {
		text, err := json.Marshal(s)
		require.NoError(t, err)
		var again sketch.Sketch
		require.NoError(t, json.Unmarshal(text, &again))
		assert.Equal(t, s.Quantile(0.9), again.Quantile(0.9))
		second, err := json.Marshal(&again)
		require.NoError(t, err)
		assert.Equal(t, string(text), string(second))
	}
}

func TestJSONRefusesWhatNoSketchWrote(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`[1,2]`:        "a sketch of values",
		`{"count":2}`:  "count is 2, but the bins hold 0",
		`{"count":-1}`: "negative",
		`{"count":1,"mean":1,"min":1,"max":1,"bins":[[0,-1]]}`:              "no count",
		`{"count":1,"mean":1,"min":1,"max":1,"bins":[[99999999,1]]}`:        "no bucket",
		`{"count":1,"mean":1,"min":2,"max":1,"bins":[[0,1]]}`:               "min",
		`{"count":1,"mean":9,"min":1,"max":1,"bins":[[0,1]]}`:               "mean",
		`{"count":1,"mean":1,"min":1,"max":1e300,"bins":[[0,1]]}`:           "max",
		`{"count":2,"mean":1,"min":1,"max":1,"squares":-1,"bins":[[0,2]]}`:  "squares",
		`{"count":9223372036854775807,"mean":1,"min":1,"max":1,"zeros":-1}`: "negative",
	} {
		var s sketch.Sketch
		require.ErrorContains(t, json.Unmarshal([]byte(text), &s), want, text)
	}
}

// What can be read is a sketch that can be merged, asked and written.
func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte(`{"count":3,"mean":2,"squares":2,"min":1,"max":3,"bins":[[0,1],[70,1],[110,1]]}`))
	f.Add([]byte(`{"count":2,"mean":0,"min":0,"max":0,"zeros":2}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var s sketch.Sketch
		if json.Unmarshal(text, &s) != nil {
			return
		}
		sum := of(1, 2)
		sum.Merge(&s)
		for _, one := range []*sketch.Sketch{&s, sum} {
			deviation, _ := one.StdDev()
			for _, figure := range []float64{one.Mean(), one.Min(), one.Max(), deviation, one.Quantile(0.5)} {
				assert.False(t, math.IsNaN(figure) || math.IsInf(figure, 0))
			}
			_, err := json.Marshal(one)
			require.NoError(t, err)
		}
	})
}

// BenchmarkAdd is what a gap between two chunks costs.
func BenchmarkAdd(b *testing.B) {
	values := draw(1024, lognormal)
	var s sketch.Sketch
	for i := 0; b.Loop(); i++ {
		s.Add(values[i%len(values)])
	}
}
