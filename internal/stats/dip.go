package stats

import "math"

// dip returns Hartigan's dip statistic of sorted values, which is from 1/(2n) to 1/4: the
// greatest distance between their distribution function and the nearest one that is convex
// up to a mode and concave from it on. As in Hartigan (1985), "Computation of the dip
// statistic to test for unimodality", Applied Statistics 34(3), the mode's place is narrowed
// down to where the greatest convex minorant of the function and its least concave majorant
// are farthest apart; what they leave of the function outside of it is the dip.
func dip(sorted []float64) float64 {
	low, high := 0, len(sorted)-1
	twice := 1.0 // twice the dip, in steps of the function, 1/n each; no less than one step
	for low < high && sorted[low] < sorted[high] {
		minorant, majorant := hull(sorted, low, high, convex), hull(sorted, low, high, concave)
		apart, left, right := farthestApart(sorted, minorant, majorant)
		if apart < twice {
			break
		}
		twice = max(twice, deviation(sorted, minorant, low, left), deviation(sorted, majorant, right, high))
		if left == low && right == high {
			break
		}
		low, high = left, right
	}
	return twice / float64(2*len(sorted))
}

type curvature float64

const (
	convex  curvature = 1
	concave curvature = -1
)

// hull returns the indices of the corners of the points (sorted[i], i), low to high, that
// bound them from below (convex) or from above (concave).
func hull(sorted []float64, low, high int, bend curvature) []int {
	corners := []int{low}
	for i := low + 1; i <= high; i++ {
		for len(corners) > 1 {
			a, b := corners[len(corners)-2], corners[len(corners)-1]
			turn := float64(i-b)*(sorted[b]-sorted[a]) - float64(b-a)*(sorted[i]-sorted[b])
			if turn*float64(bend) > 0 {
				break
			}
			corners = corners[:len(corners)-1]
		}
		corners = append(corners, i)
	}
	return corners
}

// farthestApart returns the greatest distance of the majorant, which is a step above its
// points, from the minorant; and the corner of the minorant at it or before it, and that of
// the majorant at it or after it.
func farthestApart(sorted []float64, minorant, majorant []int) (apart float64, left, right int) {
	below, above := 1, 1 // the ends of the segments that are looked at
	for minorant[below] != majorant[above] {
		var distance float64
		from, to := minorant[below-1], majorant[above]
		if minorant[below] > majorant[above] {
			distance = float64(to+1) - height(sorted, from, minorant[below], to)
			above++
		} else {
			from = minorant[below]
			distance = height(sorted, majorant[above-1], to, from) + 1 - float64(from)
			below++
		}
		if distance >= apart {
			apart, left, right = distance, from, to
		}
	}
	return apart, left, right
}

// height is that of the line between the points a and b at the value of point i.
func height(sorted []float64, a, b, i int) float64 {
	if sorted[a] == sorted[b] {
		return float64(i)
	}
	return float64(a) + float64(b-a)*(sorted[i]-sorted[a])/(sorted[b]-sorted[a])
}

// deviation is how far the function leaves its minorant or majorant between two of its
// corners.
func deviation(sorted []float64, corners []int, from, to int) float64 {
	greatest := 0.0
	for c := 1; c < len(corners); c++ {
		a, b := corners[c-1], corners[c]
		if a < from || b > to || b-a == 1 || sorted[a] == sorted[b] {
			continue
		}
		for i := a; i <= b; i++ {
			greatest = max(greatest, 1+math.Abs(height(sorted, a, b, i)-float64(i)))
		}
	}
	return greatest
}
