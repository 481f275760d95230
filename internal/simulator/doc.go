// Package simulator is an HTTP server that speaks Ollama's protocol, byte for byte as far as
// a client can tell, over a timing model instead of a language model. Measurements can be
// held against what it says it did (Truth).
//
// The timing model, for one request:
//
//	network/2 │ load │ queue │ prefill + TTFT │ token │ ITL │ token … │ network/2
//	          └ arrived ─────────────────────────────────────── done ┘
//	            total_duration = load + queue + prompt_eval + eval + what it took besides
//
// The request is read and waits half of its network delay; then it has arrived. It waits
// for its model (load_duration: Config.Load when cold, with the wait for other loads, else
// Config.WarmLoad), then for a slot, in the order of arrival (only in total_duration). Its
// prompt is processed (prompt_eval_duration: tokens that no earlier prompt or answer in the
// slot began with, at Config.PrefillRate, then Config.TTFT), and the first token is there.
// The others follow at intervals of Config.ITL (eval_duration, first token to last; the end
// of text costs a token where the model ends by itself). Each line is written half a network
// delay after its token, so the gaps stay as they were and a client's E2E − total_duration is
// the network delay. Headers go out with the first line. Every duration reported is
// what the monotonic clock measured, not what the model asked for.
package simulator
