// Package ollama is the k6 extension xk6-ollama: the JavaScript module k6/x/ollama,
// which asks Ollama servers and measures how fast they answer, and the subcommand
// `k6 x ollama`.
//
// The path of one request is: Ollama's method in ollama.go → exchange.Do over the VU's
// own transport (send.go) → a record, which becomes k6 samples (metrics.go), a line for
// the report (recorder.go) and the script's result (result.go).
package ollama

import (
	"fmt"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"
	"go.k6.io/k6/v2/js/modules"
	"go.k6.io/k6/v2/lib"

	"github.com/xk6-ollama/xk6-ollama/internal/loadcheck"
)

func init() {
	modules.Register("k6/x/ollama", New())
}

// RootModule is what all VUs of the process share: the records of their requests, and
// what a benchmark needs to be one benchmark in all of them.
type RootModule struct {
	recorder    recorder
	prompts     promptLog
	watch       loadcheck.Watch
	connections connections
	benchmark   sharedBenchmark
}

// New returns the module to register.
func New() *RootModule { return &RootModule{} }

// NewModuleInstance implements modules.Module.
func (r *RootModule) NewModuleInstance(vu modules.VU) modules.Instance {
	metrics, err := registerMetrics(vu.InitEnv().Registry)
	if err != nil {
		common.Throw(vu.Runtime(), fmt.Errorf("registering the ollama metrics: %w", err))
	}
	return &instance{
		root:           r,
		connections:    r.connections.vu(),
		vu:             vu,
		metrics:        metrics,
		runtimeOptions: vu.InitEnv().RuntimeOptions,
		env:            vu.InitEnv().LookupEnv,
	}
}

// instance is the module in one VU.
type instance struct {
	root           *RootModule
	connections    *connectionsOf
	vu             modules.VU
	metrics        *instanceMetrics
	runtimeOptions lib.RuntimeOptions
	env            func(string) (string, bool) // the process's own environment
	transport      vuTransport
	exports        modules.Exports // once they have been asked for
}

var (
	_ modules.Module   = &RootModule{}
	_ modules.Instance = &instance{}
)

// Exports implements modules.Instance. The default export is a client with the default
// options, which has the named exports, too.
//
// k6 asks again at each use of a name. The answer is always the same, or
// `new Ollama() instanceof Ollama` would be false.
func (i *instance) Exports() modules.Exports {
	if i.exports.Named != nil {
		return i.exports
	}
	rt := i.vu.Runtime()
	named := map[string]any{
		"Ollama":    rt.ToValue(i.newOllama),
		"report":    rt.ToValue(i.report),
		"benchmark": rt.ToValue(i.newBenchmark),
	}
	client := rt.NewObject()
	for name, value := range named {
		i.define(client, name, value)
	}
	i.defineMethods(client, i.defaultClient())
	i.exports = modules.Exports{Default: client, Named: named}
	return i.exports
}

// lookup finds a variable that `k6 run -e` or the environment sets.
func (i *instance) lookup(name string) (string, bool) {
	if value, ok := i.runtimeOptions.Env[name]; ok {
		return value, true
	}
	return i.env(name)
}

// define sets a property of an object that this package made, which can't fail.
func (i *instance) define(object *sobek.Object, name string, value any) {
	if err := object.Set(name, value); err != nil {
		common.Throw(i.vu.Runtime(), err)
	}
}
