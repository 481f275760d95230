package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Untested says why a change has no p-value.
type Untested string

// The reasons.
const (
	// TooFew says that a side has fewer values than any test needs.
	TooFew Untested = "too_few"
	// NoValues says that the test needs every value, of which only a summary is known.
	NoValues Untested = "no_values"
	// NoTest says that there is no test for such a figure: an extreme, or a figure of values that
	// depend on each other.
	NoTest Untested = "no_test"
)

// fewest is how many values each side of a test needs: with two, a variance rests on one
// difference.
const fewest = 3

// Change is how a figure of one run differs from the same figure of another, whose requests are
// independent of the first one's. What can't be computed is absent.
type Change struct {
	Base float64 `json:"-"`
	New  float64 `json:"-"`
	// Difference is New − Base, in the unit of the figure.
	Difference     float64   `json:"difference"`
	DifferenceCI95 *Interval `json:"difference_ci95,omitempty"`
	// Relative is New/Base − 1. Absent unless Base is above 0.
	Relative     *float64  `json:"relative,omitempty"`
	RelativeCI95 *Interval `json:"relative_ci95,omitempty"`
	// PValue is that of the two-sided test that there is no change.
	PValue *float64 `json:"p_value,omitempty"`
	// AdjustedPValue is PValue after Holm's adjustment, where several changes were tested
	// together.
	AdjustedPValue *float64 `json:"adjusted_p_value,omitempty"`
	Untested       Untested `json:"untested,omitempty"`

	// LeastPValue is the smallest p-value that samples of these sizes can have.
	LeastPValue float64 `json:"-"`
}

// NewChange returns the change between two figures of which nothing else is known, with the
// reason why not.
func NewChange(base, after float64, why Untested) Change {
	c := Change{Base: base, New: after, Difference: after - base, Untested: why}
	if base >= smallest {
		c.Relative = finite(after/base - 1)
	}
	return c
}

// Significant says whether the change is more than chance explains at the level Alpha: by its
// p-value (the adjusted one, if there is one) and by its interval, which has to exclude 0.
func (c Change) Significant() bool {
	p, interval := c.AdjustedPValue, c.RelativeCI95
	if p == nil {
		p = c.PValue
	}
	if interval == nil {
		interval = c.DifferenceCI95
	}
	return p != nil && *p < Alpha && (interval == nil || !interval.Contains(0))
}

// MeanChange compares two means by Welch's t test, which needs no more than their summaries:
// Welch (1947), Biometrika 34. The interval of the relative change is the delta method's on the
// logarithm: Hedges, Gurevitch and Curtis (1999), Ecology 80(4), equation 1, with Student's t.
func MeanChange(base, after Summary) Change {
	c := NewChange(base.Mean, after.Mean, "")
	a, b := errorOfMean(base), errorOfMean(after)
	if a.df < fewest-1 || b.df < fewest-1 {
		c.Untested = TooFew
		return c
	}
	se, df := combine(a, b)
	c.DifferenceCI95, c.PValue = aroundChange(c.Difference, se, df), twoSided(c.Difference, se, df)
	if base.Mean >= smallest && after.Mean >= smallest {
		c.RelativeCI95 = relativeInterval(after.Mean/base.Mean, a.relativeTo(base.Mean), b.relativeTo(after.Mean))
	}
	return c
}

// Work is what requests brought about and took: the values of one request stand at the same
// place. Sum(Done)/Sum(Took) is a rate.
type Work struct{ Done, Took []float64 }

// RateChange compares two rates of work, such as requests per second; base and after are their
// values, in any unit. By Little's law a rate is the number of requests in flight, which is a
// setting of the test, over the time per piece of work: so its relative error is that of the
// ratio of sums, by linearisation (Cochran (1977), Sampling Techniques, section 6.5), and with it
// goes Student's t. Without the work of every request there is no test.
func RateChange(base, after float64, work, workAfter Work) Change {
	c := NewChange(base, after, "")
	a, okA := work.relativeError()
	b, okB := workAfter.relativeError()
	switch {
	case len(work.Done) == 0 || len(workAfter.Done) == 0:
		c.Untested = NoValues
		return c
	case !okA || !okB || base < smallest || after < smallest:
		c.Untested = TooFew
		return c
	}
	se, df := combine(a, b)
	c.PValue = twoSided(math.Log(after/base), se, df)
	c.RelativeCI95 = relativeInterval(after/base, a, b)
	se, df = combine(a.relativeTo(1/base), b.relativeTo(1/after))
	c.DifferenceCI95 = aroundChange(c.Difference, se, df)
	return c
}

// RatioChange compares the ratio of two means, b's over a's, with what it was: the relative
// change and its interval are those of the delta method on the logarithm of four means.
func RatioChange(base, after [2]Summary) Change {
	ratioOf := func(pair [2]Summary) float64 {
		if pair[0].Mean < smallest || pair[1].Mean < smallest {
			return 0
		}
		return pair[1].Mean / pair[0].Mean
	}
	before, now := ratioOf(base), ratioOf(after)
	c := NewChange(before, now, "")
	if before == 0 || now == 0 {
		c.Untested = NoTest
		return c
	}
	var errs []estimateError
	for _, s := range []Summary{base[0], base[1], after[0], after[1]} {
		e := errorOfMean(s).relativeTo(s.Mean)
		if e.df < fewest-1 {
			c.Untested = TooFew
			return c
		}
		errs = append(errs, e)
	}
	se, df := combine(errs...)
	c.PValue = twoSided(math.Log(now/before), se, df)
	c.RelativeCI95 = relativeInterval(now/before, errs...)
	return c
}

// estimateError is the variance of an estimate, and the degrees of freedom that it is known with.
type estimateError struct {
	variance float64
	df       float64
}

func errorOfMean(s Summary) estimateError {
	if s.Count < 2 || s.StdDev == nil {
		return estimateError{}
	}
	return estimateError{*s.StdDev * *s.StdDev / float64(s.Count), float64(s.Count - 1)}
}

// relativeTo returns the error of the estimate's logarithm, by the delta method.
func (e estimateError) relativeTo(estimate float64) estimateError {
	return estimateError{e.variance / estimate / estimate, e.df}
}

// relativeError is that of Sum(Done)/Sum(Took); ok is false where it can't be computed.
func (w Work) relativeError() (e estimateError, ok bool) {
	n := len(w.Done)
	if n < fewest {
		return e, false
	}
	done, took := momentsOf(usable(w.Done)), momentsOf(usable(w.Took))
	if done.n != n || took.n != n || done.mean < smallest || took.mean < smallest {
		return e, false
	}
	residuals := make([]float64, n)
	for i := range residuals {
		residuals[i] = w.Done[i]/done.mean - w.Took[i]/took.mean
	}
	return estimateError{momentsOf(usable(residuals)).meanVariance(), float64(n - 1)}, true
}

// combine returns the standard error of the sum of independent estimates, with Satterthwaite's
// degrees of freedom: Satterthwaite (1946), Biometrics Bulletin 2(6).
func combine(errs ...estimateError) (se, df float64) {
	total := 0.0
	for _, e := range errs {
		total += e.variance
	}
	inverse := 0.0
	for _, e := range errs {
		if share := e.variance / total; share > 0 {
			inverse += share * share / e.df
		}
	}
	return math.Sqrt(total), 1 / inverse
}

// twoSided is the p-value of an estimate of 0: the limit for vanishing errors where there is none.
func twoSided(estimate, se, df float64) *float64 {
	if se == 0 {
		p := 0.0
		if estimate == 0 {
			p = 1
		}
		return &p
	}
	student := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}
	return finite(2 * student.Survival(math.Abs(estimate)/se))
}

func aroundChange(estimate, se, df float64) *Interval {
	if se == 0 {
		return finiteInterval(estimate, estimate)
	}
	half := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}.Quantile(1-Alpha/2) * se
	return finiteInterval(estimate-half, estimate+half)
}

// relativeInterval is that of ratio − 1, given the relative errors of what the ratio is of.
func relativeInterval(ratio float64, errs ...estimateError) *Interval {
	se, df := combine(errs...)
	logs := aroundChange(math.Log(ratio), se, df)
	if logs == nil {
		return nil
	}
	return finiteInterval(math.Expm1(logs[0]), math.Expm1(logs[1]))
}
