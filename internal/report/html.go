package report

import (
	"crypto/sha256"
	_ "embed" // of the page's template and style
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/manifest"
)

//go:embed html/page.html
var pageText string

//go:embed html/page.css
var pageStyle string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"phrases": phrasesOf,
	"long":    func(cell string) bool { return widthOf(cell) > longCell },
	"words":   func(cell string) bool { return !strings.ContainsFunc(cell, unicode.IsDigit) },
	"parts":   func(cell string) []string { return strings.Split(strings.ReplaceAll(cell, " / ", " /\n"), "\n") },
	"pair":    func(f exhibit, data string) exhibitOn { return exhibitOn{f, data} },
}).Parse(pageText))

// longCell is how many characters of a table's cell stay in one line.
const longCell = 32

type exhibitOn struct {
	Exhibit exhibit
	Data    string
}

// HTML writes the results as a page that needs nothing but itself.
func HTML(w io.Writer, results Results, l locale.Locale) error {
	page, err := htmlPageOf(results, l)
	if err != nil {
		return err
	}
	if err := pageTemplate.Execute(w, page); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// htmlPage is what the template shows, from top to bottom.
type htmlPage struct {
	Lang, Policy, Title, Measured   string
	Style                           template.CSS
	Verdicts                        []htmlVerdict
	Notice                          string
	Before                          []section
	PicturesTitle, NoPictures, Data string
	Exhibits                        []exhibit
	After                           []section
}

// htmlVerdict is what is said first of a model.
type htmlVerdict struct {
	Model string // "" if there is one
	Pairs string // if not "", there are so many sayings that they come after the sides
	Says  []saying
	Sides []htmlSide
}

// saying is a sentence, and what goes with it.
type saying struct {
	Lead string
	Rest []string
	Bad  bool
}

// htmlSide is one target at a glance.
type htmlSide struct {
	Sign       template.HTML
	Name       string
	Big, Under string
	Rest       []string
}

// section is a part of the page with a heading.
type section struct {
	ID, Title string
	Cards     []card
}

type card struct {
	Title  string
	Says   string // before the tables
	Bad    bool   // what it says
	Full   bool   // as wide as the page
	Long   bool   // may be broken over pages
	Fold   string // if not "", what the tables are folded away under
	Tables []htmlTable
	Notes  []string
	Items  [][]string
	Terms  []term
}

type htmlTable struct {
	Caption string
	Prose   bool // texts, not figures
	Head    []htmlHead
	Rows    []htmlRow
	Note    string // below
}

type htmlHead struct {
	Text string
	Sign template.HTML // of the target whose column it is
}

type htmlRow struct {
	Cells  []string
	Marked bool
	Names  bool // which may be broken anywhere
}

func heads(texts ...string) []htmlHead {
	list := make([]htmlHead, len(texts))
	for i, text := range texts {
		list[i].Text = text
	}
	return list
}

// phrase is a piece of a sentence. Commands stand between backticks in the sentences of ours.
type phrase struct {
	Text string
	Code bool
}

// quoted sets foreign text as code, unquoted as none.
func quoted(text string) string   { return "`" + unquoted(plain(text)) + "`" }
func unquoted(text string) string { return strings.ReplaceAll(text, "`", "'") }

func phrasesOf(text string) []phrase {
	parts := strings.Split(text, "`")
	list := make([]phrase, len(parts))
	for i, part := range parts {
		list[i] = phrase{part, i%2 == 1 && i < len(parts)-1}
		if i%2 == 1 && !list[i].Code {
			list[i].Text = "`" + part
		}
	}
	return list
}

// policy forbids all but the page's own style: no scripts, no requests, no frames.
func policy(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; img-src data:; base-uri 'none'; form-action 'none'"
}

// browser writes the page.
type browser struct {
	*gallery
	document *document // knows the tables of the Markdown, which are the same
	results  Results
	locale   locale.Locale
}

func htmlPageOf(results Results, l locale.Locale) (*htmlPage, error) {
	m, words := messagesIn(l), htmlWordsIn(l)
	b := &browser{
		gallery:  &gallery{messages: m, words: words, views: views(results, m)},
		document: &document{messages: m, locale: l},
		results:  results,
		locale:   l,
	}
	titles := make([]string, len(b.views))
	for i, v := range b.views {
		titles[i] = v.title
		for _, s := range v.sides {
			if !slices.Contains(b.order, s.Target) {
				b.order = append(b.order, s.Target)
			}
		}
	}
	page := &htmlPage{
		Lang: string(l), Policy: policy(pageStyle), Style: template.CSS(pageStyle), // #nosec G203 -- it is ours
		Title:         words.kicker,
		Measured:      sprintf(words.measured, results.GeneratedAt.UTC().Format(time.DateTime)+" UTC"),
		PicturesTitle: words.pictures,
		Data:          words.data,
		Verdicts:      b.verdicts(),
		Before:        b.comparisons(),
	}
	if len(titles) > 0 {
		page.Title = sprintf(words.pageTitle, strings.Join(titles, ", "))
		if !b.sampled() {
			page.NoPictures = words.noSample
		}
	}
	if n := len(results.Warnings); n > 0 {
		page.Notice = sprintf(words.warned, n)
	}
	var err error
	if page.Exhibits, err = b.exhibits(); err != nil {
		return nil, err
	}
	after, err := b.after()
	page.After = after
	return page, err
}

func (b *browser) verdicts() []htmlVerdict {
	if len(b.views) == 0 {
		return []htmlVerdict{{Says: []saying{{Lead: b.noneMeasured, Bad: true}}}}
	}
	list := make([]htmlVerdict, len(b.views))
	for i, v := range b.views {
		list[i] = b.verdictOn(v)
	}
	return list
}

func (b *browser) verdictOn(v view) htmlVerdict {
	verdict := htmlVerdict{}
	if len(b.views) > 1 {
		verdict.Model = v.title
	}
	if len(v.pairs) > fewPairs {
		verdict.Pairs = sprintf(b.words.pairs, len(v.pairs))
	}
	for _, pair := range v.pairs {
		if lines := v.headline(pair); len(lines) > 0 {
			verdict.Says = append(verdict.Says, saying{Lead: bare(lines[0]), Rest: lines[1:]})
		}
	}
	if line := v.measured().mismatch(); line != "" {
		verdict.Says = append(verdict.Says, saying{Lead: bare(line), Bad: true})
	}
	if line := v.failedLine(); line != "" && len(v.sides) > 1 {
		verdict.Says = append(verdict.Says, saying{Lead: line, Bad: true})
	}
	if len(v.sides) == 1 {
		verdict.Says = append(verdict.Says, b.alone(v.sides[0]))
	}
	for _, s := range v.sides {
		verdict.Sides = append(verdict.Sides, b.side(s))
	}
	return verdict
}

// alone is said of a target that is compared with none.
func (b *browser) alone(s Series) saying {
	if s.Succeeded == 0 {
		return saying{Lead: b.allFailed, Bad: true}
	}
	return saying{
		Lead: sprintf(b.words.sides, b.full(s.Target), b.words.meanTime+" "+b.duration(s.Metrics[Duration].Mean)),
	}
}

func (b *browser) side(s Series) htmlSide {
	side := htmlSide{
		Sign: b.sign(s.Target), Name: b.full(s.Target), Big: b.words.noTime, Under: hostOf(s.Endpoint),
	}
	counts := " (" + number(s.Succeeded) + "/" + number(s.Requests) + ")"
	side.Rest = append(side.Rest, b.words.success+" "+percent(s.SuccessRate)+counts)
	if d := s.Metrics[Duration]; d.Count > 0 {
		side.Big, side.Under = b.duration(d.Mean), b.words.meanTime
	}
	if m := s.Metrics[TTFT]; m.Count > 0 {
		side.Rest = append(side.Rest, "TTFT "+b.fine(m.Mean))
	}
	if m := s.Metrics[TokensPerSecond]; m.Count > 0 {
		side.Rest = append(side.Rest, b.tokensPerSecond+" "+meanOnly(m))
	}
	return side
}

// bare leaves out the emoji that a line begins with in a terminal.
func bare(text string) string {
	return strings.TrimLeftFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '('
	})
}

// tableOf takes over a table, with the signs of the targets above their columns.
func (g *gallery) tableOf(t *table, sides []Series) htmlTable {
	out := htmlTable{Head: heads(t.header...)}
	for i, s := range sides {
		out.Head[i+1].Sign = g.sign(s.Target)
	}
	for _, r := range t.rows {
		cells := slices.Clone(r.cells)
		cells[0] = bare(cells[0])
		out.Rows = append(out.Rows, htmlRow{Cells: cells, Names: r.elastic})
	}
	return out
}

// comparisons are the tables of each model, those of which there is anything to tell.
func (b *browser) comparisons() []section {
	list := make([]section, 0, len(b.views))
	for i, v := range b.views {
		s := section{ID: "tables-" + strconv.Itoa(i+1), Title: bare(sprintf(b.messages.comparison, v.title))}
		if len(v.sides) == 1 {
			s.Title = sprintf(b.benchmarking, b.full(v.sides[0].Target), v.title)
		}
		overview, sides := b.document.overview(v), v.sides
		v = v.measured()
		if len(v.sides) > 1 {
			sides = v.sides
		}
		s.Cards = append(s.Cards, card{Full: true, Tables: []htmlTable{b.tableOf(overview, sides)}})
		if len(v.sides) > 2 {
			s.Cards[0].Notes = []string{sprintf(b.inParentheses, b.full(v.sides[0].Target))}
		}
		for _, pair := range v.pairs {
			if line := v.stabilityLine(pair); line != "" && len(v.pairs) <= fewPairs {
				s.Cards[0].Notes = append(s.Cards[0].Notes, bare(line))
			}
		}
		if t := v.metricTable(); len(t.rows) > 0 {
			metrics := card{Title: bare(b.metrics), Full: true, Tables: []htmlTable{b.tableOf(t, v.sides)}}
			if legend := v.metricLegend(t); legend != "" {
				metrics.Notes = append(metrics.Notes, legend)
			}
			s.Cards = append(s.Cards, metrics)
		}
		if len(v.pairs) > 0 {
			s.Cards = append(s.Cards, b.confidenceIn(v))
		}
		if len(v.sides) > 0 {
			s.Cards = append(s.Cards, b.figuresIn(v))
		}
		list = append(list, s)
	}
	return list
}

// fewPairs is up to how many pairs of targets are shown at full length.
const fewPairs = 3

func (b *browser) confidenceIn(v view) card {
	c := card{Title: bare(b.confidence), Full: true, Notes: []string{b.confidenceNoteOf(v.pairs[0], v.together)}}
	if len(v.pairs) > fewPairs {
		c.Fold = sprintf(b.words.pairs, len(v.pairs))
	}
	for _, pair := range v.pairs {
		t := b.tableOf(v.confidenceTable(pair), nil)
		if line := v.differenceLine(pair); line != "" {
			t.Note = line + "."
		}
		if len(v.pairs) > 1 {
			t.Caption = sprintf(b.versus, b.full(pair.A), b.full(pair.B))
		}
		c.Tables = append(c.Tables, t)
	}
	return c
}

// figuresIn folds away what is known of each metric of each target.
func (b *browser) figuresIn(v view) card {
	c := card{Full: true, Fold: b.allFigures}
	for _, side := range v.sides {
		figures := v.figuresTable(side)
		t := b.tableOf(figures, nil)
		t.Caption = b.full(side.Target)
		if figures.marked() {
			t.Note = b.beyondMaximum
		}
		c.Tables = append(c.Tables, t)
	}
	return c
}

// after is what follows the pictures.
func (b *browser) after() ([]section, error) {
	var list []section
	if failures := b.failures(); len(failures) > 0 {
		list = append(list, section{"failures", bare(b.messages.failures), []card{{Full: true, Items: failures}}})
	}
	if warnings := b.warnings(); len(warnings) > 0 {
		list = append(list, section{"warnings", bare(b.warningsHead), []card{{Full: true, Items: warnings}}})
	}
	if models := b.models(); len(models) > 0 {
		list = append(list, section{"models", bare(b.messages.models), models})
	}
	how, err := b.howMeasured()
	if err != nil {
		return nil, err
	}
	terms := card{Full: true, Long: true, Terms: b.words.glossary}
	return append(list, how, section{"terms", b.words.terms, []card{terms}}), nil
}

func (b *browser) failures() [][]string {
	var items [][]string
	for _, v := range b.views {
		for _, s := range v.sides {
			for _, f := range s.Failures {
				text := sprintf(b.words.sides, unquoted(b.full(s.Target)+", "+v.title),
					quoted(string(f.Type))+" "+sprintf(b.times1, f.Count))
				if f.Message != "" {
					text += " – " + unquoted(truncate(plain(f.Message), maxMessage))
				}
				items = append(items, []string{text, hint(s, f, b.locale)})
			}
		}
	}
	return items
}

func (b *browser) warnings() [][]string {
	items := make([][]string, 0, len(b.results.Warnings))
	for _, w := range b.results.Warnings {
		item := []string{quoted(string(w.Code)) + " " + unquoted(b.warning(w))}
		if advice := warmupHint(b.results, w, b.locale); advice != "" {
			item = append(item, advice)
		}
		items = append(items, item)
	}
	return items
}

// models hold what the servers told of the model against each other.
func (b *browser) models() []card {
	var list []card
	for _, v := range b.views {
		t := v.factTable(func(manifest.Fact) bool { return true })
		if len(t.rows) == 0 {
			continue
		}
		shown := b.tableOf(t, v.sides)
		for i := range shown.Rows {
			shown.Rows[i].Marked = slices.Contains(shown.Rows[i].Cells, "≠")
		}
		c := card{Full: true, Says: v.verdictOnModels(), Bad: v.mismatch() != "", Tables: []htmlTable{shown}}
		if len(b.views) > 1 {
			c.Title = v.title
		}
		list = append(list, c)
	}
	return list
}

func (b *browser) howMeasured() (section, error) {
	s := section{ID: "how", Title: b.words.details}
	if settings := b.results.Settings; len(settings) > 0 {
		t := htmlTable{Prose: true}
		for _, name := range slices.Sorted(maps.Keys(settings)) {
			value, err := b.shownSetting(settings[name])
			if err != nil {
				return section{}, fmt.Errorf("writing setting %q: %w", name, err)
			}
			t.Rows = append(t.Rows, htmlRow{Cells: []string{name, value}})
		}
		s.Cards = append(s.Cards, card{Title: b.settings, Full: true, Tables: []htmlTable{t}})
	}
	environment := htmlTable{Prose: true}
	for _, fact := range b.results.Environment.facts() {
		environment.Rows = append(environment.Rows, htmlRow{Cells: []string{fact[0], plain(fact[1])}})
	}
	if len(environment.Rows) > 0 {
		s.Cards = append(s.Cards, card{Title: b.environment, Tables: []htmlTable{environment}})
	}
	if c := b.results.SelfCheck.Client; c != nil {
		s.Cards = append(s.Cards, card{Title: b.clientHead, Full: true, Says: b.client(c), Bad: b.warnsOf(ClientBottleneck)})
	}
	check := htmlTable{}
	for i, n := range b.results.SelfCheck.counts() {
		check.Rows = append(check.Rows, htmlRow{Cells: []string{b.words.checks[i], number(n)}})
	}
	s.Cards = append(s.Cards, card{Title: b.words.selfCheck, Tables: []htmlTable{check}, Full: len(environment.Rows) == 0})
	if client := b.results.SelfCheck.Client; client != nil {
		c := card{Title: bare(b.clientHead), Full: true, Notes: []string{b.messages.client(client)}}
		s.Cards = append(s.Cards, c)
	}
	return s, nil
}

func (b *browser) warnsOf(code WarningCode) bool {
	return slices.ContainsFunc(b.results.Warnings, func(w Warning) bool { return w.Code == code })
}

// longSetting is how many characters of a setting, such as a prompt from a file, are shown.
const longSetting = 2000

// shownSetting writes a setting: texts as they are, the rest as JSON.
func (b *browser) shownSetting(value any) (string, error) {
	text, ok := value.(string)
	if !ok {
		encoded, err := json.Marshal(value)
		if err != nil {
			return "", fmt.Errorf("encoding it: %w", err)
		}
		text = string(encoded)
	}
	letters := []rune(strings.ToValidUTF8(text, "?"))
	rest := ""
	if len(letters) > longSetting {
		rest = sprintf(b.words.cut, number(len(letters)))
		letters = letters[:longSetting]
	}
	lines := strings.Split(string(letters), "\n")
	for i, line := range lines {
		lines[i] = plain(line)
	}
	return strings.Join(lines, "\n") + rest, nil
}
