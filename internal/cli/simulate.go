package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.k6.io/k6/v2/cmd/state"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/simulator"
)

func newSimulate(gs *state.GlobalState) *cobra.Command {
	s := &simulate{gs: gs, config: simulator.DefaultConfig()}
	s.config.Addr = "127.0.0.1:" + api.DefaultPort
	cmd := &cobra.Command{
		Use:   "simulate [flags]",
		Short: "Simulate an Ollama server",
		Long: `Simulate an Ollama server: its protocol, the time it takes and, if asked for, what goes wrong.

Times are a duration, or a distribution with its mean and spread: 20ms, normal:20ms,0.1,
lognormal:20ms,0.3. Faults are KIND[=DURATION|=BYTES][@N|@N-M][:PROBABILITY], such as reset@3 (the third
request), stall=5s@2-4 or 500:0.1 (every tenth by chance). The kinds are:
` + faultKinds() + `.`,
		Example: examples(gs, `
  # A small model on a computer without a GPU, where Ollama would listen.
  $ {} simulate

  # A fast server on a free port, four requests at once.
  $ {} simulate --addr 127.0.0.1:0 --ttft 10ms --itl 4ms --parallel 4

  # A slow network, and a server that fails now and then.
  $ {} simulate --addr 127.0.0.1:11500 --network-delay 40ms --network-jitter 8ms \
      --fault 500:0.05 --fault reset@10

  # Write down what really happened, to hold measurements against it.
  $ {} simulate --truth truth.ndjson`),
		RunE: s.run,
	}
	s.addFlags(cmd.Flags())
	return cmd
}

// simulate is the command `simulate`.
type simulate struct {
	gs     *state.GlobalState
	config simulator.Config

	anyModel *bool
	jitter   time.Duration
	truth    string
}

func (s *simulate) addFlags(flags *pflag.FlagSet) {
	c := &s.config
	flags.StringVar(&c.Addr, "addr", c.Addr, "where to listen, as `HOST:PORT`; port 0 picks a free one")
	flags.Var(&list[simulator.Model]{target: &c.Models, kind: "MODEL", parse: readModel}, "model",
		"a model that the server has; may be given several times (default "+modelNames(c.Models)+")")
	s.anyModel = addBool(flags, "any-model", "have every model that a request asks for")
	addTime(flags, &c.TTFT, "ttft", "time from the end of the prefill to the first token")
	addTime(flags, &c.ITL, "itl", "time between tokens")
	addNumber(flags, &c.PrefillRate, "prefill-rate", "prompt tokens processed per second; 0 takes no time")
	addInt(flags, &c.OutputTokens, "output-tokens", "mean length of an answer for which a request sets no num_predict")
	addInt(flags, &c.ThinkingTokens, "thinking-tokens", "tokens that a thinking model thinks before it answers")
	addInt(flags, &c.Parallel, "parallel", "requests of a model that run at once (OLLAMA_NUM_PARALLEL)")
	addInt(flags, &c.MaxQueue, "max-queue",
		"requests that wait for a model to load before others get a 503 (OLLAMA_MAX_QUEUE)")
	addInt(flags, &c.MaxLoaded, "max-loaded", "models that are loaded at once (OLLAMA_MAX_LOADED_MODELS)")
	addDuration(flags, &c.Load, "load-time", "time to load a model", readDuration)
	addDuration(flags, &c.KeepAlive, "keep-alive",
		"how long a model stays loaded after its last request; below 0 for ever (OLLAMA_KEEP_ALIVE)", readKeepAlive)
	addTime(flags, &c.Network, "network-delay", "time that a request spends on the way there and back")
	addDuration(flags, &s.jitter, "network-jitter", "standard deviation of the network delay", readDuration)
	flags.Var(parsed[uint64]{&c.Seed, readSeed, plain[uint64], "int"}, "seed",
		"fixes all that is random: the same requests get the same texts and times")
	flags.Var(&list[simulator.Fault]{target: &c.Faults, kind: "FAULT", parse: simulator.ParseFault}, "fault",
		"what goes wrong; may be given several times, the first that strikes counts")
	flags.Var(parsed[string]{&c.Version, readGiven, plain[string], "VERSION"}, "ollama-version",
		"the version that the server says it has")
	flags.Var(parsed[string]{&s.truth, readGiven, plain[string], "FILE"}, "truth",
		"write to this file, a line a request, what really happened")
}

func (s *simulate) run(cmd *cobra.Command, args []string) (err error) {
	if err := noArguments(cmd, args); err != nil {
		return err
	}
	if err := s.complete(cmd.Flags()); err != nil {
		return err
	}
	if s.truth != "" {
		file, err := os.Create(s.truth)
		if err != nil {
			return invalid("--truth %q: the file can't be written: %v", s.truth, pathCause(err))
		}
		defer func() {
			if closeErr := file.Close(); closeErr != nil && err == nil {
				err = failed(closeErr, "--truth %q: %v", s.truth, pathCause(closeErr))
			}
		}()
		s.config.Truth = file
	}
	return s.serve()
}

// complete makes the configuration of the flags that no field has of its own.
func (s *simulate) complete(flags *pflag.FlagSet) error {
	s.config.AnyModel = *s.anyModel
	network := &s.config.Network
	if flags.Changed("network-jitter") && s.jitter > 0 {
		switch {
		case network.Shape != simulator.Fixed && network.Shape != "":
			return invalid("--network-jitter=%s: --network-delay=%s has a spread already", s.jitter, network)
		case network.Mean == 0:
			return invalid("--network-jitter=%s: needs a --network-delay around which it is", s.jitter)
		}
		network.Shape, network.Spread = simulator.Normal, float64(s.jitter)/float64(network.Mean)
	}
	err := s.config.Validate()
	var wrong *simulator.ConfigError
	if errors.As(err, &wrong) {
		return invalid("--%s %s", flagOf[wrong.Field], wrong.Reason)
	}
	return err
}

// flagOf is the flag that sets a field.
var flagOf = map[string]string{
	"Addr": "addr", "Models": "model", "Parallel": "parallel", "MaxQueue": "max-queue", "MaxLoaded": "max-loaded",
	"OutputTokens": "output-tokens", "ThinkingTokens": "thinking-tokens", "Load": "load-time",
	"PrefillRate": "prefill-rate", "TTFT": "ttft", "ITL": "itl", "Network": "network-delay", "Faults": "fault",
}

// patience is how long requests may take to end after the first Ctrl-C.
const patience = 10 * time.Second

func (s *simulate) serve() error {
	stop, release := stopped(s.gs)
	defer release()
	server, err := simulator.Start(s.gs.Ctx, s.config)
	if err != nil {
		return listenError(s.config.Addr, err)
	}
	if err := s.announce(server.URL()); err != nil {
		return err
	}
	<-stop
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err = server.Close(ctx)
	if truthErr := server.TruthError(); truthErr != nil {
		return failed(truthErr, "--truth %q: %v", s.truth, pathCause(truthErr))
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return nil // the requests that ran for too long were cut, as the user wished
	}
	return err
}

// announce tells that the server is ready, and how to use it.
func (s *simulate) announce(url string) error {
	model := "MODEL"
	if len(s.config.Models) > 0 {
		model = s.config.Models[0].Name
	}
	if host, _, err := net.SplitHostPort(s.config.Addr); err == nil && !loopback(host) {
		_, err := fmt.Fprintf(s.gs.Stderr,
			"Note: --addr %s can be reached from other machines, by anybody who can reach this one.\n", s.config.Addr)
		if err != nil {
			return failed(err, "%v", err)
		}
	}
	_, err := io.WriteString(s.gs.Stdout, strings.NewReplacer(
		"{url}", url, "{model}", model, "{models}", modelNames(s.config.Models), "{self}", s.gs.BinaryName+" x ollama",
	).Replace(`Ollama simulator listening on {url} (Ctrl-C stops it)
  models: {models}
  try:    curl {url}/api/generate -d '{"model":"{model}","prompt":"Hello"}'
          OLLAMA_HOST={url} ollama list
          {self} bench --only-local --local-endpoint {url} -m {model}
`))
	if err != nil {
		return failed(err, "%v", err)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// listenError names the address and the way out.
func listenError(addr string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return failed(err, "--addr %s is in use, perhaps by Ollama itself; "+
			"take another, or a free one with --addr 127.0.0.1:0", addr)
	}
	var operation *net.OpError
	if errors.As(err, &operation) {
		return failed(err, "--addr %s: can't listen there: %v", addr, operation.Err)
	}
	return failed(err, "--addr %s: %v", addr, err)
}

func modelNames(models []simulator.Model) string {
	if len(models) == 0 {
		return "any"
	}
	names := make([]string, len(models))
	for i, m := range models {
		names[i] = m.Name
	}
	return strings.Join(names, ", ")
}

func faultKinds() string {
	kinds := make([]string, 0, len(simulator.FaultKinds()))
	for _, kind := range simulator.FaultKinds() {
		kinds = append(kinds, string(kind))
	}
	return strings.Join(kinds, ", ")
}

func readGiven(text string) (string, error) {
	if text == "" {
		return "", errEmpty
	}
	return text, nil
}

func readModel(text string) (simulator.Model, error) {
	if text == "" {
		return simulator.Model{}, errEmpty
	}
	return simulator.NamedModel(text), nil
}

func addTime(flags *pflag.FlagSet, target *simulator.Distribution, name, usage string) {
	show := func(d simulator.Distribution) string { return d.String() }
	flags.Var(parsed[simulator.Distribution]{target, simulator.ParseDistribution, show, "TIME"}, name, usage)
}

func addInt(flags *pflag.FlagSet, target *int, name, usage string) {
	flags.Var(parsed[int]{target, readInt, plain[int], "int"}, name, usage)
}

func addNumber(flags *pflag.FlagSet, target *float64, name, usage string) {
	flags.Var(parsed[float64]{target, readNumber, plain[float64], "number"}, name, usage)
}

func addDuration(
	flags *pflag.FlagSet, target *time.Duration, name, usage string, read func(string) (time.Duration, error),
) {
	flags.Var(parsed[time.Duration]{target, read, plain[time.Duration], "duration"}, name, usage)
}

func readInt(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if errors.Is(err, strconv.ErrRange) {
		return 0, errors.New("the number is too large")
	}
	if err != nil {
		return 0, errors.New("expected a whole number")
	}
	return n, nil
}

func readSeed(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("expected a whole number from 0 to %d", uint64(math.MaxUint64))
	}
	return n, nil
}

func readNumber(text string) (float64, error) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, errors.New("expected a number")
	}
	return n, nil
}

func readDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, errors.New("expected a duration such as 400ms or 5s")
	}
	return d, nil
}

// readKeepAlive reads what OLLAMA_KEEP_ALIVE takes: a duration, or a number of seconds.
func readKeepAlive(text string) (time.Duration, error) {
	if _, err := strconv.Atoi(text); err == nil {
		text += "s"
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, errors.New("expected a duration such as 5m, a number of seconds, or -1 for ever")
	}
	return d, nil
}
