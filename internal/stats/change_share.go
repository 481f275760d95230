package stats

import (
	"math"
	"sort"
)

// ShareChange compares two shares, such as success rates, given how many of how many: by
// Fisher's exact test, whose two-sided p-value sums all tables that are no likelier than this
// one. The interval of the difference is Newcombe's hybrid score interval: Newcombe (1998),
// "Interval estimation for the difference between independent proportions", Statistics in
// Medicine 17, method 10.
func ShareChange(hits, of, hitsAfter, ofAfter int) Change {
	if of <= 0 || ofAfter <= 0 || hits < 0 || hitsAfter < 0 || hits > of || hitsAfter > ofAfter {
		return Change{Untested: TooFew}
	}
	c := NewChange(share(hits, of), share(hitsAfter, ofAfter), "")
	p := fisher(hits, of, hitsAfter, ofAfter)
	c.PValue = &p
	c.LeastPValue = leastExact(of, ofAfter)
	a, b := wilson(hits, of), wilson(hitsAfter, ofAfter)
	below := math.Hypot(c.New-b[0], a[1]-c.Base)
	above := math.Hypot(b[1]-c.New, c.Base-a[0])
	c.DifferenceCI95 = finiteInterval(c.Difference-below, c.Difference+above)
	return c
}

func share(hits, of int) float64 { return float64(hits) / float64(of) }

// wilson is the score interval of a share: Wilson (1927), Journal of the American Statistical
// Association 22.
func wilson(hits, of int) Interval {
	const z = 1.959963984540054 // the normal quantile of 1 − Alpha/2
	n, p := float64(of), share(hits, of)
	center := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return Interval{max(0, center-half), min(1, center+half)}
}

// fisher is the two-sided p-value of Fisher's exact test.
func fisher(hits, of, hitsAfter, ofAfter int) float64 {
	all := hits + hitsAfter
	// The margins fix the table but for one cell, whose distribution is hypergeometric: it has one
	// mode, from which it falls to both sides.
	logP := func(k int) float64 {
		return logChoose(of, k) + logChoose(ofAfter, all-k) - logChoose(of+ofAfter, all)
	}
	const sameAs = 1e-7 // tables that are equally likely differ by rounding; R has this tolerance, too
	limit := logP(hits) + sameAs
	least, most := max(0, all-ofAfter), min(all, of)
	mode := int(float64(all+1) * (float64(of+1) / float64(of+ofAfter+2)))
	mode = min(max(mode, least), most)
	if logP(mode) <= limit {
		return 1
	}
	const negligible = -50 // e⁻⁵⁰ is less than rounding leaves of any p-value
	p := 0.0
	below := mode - sort.Search(mode-least, func(n int) bool { return logP(mode-n) <= limit })
	for k := below; k >= least && logP(k) <= limit && logP(k) > limit+negligible; k-- {
		p += math.Exp(logP(k))
	}
	above := mode + sort.Search(most-mode, func(n int) bool { return logP(mode+n) <= limit })
	for k := above; k <= most && logP(k) <= limit && logP(k) > limit+negligible; k++ {
		p += math.Exp(logP(k))
	}
	return min(1, p)
}

func logChoose(n, k int) float64 {
	lgamma := func(x int) float64 {
		l, _ := math.Lgamma(float64(x) + 1)
		return l
	}
	return lgamma(n) - lgamma(k) - lgamma(n-k)
}

// leastExact is the smallest two-sided p-value of a test that counts the ways to deal n + m
// values out to sides of n and m.
func leastExact(n, m int) float64 { return min(1, 2*math.Exp(-logChoose(n+m, n))) }
