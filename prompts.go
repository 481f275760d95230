package ollama

import (
	"hash/maphash"
	"sync"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
)

// promptLog knows which prompts were sent. A server keeps prompts that it has processed, so
// that one that comes again measures its cache.
type promptLog struct {
	mu   sync.Mutex
	seed maphash.Seed
	sent map[promptKey]struct{}
}

type promptKey struct {
	target, model string
	prompt        uint64
}

// mostPrompts bounds the memory: what comes after so many different prompts is not known.
const mostPrompts = 1 << 17

// add notes that a prompt is being sent, and says whether it was sent before to the target for
// the model.
func (l *promptLog) add(target string, body *requestBody) (before bool) {
	if body.prompt == "" {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sent == nil {
		l.seed, l.sent = maphash.MakeSeed(), map[promptKey]struct{}{}
	}
	key := promptKey{target, body.model, maphash.String(l.seed, body.prompt)}
	_, before = l.sent[key]
	if !before && len(l.sent) < mostPrompts {
		l.sent[key] = struct{}{}
	}
	return before
}

// promptIn returns what makes two requests the same to the cache: of generate the prompt, of
// chat, whose messages may be many, all that is sent.
func promptIn(op api.Op, request *sobek.Object, encoded []byte) string {
	prompt := request.Get("prompt")
	switch {
	case op == api.Chat:
		return string(encoded)
	case op == api.Generate && !common.IsNullish(prompt):
		return prompt.String()
	default:
		return ""
	}
}
