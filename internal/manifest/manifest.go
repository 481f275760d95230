// Package manifest holds what servers told about a model of one name against each other: whether
// it is the same model, and if not, in what it differs.
package manifest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
)

// Likeness says how alike the models of two servers are.
type Likeness int

// The degrees of likeness.
const (
	Unknown    Likeness = iota // the servers do not say enough to tell
	Identical                  // one model in one setup
	OtherSetup                 // the same weights, but another template, other parameters, …
	OtherModel                 // other weights, or another quantisation of them
)

// Compare says how alike the model is on two servers. Equal digests mean one model, as they
// do for one that both have pulled; a model that was built on each server has digests of its
// own and is the same if weights and setup are. What one server tells and the other does not
// is no difference.
func Compare(a, b api.Manifest) Likeness {
	switch {
	case bothDiffer(a.QuantizationLevel, b.QuantizationLevel),
		bothDiffer(a.ParameterSize, b.ParameterSize),
		bothDiffer(a.Family, b.Family):
		return OtherModel
	case a.Digest != "" && trimmed(a.Digest) == trimmed(b.Digest):
		return Identical
	case a.Weights != "" && b.Weights != "" && a.Weights != b.Weights:
		return OtherModel
	case a.Weights != "" && b.Weights != "" && a.Setup == b.Setup:
		return Identical
	case a.Weights != "" && b.Weights != "":
		return OtherSetup
	case a.Digest != "" && b.Digest != "":
		return OtherModel
	default:
		return Unknown
	}
}

func bothDiffer(a, b string) bool { return a != "" && b != "" && a != b }

// trimmed is a digest without its algorithm.
func trimmed(digest string) string { return strings.TrimPrefix(strings.ToLower(digest), "sha256:") }

// Fact is one property of a model on each of several servers.
type Fact struct {
	Field   Field
	Values  []string // as people read them, a server each; "" where it did not tell
	Differs bool     // two servers tell different things
}

// Facts returns what the servers told, property by property. What none of them told is left
// out, and so is what another property has said: the weights where the digests are equal, the
// setup where template and parameters are not. Digests of one model that was built on each
// server do not count as different.
func Facts(manifests ...api.Manifest) []Fact {
	var facts []Fact
	for _, field := range fields {
		if fact := factOf(field, manifests); slices.ContainsFunc(fact.Values, func(v string) bool { return v != "" }) {
			facts = append(facts, fact)
		}
	}
	return facts
}

func factOf(field Field, manifests []api.Manifest) Fact {
	fact := Fact{Field: field, Values: make([]string, len(manifests))}
	for i, m := range manifests {
		fact.Values[i] = Value(m, field)
		for _, other := range manifests[:i] {
			fact.Differs = fact.Differs || differs(field, other, m)
		}
	}
	if field == Setup && !fact.Differs || field == Weights && len(manifests) > 0 && alike(Digest, manifests) {
		fact.Values = nil
	}
	return fact
}

// alike says whether all servers told the same.
func alike(field Field, manifests []api.Manifest) bool {
	first := Value(manifests[0], field)
	return first != "" && !slices.ContainsFunc(manifests, func(m api.Manifest) bool { return Value(m, field) != first })
}

func differs(field Field, a, b api.Manifest) bool {
	if !bothDiffer(Value(a, field), Value(b, field)) {
		return false
	}
	switch field {
	case Digest:
		return Compare(a, b) != Identical
	case Setup:
		return !differs(Template, a, b) && !differs(Parameters, a, b)
	default:
		return true
	}
}

// none is the parameters of a model that brings none along, or none that the other has not.
const none = "none"

// Value is a property as people read it, "" if it is unknown.
func Value(m api.Manifest, field Field) string {
	switch field {
	case ServerVersion:
		return m.ServerVersion
	case Digest:
		return Short(m.Digest)
	case Weights:
		return Short(m.Weights)
	case Family:
		return m.Family
	case ParameterSize:
		return m.ParameterSize
	case Quantization:
		return m.QuantizationLevel
	case Template:
		return Short(m.Template)
	case Parameters:
		return parameters(m)
	case Setup:
		return Short(m.Setup)
	case ContextLength:
		return tokens(m.ContextLength)
	case LongestContext:
		return tokens(m.LongestContext)
	case VRAMShare:
		return Share(m.VRAMShare)
	default:
		return ""
	}
}

// parameters are shown themselves where they are short, such as "num_ctx 8192".
func parameters(m api.Manifest) string {
	const longest = 24
	switch {
	case m.Parameters == "":
		return ""
	case m.Defaults == "":
		return none
	case len(m.Defaults) <= longest:
		return m.Defaults
	}
	return Short(m.Parameters)
}

// Short is a digest as long as `ollama list` shows it.
func Short(digest string) string {
	digest = trimmed(digest)
	return digest[:min(len(digest), 12)]
}

func tokens(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// Share writes a share in per cent, "" if it is unknown or none.
func Share(s *float64) string {
	if s == nil || !(*s >= 0 && *s <= 1) {
		return ""
	}
	return strconv.FormatFloat(*s*100, 'f', 0, 64) + "%"
}

// Difference is a property in which a model on two servers differs.
type Difference struct {
	Field Field  `json:"field"`
	A     string `json:"a"`
	B     string `json:"b"`
}

// Differences returns the properties in which the model of one server differs from that of
// another. Of the parameters it has those that are not the same, instead of their digests.
func Differences(a, b api.Manifest) []Difference {
	var differences []Difference
	for _, fact := range Facts(a, b) {
		if !fact.Differs {
			continue
		}
		d := Difference{Field: fact.Field, A: fact.Values[0], B: fact.Values[1]}
		if d.Field == Parameters && a.Defaults != b.Defaults {
			d.A, d.B = without(a.Defaults, b.Defaults), without(b.Defaults, a.Defaults)
		}
		differences = append(differences, d)
	}
	return differences
}

// without returns the parameters of one that the other has not.
func without(one, other string) string {
	const separator = "; "
	theirs := strings.Split(other, separator)
	own := slices.DeleteFunc(strings.Split(one, separator), func(p string) bool {
		return p == "" || slices.Contains(theirs, p)
	})
	if len(own) == 0 {
		return none
	}
	return strings.Join(own, separator)
}
