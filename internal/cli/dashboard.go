package cli

import (
	"os"
	"path/filepath"

	"github.com/xk6-ollama/xk6-ollama/internal/dashboard"
	"github.com/xk6-ollama/xk6-ollama/internal/settings"
)

// dashboardFile is what k6 keeps of its dashboard in the directory of the results.
const dashboardFile = "dashboard.html"

// configureDashboard has k6's web dashboard show our metrics, if it is wanted: by --dashboard,
// or by k6's own variable. What the user has set of it stays.
func (b *bench) configureDashboard(dir string, environment map[string]string) error {
	if *b.dashboard {
		environment["K6_WEB_DASHBOARD"] = "true"
	}
	find := lookup(b.gs, environment)
	if wanted, _ := find("K6_WEB_DASHBOARD"); wanted != "true" {
		return nil
	}
	read, err := settings.Read(find, readText)
	if err != nil {
		return invalid("%v", err)
	}
	config, err := dashboard.Config(read.TargetNames(), read.Locale)
	if err != nil {
		return failed(err, "%v", err)
	}
	path := filepath.Join(dir, "dashboard.json")
	if err := os.WriteFile(path, config, 0o600); err != nil {
		return failed(err, "the dashboard's configuration can't be written: %v", err)
	}
	defaults := map[string]string{
		"XK6_DASHBOARD_CONFIG":    path,
		"K6_WEB_DASHBOARD_TAGS":   dashboard.Tag,
		"K6_WEB_DASHBOARD_HOST":   "127.0.0.1", // k6's own default is open to the network
		"K6_WEB_DASHBOARD_PERIOD": "1s",        // of its charts; the default of 10s is for longer tests
	}
	if read.Out != "" {
		defaults["K6_WEB_DASHBOARD_EXPORT"] = filepath.Join(read.Out, dashboardFile)
	}
	for name, value := range defaults {
		if _, set := find(name); !set {
			environment[name] = value
		}
	}
	return nil
}
