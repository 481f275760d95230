package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extended "github.com/yuin/goldmark/extension/ast"
	source "github.com/yuin/goldmark/text"

	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
)

// What GitHub makes of the report: tables with as many cells as they have columns, and out of
// foreign text neither HTML nor headings nor images nor links, but for addresses that stand
// there to be read.
func TestMarkdownStaysWhatItIs(t *testing.T) {
	t.Parallel()
	for name, run := range runs() {
		for _, l := range []locale.Locale{locale.English, locale.Korean} {
			t.Run(name+" "+string(l), func(t *testing.T) {
				t.Parallel()
				var page bytes.Buffer
				require.NoError(t, report.Markdown(&page, report.Summarize(run), l))
				checkMarkdown(t, page.Bytes())
			})
		}
	}
}

func checkMarkdown(t *testing.T, page []byte) {
	t.Helper()
	github := goldmark.New(goldmark.WithExtensions(extension.GFM))
	rows := 0
	document := github.Parser().Parse(source.NewReader(page))
	err := ast.Walk(document, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := node.(type) {
		case *extended.Table:
			columns := len(n.Alignments)
			for row := n.FirstChild(); row != nil; row = row.NextSibling() {
				rows++
				assert.Equal(t, columns, row.ChildCount(), "a row of %d", columns)
			}
		case *ast.RawHTML:
			assert.Equal(t, "<!-- -->", string(n.Segments.Value(page)), "what breaks a mention")
		case *ast.HTMLBlock:
			html := strings.TrimSpace(string(n.Lines().Value(page)))
			assert.Regexp(t, `^(<details><summary>[^<>]*</summary>|</details>)$`, html)
		case *ast.Link, *ast.Image, *extended.Strikethrough, *ast.CodeBlock, *ast.FencedCodeBlock, *ast.Blockquote,
			*ast.ThematicBreak:
			assert.Fail(t, "made of foreign text", "%s: %s", node.Kind(), page)
		}
		return ast.WalkContinue, nil
	})
	require.NoError(t, err)
	lines := bytes.Count(page, []byte("\n| ")) - bytes.Count(page, []byte("\n| --- |"))
	assert.Equal(t, lines, rows, "each line of a table is one")
}

// A name is read as it is, in a table, a heading and a sentence.
func TestMarkdownShowsNamesAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"a|b", "`code`", "**bold** _it_ __x__", "~~gone~~ ~x~", "<b>x</b> &amp; &lt;", "[a](b) ![c](d)", "# h", "1. x", "- x", "> x",
		"@team #12 a@b #x", `back\slash \| \`, "🦙 라마 ﷽", "===", "---", "| --- |", "<!-- x", "https://x.example/<y>",
	} {
		one := local()
		one.target, one.model = name, name
		var page, html bytes.Buffer
		require.NoError(t, report.Markdown(&page, report.Summarize(report.Run{Records: interleave(3, one)}), locale.English))
		checkMarkdown(t, page.Bytes())
		require.NoError(t, goldmark.New(goldmark.WithExtensions(extension.Table)).Convert(page.Bytes(), &html))
		visible := html.String()
		for _, omitted := range []string{"<!-- raw HTML omitted -->", "<strong>", "</strong>"} {
			visible = strings.ReplaceAll(visible, omitted, "")
		}
		for _, entity := range [][2]string{{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", `"`}, {"&amp;", "&"}} {
			visible = strings.ReplaceAll(visible, entity[0], entity[1])
		}
		assert.Contains(t, visible, ">"+name+"</th>", "in a table")
		assert.Contains(t, visible, "Benchmarking: "+name+" - "+name+"</h2>", "in a heading")
	}
}
