package report

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/manifest"
	"github.com/xk6-ollama/xk6-ollama/internal/settings"
)

// RemarkCode names something to know about two runs that are compared.
type RemarkCode string

// The remarks there are. Those that block keep gates on changes from being judged.
const (
	RunsModelDiffers    RemarkCode = "model_differs"    // blocks
	RunsSettingDiffers  RemarkCode = "setting_differs"  // blocks
	RunsModelUnknown    RemarkCode = "model_unknown"    // a run does not say which model it is
	RunsOnlyInBase      RemarkCode = "only_in_base"     // the new run has no such series
	RunsOnlyInNew       RemarkCode = "only_in_new"      // the base has no such series
	RunsWithoutRequests RemarkCode = "without_requests" // no values of every request: means alone are tested
	RunsSwapped         RemarkCode = "swapped"          // the base is younger than the new run
	RunsInterrupted     RemarkCode = "interrupted"      // a run was stopped early
	RunsServerDiffers   RemarkCode = "server_differs"   // another version of Ollama, context, or share in VRAM
	RunsEndpointDiffers RemarkCode = "endpoint_differs" // the target is at another address
	RunsMachineDiffers  RemarkCode = "machine_differs"  // the client ran elsewhere
	RunsToolDiffers     RemarkCode = "tool_differs"     // another version of this extension
	RunsLengthsDiffer   RemarkCode = "lengths_differ"   // the answers are of other lengths
)

// Remark is something to know about two runs that are compared. Message is in English.
type Remark struct {
	Code    RemarkCode `json:"code"`
	Message string     `json:"message"`
	Blocks  bool       `json:"blocks_gates,omitempty"`
	Target  string     `json:"target,omitempty"`
	Model   string     `json:"model,omitempty"`
	Name    string     `json:"name,omitempty"` // of a setting or a file
	Base    string     `json:"base,omitempty"` // what is so of the base
	New     string     `json:"new,omitempty"`  // and of the new run
	// Without says why there are no requests; Detail says more of it.
	Without WithoutRequests `json:"without,omitempty"`
	Detail  string          `json:"detail,omitempty"`
	// Differences are those of a model: A is what is so of the base.
	Differences []manifest.Difference `json:"differences,omitempty"`
}

// remark gathers what there is to know.
func (c *Changes) remark(base, after Measured) {
	c.Remarks = []Remark{}
	add := func(applies bool, r Remark) {
		same := func(other Remark) bool { return reflect.DeepEqual(r, other) }
		if applies && !slices.ContainsFunc(c.Remarks, same) {
			c.Remarks = append(c.Remarks, r)
		}
	}
	for _, r := range differentSettings(base.Results.Settings, after.Results.Settings) {
		c.differentSettings = true
		add(true, r)
	}
	simulated := base.Results.simulated() && after.Results.simulated()
	for i := range c.Series {
		for _, r := range c.Series[i].remarks() {
			// Simulated servers take whatever port is free.
			add(r.Code != RunsEndpointDiffers || !simulated, r)
		}
	}
	for _, run := range []Measured{base, after} {
		add(run.Without != "", Remark{
			Code: RunsWithoutRequests, Name: run.Name, Without: run.Without, Detail: run.Detail,
		})
		stopped := slices.ContainsFunc(run.Results.Warnings, func(w Warning) bool { return w.Code == Interrupted })
		add(stopped, Remark{Code: RunsInterrupted, Name: run.Name})
	}
	add(base.Results.GeneratedAt.After(after.Results.GeneratedAt), Remark{Code: RunsSwapped})
	was, is := base.Results.Environment, after.Results.Environment
	add(was.machine() != is.machine(), Remark{Code: RunsMachineDiffers, Base: was.machine(), New: is.machine()})
	add(was.Extension != is.Extension, Remark{Code: RunsToolDiffers, Base: was.Extension, New: is.Extension})
	for i := range c.Remarks {
		c.Remarks[i].Message = changeWordsIn(locale.English).remark(c.Remarks[i])
	}
}

func (r *Results) simulated() bool {
	simulated, _ := r.Settings[string(settings.Simulate)].(bool)
	return simulated
}

func (e Environment) machine() string {
	if e == (Environment{}) {
		return ""
	}
	return fmt.Sprintf("%s/%s, %d CPUs", e.OS, e.Arch, e.CPUs)
}

// otherwiseKnown are the settings that may differ: how many requests there were is part of every
// test, models and servers are looked at by themselves, and the rest changes no request.
func otherwiseKnown() []settings.Name {
	return []settings.Name{
		settings.NumRequests, settings.Model, settings.Targets, settings.Only, settings.LocalEndpoint,
		settings.RemoteEndpoint, settings.Timeout, settings.Locale, settings.Out,
	}
}

// differentSettings returns what the runs were told to do differently. What only one of them says
// is not known of the other.
func differentSettings(base, after map[string]any) []Remark {
	var list []Remark
	for _, name := range slices.Sorted(maps.Keys(base)) {
		value, both := after[name]
		was, is := asJSON(base[name]), asJSON(value)
		if both && was != is && !slices.Contains(otherwiseKnown(), settings.Name(name)) {
			list = append(list, Remark{Code: RunsSettingDiffers, Blocks: true, Name: name, Base: was, New: is})
		}
	}
	return list
}

// asJSON writes a value that was read from JSON, which can't fail.
func asJSON(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

func (s *SeriesChange) remarks() []Remark {
	about := Remark{Target: s.Target, Model: s.Model}
	with := func(code RemarkCode, base, after string) Remark {
		r := about
		r.Code, r.Base, r.New = code, base, after
		return r
	}
	switch s.OnlyIn {
	case "base":
		return []Remark{with(RunsOnlyInBase, "", "")}
	case "new":
		return []Remark{with(RunsOnlyInNew, "", "")}
	}
	var list []Remark
	ofModel, ofServer := modelDifferences(manifestOf(s.base), manifestOf(s.after))
	switch {
	case s.differentModels():
		r := with(RunsModelDiffers, s.base.Model, s.after.Model)
		r.Blocks, r.Differences = true, ofModel
		list = append(list, r)
	case s.likeness == manifest.Unknown:
		list = append(list, with(RunsModelUnknown, "", ""))
	}
	if len(ofServer) > 0 {
		r := with(RunsServerDiffers, "", "")
		r.Differences = ofServer
		list = append(list, r)
	}
	if s.base.Endpoint != "" && s.after.Endpoint != "" && s.base.Endpoint != s.after.Endpoint {
		list = append(list, Remark{
			Code: RunsEndpointDiffers, Target: s.Target, Base: s.base.Endpoint, New: s.after.Endpoint,
		})
	}
	if lengthsDiffer(*s.base, *s.after) {
		x, y := s.base.Metrics[OutputTokens].Mean, s.after.Metrics[OutputTokens].Mean
		list = append(list, with(RunsLengthsDiffer, decimals(x, 1), decimals(y, 1)))
	}
	return list
}

// modelDifferences returns in what two models differ, and in what how they were run does.
func modelDifferences(base, after api.Manifest) (ofModel, ofServer []manifest.Difference) {
	for _, d := range manifest.Differences(base, after) {
		if d.Field.Identity() || d.Field.InSetup() {
			ofModel = append(ofModel, d)
		} else {
			ofServer = append(ofServer, d)
		}
	}
	return ofModel, ofServer
}
