package report

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/manifest"
)

// WarningCode names a reason to read the figures with care.
type WarningCode string

// The warnings there are.
const (
	// Interrupted says that the test was stopped before its end.
	Interrupted WarningCode = "interrupted"
	// CutOff says that requests were cancelled with their iteration, at the end of a scenario
	// or by an exception of the script, in a test that came to its end.
	CutOff WarningCode = "cut_off"
	// NoRequests says that nothing was measured of a target.
	NoRequests WarningCode = "no_requests"
	// WarmupFailed says that warm-up requests failed.
	WarmupFailed WarningCode = "warmup_failed"
	// AllFailed says that every measured request failed.
	AllFailed WarningCode = "all_failed"
	// SomeFailed says that some measured requests failed; the figures are of the others.
	SomeFailed WarningCode = "some_failed"
	// FewRequests says that fewer than ten requests succeeded.
	FewRequests WarningCode = "few_requests"
	// ColdRequests says that the server loaded the model within measured requests.
	ColdRequests WarningCode = "cold_requests"
	// CachedPrompts says that the prompt cache answered for most of some prompts.
	CachedPrompts WarningCode = "cached_prompts"
	// NoTokenTimings says that no answer was streamed, so that tokens have no times.
	NoTokenTimings WarningCode = "no_token_timings"
	// EndpointsDiffer says that one target's requests went to several addresses.
	EndpointsDiffer WarningCode = "endpoints_differ"
	// ModelsDiffer says that two targets ran different models under one name.
	ModelsDiffer WarningCode = "models_differ"
	// ManifestUnknown says that a target did not tell which model it ran, so that nobody
	// knows whether it was the same as elsewhere.
	ManifestUnknown WarningCode = "manifest_unknown"
	// VersionsDiffer says that two targets ran different versions of Ollama.
	VersionsDiffer WarningCode = "versions_differ"
	// SetupsDiffer says that two targets ran the same weights with different templates,
	// parameters, system prompts, messages or adapters.
	SetupsDiffer WarningCode = "setups_differ"
	// ContextsDiffer says that two targets had the model loaded with different context lengths.
	ContextsDiffer WarningCode = "contexts_differ"
	// VRAMSharesDiffer says that one of two targets ran more of the model on its CPU.
	VRAMSharesDiffer WarningCode = "vram_shares_differ"
	// SameServer says that two targets are one server, whose prompt cache has seen the prompt
	// of a pair when the second of them asks.
	SameServer WarningCode = "same_server"
	// SameHost says that two targets were reached at one machine, whose processors and memory
	// they share.
	SameHost WarningCode = "same_host"
	// ClientBottleneck says that the process that sent the requests was too slow for what it
	// measured.
	ClientBottleneck WarningCode = "client_bottleneck"
	// LateStarts says that requests started later than they were to.
	LateStarts WarningCode = "late_starts"
	// Simulated says that the targets are simulated servers within this process.
	Simulated WarningCode = "simulated"
	// OutputLengthsDiffer says that two targets wrote answers of different length.
	OutputLengthsDiffer WarningCode = "output_lengths_differ"
	// Drifting says that a target was faster or slower in the second half of its requests.
	Drifting WarningCode = "drift"
	// Dependent says that each time resembles the one before, so that intervals are too narrow.
	Dependent WarningCode = "autocorrelation"
	// Outlying names requests whose times are far from those of all others.
	Outlying WarningCode = "outliers"
	// TwoGroups says that the times fall into two heaps, which a mean lies between.
	TwoGroups WarningCode = "two_groups"
)

const (
	fewRequests  = 10  // the old script's default, the least that it took for a comparison
	lengthsApart = 0.1 // of the longer mean
	mostOutliers = 5   // that a warning names; results.json has all
)

// Warning is a reason to read the figures with care. Message is in English; text and
// Markdown say it in their own language.
type Warning struct {
	Code    WarningCode `json:"code"`
	Message string      `json:"message"`
	Target  string      `json:"target,omitempty"`
	Facts   Facts       `json:"facts,omitzero"`
}

// Facts are the particulars of a warning; which there are depends on its code.
type Facts struct {
	Model string `json:"model,omitempty"`
	Other string `json:"other,omitempty"` // the target that Target is compared with
	Count int    `json:"count,omitempty"`
	Of    int    `json:"of,omitempty"`
	A     string `json:"a,omitempty"` // what is so of Other
	B     string `json:"b,omitempty"` // what is so of Target

	Endpoint string `json:"endpoint,omitempty"`
	Status   int    `json:"status,omitempty"` // HTTP

	Differences []manifest.Difference `json:"differences,omitempty"` // between Other (a) and Target (b)
	X           *float64              `json:"x,omitempty"`           // times in ms
	Y           *float64              `json:"y,omitempty"`
}

func (c *Collector) warnings(run Run, groups [][]*side) []Warning {
	list := []Warning{}
	switch cut := c.check.Canceled; {
	case run.Interrupted:
		list = append(list, Warning{Code: Interrupted})
	case cut > 0:
		list = append(list, Warning{Code: CutOff, Facts: Facts{Count: cut}})
	}
	list = append(list, unmeasured(run, groups)...)
	list = append(list, c.warmups...)
	list = append(list, kinship(run, groups)...)
	if run.Client != nil {
		list = append(list, run.Client.bottleneck(groups)...)
	}
	for _, sides := range groups {
		for _, s := range sides {
			list = append(list, s.warnings()...)
			list = append(list, s.lateStarts()...)
		}
		list = append(list, differences(sides)...)
	}
	list = distinct(list) // several models tell the same of their server
	for i := range list {
		list[i].Message = messagesIn(locale.English).warning(list[i])
	}
	return list
}

func distinct(list []Warning) []Warning {
	kept := list[:0]
	for _, w := range list {
		same := func(other Warning) bool { return reflect.DeepEqual(w, other) }
		if !slices.ContainsFunc(kept, same) {
			kept = append(kept, w)
		}
	}
	return kept
}

func unmeasured(run Run, groups [][]*side) []Warning {
	var list []Warning
	for _, target := range run.Expected {
		ofTarget := func(s *side) bool { return s.target == target }
		if !slices.ContainsFunc(groups, func(sides []*side) bool { return slices.ContainsFunc(sides, ofTarget) }) {
			list = append(list, Warning{Code: NoRequests, Target: target})
		}
	}
	return list
}

// warnings returns what is to be said of one series by itself.
func (s *side) warnings() []Warning {
	series := &s.summary
	ok, failed := series.Succeeded, series.Requests-series.Succeeded
	var list []Warning
	warn := func(applies bool, code WarningCode, facts Facts) {
		if applies {
			facts.Model = series.Model
			list = append(list, Warning{Code: code, Target: series.Target, Facts: facts})
		}
	}
	warn(ok == 0, AllFailed, Facts{Count: failed})
	warn(ok > 0 && failed > 0, SomeFailed, Facts{Count: failed, Of: series.Requests})
	warn(ok > 0 && ok < fewRequests, FewRequests, Facts{Count: ok})
	if c := series.ColdStarts; c != nil {
		warn(true, ColdRequests, Facts{Count: c.Requests, Of: ok, X: c.Mean, Y: c.WarmMean})
	}
	cached, of := cachedPrompts(series.Sample)
	warn(cached > 0, CachedPrompts, Facts{Count: cached, Of: of})
	warn(ok > 0 && s.streamed == 0 && api.Op(series.Op).GeneratesTokens(), NoTokenTimings, Facts{})
	warn(len(s.endpoints) > 1, EndpointsDiffer, Facts{A: strings.Join(s.endpoints, ", ")})
	if c := series.Course; c != nil {
		c.warnings(warn)
	}
	return list
}

// warnings are of what makes a mean, or its interval, misleading.
func (c *Course) warnings(warn func(applies bool, code WarningCode, facts Facts)) {
	if d := c.Drift; d != nil {
		warn(d.Found, Drifting, Facts{A: factor(d.Ratio)})
	}
	if a := c.Autocorrelation; a != nil {
		warn(a.Found && a.Lag1 > 0, Dependent, Facts{A: factor(a.Widening)})
	}
	if m := c.Modes; m != nil {
		warn(m.Found, TwoGroups, Facts{A: percent(m.LowShare), X: &m.Low, Y: &m.High})
	}
	names := make([]string, 0, mostOutliers)
	for _, o := range c.Outliers[:min(len(c.Outliers), mostOutliers)] {
		names = append(names, fmt.Sprintf("#%d: %s s", o.Number, decimals(o.Duration/1000, 2)))
	}
	if len(c.Outliers) > mostOutliers {
		names = append(names, "…")
	}
	warn(len(names) > 0, Outlying, Facts{Count: len(c.Outliers), A: strings.Join(names, ", ")})
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
