// Package cli is the command `k6 x ollama`: it reads flags, and has other packages do the
// work.
package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.k6.io/k6/v2/cmd/state"
	"go.k6.io/k6/v2/errext/exitcodes"
	"golang.org/x/term"
)

// New returns the command `ollama`, for k6 to put below its `x`.
func New(gs *state.GlobalState) *cobra.Command {
	root := &cobra.Command{
		Use:   "ollama",
		Short: "Benchmark, check and simulate Ollama servers",
		Long: `Benchmark, check and simulate Ollama servers.

Which server answers faster, the local or the remote one, and how sure is that?`,
		Example: examples(gs, `
  # See the whole thing work, without any Ollama.
  $ {} bench --simulate

  # Compare the Ollama on this machine with a remote one.
  $ {} bench --remote-endpoint http://203.0.113.10:11434 -m llama3.2:1b

  # Find out why it does not work.
  $ {} doctor --remote-endpoint http://203.0.113.10:11434 -m llama3.2:1b`),
	}
	root.RunE = reporting(gs, func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 && args[0] == "help" { // cobra adds it to the outermost command only
			args = args[1:]
			if found, rest, err := cmd.Find(args); err == nil && len(rest) == 0 {
				return found.Help()
			}
		}
		if len(args) == 0 {
			return cmd.Help()
		}
		return unknownCommand(cmd, args[0])
	})
	root.Args = cobra.ArbitraryArgs
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return tell(gs, usageError(cmd, err.Error()))
	})
	for _, newCommand := range []func(*state.GlobalState) *cobra.Command{
		newBench, newSimulate, newDoctor, newReport, newCompare,
	} {
		command := newCommand(gs)
		command.Args = cobra.ArbitraryArgs // each says itself what is wrong with them
		command.RunE = reporting(gs, command.RunE)
		command.Flags().SortFlags = false
		root.AddCommand(command)
	}
	return root
}

// failure is an error with the exit code that it ends the process with.
type failure struct {
	message string
	code    exitcodes.ExitCode
	cause   error
}

func (f *failure) Error() string                { return f.message }
func (f *failure) Unwrap() error                { return f.cause }
func (f *failure) ExitCode() exitcodes.ExitCode { return f.code }

// generalFailure is the exit code of what k6 has no code for.
const generalFailure exitcodes.ExitCode = 1

// failed is the failure of something that was asked for as it should be.
func failed(cause error, format string, args ...any) error {
	return &failure{message: fmt.Sprintf(format, args...), code: generalFailure, cause: cause}
}

// invalid is the failure of something that should be asked for differently.
func invalid(format string, args ...any) error {
	return &failure{message: fmt.Sprintf(format, args...), code: exitcodes.InvalidConfig}
}

func usageError(cmd *cobra.Command, message string) error {
	return invalid("%s (see `%s --help`)", message, cmd.CommandPath())
}

func unknownCommand(cmd *cobra.Command, name string) error {
	cmd.SuggestionsMinimumDistance = 2 // cobra's own default
	message := fmt.Sprintf("unknown command %q", name)
	if similar := cmd.SuggestionsFor(name); len(similar) > 0 {
		message += fmt.Sprintf(", did you mean %q?", similar[0])
	}
	return usageError(cmd, message)
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError(cmd, fmt.Sprintf("unexpected argument %q", args[0]))
}

// reporting has a command's error reported.
func reporting(gs *state.GlobalState, run func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := run(cmd, args)
		if err == nil {
			return nil
		}
		return tell(gs, err)
	}
}

// tell writes the error as a plain line, which k6 would decorate as a line of its log. An
// error that is no failure of ours, such as of writing to a closed pipe, gets the general code.
func tell(gs *state.GlobalState, err error) error {
	done := &reported{failure{message: err.Error(), code: generalFailure, cause: err}}
	var known *failure
	if errors.As(err, &known) {
		done.code = known.code
	}
	if text := strings.TrimSpace(err.Error()); text != "" {
		if _, writeErr := fmt.Fprintln(gs.Stderr, "Error: "+text); writeErr != nil {
			done.cause = errors.Join(err, writeErr)
		}
	}
	return done
}

// reported is an error that the user has read. k6 keeps the error by which it knows these to
// itself, so this one says that it is it.
type reported struct{ failure }

// Is implements the interface of errors.Is.
func (r *reported) Is(target error) bool { return target.Error() == "already reported error" }

// examples puts in for {} how this command is called.
func examples(gs *state.GlobalState, text string) string {
	return strings.ReplaceAll(strings.TrimPrefix(text, "\n"), "{}", gs.BinaryName+" x ollama")
}

// lookup returns the environment, in which the variables of set count first.
func lookup(gs *state.GlobalState, set map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if value, ok := set[name]; ok {
			return value, true
		}
		value, ok := gs.Env[name]
		return value, ok
	}
}

// hiding is a lookup without some of the variables.
func hiding[T ~string](lookup func(string) (string, bool), names ...T) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if slices.Contains(names, T(name)) {
			return "", false
		}
		return lookup(name)
	}
}

// colours says whether what goes to stdout may have any.
func colours(gs *state.GlobalState) bool { return gs.Stdout.IsTTY && !gs.Flags.NoColor }

// widthElsewhere is the width of lines where the output is no terminal.
const widthElsewhere = 100

func terminalWidth(gs *state.GlobalState) int {
	width, _, err := term.GetSize(gs.Stdout.RawOutFd)
	if err != nil || width <= 0 {
		return widthElsewhere
	}
	return width
}
