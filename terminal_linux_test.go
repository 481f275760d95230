package ollama_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/xk6-ollama/xk6-ollama/internal/k6test"
)

// onTerminal runs k6 with its standard output on a terminal of so many columns and returns
// what that shows.
func onTerminal(t *testing.T, columns uint16, env []string, args ...string) string {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	fd := int(master.Fd())
	require.NoError(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	require.NoError(t, unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: columns}))
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	require.NoError(t, err)
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)

	var shown bytes.Buffer
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = shown.ReadFrom(master) // ends with an error when k6 has closed the terminal
	}()
	k6 := k6test.Command(t, env, args...)
	k6.Stdout = terminal
	require.NoError(t, k6.Start())
	require.NoError(t, terminal.Close())
	require.NoError(t, k6.Wait())
	<-read
	require.NoError(t, master.Close())
	return shown.String()
}

// Colours are for terminals, unless somebody minds.
func TestColours(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env, args []string
		coloured  bool
	}{
		"on a terminal":          {coloured: true},
		"NO_COLOR":               {env: []string{"NO_COLOR=1"}},
		"K6_NO_COLOR":            {env: []string{"K6_NO_COLOR=true"}},
		"--no-color":             {args: []string{"--no-color"}},
		"a terminal without any": {env: []string{"TERM=dumb"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			local, remote := ollamaOf(t, answer(generateAnswer)), ollamaOf(t, answer(generateAnswer))
			env := append([]string{"TERM=xterm", "NUM_REQUESTS=2"}, sides(local, remote, c.env...)...)
			shown := onTerminal(t, 100, env, append(append([]string{"run", "--quiet"}, c.args...), "scripts/benchmark.js")...)
			assert.Contains(t, shown, "Final comparison")
			assert.Equal(t, c.coloured, strings.Contains(shown, "\x1b[1m") || strings.Contains(shown, "\x1b[3"), "%q", shown)
		})
	}
}

// Lines of prose fit the terminal.
func TestTerminalWidth(t *testing.T) {
	t.Parallel()
	local, remote := ollamaOf(t, answer(generateAnswer)), ollamaOf(t, answer(generateAnswer))
	env := append([]string{"NO_COLOR=1"}, sides(local, remote, "NUM_REQUESTS=2")...)
	shown := onTerminal(t, 72, env, "run", "--quiet", "scripts/benchmark.js")
	shown = strings.ReplaceAll(shown, "\x1b[0K", "") // k6's own: clear the rest of the line
	_, warnings, found := strings.Cut(shown, "Warnings")
	require.True(t, found, shown)
	for l := range strings.Lines(warnings) {
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSpace(l)), 72, l)
	}
}
