package report //nolint:testpackage // what an axis leaves out is decided in private

import (
	"math"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestScales(t *testing.T) {
	t.Parallel()
	even := make([]float64, 100) // 100 to 199
	for i := range even {
		even[i] = 100 + float64(i)
	}
	with := func(values ...float64) []float64 { return append(append([]float64{}, even...), values...) }
	for _, tt := range []struct {
		name          string
		sides         [][]float64
		others        []float64
		log           bool
		holds, beyond []float64
	}{
		{"two alike", [][]float64{even, even}, nil, false, []float64{0, 100, 199}, nil},
		{"one value", [][]float64{{5}}, nil, false, []float64{0, 5}, nil},
		{"one value, 0", [][]float64{{0}}, nil, false, []float64{0}, nil},
		{"failures alone", nil, []float64{30, 40}, false, []float64{0, 30, 40}, nil},
		{"a few that are far out", [][]float64{with(9000, 50_000)}, nil, false, []float64{0, 100, 199}, []float64{9000, 50_000}},
		{"far, not far out", [][]float64{with(900)}, nil, false, []float64{0, 199, 900}, nil},
		{"a slow warm-up", [][]float64{even}, []float64{40_000}, false, []float64{0, 199}, []float64{40_000}},
		{"two groups", [][]float64{append(with(), with(5000, 5001)...)}, nil, false, []float64{100, 199}, []float64{5000}},
		{"many that are far out", [][]float64{with(slicesOf(20, 70_000)...)}, nil, true, []float64{100, 70_000}, nil},
		{"sides far apart", [][]float64{{1, 1.1}, {60, 61}}, nil, true, []float64{1, 61}, nil},
		{"far apart, one of them 0", [][]float64{{0, 0}, {60, 61}}, nil, false, []float64{0, 61}, nil},
		{"no clock shows these", [][]float64{{1e-300, 1e99}}, nil, false, []float64{0, 1e99}, nil},
		{"below 0", [][]float64{{-3, 4}}, nil, false, []float64{-3, 4}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, ok := scaleOf(tt.sides, tt.others, true)
			require.True(t, ok)
			assert.Equal(t, tt.log, s.log)
			assert.Less(t, s.low, s.high)
			for _, value := range tt.holds {
				assert.Equal(t, value, s.at(value))
			}
			for _, value := range tt.beyond {
				assert.Greater(t, value, s.high)
				assert.Equal(t, s.high, s.at(value))
			}
			axis := s.axis(5, english.unit)
			assert.NotEmpty(t, axis.Ticks)
			for _, tick := range axis.Ticks {
				assert.False(t, math.IsNaN(tick.Value))
				assert.NotContains(t, tick.Label, "-0 ")
			}
		})
	}
	_, ok := scaleOf([][]float64{nil, {}}, nil, true)
	assert.False(t, ok)
}

func slicesOf(n int, value float64) []float64 {
	list := make([]float64, n)
	for i := range list {
		list[i] = value
	}
	return list
}

func TestMarksOfAxes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ms, largest float64
		want        string
	}{
		{0, 2000, "0 s"},
		{500, 2000, "0.5 s"},
		{1500, 1_500_000, "1.5 s"},
		{2e6, 3e6, "2,000 s"},
		{20, 80, "20 ms"},
		{0.5, 0.8, "500 µs"},
		{0.0000002, 0.0000008, "0.2 ns"},
		{0.30000000000000004, 2, "0.3 ms"},
	} {
		assert.Equal(t, tt.want, english.unit(tt.ms, tt.largest))
	}
	for number, want := range map[string]string{
		"1": "1", "999": "999", "1000": "1,000", "-1000": "-1,000", "-100": "-100", "1234567.25": "1,234,567.25", "": "",
	} {
		assert.Equal(t, want, thousands(number))
	}
}

func TestPagesSayTheSameInBothLanguages(t *testing.T) {
	t.Parallel()
	en, ko := reflect.ValueOf(htmlEnglish), reflect.ValueOf(htmlKorean)
	for i := range en.NumField() {
		if en.Field(i).Kind() != reflect.String {
			continue
		}
		name := en.Type().Field(i).Name
		assert.NotEmpty(t, en.Field(i).String(), name)
		assert.NotEmpty(t, ko.Field(i).String(), name)
		assert.Equal(t, verbs(en.Field(i).String()), verbs(ko.Field(i).String()), name)
	}
	checks := reflect.TypeFor[SelfCheck]().NumField() - 1 // Client is no count
	assert.Len(t, htmlEnglish.checks, checks)
	assert.Len(t, htmlKorean.checks, checks)
	assert.Len(t, (&SelfCheck{}).counts(), checks)
	assert.Len(t, htmlKorean.glossary, len(htmlEnglish.glossary))
}
