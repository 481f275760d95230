package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"go.k6.io/k6/v2/cmd/state"
	"go.k6.io/k6/v2/errext/exitcodes"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/manifest"
	"github.com/xk6-ollama/xk6-ollama/internal/preflight"
	"github.com/xk6-ollama/xk6-ollama/internal/settings"
)

func newDoctor(gs *state.GlobalState) *cobra.Command {
	d := &doctor{gs: gs, timeout: preflight.DefaultTimeout, generation: preflight.DefaultGenerationTimeout}
	cmd := &cobra.Command{
		Use:   "doctor [flags]",
		Short: "Find out why a benchmark does not work",
		Long: `Find out why a benchmark does not work.

It makes the checks that a person would make, in this order: name, TCP, TLS, HTTP, whether it is Ollama and
in which version, whether the model is there, whether it is loaded, and a tiny generation. Each check
that fails says what to do. Then it tells whether the servers run the same model, what differs, and
whether they are one server or one machine under two names. It ends with exit code 0 only
if a benchmark would work. What a flag sets can be set by the environment variable that stands in
brackets, too; a flag counts first. The key of a server that asks for one is taken from OLLAMA_API_KEY.`,
		Example: examples(gs, `
  # Is the Ollama on this machine ready?
  $ {} doctor -m llama3.2:1b

  # Both servers, and what differs between them.
  $ {} doctor --remote-endpoint http://203.0.113.10:11434 -m llama3.2:1b

  # For machines.
  $ {} doctor --json`),
		RunE: d.run,
	}
	flags := newSettingFlags(cmd.Flags())
	d.targets = addTargetFlags(flags)
	flags.add(settings.Model, "m", "MODEL", settings.DefaultModel,
		"the model, or several, separated by commas or each with its flag")
	flags.add(settings.Locale, "", "en|ko", "", "the language of the output; default: that of LANG")
	d.json = addBool(cmd.Flags(), "json", "write the findings as JSON")
	addDuration(cmd.Flags(), &d.timeout, "timeout", "time that each check gets", readTimeout)
	addDuration(cmd.Flags(), &d.generation, "generation-timeout",
		"time that the generation gets, loading the model included", readTimeout)
	d.insecure = addBool(cmd.Flags(), "insecure-skip-tls-verify",
		"take any certificate, as k6 run's flag of this name does [$K6_INSECURE_SKIP_TLS_VERIFY]")
	d.settings = flags
	return cmd
}

func readTimeout(text string) (time.Duration, error) {
	d, err := readDuration(text)
	if err == nil && d == 0 {
		err = errZeroTimeout
	}
	return d, err
}

// doctor is the command `doctor`.
type doctor struct {
	gs                  *state.GlobalState
	settings            *settingFlags
	targets             *targetFlags
	json, insecure      *bool
	timeout, generation time.Duration
}

func (d *doctor) run(cmd *cobra.Command, args []string) error {
	if err := noArguments(cmd, args); err != nil {
		return err
	}
	read, onlyLocal, err := d.read()
	if err != nil {
		return err
	}
	targets, err := parseTargets(read.Targets)
	if err != nil {
		return err
	}
	options := preflight.Options{
		Models:            read.Models,
		Timeout:           d.timeout,
		GenerationTimeout: d.generation,
		InsecureTLS:       *d.insecure,
		Locale:            read.Locale,
	}
	if !cmd.Flags().Changed("insecure-skip-tls-verify") {
		// A value that is none stops k6 run, but has nothing to do with a server.
		options.InsecureTLS, _ = strconv.ParseBool(d.gs.Env["K6_INSECURE_SKIP_TLS_VERIFY"])
	}
	ctx, cancel := context.WithCancel(d.gs.Ctx)
	defer cancel()
	stop, release := stopped(d.gs)
	defer release()
	go func() {
		select {
		case <-stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	var findings []*preflight.Findings
	if *d.json {
		findings, err = d.asJSON(ctx, targets, options)
	} else {
		findings, err = d.asText(ctx, targets, options, onlyLocal)
	}
	if err != nil {
		return failed(err, "writing the findings: %v", err)
	}
	return verdict(ctx, findings)
}

// read takes from flags and environment which servers and models are meant. Without any
// remote server, that is the local one alone.
func (d *doctor) read() (read *settings.Settings, onlyLocal bool, err error) {
	set := d.settings.environment()
	if err := d.targets.environment(set); err != nil {
		return nil, false, err
	}
	find := hiding(lookup(d.gs, set),
		settings.NumRequests, settings.Simulate, settings.Order, settings.Warmup, settings.Prompt,
		settings.NumPredict, settings.CacheName, settings.Stream, settings.Out)
	given := func(name settings.Name) bool {
		value, _ := find(string(name))
		return value != ""
	}
	if !given(settings.Only) && !given(settings.Targets) && !given(settings.RemoteEndpoint) {
		onlyLocal = true
		set[string(settings.Only)] = settings.Local
	}
	read, err = settings.Read(find, readText)
	if err != nil {
		return nil, false, invalid("%v", err)
	}
	return read, onlyLocal, nil
}

func parseTargets(targets []settings.Target) ([]preflight.Target, error) {
	parsed := make([]preflight.Target, len(targets))
	for i, target := range targets {
		endpoint, err := api.ParseEndpoint(target.Endpoint)
		if err != nil {
			return nil, invalid("%v", err)
		}
		parsed[i] = preflight.Target{Name: target.Name, Endpoint: endpoint}
	}
	return parsed, nil
}

// check checks one server. As in a benchmark, the key is not for the Ollama on this machine.
func (d *doctor) check(
	ctx context.Context, target preflight.Target, options preflight.Options,
) *preflight.Findings {
	if !target.Endpoint.Loopback() {
		options.APIKey = d.gs.Env["OLLAMA_API_KEY"]
	}
	return preflight.Check(ctx, target, options)
}

func (d *doctor) asText(
	ctx context.Context, targets []preflight.Target, options preflight.Options, onlyLocal bool,
) ([]*preflight.Findings, error) {
	printer := preflight.NewPrinter(d.gs.Stdout, options.Locale, colours(d.gs))
	options.OnResult = printer.Result
	all := make([]*preflight.Findings, 0, len(targets))
	for _, target := range targets {
		printer.Target(target)
		all = append(all, d.check(ctx, target, options))
	}
	for _, other := range all[1:] {
		for _, model := range options.Models {
			printer.Comparison(model, all[0], other)
		}
	}
	for _, kin := range preflight.Relatives(ctx, all) {
		printer.Kin(kin)
	}
	printer.Verdict(all, onlyLocal)
	return all, printer.Err()
}

// comparison is what differs between two servers, for machines.
type comparison struct {
	Model       string                `json:"model"`
	A           string                `json:"a"`
	B           string                `json:"b"`
	SameModel   *bool                 `json:"same_model,omitempty"` // weights and setup; absent if unknown
	Differences []manifest.Difference `json:"differences"`
}

func compare(model string, first, other *preflight.Findings) (c comparison, ok bool) {
	a, okA := first.Manifest(model)
	b, okB := other.Manifest(model)
	if !okA || !okB {
		return comparison{}, false
	}
	c = comparison{Model: model, A: first.Target, B: other.Target, Differences: []manifest.Difference{}}
	c.Differences = append(c.Differences, manifest.Differences(a, b)...)
	if likeness := manifest.Compare(a, b); likeness != manifest.Unknown {
		same := likeness == manifest.Identical
		c.SameModel = &same
	}
	return c, true
}

func (d *doctor) asJSON(
	ctx context.Context, targets []preflight.Target, options preflight.Options,
) ([]*preflight.Findings, error) {
	answer := struct {
		OK          bool                  `json:"ok"`
		Targets     []*preflight.Findings `json:"targets"`
		Comparisons []comparison          `json:"comparisons"`
		Warnings    []preflight.Kin       `json:"warnings"`
	}{OK: true, Comparisons: []comparison{}, Warnings: []preflight.Kin{}}
	for _, target := range targets {
		findings := d.check(ctx, target, options)
		answer.Targets = append(answer.Targets, findings)
		answer.OK = answer.OK && findings.OK
	}
	first := answer.Targets[0]
	for _, other := range answer.Targets[1:] {
		for _, model := range options.Models {
			if c, ok := compare(model, first, other); ok {
				answer.Comparisons = append(answer.Comparisons, c)
			}
		}
	}
	answer.Warnings = append(answer.Warnings, preflight.Relatives(ctx, answer.Targets)...)
	encoder := json.NewEncoder(d.gs.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(answer); err != nil {
		return nil, fmt.Errorf("as JSON: %w", err)
	}
	return answer.Targets, nil
}

// verdict is the exit code; the findings have said the rest.
func verdict(ctx context.Context, all []*preflight.Findings) error {
	if ctx.Err() != nil {
		return &failure{code: exitcodes.ExternalAbort, cause: ctx.Err()}
	}
	for _, findings := range all {
		if !findings.OK {
			return &failure{code: generalFailure}
		}
	}
	return nil
}
