package ollama

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
)

// recorder keeps what the report is made of: what was measured of every request that made a
// model work, and what the servers told about themselves.
type recorder struct {
	lines record.Spool // of requests.ndjson

	mu          sync.Mutex
	collector   report.Collector
	inventories map[string]api.Inventory // by target
}

func (r *recorder) add(measured *record.Record) error {
	err := r.lines.Add(measured)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.collector.Add(measured, "")
	return err
}

// reached keeps on which host a target was found. The first counts: a name may have several.
func (r *recorder) reached(target, host string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if inventory := r.inventories[target]; host != "" && inventory.Host == "" {
		inventory.Host = host
		r.keep(target, inventory)
	}
}

// note keeps the answer of list, ps, version and show. Answers of other calls, and answers
// that are not what they should be, say nothing about the server.
func (r *recorder) note(target, model string, op api.Op, body []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	inventory := r.inventories[target]
	var (
		tags    api.Tags
		running api.PS
		version api.Version
		show    api.Shown
	)
	switch {
	case op == api.List && json.Unmarshal(body, &tags) == nil:
		inventory.Models = tags.Models
	case op == api.ListRunning && json.Unmarshal(body, &running) == nil:
		inventory.Running = mergeRunning(inventory.Running, running.Models)
	case op == api.GetVersion && json.Unmarshal(body, &version) == nil:
		inventory.Version = version.Version
	case op == api.Show && json.Unmarshal(body, &show) == nil:
		shown := maps.Clone(inventory.Shown)
		if shown == nil {
			shown = map[string]api.Shown{}
		}
		shown[model] = show
		inventory.Shown = shown
	default:
		return
	}
	r.keep(target, inventory)
}

// keep stores an inventory; r.mu is held.
func (r *recorder) keep(target string, inventory api.Inventory) {
	if r.inventories == nil {
		r.inventories = map[string]api.Inventory{}
	}
	r.inventories[target] = inventory
}

// mergeRunning keeps models that were loaded at some time of the test, since a server
// may unload one to make room for the next.
func mergeRunning(before, now []api.RunningModel) []api.RunningModel {
	gone := slices.DeleteFunc(slices.Clone(before), func(old api.RunningModel) bool {
		return slices.ContainsFunc(now, func(m api.RunningModel) bool { return api.SameModel(m.Name, old.Name) })
	})
	return append(gone, now...)
}

// results computes the results of what there is so far.
func (r *recorder) results(run report.Run) report.Results {
	r.mu.Lock()
	defer r.mu.Unlock()
	run.Inventories = maps.Clone(r.inventories)
	return r.collector.Results(run)
}

// measured returns how many requests to a target for a model were measured, and how many of
// them succeeded.
func (r *recorder) measured(target, model string) (requests, succeeded int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.collector.Measured(target, model)
}

// measuredInAll returns how many measured requests the test let come to their end.
func (r *recorder) measuredInAll() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.collector.Records().Measured
}
