package record_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/sketch"
)

func ptr[T any](v T) *T { return &v }

func gaps(values ...float64) *sketch.Sketch {
	s := &sketch.Sketch{}
	for _, value := range values {
		s.Add(value)
	}
	return s
}

func full() record.Record {
	return record.Record{
		Target: "local", Model: "deepseek-r1:1.5b", Endpoint: "http://127.0.0.1:11434", Op: "generate",
		Phase: record.Measure, VU: 3, Iter: 7, ScheduledAt: ptr(1795443676000.25), StartedAt: 1795443676001.5,
		PromptSeen: true, OK: false, Status: 200, Error: &record.Error{Type: api.Truncated, Message: `cut <here> & "there"`},
		DoneReason: "stop", Duration: ptr(850.5), Headers: ptr(12.0), Connect: ptr(0.0), TTFT: ptr(13.0),
		TTFO: ptr(400.0), TPOT: ptr(20.5), LastToken: ptr(849.0), ITL: gaps(20, 0, 21.5), ScheduleDelay: ptr(1.25),
		PromptTokens: ptr[int64](20), CachedTokens: ptr[int64](5), OutputTokens: ptr[int64](40), Chunks: ptr(38),
		ResponseChars: ptr(156), ThinkingChars: ptr(0),
		Server: &record.Server{
			Total: ptr(840.0), Load: ptr(2.0), PromptEval: ptr(18.0), Eval: ptr(800.0), Queue: ptr(20.0),
		},
		Network: ptr(10.5), Cold: ptr(false),
	}
}

// The names of the fields are what dashboards, notebooks and other versions read.
func TestWriteNamesEveryField(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, record.Write(&out, []record.Record{full()}))
	assert.Equal(t, `{"target":"local","model":"deepseek-r1:1.5b","endpoint":"http://127.0.0.1:11434",`+
		`"op":"generate","phase":"measure","vu":3,"iter":7,"scheduled_at":1795443676000.25,`+
		`"started_at":1795443676001.5,"prompt_seen":true,"ok":false,"status":200,`+
		`"error":{"type":"truncated","message":"cut <here> & \"there\""},"done_reason":"stop",`+
		`"duration_ms":850.5,"headers_ms":12,"connect_ms":0,"ttft_ms":13,"ttfo_ms":400,"tpot_ms":20.5,`+
		`"last_token_ms":849,"itl_ms":{"count":3,"mean":13.833333333333334,`+
		`"squares":288.16666666666663,"min":0,"max":21.5,"zeros":1,"bins":[[299,1],[306,1]]},"schedule_delay_ms":1.25,"prompt_tokens":20,`+
		`"cached_tokens":5,"output_tokens":40,"chunks":38,"response_chars":156,"thinking_chars":0,`+
		`"server":{"total_ms":840,"load_ms":2,"prompt_eval_ms":18,"eval_ms":800,"queue_ms":20},`+
		`"network_ms":10.5,"cold":false}`+"\n", out.String())
}

func TestUnknownIsAbsent(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, record.Write(&out, []record.Record{{Target: "a", Op: "chat", Phase: record.Warmup}}))
	assert.Equal(t,
		`{"target":"a","op":"chat","phase":"warmup","vu":0,"iter":0,"started_at":0,"ok":false}`+"\n", out.String())
}

func TestReadGivesBackWhatWasWritten(t *testing.T) {
	t.Parallel()
	records := []record.Record{full(), {Target: "a", Op: "chat", Phase: record.Warmup, OK: true}, full()}
	var out bytes.Buffer
	require.NoError(t, record.Write(&out, records))
	for name, text := range map[string]string{
		"as written":      out.String(),
		"Windows":         strings.ReplaceAll(out.String(), "\n", "\r\n"),
		"empty lines":     "\n \n" + strings.ReplaceAll(out.String(), "\n", "\n\n"),
		"no last newline": strings.TrimSuffix(out.String(), "\n"),
	} {
		got, err := record.Read(iotest.OneByteReader(strings.NewReader(text)))
		require.NoError(t, err, name)
		assert.Equal(t, records, got, name)
	}
	none, err := record.Read(strings.NewReader(""))
	require.NoError(t, err)
	assert.Empty(t, none)
}

func TestReadDefaultsToMeasure(t *testing.T) {
	t.Parallel()
	got, err := record.Read(strings.NewReader(`{"target":"a","op":"chat","ok":true,"from_the_future":{}}`))
	require.NoError(t, err)
	require.Len(t, got, 1)
	assert.Equal(t, record.Measure, got[0].Phase)
	assert.Nil(t, got[0].Duration, "absent stays unknown")
}

func TestReadNamesTheBadLine(t *testing.T) {
	t.Parallel()
	good := `{"target":"a","op":"chat"}` + "\n"
	for bad, want := range map[string]string{
		`{"schema":"xk6-ollama/results/v1"}`:              `line 3: not a request record: "target" is missing`,
		`{"target":"a"`:                                   "line 3: not a request record: unexpected end of JSON input",
		`{"target":"a","op":"chat","duration_ms":"fast"}`: "duration_ms",
		`{"target":"a","op":"chat","phase":"cooldown"}`:   `the phase is "cooldown", expected "warmup" or "measure"`,
		`target,op`: "line 3: not a request record: invalid character",
		`{"target":"a","op":"chat"}{"target":"b","op":"chat"}`: "after top-level value",
		`null`: "missing",
	} {
		records, err := record.Read(strings.NewReader(good + "\n" + bad + "\n" + good))
		require.ErrorContains(t, err, want, bad)
		require.ErrorContains(t, err, "line 3: ", bad)
		assert.NotContains(t, err.Error(), "\n")
		assert.Nil(t, records)
	}
}

func TestReadAndWriteTellOfTheirErrors(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk on fire")
	_, err := record.Read(iotest.ErrReader(cause))
	require.ErrorIs(t, err, cause)
	require.ErrorContains(t, err, "line 1")

	err = record.Write(failingWriter{cause}, []record.Record{full()})
	require.ErrorIs(t, err, cause)
	require.ErrorContains(t, err, "request record 1")
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestTokensPerSecond(t *testing.T) {
	t.Parallel()
	server := func(eval *float64) *record.Server { return &record.Server{Eval: eval} }
	for name, c := range map[string]struct {
		record record.Record
		want   float64
		ok     bool
	}{
		"known":          {record.Record{OutputTokens: ptr[int64](40), Server: server(ptr(800.0))}, 50, true},
		"no tokens":      {record.Record{OutputTokens: ptr[int64](0), Server: server(ptr(800.0))}, 0, true},
		"unknown tokens": {record.Record{Server: server(ptr(800.0))}, 0, false},
		"no server":      {record.Record{OutputTokens: ptr[int64](40)}, 0, false},
		"no eval":        {record.Record{OutputTokens: ptr[int64](1), Server: server(nil)}, 0, false},
		"no time":        {record.Record{OutputTokens: ptr[int64](1), Server: server(ptr(0.0))}, 0, false},
	} {
		rate, ok := c.record.TokensPerSecond()
		assert.Equal(t, c.ok, ok, name)
		assert.InDelta(t, c.want, rate, 1e-9, name)
		assert.False(t, math.IsNaN(rate) || math.IsInf(rate, 0), name)
	}
}

// What can be read can be written and read again as the same.
func FuzzRead(f *testing.F) {
	f.Add(`{"target":"a","op":"chat","phase":"measure","itl_ms":{"count":2,"mean":1,"min":1,"max":1,"bins":[[0,2]]},"server":{"eval_ms":0}}`)
	f.Add("\n\n{}\n")
	f.Add(`{"target":"a","op":"chat","error":{"type":"reset"},"itl_ms":{"count":0}}`)
	f.Fuzz(func(t *testing.T, text string) {
		records, err := record.Read(strings.NewReader(text))
		if err != nil {
			require.ErrorContains(t, err, "line ")
			require.Nil(t, records)
			return
		}
		var first, second bytes.Buffer
		require.NoError(t, record.Write(&first, records))
		again, err := record.Read(bytes.NewReader(first.Bytes()))
		require.NoError(t, err)
		require.Len(t, again, len(records))
		require.NoError(t, record.Write(&second, again))
		require.Equal(t, first.String(), second.String())
	})
}
