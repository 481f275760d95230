package gate

import "github.com/xk6-ollama/xk6-ollama/internal/stats"

// Outcome is what became of a gate.
type Outcome string

// The outcomes.
const (
	Held     Outcome = "held"
	Failed   Outcome = "failed"
	Unjudged Outcome = "unjudged" // nobody can tell
)

// Reason says why a gate has its outcome.
type Reason string

// The reasons of gates that were judged.
const (
	Within         Reason = "within"          // held: the figure is on the right side of the limit
	Beyond         Reason = "beyond"          // failed: it is not, and more than chance if it is a change
	BeyondBare     Reason = "beyond_bare"     // failed: it is not; whether by chance was not asked
	NotSignificant Reason = "not_significant" // held: it is not, but that may be chance
)

// The reasons of gates that nobody can judge.
const (
	NoSeries          Reason = "no_series"          // no target, model and op of the new run are meant
	NoComparison      Reason = "no_comparison"      // no comparison of the new run is meant
	NotMeasured       Reason = "not_measured"       // the new run has no such figure
	AllFailed         Reason = "all_failed"         // as every request failed
	NotInBase         Reason = "not_in_base"        // the base has no such figure
	DifferentModels   Reason = "different_models"   // the runs used different models
	DifferentSettings Reason = "different_settings" // the runs did different things
	ZeroBase          Reason = "zero_base"          // the base's figure is 0: there is no percentage of it
	TooFewRequests    Reason = "too_few_requests"   // no change of so few requests is more than chance
	NoRequestsFile    Reason = "no_requests_file"   // the test needs the values of every request
	NoTest            Reason = "no_test"            // there is no test for such a figure
)

// Evidence is what is known of the figure that a gate is about, in one series or comparison.
type Evidence struct {
	Gate              Gate
	Target, Model, Op string // of the series
	A, B              string // of the comparison
	// Missing is why the figures below are not there; "" if they are.
	Missing Reason
	New     float64
	// Change is nil for a gate about the new run alone.
	Change *stats.Change
}

// Verdict is an outcome, with what it rests on.
type Verdict struct {
	Evidence
	Outcome Outcome
	Reason  Reason
}

// Options says how to judge.
type Options struct {
	EvenIfNoise bool // a change fails a gate even if it may be chance
}

// Judge judges gates. Changes that are tested for several of them are tested together: their
// p-values are adjusted by Holm's method, so that an equal run fails any of them as rarely as it
// would a single one.
func Judge(evidence []Evidence, options Options) []Verdict {
	verdicts := make([]Verdict, len(evidence))
	var tested []int
	var p []float64
	for i, e := range evidence {
		if e.Change != nil {
			change := *e.Change
			e.Change = &change
		}
		verdicts[i].Evidence = e
		if e.tested() && !options.EvenIfNoise {
			tested, p = append(tested, i), append(p, *e.Change.PValue)
		}
	}
	if len(tested) > 1 {
		for n, adjusted := range stats.Holm(p) {
			verdicts[tested[n]].Change.AdjustedPValue = &adjusted
		}
	}
	for i := range verdicts {
		v := &verdicts[i]
		v.Reason = v.judge(options, max(1, len(tested)))
		v.Outcome = v.Reason.outcome()
	}
	return verdicts
}

func (e Evidence) tested() bool { return e.Missing == "" && e.Change != nil && e.Change.PValue != nil }

// judge returns the reason for the outcome, given how many changes are tested together. That a
// change can't be judged is found before its size, so that it does not depend on luck.
func (e Evidence) judge(options Options, tests int) Reason {
	if e.Missing != "" {
		return e.Missing
	}
	limit := e.Gate.Limit
	if limit.Of == Level {
		if e.Gate.Operator.holds(e.New, limit.Value) {
			return Beyond
		}
		return Within
	}
	size := e.Change.Difference
	if limit.Of == RelativeChange {
		if e.Change.Relative == nil {
			return ZeroBase
		}
		size = *e.Change.Relative
	}
	if !options.EvenIfNoise {
		if reason := untestable(e.Change, tests); reason != "" {
			return reason
		}
	}
	switch {
	case !e.Gate.Operator.holds(size, limit.Value):
		return Within
	case options.EvenIfNoise:
		return BeyondBare
	case !e.Change.Significant():
		return NotSignificant
	}
	return Beyond
}

// untestable returns why no change of that kind could be called significant, "" if one could.
func untestable(c *stats.Change, tests int) Reason {
	switch {
	case c.Untested == stats.NoValues:
		return NoRequestsFile
	case c.Untested == stats.NoTest:
		return NoTest
	case c.PValue == nil, c.LeastPValue*float64(tests) >= stats.Alpha:
		return TooFewRequests
	}
	return ""
}

func (r Reason) outcome() Outcome {
	switch r {
	case Within, NotSignificant:
		return Held
	case Beyond, BeyondBare:
		return Failed
	}
	return Unjudged
}

// Overall is the outcome of gates together: failed if any failed, else unjudged if any could not
// be judged. Without any gate it is held.
func Overall(verdicts []Verdict) Outcome {
	overall := Held
	for _, v := range verdicts {
		switch {
		case v.Outcome == Failed:
			return Failed
		case v.Outcome == Unjudged:
			overall = Unjudged
		}
	}
	return overall
}
