package ollama_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/k6test"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
)

// A full disk (/dev/full behaves as one) and a directory in the way cost the files that they
// are about: each is one line, the others are there, and `k6 run` fails.
func TestBenchmarkSaysWhatItCanNotWrite(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"full", "disabled"} {
		out := t.TempDir()
		full, taken := filepath.Join(out, report.JUnitFile), filepath.Join(out, report.CSVFile)
		require.NoError(t, os.Symlink("/dev/full", full))
		require.NoError(t, os.Mkdir(taken, 0o755))
		result := k6test.Run(t, []string{"OUT=" + out, "SIMULATE=true", "ONLY=local", "NUM_REQUESTS=1", "NUM_PREDICT=2"},
			"run", "--quiet", "--summary-mode="+mode, "scripts/benchmark.js")
		assert.Equal(t, 110, result.Code, "marked as failed")
		for _, want := range []string{
			full + ": can't be written: no space left on device", taken + ": can't be written: is a directory",
		} {
			assert.Equal(t, 1, strings.Count(result.Stderr, want), result.Stderr)
		}
		assert.NotContains(t, result.Stderr, "end-of-test summary", "k6 was not asked to save it once more")
		assert.Contains(t, result.Stdout, "100.0% (1/1)")
		for _, name := range report.FileNames() {
			info, err := os.Stat(filepath.Join(out, name))
			require.NoError(t, err)
			written := !slices.Contains([]string{report.JUnitFile, report.CSVFile}, name)
			assert.Equal(t, written, info.Mode().IsRegular() && info.Size() > 0, name)
		}
	}
}
