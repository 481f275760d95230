package report_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/mattn/go-runewidth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
)

func assertNoControls(t *testing.T, page string) {
	t.Helper()
	steers := func(r rune) bool { return unicode.IsControl(r) && r != '\n' }
	assert.False(t, strings.ContainsFunc(page, steers), "%q", page)
}

// cellsOf measures as a terminal with narrow ambiguous characters does.
func cellsOf(text string) int {
	return (&runewidth.Condition{StrictEmojiNeutral: true}).StringWidth(text)
}

func TestLinesFitTheTerminal(t *testing.T) {
	t.Parallel()
	all := runs()
	all["five long names"] = many(5)
	all["nine long names"] = many(9)
	for name, run := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results := report.Summarize(run)
			for _, l := range []locale.Locale{locale.English, locale.Korean} {
				for _, width := range []int{60, 80, 120} {
					for line := range strings.Lines(text(t, results, l, width)) {
						line = strings.TrimRight(line, "\n")
						assert.True(t, cellsOf(line) <= width || unbreakable(line), "%d > %d: %s", cellsOf(line), width, line)
						assert.Equal(t, strings.TrimRight(line, " "), line)
					}
				}
			}
		})
	}
}

// unbreakable says whether a line is so long for an address or a name that is shown in full.
func unbreakable(line string) bool {
	return strings.Contains(line, "http") || strings.Contains(line, "long-name")
}

func TestColumnsAlign(t *testing.T) {
	t.Parallel()
	results := report.Summarize(runs()["two-sides"])
	for l, rows := range map[locale.Locale][]string{
		locale.Korean:  {"항목", "엔드포인트 ", "성공률 ", "평균 응답 시간 ", "총 소요 시간 ", "최소 응답 시간 ", "최대 응답 시간 "},
		locale.English: {"Item", "Endpoint ", "Success rate ", "Mean response time ", "Total time ", "Min response time "},
	} {
		var starts [][]int
		for line := range strings.Lines(text(t, results, l, 80)) {
			for _, row := range rows {
				if strings.HasPrefix(line, row) && len(starts) < len(rows) {
					starts = append(starts, columnsOf(line))
				}
			}
		}
		require.Len(t, starts, len(rows))
		for _, s := range starts {
			for i := range s {
				assert.Equal(t, starts[0][i], s[i], "column %d in %s", i, l)
			}
		}
	}
}

// columnsOf returns the cells at which the columns of a line begin.
func columnsOf(line string) []int {
	spans := regexp.MustCompile(`\S+( \S+)*`).FindAllStringIndex(line, -1)
	starts := make([]int, 0, len(spans))
	for _, span := range spans {
		starts = append(starts, cellsOf(line[:span[0]]))
	}
	return starts
}

func TestColoursAreOnlyOnRequest(t *testing.T) {
	t.Parallel()
	results := report.Summarize(runs()["failures-mixed"])
	plain := text(t, results, locale.Korean, 80)
	assert.NotContains(t, plain, "\x1b")
	var coloured strings.Builder
	require.NoError(t, report.Text(&coloured, results, report.TextOptions{Locale: locale.Korean, Color: true}))
	assert.Contains(t, coloured.String(), "\x1b[")
	assert.Equal(t, plain, regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(coloured.String(), ""))
}

func TestInconclusiveNamesNoWinner(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"inconclusive", "too-few"} {
		results := report.Summarize(runs()[name])
		ko, en := text(t, results, locale.Korean, 80), text(t, results, locale.English, 80)
		assert.NotContains(t, ko, "배 빠릅니다")
		assert.NotContains(t, en, "times as fast")
		assert.NotContains(t, en, "local faster", "nor in a table")
		assert.Contains(t, ko, "우연일 수 있습니다")
		assert.Contains(t, en, "may be chance")
	}
}

type brokenWriter struct{ after int }

var errBroken = errors.New("no space left on device")

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.after -= len(p); w.after < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

func TestWriteErrorsAreReturned(t *testing.T) {
	t.Parallel()
	results := report.Summarize(runs()["two-sides"])
	for _, after := range []int{0, 500} {
		require.ErrorIs(t, report.Text(&brokenWriter{after}, results, report.TextOptions{}), errBroken)
		require.ErrorIs(t, report.Markdown(&brokenWriter{after}, results, locale.English), errBroken)
		require.ErrorIs(t, report.JSON(&brokenWriter{after}, results), errBroken)
	}
}

func TestBeginLine(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "sending 10 requests...", report.BeginLine(10, locale.English))
	assert.Equal(t, "sending 1 request...", report.BeginLine(1, locale.English))
	assert.Equal(t, "10번의 요청을 보내는 중...", report.BeginLine(10, locale.Korean))
}

func TestRequestLine(t *testing.T) {
	t.Parallel()
	good := record.Record{Phase: record.Measure, OK: true, Duration: ptr(850.0), ResponseChars: ptr(156)}
	thinking, embed, warmup := good, good, good
	thinking.ThinkingChars = ptr(40)
	embed.ResponseChars = nil
	warmup.Phase = record.Warmup
	failed := record.Record{Error: &record.Error{Type: api.Connect, Message: "dial tcp:\n\x1b[31mrefused"}}
	page := record.Record{Error: &record.Error{Type: api.Decode, Message: strings.Repeat("<html>", 1000)}}
	for _, tt := range []struct {
		name   string
		record record.Record
		n      int
		digits int
		ko, en string
	}{
		{"the guide's", good, 1, 2, "요청 # 1: 0.85초 - 응답 길이: 156자", "request # 1: 0.85 s - response length: 156 chars"},
		{"wide number", good, 100, 2, "요청 #100: 0.85초 - 응답 길이: 156자", "request #100: 0.85 s - response length: 156 chars"},
		{
			"thinking", thinking, 7, 1, "요청 #7: 0.85초 - 응답 길이: 156자 (+ 사고 40자)",
			"request #7: 0.85 s - response length: 156 chars (+ 40 chars of thinking)",
		},
		{"no text", embed, 7, 1, "요청 #7: 0.85초", "request #7: 0.85 s"},
		{"warm-up", warmup, 1, 1, "워밍업 #1: 0.85초 - 응답 길이: 156자", "warm-up #1: 0.85 s - response length: 156 chars"},
		{
			"failed", failed, 3, 2, "요청 # 3: 실패 - connect: dial tcp: [31mrefused",
			"request # 3: failed - connect: dial tcp: [31mrefused",
		},
		{"failed without a reason", record.Record{}, 3, 2, "요청 # 3: 실패", "request # 3: failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.ko, report.RequestLine(tt.record, tt.n, tt.digits, locale.Korean))
			assert.Equal(t, tt.en, report.RequestLine(tt.record, tt.n, tt.digits, locale.English))
		})
	}
	assert.Less(t, len(report.RequestLine(page, 1, 1, locale.English)), 300, "a page is cut")
}

func TestTargetName(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "원격 Ollama", report.TargetName("remote", locale.Korean))
	assert.Equal(t, "Local Ollama", report.TargetName("local", locale.English))
	assert.Equal(t, "gpu box", report.TargetName("gpu\nbox", locale.Korean))
}
