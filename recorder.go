package ollama

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
)

// recorder keeps what the report is made of: the record of every request that made a
// model work, and what the servers told about themselves.
type recorder struct {
	mu          sync.Mutex
	records     []record.Record
	inventories map[string]api.Inventory // by target
}

func (r *recorder) add(measured record.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records = append(r.records, measured)
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

// snapshot returns what there is so far.
func (r *recorder) snapshot() ([]record.Record, map[string]api.Inventory) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.records), maps.Clone(r.inventories)
}
