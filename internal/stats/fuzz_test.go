package stats_test

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// Whatever the values are, every figure is one that JSON can hold, and they agree.
func FuzzCompare(f *testing.F) {
	f.Add([]byte{}, []byte{}, false, false)
	f.Add(floats(1, 1, 1), floats(2, 2, 2), true, false)
	f.Add(floats(0, 0, math.NaN()), floats(math.Inf(1), -1, 5), false, true)
	f.Add(floats(math.MaxFloat64, -math.MaxFloat64, 5e-324), floats(5e-324, 5e-324, 1e-323), true, true)
	f.Add(floats(1e100, 1e-300, 3), floats(1, math.Nextafter(1, 2), 1), false, false)
	f.Add(floats(1, 2, 3, 4, 5, 6, 7, 8), floats(11, 12, 13, 14, 15, 16, 17, 18), false, true)
	f.Add(floats(typical(25, 10, 1)...), floats(append(typical(20, 30, 1), typical(5, 60, 1)...)...), false, true)
	f.Add(floats(9e99, -9e99, 9e99, 1e-99, 5), floats(1e-99, 2e-99, 1e-99, 3e-99, 1), false, true)
	f.Fuzz(func(t *testing.T, rawA, rawB []byte, higher, paired bool) {
		a, b := parse(rawA), parse(rawB)
		options := stats.Options{Paired: paired}
		if higher {
			options.Better = stats.HigherIsBetter
		}
		c := stats.Compare(a, b, options)
		requireJSON(t, c, stats.Summarize(a), stats.CompareStability(a, b, options),
			c.Adjusted(1), stats.DriftOf(a), stats.AutocorrelationOf(a), stats.Outliers(a), stats.ModesOf(a))
		requireSense(t, c)
		if s := stats.Summarize(a); s.Count > 0 {
			assert.True(t, s.Min <= s.Med && s.Med <= s.P90 && s.P90 <= s.P99 && s.P99 <= s.Max, "%v", s)
			assert.True(t, s.MedCI95 == nil || s.MedCI95.Contains(s.Med), "%v", s)
		}
		if s := stats.CompareStability(a, b, options); s != nil && s.RatioCI95 != nil {
			assert.True(t, s.RatioCI95.Contains(s.Ratio), "%v", s)
		}
		mirrored := stats.Compare(b, a, options)
		opposite := map[stats.Verdict]stats.Verdict{
			stats.AFaster: stats.BFaster, stats.BFaster: stats.AFaster, stats.Inconclusive: stats.Inconclusive,
		}
		assert.Equal(t, opposite[c.Verdict], mirrored.Verdict, "sides %v and %v", a, b)
		assert.Equal(t, c.PValue, mirrored.PValue, "sides %v and %v", a, b)
		assert.Equal(t, c.Needed, mirrored.Needed, "sides %v and %v", a, b)
	})
}

// requireSense requires the figures of a comparison to agree.
func requireSense(t *testing.T, c stats.Comparison) {
	t.Helper()
	if c.PValue != nil {
		require.True(t, *c.PValue >= 0 && *c.PValue <= 1, "p %g", *c.PValue)
	}
	require.Equal(t, c.PValue != nil, c.Test != "", "%v", c)
	if c.RatioCI95 != nil {
		require.True(t, c.RatioCI95.Contains(*c.Ratio), "%v", c)
	}
	if c.DifferenceCI95 != nil {
		require.True(t, c.DifferenceCI95.Contains(*c.Difference), "%v", c)
	}
	if c.SmallestRatio != nil {
		require.GreaterOrEqual(t, *c.SmallestRatio, 1.0)
	}
	if c.Needed != nil {
		require.Equal(t, stats.Inconclusive, c.Verdict)
		require.Positive(t, *c.Needed)
	}
	if c.Verdict != stats.Inconclusive {
		require.Less(t, *c.PValue, stats.Alpha)
		require.False(t, c.RatioCI95.Contains(1))
		require.Equal(t, *c.Ratio > 1, c.Verdict == stats.AFaster)
	}
}

// requireJSON requires each figure to be one that JSON can hold: no NaN, no infinity.
func requireJSON(t *testing.T, figures ...any) {
	t.Helper()
	_, err := json.Marshal(figures)
	require.NoError(t, err)
}

func floats(values ...float64) []byte {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
	}
	return raw
}

func parse(raw []byte) []float64 {
	var values []float64
	for ; len(raw) >= 8; raw = raw[8:] {
		values = append(values, math.Float64frombits(binary.LittleEndian.Uint64(raw)))
	}
	return values
}
