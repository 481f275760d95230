//go:build !race

package exchange_test

// raceDetector says that the test binary is several times slower than the real one.
const raceDetector = false
