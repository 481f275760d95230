package simulator

import (
	"net/http"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/simulator/wire/api"
)

// runnerDied is what Ollama says when the process that runs the model ends.
const runnerDied = "an error was encountered while running the model: unexpected EOF"

// playback plays an answer in time. One goroutine does it all: tokens come to be at the
// moments that the timing model sets, whatever the network does; each line is written once
// its network delay has passed. Moments are set from the moment before, not from when a
// timer happened to fire, so that lateness does not add up. A token costs no allocation.
type playback struct {
	x       *exchange
	shape   shape
	answer  answer
	stream  bool
	context []int // of the last line, without the answer; nil for none
	prompt  []int
	release func() // gives the slot and the runner back

	loaded, granted time.Time // when the model and the slot were there
	first, last     time.Time // tokens, as they came to be
	planned         time.Duration
	lateSum         time.Duration
	cached          int

	timer   *time.Timer
	control *http.ResponseController
	lines   []byte // produced, not yet all written
	queue   []line
	head    int  // of queue, the next line to write
	written int  // of lines, bytes
	begun   bool // the headers are out
}

// line is the end of a line in playback.lines, and the moment at which to write it.
type line struct {
	end int
	due time.Time
}

// play runs the answer to its end, or until the client leaves.
func (p *playback) play() {
	p.timer = time.NewTimer(time.Hour)
	defer p.timer.Stop()
	defer p.release()
	p.control = http.NewResponseController(p.x.w)
	truth, config := p.x.truth, p.x.server.config
	truth.PromptTokens, truth.CachedTokens, truth.ThinkingTokens = len(p.prompt), p.cached, p.answer.thinking
	prefill := time.Duration(0)
	if config.PrefillRate > 0 {
		prefill = time.Duration(float64(len(p.prompt)-p.cached) / config.PrefillRate * float64(time.Second))
	}
	prefill += config.TTFT.draw(p.x.random)
	truth.PlannedPromptEvalMS = inMS(prefill)
	truth.LoadMS, truth.QueueMS = inMS(p.loaded.Sub(p.x.arrived)), inMS(p.granted.Sub(p.loaded))

	moment := p.granted.Add(prefill)
	tokens := len(p.answer.words) + p.answer.more
	cut := p.cutAfter(tokens)
	for i := range tokens {
		if i > 0 {
			gap := config.ITL.draw(p.x.random)
			p.planned += gap
			moment = moment.Add(gap)
		}
		if !p.writeUntil(moment) {
			p.x.outcome("client_gone")
			return
		}
		p.token(i, moment, cut)
		if i+1 == cut && p.strike() {
			break
		}
	}
	p.end()
}

// cutAfter returns after how many tokens a fault strikes; 0 for none.
func (p *playback) cutAfter(tokens int) int {
	if p.x.fault.Kind == "" {
		return 0
	}
	return (tokens + 1) / 2
}

// strike has the fault strike half way, and says whether that ends the tokens.
func (p *playback) strike() bool {
	if p.stream && p.x.fault.pauses() {
		p.x.pause()
		return false
	}
	return p.x.fault.Kind == ErrorLine || p.stream && p.x.fault.breaksOff()
}

// token has token i come to be.
func (p *playback) token(i int, moment time.Time, cut int) {
	now := time.Now()
	if i == 0 {
		p.first = now
		p.x.truth.FirstTokenMS = inMS(now.Sub(p.x.arrived))
	}
	p.last = now
	late := now.Sub(moment)
	p.lateSum += late
	p.x.truth.LateMaxMS = max(p.x.truth.LateMaxMS, inMS(late))
	p.x.truth.LastTokenMS = inMS(now.Sub(p.x.arrived))
	p.x.truth.OutputTokens = i + 1
	if p.x.server.config.onLate != nil {
		p.x.server.config.onLate(late)
	}
	if !p.stream || i >= len(p.answer.words) || (p.answer.toolCalls != nil && i >= p.answer.thinking) {
		return
	}
	from := len(p.lines)
	quoted := p.answer.quoted(i)
	if i+1 == cut && p.x.fault.Kind == HugeLine {
		quoted = quote(hugeText(p.x.fault.hugeLineSize()))
	}
	p.lines = p.shape.appendToken(p.lines, now, quoted, i < p.answer.thinking)
	if i+1 == cut && p.x.fault.Kind == BrokenJSON {
		p.lines = append(p.lines[:from+(len(p.lines)-from)/2], p.shape.lineEnd()...)
	}
	p.enqueue(now)
}

func hugeText(size int) string {
	text := make([]byte, size)
	for i := range text {
		text[i] = 'a'
	}
	return string(text)
}

func (p *playback) enqueue(now time.Time) {
	p.queue = append(p.queue, line{len(p.lines), now.Add(p.x.back)})
}

// end produces what follows the last token, and writes all that is left.
func (p *playback) end() {
	now := time.Now()
	p.release()
	r := p.result(now)
	p.x.truth.LateMeanMS = inMS(p.lateSum) / float64(max(1, p.x.truth.OutputTokens))
	p.x.truth.DoneMS, p.x.truth.TotalMS = inMS(r.metrics.TotalDuration), inMS(r.metrics.TotalDuration)
	p.x.truth.PromptEvalMS, p.x.truth.EvalMS = inMS(r.metrics.PromptEvalDuration), inMS(r.metrics.EvalDuration)
	p.x.truth.PlannedEvalMS = inMS(p.planned)
	if p.x.fault.Kind == MissingDone {
		r.done, r.reason, r.context, r.metrics = false, "", nil, api.Metrics{}
	}
	if p.x.fault.Kind != "" && p.x.fault.Kind != SlowHeaders && !p.x.fault.pauses() {
		p.x.outcome("fault")
	}
	if !p.stream {
		p.sendWhole(now, r)
		return
	}
	switch kind := p.x.fault.Kind; {
	case kind == MissingDone || p.x.fault.breaksOff():
	case kind == ErrorLine:
		p.lines = p.shape.appendError(p.lines, now, runnerDied)
		p.enqueue(now)
	default:
		if r.toolCalls != nil {
			p.lines = p.shape.appendToolCalls(p.lines, now, r.toolCalls)
			p.enqueue(now)
		}
		p.lines = p.shape.appendLast(p.lines, now, r)
		p.enqueue(now)
	}
	if !p.writeUntil(now.Add(p.x.back)) {
		p.x.outcome("client_gone")
		return
	}
	p.x.outcome("ok")
	if p.x.fault.Kind == Reset { // when the next line would have come: the client has read this one
		p.wait(now.Add(p.x.back + p.x.server.config.ITL.Mean))
	}
	p.x.breakOff()
}

func (p *playback) result(now time.Time) result {
	r := result{
		done: true, reason: p.answer.reason, toolCalls: p.answer.toolCalls,
		metrics: api.Metrics{
			TotalDuration: now.Sub(p.x.arrived), LoadDuration: p.loaded.Sub(p.x.arrived),
			PromptEvalCount: len(p.prompt), PromptEvalDuration: p.first.Sub(p.granted),
			EvalCount: len(p.answer.words) + p.answer.more, EvalDuration: p.last.Sub(p.first),
		},
	}
	if r.toolCalls != nil {
		r.reason = "stop"
	}
	if !p.stream {
		r.thinking = p.answer.text(0, p.answer.thinking)
		if r.toolCalls == nil {
			r.text = p.answer.text(p.answer.thinking, len(p.answer.words))
		}
	}
	if p.context != nil {
		r.context = append(append([]int{}, p.context...), p.answer.ids()...)
	}
	return r
}

// sendWhole answers in one piece, with the fault if there is one.
func (p *playback) sendWhole(now time.Time, r result) {
	if p.x.fault.Kind == HugeLine {
		r.text = hugeText(p.x.fault.hugeLineSize())
	}
	contentType, lineFeed := typeJSON, ""
	if p.x.v1 {
		contentType, lineFeed = typeV1JSON, "\n"
	}
	body := append(appendJSON(nil, p.shape.whole(now, r)), lineFeed...)
	at := now.Add(p.x.back)
	switch p.x.fault.Kind {
	case ErrorLine:
		p.x.fail(http.StatusInternalServerError, runnerDied)
	case BrokenJSON:
		p.x.send(at, http.StatusOK, contentType, body[:len(body)/2])
	case Reset, Stall:
		p.x.sendHalf(at, contentType, body)
	default:
		p.x.send(at, http.StatusOK, contentType, body)
	}
}

// writeUntil writes the lines that are due up to a moment, and returns at that moment; false
// if the client is gone.
func (p *playback) writeUntil(moment time.Time) bool {
	for p.head < len(p.queue) && !p.queue[p.head].due.After(moment) {
		next := p.queue[p.head]
		if !p.wait(next.due) || !p.write(next.end) {
			return false
		}
		p.head++
		if p.head == len(p.queue) {
			p.queue, p.lines, p.head, p.written = p.queue[:0], p.lines[:0], 0, 0
		}
	}
	return p.wait(moment)
}

func (p *playback) write(end int) bool {
	if !p.begun {
		p.x.w.Header().Set("Content-Type", p.shape.streamType())
		p.x.truth.Status = http.StatusOK
		p.begun = true
	}
	if _, err := p.x.w.Write(p.lines[p.written:end]); err != nil {
		return false
	}
	if p.control.Flush() != nil {
		return false
	}
	p.written = end
	p.x.wrote(time.Now())
	return true
}

func (p *playback) wait(moment time.Time) bool {
	d := time.Until(moment)
	if d <= 0 {
		return true
	}
	p.timer.Reset(d)
	select {
	case <-p.timer.C:
		return true
	case <-p.x.r.Context().Done():
		return false
	}
}
