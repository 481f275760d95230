package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

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
	ExpiresAt     string `json:"expires_at"`     // to the nanosecond; moves with each request
}

// Tags is the answer of /api/tags.
type Tags struct {
	Models []Model `json:"models"`
}

// PS is the answer of /api/ps.
type PS struct {
	Models []RunningModel `json:"models"`
}

// Shown is the answer of /api/show, as far as it tells one model from another.
type Shown struct {
	Modelfile  string  `json:"modelfile"`
	Parameters string  `json:"parameters"`
	Template   string  `json:"template"`
	System     string  `json:"system"`
	Details    Details `json:"details"`

	Messages  json.RawMessage `json:"messages"`
	ModelInfo map[string]any  `json:"model_info"` // the metadata of the weights' file
}

// blobLine finds the blobs that the Modelfile names by their digests: first the weights,
// then adapters and projectors.
var blobLine = regexp.MustCompile(`(?m)^(?:FROM|ADAPTER) .*sha256[-:]([0-9a-f]{64})\s*$`)

func (s Shown) blobs() []string {
	lines := blobLine.FindAllStringSubmatch(s.Modelfile, -1)
	digests := make([]string, len(lines))
	for i, line := range lines {
		digests[i] = line[1]
	}
	return digests
}

// Weights returns the digest of the weights, "" where the server does not tell.
func (s Shown) Weights() string {
	if blobs := s.blobs(); len(blobs) > 0 {
		return blobs[0]
	}
	return ""
}

// Setup returns a digest of what is around the weights and changes the answers:
// template, system prompt, messages, default parameters, adapters and projectors.
func (s Shown) Setup() string {
	parts := []string{s.Template, s.System, string(s.Messages), s.Defaults()}
	if blobs := s.blobs(); len(blobs) > 1 {
		parts = append(parts, blobs[1:]...)
	}
	return digestOf(strings.Join(parts, "\x00"))
}

// Defaults returns the parameters that the model brings along, as `name value`, in order:
// `num_ctx 4096; stop "a"`. Ollama keeps them in a map, so that each answer has another order.
func (s Shown) Defaults() string {
	var defaults []string
	for line := range strings.Lines(s.Parameters) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name != "" {
			defaults = append(defaults, strings.TrimSpace(name+" "+strings.TrimSpace(value)))
		}
	}
	slices.Sort(defaults)
	return strings.Join(defaults, "; ")
}

// LongestContext returns the number of tokens that the model was made for, 0 where the server
// does not tell.
func (s Shown) LongestContext() int64 {
	architecture, _ := s.ModelInfo["general.architecture"].(string)
	length, _ := s.ModelInfo[architecture+".context_length"].(float64)
	if !(length >= 1 && length < 1<<53) { // neither NaN nor more than a float64 counts exactly
		return 0
	}
	return int64(length)
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Version is the answer of /api/version.
type Version struct {
	Version string `json:"version"`
}

// ThisMachine is the host of a server that runs on the client's own machine, or behind a
// tunnel that begins there.
const ThisMachine = "localhost"

// Inventory is what a server has told about itself, and where it was found. Parts that were
// not asked for, or not answered, are nil or empty.
type Inventory struct {
	Host    string // ThisMachine, or the IP address that was connected to; "" behind a proxy
	Version string
	Models  []Model
	Running []RunningModel
	Shown   map[string]Shown // by the name that was asked for
}

// Manifest identifies a model on a server, and says in what conditions it runs. Equal digests
// mean the same model, as they do for one that both servers have pulled. A model that was
// built on each server has digests of its own; it is the same if weights and setup are.
// Fields the server did not tell are absent.
type Manifest struct {
	Host          string `json:"host,omitempty"` // Inventory.Host
	ServerVersion string `json:"server_version,omitempty"`
	Model         string `json:"model,omitempty"` // the full name, with its tag
	Digest        string `json:"digest,omitempty"`
	Weights       string `json:"weights_digest,omitempty"`
	Setup         string `json:"setup_digest,omitempty"` // of the two that follow, and more: Shown.Setup
	Template      string `json:"template_digest,omitempty"`
	Parameters    string `json:"parameters_digest,omitempty"`
	Defaults      string `json:"parameters,omitempty"` // Shown.Defaults
	Details
	Size           int64    `json:"size_bytes,omitempty"`
	ContextLength  int64    `json:"context_length,omitempty"`     // tokens, as loaded
	LongestContext int64    `json:"context_length_max,omitempty"` // tokens that the model was made for
	VRAMShare      *float64 `json:"vram_share,omitempty"`         // 0 (all on CPU) to 1, nil if not loaded
}

// Manifest returns what is known of a model; found is false where the server listed
// its models without this one.
func (i Inventory) Manifest(model string) (manifest Manifest, found bool) {
	manifest.Host, manifest.ServerVersion = i.Host, i.Version
	for _, m := range i.Models {
		if SameModel(m.Name, model) {
			manifest.Model, manifest.Digest, manifest.Details, manifest.Size = m.Name, m.Digest, m.Details, m.Size
			found = true
		}
	}
	for name, show := range i.Shown {
		if SameModel(name, model) {
			manifest.add(show)
		}
	}
	for _, r := range i.Running {
		// A model that was loaded under another name of its own is listed under that one.
		if !SameModel(r.Name, model) && (r.Digest == "" || r.Digest != manifest.Digest) {
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

// add takes what /api/show tells.
func (m *Manifest) add(s Shown) {
	m.Weights, m.Setup = s.Weights(), s.Setup()
	m.Template, m.Parameters, m.Defaults = digestOf(s.Template), digestOf(s.Defaults()), s.Defaults()
	m.LongestContext = s.LongestContext()
	if m.Details == (Details{}) {
		m.Details = s.Details
	}
}

// SameServerAs says whether both inventories, taken while no request was running, are of
// one server: each request moves the moment at which its model is to be unloaded, so that
// two servers never agree on it to the nanosecond.
func (i Inventory) SameServerAs(other Inventory) bool {
	return slices.ContainsFunc(i.Running, func(m RunningModel) bool {
		return m.ExpiresAt != "" && slices.ContainsFunc(other.Running, func(o RunningModel) bool {
			return o.Name == m.Name && o.ExpiresAt == m.ExpiresAt
		})
	})
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
