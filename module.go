package ollama

import (
	_ "github.com/grafana/sobek"
	_ "go.k6.io/k6/v2/js/modules"
)
