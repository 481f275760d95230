package preflight

import (
	"strconv"
	"strings"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
)

// Difference is a property in which a model on two servers differs, under its name in
// results.json.
type Difference struct {
	Field string `json:"field"`
	A     string `json:"a"`
	B     string `json:"b"`
}

// Differences holds the model of one server against that of another: the servers' versions,
// the model's digest, quantisation and parameter size, the context length with which it is
// loaded and the share of it that is in VRAM. What one of them did not tell is no difference,
// and neither are the digests of one model that was built on each server.
func Differences(a, b api.Manifest) []Difference {
	var differences []Difference
	if same, _ := a.SameAs(b); same {
		b.Digest, b.Weights, b.Setup = a.Digest, a.Weights, a.Setup
	}
	for _, d := range []Difference{
		{"server_version", a.ServerVersion, b.ServerVersion},
		{"digest", shortDigest(a.Digest), shortDigest(b.Digest)},
		{"weights_digest", shortDigest(a.Weights), shortDigest(b.Weights)},
		{"setup_digest", shortDigest(a.Setup), shortDigest(b.Setup)},
		{"quantization_level", a.QuantizationLevel, b.QuantizationLevel},
		{"parameter_size", a.ParameterSize, b.ParameterSize},
		{"context_length", tokens(a.ContextLength), tokens(b.ContextLength)},
		{"vram_share", share(a.VRAMShare), share(b.VRAMShare)},
	} {
		if d.A != "" && d.B != "" && d.A != d.B {
			differences = append(differences, d)
		}
	}
	return differences
}

// shortDigest is as long as `ollama list` shows it.
func shortDigest(digest string) string {
	digest = strings.TrimPrefix(digest, "sha256:")
	return digest[:min(len(digest), 12)]
}

func tokens(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func share(s *float64) string {
	if s == nil {
		return ""
	}
	return strconv.FormatFloat(*s*100, 'f', 0, 64) + "%"
}
