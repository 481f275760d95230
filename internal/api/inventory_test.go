package api_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
)

func TestSameModel(t *testing.T) {
	t.Parallel()
	for _, same := range [][2]string{
		{"tiny", "tiny"},
		{"tiny", "tiny:latest"},
		{"TINY:Latest", "tiny"},
		{"deepseek-r1:1.5b", "deepseek-r1:1.5B"},
		{"me/tiny", "me/tiny:latest"},
		{"library/tiny", "tiny"},
		{"registry.ollama.ai/library/tiny:latest", "tiny"},
		{"registry.ollama.ai/me/tiny", "me/tiny"},
		{"localhost:5000/me/tiny", "localhost:5000/me/tiny:latest"},
	} {
		assert.True(t, api.SameModel(same[0], same[1]), same)
		assert.True(t, api.SameModel(same[1], same[0]), same)
	}
	for _, different := range [][2]string{
		{"tiny", "small"},
		{"tiny", "tiny:1b"},
		{"tiny:1b", "tiny:2b"},
		{"me/tiny", "tiny"},
		{"", "tiny"},
		{"tiny", "tin"},
		{"example.com/library/tiny", "tiny"},
	} {
		assert.False(t, api.SameModel(different[0], different[1]), different)
		assert.False(t, api.SameModel(different[1], different[0]), different)
	}
}

// The answers are those of a real server.
func inventory(t *testing.T) api.Inventory {
	t.Helper()
	var (
		tags    api.Tags
		running api.PS
		version api.Version
	)
	require.NoError(t, json.Unmarshal([]byte(`{"models":[{"name":"mid:latest","size":220131480,"digest":"8ae868e5"},
		{"name":"tiny:latest","model":"tiny:latest","size":731648,"digest":"47388487","details":{"parent_model":"",
		"format":"gguf","family":"llama","families":["llama"],"parameter_size":"176K","quantization_level":"unknown"}}]}`), &tags))
	require.NoError(t, json.Unmarshal([]byte(`{"models":[{"name":"tiny:latest","model":"tiny:latest","size":1565952,
		"digest":"47388487","size_vram":391488,"context_length":2048}]}`), &running))
	require.NoError(t, json.Unmarshal([]byte(`{"version":"0.17.4"}`), &version))
	return api.Inventory{Version: version.Version, Models: tags.Models, Running: running.Models}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	all := inventory(t)
	assert.Equal(t, []string{"mid:latest", "tiny:latest"}, all.ModelNames())

	loaded, found := all.Manifest("TINY")
	assert.True(t, found)
	assert.Equal(t, api.Manifest{
		ServerVersion: "0.17.4", Model: "tiny:latest", Digest: "47388487", Size: 731648, ContextLength: 2048,
		Details:   api.Details{Format: "gguf", Family: "llama", ParameterSize: "176K", QuantizationLevel: "unknown"},
		VRAMShare: ptr(0.25),
	}, loaded)

	idle, found := all.Manifest("mid")
	assert.True(t, found)
	assert.Equal(t, api.Manifest{ServerVersion: "0.17.4", Model: "mid:latest", Digest: "8ae868e5", Size: 220131480}, idle)

	missing, found := all.Manifest("nope")
	assert.False(t, found)
	assert.Equal(t, api.Manifest{ServerVersion: "0.17.4"}, missing)

	silent, found := api.Inventory{}.Manifest("tiny")
	assert.False(t, found)
	assert.Equal(t, api.Manifest{}, silent)
	assert.Empty(t, api.Inventory{}.ModelNames())

	nothing := api.Inventory{Running: []api.RunningModel{{Name: "tiny"}}}
	odd, _ := nothing.Manifest("tiny")
	assert.Nil(t, odd.VRAMShare, "no share of a size of 0")
}

func TestManifestLeavesOutTheUnknown(t *testing.T) {
	t.Parallel()
	known := api.Manifest{Model: "tiny:latest", Details: api.Details{Family: "llama"}, VRAMShare: ptr(0.0)}
	text, err := json.Marshal(known)
	require.NoError(t, err)
	assert.JSONEq(t, `{"model":"tiny:latest","family":"llama","vram_share":0}`, string(text))
}

func TestOps(t *testing.T) {
	t.Parallel()
	for op, want := range map[api.Op][2]string{
		api.Generate:    {"POST", "/api/generate"},
		api.Chat:        {"POST", "/api/chat"},
		api.Embed:       {"POST", "/api/embed"},
		api.List:        {"GET", "/api/tags"},
		api.Show:        {"POST", "/api/show"},
		api.ListRunning: {"GET", "/api/ps"},
		api.GetVersion:  {"GET", "/api/version"},
		api.Pull:        {"POST", "/api/pull"},
		api.Load:        {"POST", "/api/generate"},
		api.Unload:      {"POST", "/api/generate"},
	} {
		assert.Equal(t, want, [2]string{op.Method(), op.Path()}, op)
		assert.Equal(t, op == api.Generate || op == api.Chat, op.GeneratesTokens(), op)
		assert.Equal(t, op == api.Generate || op == api.Chat || op == api.Embed, op.Inference(), op)
	}
}
