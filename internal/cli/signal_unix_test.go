//go:build unix

package cli_test

import (
	"bufio"
	"bytes"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/k6test"
)

// However a benchmark is told to stop, once, the summary of what was measured is there, the
// exit code is k6's, and nothing is left behind.
func TestBenchStops(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*exec.Cmd) error{
		"interrupt to the process": func(c *exec.Cmd) error { return syscall.Kill(c.Process.Pid, syscall.SIGINT) },
		"interrupt to the group":   func(c *exec.Cmd) error { return syscall.Kill(-c.Process.Pid, syscall.SIGINT) },
		"terminate to the process": func(c *exec.Cmd) error { return syscall.Kill(c.Process.Pid, syscall.SIGTERM) },
		"terminate to the group":   func(c *exec.Cmd) error { return syscall.Kill(-c.Process.Pid, syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			temporary := t.TempDir()
			k6 := k6test.Command(t, []string{"TMPDIR=" + temporary}, "x", "ollama", "bench", "--simulate",
				"-n", "100000", "--num-predict", "2")
			k6.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			var stdout bytes.Buffer
			k6.Stdout = &stdout
			stderr, err := k6.StderrPipe()
			require.NoError(t, err)
			require.NoError(t, k6.Start())
			lines := bufio.NewReader(stderr)
			for requests := 0; requests < 3; {
				line, err := lines.ReadString('\n')
				require.NoError(t, err)
				requests += strings.Count(line, "request #")
			}
			require.NoError(t, stop(k6))
			_, err = io.Copy(io.Discard, lines)
			require.NoError(t, err)
			require.Error(t, k6.Wait())
			assert.Equal(t, 105, k6.ProcessState.ExitCode())
			assert.Equal(t, 1, strings.Count(stdout.String(), "🏁 Final comparison"), stdout.String())
			left, err := filepath.Glob(filepath.Join(temporary, "*"))
			require.NoError(t, err)
			assert.Empty(t, left, "the script is gone")
		})
	}
}

func TestSimulateStops(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		server := startSimulator(t, "--model", "tiny")
		require.NoError(t, server.command.Process.Signal(signal))
		assert.Zero(t, <-server.ended, signal)
	}
}

func TestDoctorStops(t *testing.T) {
	t.Parallel()
	server := startSimulator(t, "--model", "tiny", "--load-time", "1h")
	k6 := k6test.Command(t, nil, "x", "ollama", "doctor", "--local-endpoint", server.url, "-m", "tiny")
	stdout, err := k6.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, k6.Start())
	lines := bufio.NewReader(stdout)
	for line := ""; !strings.Contains(line, "loaded"); {
		line, err = lines.ReadString('\n')
		require.NoError(t, err)
	}
	require.NoError(t, k6.Process.Signal(syscall.SIGINT))
	rest, err := io.ReadAll(lines)
	require.NoError(t, err)
	require.Error(t, k6.Wait())
	assert.Equal(t, 105, k6.ProcessState.ExitCode())
	assert.Contains(t, string(rest), "stopped before the end")
}
