package report //nolint:testpackage // the formats are private, and what they must hold is not

import (
	"math"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDurations(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ms        float64
		old, fine string
	}{
		{0, "0.00초", "0ms"},
		{123456, "123.46초", "123초"},
		{8450, "8.45초", "8.45초"},
		{850, "0.85초", "850ms"},
		{100, "0.10초", "100ms"},
		{99.99, "100ms", "100ms"},
		{90, "90.0ms", "90.0ms"},
		{-12.34, "-12.3ms", "-12.3ms"},
		{1.5, "1.50ms", "1.50ms"},
		{0.4, "400µs", "400µs"},
		{0.0025, "2.50µs", "2.50µs"},
		{0.000001, "1.00ns", "1.00ns"},
		{1e-12, "1e-06ns", "1e-06ns"},
	} {
		assert.Equal(t, tt.old, korean.duration(tt.ms))
		assert.Equal(t, tt.fine, korean.fine(tt.ms))
	}
	assert.Equal(t, "0.85 s", english.duration(850))
	assert.Equal(t, "12.3 ms", english.duration(12.3))
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "1.183", decimals(1.1834, 3))
	assert.Equal(t, "0.0012", decimals(0.0012, 3))
	assert.Equal(t, "0.000", decimals(0, 3))
	assert.Equal(t, "1.45", factor(1.4501))
	assert.Equal(t, "1.003", factor(1.003))
	assert.Equal(t, "0.996", factor(0.996))
	assert.Equal(t, "1.00", factor(1))
	assert.Equal(t, "10.00", factor(10))
	assert.Equal(t, "100.0%", percent(1))
	assert.Equal(t, "99.99%", percent(0.9999))
	assert.Equal(t, "0.0%", percent(0))
	assert.Equal(t, "0.01%", percent(0.0001))
	assert.Equal(t, "< 0.001", probability(1e-9))
	assert.Equal(t, "0.555", probability(0.5553))
	assert.Equal(t, "0.04996", probability(0.04996))
}

// No figure reads as 0 unless it is 0.
func FuzzOnlyZeroReadsAsZero(f *testing.F) {
	for _, x := range []float64{0, 1, -99.999, 0.0049, 1e-9, 5e-324, 999.4999, 1e300} {
		f.Add(x)
	}
	digit := regexp.MustCompile("[1-9]")
	f.Fuzz(func(t *testing.T, x float64) {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return
		}
		for _, text := range []string{english.duration(x), english.fine(x), decimals(x, 3), factor(x)} {
			assert.Equal(t, x != 0, digit.MatchString(text), "%g reads %q", x, text)
		}
	})
}

func TestParticles(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"로컬": "로컬이", "서버": "서버가", "로컬 Ollama": "로컬 Ollama가", "gpu-1": "gpu-1이(가)", "": "이(가)",
	} {
		assert.Equal(t, want, korean.subject(name))
	}
	assert.Equal(t, "로컬과 서버", korean.and("로컬", "서버"))
	assert.Equal(t, "a and b", english.and("a", "b"))
}

// A text that one language lacks, or that takes other arguments there, would show in nobody's
// test but that language's readers.
func TestLanguagesSayTheSame(t *testing.T) {
	t.Parallel()
	en, ko := reflect.ValueOf(english), reflect.ValueOf(korean)
	for i := range en.NumField() {
		name := en.Type().Field(i).Name
		if en.Field(i).Kind() != reflect.String {
			continue
		}
		assert.NotEmpty(t, ko.Field(i).String(), name)
		assert.Equal(t, verbs(en.Field(i).String()), verbs(ko.Field(i).String()), name)
	}
	source, err := os.ReadFile("warning.go")
	require.NoError(t, err)
	var codes []WarningCode
	for _, found := range regexp.MustCompile(`WarningCode = "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		codes = append(codes, WarningCode(found[1]))
	}
	codes = append(codes, allCold)
	require.Contains(t, codes, ModelsDiffer)
	require.Len(t, english.warnings, len(codes))
	require.Len(t, korean.warnings, len(codes))
	place := regexp.MustCompile(`\{\w+\}`)
	for _, code := range codes {
		assert.NotEmpty(t, english.warnings[code], code)
		assert.NotEmpty(t, korean.warnings[code], code)
		for _, name := range place.FindAllString(english.warnings[code], -1) {
			assert.Contains(t, korean.warnings[code], name, code)
		}
	}
}

// verbs counts the formatting verbs of a text.
func verbs(format string) int {
	return len(regexp.MustCompile(`%(\[\d\])?[sd]`).FindAllString(strings.ReplaceAll(format, "%%", ""), -1))
}

func TestWrapKeepsCommandsWhole(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"first check", "`nc -zv host 1`", "and then"}, wrap("first check `nc -zv host 1` and then", 16))
	assert.Equal(t, []string{"a `long", "command`"}, wrap("a `long command`", 8), "but for one wider than the line")
	assert.Equal(t, []string{""}, wrap("", 10))
}

func TestMarkdownIsEscaped(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `a\|b &lt;script&gt; \*c\* d\_e`, escape("a|b <script> *c* d_e"))
	assert.Equal(t, "use `a_b` for c\\_d", keepCode("use `a_b` for c_d"))
	assert.Equal(t, "`one 'two' three`", code("one\n`two`\tthree"))
}
