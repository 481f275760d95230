package report

import "github.com/xk6-ollama/xk6-ollama/internal/stats"

// Course is how the E2E times of the successful requests went, in the order in which the
// requests started. What so few requests can't tell is absent.
type Course struct {
	Drift           *stats.Drift           `json:"drift,omitempty"`
	Autocorrelation *stats.Autocorrelation `json:"autocorrelation,omitempty"`
	Modes           *stats.Modes           `json:"modes,omitempty"`
	// Outliers are far from all others. They are in every figure.
	Outliers []Outlier `json:"outliers,omitempty"`
}

// Outlier is a request whose time is far from those of the others.
type Outlier struct {
	Number    int     `json:"number"`     // among the successful ones, from 1
	StartedAt float64 `json:"started_at"` // Unix time in ms
	Duration  float64 `json:"duration"`   // E2E, in ms
}

// courseOf is nil if nothing can be told.
func courseOf(requests []Request) *Course {
	var (
		times []float64
		which []*Request
	)
	for i := range requests {
		r := &requests[i]
		if duration, known := r.Value(Duration); known && r.OK() && !r.Warmup {
			times, which = append(times, duration), append(which, r)
		}
	}
	c := Course{
		Drift:           stats.DriftOf(times),
		Autocorrelation: stats.AutocorrelationOf(times),
		Modes:           stats.ModesOf(times),
	}
	for _, i := range stats.Outliers(times) {
		c.Outliers = append(c.Outliers, Outlier{Number: i + 1, StartedAt: which[i].StartedAt, Duration: times[i]})
	}
	if c.Drift == nil && c.Autocorrelation == nil && c.Modes == nil && c.Outliers == nil {
		return nil
	}
	return &c
}

// ColdStarts are the successful requests for which the server loaded the model, held against
// the others. Means are of the E2E time, in ms; one of no requests is absent.
type ColdStarts struct {
	Requests int      `json:"requests"`
	Mean     *float64 `json:"mean,omitempty"`
	WarmMean *float64 `json:"warm_mean,omitempty"`
}

// coldStartsOf is nil if there is none.
func coldStartsOf(requests []Request) *ColdStarts {
	var c ColdStarts
	var cold, warm []float64
	for i := range requests {
		r := &requests[i]
		duration, known := r.Value(Duration)
		if !r.OK() || r.Warmup {
			continue
		}
		c.Requests += count(r.Cold)
		switch {
		case !known:
		case r.Cold:
			cold = append(cold, duration)
		default:
			warm = append(warm, duration)
		}
	}
	if c.Requests == 0 {
		return nil
	}
	c.Mean, c.WarmMean = meanOf(cold), meanOf(warm)
	return &c
}

func meanOf(values []float64) *float64 {
	summary := stats.Summarize(values)
	return valueIf(summary.Count > 0, summary.Mean)
}
