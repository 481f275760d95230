// Package k6test runs scripts through real k6 in tests: the test binary runs itself
// again as k6, which takes some 30 ms and needs no build.
package k6test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/cmd"
)

const asK6 = "XK6_OLLAMA_TEST_AS_K6"

// Main is to be called from TestMain. The package under test must import the extension.
func Main(m *testing.M) {
	if os.Getenv(asK6) != "" {
		cmd.Execute()
		return
	}
	os.Exit(m.Run())
}

// Result is what a run of k6 left.
type Result struct {
	Stdout, Stderr string
	Code           int
}

// Command returns k6 with the arguments, ready to start. It sees nothing of the
// environment of the test but PATH and HOME, and what is given as NAME=VALUE.
func Command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	k6 := exec.CommandContext(t.Context(), binary, args...) // #nosec G204 -- this very binary
	k6.Env = append([]string{
		asK6 + "=1", "K6_NO_USAGE_REPORT=true", "K6_AUTO_EXTENSION_RESOLUTION=false",
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "GOCOVERDIR=" + os.Getenv("GOCOVERDIR"),
	}, env...)
	return k6
}

// Run runs k6 with the arguments to its end.
func Run(t *testing.T, env []string, args ...string) Result {
	t.Helper()
	k6 := Command(t, env, args...)
	var stdout, stderr bytes.Buffer
	k6.Stdout, k6.Stderr = &stdout, &stderr
	err := k6.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return Result{Stdout: stdout.String(), Stderr: stderr.String(), Code: k6.ProcessState.ExitCode()}
}

// Script runs a script, given as its source, with `k6 run --quiet` and the arguments.
func Script(t *testing.T, env []string, source string, args ...string) Result {
	t.Helper()
	file := filepath.Join(t.TempDir(), "script.js")
	require.NoError(t, os.WriteFile(file, []byte(source), 0o600))
	return Run(t, env, append(append([]string{"run", "--quiet"}, args...), file)...)
}

// Console returns the messages that the script logged, in order.
func (r Result) Console() []string {
	var messages []string
	for line := range strings.Lines(r.Stderr) {
		if !strings.Contains(line, "source=console") {
			continue
		}
		_, message, _ := strings.Cut(line, "msg=")
		message = strings.TrimSuffix(strings.TrimSpace(message), " source=console")
		// logrus quotes only where it has to.
		if unquoted, err := strconv.Unquote(message); err == nil {
			message = unquoted
		}
		messages = append(messages, message)
	}
	return messages
}
