package simulator

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/xk6-ollama/xk6-ollama/internal/simulator/wire/api"
)

// answer is what the model is going to say: one vocabulary word a token.
type answer struct {
	words     []int
	thinking  int    // of the words, those at the beginning
	reason    string // "stop" or "length"
	more      int    // tokens that cost time and count, but show nothing: end of text, stop text
	asJSON    bool
	toolCalls []api.ToolCall // instead of the words
}

// wish is what a request says about its answer.
type wish struct {
	prompt   []int
	think    bool
	asJSON   bool
	tool     *api.Tool
	options  api.Options
	thinking int // tokens
	mean     int // tokens, without num_predict
	seed     uint64
}

// longestAnswer bounds the tokens of an answer, so that no request can ask for all memory.
const longestAnswer = 1 << 17

// plan makes the answer; the same seed and prompt make the same one.
func plan(w wish) answer {
	random := rand.New(rand.NewPCG(w.seed, promptHash(w.prompt))) // #nosec G404 -- no secrets, but repeatable
	a := answer{reason: "length", asJSON: w.asJSON}
	length := min(w.options.NumPredict, longestAnswer)
	if length <= 0 {
		length = max(1, w.mean/2+random.IntN(w.mean+1))
		a.reason, a.more = "stop", 1
	}
	if w.think {
		a.thinking = min(w.thinking, length/2)
	}
	a.words = make([]int, length)
	for i := range a.words {
		a.words[i] = random.IntN(len(vocabulary))
	}
	a.stopAt(w.options.Stop)
	if w.tool != nil {
		a.toolCalls = []api.ToolCall{callOf(*w.tool, random)}
	}
	return a
}

func promptHash(prompt []int) uint64 {
	hash := fnv.New64a()
	var word [8]byte
	for _, token := range prompt {
		binary.LittleEndian.PutUint64(word[:], uint64(token)) // #nosec G115 -- never negative
		_, _ = hash.Write(word[:])                            // a hash does not fail
	}
	return hash.Sum64()
}

// stopAt ends the answer before the first stop text; the tokens that make up that text count
// all the same.
func (a *answer) stopAt(stops []string) {
	text := a.text(a.thinking, len(a.words))
	found, end := -1, 0
	for _, stop := range stops {
		if i := strings.Index(text, stop); stop != "" && i >= 0 && (found < 0 || i < found) {
			found, end = i, i+len(stop)
		}
	}
	if found < 0 {
		return
	}
	at, kept, used := 0, a.thinking, a.thinking
	for i := a.thinking; i < len(a.words) && at < end; i++ {
		at += len(a.token(i))
		used++
		if at <= found {
			kept++
		}
	}
	a.words, a.reason, a.more = a.words[:kept], "stop", used-kept
}

// token returns the text of token i.
func (a *answer) token(i int) string {
	text := " " + vocabulary[a.words[i]]
	if !a.asJSON || i < a.thinking {
		return text
	}
	if i == a.thinking {
		text = `{"answer": "` + text[1:]
	}
	if i == len(a.words)-1 {
		text += `"}`
	}
	return text
}

// quoted returns token i as a JSON string.
func (a *answer) quoted(i int) []byte {
	if a.asJSON && (i == a.thinking || i == len(a.words)-1) {
		return quote(a.token(i))
	}
	return quotedWords[a.words[i]]
}

func (a *answer) text(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		b.WriteString(a.token(i))
	}
	return b.String()
}

// ids returns the tokens of the answer, as tokenize would find them.
func (a *answer) ids() []int {
	ids := make([]int, len(a.words))
	for i, word := range a.words {
		ids[i] = tokenID(" " + vocabulary[word])
	}
	return ids
}

// callOf makes a call of a tool with a value of the right type for every parameter required.
func callOf(tool api.Tool, random *rand.Rand) api.ToolCall {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	id := make([]byte, 8)
	for i := range id {
		id[i] = letters[random.IntN(len(letters))]
	}
	arguments := make(map[string]any)
	for name, property := range tool.Function.Parameters.Properties {
		if slices.Contains(tool.Function.Parameters.Required, name) {
			arguments[name] = argument(property)
		}
	}
	return api.ToolCall{
		ID:       "call_" + string(id),
		Function: api.ToolCallFunction{Name: tool.Function.Name, Arguments: arguments},
	}
}

func argument(property api.ToolProperty) any {
	if len(property.Enum) > 0 {
		return property.Enum[0]
	}
	switch fmt.Sprint(property.Type) {
	case "integer", "number":
		return 1
	case "boolean":
		return true
	case "array":
		return []any{}
	case "object":
		return map[string]any{}
	}
	return "the sea"
}
