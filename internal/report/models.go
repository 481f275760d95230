package report

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fatih/color"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/manifest"
)

// likeness says how alike the models of all sides are: as the least alike pair is.
func (v view) likeness() manifest.Likeness {
	manifests := v.manifests()
	least := manifest.Identical
	for i, m := range manifests {
		for _, other := range manifests[:i] {
			switch likeness := manifest.Compare(other, m); {
			case likeness == manifest.OtherModel:
				return likeness
			case likeness == manifest.OtherSetup, likeness == manifest.Unknown && least == manifest.Identical:
				least = likeness
			}
		}
	}
	return least
}

func (v view) manifests() []api.Manifest {
	manifests := make([]api.Manifest, len(v.sides))
	for i, s := range v.sides {
		if s.Manifest != nil {
			manifests[i] = *s.Manifest
		}
	}
	return manifests
}

func (v view) modelsTitle() string {
	if len(v.sides) == 1 {
		return v.model
	}
	return v.messages.models
}

// verdictOnModels says in a sentence whether the sides ran the same model. It is "" for one
// side, which needs none.
func (v view) verdictOnModels() string {
	if len(v.sides) < 2 {
		return ""
	}
	switch v.likeness() {
	case manifest.Identical:
		return v.sameModel
	case manifest.OtherSetup:
		return v.otherSetup
	case manifest.OtherModel:
		return v.otherModel
	default:
		return v.unknownModel
	}
}

// mismatch says next to the headline that it compares two models. It is "" if it does not.
func (v view) mismatch() string {
	if len(v.sides) < 2 || v.likeness() != manifest.OtherModel {
		return ""
	}
	return "⚠️ " + v.otherModel
}

// factTable shows what the servers told of the model, with a mark where it differs.
func (v view) factTable(shown func(manifest.Fact) bool) *table {
	t := &table{header: append([]string{v.messages.fact}, v.names()...)}
	marked := len(v.sides) > 1
	if marked {
		t.header = append(t.header, "")
	}
	for _, fact := range manifest.Facts(v.manifests()...) {
		if !shown(fact) {
			continue
		}
		cells := make([]string, len(fact.Values), len(fact.Values)+1)
		for i, value := range fact.Values {
			cells[i] = plain(manifest.Show(value, v.messages.locale))
		}
		if marked {
			cells = append(cells, mark(fact))
		}
		t.add(capitalised(fact.Field.Name(v.messages.locale)), cells...)
	}
	return t
}

func capitalised(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

func mark(fact manifest.Fact) string {
	if fact.Differs {
		return "≠"
	}
	return ""
}

func differing(fact manifest.Fact) bool { return fact.Differs || slices.Contains(fact.Values, "") }

// inCommon lists what all servers told alike.
func (v view) inCommon() string {
	var facts []string
	for _, fact := range manifest.Facts(v.manifests()...) {
		if !differing(fact) {
			facts = append(facts, fact.Field.Name(v.messages.locale)+" "+plain(manifest.Show(fact.Values[0], v.messages.locale)))
		}
	}
	list := strings.Join(facts, ", ")
	if len(v.sides) == 1 || list == "" {
		return list
	}
	return sprintf(v.alike, list)
}

// models writes which model the sides ran: what is alike in a sentence, the rest as a table.
func (p *page) models(v view) {
	if len(manifest.Facts(v.manifests()...)) == 0 {
		return
	}
	p.title(v.modelsTitle())
	if verdict := v.verdictOnModels(); verdict != "" {
		var styles []color.Attribute
		if v.likeness() == manifest.OtherModel {
			styles = []color.Attribute{color.FgRed, color.Bold}
		}
		p.prose("   ", verdict, styles...)
	}
	if facts := v.inCommon(); facts != "" {
		p.prose("   ", facts)
	}
	if t := v.factTable(differing); len(t.rows) > 0 {
		p.table(t)
	}
}

// models is the same for Markdown, with all of it in the table.
func (d *document) models(v view) {
	t := v.factTable(func(manifest.Fact) bool { return true })
	if len(t.rows) == 0 {
		return
	}
	d.heading(3, v.modelsTitle())
	if verdict := v.verdictOnModels(); verdict != "" {
		d.paragraph("**" + escape(verdict) + "**")
	}
	d.paragraph(t.markdown()...)
}
