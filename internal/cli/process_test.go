package cli_test

import (
	"bufio"
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/k6test"
)

var quiet = log.New(io.Discard, "", 0)

func proxyTo(server string) http.Handler {
	target, err := url.Parse(server)
	if err != nil {
		panic(err)
	}
	// Under the server's own name: as Ollama, the simulator answers under no other.
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
}

// simulatorProcess is a `k6 x ollama simulate` that runs.
type simulatorProcess struct {
	command   *exec.Cmd
	url       string
	announced string
	stderr    bytes.Buffer
	ended     chan int
}

var listening = regexp.MustCompile(`listening on (http://\S+)`)

// startSimulator returns when the server says that it is ready.
func startSimulator(t *testing.T, flags ...string) *simulatorProcess {
	t.Helper()
	args := append([]string{"x", "ollama", "simulate", "--addr", "127.0.0.1:0"}, flags...)
	s := &simulatorProcess{command: k6test.Command(t, nil, args...), ended: make(chan int, 1)}
	s.command.Stderr = &s.stderr
	stdout, err := s.command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.command.Start())
	gone := make(chan struct{})
	t.Cleanup(func() {
		_ = s.command.Process.Kill() // unless it is gone
		<-gone
	})
	lines := bufio.NewReader(stdout)
	for !strings.Contains(s.announced, "bench ") { // the last line
		line, err := lines.ReadString('\n')
		if err != nil {
			close(gone)
		}
		require.NoError(t, err, s.announced)
		s.announced += line
	}
	s.url = listening.FindStringSubmatch(s.announced)[1]
	go func() {
		defer close(gone)
		_ = s.command.Wait() // the exit code is what is asked for
		s.ended <- s.command.ProcessState.ExitCode()
	}()
	return s
}

// stop does what Ctrl-C does and returns the exit code.
func (s *simulatorProcess) stop() int {
	if err := s.command.Process.Signal(os.Interrupt); err != nil {
		return -1
	}
	return <-s.ended
}
