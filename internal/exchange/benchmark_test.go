package exchange_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/xk6-ollama/xk6-ollama/internal/exchange"
)

// pieces is a body that gives so many tokens, some lines a read, and an end.
type pieces struct {
	left  int
	piece []byte
	lines int
	end   io.Reader
}

func (p *pieces) Read(buffer []byte) (int, error) {
	if p.left <= 0 {
		return p.end.Read(buffer)
	}
	if len(buffer) < len(p.piece) {
		n := copy(buffer, p.piece[:bytes.LastIndexByte(p.piece[:len(buffer)], '\n')+1])
		p.left -= bytes.Count(buffer[:n], []byte{'\n'})
		return n, nil
	}
	p.left -= p.lines
	return copy(buffer, p.piece), nil
}

func (p *pieces) Close() error { return nil }

// inMemory answers without a network.
type inMemory struct{ tokens, linesARead int }

func (m inMemory) Send(req *http.Request, observe func(http.RoundTripper) http.RoundTripper) error {
	const line = `{"model":"llama3.2:1b","created_at":"2026-11-23T14:20:19.439202546Z","response":" scatters","done":false}` + "\n"
	body := &pieces{
		left: m.tokens, lines: m.linesARead, piece: []byte(strings.Repeat(line, m.linesARead)), end: strings.NewReader(done),
	}
	response, err := observe(answer{body}).RoundTrip(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

type answer struct{ body io.ReadCloser }

func (a answer) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, ProtoMajor: 1, Header: http.Header{}, Body: a.body}, nil
}

// BenchmarkChunk is what is done with each chunk between the connection and the outcome.
func BenchmarkChunk(b *testing.B) {
	for _, lines := range []int{1, 32} {
		b.Run(fmt.Sprintf("%d a read", lines), func(b *testing.B) {
			b.ReportAllocs()
			request := generate("http://localhost")
			request.Discard = true
			request.OnGaps = func([]exchange.Gaps) {}
			outcome := exchange.Do(b.Context(), inMemory{tokens: b.N, linesARead: lines}, request)
			if outcome.Err != nil {
				b.Fatal(outcome.Err)
			}
		})
	}
}
