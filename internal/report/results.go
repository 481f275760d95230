// Package report turns request records into results, and results into what people and
// programs read: text, Markdown and JSON.
package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/loadcheck"
	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// Schema names the format of results.json.
const Schema = "xk6-ollama/results/v1"

// ErrSchema is the error of a file that is no results.json of this Schema; test with errors.Is.
var ErrSchema = errors.New("not a results.json of schema " + Schema)

// Results is results.json: what a run measured. Times are in milliseconds, what was not
// measured is absent.
type Results struct {
	Schema      string         `json:"schema"`
	GeneratedAt time.Time      `json:"generated_at"`
	Environment Environment    `json:"environment"`
	Settings    map[string]any `json:"settings"`
	Series      []Series       `json:"series"`
	Comparisons []Comparison   `json:"comparisons"`
	Thresholds  []Threshold    `json:"thresholds,omitempty"` // of k6
	Warnings    []Warning      `json:"warnings"`
	SelfCheck   SelfCheck      `json:"self_check"`
}

// Environment is what the measurements were taken with and on.
type Environment struct {
	K6        string `json:"k6,omitempty"`        // version
	Extension string `json:"extension,omitempty"` // version of xk6-ollama
	Go        string `json:"go,omitempty"`        // version
	OS        string `json:"os,omitempty"`
	Arch      string `json:"arch,omitempty"`
	CPUs      int    `json:"cpus,omitempty"` // logical, that this process may use
}

// ThisEnvironment returns the environment of this process, given the versions of k6 and of
// the extension.
func ThisEnvironment(k6, extension string) Environment {
	return Environment{
		K6:        k6,
		Extension: extension,
		Go:        runtime.Version(),
		OS:        runtime.GOOS,
		Arch:      runtime.GOARCH,
		CPUs:      runtime.NumCPU(),
	}
}

// facts are what is known, by the names that people know it by.
func (e *Environment) facts() [][2]string {
	facts := [][2]string{
		{"k6", e.K6}, {"xk6-ollama", e.Extension}, {"Go", e.Go}, {"OS", strings.Trim(e.OS+"/"+e.Arch, "/")}, {"CPUs", ""},
	}
	if e.CPUs > 0 {
		facts[len(facts)-1][1] = strconv.Itoa(e.CPUs)
	}
	return slices.DeleteFunc(facts, func(fact [2]string) bool { return fact[1] == "" })
}

// Series is what was measured of one call (generate, chat, embed) of one model on one target.
type Series struct {
	Target string `json:"target"`
	Model  string `json:"model"`
	Op     string `json:"op"`
	// Variant is what is peculiar to the settings of these requests, where runs with different
	// ones were merged.
	Variant  string        `json:"variant,omitempty"`
	Endpoint string        `json:"endpoint"`
	Manifest *api.Manifest `json:"manifest,omitempty"`

	Requests    int     `json:"requests"`
	Succeeded   int     `json:"succeeded"`
	SuccessRate float64 `json:"success_rate"` // 0 to 1

	// BusyMS is the time during which at least one request was in flight, failed ones
	// included: the sum of the E2E times if requests followed one another.
	BusyMS float64 `json:"busy_ms"`
	WallMS float64 `json:"wall_ms"` // first start to last end
	// Both rates are of successful requests over BusyMS.
	RequestsPerSecond     *float64 `json:"requests_per_second,omitempty"`
	OutputTokensPerSecond *float64 `json:"output_tokens_per_second,omitempty"`

	Metrics   map[Metric]stats.Summary `json:"metrics"` // of successful requests
	Breakdown *Breakdown               `json:"breakdown,omitempty"`
	// ColdStarts are those of the successful requests for which the server loaded the model.
	ColdStarts *ColdStarts           `json:"cold_starts,omitempty"`
	Course     *Course               `json:"course,omitempty"`
	Errors     map[api.ErrorKind]int `json:"errors"`
	Failures   []Failure             `json:"failures,omitempty"` // Errors with an example each
	// Models is what the server has, where the model was not found.
	Models []string `json:"models,omitempty"`

	// Sample are the requests that pictures show, warm-up and failed ones included, in the order
	// in which they started: all SampleOf of them, or a random sample. It is not in results.json.
	Sample   []Request `json:"-"`
	SampleOf int       `json:"-"`
}

// Failure is one kind of failure in a series.
type Failure struct {
	Type    api.ErrorKind `json:"type"`
	Count   int           `json:"count"`
	Message string        `json:"message,omitempty"` // of the first
	Status  int           `json:"status,omitempty"`  // HTTP, of the first
}

// Comparison is how target B differs from target A. It has no metrics if all requests of a
// side failed.
type Comparison struct {
	Model   string                      `json:"model"`
	Op      string                      `json:"op"`
	A       string                      `json:"a"`
	B       string                      `json:"b"`
	Variant string                      `json:"variant,omitempty"`
	Metrics map[Metric]stats.Comparison `json:"metrics"`
	// StabilityRatio is B's standard deviation of the E2E time over A's: above 1, A is the
	// steadier side.
	StabilityRatio     *float64         `json:"stability_ratio,omitempty"`
	StabilityRatioCI95 *stats.Interval  `json:"stability_ratio_ci95,omitempty"`
	NetworkOverhead    *NetworkOverhead `json:"network_overhead_ms,omitempty"`
}

// NetworkOverhead is the mean of the measured network time of both sides, and B's minus A's.
type NetworkOverhead struct {
	A          *float64 `json:"a,omitempty"`
	B          *float64 `json:"b,omitempty"`
	Difference *float64 `json:"difference,omitempty"`
}

// SelfCheck says what became of the records, and how many contradict themselves.
// Records = Measured + Warmup + Canceled + Other.
type SelfCheck struct {
	Records  int `json:"records"`
	Measured int `json:"measured"`
	Warmup   int `json:"warmup"`
	Canceled int `json:"canceled"` // by the end of the test or of their iteration
	Other    int `json:"other"`    // calls that look at or prepare the server: list, pull, …
	// NegativeNetwork counts answers that took less than the server says it worked; they have
	// no network time.
	NegativeNetwork int `json:"negative_network"`
	// Inconsistent counts records whose parts do not add up to their whole.
	Inconsistent int `json:"inconsistent"`
	// Client says how busy the process was that sent the requests; nil if that is not known, as
	// of records that were merged.
	Client *Client `json:"client,omitempty"`
}

// Client is how quick the process was that sent the requests.
type Client struct {
	loadcheck.Load
	// ConnectionsReopened counts connections that had to be opened anew although one of the same
	// VU to the same target had become free.
	ConnectionsReopened int `json:"connections_reopened"`
	// ScheduleDelay is the 95th percentile of how late requests started, of the series where that
	// is longest; nil if none was to start at a time.
	ScheduleDelay *float64 `json:"schedule_delay_p95_ms,omitempty"`
}

// JSON writes results.json.
func JSON(w io.Writer, results Results) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(results); err != nil {
		return fmt.Errorf("writing results: %w", err)
	}
	return nil
}

// ReadResults reads results.json. The error of any other file matches ErrSchema.
func ReadResults(r io.Reader) (Results, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return Results{}, fmt.Errorf("reading results: %w", err)
	}
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return Results{}, fmt.Errorf("%w: %w", ErrSchema, err)
	}
	if head.Schema != Schema {
		return Results{}, fmt.Errorf("%w: its schema is %q", ErrSchema, head.Schema)
	}
	var results Results
	if err := json.Unmarshal(text, &results); err != nil {
		return Results{}, fmt.Errorf("%w: %w", ErrSchema, err)
	}
	return results, nil
}
