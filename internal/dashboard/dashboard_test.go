package dashboard_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/dashboard"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
)

var update = flag.Bool("update", false, "write the files in dashboards/ anew")

// The files in dashboards/ are for `k6 run` without bench.
func TestShippedFiles(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]locale.Locale{"k6-web.json": locale.English, "k6-web.ko.json": locale.Korean} {
		want, err := dashboard.Config([]string{"local", "remote"}, l)
		require.NoError(t, err)
		path := filepath.Join("..", "..", "dashboards", name)
		if *update {
			require.NoError(t, os.WriteFile(path, want, 0o600))
		}
		got, err := os.ReadFile(path)
		require.NoError(t, err, "run the test with -update")
		assert.Equal(t, string(want), string(got))
	}
}

// A chart of a metric that there is not would stay empty.
func TestEveryChartedMetricExists(t *testing.T) {
	t.Parallel()
	definitions, err := os.ReadFile(filepath.Join("..", "..", "metrics.go"))
	require.NoError(t, err)
	text, err := dashboard.Config([]string{"a"}, locale.English)
	require.NoError(t, err)
	names := regexp.MustCompile(`\bollama_\w+`).FindAllString(string(text), -1)
	require.NotEmpty(t, names)
	for _, name := range names {
		assert.Contains(t, string(definitions), `"`+name+`"`)
	}
}

func TestNamesAreQuoted(t *testing.T) {
	t.Parallel()
	text, err := dashboard.Config([]string{`it's a \ "box"`}, locale.English)
	require.NoError(t, err)
	var config struct {
		Tabs []struct {
			Sections []struct {
				Panels []struct {
					Series []struct{ Query, Legend string }
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(text, &config))
	series := config.Tabs[0].Sections[1].Panels[0].Series[0]
	assert.Equal(t, `ollama_req_duration[?tags.target=='it\'s a \\ "box"' && avg]`, series.Query)
	assert.Equal(t, `it's a \ "box" avg`, series.Legend)
}
