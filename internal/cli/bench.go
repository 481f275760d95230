package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.k6.io/k6/v2/cmd/state"

	"github.com/xk6-ollama/xk6-ollama/internal/settings"
	"github.com/xk6-ollama/xk6-ollama/internal/turns"
	"github.com/xk6-ollama/xk6-ollama/scripts"
)

func newBench(gs *state.GlobalState) *cobra.Command {
	b := &bench{gs: gs}
	cmd := &cobra.Command{
		Use:   "bench [flags] [-- k6 run flags]",
		Short: "Compare a local and a remote Ollama server",
		Long: `Compare a local and a remote Ollama server with the same model.

It runs the script scripts/benchmark.js by ` + "`k6 run`" + `, so whatever stands after -- is for
` + "`k6 run`" + `, and its exit codes are those of ` + "`k6 run`" + `. What a flag sets can be set by the environment
variable that stands in brackets, too; a flag counts first. The key of a server that asks for one is taken
from OLLAMA_API_KEY.`,
		Example: examples(gs, `
  # Two simulated servers, to see how it works.
  $ {} bench --simulate

  # 20 requests to each of two servers.
  $ {} bench -n 20 -m llama3.2:1b --remote-endpoint http://203.0.113.10:11434

  # Only the Ollama on this machine, with the output in Korean.
  $ {} bench --only-local --locale ko

  # Three servers under names of one's own.
  $ {} bench --target laptop=127.0.0.1:11434 --target gpu=http://203.0.113.10:11434 \
      --target cloud=https://ollama.example.com

  # Two models, all files for later, and k6's own output of every sample.
  $ {} bench --only-local -m qwen3:0.6b,llama3.2:1b --out results -- --out json=samples.json`),
		RunE: b.run,
	}
	flags := newSettingFlags(cmd.Flags())
	flags.add(settings.NumRequests, "n", "int", strconv.Itoa(settings.DefaultNumRequests),
		"measured requests for each server and model")
	flags.add(settings.Model, "m", "MODEL", settings.DefaultModel,
		"the model, or several, separated by commas or each with its flag")
	b.targets = addTargetFlags(flags)
	b.simulate = addBool(cmd.Flags(), "simulate",
		"start two simulated servers and compare them "+inEnvironment(settings.Simulate))
	flags.add(settings.Order, "", "ORDER", string(turns.Interleaved),
		"interleaved (A B A B), sequential (all of A, then all of B) or parallel (both at once)")
	flags.add(settings.Warmup, "", "int", strconv.Itoa(settings.DefaultWarmup),
		"requests before the measured ones, which load the model and do not count")
	flags.add(settings.Prompt, "", "TEXT|@FILE", settings.DefaultPrompt, "the prompt, or the file that holds it")
	flags.add(settings.NumPredict, "", "int", strconv.Itoa(settings.DefaultNumPredict), "most output tokens of an answer")
	flags.add(settings.CacheName, "", "CACHE", string(settings.Cold),
		"cold (each prompt is new to the server's prompt cache) or warm (all are the same)")
	b.noStream = addBool(cmd.Flags(), "no-stream",
		"ask for answers in one piece, which have no token timings [$STREAM=false]")
	flags.add(settings.Timeout, "", "DURATION", settings.DefaultTimeout.String(), "how long a request may take")
	b.dashboard = addBool(cmd.Flags(), "dashboard",
		"show the metrics as charts while they are measured, on k6's web dashboard; with --out they are kept in "+
			dashboardFile+" [$K6_WEB_DASHBOARD=true]")
	flags.add(settings.Locale, "", "en|ko", "", "the language of the output; default: that of LANG")
	flags.addOut()
	b.settings = flags
	return cmd
}

// bench is the command `bench`.
type bench struct {
	gs                 *state.GlobalState
	settings           *settingFlags
	targets            *targetFlags
	simulate, noStream *bool
	dashboard          *bool
}

func (b *bench) run(cmd *cobra.Command, args []string) error {
	own, forRun := args, []string(nil)
	if dash := cmd.ArgsLenAtDash(); dash >= 0 {
		own, forRun = args[:dash], args[dash:]
	}
	if err := noArguments(cmd, own); err != nil {
		return err
	}
	if err := checkRunFlags(forRun); err != nil {
		return err
	}
	environment, err := b.environment()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "k6-x-ollama-")
	if err != nil {
		return failed(err, "no directory for the script: %v", err)
	}
	runErr := b.runIn(dir, environment, append(globalFlags(b.gs, cmd.InheritedFlags()), forRun...))
	if err := os.RemoveAll(dir); err != nil && runErr == nil {
		return failed(err, "the script's directory can't be removed: %v", err)
	}
	return runErr
}

// checkRunFlags refuses flags of `k6 run` that would put another load in the place of the
// benchmark's own.
func checkRunFlags(args []string) error {
	for _, arg := range args {
		name, _, _ := strings.Cut(arg, "=")
		switch name {
		case "-u", "--vus", "-d", "--duration", "-i", "--iterations", "-s", "--stage":
			return invalid("%s: bench sends its requests one by one; "+
				"for another load write a script, as docs/en/load-levels.md shows", arg)
		}
	}
	return nil
}

// runIn runs the script from a directory that is there for it.
func (b *bench) runIn(dir string, environment map[string]string, flags []string) error {
	if err := os.CopyFS(dir, scripts.Files); err != nil {
		return failed(err, "the script can't be written: %v", err)
	}
	if err := b.configureDashboard(dir, environment); err != nil {
		return err
	}
	args := append([]string{"run"}, flags...)
	return runSelf(b.gs, append(args, filepath.Join(dir, scripts.Benchmark)), environment)
}

// environment returns the variables that the flags set, once they are known to be right.
// Files are named absolutely in it, since the script does not run where the user is.
func (b *bench) environment() (map[string]string, error) {
	set := b.settings.environment()
	if err := b.targets.environment(set); err != nil {
		return nil, err
	}
	if b.settings.flags.Changed("simulate") {
		set[string(settings.Simulate)] = strconv.FormatBool(*b.simulate)
	}
	if b.settings.flags.Changed("no-stream") {
		set[string(settings.Stream)] = strconv.FormatBool(!*b.noStream)
	}
	find := lookup(b.gs, set)
	if prompt, _ := find(string(settings.Prompt)); strings.HasPrefix(strings.TrimSpace(prompt), "@") {
		path, err := filepath.Abs(strings.TrimPrefix(strings.TrimSpace(prompt), "@"))
		if err != nil {
			return nil, failed(err, "--prompt %s: %v", prompt, err)
		}
		set[string(settings.Prompt)] = "@" + path
	}
	read, err := settings.Read(find, readText)
	if err != nil {
		return nil, invalid("%v", err)
	}
	if read.Out == "" {
		return set, nil
	}
	path, err := outDirectory(read.Out)
	set[string(settings.Out)] = path
	return set, err
}

func readText(path string) (string, error) {
	content, err := os.ReadFile(path) // #nosec G304 -- the user names the file
	if err != nil {
		return "", pathCause(err)
	}
	return string(content), nil
}

// outDirectory makes the directory and makes sure that files can be written to it.
func outDirectory(out string) (string, error) {
	path, err := filepath.Abs(out)
	if err == nil {
		err = os.MkdirAll(path, 0o755) // #nosec G301 -- results are for everybody
	}
	if err != nil {
		return "", invalid("--out %q: the directory can't be made: %v", out, pathCause(err))
	}
	probe, err := os.CreateTemp(path, ".write-*")
	if err == nil {
		err = probe.Close()
	}
	if err == nil {
		err = os.Remove(probe.Name())
	}
	if err != nil {
		return "", invalid("--out %q: the directory can't be written to: %v", out, pathCause(err))
	}
	return path, nil
}

// pathCause leaves out the operation and the path, which the message names anyway.
func pathCause(err error) error {
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	if pathErr, ok := err.(*fs.PathError); ok { //nolint:errorlint // as the os package returns it
		return pathErr.Err
	}
	return err
}

// globalFlags returns the flags of k6 itself that the user gave, for the k6 that runs the
// script. Without one about its log, the log is plain lines: those of the requests. A progress
// bar that is no terminal's would be a line a second, so there is none.
func globalFlags(gs *state.GlobalState, flags *pflag.FlagSet) []string {
	var given []string
	flags.VisitAll(func(flag *pflag.Flag) {
		if !flag.Changed {
			return
		}
		values := []string{flag.Value.String()}
		if several, ok := flag.Value.(pflag.SliceValue); ok {
			values = several.GetSlice()
		}
		for _, value := range values {
			given = append(given, fmt.Sprintf("--%s=%s", flag.Name, value))
		}
	})
	if _, set := gs.Env["K6_LOG_FORMAT"]; !set && !flags.Changed("log-format") {
		given = append(given, "--log-format=raw")
	}
	if !gs.Stdout.IsTTY && !flags.Changed("quiet") {
		given = append(given, "--quiet")
	}
	return given
}
