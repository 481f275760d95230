//go:build e2e

package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const benchmarkScript = "../../scripts/benchmark.js"

// k6's exit codes: errext/exitcodes in its source.
const (
	exitThresholds  = 99
	exitInterrupted = 105
)

// patience is more than any run here takes; a run that hangs fails by it.
const patience = 3 * time.Minute

// settings are environment variables for the script, as `k6 run -e NAME=VALUE` sets them.
type settings map[string]string

// with returns the settings with others that go before them.
func (s settings) with(others settings) settings {
	all := settings{}
	for _, each := range []settings{s, others} {
		for name, value := range each {
			all[name] = value
		}
	}
	return all
}

// both are the settings of a comparison of the two servers.
func both(others settings) settings {
	return settings{
		"LOCAL_ENDPOINT": given.local, "REMOTE_ENDPOINT": given.remote,
		"MODEL": given.quick, "NUM_REQUESTS": "10", "NUM_PREDICT": "32",
	}.with(others)
}

// outcome is what a run of k6 left.
type outcome struct {
	stdout, stderr string
	code           int
	dir            string // OUT
}

// job is a run of k6 that goes on.
type job struct {
	*exec.Cmd
	stdout bytes.Buffer
	stderr watched
	dir    string
}

// start runs k6 with arguments and settings, and with an OUT of its own.
func start(t *testing.T, env settings, arguments ...string) *job {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	j := &job{dir: filepath.Join(t.TempDir(), "results")}
	for name, value := range (settings{"OUT": j.dir}).with(env) {
		arguments = append(arguments, "-e", name+"="+value)
	}
	j.Cmd = exec.CommandContext(ctx, given.k6, arguments...)
	j.Env = []string{
		"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "K6_NO_USAGE_REPORT=true", "K6_AUTO_EXTENSION_RESOLUTION=false",
	}
	j.Stdout, j.Stderr = &j.stdout, &j.stderr
	require.NoError(t, j.Start())
	return j
}

func (j *job) wait(t *testing.T) outcome {
	t.Helper()
	err := j.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	o := outcome{j.stdout.String(), j.stderr.text(), j.ProcessState.ExitCode(), j.dir}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("exit code %d\n%s\n%s", o.code, o.stdout, o.stderr)
		}
	})
	require.NotEqual(t, -1, o.code, "k6 did not end by itself in %v", patience)
	require.NotContains(t, o.stdout+o.stderr, "panic")
	require.NotRegexp(t, `NaN|[+-]?Inf\b|undefined|\[object|<nil>|%!`, o.stdout)
	return o
}

// benchmark runs the bundled script to its end.
func benchmark(t *testing.T, env settings, flags ...string) outcome {
	t.Helper()
	return start(t, env, append(append([]string{"run", "--quiet"}, flags...), benchmarkScript)...).wait(t)
}

// watched is a buffer in which one can wait for a text.
type watched struct {
	mu      sync.Mutex
	content bytes.Buffer
	sought  string
	found   chan struct{}
}

// Write implements io.Writer.
func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.content.Write(b)
	w.look()
	return n, err
}

func (w *watched) look() {
	if w.found != nil && strings.Contains(w.content.String(), w.sought) {
		close(w.found)
		w.found = nil
	}
}

func (w *watched) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.content.String()
}

// await waits until the text has been written.
func (w *watched) await(t *testing.T, text string) {
	t.Helper()
	found := make(chan struct{})
	w.mu.Lock()
	w.sought, w.found = text, found
	w.look()
	w.mu.Unlock()
	select {
	case <-found:
	case <-time.After(patience):
		require.Fail(t, "not said in time: "+text, w.text())
	}
}
