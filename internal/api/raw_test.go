package api_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
)

// The inside of any JSON string means what encoding/json says, decoded as well as counted.
func TestRaw(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"", " three", "안녕", `\"\\\/\b\f\n\r\t`, `a\u0041\u00e9\uAC00\uac00`, `\ud83d\ude00`, `\uD83D\uDE00 \ud83d\ude00`,
		`\ud83d`, `\ud83d!`, `\ude00\ud83d`, `\ud83d\ud83d\ude00`, `\ud83d\u0041`, `\ud83d\n`, `\u0000`,
		"\xff", "a\xed\xa0\x80b", "\xea\xb0\\n\x80", "\xf0\x9f\x98\\u0041", "é\\té",
	} {
		var want string
		require.NoError(t, json.Unmarshal([]byte(`"`+raw+`"`), &want), "%q", raw)
		assert.Equal(t, want, api.Raw(raw).String(), "%q", raw)
		assert.Equal(t, "before "+want, string(api.Raw(raw).Append([]byte("before "))), "%q", raw)
		assert.Equal(t, utf8.RuneCountInString(want), api.Raw(raw).Chars(), "%q", raw)
	}
}
