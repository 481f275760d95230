package api

import "strings"

// Details is what the server says of a model's make.
type Details struct {
	Format            string `json:"format,omitempty"`
	Family            string `json:"family,omitempty"`
	ParameterSize     string `json:"parameter_size,omitempty"`
	QuantizationLevel string `json:"quantization_level,omitempty"`
}

// Model is an entry of /api/tags: a model that the server has.
type Model struct {
	Name    string  `json:"name"`
	Digest  string  `json:"digest"`
	Size    int64   `json:"size"` // bytes
	Details Details `json:"details"`
}

// RunningModel is an entry of /api/ps: a model that is loaded.
type RunningModel struct {
	Name          string `json:"name"`
	Digest        string `json:"digest"`
	Size          int64  `json:"size"`           // bytes of memory in all
	SizeVRAM      int64  `json:"size_vram"`      // of which on a GPU
	ContextLength int64  `json:"context_length"` // tokens; 0 before Ollama 0.9
}

// Tags is the answer of /api/tags.
type Tags struct {
	Models []Model `json:"models"`
}

// PS is the answer of /api/ps.
type PS struct {
	Models []RunningModel `json:"models"`
}

// Version is the answer of /api/version.
type Version struct {
	Version string `json:"version"`
}

// Inventory is what a server has told about itself. Parts that were not asked for,
// or not answered, are nil or empty.
type Inventory struct {
	Version string
	Models  []Model
	Running []RunningModel
}

// Manifest identifies a model on a server: two servers run the same model if the
// digests are equal. Fields the server did not tell are absent.
type Manifest struct {
	ServerVersion string `json:"server_version,omitempty"`
	Model         string `json:"model,omitempty"` // the full name, with its tag
	Digest        string `json:"digest,omitempty"`
	Details
	Size          int64    `json:"size_bytes,omitempty"`
	ContextLength int64    `json:"context_length,omitempty"` // tokens, as loaded
	VRAMShare     *float64 `json:"vram_share,omitempty"`     // 0 (all on CPU) to 1, nil if not loaded
}

// Manifest returns what is known of a model; found is false where the server listed
// its models without this one.
func (i Inventory) Manifest(model string) (manifest Manifest, found bool) {
	manifest.ServerVersion = i.Version
	for _, m := range i.Models {
		if SameModel(m.Name, model) {
			manifest.Model, manifest.Digest, manifest.Details, manifest.Size = m.Name, m.Digest, m.Details, m.Size
			found = true
		}
	}
	for _, r := range i.Running {
		if !SameModel(r.Name, model) {
			continue
		}
		manifest.ContextLength = r.ContextLength
		if r.Size > 0 {
			share := float64(r.SizeVRAM) / float64(r.Size)
			manifest.VRAMShare = &share
		}
	}
	return manifest, found
}

// ModelNames returns the names of the models that the server has.
func (i Inventory) ModelNames() []string {
	names := make([]string, len(i.Models))
	for n, m := range i.Models {
		names[n] = m.Name
	}
	return names
}

// SameModel says whether two names mean one model: case does not count, a name without
// a tag means the tag `latest`, and one without a registry means Ollama's own.
func SameModel(a, b string) bool {
	return fullName(a) == fullName(b)
}

func fullName(name string) string {
	name = strings.TrimPrefix(strings.ToLower(name), "registry.ollama.ai/")
	name = strings.TrimPrefix(name, "library/")
	if strings.Contains(name[strings.LastIndex(name, "/")+1:], ":") {
		return name
	}
	return name + ":latest"
}
