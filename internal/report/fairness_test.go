package report_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
)

const at = "2026-11-23T14:25:19.406574154Z"

// asked is the inventory of a server that was asked everything, after its model had run.
func asked(change func(*api.Inventory, *api.Shown, *api.RunningModel)) api.Inventory {
	i := inventory(digestA, "Q4_K_M", "0.17.4")
	shown := api.Shown{
		Modelfile: "FROM /models/blobs/sha256-" + digestA, Template: "{{ .Prompt }}",
		Parameters: "num_ctx    4096\nstop   \"a\"", System: "Be brief.",
	}
	running := api.RunningModel{Name: model, Digest: digestA, Size: 200, SizeVRAM: 200, ContextLength: 4096}
	if change != nil {
		change(&i, &shown, &running)
	}
	i.Shown, i.Running = map[string]api.Shown{model: shown}, []api.RunningModel{running}
	return i
}

func TestUnequalSidesAreWarnedOf(t *testing.T) {
	t.Parallel()
	built := func(i *api.Inventory, s *api.Shown) { // on the server itself, so that its digest is its own
		i.Models[0].Digest = "ff" + digestA[2:]
		s.Modelfile = "FROM /elsewhere/sha256-" + digestA
	}
	for _, tt := range []struct {
		name   string
		change func(*api.Inventory, *api.Shown, *api.RunningModel)
		want   map[report.WarningCode]string // codes, and what the message says of the difference
	}{
		{"nothing", nil, nil},
		{"built on each server", func(i *api.Inventory, s *api.Shown, _ *api.RunningModel) { built(i, s) }, nil},
		{"another quantisation", func(i *api.Inventory, s *api.Shown, _ *api.RunningModel) {
			i.Models[0].Digest, i.Models[0].Details.QuantizationLevel = "ff"+digestA[2:], "F16"
			s.Modelfile = "FROM /models/blobs/sha256-ff" + digestA[2:]
		}, map[report.WarningCode]string{report.ModelsDiffer: "quantisation: Q4_K_M ≠ F16"}},
		{"another digest", func(i *api.Inventory, s *api.Shown, _ *api.RunningModel) {
			i.Models[0].Digest, s.Modelfile = "ff"+digestA[2:], ""
		}, map[report.WarningCode]string{report.ModelsDiffer: "digest: e0979632db5a ≠ ff979632db5a"}},
		{"another template", func(i *api.Inventory, s *api.Shown, _ *api.RunningModel) {
			built(i, s)
			s.Template = "{{ .System }}{{ .Prompt }}"
		}, map[report.WarningCode]string{report.SetupsDiffer: "set up differently (template: "}},
		{"other parameters", func(i *api.Inventory, s *api.Shown, _ *api.RunningModel) {
			built(i, s)
			s.Parameters = "stop \"a\"\nnum_ctx 8192"
		}, map[report.WarningCode]string{
			report.SetupsDiffer: "set up differently (Modelfile parameters: num_ctx 4096 ≠ num_ctx 8192).",
		}},
		{"another system prompt", func(i *api.Inventory, s *api.Shown, _ *api.RunningModel) {
			built(i, s)
			s.System = ""
		}, map[report.WarningCode]string{report.SetupsDiffer: "set up differently (system prompt, messages, adapters: "}},
		{"another context", func(_ *api.Inventory, _ *api.Shown, r *api.RunningModel) {
			r.ContextLength = 8192
		}, map[report.WarningCode]string{report.ContextsDiffer: "a context of 4096 tokens, Remote Ollama with 8192"}},
		{"half on the CPU", func(_ *api.Inventory, _ *api.Shown, r *api.RunningModel) {
			r.SizeVRAM = 100
		}, map[report.WarningCode]string{
			report.VRAMSharesDiffer: "had 100% of deepseek-r1:1.5b in VRAM, Remote Ollama 50%",
		}},
		{"another version", func(i *api.Inventory, _ *api.Shown, _ *api.RunningModel) {
			i.Version = "0.16.0"
		}, map[report.WarningCode]string{report.VersionsDiffer: "runs Ollama 0.17.4, Remote Ollama runs 0.16.0"}},
		{"not asked what is loaded", func(_ *api.Inventory, _ *api.Shown, r *api.RunningModel) {
			*r = api.RunningModel{}
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			results := report.Summarize(report.Run{
				Records: interleave(10, local(), remote()), Targets: []string{"local", "remote"},
				Inventories: map[string]api.Inventory{"local": asked(nil), "remote": asked(tt.change)},
			})
			got := map[report.WarningCode]string{}
			for _, w := range results.Warnings {
				got[w.Code] = w.Message
			}
			require.Len(t, got, len(tt.want), "%v", got)
			for code, text := range tt.want {
				assert.Contains(t, got[code], text)
			}
		})
	}
}

func TestSharedMachinesAreWarnedOf(t *testing.T) {
	t.Parallel()
	on := func(host, expires string) api.Inventory {
		return asked(func(i *api.Inventory, _ *api.Shown, r *api.RunningModel) { i.Host, r.ExpiresAt = host, expires })
	}
	moved := remote()
	moved.url = localURL
	for _, tt := range []struct {
		name          string
		local, remote api.Inventory
		second        server
		simulate      bool
		want          []report.WarningCode
	}{
		{"two machines", on(api.ThisMachine, at), on("203.0.113.10", at+"1"), remote(), false, nil},
		{"behind proxies", on("", at), on("", at+"1"), remote(), false, nil},
		{"one machine", on("203.0.113.10", at), on("203.0.113.10", at+"1"), remote(), false, []report.WarningCode{report.SameHost}},
		{"one server", on("203.0.113.10", at), on("203.0.113.10", at), remote(), false, []report.WarningCode{report.SameServer}},
		{"one address", on(api.ThisMachine, at), on(api.ThisMachine, at+"1"), moved, false, []report.WarningCode{report.SameServer}},
		{"simulated", on(api.ThisMachine, at), on(api.ThisMachine, at+"1"), remote(), true, []report.WarningCode{report.Simulated}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			results := report.Summarize(report.Run{
				Records: interleave(10, local(), tt.second), Targets: []string{"local", "remote"},
				Settings:    map[string]any{"SIMULATE": tt.simulate},
				Inventories: map[string]api.Inventory{"local": tt.local, "remote": tt.remote},
			})
			var codes []report.WarningCode
			for _, w := range results.Warnings {
				codes = append(codes, w.Code)
			}
			assert.Equal(t, tt.want, codes)
		})
	}
}
