package cli_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/xk6-ollama/xk6-ollama/internal/k6test"
)

// terminal returns both ends of a new pseudo-terminal of 90 columns.
func terminal(t *testing.T) (screen, program *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, screen.Close()) })
	fd := int(screen.Fd())
	require.NoError(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 90}))
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	return screen, program
}

// On a terminal Ctrl-C goes to both processes; k6 must get it once, or it would leave without
// a summary. Colours and the progress bar are k6's there.
func TestBenchOnATerminal(t *testing.T) {
	t.Parallel()
	screen, program := terminal(t)
	temporary := t.TempDir()
	k6 := k6test.Command(t, []string{"TMPDIR=" + temporary, "TERM=xterm"},
		"x", "ollama", "bench", "--simulate", "-n", "9999", "--num-predict", "2")
	k6.Stdin, k6.Stdout, k6.Stderr = program, program, program
	k6.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, k6.Start())
	require.NoError(t, program.Close())

	var shown bytes.Buffer
	lines := bufio.NewReader(io.TeeReader(screen, &shown))
	for requests := 0; requests < 3; {
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		requests += strings.Count(line, "request #")
	}
	_, err := screen.WriteString("\x03")
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, lines)
	require.ErrorIs(t, err, syscall.EIO, "the terminal is closed on the other side")
	require.Error(t, k6.Wait())

	assert.Equal(t, 105, k6.ProcessState.ExitCode())
	text := shown.String()
	assert.Equal(t, 1, strings.Count(text, "🏁 Final comparison"), text)
	assert.Contains(t, text, "/10000 iters", "the progress bar")
	assert.Contains(t, text, "\x1b[36m", "colours")
	left, err := filepath.Glob(filepath.Join(temporary, "*"))
	require.NoError(t, err)
	assert.Empty(t, left, "the script is gone")
}

func TestDoctorOnATerminal(t *testing.T) {
	t.Parallel()
	server := startSimulator(t, "--model", "tiny")
	for name, c := range map[string]struct {
		env    []string
		args   []string
		colour bool
	}{
		"colours":       {nil, nil, true},
		"NO_COLOR":      {[]string{"NO_COLOR="}, nil, false},
		"--no-color":    {nil, []string{"--no-color"}, false},
		"dumb terminal": {[]string{"TERM=dumb"}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			screen, program := terminal(t)
			args := append([]string{"x", "ollama", "doctor", "--local-endpoint", server.url, "-m", "tiny"}, c.args...)
			k6 := k6test.Command(t, append([]string{"TERM=xterm"}, c.env...), args...)
			k6.Stdin, k6.Stdout, k6.Stderr = program, program, program
			require.NoError(t, k6.Start())
			require.NoError(t, program.Close())
			text, err := io.ReadAll(screen)
			require.ErrorIs(t, err, syscall.EIO)
			require.NoError(t, k6.Wait())
			assert.Contains(t, string(text), "A benchmark would work.")
			assert.Equal(t, c.colour, strings.Contains(string(text), "\x1b[32m"), string(text))
		})
	}
}
