package ollama_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/k6test"
)

// asked runs k6 with the arguments, without the variables by which the tests keep it quiet,
// and returns what it asked Grafana's servers, whose place a server here takes.
func asked(t *testing.T, env []string, args ...string) []string {
	t.Helper()
	home := serve(t, func(w http.ResponseWriter, _ received) { _, _ = w.Write([]byte("{}")) })
	k6 := k6test.Command(t, nil, args...)
	k6.Env = slices.DeleteFunc(k6.Env, func(variable string) bool {
		return strings.HasPrefix(variable, "K6_")
	})
	k6.Env = append(k6.Env,
		"K6_PROVISION_CATALOG_URL="+home.URL+"/catalogue", "K6_USAGE_REPORT_URL="+home.URL+"/usage",
		"XDG_CACHE_HOME="+t.TempDir(), "XDG_CONFIG_HOME="+t.TempDir(),
	)
	k6.Env = append(k6.Env, env...)
	output, err := k6.CombinedOutput()
	require.NoError(t, err, string(output))
	home.mu.Lock()
	defer home.mu.Unlock()
	var paths []string
	for _, request := range home.seen {
		paths = append(paths, request.path)
	}
	return paths
}

func TestNoCommandPhonesHome(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "requests.ndjson")
	require.NoError(t, os.WriteFile(file,
		[]byte(`{"target":"local","op":"generate","started_at":1,"ok":true,"duration_ms":1}`), 0o600))
	const bench = "x ollama bench --simulate --only-local -n 1 --warmup 0 --num-predict 1"
	for _, args := range []string{
		"x", "x --help", "x ollama", "x ollama --help", "x ollama bench --help", "help x ollama", "help x ollama bench",
		"--quiet x ollama", "-c none.json x --no-color ollama", "--log-output=none x ollama",
		"__complete x ollama bench --on", "__completeNoDesc x ollama ",
		"x ollama report " + file, bench,
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			assert.Empty(t, asked(t, nil, strings.Fields(args)...))
		})
	}
	t.Run("unless asked for", func(t *testing.T) {
		t.Parallel()
		usage := []string{"K6_NO_USAGE_REPORT=false"}
		assert.Contains(t, asked(t, usage, "x", "ollama", "--help"), "/usage")
		assert.Contains(t, asked(t, usage, strings.Fields(bench)...), "/usage")
		assert.Contains(t, asked(t, []string{"K6_AUTO_EXTENSION_RESOLUTION=true"}, "x", "ollama", "--help"), "/catalogue")
	})
}
