// Package docs_test holds the pages against the code: what a user can set, see or meet stands in them, in both
// languages, and no link leads nowhere.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/cmd/state"
	"go.k6.io/k6/v2/js/modulestest"

	ollama "github.com/xk6-ollama/xk6-ollama"
	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/cli"
	"github.com/xk6-ollama/xk6-ollama/internal/gate"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
	"github.com/xk6-ollama/xk6-ollama/internal/settings"
	"github.com/xk6-ollama/xk6-ollama/internal/simulator"
)

const root = ".."

// languages are the folders of the pages that there are in each language.
func languages() []string { return []string{"en", "ko"} }

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return string(text)
}

// code finds what is set as code in a line.
var code = regexp.MustCompile("`[^`\n]+`")

// has fails unless the term stands by itself in something that the page sets as code.
func has(t *testing.T, page, text, term string) {
	t.Helper()
	alone := regexp.MustCompile(`(^|[^\w-])` + regexp.QuoteMeta(term) + `($|[^\w-])`)
	if !slices.ContainsFunc(code.FindAllString(fence.ReplaceAllString(text, ""), -1), alone.MatchString) {
		assert.Fail(t, page+" lacks `"+term+"`")
	}
}

func TestBothLanguagesHaveTheSamePages(t *testing.T) {
	t.Parallel()
	pages := map[string][]string{}
	index := read(t, "README.md")
	for _, language := range languages() {
		files, err := filepath.Glob(filepath.Join(language, "*.md"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			pages[language] = append(pages[language], filepath.Base(file))
			assert.Contains(t, index, "("+filepath.ToSlash(file)+")", "README.md is the index")
		}
	}
	assert.Equal(t, pages["en"], pages["ko"])
}

func TestEverySettingAndFlagStandsInTheOptions(t *testing.T) {
	t.Parallel()
	flags := map[string][]string{}
	for _, command := range cli.New(&state.GlobalState{BinaryName: "k6"}).Commands() {
		flags[command.Name()] = flagsOf(command)
	}
	require.Contains(t, flags["bench"], "--num-requests")
	for _, language := range languages() {
		page := filepath.Join(language, "options.md")
		text := read(t, page)
		for _, name := range settings.Names() {
			has(t, page, text, string(name))
		}
		for command, names := range flags {
			_, section, found := strings.Cut(text, "## `k6 x ollama "+command)
			require.True(t, found, "%s has no section on %s", page, command)
			section, _, _ = strings.Cut(section, "\n## ")
			for _, name := range names {
				has(t, page+" on "+command, section, name)
			}
		}
	}
	simulate := read(t, "simulator.md")
	for _, name := range flags["simulate"] {
		has(t, "simulator.md", simulate, name)
	}
}

func flagsOf(command *cobra.Command) []string {
	var names []string
	command.Flags().VisitAll(func(flag *pflag.Flag) { names = append(names, "--"+flag.Name) })
	return names
}

func TestEveryMetricIsDefined(t *testing.T) {
	t.Parallel()
	vu := modulestest.NewRuntime(t).VU
	ollama.New().NewModuleInstance(vu)
	names := 0
	for _, metric := range vu.InitEnv().Registry.All() {
		if !strings.HasPrefix(metric.Name, "ollama_") {
			continue
		}
		names++
		for _, page := range []string{"metrics.md", "../README.md", "../README.ko.md"} {
			has(t, page, read(t, page), metric.Name)
		}
	}
	require.Positive(t, names)
}

func TestEveryErrorTypeHasAWayOut(t *testing.T) {
	t.Parallel()
	for _, language := range languages() {
		page := filepath.Join(language, "troubleshooting.md")
		for _, kind := range api.ErrorKinds() {
			assert.Contains(t, read(t, page), "\n| `"+string(kind)+"` | ", "%s has no row for %s", page, kind)
		}
	}
}

func TestEveryWarningIsExplained(t *testing.T) {
	t.Parallel()
	source := read(t, root, "internal", "report", "warning.go")
	codes := regexp.MustCompile(`WarningCode = "(\w+)"`).FindAllStringSubmatch(source, -1)
	require.NotEmpty(t, codes)
	for _, language := range languages() {
		page := filepath.Join(language, "reading-the-output.md")
		for _, code := range codes {
			assert.Contains(t, read(t, page), "\n| `"+code[1]+"` | ", "%s has no row for %s", page, code[1])
		}
	}
}

func TestWhatGatesKnowStandsInCompare(t *testing.T) {
	t.Parallel()
	terms := slices.Concat(gate.Metrics(), gate.ComparisonMetrics(), gate.Figures())
	judged := []gate.Reason{gate.Within, gate.Beyond, gate.BeyondBare, gate.NotSignificant}
	for file, kind := range map[string]string{"gate/judge.go": "Reason", "report/remarks.go": "RemarkCode"} {
		source := read(t, root, "internal", filepath.FromSlash(file))
		codes := regexp.MustCompile(` `+kind+` += "(\w+)"`).FindAllStringSubmatch(source, -1)
		require.NotEmpty(t, codes)
		for _, code := range codes {
			if !slices.Contains(judged, gate.Reason(code[1])) {
				terms = append(terms, code[1])
			}
		}
	}
	for _, language := range languages() {
		page := filepath.Join(language, "compare.md")
		for _, term := range terms {
			has(t, page, read(t, page), term)
		}
	}
}

func TestEveryFieldOfTheFilesIsDocumented(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		page  string
		value any
	}{
		{"results.md", report.Results{}},
		{"results.md", record.Record{}},
		{"simulator.md", simulator.Truth{}},
	} {
		text := read(t, tt.page)
		for _, name := range fieldsOf(reflect.TypeOf(tt.value), map[reflect.Type]bool{}) {
			has(t, tt.page, text, name)
		}
	}
}

// fieldsOf returns the names of all fields in JSON, also those of the types within.
func fieldsOf(kind reflect.Type, seen map[reflect.Type]bool) []string {
	switch kind.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return fieldsOf(kind.Elem(), seen)
	case reflect.Struct:
	default:
		return nil
	}
	if seen[kind] || kind.PkgPath() == "time" {
		return nil
	}
	seen[kind] = true
	var names []string
	for i := range kind.NumField() {
		field := kind.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if name != "" {
			names = append(names, name)
		}
		names = append(names, fieldsOf(field.Type, seen)...)
	}
	return names
}

func TestEveryFaultIsDescribed(t *testing.T) {
	t.Parallel()
	for _, kind := range simulator.FaultKinds() {
		assert.Contains(t, read(t, "simulator.md"), "\n| `"+string(kind)+"` | ", "no row for %s", kind)
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fence   = regexp.MustCompile("(?s)\n```.*?\n```")
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	anchor  = regexp.MustCompile(`<a id="([^"]+)"></a>`)
)

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, page := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(prose(t, page), -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			checked++
			path, fragment, _ := strings.Cut(found[1], "#")
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), filepath.FromSlash(path))
			}
			if _, err := os.Stat(target); !assert.NoError(t, err, "%s links to %s", page, found[1]) || fragment == "" {
				continue
			}
			assert.Contains(t, anchorsOf(t, target), fragment, "%s links to %s", page, found[1])
		}
	}
	require.Positive(t, checked)
}

// pages returns every page: those at the root and those below docs.
func pages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root, "*.md"))
	require.NoError(t, err)
	require.NoError(t, filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			found = append(found, path)
		}
		return err
	}))
	return found
}

// prose is a page without its blocks of code.
func prose(t *testing.T, page string) string {
	t.Helper()
	return fence.ReplaceAllString(read(t, page), "")
}

// anchorsOf returns what can stand behind # in a link to the page: the ids in it, and its headings as GitHub makes
// anchors of them.
func anchorsOf(t *testing.T, page string) []string {
	t.Helper()
	var anchors []string
	text := prose(t, page)
	for _, found := range anchor.FindAllStringSubmatch(text, -1) {
		anchors = append(anchors, found[1])
	}
	for _, found := range heading.FindAllStringSubmatch(text, -1) {
		slug := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, anchor.ReplaceAllString(found[1], ""))
		anchors = append(anchors, slug)
	}
	return anchors
}

// No page names an address but this machine's and those set aside for documentation (RFC 5737), so that nobody's
// server is asked by a reader who copies a command.
func TestNoAddressIsAnybodys(t *testing.T) {
	t.Parallel()
	address := regexp.MustCompile(`\b\d{1,3}(\.\d{1,3}){3}\b`)
	for _, page := range pages(t) {
		for _, found := range address.FindAllString(read(t, page), -1) {
			harmless := []string{"127.0.0.1", "0.0.0.0", "203.0.113.0", "203.0.113.10"}
			assert.True(t, slices.Contains(harmless, found), "%s names %s", page, found)
		}
	}
}
