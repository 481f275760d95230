package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
)

// kinds are lines of which streams consist, as Ollama writes them.
var kinds = []struct{ name, line string }{
	{"generate", head + `"response":" three","done":false}`},
	{"chat", head + `"message":{"role":"assistant","content":" three"},"done":false}`},
	{"thinking", head + `"message":{"role":"assistant","content":"","thinking":" three"},"done":false}`},
	{"thinking of generate", head + `"response":"","thinking":" three","done":false}`},
	{"Korean", head + `"message":{"role":"assistant","content":" 안녕하세요"},"done":false}`},
	{"escapes", head + `"response":"\",\n\t\u003cp\u003e\ud83d\ude00","done":false}`},
	{
		"tool call", head + `"message":{"role":"assistant","content":"","tool_calls":[{"id":"call_q3f1x0zt","function":` +
			`{"index":0,"name":"get_weather","arguments":{"city":"Seoul","days":3}}}]},"done":false}`,
	},
	{
		"logprobs", head + `"response":" three","done":false,"logprobs":[{"token":" three","logprob":-1.4486747980117798,` +
			`"bytes":[32,116,104,114,101,101],"top_logprobs":[{"token":" sea","logprob":-9e-05,"bytes":[32,115]}]}]}`,
	},
	{"final of chat", head + `"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"` + usage},
	{"final", final(10)},
	{"load", head + `"response":"","done":true,"done_reason":"load"}`},
}

const (
	head  = `{"model":"deepseek-r1:1.5b","created_at":"2026-11-23T14:21:16.250612345Z",`
	usage = `,"total_duration":33995495,"load_duration":1581030,"prompt_eval_count":20,` +
		`"prompt_eval_duration":399982,"eval_count":16,"eval_duration":30265780}`
)

// final is the line that closes an answer of generate, with a context of so many tokens.
func final(tokens int) string {
	context := make([]int, tokens)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range context {
		context[i] = random.IntN(152_000) >> random.IntN(18)
	}
	list := strings.ReplaceAll(strings.Trim(fmt.Sprint(context), "[]"), " ", ",")
	return head + `"response":"","done":true,"done_reason":"stop","context":[` + list + "]" + usage
}

// assertAgrees checks that Scan, where it knows a line, finds what ParseChunk decodes.
func assertAgrees(t *testing.T, line []byte) (known bool) {
	t.Helper()
	piece, known := api.Scan(line)
	if !known {
		return false
	}
	want, err := api.ParseChunk(line)
	require.NoError(t, err, "%q", line)
	if len(want.ToolCalls) == 0 {
		want.ToolCalls = nil // as good as an empty list
	}
	require.Equal(t, want, piece.Chunk(), "%q", line)
	require.Equal(t, want.Content(), piece.Content(), "%q", line)
	require.Equal(t, want.Done || want.Usage.Total != nil, piece.Final(), "%q", line)
	require.Equal(t, want.Done, piece.Done, "%q", line)
	require.Equal(t, "kept "+want.Text, string(piece.Text.Append([]byte("kept "))), "%q", line)
	require.Equal(t, utf8.RuneCountInString(want.Text), piece.Text.Chars(), "%q", line)
	require.Equal(t, utf8.RuneCountInString(want.Thinking), piece.Thinking.Chars(), "%q", line)
	return true
}

// assertScannerAgrees checks that a Scanner finds in a stream of lines what Scan finds in each.
func assertScannerAgrees(t *testing.T, stream ...string) {
	t.Helper()
	var scanner api.Scanner
	for _, line := range stream {
		own := []byte(line)
		got, gotKnown := scanner.Scan(own)
		want, known := api.Scan([]byte(line))
		require.Equal(t, known, gotKnown, "%q", stream)
		require.Equal(t, want.Chunk(), got.Chunk(), "%q", stream)
		require.Equal(t, want.Content(), got.Content(), "%q", stream)
		clear(own) // a reader uses its buffer again
	}
}

// said is what a stream says as a whole.
type said struct {
	lines          int
	text, thinking string
	last           string
}

// assertRunsAgree checks that a stream says the same in runs, cut into pieces of a size, as
// line by line.
func assertRunsAgree(t *testing.T, size int, stream string) (inRuns int) {
	t.Helper()
	var want, got said
	for _, line := range wanted([]byte(stream)) {
		piece, _ := api.Scan([]byte(line))
		want.lines++
		want.text += piece.Text.String()
		want.thinking += piece.Thinking.String()
		want.last = line
	}
	var scanner api.Scanner
	var lines api.Lines
	run := func(piece []byte) []byte {
		kind := &got.text
		if scanner.Thinking() {
			kind = &got.thinking
		}
		kept := scanner.Run(piece, []byte(*kind), false)
		discarded := scanner.Run(piece, nil, true)
		require.Equal(t, kept.Lines, discarded.Lines)
		require.Equal(t, kept.Rest, discarded.Rest)
		require.Empty(t, discarded.Texts)
		require.Equal(t, utf8.RuneCount(kept.Texts[len(*kind):]), discarded.Chars)
		got.lines += kept.Lines
		inRuns += kept.Lines
		*kind = string(kept.Texts)
		if kept.Lines > 0 {
			got.last = string(kept.Last)
		}
		return kept.Rest
	}
	single := func(line []byte) {
		piece, known := scanner.Scan(line)
		got.lines++
		got.last = string(line)
		if known {
			got.text += piece.Text.String()
			got.thinking += piece.Thinking.String()
		}
	}
	for piece := range pieces([]byte(stream), size) {
		own := bytes.Clone(piece)
		require.NoError(t, lines.Feed(own, run, single))
		clear(own)
	}
	lines.Flush(single)
	require.Equal(t, want, got, "%q in pieces of %d", stream, size)
	return inRuns
}

func TestScanKnowsWhatOllamaWrites(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			assert.True(t, assertAgrees(t, []byte(kind.line)))
			spaced := strings.NewReplacer(`,"`, " ,\t\"", `":`, "\" :\r\n ", "}", " } ", "[", "[ ").Replace(kind.line)
			assert.True(t, assertAgrees(t, []byte(" "+spaced+"\r")), "white space means nothing")
		})
	}
}

// Whatever is changed in a line: where Scan still knows it, it is right about it.
func TestScanOfChangedLines(t *testing.T) {
	t.Parallel()
	const bytesThatMatter = "\"\\{}[]:,-+.019eEtfnuaRſ \t\n\x00\x1f\x7f\x80\xff"
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			check := func(changed string) {
				assertAgrees(t, []byte(changed))
				assertScannerAgrees(t, kind.line, changed)
			}
			for at := range len(kind.line) {
				before, after := kind.line[:at], kind.line[at+1:]
				check(before)
				check(before + after)
				for _, c := range []byte(bytesThatMatter) {
					check(before + string([]byte{c}) + after)
					check(before + string([]byte{c}) + kind.line[at:])
				}
			}
		})
	}
}

// anyValues are of all types, and some of none.
var anyValues = []string{
	`""`, `" a"`, `"\u00e9\ud83d\ude00"`, `"\ud83d"`, `"\ude00\ud83d"`, `"\ud83d\n"`, `"\ud83d\u0041"`, "\"\xff\xed\xa0\x80\"",
	`"글"`, `"\x"`, `"\u12g4"`, "\"\t\"", "true", "false", "null", "nul", "0", "7", "-7", "-0", "01", "1.5", "1e3", "-", "1.",
	"1e", "123456789012345678", "9223372036854775807", "9223372036854775808", "[]", "[ ]", "{}",
	"[1,2,34567,0,8,9]", "[1,2,,3,4,5,6,7]", "[1,00,2,3,4,5,6]", "[1,2,3,4,5,6,7,8,]", "[01,2,3,4,5,6,7]", "[0]", "[[1],{}]",
	`[{"a":1}]`, "[null]", strings.Repeat("[", 40) + strings.Repeat("]", 40),
}

// Objects made of members in any order, some twice, some in other letters, with any kind
// of value: Scan knows many of them, and is right about each that it knows.
func TestScanOfAnyObject(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	keys := []string{
		"model", "created_at", "response", "thinking", "tool_calls", "message", "content", "role", "done", "done_reason",
		"context", "total_duration", "load_duration", "prompt_eval_count", "prompt_eval_duration", "eval_count",
		"eval_duration", "status", "error", "embeddings", "Response", "DONE", "re\\u0073ponse", "reſponse", "\\", "", "한",
	}
	var object func(depth int) string
	object = func(depth int) string {
		members := make([]string, random.IntN(6))
		for i := range members {
			value := anyValues[random.IntN(len(anyValues))]
			if depth > 0 && random.IntN(3) == 0 {
				value = object(depth - 1)
			}
			members[i] = `"` + keys[random.IntN(len(keys))] + `":` + value
		}
		return "{" + strings.Join(members, ",") + "}"
	}
	known := 0
	for range 50_000 {
		if assertAgrees(t, []byte(object(2))) {
			known++
		}
	}
	assert.Greater(t, known, 5_000)
}

// A Scanner remembers, and remembers the right thing: any kind of line may follow any other.
func TestScannerOfAnyStream(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	lines := []string{
		`{}`, `{"error":"x"}`, `{"created_at":"a","response":null,"done":false}`, `{"created_at":"a","thinking":""}`,
		`{"response":"a","created_at":"b"}`, `{"response":"a","created_at":"b","thinking":"c"}`, head, "",
		`{"created_at":7,"response":"a"}`, `{"created_at":"7","response":"a"}`, `{"created_at":"\u00e9","response":"\u00e9"}`,
	}
	for _, kind := range kinds {
		lines = append(lines, kind.line, strings.ReplaceAll(kind.line, "three", ""), strings.ReplaceAll(kind.line, "20", `\n`))
	}
	for range 5_000 {
		stream := make([]string, 1+random.IntN(6))
		for i := range stream {
			stream[i] = lines[random.IntN(len(lines))]
		}
		assertScannerAgrees(t, stream...)
	}
}

// Most lines of a stream come in runs, however it is cut; those that are no like lines don't.
func TestRunsOfAnyStream(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 8))
	inRuns, all := 0, 0
	for range 3_000 {
		var stream strings.Builder
		for range 1 + random.IntN(4) {
			line := kinds[random.IntN(len(kinds))].line
			for range random.IntN(5) {
				said := strings.ReplaceAll(line, " three", []string{" three", " 세", `\n`, "", `"`, " four\u0041"}[random.IntN(6)])
				stream.WriteString(said + []string{"\n", "\n", "\n", "\n", "\r\n", "\n\n", " \n", ""}[random.IntN(8)])
				all++
			}
		}
		for _, size := range []int{1, 7, 300, 1 << 20} {
			inRuns += assertRunsAgree(t, size, stream.String())
		}
	}
	assert.Greater(t, inRuns, all/8)
}

// What is rare, or odd in any way, is ParseChunk's.
func TestScanLeavesToParseChunk(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"an error":                     `{"error":"runner killed"}`,
		"progress":                     `{"status":"pulling manifest"}`,
		"embeddings":                   `{"embeddings":[[0.1]]}`,
		"another case":                 `{"Response":"a"}`,
		"a letter that is one of ours": `{"reſponse":"a"}`,
		"an escape in a key":           `{"re\u0073ponse":"a"}`,
		"a key twice":                  `{"response":"a","response":"b"}`,
		"text in two places":           `{"response":"a","message":{"content":"b"}}`,
		"a fraction":                   `{"eval_count":1.5}`,
		"an exponent":                  `{"eval_count":1e3}`,
		"a number of another type":     `{"response":7}`,
		"a number too large":           `{"eval_count":9223372036854775808}`,
		"a deep value":                 `{"x":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`,
		"a deep object":                `{"x":` + strings.Repeat(`{"x":`, 99) + "1" + strings.Repeat("}", 99) + `}`,
		"a value too deep":             `{"x":` + strings.Repeat("[", 1e6) + strings.Repeat("]", 1e6) + `}`,
		"no object":                    `["response"]`,
		"two objects":                  `{}{}`,
		"half an object":               `{"response":"a"`,
		"nothing":                      ``,
		"an event":                     `data: {"response":"a"}`,
	} {
		_, known := api.Scan([]byte(line))
		assert.False(t, known, name)
	}
}

// captured are all lines that real servers sent, headers and chunk sizes among them.
func captured(tb testing.TB) [][]byte {
	tb.Helper()
	files, err := filepath.Glob("../exchange/testdata/captures/*.http")
	require.NoError(tb, err)
	require.NotEmpty(tb, files)
	var lines [][]byte
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(tb, err)
		lines = append(lines, bytes.Split(raw, []byte("\n"))...)
	}
	return lines
}

func TestScanOfCaptures(t *testing.T) {
	t.Parallel()
	known := 0
	for _, line := range captured(t) {
		is := assertAgrees(t, line)
		if is {
			known++
		}
		if bytes.Contains(line, []byte(`,"done":`)) && json.Valid(line) {
			assert.True(t, is, "a line of a stream: %s", line)
		}
	}
	assert.Greater(t, known, 300)
}

// A stream is the same however it comes in: split at any byte, with any line ends.
func TestScanOfSplitStream(t *testing.T) {
	t.Parallel()
	var want []api.Chunk
	var stream strings.Builder
	for i, kind := range kinds {
		chunk, err := api.ParseChunk([]byte(kind.line))
		require.NoError(t, err)
		want = append(want, chunk)
		stream.WriteString(kind.line + []string{"\n", "\r\n", "\n\n", " \r\n\t\n"}[i%4])
	}
	data := []byte(stream.String())
	for at := range len(data) {
		assert.Equal(t, want, chunks(t, slices.Values([][]byte{data[:at], data[at:]})), "split at %d", at)
	}
	for _, size := range []int{1, 2, 7, 64} {
		assert.Equal(t, want, chunks(t, pieces(data, size)), "in pieces of %d", size)
	}
}

func chunks(t *testing.T, stream iter.Seq[[]byte]) []api.Chunk {
	t.Helper()
	var got []api.Chunk
	for _, line := range cut(t, stream) {
		piece, known := api.Scan([]byte(line))
		require.True(t, known, "%s", line)
		got = append(got, piece.Chunk())
	}
	return got
}

func TestScanOfLongLine(t *testing.T) {
	t.Parallel()
	line := []byte(final(1_500_000))
	require.Greater(t, len(line), 4<<20)
	assert.True(t, assertAgrees(t, line))
	for _, odd := range []string{"x", "-", ",", `"`, "]"} {
		wrong := slices.Clone(line)
		copy(wrong[len(wrong)/2:], odd)
		assertAgrees(t, wrong)
	}
}

func TestScanAllocatesNothing(t *testing.T) {
	var scanner api.Scanner
	for _, kind := range kinds {
		line := []byte(kind.line)
		text := make([]byte, 0, len(line))
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			piece, known := api.Scan(line)
			same, alsoKnown := scanner.Scan(line)
			if !known || !alsoKnown || piece.Text.Chars() != same.Text.Chars() {
				t.Error(kind.name)
			}
			text = piece.Text.Append(text[:0])
		}), kind.name)
	}
}

func FuzzScan(f *testing.F) {
	for _, kind := range kinds {
		f.Add([]byte(kind.line))
	}
	for _, line := range captured(f) {
		f.Add(line)
	}
	for _, v := range anyValues {
		f.Add([]byte(`{"response":` + v + `,"done":` + v + `,"eval_count":` + v + `,"tool_calls":[` + v + `],"x":` + v + "}"))
	}
	f.Fuzz(func(t *testing.T, line []byte) { assertAgrees(t, line) })
}

func FuzzScanner(f *testing.F) {
	for _, first := range kinds {
		for _, second := range kinds {
			f.Add(first.line, second.line)
		}
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		assertScannerAgrees(t, first, second, first, second)
		stream := strings.Join([]string{first, first, second, second, first}, "\n") + "\n"
		for _, size := range []int{1, 1 + len(first), len(stream)} {
			assertRunsAgree(t, size, stream)
		}
	})
}

// answer is what Piece has, as encoding/json decodes it.
type answer struct {
	Response  string            `json:"response"`
	Thinking  string            `json:"thinking"`
	ToolCalls []json.RawMessage `json:"tool_calls"`
	Message   struct {
		Content   string            `json:"content"`
		Thinking  string            `json:"thinking"`
		ToolCalls []json.RawMessage `json:"tool_calls"`
	} `json:"message"`
	Done               bool   `json:"done"`
	DoneReason         string `json:"done_reason"`
	TotalDuration      int64  `json:"total_duration"`
	LoadDuration       int64  `json:"load_duration"`
	PromptEvalCount    int64  `json:"prompt_eval_count"`
	PromptEvalDuration int64  `json:"prompt_eval_duration"`
	EvalCount          int64  `json:"eval_count"`
	EvalDuration       int64  `json:"eval_duration"`
}

// BenchmarkScan compares a line on its own with encoding/json.
func BenchmarkScan(b *testing.B) {
	lines := append(slices.Clone(kinds), struct{ name, line string }{"final with 400,000 tokens", final(400_000)})
	for _, kind := range lines {
		b.Run(kind.name, func(b *testing.B) {
			compare(b, [][]byte{[]byte(kind.line)}, func(line []byte) bool { _, known := api.Scan(line); return known })
		})
	}
}

// BenchmarkScanner does so with the lines of a stream, which differ in time and text.
func BenchmarkScanner(b *testing.B) {
	words := strings.Fields("a of the three copper instrument 나무가 \\u003cb\\u003e \\n\\n counterintuitive")
	random := rand.New(rand.NewPCG(7, 8))
	for _, kind := range kinds {
		if !strings.Contains(kind.line, " three") {
			continue
		}
		var stream [][]byte
		for range 1000 {
			at := fmt.Sprintf(`16.%dZ"`, random.IntN(1e9))
			word := " " + words[random.IntN(len(words))]
			stream = append(stream, []byte(strings.NewReplacer(`16.250612345Z"`, at, " three", word).Replace(kind.line)))
		}
		b.Run(kind.name, func(b *testing.B) {
			var scanner api.Scanner
			compare(b, stream, func(line []byte) bool { _, known := scanner.Scan(line); return known })
		})
	}
}

// compare measures how long it takes to scan lines and, in turns with it, to decode them
// by encoding/json, so that both meet the machine in the same state. It reports the time
// of each for a line, how many times as fast scanning is, and what it allocates.
func compare(b *testing.B, lines [][]byte, scan func(line []byte) (known bool)) {
	b.Helper()
	scanAll := func() {
		for _, line := range lines {
			if !scan(line) {
				b.Fatalf("%s", line)
			}
		}
	}
	decodeAll := func() {
		for _, line := range lines {
			var a answer
			if err := json.Unmarshal(line, &a); err != nil {
				b.Fatalf("%s: %v", line, err)
			}
		}
	}
	inTurns(b, len(lines), scanAll, decodeAll)
}

// inTurns measures ours and the baseline, which both do so many things. What it reports are
// the fastest turns: whatever else the machine does can only add to the others. That is in
// favour of the baseline, which pays for its garbage in few turns.
func inTurns(b *testing.B, things int, ours, baseline func()) {
	b.Helper()
	measure := func(f func(), times int) time.Duration {
		start := time.Now()
		for range times {
			f()
		}
		return time.Since(start)
	}
	turn := 1 + int(time.Millisecond/measure(baseline, 1))
	mine, theirs := time.Hour, time.Hour
	for b.Loop() {
		mine = min(mine, measure(ours, turn))
		theirs = min(theirs, measure(baseline, turn))
	}
	n := float64(turn * things)
	b.ReportMetric(0, "ns/op") // of both
	b.ReportMetric(float64(mine)/n, "ns")
	b.ReportMetric(float64(theirs)/n, "baseline-ns")
	b.ReportMetric(float64(theirs)/float64(mine), "times-as-fast")
	b.ReportMetric(testing.AllocsPerRun(10, ours)/float64(things), "allocs")
}
