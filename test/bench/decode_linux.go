package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// decode is what reading one line costs. It needs no server: it runs the benchmarks of the
// scanner, which measure encoding/json in turns with it.
func (b *bench) decode(ctx context.Context) error {
	// #nosec G204 -- a number
	command := exec.CommandContext(ctx, "taskset", "-c", strconv.Itoa(b.clientCPU), "go", "test", "-run", "^$",
		"-bench", ".", "-cpu", "1", "-count", strconv.Itoa(b.runs), "./internal/api")
	output, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("go test: %w\n%s", err, output)
	}
	columns := []struct{ unit, title, format string }{
		{"ns", "ns a line", "%.0f"},
		{"baseline-ns", "encoding/json, ns", "%.0f"},
		{"times-as-fast", "times as fast", "%.1f"},
		{"allocs", "allocations a line", "%.2g"},
	}
	t := table{title: "Decoding one line", goal: "10 times as fast as encoding/json into a struct, no allocations"}
	t.header = []string{"line"}
	for _, c := range columns {
		t.header = append(t.header, c.title)
	}
	names, found := parseBenchmarks(string(output))
	if len(names) == 0 {
		return errors.New("there are no benchmarks in internal/api")
	}
	for _, name := range names {
		cells := []string{strings.TrimPrefix(name, "Benchmark")}
		for _, c := range columns {
			cells = append(cells, found[name][c.unit].withRange(c.format))
		}
		t.add(cells...)
	}
	return t.write(b.out)
}

// parseBenchmarks reads what `go test -bench` prints: a line has the name, how often it ran,
// and pairs of value and unit.
func parseBenchmarks(output string) (names []string, found map[string]map[string]sample) {
	found = map[string]map[string]sample{}
	for line := range strings.Lines(output) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := fields[0]
		if found[name] == nil {
			names = append(names, name)
			found[name] = map[string]sample{}
		}
		for i := 2; i+1 < len(fields); i += 2 {
			if value, err := strconv.ParseFloat(fields[i], 64); err == nil {
				found[name][fields[i+1]] = append(found[name][fields[i+1]], value)
			}
		}
	}
	return names, found
}
