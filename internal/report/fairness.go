package report

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/manifest"
	"github.com/xk6-ollama/xk6-ollama/internal/settings"
)

// kinship returns what targets share that a comparison takes to be two: the server, or its
// machine. Simulated servers share this process, and that is all there is to be said of them.
func kinship(run Run, groups [][]*side) []Warning {
	if simulated, _ := run.Settings[string(settings.Simulate)].(bool); simulated {
		return []Warning{{Code: Simulated}}
	}
	endpoints := map[string]string{} // by target
	for _, sides := range groups {
		for _, s := range sides {
			endpoints[s.summary.Target] = s.summary.Endpoint
		}
	}
	targets := make([]string, 0, len(run.Inventories))
	for target := range run.Inventories {
		targets = append(targets, target)
	}
	slices.SortFunc(targets, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(run.Targets, a), rank(run.Targets, b)), cmp.Compare(a, b))
	})
	var list []Warning
	for i, target := range targets {
		for _, other := range targets[:i] {
			a, b := run.Inventories[other], run.Inventories[target]
			switch {
			case a.SameServerAs(b), endpoints[other] != "" && endpoints[other] == endpoints[target]:
				list = append(list, Warning{Code: SameServer, Target: target, Facts: Facts{Other: other}})
			case a.Host != "" && a.Host == b.Host:
				list = append(list, Warning{Code: SameHost, Target: target, Facts: Facts{Other: other, A: a.Host}})
			}
		}
	}
	return list
}

// differences returns what keeps sides from being like for like: each is held against the
// first that tells.
func differences(sides []*side) []Warning {
	sides = slices.DeleteFunc(slices.Clone(sides), func(s *side) bool { return s.summary.Succeeded == 0 })
	if len(sides) < 2 {
		return nil
	}
	var list []Warning
	for _, s := range sides {
		if s.manifest().Digest == "" {
			facts := Facts{Model: s.summary.Model}
			list = append(list, Warning{Code: ManifestUnknown, Target: s.summary.Target, Facts: facts})
		}
	}
	first := func(tells func(*side) bool) *side {
		if i := slices.IndexFunc(sides, tells); i >= 0 {
			return sides[i]
		}
		return sides[0]
	}
	told := func(field manifest.Field) *side {
		return first(func(s *side) bool { return manifest.Value(s.manifest(), field) != "" })
	}
	identified := told(manifest.Digest)
	counted := first(func(s *side) bool { return s.summary.Metrics[OutputTokens].Count > 0 })
	for _, s := range sides {
		list = append(list, differentModel(identified, s)...)
		list = append(list, different(ContextsDiffer, manifest.ContextLength, told(manifest.ContextLength), s)...)
		list = append(list, different(VRAMSharesDiffer, manifest.VRAMShare, told(manifest.VRAMShare), s)...)
		list = append(list, different(VersionsDiffer, manifest.ServerVersion, told(manifest.ServerVersion), s)...)
		list = append(list, differentLength(counted, s)...)
	}
	return list
}

func differentModel(a, b *side) []Warning {
	var code WarningCode
	var tells func(manifest.Difference) bool
	switch manifest.Compare(a.manifest(), b.manifest()) {
	case manifest.OtherModel:
		code, tells = ModelsDiffer, func(d manifest.Difference) bool { return d.Field.Identity() || d.Field.InSetup() }
	case manifest.OtherSetup:
		code, tells = SetupsDiffer, func(d manifest.Difference) bool { return d.Field.InSetup() }
	default:
		return nil
	}
	all := manifest.Differences(a.manifest(), b.manifest())
	telling := slices.DeleteFunc(all, func(d manifest.Difference) bool { return !tells(d) })
	return []Warning{{Code: code, Target: b.summary.Target, Facts: Facts{
		Model: b.summary.Model, Other: a.summary.Target, Differences: telling,
	}}}
}

// different warns if a property of how the model ran is not the same on both sides.
func different(code WarningCode, field manifest.Field, a, b *side) []Warning {
	x, y := manifest.Value(a.manifest(), field), manifest.Value(b.manifest(), field)
	if x == "" || y == "" || x == y {
		return nil
	}
	facts := Facts{Other: a.summary.Target, A: x, B: y}
	if field != manifest.ServerVersion {
		facts.Model = b.summary.Model
	}
	return []Warning{{Code: code, Target: b.summary.Target, Facts: facts}}
}

func differentLength(a, b *side) []Warning {
	if !lengthsDiffer(a.summary, b.summary) {
		return nil
	}
	x, y := a.summary.Metrics[OutputTokens], b.summary.Metrics[OutputTokens]
	return []Warning{{Code: OutputLengthsDiffer, Target: b.summary.Target, Facts: Facts{
		Model: b.summary.Model, Other: a.summary.Target, A: decimals(x.Mean, 1), B: decimals(y.Mean, 1),
	}}}
}

// lengthsDiffer says whether the sides wrote answers of so different lengths that their times
// say little of their speed.
func lengthsDiffer(a, b Series) bool {
	x, y := a.Metrics[OutputTokens], b.Metrics[OutputTokens]
	return x.Count > 0 && y.Count > 0 && math.Abs(x.Mean-y.Mean) > lengthsApart*max(x.Mean, y.Mean)
}

func (s *side) manifest() api.Manifest {
	if s.summary.Manifest == nil {
		return api.Manifest{}
	}
	return *s.summary.Manifest
}

// differences lists them, such as "quantisation: Q4_K_M ≠ F16".
func (m *messages) differences(list []manifest.Difference) string {
	texts := make([]string, len(list))
	for i, d := range list {
		texts[i] = d.Field.Name(m.locale) + ": " + manifest.Show(d.A, m.locale) + " ≠ " + manifest.Show(d.B, m.locale)
	}
	return strings.Join(texts, ", ")
}
