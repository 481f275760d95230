package dashboard

import "github.com/xk6-ollama/xk6-ollama/internal/locale"

// words are what the dashboard shows in one language.
type words struct {
	requests, failed, duration, tokensPerSecond, outputTokens string
	latency, where, network, queue, load                      string
	summary, trends, counters, rates, gauges                  string

	durationIs, ttftIs, tpotIs, itlIs, tokensPerSecondIs, outputTokensIs string
	networkIs, queueIs, loadIs, prefillIs, decodeIs, failedIs            string
}

func wordsIn(l locale.Locale) words {
	if l == locale.Korean {
		return korean
	}
	return english
}

var english = words{ // #nosec G101 -- a model's tokens are no secrets
	requests: "Requests per second", failed: "Failed requests", duration: "Response time (E2E)",
	tokensPerSecond: "Tokens per second", outputTokens: "Output tokens per second, all requests",
	latency: "How fast", where: "Where the time goes", network: "Network", queue: "Queue", load: "Model load",
	summary: "Summary", trends: "Trends", counters: "Counters", rates: "Rates", gauges: "Gauges",

	durationIs: "From the first byte of the request to the last of the answer.",
	ttftIs:     "Time to the first token of any kind.",
	tpotIs:     "Time per output token after the first.", itlIs: "Gaps between the pieces of an answer.",
	tokensPerSecondIs: "Output tokens over the server's own eval time.",
	outputTokensIs:    "What the server writes for all requests together.",
	networkIs:         "Response time minus the server's total_duration.",
	queueIs:           "Waiting for a slot of the server, and overhead.",
	loadIs:            "Loading the model; a few ms if it is loaded.", prefillIs: "Reading the prompt.",
	decodeIs: "Writing the answer.", failedIs: "Share of requests that failed.",
}

var korean = words{ // #nosec G101 -- a model's tokens are no secrets
	requests: "초당 요청 수", failed: "실패한 요청", duration: "응답 시간 (E2E)",
	tokensPerSecond: "초당 토큰 수", outputTokens: "초당 출력 토큰 수 (모든 요청)",
	latency: "속도", where: "시간 내역", network: "네트워크", queue: "대기열", load: "모델 로드",
	summary: "요약", trends: "추세", counters: "개수", rates: "비율", gauges: "현재 값",

	durationIs: "요청의 첫 바이트부터 응답의 마지막 바이트까지.", ttftIs: "종류와 관계없이 첫 토큰까지의 시간.",
	tpotIs: "첫 토큰 이후 출력 토큰 하나당 시간.", itlIs: "응답 조각 사이의 간격.",
	tokensPerSecondIs: "출력 토큰 수를 서버의 eval 시간으로 나눈 값.",
	outputTokensIs:    "모든 요청을 합쳐 서버가 쓰는 토큰 수.",
	networkIs:         "응답 시간에서 서버의 total_duration을 뺀 값.", queueIs: "서버의 슬롯을 기다린 시간과 오버헤드.",
	loadIs: "모델을 로드한 시간. 이미 로드했으면 몇 ms.", prefillIs: "프롬프트를 읽은 시간.",
	decodeIs: "답변을 쓴 시간.", failedIs: "실패한 요청의 비율.",
}
