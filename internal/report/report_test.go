package report_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, run := range runs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results := report.Summarize(run)
			var page bytes.Buffer
			require.NoError(t, report.JSON(&page, results))
			golden(t, name+".json", page.Bytes())
			for extension, write := range map[string]func(io.Writer, report.Results) error{
				".csv":           report.CSV,
				".junit.xml":     func(w io.Writer, r report.Results) error { return report.JUnit(w, r) },
				".benchstat.txt": report.Benchstat,
			} {
				page.Reset()
				require.NoError(t, write(&page, results))
				golden(t, name+extension, page.Bytes())
			}
			for _, l := range []locale.Locale{locale.English, locale.Korean} {
				golden(t, name+"."+string(l)+".txt", []byte(text(t, results, l, 80)))
				page.Reset()
				require.NoError(t, report.Markdown(&page, results, l))
				golden(t, name+"."+string(l)+".md", page.Bytes())
			}
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run the test with -update")
	assert.Equal(t, string(want), string(got))
}

func text(t *testing.T, results report.Results, l locale.Locale, width int) string {
	t.Helper()
	var page bytes.Buffer
	require.NoError(t, report.Text(&page, results, report.TextOptions{Locale: l, Width: width}))
	return page.String()
}
