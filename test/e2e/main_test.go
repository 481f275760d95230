//go:build e2e

// Package e2e_test benchmarks real Ollama servers with k6 and checks what comes out against counts of its own. It
// imports nothing of the module that it checks. run.sh starts the servers and hands them over in the environment.
package e2e_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// given is what run.sh hands over.
var given struct {
	k6          string // the binary under test
	local       string // addresses of two servers with the same models
	remote      string
	quick, slow string // these models
	unlike      string // another server, whose quick model is quantised differently
	doomed      string // a third server with them, for the test that kills it
	doomedGroup int    // its process group
}

func TestMain(m *testing.M) {
	if err := readEnvironment(); err != nil {
		fmt.Fprintf(os.Stderr, "e2e: %v: `make e2e` runs these tests\n", err)
		os.Exit(2)
	}
	code := m.Run()
	if len(measured.lines) > 0 {
		fmt.Println("\nMeasured in this run:\n  " + strings.Join(measured.lines, "\n  "))
	}
	os.Exit(code)
}

func readEnvironment() error {
	var models, group string
	for name, into := range map[string]*string{
		"E2E_K6": &given.k6, "E2E_LOCAL": &given.local, "E2E_REMOTE": &given.remote, "E2E_MODELS": &models,
		"E2E_UNLIKE": &given.unlike,
		"E2E_DOOMED": &given.doomed, "E2E_DOOMED_GROUP": &group,
	} {
		if *into = os.Getenv(name); *into == "" {
			return fmt.Errorf("%s is not set", name)
		}
	}
	var ok bool
	if given.quick, given.slow, ok = strings.Cut(models, ","); !ok {
		return fmt.Errorf("E2E_MODELS=%q: must be two models, as in tiny,small", models)
	}
	var err error
	if given.doomedGroup, err = strconv.Atoi(group); err != nil || given.doomedGroup <= 1 {
		return fmt.Errorf("E2E_DOOMED_GROUP=%q: must be a process group", group)
	}
	return nil
}

// measured are the figures for the end of the output.
var measured struct {
	sync.Mutex
	lines []string
}

func note(t *testing.T, format string, arguments ...any) {
	t.Helper()
	line := fmt.Sprintf(format, arguments...)
	t.Log(line)
	measured.Lock()
	defer measured.Unlock()
	measured.lines = append(measured.lines, line)
}
