package simulator_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/simulator"
)

func TestPresetsAreValid(t *testing.T) {
	t.Parallel()
	require.NoError(t, simulator.DefaultConfig().Validate())
	require.NoError(t, simulator.Local().Validate())
	require.NoError(t, simulator.Remote().Validate())
}

func TestValidateNamesTheField(t *testing.T) {
	t.Parallel()
	for field, spoil := range map[string]func(*simulator.Config){
		"Addr":           func(c *simulator.Config) { c.Addr = "nowhere" },
		"Parallel":       func(c *simulator.Config) { c.Parallel = 0 },
		"MaxQueue":       func(c *simulator.Config) { c.MaxQueue = -1 },
		"MaxLoaded":      func(c *simulator.Config) { c.MaxLoaded = 0 },
		"OutputTokens":   func(c *simulator.Config) { c.OutputTokens = 0 },
		"ThinkingTokens": func(c *simulator.Config) { c.ThinkingTokens = -1 },
		"Load":           func(c *simulator.Config) { c.Load = -1 },
		"WarmLoad":       func(c *simulator.Config) { c.WarmLoad = -1 },
		"PrefillRate":    func(c *simulator.Config) { c.PrefillRate = math.NaN() },
		"TTFT":           func(c *simulator.Config) { c.TTFT.Mean = -1 },
		"ITL":            func(c *simulator.Config) { c.ITL.Shape = "cauchy" },
		"Network":        func(c *simulator.Config) { c.Network = simulator.Distribution{Spread: 1} },
		"Models":         func(c *simulator.Config) { c.Models = nil },
		"Faults":         func(c *simulator.Config) { c.Faults = []simulator.Fault{{Kind: "explode", Probability: 1}} },
	} {
		config := simulator.DefaultConfig()
		spoil(&config)
		var flaw *simulator.ConfigError
		_, err := simulator.Start(context.Background(), config)
		require.ErrorAs(t, err, &flaw, field)
		require.Equal(t, field, flaw.Field)
		require.NotContains(t, err.Error(), "\n")
	}
}

// What is far beyond any server would else end in a crash or an overflow, at the start or with a
// request.
func TestValidateKnowsTooMuch(t *testing.T) {
	t.Parallel()
	for field, spoil := range map[string]func(*simulator.Config){
		"Parallel":       func(c *simulator.Config) { c.Parallel = math.MaxInt },
		"MaxQueue":       func(c *simulator.Config) { c.MaxQueue = math.MaxInt },
		"MaxLoaded":      func(c *simulator.Config) { c.MaxLoaded = math.MaxInt },
		"OutputTokens":   func(c *simulator.Config) { c.OutputTokens = math.MaxInt },
		"ThinkingTokens": func(c *simulator.Config) { c.ThinkingTokens = math.MaxInt },
		"PrefillRate":    func(c *simulator.Config) { c.PrefillRate = math.SmallestNonzeroFloat64 },
	} {
		config := simulator.DefaultConfig()
		spoil(&config)
		var flaw *simulator.ConfigError
		require.ErrorAs(t, config.Validate(), &flaw, field)
		require.Equal(t, field, flaw.Field)
	}
}

func TestStartsOnLoopback(t *testing.T) {
	t.Parallel()
	config := quick()
	config.Addr = ":0"
	one, two := start(t, config), start(t, config)
	require.True(t, strings.HasPrefix(one.Addr(), "127.0.0.1:"), one.Addr())
	require.NotEqual(t, one.URL(), two.URL())
	config.Addr = one.Addr()
	_, err := simulator.Start(context.Background(), config)
	require.ErrorContains(t, err, "cannot listen on "+one.Addr())
}

type brokenWriter struct{}

var errFull = errors.New("disk full")

func (brokenWriter) Write([]byte) (int, error) { return 0, errFull }

func TestReportsThatTheTruthCannotBeWritten(t *testing.T) {
	t.Parallel()
	config := quick()
	config.Truth = brokenWriter{}
	server, err := simulator.Start(context.Background(), config)
	require.NoError(t, err)
	require.Equal(t, 200, call(server, "POST", "/api/generate", inOne).status)
	require.ErrorIs(t, server.Close(context.Background()), errFull)
	require.ErrorIs(t, server.TruthError(), errFull)
}

func TestParseDistribution(t *testing.T) {
	t.Parallel()
	for text, expected := range map[string]simulator.Distribution{
		"20ms":                simulator.Exactly(20 * time.Millisecond),
		"normal:20ms,0.1":     {Shape: simulator.Normal, Mean: 20 * time.Millisecond, Spread: 0.1},
		"lognormal:200ms,0.3": {Shape: simulator.Lognormal, Mean: 200 * time.Millisecond, Spread: 0.3},
	} {
		d, err := simulator.ParseDistribution(text)
		require.NoError(t, err)
		require.Equal(t, expected, d)
		require.Equal(t, text, d.String())
	}
	for text, expected := range map[string]string{
		"":                    `no duration ""`,
		"20":                  `no duration "20"`,
		"cauchy:20ms,1":       `has the shape "cauchy"`,
		"-20ms":               `has the negative mean -20ms`,
		"20ms,1":              `is fixed but has a spread`,
		"normal:20ms":         `has no spread`,
		"normal:20ms,5ms":     `no spread "5ms"`,
		"lognormal:20ms,-1":   `has the spread -1`,
		"lognormal:20ms,NaN":  `has the spread NaN`,
		"lognormal:20ms,+Inf": `has the spread +Inf`,
	} {
		_, err := simulator.ParseDistribution(text)
		require.ErrorContains(t, err, expected, text)
		require.ErrorContains(t, err, "lognormal:20ms,0.3")
	}
}

func FuzzParseDistribution(f *testing.F) {
	for _, seed := range []string{"20ms", "normal:20ms,0.1", "lognormal:1h2m,3", ":", ",", "fixed:0s,0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := simulator.ParseDistribution(text)
		if err != nil {
			return
		}
		again, err := simulator.ParseDistribution(d.String())
		require.NoError(t, err)
		require.Equal(t, d, again)
	})
}
