package stats

import (
	"cmp"
	"math"
	"slices"

	ranks "github.com/aclements/go-moremath/stats"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat/distuv"
)

// Test names the test a p-value is of.
type Test string

// The tests.
const (
	MannWhitney Test = "mann_whitney"
	Wilcoxon    Test = "wilcoxon"
)

// MinMeasurements is how many measurements each side needs for a verdict, when so many
// comparisons are made together: the least n at which the test's smallest p-value, 2/C(2n, n)
// of Mann-Whitney and 2/2ⁿ of Wilcoxon, is below Alpha after Holm's adjustment of it. For one
// comparison that is 4, and 6 when paired.
func MinMeasurements(paired bool, together int) int {
	p, n := 1.0, 1 // the smallest p-value of n
	for p*float64(max(together, 1)) >= Alpha {
		n++
		if paired {
			p /= 2
		} else {
			p *= float64(n) / float64(2*(2*n-1))
		}
	}
	return n
}

// tiesExactLimit is up to how many values a side Mann-Whitney is exact where some are equal; R
// and SciPy are not, and go-moremath takes several times as long for it.
const tiesExactLimit = 25

// mannWhitney returns the two-sided p-value that a and b come from one distribution, nil
// if there is none to compute. It is exact up to 50 values a side, or 25 where some are
// equal, and beyond by the normal limit, corrected for ties and continuity.
func mannWhitney(a, b []float64) *float64 {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	if max(len(a), len(b)) <= tiesExactLimit {
		if ranked := midranks(slices.Concat(a, b)); tied(ranked) {
			return finite(rankSumP(ranked, len(a)))
		}
	}
	less, err := ranks.MannWhitneyUTest(a, b, ranks.LocationLess)
	if err == nil && less.U > float64(less.N1)*float64(less.N2)/2 {
		less, err = ranks.MannWhitneyUTest(b, a, ranks.LocationLess)
	}
	if err != nil { // all values are equal
		p := 1.0
		return &p
	}
	return finite(min(1, 2*less.P))
}

// tied says whether some ranks are those of equal values, which share theirs.
func tied(ranked []float64) bool {
	sorted := slices.Clone(ranked)
	slices.Sort(sorted)
	for i, r := range sorted {
		if r != float64(i+1) {
			return true
		}
	}
	return false
}

// rankSumP returns the two-sided p-value of the sum of the first n ranks: twice the smaller share
// of all choices of n ranks whose sum is as small, or as large. It counts the choices by their
// number and sum, as Streitberg and Röhmel (1986), "Exact distributions for permutation and rank
// tests", Statistical Software Newsletter 12, do; ranks are doubled, as ties have halves.
func rankSumP(ranked []float64, n int) float64 {
	doubled, total, sum := make([]int, len(ranked)), 0, 0
	for i, r := range ranked {
		doubled[i] = int(2 * r)
		total += doubled[i]
		if i < n {
			sum += doubled[i]
		}
	}
	choices := make([][]float64, n+1) // by how many ranks, and their sum
	for k := range choices {
		choices[k] = make([]float64, total+1)
	}
	choices[0][0] = 1
	for i, r := range doubled {
		for k := min(i+1, n); k > 0; k-- {
			for s := r; s <= total; s++ {
				choices[k][s] += choices[k-1][s-r]
			}
		}
	}
	return min(1, 2*min(floats.Sum(choices[n][:sum+1]), floats.Sum(choices[n][sum:]))/floats.Sum(choices[n]))
}

// wilcoxonExactLimit is from which number of differences on R's wilcox.test and we use the
// normal limit.
const wilcoxonExactLimit = 50

// wilcoxon returns the two-sided p-value of Wilcoxon's signed-rank test that the differences
// of pairs scatter evenly around 0; Wilcoxon (1945), "Individual comparisons by ranking
// methods", Biometrics Bulletin 1(6). Differences of 0 are left out, as he did. As in R, it
// is exact below 50 differences without ties, and otherwise by the normal limit, corrected
// for ties and continuity.
func wilcoxon(differences []float64) *float64 {
	d := slices.DeleteFunc(slices.Clone(differences), func(v float64) bool { return v == 0 })
	if len(d) == 0 {
		p := 1.0
		return &p
	}
	slices.SortFunc(d, func(a, b float64) int { return cmp.Compare(math.Abs(a), math.Abs(b)) })
	positive, ties := 0.0, 0.0 // the sum of ranks above 0; Σ(t³ − t) over ties
	for i := 0; i < len(d); {
		end := i + 1
		for end < len(d) && math.Abs(d[end]) == math.Abs(d[i]) {
			end++
		}
		rank := float64(i+1+end) / 2
		for _, v := range d[i:end] {
			if v > 0 {
				positive += rank
			}
		}
		t := float64(end - i)
		ties += t*t*t - t
		i = end
	}
	n := float64(len(d))
	if len(d) < wilcoxonExactLimit && ties == 0 {
		return finite(signedRankP(len(d), int(min(positive, n*(n+1)/2-positive))))
	}
	sigma := math.Sqrt(n*(n+1)*(2*n+1)/24 - ties/48)
	away := math.Abs(positive-n*(n+1)/4) - 0.5 // continuity
	return finite(min(1, 2*distuv.UnitNormal.Survival(away/sigma)))
}

// signedRankP returns twice the chance that n ranks with random signs have a positive sum of
// at most w: of the 2ⁿ choices of ranks 1 to n it counts those with each sum.
func signedRankP(n, w int) float64 {
	chance := make([]float64, w+1)
	chance[0] = 1
	for rank := 1; rank <= n; rank++ {
		for sum := w; sum >= 0; sum-- {
			if sum >= rank {
				chance[sum] += chance[sum-rank]
			}
			chance[sum] /= 2
		}
	}
	total := 0.0
	for _, c := range chance {
		total += c
	}
	return min(1, 2*total)
}

// midranks returns the rank of each value, equal ones sharing the mean of theirs.
func midranks(values []float64) []float64 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	result := make([]float64, len(values))
	for i := 0; i < len(order); {
		end := i + 1
		for end < len(order) && values[order[end]] == values[order[i]] {
			end++
		}
		for _, at := range order[i:end] {
			result[at] = float64(i+1+end) / 2
		}
		i = end
	}
	return result
}
