package report

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xk6-ollama/xk6-ollama/internal/locale"
)

// messages are the words of one language. Where a text takes arguments its comment says which.
type messages struct {
	second, millisecond, microsecond, nanosecond string

	localShort, remoteShort string // the targets `local` and `remote` in a sentence
	localFull, remoteFull   string // and by themselves

	sending        string // in the live log: number of requests
	sendingOne     string
	request        string // in the live log: number
	warmupRequest  string // number
	responseLength string // characters
	thinkingLength string // characters
	failed         string

	benchmarking   string // target, model
	endpoint       string
	summary        string
	successRate    string
	totalTime      string
	meanTime       string
	minTime        string
	maxTime        string
	allFailed      string
	noneMeasured   string
	stoppedAtOnce  string
	item           string
	difference     string
	points         string // after a difference of percentages
	comparison     string // model
	inParentheses  string // target: what the figures in parentheses are
	notComparable  string // targets
	leftOut        string // targets
	analysis       string
	faster         string // subject, other target (short), ratio
	savedOnAverage string // duration
	sure           string // ends of the interval, share of tests, p
	perTokenFaster string // subject, ratio
	perTokenSame   string
	butSee         string // codes of warnings
	ofThousand     string // number
	belowThousand  string
	notShown       string // the two targets, number of requests
	needed         string // number of requests
	mayBeChance    string // mean of a, mean of b, difference
	wouldShow      string // ratio
	outweighed     string // the two targets, p
	tooFew         string // the two targets, least number
	throughput     string
	network        string
	networkUnknown string
	networkMean    string // duration
	roundTrips     string // duration
	deviations     string
	steadier       string // subject, ratio
	steadierThan   string // subject, other target (short), ratio
	steadierCI     string // ends of the interval
	byChance       string // after the interval

	metrics        string
	metricHeader   string
	ratio          string
	ratioLegend    string // target (short)
	terms          string
	perhapsMaximum string
	times          string
	timesHeader    string
	addsUp         string
	addsUpOf       string // requests, all
	connectBefore  string // duration of each target
	contextBias    string
	confidence     string
	confidenceNote string
	pairedNote     string
	unpairedNote   string
	adjustedNote   string // number of comparisons
	interval       string
	pValue         string
	verdict        string
	inconclusive   string
	tooFewToTell   string
	isFaster       string // target (short)
	versus         string // the two targets
	e2eDifference  string // difference, interval
	effectSize     string // size, after the difference

	model        string // of one target
	models       string // of several
	fact         string // a column's heading
	sameModel    string
	otherSetup   string
	otherModel   string
	unknownModel string
	alike        string // facts

	allFigures    string
	count         string
	meanHeader    string
	deviation     string
	smallest      string
	median        string
	most          string
	beyondMaximum string

	clientHead  string
	clientLoad  string // CPU, CPUs, busiest second, machine, lateness and its p95, floor, GCs, longest, connections
	clientDelay string // duration

	failures     string
	failureCount string // target, failed, requests
	times1       string // how often a failure happened
	warningsHead string
	settings     string
	environment  string

	e2e, ttft, ttfo, tpot, itl, tokensPerSecond, perToken string
	connect, networkShare, queue, load, prefill, decoding string
	outputTokens, promptTokens, scheduleDelay             string

	// warnings has named places: {target}, {other}, {model}, {count}, {of}, {a}, {b}, {differences},
	// and the times {x} and {y}.
	warnings map[WarningCode]string

	particles bool // the language marks a subject after its noun
	locale    locale.Locale
}

func messagesIn(l locale.Locale) *messages {
	if l == locale.Korean {
		return &korean
	}
	return &english
}

// TargetName returns a target's name as the report shows it: `local` and `remote` in the
// reader's language, others as they are.
func TargetName(target string, l locale.Locale) string { return messagesIn(l).full(target) }

func (m *messages) full(target string) string {
	switch target {
	case "local":
		return m.localFull
	case "remote":
		return m.remoteFull
	}
	return plain(target)
}

func (m *messages) short(target string) string {
	switch target {
	case "local":
		return m.localShort
	case "remote":
		return m.remoteShort
	}
	return plain(target)
}

// subject marks a name as the subject of a sentence; Korean does that after the noun,
// according to its last sound.
func (m *messages) subject(name string) string {
	if !m.particles {
		return name
	}
	return name + particle(name, "이", "가")
}

func (m *messages) and(a, b string) string {
	if !m.particles {
		return a + " and " + b
	}
	return a + particle(a, "과", "와") + " " + b
}

// particle chooses by the final consonant of the last syllable: Hangul syllables come in
// blocks of 28, the first of which has none (The Unicode Standard, section 3.12). A name in
// another script is read in more ways than one, but for Ollama.
func particle(name, afterConsonant, afterVowel string) string {
	const firstSyllable, lastSyllable, finals = '가', '힣', 28
	last, _ := utf8.DecodeLastRuneInString(name)
	switch {
	case strings.HasSuffix(name, "Ollama"):
		return afterVowel
	case last < firstSyllable || last > lastSyllable:
		return afterConsonant + "(" + afterVowel + ")"
	case (last-firstSyllable)%finals == 0:
		return afterVowel
	}
	return afterConsonant
}

// confidenceNoteOf says how the figures of a pair are to be read, of how many comparisons
// that were made together.
func (m *messages) confidenceNoteOf(pair Comparison, together int) string {
	note := m.confidenceNote + " " + m.unpairedNote
	if pair.Metrics[Duration].Paired {
		note = m.confidenceNote + " " + m.pairedNote
	}
	if pair.Metrics[Duration].AdjustedPValue != nil {
		note += " " + sprintf(m.adjustedNote, together)
	}
	return note
}

// allCold is what ColdRequests says where there are no others to hold them against.
const allCold WarningCode = "cold_requests, all"

func (m *messages) warning(w Warning) string {
	code := w.Code
	if code == ColdRequests && w.Facts.Y == nil {
		code = allCold
	}
	text, ok := m.warnings[code]
	if !ok {
		return plain(w.Message)
	}
	return plain(strings.NewReplacer(
		"{target}", m.full(w.Target),
		"{other}", m.full(w.Facts.Other),
		"{model}", w.Facts.Model,
		"{count}", strconv.Itoa(w.Facts.Count),
		"{of}", strconv.Itoa(w.Facts.Of),
		"{a}", w.Facts.A,
		"{b}", w.Facts.B,
		"{differences}", m.differences(w.Facts.Differences),
		"{x}", m.optional(w.Facts.X),
		"{y}", m.optional(w.Facts.Y),
	).Replace(text))
}
