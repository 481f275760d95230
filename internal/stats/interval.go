package stats

import "math"

// intervals returns those of mean(high) − mean(low) and of log(mean(high)/mean(low)).
func intervals(low, high moments, paired bool) (difference, logRatio *Interval) {
	seD, dfD, seR, dfR := errorsOf(low, high, paired)
	difference = around(high.mean-low.mean, seD, dfD)
	if low.mean < smallest {
		return difference, nil
	}
	return difference, around(math.Log(high.mean/low.mean), seR, dfR)
}

// errorsOf returns the standard errors of the difference and of the log ratio, by the delta
// method, and their degrees of freedom.
func errorsOf(low, high moments, paired bool) (seD, dfD, seR, dfR float64) {
	if paired {
		seD, dfD = pairedErrorOf(low, high, 1, 1)
		seR, dfR = pairedError(low, high)
		return seD, dfD, seR, dfR
	}
	va, vb := low.meanVariance(), high.meanVariance()
	seD, dfD = math.Sqrt(va+vb), satterthwaite(va, low.n, vb, high.n)
	va, vb = va/low.mean/low.mean, vb/high.mean/high.mean
	return seD, dfD, math.Sqrt(va + vb), satterthwaite(va, low.n, vb, high.n)
}

// pairedError is that of the log ratio.
func pairedError(low, high moments) (se, df float64) {
	return pairedErrorOf(low, high, low.mean, high.mean)
}

// pairedErrorOf is the standard error of mean(high)/unitHigh − mean(low)/unitLow.
func pairedErrorOf(low, high moments, unitLow, unitHigh float64) (se, df float64) {
	differences := make([]float64, low.n)
	for i := range differences {
		differences[i] = high.values[i]/unitHigh - low.values[i]/unitLow
	}
	m := momentsOf(differences)
	return math.Sqrt(m.meanVariance()), float64(m.n - 1)
}

// satterthwaite returns the approximate degrees of freedom of the sum of two squared
// standard errors; Satterthwaite (1946), "An approximate distribution of estimates of
// variance components", Biometrics Bulletin 2(6). Written with shares of the sum, it never
// squares a tiny error down to 0.
func satterthwaite(va float64, na int, vb float64, nb int) float64 {
	if va+vb == 0 {
		return float64(na + nb - 2)
	}
	wa := va / (va + vb)
	wb := vb / (va + vb)
	return 1 / (wa*wa/float64(na-1) + wb*wb/float64(nb-1))
}
