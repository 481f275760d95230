package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// describeMachine prints what the figures are worth nothing without.
func (b *bench) describeMachine(ctx context.Context) error {
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return fmt.Errorf("reading the kernel's release: %w", err)
	}
	version, err := exec.CommandContext(ctx, b.k6, "version").Output() // #nosec G204 -- the k6 that was asked for
	if err != nil {
		return fmt.Errorf("%s version: %w", b.k6, err)
	}
	first, _, _ := strings.Cut(string(version), "\n")
	return write(b.out, "%s, %d × %s, Linux %s; %s; runs: %d (medians, least–most), "+
		"server on CPU %d, client on CPU %d.\n\n", time.Now().Format(time.DateOnly), runtime.NumCPU(), processor(),
		strings.TrimSpace(string(kernel)), strings.TrimSpace(first), b.runs, b.serverCPU, b.clientCPU)
}

func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(info)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
