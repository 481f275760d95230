package report_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
	"github.com/xk6-ollama/xk6-ollama/internal/settings"
)

func page(t *testing.T, results report.Results, l locale.Locale) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, report.HTML(&out, results, l))
	return out.Bytes()
}

func parsed(t *testing.T, page []byte) *html.Node {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	require.NoError(t, err)
	return root
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// find returns the elements below n that have the tag and, unless it is "", the class.
func find(n *html.Node, tag, class string) []*html.Node {
	var list []*html.Node
	for child := range n.Descendants() {
		if child.Type == html.ElementNode && child.Data == tag &&
			(class == "" || slices.Contains(strings.Fields(attribute(child, "class")), class)) {
			list = append(list, child)
		}
	}
	return list
}

func textOf(n *html.Node) string {
	var text strings.Builder
	for child := range n.Descendants() {
		if child.Type == html.TextNode {
			text.WriteString(child.Data)
		}
	}
	return strings.Join(strings.Fields(text.String()), " ")
}

// checkPage fails unless the page is one that needs nothing from elsewhere, runs nothing, and can be
// read by those who see no pictures.
func checkPage(t *testing.T, page []byte, l locale.Locale) {
	t.Helper()
	root := parsed(t, page)
	assert.Equal(t, string(l), attribute(find(root, "html", "")[0], "lang"))
	checkSelfContained(t, root)
	ids := map[string]bool{}
	for n := range root.Descendants() {
		if id := attribute(n, "id"); id != "" {
			assert.False(t, ids[id], "id %q twice", id)
			ids[id] = true
		}
	}
	assert.Len(t, find(root, "h1", ""), 1)
	for _, figure := range find(root, "figure", "") {
		assert.NotEmpty(t, find(figure, "svg", "wide"))
		assert.Len(t, find(figure, "svg", "narrow"), len(find(figure, "svg", "wide")))
		assert.NotEmpty(t, find(figure, "table", ""), "the data of %s", attribute(figure, "id"))
	}
	for _, svg := range find(root, "svg", "chart") {
		assert.Equal(t, "img", attribute(svg, "role"))
		assert.NotEmpty(t, attribute(svg, "aria-label"))
	}
	text := textOf(root)
	for _, sign := range []string{"NaN", "Inf", "%!"} {
		assert.NotContains(t, text, sign)
	}
	for _, svg := range regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAll(page, -1) {
		checkSVG(t, svg)
	}
}

func checkSelfContained(t *testing.T, root *html.Node) {
	t.Helper()
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		assert.NotContains(t, []string{"script", "img", "iframe", "object", "embed", "base", "form"}, n.Data)
		for _, a := range n.Attr {
			assert.False(t, strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src", "<%s %s>", n.Data, a.Key)
			if a.Key == "href" {
				assert.True(t, strings.HasPrefix(a.Val, "#") || a.Val == "data:,", a.Val)
			}
		}
	}
	style := find(root, "style", "")
	require.Len(t, style, 1)
	assert.NotContains(t, style[0].FirstChild.Data, "url(")
	assert.NotContains(t, style[0].FirstChild.Data, "@import")
	sum := sha256.Sum256([]byte(style[0].FirstChild.Data))
	policies := 0
	for _, meta := range find(root, "meta", "") {
		if attribute(meta, "http-equiv") == "Content-Security-Policy" {
			policies++
			assert.Equal(t, "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+
				"'; img-src data:; base-uri 'none'; form-action 'none'", attribute(meta, "content"))
		}
	}
	assert.Equal(t, 1, policies)
}

// checkSVG is stricter than a browser, which repairs what is no XML.
func checkSVG(t *testing.T, svg []byte) {
	t.Helper()
	assert.NotRegexp(t, `="[^"]*(NaN|Inf)`, string(svg))
	decoder := xml.NewDecoder(bytes.NewReader(svg))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if !assert.NoError(t, err, "%.200s", svg) {
			return
		}
	}
}

func TestPagesAreSelfContained(t *testing.T) {
	t.Parallel()
	all := runs()
	all["five long names"], all["nine long names"] = many(5), many(9)
	for name, run := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results := report.Summarize(run)
			for _, l := range []locale.Locale{locale.English, locale.Korean} {
				checkPage(t, page(t, results, l), l)
			}
		})
	}
}

// outline is what a reader without eyes for pictures has of a page, a line for each part of it.
func outline(n *html.Node) string {
	var lines []string
	for child := range n.Descendants() {
		switch {
		case child.Type != html.ElementNode:
		case child.Data == "svg" && attribute(child, "aria-label") != "":
			lines = append(lines, "picture "+attribute(child, "class")+": "+attribute(child, "aria-label"))
			if strings.Contains(attribute(child, "class"), "narrow") {
				continue
			}
			for _, label := range append(find(child, "text", ""), find(child, "title", "")...) {
				lines = append(lines, "  "+label.Data+": "+textOf(label))
			}
		case child.Data == "tr":
			var cells []string
			for cell := range child.ChildNodes() {
				if cell.Type == html.ElementNode {
					cells = append(cells, textOf(cell))
				}
			}
			lines = append(lines, strings.TrimSpace(attribute(child, "class")+"| "+strings.Join(cells, " | ")+" |"))
		case slices.Contains([]string{
			"h1", "h2", "h3", "h4", "p", "strong", "li", "b", "small", "caption", "summary", "dt", "dd",
		}, child.Data), attribute(child, "class") == "big":
			lines = append(lines, child.Data+": "+textOf(child))
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestGoldenPages(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"two-models", "one-side-failed"} {
		results := report.Summarize(runs()[name])
		for _, l := range []locale.Locale{locale.English, locale.Korean} {
			golden(t, name+"."+string(l)+".html.txt", []byte(outline(parsed(t, page(t, results, l)))))
		}
	}
}

// A figure is the same in every format.
func TestPageHasTheFiguresOfMarkdown(t *testing.T) {
	t.Parallel()
	for name, run := range runs() {
		results := report.Summarize(run)
		for _, l := range []locale.Locale{locale.English, locale.Korean} {
			var markdown bytes.Buffer
			require.NoError(t, report.Markdown(&markdown, results, l))
			var have []string
			root := parsed(t, page(t, results, l))
			for _, cell := range append(find(root, "td", ""), find(root, "th", "")...) {
				have = append(have, textOf(cell))
			}
			cells := 0
			for line := range strings.Lines(markdown.String()) {
				if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "| ---") {
					continue
				}
				for i, cell := range strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ") {
					cell = strings.NewReplacer(`\`, "", "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(strings.TrimSpace(cell))
					if i > 0 && cell != "" {
						assert.Contains(t, have, cell, "%s in %s: %s", name, l, line)
						cells++
					}
				}
			}
			assert.Positive(t, cells+count(name == "nothing"), name)
		}
	}
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// What a server, a script or a user wrote is text wherever it shows.
func TestPageEscapes(t *testing.T) {
	t.Parallel()
	const evil = `</title></style></svg><script>alert(1)</script>"'><img src=x onerror=alert(2)>`
	a, b := local(), remote()
	a.model, b.model, a.target = evil, evil, evil
	a.url = "http://host/" + evil
	b.failing = func(n int) *record.Error {
		if n%3 == 1 {
			return &record.Error{Type: evil, Message: evil}
		}
		return nil
	}
	one := inventory(evil, evil, evil)
	one.Models[0].Name = evil
	two := inventory(evil+"2", "Q4_K_M", "0.17.4")
	two.Models[0].Name = evil
	run := report.Run{
		Records: interleave(10, a, b), GeneratedAt: generatedAt,
		Targets:     []string{evil, evil + "3"},
		Settings:    map[string]any{"PROMPT": evil, evil: []string{evil}},
		Environment: report.Environment{K6: evil, Extension: evil, Go: evil, OS: evil, Arch: evil},
		Inventories: map[string]api.Inventory{evil: one, "remote": two},
	}
	results := report.Summarize(run)
	results.Warnings = append(results.Warnings, report.Warning{Code: "of a later version", Message: evil})
	for _, l := range []locale.Locale{locale.English, locale.Korean} {
		content := page(t, results, l)
		checkPage(t, content, l)
		assert.NotContains(t, string(content), "<script")
		assert.NotContains(t, string(content), "<img")
		root := parsed(t, content)
		for _, place := range []struct{ tag, class string }{
			{"h1", ""},
			{"h2", ""},
			{"strong", ""},
			{"td", ""},
			{"th", ""},
			{"li", ""},
			{"p", ""},
			{"code", ""},
			{"title", ""},
			{"text", "name"},
		} {
			assert.True(t, slices.ContainsFunc(find(root, place.tag, place.class), func(n *html.Node) bool {
				return strings.Contains(textOf(n), "<script>alert(1)")
			}), "%s shows it", place.tag)
		}
		assert.NotEmpty(t, find(find(root, "svg", "wide")[0], "title", ""), "and so do the values under the pointer")
	}
}

// Whatever a user wrote into an address, no file says it.
func TestFilesTellNoSecrets(t *testing.T) {
	t.Parallel()
	const user, secret = "grace", "hunter2"
	environment := map[string]string{
		"LOCAL_ENDPOINT":  "http://" + user + ":" + secret + "@127.0.0.1:11434/api/generate",
		"REMOTE_ENDPOINT": "https://" + user + ":" + secret + "@gpu.example.com/ollama",
	}
	read, err := settings.Read(
		func(name string) (string, bool) { value, ok := environment[name]; return value, ok },
		func(string) (string, error) { return "", nil },
	)
	require.NoError(t, err)
	a, b := local(), remote()
	// Records of ours have no credentials; those of another tool may.
	a.url, b.url = environment["LOCAL_ENDPOINT"], environment["REMOTE_ENDPOINT"]
	b.failing = refused
	var lines bytes.Buffer
	require.NoError(t, record.Write(&lines, interleave(3, a, b)))
	require.Contains(t, lines.String(), secret)
	records, err := record.Read(&lines)
	require.NoError(t, err)
	run := report.Run{Records: records, Settings: read.Map(), GeneratedAt: generatedAt, Targets: read.TargetNames()}
	results := report.Summarize(run)
	for _, l := range []locale.Locale{locale.English, locale.Korean} {
		all := written(t, results, records, l)
		all["text"] = []byte(text(t, results, l, 80))
		for name, content := range all {
			assert.NotContains(t, string(content), secret, name)
			assert.NotContains(t, string(content), user, name)
			if name != report.BenchstatFile { // whose requests to that server failed
				assert.Contains(t, string(content), "gpu.example.com", "%s has the rest of it", name)
			}
		}
	}
}

// Files that hold no single requests leave out the pictures of them, and say so.
func TestPageOfResultsWithoutRequests(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	require.NoError(t, report.JSON(&file, report.Summarize(runs()["two-sides"])))
	results, err := report.ReadResults(&file)
	require.NoError(t, err)
	content := page(t, results, locale.English)
	checkPage(t, content, locale.English)
	root := parsed(t, content)
	var figures []string
	for _, figure := range find(root, "figure", "") {
		figures = append(figures, attribute(figure, "id"))
	}
	assert.Equal(t, []string{"parts"}, figures)
	assert.Contains(t, textOf(root), "The pictures of single requests are left out")
}

// drawnIn counts the points of a class in the wide picture of a figure, by the moves of its paths.
func drawnIn(t *testing.T, content []byte, id, class string) int {
	t.Helper()
	for _, figure := range find(parsed(t, content), "figure", "") {
		if attribute(figure, "id") != id {
			continue
		}
		points := 0
		for _, svg := range find(figure, "svg", "wide") {
			for _, path := range find(svg, "path", class) {
				points += strings.Count(attribute(path, "d"), "M")
			}
		}
		return points
	}
	require.Fail(t, "there is no figure "+id)
	return 0
}

func noteOf(t *testing.T, content []byte, id string) string {
	t.Helper()
	for _, figure := range find(parsed(t, content), "figure", "") {
		if attribute(figure, "id") == id {
			return textOf(find(figure, "figcaption", "")[0])
		}
	}
	require.Fail(t, "there is no figure "+id)
	return ""
}

func TestEveryRequestIsDrawn(t *testing.T) {
	t.Parallel()
	content := page(t, report.Summarize(runs()["failures-mixed"]), locale.English)
	root := parsed(t, content)
	titles := map[string]int{}
	for _, title := range find(find(find(root, "figure", "")[0], "svg", "wide")[0], "title", "") {
		text := textOf(title)
		kind := text[strings.LastIndex(text, "(")+1 : len(text)-1]
		titles[kind]++
	}
	assert.Equal(t, map[string]int{"ok": 17, "failed: timeout_total": 2, "failed: decode": 1}, titles)
	assert.Equal(t, 10, drawnIn(t, content, "requests", "dot"), "local's discs")
	assert.Equal(t, 3, drawnIn(t, content, "requests", "halo"), "below the crosses of failed requests")

	content = page(t, report.Summarize(runs()["two-sides"]), locale.English)
	assert.Equal(t, 1, drawnIn(t, content, "requests", "warm"))
}

// Of very many requests, what would be hidden is left out, and the page says so.
func TestManyRequests(t *testing.T) {
	t.Parallel()
	c := report.Collector{Limit: 10_000}
	records := interleave(12_000, local(), remote())
	for i := range records {
		*records[i].Duration *= 1 + 0.2*math.Sin(float64(i*i))
		c.Add(&records[i], "")
	}
	content := page(t, c.Results(report.Run{GeneratedAt: generatedAt}), locale.English)
	assert.Less(t, len(content), 1<<20)
	note := noteOf(t, content, "requests")
	assert.Contains(t, note, "Local Ollama: a random sample of 10,000 of 12,000 requests.")
	drawn := drawnIn(t, content, "requests", "dot") + drawnIn(t, content, "requests", "f")
	assert.Contains(t, note, fmt.Sprintf("drawn once: %d,%03d of 20,000", drawn/1000, drawn%1000))
	assert.Less(t, drawn, 18_000)
	assert.Greater(t, drawn, 3_000)
	root := parsed(t, content)
	assert.Less(t, len(find(root, "circle", "h")), 1000)
	table := find(find(root, "figure", "")[0], "table", "")
	assert.Len(t, find(table[0], "tr", ""), 21, "spans of time")
}

// A value that would press all others into one line is drawn at the end of the axis, and said.
func TestOutliersAreMarked(t *testing.T) {
	t.Parallel()
	records := interleave(20, local(), remote())
	*records[7].Duration = 90_000
	content := page(t, report.Summarize(report.Run{Records: records}), locale.English)
	assert.Contains(t, noteOf(t, content, "requests"), "1 beyond the axis, up to 90.0 s, stand at its end.")
	assert.Contains(t, noteOf(t, content, "e2e"), "1 beyond the axis, up to 90.0 s, stand at its end.")
	assert.Contains(t, string(content), "<title>Remote Ollama: 90.0 s, started at")

	far := remote()
	far.perToken = 900
	content = page(t, report.Summarize(report.Run{Records: interleave(20, local(), far)}), locale.English)
	assert.Contains(t, noteOf(t, content, "requests"), "The axis is logarithmic.")
	assert.NotContains(t, noteOf(t, content, "requests"), "beyond")
}

func TestPageWriteErrors(t *testing.T) {
	t.Parallel()
	results := report.Summarize(runs()["two-sides"])
	for _, after := range []int{0, 20_000} {
		require.ErrorIs(t, report.HTML(&brokenWriter{after}, results, locale.English), errBroken)
	}
}
