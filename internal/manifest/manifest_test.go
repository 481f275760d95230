package manifest_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/manifest"
)

func built(digest, weights, setup string) api.Manifest {
	return api.Manifest{Digest: digest, Weights: weights, Setup: setup}
}

func of(digest, family, size, quantization string) api.Manifest {
	return api.Manifest{
		Digest:  digest,
		Details: api.Details{Family: family, ParameterSize: size, QuantizationLevel: quantization},
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		a, b api.Manifest
		want manifest.Likeness
	}{
		"pulled by both":            {api.Manifest{Digest: "x"}, api.Manifest{Digest: "sha256:X"}, manifest.Identical},
		"other digests":             {api.Manifest{Digest: "x"}, api.Manifest{Digest: "y"}, manifest.OtherModel},
		"one digest":                {api.Manifest{Digest: "x"}, api.Manifest{}, manifest.Unknown},
		"nothing":                   {api.Manifest{}, api.Manifest{}, manifest.Unknown},
		"built by each":             {built("x", "w", "s"), built("y", "w", "s"), manifest.Identical},
		"other weights":             {built("x", "w", "s"), built("y", "v", "s"), manifest.OtherModel},
		"other setup":               {built("x", "w", "s"), built("y", "w", "r"), manifest.OtherSetup},
		"no digests":                {built("", "w", "s"), built("", "w", "s"), manifest.Identical},
		"weights known of one only": {built("x", "w", "s"), api.Manifest{Digest: "y"}, manifest.OtherModel},
		"other quantisation":        {of("x", "llama", "1B", "Q4_K_M"), of("y", "llama", "1B", "Q8_0"), manifest.OtherModel},
		"only the quantisation":     {of("", "", "", "Q4_K_M"), of("", "", "", "F16"), manifest.OtherModel},
		"other size":                {of("", "llama", "1B", ""), of("", "llama", "3B", ""), manifest.OtherModel},
		"other family":              {of("", "llama", "1B", ""), of("", "qwen2", "1B", ""), manifest.OtherModel},
		"family of one only":        {of("x", "llama", "1B", "F16"), of("x", "", "", ""), manifest.Identical},
		"alike, but who knows":      {of("", "llama", "1B", "F16"), of("", "llama", "1B", "F16"), manifest.Unknown},
	} {
		assert.Equal(t, c.want, manifest.Compare(c.a, c.b), name)
		assert.Equal(t, c.want, manifest.Compare(c.b, c.a), "%s, the other way round", name)
	}
}

func full() api.Manifest {
	half := 0.5
	return api.Manifest{
		ServerVersion: "0.17.4", Digest: "sha256:0123456789abcdef", Weights: "aaaa", Setup: "bbbb", Template: "cccc",
		Parameters: "dddd", Defaults: `num_ctx 4096; stop "a"`,
		Details:       api.Details{Family: "qwen2", QuantizationLevel: "Q4_K_M", ParameterSize: "1.5B"},
		ContextLength: 4096, LongestContext: 131072, VRAMShare: &half,
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	assert.Empty(t, manifest.Differences(full(), full()))
	assert.Empty(t, manifest.Differences(full(), api.Manifest{}), "what is unknown does not differ")
	built := full()
	built.Digest = "fedcba9876543210"
	assert.Empty(t, manifest.Differences(full(), built), "one model, built on each server")
	elsewhere := full()
	elsewhere.Host = "203.0.113.10"
	assert.Empty(t, manifest.Differences(full(), elsewhere), "two servers are meant to be two")

	none := 0.0
	other := api.Manifest{
		ServerVersion: "0.16.0", Digest: "ffff", Weights: "1111", Setup: "2222", Template: "3333", Parameters: "4444",
		Defaults:      `num_ctx 8192; stop "a"`,
		Details:       api.Details{Family: "llama", QuantizationLevel: "F16", ParameterSize: "8B"},
		ContextLength: 8192, LongestContext: 2048, VRAMShare: &none,
	}
	assert.Equal(t, []manifest.Difference{
		{"server_version", "0.17.4", "0.16.0"},
		{"family", "qwen2", "llama"},
		{"parameter_size", "1.5B", "8B"},
		{"quantization_level", "Q4_K_M", "F16"},
		{"digest", "0123456789ab", "ffff"},
		{"weights_digest", "aaaa", "1111"},
		{"template_digest", "cccc", "3333"},
		{"parameters_digest", "num_ctx 4096", "num_ctx 8192"},
		{"context_length", "4096", "8192"},
		{"context_length_max", "131072", "2048"},
		{"vram_share", "50%", "0%"},
	}, manifest.Differences(full(), other))

	bare := full()
	bare.Defaults, bare.Parameters, bare.Setup = "", "eeee", "ffff"
	assert.Equal(t, []manifest.Difference{{"parameters_digest", `num_ctx 4096; stop "a"`, "none"}},
		manifest.Differences(full(), bare))
	assert.Equal(t, "none", manifest.Show("none", locale.English))
	assert.Equal(t, "없음", manifest.Show("none", locale.Korean))
	assert.Equal(t, "–", manifest.Show("", locale.Korean), "not told")
	assert.Equal(t, "F16", manifest.Show("F16", locale.Korean))
	prompted := full()
	prompted.Setup = "ffff"
	assert.Equal(t, []manifest.Difference{{"setup_digest", "bbbb", "ffff"}}, manifest.Differences(full(), prompted),
		"neither template nor parameters: the system prompt, say")
}

func TestShare(t *testing.T) {
	t.Parallel()
	for share, want := range map[float64]string{0: "0%", 0.5: "50%", 1: "100%", -1: "", 1.5: "", math.NaN(): ""} {
		assert.Equal(t, want, manifest.Share(&share))
	}
	assert.Empty(t, manifest.Share(nil))
}

func TestFacts(t *testing.T) {
	t.Parallel()
	assert.Empty(t, manifest.Facts())
	assert.Empty(t, manifest.Facts(api.Manifest{}, api.Manifest{}))
	third := full()
	third.QuantizationLevel, third.ServerVersion = "F16", ""
	facts := manifest.Facts(full(), full(), third)
	byField := map[manifest.Field]manifest.Fact{}
	for _, fact := range facts {
		byField[fact.Field] = fact
		assert.Len(t, fact.Values, 3, fact.Field)
	}
	assert.Equal(t, []string{"Q4_K_M", "Q4_K_M", "F16"}, byField[manifest.Quantization].Values)
	assert.True(t, byField[manifest.Quantization].Differs, "one of three is enough")
	assert.Equal(t, []string{"0.17.4", "0.17.4", ""}, byField[manifest.ServerVersion].Values)
	assert.False(t, byField[manifest.ServerVersion].Differs, "it did not tell")
	assert.NotContains(t, byField, manifest.Weights, "the digests say it")
	assert.NotContains(t, byField, manifest.Setup, "template and parameters say it")
}

// A field is a name of results.json and has a name for people in both languages.
func TestFields(t *testing.T) {
	t.Parallel()
	inJSON := map[string]bool{}
	for _, kind := range []reflect.Type{reflect.TypeOf(api.Manifest{}), reflect.TypeOf(api.Details{})} {
		for i := range kind.NumField() {
			name, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
			inJSON[name] = true
		}
	}
	built := full()
	built.Digest, built.Setup = "ffff", "ffff" // so that nothing is left out
	facts := manifest.Facts(full(), built)
	assert.Len(t, facts, 12)
	for _, fact := range facts {
		assert.True(t, inJSON[string(fact.Field)], fact.Field)
		assert.NotEmpty(t, fact.Field.Name(locale.English))
		assert.NotEmpty(t, fact.Field.Name(locale.Korean))
		assert.False(t, fact.Field.Identity() && fact.Field.InSetup())
	}
}
