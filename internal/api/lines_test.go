package api_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
)

// pieces cuts data into pieces of a size.
func pieces(data []byte, size int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for len(data) > 0 {
			n := min(size, len(data))
			if !yield(data[:n]) {
				return
			}
			data = data[n:]
		}
	}
}

// wanted is what Lines must give: what bytes.Split does, without white space and what
// is nothing else.
func wanted(data []byte) []string {
	var lines []string
	for _, line := range bytes.Split(data, []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			lines = append(lines, string(line))
		}
	}
	return lines
}

func cut(t *testing.T, data iter.Seq[[]byte]) []string {
	t.Helper()
	var (
		lines api.Lines
		got   []string
	)
	keep := func(line []byte) { got = append(got, string(line)) }
	for piece := range data {
		own := bytes.Clone(piece)
		require.NoError(t, lines.Feed(own, nil, keep))
		clear(own) // a reader uses its buffer again
	}
	lines.Flush(keep)
	lines.Flush(keep) // there is nothing left
	return got
}

func TestLines(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                   nil,
		"\n\r\n \n":          nil,
		"a":                  {"a"},
		"a\n":                {"a"},
		"a\r\nb\r\n":         {"a", "b"},
		"\n\na\n\n b \n":     {"a", "b"},
		"{\"a\":1}\n{\"b\":": {`{"a":1}`, `{"b":`},
		"한\n글":               {"한", "글"},
	} {
		for size := 1; size <= len(text)+1; size++ {
			assert.Equal(t, want, cut(t, pieces([]byte(text), size)), "%q in pieces of %d", text, size)
		}
	}
}

// However the network cuts a stream, it holds the same lines; a context of 128k
// numbers and lines of many megabytes are lines like others.
func TestLinesOfAnyLength(t *testing.T) {
	t.Parallel()
	context := strings.Repeat("32000,", 128<<10)
	data := []byte(tokenLine + "\n" + `{"done":true,"context":[` + context + "1]}\n" +
		strings.Repeat("x", 4<<20) + "\n" + tokenLine)
	want := wanted(data)
	require.Len(t, want, 4)
	for _, size := range []int{997, 8 << 10, 1 << 20, len(data)} {
		assert.True(t, equal(want, cut(t, pieces(data, size))), "pieces of %d", size)
	}
	random := rand.New(rand.NewPCG(1, 2))
	assert.True(t, equal(want, cut(t, func(yield func([]byte) bool) {
		for rest := data; len(rest) > 0; {
			n := min(1+random.IntN(64<<10), len(rest))
			if !yield(rest[:n]) {
				return
			}
			rest = rest[n:]
		}
	})))
}

// equal spares the reader a difference of megabytes.
func equal(a, b []string) bool {
	return fmt.Sprint(len(a)) == fmt.Sprint(len(b)) && strings.Join(a, "\n") == strings.Join(b, "\n")
}

func TestLinesWithoutBound(t *testing.T) {
	t.Parallel()
	var lines api.Lines
	none := func([]byte) { t.Error("there is no line") }
	require.NoError(t, lines.Feed([]byte("x"), nil, none))
	err := lines.Feed(make([]byte, 256<<20), nil, none)
	require.ErrorContains(t, err, "longer than 256 MiB")
	assert.Equal(t, api.Decode, api.KindOf(err))
}

// One Lines serves stream after stream.
func TestLinesAllocatesNothing(t *testing.T) {
	var lines api.Lines
	stream := []byte(strings.Repeat(tokenLine+"\n", 20) + tokenLine)
	n := 0
	count := func([]byte) { n++ }
	assert.Zero(t, testing.AllocsPerRun(10, func() {
		for piece := range pieces(stream, 100) {
			if err := lines.Feed(piece, nil, count); err != nil {
				t.Error(err)
			}
		}
		lines.Flush(count)
	}))
	assert.Equal(t, 11*21, n)
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nb"), []byte{1})
	f.Add([]byte("\r\n\n \t\na\xff\n"), []byte{2, 1, 0})
	f.Add([]byte(tokenLine+"\n"+tokenLine), []byte{200, 7})
	f.Fuzz(func(t *testing.T, data, cuts []byte) {
		got := cut(t, func(yield func([]byte) bool) {
			rest := data
			for _, c := range cuts {
				n := min(int(c), len(rest))
				if !yield(rest[:n]) {
					return
				}
				rest = rest[n:]
			}
			yield(rest)
		})
		require.Equal(t, wanted(data), got)
	})
}

// BenchmarkLines compares a whole stream, cut into lines that are scanned, with
// bufio.Scanner and encoding/json. A long line is one with a context of 128k numbers.
func BenchmarkLines(b *testing.B) {
	for name, c := range map[string]struct {
		stream string
		lines  int
	}{
		"tokens":  {strings.Repeat(tokenLine+"\n", 1000), 1000},
		"context": {final(128<<10) + "\n", 1},
	} {
		stream := []byte(c.stream)
		b.Run(name, func(b *testing.B) {
			var lines api.Lines
			var scanner api.Scanner
			inTurns(b, c.lines, func() {
				for piece := range pieces(stream, 8<<10) {
					require.NoError(b, lines.Feed(piece, nil, func(line []byte) {
						if _, known := scanner.Scan(line); !known {
							b.Fatalf("%s", line)
						}
					}))
				}
			}, func() { decodeLines(b, stream) })
		})
	}
}

func decodeLines(b *testing.B, stream []byte) {
	b.Helper()
	scanner := bufio.NewScanner(bytes.NewReader(stream))
	scanner.Buffer(nil, 16<<20)
	for scanner.Scan() {
		var a answer
		require.NoError(b, json.Unmarshal(scanner.Bytes(), &a))
	}
	require.NoError(b, scanner.Err())
}
