package simulator_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/simulator"
)

func faulty(t *testing.T, log *truths, faults ...string) *simulator.Server {
	t.Helper()
	config := quick()
	config.Truth = log
	for _, text := range faults {
		fault, err := simulator.ParseFault(text)
		require.NoError(t, err)
		config.Faults = append(config.Faults, fault)
	}
	return start(t, config)
}

const (
	streamed = `{"model":"tiny","prompt":"a","options":{"num_predict":8}}`
	inOne    = `{"model":"tiny","prompt":"a","stream":false,"options":{"num_predict":8}}`
)

func TestFaultsInStreams(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fault  string
		status int
		lines  int // that parse
		cut    bool
		check  func(*testing.T, answer)
	}{
		{fault: "refuse", cut: true},
		{fault: "reset", status: 200, lines: 4, cut: true},
		{fault: "stall=30ms", status: 200, lines: 9, check: func(t *testing.T, a answer) {
			t.Helper()
			assert.GreaterOrEqual(t, inMS(a.took)-ms(a.last()["total_duration"]), 30.0)
		}},
		{fault: "500", status: 500, lines: 1},
		{fault: "503", status: 503, lines: 1},
		{fault: "model-not-found", status: 404, lines: 1},
		{fault: "missing-done", status: 200, lines: 8},
		{fault: "broken-json", status: 200, lines: 8},
		{fault: "slow-headers=30ms", status: 200, lines: 9, check: func(t *testing.T, a answer) {
			t.Helper()
			assert.GreaterOrEqual(t, a.ttft, 30*time.Millisecond)
			assert.GreaterOrEqual(t, inMS(a.took)-ms(a.last()["total_duration"]), 30.0)
		}},
		{fault: "error-line", status: 200, lines: 5, check: func(t *testing.T, a answer) {
			t.Helper()
			assert.Contains(t, a.last()["error"], "unexpected EOF")
		}},
		{fault: "huge-line=100000", status: 200, lines: 9, check: func(t *testing.T, a answer) {
			t.Helper()
			assert.Len(t, a.lines[3]["response"], 100_000)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.fault, func(t *testing.T) {
			t.Parallel()
			log := newTruths()
			got := call(faulty(t, log, tt.fault), "POST", "/api/generate", streamed)
			require.Equal(t, tt.cut, got.err != nil, "%v", got.err)
			require.Equal(t, tt.status, got.status)
			require.Len(t, got.lines, tt.lines)
			truth := log.next(t)
			require.Equal(t, tt.fault, truth.Fault)
			require.Equal(t, tt.status, truth.Status)
			if tt.check != nil {
				tt.check(t, got)
			} else {
				require.Equal(t, "fault", truth.Outcome)
				require.NotContains(t, got.body, `"done":true`+"\n")
			}
		})
	}
}

func TestFaultsInAnswersInOnePiece(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault  string
		status int
		valid  bool // JSON that was received whole
	}{
		{"refuse", 0, false},
		{"reset", 200, false},
		{"broken-json", 200, false},
		{"missing-done", 200, true},
		{"error-line", 500, true},
		{"huge-line=100000", 200, true},
	} {
		for _, path := range []string{"/api/generate", "/v1/completions"} {
			t.Run(tt.fault+path, func(t *testing.T) {
				t.Parallel()
				log := newTruths()
				got := call(faulty(t, log, tt.fault), "POST", path, inOne)
				require.Equal(t, tt.status, got.status)
				require.Equal(t, tt.valid, got.err == nil && json.Valid([]byte(got.body)))
				require.Equal(t, "fault", log.next(t).Outcome)
				if tt.fault == "missing-done" && path == "/api/generate" {
					_, expected := capture(t, "repeat-cutoff-nostream")
					require.Equal(t, shapeOf(expected), shapeOf(got.body))
				}
			})
		}
	}
	for fault, valid := range map[string]bool{"reset": false, "broken-json": false, "error-line": true, "500": true} {
		got := call(faulty(t, newTruths(), fault), "POST", "/api/embed", `{"model":"tiny","input":"a"}`)
		require.Equal(t, valid, got.err == nil && json.Valid([]byte(got.body)), fault)
	}
}

func TestStallWithADurationGoesOn(t *testing.T) {
	t.Parallel()
	for path, body := range map[string]string{"/api/generate": inOne, "/api/embed": `{"model":"tiny","input":"a"}`} {
		log := newTruths()
		got := call(faulty(t, log, "stall=30ms"), "POST", path, body)
		require.NoError(t, got.err)
		require.True(t, json.Valid([]byte(got.body)))
		require.GreaterOrEqual(t, inMS(got.took), 30.0)
		truth := log.next(t)
		require.Equal(t, "ok", truth.Outcome)
		require.InDelta(t, 30, truth.NetworkMS, exact)
	}
}

func TestStallEndsWithTheClient(t *testing.T) {
	t.Parallel()
	log := newTruths()
	server := faulty(t, log, "stall")
	conn := dial(t, server, streamed)
	buffer := make([]byte, 64)
	_, err := conn.Read(buffer)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	truth := log.next(t)
	require.Equal(t, "stall", truth.Fault)
}

func TestFaultsStrikeByNumberAndChance(t *testing.T) {
	t.Parallel()
	log := newTruths()
	server := faulty(t, log, "500@2-3", "503:0.3")
	statuses := map[int]int{}
	for n := 1; n <= 60; n++ {
		got := call(server, "POST", "/api/generate", inOne)
		if n == 2 || n == 3 {
			require.Equal(t, 500, got.status)
		}
		require.Equal(t, n, log.next(t).Request)
		statuses[got.status]++
	}
	require.Equal(t, 2, statuses[500])
	require.InDelta(t, 58*0.3, statuses[503], 12)
}

func TestParseFault(t *testing.T) {
	t.Parallel()
	for text, expected := range map[string]simulator.Fault{
		"reset@3":               {Kind: simulator.Reset, First: 3, Last: 3, Probability: 1},
		"500:0.1":               {Kind: simulator.Error500, Probability: 0.1},
		"stall@2-4":             {Kind: simulator.Stall, First: 2, Last: 4, Probability: 1},
		"stall=5s@2-4:0.5":      {Kind: simulator.Stall, Duration: 5 * time.Second, First: 2, Last: 4, Probability: 0.5},
		"huge-line=16777216":    {Kind: simulator.HugeLine, Size: 1 << 24, Probability: 1},
		"slow-headers=1.5s:0.2": {Kind: simulator.SlowHeaders, Duration: 1500 * time.Millisecond, Probability: 0.2},
	} {
		fault, err := simulator.ParseFault(text)
		require.NoError(t, err, text)
		require.Equal(t, expected, fault)
		require.Equal(t, text, fault.String())
	}
	for text, expected := range map[string]string{
		"":                 `no kind ""; expected one of refuse, reset`,
		"explode":          `no kind "explode"`,
		"reset@0":          `no request numbers "0"`,
		"reset@4-2":        `no request numbers "4-2"`,
		"reset@":           `no request numbers ""`,
		"500:2":            `no probability "2"`,
		"500:NaN":          `no probability "NaN"`,
		"reset=5s":         `reset takes no value`,
		"stall=soon":       `no duration "soon"`,
		"huge-line=9 MB":   `no number of bytes "9 MB"`,
		"slow-headers=-1s": `no duration "-1s"`,
	} {
		_, err := simulator.ParseFault(text)
		require.ErrorContains(t, err, expected, text)
		require.NotContains(t, err.Error(), "\n")
	}
}

func FuzzParseFault(f *testing.F) {
	for _, seed := range []string{"reset@3", "stall=5s@2-4:0.5", "500:0.1", "huge-line=1", "", "@:="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := simulator.ParseFault(text)
		if err != nil {
			require.Equal(t, simulator.Fault{}, fault)
			require.NotContains(t, err.Error(), "\n")
			return
		}
		again, err := simulator.ParseFault(fault.String())
		require.NoError(t, err)
		require.Equal(t, fault, again)
	})
}
