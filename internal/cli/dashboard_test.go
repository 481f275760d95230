package cli_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBenchDashboard(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "results")
	// The dashboard keeps nothing of a test that is shorter than a few of its periods.
	environment := []string{"K6_WEB_DASHBOARD_PORT=0", "K6_WEB_DASHBOARD_PERIOD=100ms"}
	result := run(t, environment, "bench", "--simulate", "-n", "3", "--num-predict", "8", "--timeout", "5s",
		"--dashboard", "--out", out)
	require.Zero(t, result.Code, result.Stderr)
	page, err := os.ReadFile(filepath.Join(out, "dashboard.html"))
	require.NoError(t, err)
	assert.Contains(t, string(page), "</html>")

	result = run(t, nil, "bench", "--simulate", "-n", "1", "--num-predict", "1", "--dashboard=maybe")
	assert.Equal(t, 104, result.Code)
	assert.Contains(t, result.Stderr, "maybe")
}
