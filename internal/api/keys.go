package api

// keys are the keys of an object that we know, by their first letters.
type keys [32][]key

// key is a key with its quotes and colon, as Ollama writes it, and what it means.
type key struct {
	text  string
	field field
}

// topLevel has the keys of a line, be it of generate or of chat.
var topLevel = newKeys(
	key{"model", ignored},
	key{"created_at", createdAt},
	key{"response", text},
	key{"thinking", thinking},
	key{"tool_calls", toolCalls},
	key{"message", message},
	key{"done", done},
	key{"done_reason", doneReason},
	key{"context", ignored},
	key{"total_duration", totalDuration},
	key{"load_duration", loadDuration},
	key{"prompt_eval_count", promptEvalCount},
	key{"prompt_eval_duration", promptEvalDuration},
	key{"eval_count", evalCount},
	key{"eval_duration", evalDuration},
	key{"error", beyond},
	key{"status", beyond},
	key{"embeddings", beyond},
)

// inMessage has the keys of a chat's message.
var inMessage = newKeys(
	key{"role", ignored},
	key{"content", text},
	key{"thinking", thinking},
	key{"tool_calls", toolCalls},
)

func newKeys(known ...key) *keys {
	var keys keys
	for _, k := range known {
		letter := k.text[0] % 32
		keys[letter] = append(keys[letter], key{`"` + k.text + `":`, k.field})
	}
	return &keys
}

// read reads a key and returns what it means, and where its value begins.
func (keys *keys) read(line []byte, at int) (f field, value int) {
	for _, k := range keys[peek(line, at+1)%32] {
		if end := at + len(k.text); end <= len(line) && string(line[at:end]) == k.text {
			return k.field, skipSpace(line, end)
		}
	}
	written, at := readString(line, at)
	return keys.meaning(written), skipColon(line, at)
}

// meaning says what a key means that is written in any way. encoding/json decodes keys and
// then ignores case, in which even ſ is an S; only a key of ASCII without capitals and
// escapes is beyond that doubt.
func (keys *keys) meaning(written []byte) field {
	for _, c := range written {
		if 'A' <= c && c <= 'Z' || c == '\\' || c >= 0x80 {
			return beyond
		}
	}
	if len(written) == 0 {
		return ignored
	}
	for _, k := range keys[written[0]%32] {
		if k.text[1:len(k.text)-2] == string(written) {
			return k.field
		}
	}
	return ignored
}
