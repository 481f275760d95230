package ollama_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/grafana/sobek"
	"github.com/stretchr/testify/require"

	ollama "github.com/xk6-ollama/xk6-ollama"
)

// Whatever a server sends is to the script what JSON.parse makes of it.
func FuzzParseJSON(f *testing.F) {
	for _, text := range []string{
		``, `null`, `true`, `"text"`, `-0`, `1e3`, `1e400`, `12345678901234567890`, `[1,[2,[3,[4,[5]]]]]`,
		`{"model":"m","response":"","done":true,"context":[1,2,3],"total_duration":1234567890123456789}`,
		`{"message":{"role":"assistant","content":"\u00e9\ud83d\ude00\ud83d","tool_calls":[{"function":{"name":"f"}}]}}`,
		`["\ude00\ud83d","\ud83d\ud83d\ude00","\ud83dx",{"\ude00\ud83d":1}]`,
		`{"b":1,"a":2,"b":3,"1":4,"__proto__":{"x":1},"":null}`, "\t{ \"a\" :\n[ ] , \"b\":{} }\r\n", "\"\xff\xc3\"",
		`{"a":1}{`, `[1,]`, `{"a"}`, `"\x"`, `01`, `tru`, strings.Repeat("[", 20_000), `{"constructor":1,"toString":{}}`,
	} {
		f.Add(text)
	}
	rt := sobek.New()
	stringify, _ := sobek.AssertFunction(rt.GlobalObject().Get("JSON").ToObject(rt).Get("stringify"))
	written := func(t *testing.T, value sobek.Value) string {
		t.Helper()
		text, err := stringify(sobek.Undefined(), value)
		require.NoError(t, err)
		return text.String()
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, wantErr := ollama.CallJSONParse(rt, text)
		got, err := ollama.ParseJSON(rt, text)
		if wantErr != nil && err == nil {
			require.True(t, json.Valid([]byte(text)), "what JSON.parse alone refuses is a number too large")
			return
		}
		if wantErr != nil {
			require.EqualError(t, err, wantErr.Error())
			return
		}
		require.NoError(t, err)
		require.Equal(t, written(t, want), written(t, got))
		if want.ExportType() != nil {
			require.Equal(t, want.ExportType(), got.ExportType())
		}
	})
}

func BenchmarkParseJSON(b *testing.B) {
	rt := sobek.New()
	line := `{"model":"llama3.2:1b","created_at":"2026-11-23T14:20:19.43920254Z","response":"","done":true,` +
		`"done_reason":"stop","context":[CONTEXT],"total_duration":1000000,"load_duration":1000,"prompt_eval_count":8,` +
		`"prompt_eval_duration":1000,"eval_count":4,"eval_duration":998000}`
	for name, context := range map[string]string{"short": "1", "context": strings.Repeat("12345,", 999) + "1"} {
		text := strings.Replace(line, "CONTEXT", context, 1)
		for reader, parse := range map[string]func(*sobek.Runtime, string) (sobek.Value, error){
			"parseJSON": ollama.ParseJSON, "JSON.parse": ollama.CallJSONParse,
		} {
			b.Run(name+"/"+reader, func(b *testing.B) {
				for b.Loop() {
					_, err := parse(rt, text)
					require.NoError(b, err)
				}
			})
		}
	}
}
