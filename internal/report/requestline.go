package report

import (
	"fmt"

	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
)

// maxMessage is how much of what a server said is shown, in terminal cells; a proxy may have
// sent a whole page. requests.ndjson has all of it.
const maxMessage = 200

// BeginLine returns what the live log says of a target before its first measured request,
// as the old script did: `sending 10 requests...`.
func BeginLine(requests int, l locale.Locale) string {
	m := messagesIn(l)
	if requests == 1 {
		return m.sendingOne
	}
	return sprintf(m.sending, requests)
}

// RequestLine returns what the live log says of request number n, counted from 1, as the old
// script did: `request # 1: 0.85 s - response length: 156 chars`. The number is padded to
// digits places.
func RequestLine(r record.Record, n, digits int, l locale.Locale) string {
	m := messagesIn(l)
	name := m.request
	if r.Phase == record.Warmup {
		name = m.warmupRequest
	}
	line := sprintf(name, fmt.Sprintf("%*d", digits, n)) + ": "
	if !r.OK {
		return line + m.failureOf(r)
	}
	line += m.optional(r.Duration)
	if r.ResponseChars != nil {
		line += " - " + sprintf(m.responseLength, *r.ResponseChars)
		if r.ThinkingChars != nil && *r.ThinkingChars > 0 {
			line += sprintf(m.thinkingLength, *r.ThinkingChars)
		}
	}
	return line
}

func (m *messages) failureOf(r record.Record) string {
	if r.Error == nil {
		return m.failed
	}
	return m.failed + " - " + plain(string(r.Error.Type)) + ": " + truncate(plain(r.Error.Message), maxMessage)
}
