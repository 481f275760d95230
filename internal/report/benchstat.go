package report

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ErrNoRequests is the error of a format that shows each request, for results that were read
// from results.json, which holds none; test with errors.Is.
var ErrNoRequests = errors.New("the results hold no requests, only figures; requests.ndjson has them")

// Benchstat writes the measured requests in the Go benchmark format, which
// golang.org/x/perf/cmd/benchstat reads: https://go.dev/design/14313-benchmark-format. Each
// request that succeeded is a line, so that benchstat's statistics are of requests; of very
// many, a sample is.
//
// Nothing is written as configuration, `key: value`, since benchstat compares no lines of
// different configuration; what tells lines apart is in their names.
func Benchstat(w io.Writer, results Results) error {
	b := &benchmarks{out: w}
	b.print("# Requests to Ollama, measured by xk6-ollama %s\n", strings.TrimSpace(plain(results.Environment.Extension)+
		" until "+results.GeneratedAt.UTC().Format(time.RFC3339)))
	for i := range perRequest {
		unit := benchmarkUnitOf(perRequest[i].metric)
		if unit.better != "" {
			b.print("Unit %s better=%s\n", unit.name, unit.better)
		}
	}
	for i := range results.Series {
		b.series(&results.Series[i])
	}
	if b.err != nil {
		return fmt.Errorf("writing the benchmarks: %w", b.err)
	}
	return nil
}

// BenchstatRequests is how many requests of a series the Go benchmark format has at most:
// benchstat's tests need no more, and take long with more.
const BenchstatRequests = 10_000

// benchmarks writes lines, and keeps the first error.
type benchmarks struct {
	out io.Writer
	err error
}

func (b *benchmarks) print(format string, args ...any) {
	if b.err == nil {
		_, b.err = fmt.Fprintf(b.out, format, args...)
	}
}

func (b *benchmarks) series(s *Series) {
	if s.Succeeded == 0 || b.err != nil {
		return
	}
	if len(s.Sample) == 0 {
		b.err = ErrNoRequests
		return
	}
	name := BenchmarkName(s.Op, s.Model, s.Variant, s.Target)
	known := 0
	for i := range s.Sample {
		known += count(s.Sample[i].measured())
	}
	lines := min(known, BenchstatRequests)
	if lines < s.Succeeded {
		b.print("# %s: a sample, %d of %d requests.\n", name, lines, s.Succeeded)
	}
	var line strings.Builder
	number := 0
	for i := range s.Sample {
		r := &s.Sample[i]
		if !r.measured() {
			continue
		}
		number++
		if number*lines/known == (number-1)*lines/known {
			continue // evenly spread over the test
		}
		line.Reset()
		for n := range perRequest {
			metric := perRequest[n].metric
			if value, known := r.Value(metric); known {
				unit := benchmarkUnitOf(metric)
				line.WriteString(" " + strconv.FormatFloat(value/unit.scale, 'f', -1, 64) + " " + unit.name)
			}
		}
		if line.Len() > 0 {
			b.print("%s 1%s\n", name, line.String())
		}
	}
}

// benchmarkUnit is a metric's unit in the benchmark format. Times are in seconds, for which
// benchstat finds the prefix.
type benchmarkUnit struct {
	name, better string
	scale        float64 // of the metric's own unit there are so many in it
}

func benchmarkUnitOf(metric Metric) benchmarkUnit {
	const lower, higher, ms = "lower", "higher", 1000
	switch metric {
	case Duration:
		return benchmarkUnit{"sec/op", lower, ms} // as Go's own benchmarks have it
	case TokensPerSecond:
		return benchmarkUnit{"tokens/s", higher, 1}
	case PromptTokens, OutputTokens:
		return benchmarkUnit{dashed(metric) + "/op", "", 1}
	case TPOT:
		return benchmarkUnit{"tpot-sec/token", lower, ms}
	case DurationPerToken:
		return benchmarkUnit{"sec/token", lower, ms}
	}
	return benchmarkUnit{dashed(metric) + "-sec/op", lower, ms}
}

func dashed(metric Metric) string { return strings.ReplaceAll(string(metric), "_", "-") }

// BenchmarkName returns the name of a series in the benchmark format. What a name can't have
// is percent-encoded: url.PathUnescape gives it back.
func BenchmarkName(op, model, variant, target string) string {
	first, size := utf8.DecodeRuneInString(op)
	name := "Benchmark" + nameable(string(unicode.ToUpper(first))+op[size:]) + "/model=" + nameable(model)
	if variant != "" {
		name += "/variant=" + nameable(variant)
	}
	target = nameable(target)
	// Digits after a hyphen at the very end would be read as GOMAXPROCS.
	digits := strings.TrimRight(target, "0123456789")
	if strings.HasSuffix(digits, "-") && digits != target {
		target = strings.TrimSuffix(digits, "-") + "%2D" + target[len(digits):]
	}
	return name + "/target=" + target
}

// nameable percent-encodes what would end a part of a name or is not to be seen.
func nameable(text string) string {
	var name strings.Builder
	for text != "" {
		r, size := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && size == 1 || r == '/' || r == '%' || !unicode.IsGraphic(r) || unicode.IsSpace(r) {
			for _, c := range []byte(text[:size]) {
				fmt.Fprintf(&name, "%%%02X", c)
			}
		} else {
			name.WriteString(text[:size])
		}
		text = text[size:]
	}
	return name.String()
}
