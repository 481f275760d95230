package simulator

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FaultKind names a way for a request to go wrong.
type FaultKind string

// The faults. Those "half way" strike a stream after half of its lines, and an answer in
// one piece after half of its bytes.
const (
	// Refuse breaks the connection (TCP RST) once the request has been read, before any
	// answer. Refusing the TCP connection itself is not possible for single requests.
	Refuse FaultKind = "refuse"
	// Reset breaks the connection (TCP RST) half way.
	Reset FaultKind = "reset"
	// Stall stops sending half way until the client leaves; with a duration, it goes on after
	// that, having held the rest back as a network would, outside the server's durations.
	Stall FaultKind = "stall"
	// Error500 answers as Ollama does when its runner dies before the first token.
	Error500 FaultKind = "500"
	// Error503 answers as Ollama does when too many requests wait for a model to load.
	Error503 FaultKind = "503"
	// ErrorLine ends a 200 stream half way with an {"error":…} line, as Ollama does when its
	// runner dies; an answer in one piece becomes a 500.
	ErrorLine FaultKind = "error-line"
	// MissingDone leaves out the last line and the metrics, as Ollama does when it cuts off a
	// model that repeats itself.
	MissingDone FaultKind = "missing-done"
	// BrokenJSON sends a line half way that is cut in the middle.
	BrokenJSON FaultKind = "broken-json"
	// HugeLine sends a line half way of the size given, 9 MiB by default.
	HugeLine FaultKind = "huge-line"
	// SlowHeaders holds the answer back by its duration, 2 s by default, as a slow proxy
	// would: it adds to the network, not to the server's durations.
	SlowHeaders FaultKind = "slow-headers"
	// ModelNotFound answers 404 although the model is there.
	ModelNotFound FaultKind = "model-not-found"
)

// FaultKinds returns every kind of fault.
func FaultKinds() []FaultKind {
	return []FaultKind{
		Refuse, Reset, Stall, Error500, Error503, ErrorLine, MissingDone, BrokenJSON, HugeLine, SlowHeaders, ModelNotFound,
	}
}

const (
	defaultHugeLine    = 9 << 20 // more than the 8 MB that Ollama's own client takes
	maxHugeLine        = 1 << 30
	defaultSlowHeaders = 2 * time.Second
)

// Fault makes some requests go wrong. Requests to generate, chat, embed and their /v1 forms
// are counted from 1 in the order in which they are read.
type Fault struct {
	Kind        FaultKind
	Duration    time.Duration // of Stall (0: until the client leaves) and SlowHeaders
	Size        int           // bytes of HugeLine
	First, Last int           // the requests it strikes, both included; 0, 0: all of them
	Probability float64       // with which it strikes each of those, above 0 to 1
}

const faultForm = "expected KIND[=DURATION|=BYTES][@N|@N-M][:PROBABILITY], such as reset@3, stall=5s@2-4 or 500:0.1"

// ParseFault reads KIND[=VALUE][@N|@N-M][:PROBABILITY]: "reset@3" strikes the third request,
// "stall=5s@2-4" the second to the fourth for 5 s, "500:0.1" every tenth by chance,
// "huge-line=16777216" every one with 16 MiB.
func ParseFault(text string) (Fault, error) {
	rest, chance, hasChance := strings.Cut(text, ":")
	rest, numbers, hasNumbers := strings.Cut(rest, "@")
	kind, value, hasValue := strings.Cut(rest, "=")
	fault := Fault{Kind: FaultKind(kind), Probability: 1}
	if !slices.Contains(FaultKinds(), fault.Kind) {
		return Fault{}, fmt.Errorf("fault %q: no kind %q; expected one of %s", text, kind, kindList())
	}
	if hasValue {
		if err := fault.setValue(value); err != nil {
			return Fault{}, fmt.Errorf("fault %q: %w", text, err)
		}
	}
	if hasNumbers {
		first, last, isRange := strings.Cut(numbers, "-")
		if !isRange {
			last = first
		}
		var firstErr, lastErr error
		fault.First, firstErr = strconv.Atoi(first)
		fault.Last, lastErr = strconv.Atoi(last)
		if firstErr != nil || lastErr != nil || fault.First < 1 || fault.Last < fault.First {
			return Fault{}, fmt.Errorf("fault %q: no request numbers %q (from 1); %s", text, numbers, faultForm)
		}
	}
	if hasChance {
		probability, err := strconv.ParseFloat(chance, 64)
		if err != nil || !(probability > 0 && probability <= 1) {
			return Fault{}, fmt.Errorf("fault %q: no probability %q (above 0 to 1); %s", text, chance, faultForm)
		}
		fault.Probability = probability
	}
	return fault, nil
}

func kindList() string {
	kinds := make([]string, 0, len(FaultKinds()))
	for _, kind := range FaultKinds() {
		kinds = append(kinds, string(kind))
	}
	return strings.Join(kinds, ", ")
}

func (f *Fault) setValue(value string) error {
	switch f.Kind {
	case Stall, SlowHeaders:
		d, err := time.ParseDuration(value)
		if err != nil || d <= 0 {
			return fmt.Errorf("no duration %q (such as 5s)", value)
		}
		f.Duration = d
	case HugeLine:
		size, err := strconv.Atoi(value)
		if err != nil || size < 1 || size > maxHugeLine {
			return fmt.Errorf("no number of bytes %q (1 to %d)", value, maxHugeLine)
		}
		f.Size = size
	default:
		return fmt.Errorf("%s takes no value, but has %q", f.Kind, value)
	}
	return nil
}

// String returns the form that ParseFault reads.
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(string(f.Kind))
	switch {
	case f.Duration > 0:
		b.WriteString("=" + f.Duration.String())
	case f.Size > 0:
		b.WriteString("=" + strconv.Itoa(f.Size))
	}
	switch {
	case f.First > 0 && f.First == f.Last:
		fmt.Fprintf(&b, "@%d", f.First)
	case f.First > 0:
		fmt.Fprintf(&b, "@%d-%d", f.First, f.Last)
	}
	if f.Probability > 0 && f.Probability < 1 {
		b.WriteString(":" + strconv.FormatFloat(f.Probability, 'g', -1, 64))
	}
	return b.String()
}

// MarshalText implements encoding.TextMarshaler.
func (f Fault) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (f *Fault) UnmarshalText(text []byte) error {
	parsed, err := ParseFault(string(text))
	if err != nil {
		return err
	}
	*f = parsed
	return nil
}

// flaw says what is wrong with f, "" if nothing is.
func (f Fault) flaw() string {
	if _, err := ParseFault(f.String()); err != nil {
		return err.Error()
	}
	if !(f.Probability > 0 && f.Probability <= 1) {
		return fmt.Sprintf("fault %q has the probability %g, expected above 0 to 1", f.Kind, f.Probability)
	}
	return ""
}

// strikes returns the first fault that hits a request. Every fault draws for every request,
// so that the chance of one does not hang on another.
func strikes(faults []Fault, request int, random *rand.Rand) Fault {
	var hit Fault
	for _, fault := range faults {
		chance := random.Float64()
		in := fault.First == 0 || request >= fault.First && request <= fault.Last
		if hit.Kind == "" && in && chance < fault.Probability {
			hit = fault
		}
	}
	return hit
}

// pauses says whether the fault only holds an answer back half way.
func (f Fault) pauses() bool { return f.Kind == Stall && f.Duration > 0 }

// breaksOff says whether the fault keeps the rest of an answer from being sent.
func (f Fault) breaksOff() bool { return f.Kind == Reset || f.Kind == Stall && f.Duration == 0 }

// delay is what SlowHeaders adds to the network.
func (f Fault) delay() time.Duration {
	switch {
	case f.Kind != SlowHeaders:
		return 0
	case f.Duration > 0:
		return f.Duration
	}
	return defaultSlowHeaders
}

func (f Fault) hugeLineSize() int {
	if f.Size > 0 {
		return f.Size
	}
	return defaultHugeLine
}
