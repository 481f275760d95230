package chart

import "math"

// Linear returns round values from low to high: as many as there can be, but no more than n.
func Linear(low, high float64, n int) []float64 {
	n = max(n, 2)
	step := roundUp((high - low) / float64(2*n))
	for range 4 { // 1, 2, 5 and 10 times: one of them is long enough
		if values := multiples(low, high, step); len(values) > 0 && len(values) <= n {
			return values
		}
		step = roundUp(1.5 * step)
	}
	return nil
}

// multiples of the step from low to high; none where there would be no end of them.
func multiples(low, high, step float64) []float64 {
	const most = 100
	const slack = 1e-9
	first, last := math.Ceil(low/step-slack), math.Floor(high/step+slack)
	if !(last-first < most) {
		return nil
	}
	var values []float64
	for i := range int(last-first) + 1 {
		values = append(values, (first+float64(i))*step+0) // no −0
	}
	return values
}

// roundUp returns the least number from x on that is 1, 2 or 5 times a power of ten.
func roundUp(x float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, lead := range []float64{1, 2, 5} {
		if lead*power >= x*(1-1e-9) {
			return lead * power
		}
	}
	return 10 * power
}

// Logarithmic returns about n round values from low to high, both above 0: powers of ten, and
// their double and fivefold where there is room.
func Logarithmic(low, high float64, n int) []float64 {
	leads := []float64{1, 2, 5}
	decades := math.Log10(high / low)
	stride := 1.0
	if decades*float64(len(leads)) > float64(n) {
		leads = leads[:1]
		stride = max(1, math.Ceil(decades/float64(max(n, 1))))
	}
	var values []float64
	for power := math.Floor(math.Log10(low)); power <= math.Ceil(math.Log10(high)); power++ {
		if math.Mod(power, stride) != 0 {
			continue
		}
		for _, lead := range leads {
			if value := lead * math.Pow(10, power); value >= low*(1-1e-9) && value <= high*(1+1e-9) {
				values = append(values, value)
			}
		}
	}
	return values
}

// Seconds returns about n values from 0 to high seconds that are round as times are told.
func Seconds(high float64, n int) []float64 {
	const minute, hour, day = 60, 3600, 86400
	least := high / float64(max(n, 1))
	if least <= 5 {
		return Linear(0, high, n)
	}
	for _, step := range []float64{
		10, 15, 30, minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute,
		hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, day,
	} {
		if step >= least {
			return multiples(0, high, step)
		}
	}
	return multiples(0, high, day*roundUp(least/day))
}
