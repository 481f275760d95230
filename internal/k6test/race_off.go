//go:build !race

package k6test

// RaceDetector says that k6 is several times slower here than outside of tests.
const RaceDetector = false
