package cli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"

	"go.k6.io/k6/v2/cmd/state"
	"go.k6.io/k6/v2/errext/exitcodes"
)

// runSelf runs this very binary with other arguments and returns when it has ended. The
// terminal is the other's meanwhile: its progress bar, its colours, its Ctrl-C.
func runSelf(gs *state.GlobalState, args []string, environment map[string]string) error {
	binary, err := os.Executable()
	if err != nil {
		return failed(err, "k6 can't find itself: %v", err)
	}
	// Not the writers of the GlobalState: through them k6 would not know a terminal as one.
	// It ends itself when it gets a signal, so it does not hang on the context.
	child := exec.CommandContext(context.WithoutCancel(gs.Ctx), binary, args...) // #nosec G204 -- this very binary
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.Env = childEnvironment(gs.Env, environment)
	forwards := separate(child)

	signals := make(chan os.Signal, 2)
	gs.SignalNotify(signals, os.Interrupt, syscall.SIGTERM)
	defer gs.SignalStop(signals)
	if err := child.Start(); err != nil {
		return failed(err, "k6 can't run itself: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	for {
		select {
		case err := <-ended:
			return exitError(err)
		case s := <-signals:
			if !forwards(s) {
				continue
			}
			if err := child.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
				gs.Logger.WithError(err).Warnf("passing on the signal %s", s)
			}
		}
	}
}

// exitError passes on the exit code. The other k6 has said why.
func exitError(err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &exit):
		return failed(err, "waiting for k6 run: %v", err)
	case exit.ExitCode() < 0:
		return failed(err, "k6 run ended by itself: %v", exit)
	}
	return &failure{code: exitcodes.ExitCode(exit.ExitCode()), cause: err} // #nosec G115 -- 0 to 255
}

// childEnvironment is the environment, with what is set on top. It keeps k6 from looking for
// extensions, all of which are here, and from reporting its use, unless the user asked for it.
func childEnvironment(base, set map[string]string) []string {
	environment := make([]string, 0, len(base)+len(set)+len(QuietVariables()))
	for name, value := range base {
		if _, replaced := set[name]; !replaced {
			environment = append(environment, name+"="+value)
		}
	}
	for name, value := range set {
		environment = append(environment, name+"="+value)
	}
	for name, value := range QuietVariables() {
		if _, asked := base[name]; !asked {
			environment = append(environment, name+"="+value)
		}
	}
	return environment
}

// QuietVariables are the environment variables by which k6 asks nobody on the network for
// anything but what a test does.
func QuietVariables() map[string]string {
	return map[string]string{
		"K6_NO_USAGE_REPORT":          "true",  // it sends an anonymous usage report
		state.AutoExtensionResolution: "false", // `k6 x` loads the list of all extensions
	}
}

// stopped returns a channel that is closed by the first Ctrl-C or SIGTERM. After the second,
// the process ends.
func stopped(gs *state.GlobalState) (stop <-chan struct{}, release func()) {
	signals := make(chan os.Signal, 2)
	done, first := make(chan struct{}), make(chan struct{})
	gs.SignalNotify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
			close(first)
		case <-done:
			return
		}
		select {
		case <-signals:
			gs.OSExit(int(exitcodes.ExternalAbort))
		case <-done:
		}
	}()
	return first, func() {
		gs.SignalStop(signals)
		close(done)
	}
}
