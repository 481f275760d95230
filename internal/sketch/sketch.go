// Package sketch describes any number of values in memory that does not grow with them:
// count, mean, standard deviation and extremes exactly, quantiles to within Accuracy.
package sketch

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/DataDog/sketches-go/ddsketch"
	"github.com/DataDog/sketches-go/ddsketch/mapping"
	"github.com/DataDog/sketches-go/ddsketch/store"
)

// Accuracy is how far a quantile may be from the true one, relative to that.
const Accuracy = 0.005

// buckets is which bucket of the sketch a value belongs to. All sketches share it, or they
// could not be merged: Masson, Rim and Lee (2019), "DDSketch: a fast and fully-mergeable
// quantile sketch with relative-error guarantees", PVLDB 12(12).
var buckets = func() mapping.IndexMapping {
	m, err := mapping.NewLogarithmicMapping(Accuracy)
	if err != nil {
		panic(err) // of a constant that is out of its range
	}
	return m
}()

// A float64 holds the squares of what is between these.
const (
	largest  = 1e100
	smallest = 1e-100
)

// Sketch describes values that are 0 or more, such as times. The zero value describes none
// and is ready. It must not be copied.
type Sketch struct {
	count    int
	mean     float64
	squares  float64 // the sum of the squared differences from the mean
	min, max float64
	values   *ddsketch.DDSketch // nil while there is none
}

// Add takes a value. One that is negative, not finite or beyond 1e100 is none, and is left
// out; one below 1e-100 is 0.
func (s *Sketch) Add(value float64) { s.AddTimes(value, 1) }

// AddTimes takes a value as often as is said.
func (s *Sketch) AddTimes(value float64, times int) {
	switch {
	case times <= 0:
		return
	case !(value >= 0 && value <= largest): // NaN is neither
		return
	case value < smallest:
		value = 0
	}
	if s.count == 0 {
		s.min, s.max = value, value
	}
	s.min, s.max = min(s.min, value), max(s.max, value)
	// Welford (1962), "Note on a method for calculating corrected sums of squares and
	// products", Technometrics 4(3).
	s.count += times
	delta, weight := value-s.mean, float64(times)
	s.mean += delta * weight / float64(s.count)
	s.squares += delta * weight * (value - s.mean)
	s.addBucket(value, weight)
}

func (s *Sketch) addBucket(value, count float64) {
	if s.values == nil {
		s.values = ddsketch.NewDDSketch(buckets, store.NewSparseStore(), store.NewSparseStore())
	}
	// It refuses only values that Add has not let through.
	_ = s.values.AddWithCount(value, count)
}

// Merge takes all values of another sketch.
func (s *Sketch) Merge(other *Sketch) {
	if other == nil || other.count == 0 {
		return
	}
	if s.count == 0 {
		s.min, s.max = other.min, other.max
	}
	s.min, s.max = min(s.min, other.min), max(s.max, other.max)
	// Chan, Golub and LeVeque (1983), "Algorithms for computing the sample variance",
	// The American Statistician 37(3).
	n, m := float64(s.count), float64(other.count)
	delta := other.mean - s.mean
	s.mean += delta * m / (n + m)
	s.squares += other.squares + delta*delta*n*m/(n+m)
	s.count += other.count
	other.values.ForEach(func(value, count float64) bool {
		s.addBucket(value, count)
		return false
	})
}

// Count returns how many values there are.
func (s *Sketch) Count() int { return s.count }

// Mean returns the mean, 0 of no values.
func (s *Sketch) Mean() float64 { return s.mean }

// StdDev returns the sample standard deviation (n−1); ok is false below two values.
func (s *Sketch) StdDev() (deviation float64, ok bool) {
	if s.count < 2 {
		return 0, false
	}
	return math.Sqrt(s.squares / float64(s.count-1)), true
}

// Min returns the least value, 0 of none.
func (s *Sketch) Min() float64 { return s.min }

// Max returns the greatest value, 0 of none.
func (s *Sketch) Max() float64 { return s.max }

// Quantile returns the value below which the share q of the values lies, to within
// Accuracy; 0 of none.
func (s *Sketch) Quantile(q float64) float64 {
	if s.count == 0 {
		return 0
	}
	value, err := s.values.GetValueAtQuantile(q)
	if err != nil {
		return 0 // q is no share
	}
	return min(max(value, s.min), s.max)
}

// wire is the sketch as JSON: bins are pairs of a bucket's number and its count.
type wire struct {
	Count int     `json:"count"`
	Mean  float64 `json:"mean"`
	// Squares is the sum of the squared differences from the mean.
	Squares float64  `json:"squares,omitempty"`
	Min     float64  `json:"min"`
	Max     float64  `json:"max"`
	Zeros   int      `json:"zeros,omitempty"`
	Bins    [][2]int `json:"bins,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (s *Sketch) MarshalJSON() ([]byte, error) {
	w := wire{Count: s.count, Mean: s.mean, Squares: s.squares, Min: s.min, Max: s.max}
	if s.values != nil {
		w.Zeros = int(s.values.GetZeroCount())
		s.values.GetPositiveValueStore().ForEach(func(index int, count float64) bool {
			w.Bins = append(w.Bins, [2]int{index, int(count)})
			return false
		})
		slices.SortFunc(w.Bins, func(a, b [2]int) int { return cmp.Compare(a[0], b[0]) })
	}
	text, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("a sketch of values: %w", err)
	}
	return text, nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *Sketch) UnmarshalJSON(text []byte) error {
	var w wire
	if err := json.Unmarshal(text, &w); err != nil {
		return fmt.Errorf("a sketch of values: %w", err)
	}
	if err := w.check(); err != nil {
		return fmt.Errorf("a sketch of values: %w", err)
	}
	*s = Sketch{count: w.Count, mean: w.Mean, squares: w.Squares, min: w.Min, max: w.Max}
	if w.Zeros > 0 {
		s.addBucket(0, float64(w.Zeros))
	}
	for _, bin := range w.Bins {
		s.addBucket(buckets.Value(bin[0]), float64(bin[1]))
	}
	return nil
}

// most is the largest count in JSON; more would not add up in an int.
const most = 1 << 53

// check refuses what no sketch can have written.
func (w *wire) check() error {
	total := w.Zeros
	if w.Zeros < 0 || w.Count < 0 || w.Count > most {
		return errors.New("a count is negative or too large")
	}
	least, greatest := buckets.Index(smallest), buckets.Index(largest)
	for _, bin := range w.Bins {
		if bin[0] < least || bin[0] > greatest || bin[1] <= 0 || bin[1] > most-total {
			return fmt.Errorf("bin %v: no bucket, or no count", bin)
		}
		total += bin[1]
	}
	if total != w.Count {
		return fmt.Errorf("count is %d, but the bins hold %d", w.Count, total)
	}
	return w.checkMoments()
}

func (w *wire) checkMoments() error {
	if !within(0, w.Min, w.Max) || w.Max > largest || !within(0, w.Squares, largest*largest*float64(w.Count)) {
		return errors.New("min, max or squares can't be")
	}
	if !within(w.Min*(1-1e-9), w.Mean, w.Max*(1+1e-9)) {
		return errors.New("the mean is not between min and max")
	}
	return nil
}

func within(low, x, high float64) bool { return low <= x && x <= high }
