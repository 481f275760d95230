package stats

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

const (
	// alarm is the level of significance of what becomes a warning about one sample: there are
	// many samples in a run, and a warning that cries wolf is soon ignored.
	alarm = 0.01
	// worth is how far a value has to be from another, as their ratio, to be worth a warning: by
	// less, no conclusion moves.
	worth = 1.05
)

// Drift is how the second half of a run's values differs from the first.
type Drift struct {
	// Ratio is the second half's median over the first's.
	Ratio float64 `json:"ratio"`
	// PValue is that of a Mann-Whitney test of the halves.
	PValue float64 `json:"p_value"`
	// Found: p is below 0.01, and the medians are at least 5 % apart.
	Found bool `json:"found"`
}

const driftLeast = 10 // below it 0.01 can't be reached

// DriftOf compares the halves of values, which are in the order of time. It is nil for
// fewer than ten, and where a half's median is not above 0.
func DriftOf(values []float64) *Drift {
	values = usable(values)
	if len(values) < driftLeast {
		return nil
	}
	first, second := values[:len(values)/2], values[(len(values)+1)/2:]
	before, after := Summarize(first).Med, Summarize(second).Med
	p := mannWhitney(first, second)
	if before < smallest || after < smallest || p == nil {
		return nil
	}
	ratio := after / before
	if finite(ratio) == nil {
		return nil
	}
	return &Drift{Ratio: ratio, PValue: *p, Found: *p < alarm && max(ratio, 1/ratio) >= worth}
}

// Autocorrelation is how far a value tells the next one.
type Autocorrelation struct {
	// Lag1 is the correlation of the ranks of successive values, from −1 to 1.
	Lag1 float64 `json:"lag1"`
	// PValue is that of Lag1 if the order meant nothing.
	PValue float64 `json:"p_value"`
	// Widening is √((1 + r)/(1 − r)): so many times as wide an honest interval of the mean
	// would be, if each value depends on the one before it alone.
	Widening float64 `json:"widening"`
	// Found: p is below 0.01, and Lag1 at least 0.1 off 0.
	Found bool `json:"found"`
}

const (
	autocorrelationLeast = 20
	autocorrelationWorth = 0.1
)

// AutocorrelationOf looks at values in the order of time. It is nil for fewer than twenty
// values, or where all are equal.
func AutocorrelationOf(values []float64) *Autocorrelation {
	values = usable(values)
	n := float64(len(values))
	if len(values) < autocorrelationLeast {
		return nil
	}
	ranks := midranks(values)
	mean, total := stat.Mean(ranks, nil), 0.0
	successive := 0.0
	for i, r := range ranks {
		total += (r - mean) * (r - mean)
		if i > 0 {
			successive += (r - mean) * (ranks[i-1] - mean)
		}
	}
	if total == 0 {
		return nil
	}
	r := successive / total
	// Mean and variance over all orders: Moran (1948), "Some theorems on time series II: the
	// significance of the serial correlation coefficient", Biometrika 35.
	z := (r + 1/n) / ((n - 2) / n / math.Sqrt(n-1))
	p := 2 * distuv.UnitNormal.Survival(math.Abs(z))
	bounded := max(-0.99, min(0.99, r))
	return &Autocorrelation{
		Lag1:     r,
		PValue:   p,
		Widening: math.Sqrt((1 + bounded) / (1 - bounded)),
		Found:    p < alarm && math.Abs(r) >= autocorrelationWorth,
	}
}
