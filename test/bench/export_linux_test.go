package main

import (
	"bytes"
	"time"
)

// Exchange has the bare reader take so many answers of so many tokens from a server, and
// returns what it logged and the numbers of tokens that were written, by request.
func Exchange(itl time.Duration, streams, rounds, tokens int) (log string, written []int, err error) {
	s, err := startServer(pace{ttft: time.Millisecond, itl: itl}, nil)
	if err != nil {
		return "", nil, err
	}
	var out bytes.Buffer
	l := load{URL: s.url, Streams: streams, Rounds: rounds, Tokens: tokens, Log: true, Gaps: true}
	if err := runBare(l, &out); err != nil {
		return "", nil, err
	}
	truths, err := s.close()
	for _, t := range truths {
		written = append(written, len(t.tokens))
	}
	return out.String(), written, err
}

// Serve starts a server that answers as fast as the client reads.
func Serve() (url string, stop func() error, err error) {
	s, err := startServer(pace{}, nil)
	if err != nil {
		return "", nil, err
	}
	return s.url, func() error { _, err := s.close(); return err }, nil
}

// Median and Ratios are what a table's figures are made of.
func Median(values ...float64) float64                 { return sample(values).median() }
func Ratios(values, base []float64) (ratios []float64) { return sample(values).over(base) }

// ParseBenchmarks is the reading of `go test -bench`.
func ParseBenchmarks(output string) (names []string, first float64) {
	names, found := parseBenchmarks(output)
	return names, found[names[0]]["times-as-fast"].median()
}
