package report

import "github.com/xk6-ollama/xk6-ollama/internal/locale"

// htmlWords are the words that only the page for a browser has, in one language. Where a text
// takes arguments its comment says which.
type htmlWords struct {
	kicker    string // above the title
	pageTitle string // models
	measured  string // time of the report
	meanTime  string // under the large figure of a target
	success   string
	noTime    string // in place of the figure
	warned    string // number of warnings, links to them
	pairs     string // number
	pictures  string
	details   string
	selfCheck string
	terms     string
	noSample  string

	overTime       string
	overTimeHow    string
	distribution   string // metric
	distributeHow  string
	rates          string // metric
	rateHow        string
	breakdownNone  string // target
	sampleOf       string // target, size of the sample, size of all
	thinned        string // points drawn, points there are
	everyValue     string // requests that tell their value
	beyond         string // number, largest
	logarithmic    string
	untimed        string // number
	sameAxes       string
	noneOfTheSides string // targets

	legendWarmup, legendFailed, legendBeyond string

	cut        string // after the beginning of a long text: its length
	data       string // of a figure
	sliceFrom  string
	startedAt  string
	target     string
	state      string
	stateOK    string
	stateCold  string
	stateWarm  string
	requests   string
	failed     string
	quantile   string
	least      string
	most       string
	median     string
	sides      string // values of one target
	spot       string // target, value, seconds
	spotSecond string // after a value: at how many seconds
	spotShare  string // target, share, value
	spotBox    string // target, quartiles and median

	checks                  []string // of SelfCheck, in the order of its fields
	seconds, minutes, hours string   // on an axis: number
	glossary                []term
}

// term is a word of the report and what it means.
type term struct{ Name, Meaning string }

func htmlWordsIn(l locale.Locale) *htmlWords {
	if l == locale.Korean {
		return &htmlKorean
	}
	return &htmlEnglish
}

var htmlEnglish = htmlWords{ // #nosec G101 -- a model's tokens are no secrets
	kicker:    "Ollama benchmark",
	pageTitle: "Ollama benchmark: %s",
	measured:  "Report of %s",
	meanTime:  "mean response time",
	success:   "succeeded",
	noTime:    "no answer",
	warned:    "Read with care: %d warning(s)",
	pairs:     "%d comparisons, pair by pair",
	pictures:  "Pictures",
	details:   "How it was measured",
	selfCheck: "Self-check",
	terms:     "What the words mean",
	noSample: "The pictures of single requests are left out: this report was made from a file without them. " +
		"k6 x ollama report makes them from requests.ndjson.",

	overTime:     "Every request over time",
	overTimeHow:  "Response time (E2E) of each request, by the time at which it started.",
	distribution: "Distribution: %s",
	distributeHow: "The share of requests that took no longer. The marks are the quartiles: " +
		"25 %, 50 % (the median) and 75 %.",
	rates:         "%s of each request",
	rateHow:       "Box: the middle half. Bold line: median. Thin line: from the 5th to the 95th percentile.",
	breakdownNone: "%s: not known, as the server did not report its times.",
	sampleOf:      "%s: a random sample of %s of %s requests.",
	thinned:       "Points that would cover one another are drawn once: %s of %s.",
	everyValue: "Only failed requests, those beyond the axis and the fastest and slowest show their values " +
		"under the pointer.",
	beyond:         "%s beyond the axis, up to %s, stand at its end.",
	logarithmic:    "The axis is logarithmic.",
	untimed:        "%s failed without a time; their marks stand on the lower edge.",
	sameAxes:       "All models have the same axes.",
	noneOfTheSides: "No value: %s.",

	legendWarmup: "warm-up", legendFailed: "failed", legendBeyond: "beyond the axis",

	cut:        "… (%s characters in all)",
	data:       "The data as a table",
	sliceFrom:  "Start (s)",
	startedAt:  "Start (s)",
	target:     "Server",
	state:      "State",
	stateOK:    "ok",
	stateCold:  "ok, model was loaded",
	stateWarm:  "warm-up",
	requests:   "Requests",
	failed:     "failed",
	quantile:   "Percentile",
	least:      "least",
	most:       "most",
	median:     "median",
	sides:      "%s: %s",
	spot:       "%s: %s, started at %s",
	spotSecond: "%s s",
	spotShare:  "%s: %s took %s or less",
	spotBox:    "%s: quartiles %s, %s (median), %s",

	checks: []string{
		"records", "measured", "warm-up", "cut off by the end of the test or of their iteration",
		"calls that look at or prepare a server", "took less than the server says it worked",
		"parts do not add up to their whole",
	},
	seconds: "%s s", minutes: "%s min", hours: "%s h",
	glossary: []term{
		{"E2E, response time", "From the moment at which the request begins to go out on an established connection " +
			"to the last byte of the answer."},
		{"TTFT", "Time to first token: to the first non-empty token of any kind (thinking, answer, tool call)."},
		{"TTFO", "Time to first output: to the first token of the answer, after thinking."},
		{"TPOT", "Time per output token: (time of the last token − TTFT) / (output tokens − 1)."},
		{"ITL", "Inter-token latency: the gap between consecutive chunks of the answer, each gap a value."},
		{"Tokens/s", "Output tokens over the time that the server spent on writing them."},
		{"Connecting", "Waiting for a connection, name lookup, TCP and TLS, before the clock of the request starts; " +
			"0 when a connection is reused."},
		{"Network", "E2E minus the server's total_duration of the same request: measured, not guessed."},
		{"Queue", "total_duration minus load, prefill and decode: the wait for one of OLLAMA_NUM_PARALLEL slots, " +
			"and overhead."},
		{"Model load", "load_duration as the server reports it; a loaded model has a few ms of it, for scheduling."},
		{"Prefill, decode", "Reading the prompt (prompt_eval_duration) and writing the answer (eval_duration)."},
		{"Total time", "The time during which at least one request was in flight, failed ones included."},
		{"Throughput", "Successful requests, or their output tokens, over the total time."},
		{"Ratio", "How many times as fast the first server is as the second, by their means. " +
			"~ marks one that may be chance or was not tested."},
		{"95 % CI, p", "The confidence interval holds the true value in 95 of 100 such tests. p is how often equal " +
			"servers would differ this much by chance; a verdict takes p < 0.05."},
		{"Standard deviation", "How far response times scatter around their mean (of the sample, n−1); " +
			"the lower, the steadier."},
		{"p95, percentile", "95 % of the requests took no longer. Interpolated as k6 does."},
		{"Warm-up", "Requests before the measurement, so that loading the model is in no figure."},
	},
}

var htmlKorean = htmlWords{ // #nosec G101 -- a model's tokens are no secrets
	kicker:    "Ollama 벤치마크",
	pageTitle: "Ollama 벤치마크: %s",
	measured:  "보고서 작성 %s",
	meanTime:  "평균 응답 시간",
	success:   "성공",
	noTime:    "응답 없음",
	warned:    "주의해서 읽어야 할 점 %d가지",
	pairs:     "비교 %d가지",
	pictures:  "그림",
	details:   "측정 방법",
	selfCheck: "자체 점검",
	terms:     "용어 설명",
	noSample: "요청별 그림은 없습니다. 요청이 하나하나 들어 있지 않은 파일로 만든 보고서입니다. " +
		"requests.ndjson으로 k6 x ollama report를 실행하면 그림도 만들어집니다.",

	overTime:      "시간에 따른 모든 요청",
	overTimeHow:   "요청마다 시작한 시각과 응답 시간(E2E)을 점으로 표시합니다.",
	distribution:  "분포: %s",
	distributeHow: "그 시간 안에 끝난 요청의 비율입니다. 표식은 사분위수(25%, 중앙값 50%, 75%)입니다.",
	rates:         "요청별 %s",
	rateHow:       "상자는 가운데 절반, 굵은 선은 중앙값, 가는 선은 5~95번째 백분위수입니다.",
	breakdownNone: "%s: 서버가 시간을 보고하지 않아 알 수 없습니다.",
	sampleOf:      "%s: 요청 %[3]s개 중 무작위로 뽑은 %[2]s개입니다.",
	thinned:       "서로 가리는 점은 한 번만 그렸습니다: %[2]s개 중 %[1]s개.",
	everyValue: "실패한 요청, 축을 벗어난 요청, 가장 빠르거나 느린 요청에만 마우스를 올리면 값이 " +
		"나타납니다.",
	beyond:         "축을 벗어난 %s개(최대 %s)는 축 끝에 표시했습니다.",
	logarithmic:    "로그 눈금입니다.",
	untimed:        "시간 없이 실패한 요청 %s개는 아래쪽 끝에 표시했습니다.",
	sameAxes:       "모든 모델의 축이 같습니다.",
	noneOfTheSides: "값이 없는 서버: %s.",

	legendWarmup: "워밍업", legendFailed: "실패", legendBeyond: "축을 벗어남",

	cut:        "… (모두 %s자)",
	data:       "표로 보기",
	sliceFrom:  "시작 (초)",
	startedAt:  "시작 (초)",
	target:     "서버",
	state:      "상태",
	stateOK:    "성공",
	stateCold:  "성공, 모델을 로드함",
	stateWarm:  "워밍업",
	requests:   "요청",
	failed:     "실패",
	quantile:   "백분위수",
	least:      "최소",
	most:       "최대",
	median:     "중앙값",
	sides:      "%s: %s",
	spot:       "%s: %s, %s에 시작",
	spotSecond: "%s초",
	spotShare:  "%s: %s가 %s 이하",
	spotBox:    "%s: 사분위수 %s, %s(중앙값), %s",

	checks: []string{
		"기록", "측정", "워밍업", "테스트나 반복(iteration)이 끝나면서 중단됨", "서버를 확인하거나 준비하는 호출",
		"서버가 일했다는 시간보다 짧게 걸림", "부분의 합이 전체와 다름",
	},
	seconds: "%s초", minutes: "%s분", hours: "%s시간",
	glossary: []term{
		{"응답 시간 (E2E)", "이미 열린 연결로 요청을 보내기 시작한 때부터 응답의 마지막 바이트까지의 시간입니다."},
		{"TTFT", "첫 토큰까지의 시간입니다. 사고, 답변, 도구 호출을 가리지 않고 비어 있지 않은 첫 토큰을 봅니다."},
		{"TTFO", "사고가 끝나고 답변의 첫 토큰이 나올 때까지의 시간입니다."},
		{"TPOT", "출력 토큰 하나당 시간입니다: (마지막 토큰의 시각 − TTFT) / (출력 토큰 수 − 1)."},
		{"ITL", "연달아 온 청크 사이의 간격입니다. 간격 하나가 값 하나입니다."},
		{"초당 토큰 수", "출력 토큰 수를 서버가 토큰을 생성한 시간으로 나눈 값입니다."},
		{"연결", "연결 대기, 이름 조회, TCP, TLS에 걸린 시간입니다. 요청의 시계는 그 뒤에 시작하며, 연결을 재사용하면 0입니다."},
		{"네트워크", "응답 시간에서 같은 요청의 total_duration을 뺀 값입니다. 추정이 아니라 실측입니다."},
		{"대기열", "total_duration에서 로드, prefill, decode를 뺀 값입니다. 슬롯(OLLAMA_NUM_PARALLEL)을 기다린 시간과 " +
			"오버헤드입니다."},
		{"모델 로드", "서버가 보고한 load_duration입니다. 이미 로드된 모델에도 스케줄링에 몇 ms가 걸립니다."},
		{"prefill, decode", "프롬프트를 처리한 시간(prompt_eval_duration)과 답변을 생성한 시간(eval_duration)입니다."},
		{"총 소요 시간", "요청이 하나 이상 진행 중이던 시간입니다. 실패한 요청도 들어갑니다."},
		{"처리량", "성공한 요청 수나 출력 토큰 수를 총 소요 시간으로 나눈 값입니다."},
		{"배율", "첫 서버가 둘째 서버보다 평균으로 몇 배 빠른지를 나타냅니다. ~ 표시는 우연일 수 있거나 검정하지 않은 값입니다."},
		{"95% 신뢰구간, p", "신뢰구간은 이런 테스트 100번 중 95번은 참값을 포함합니다. p는 똑같은 두 서버가 우연히 이만큼 " +
			"차이 날 확률이며, p < 0.05일 때만 판정합니다."},
		{"표준편차", "응답 시간이 평균에서 얼마나 흩어지는지를 나타냅니다 (표본, n−1). 낮을수록 안정적입니다."},
		{"p95, 백분위수", "요청의 95%가 그 시간 안에 끝났습니다. k6처럼 보간합니다."},
		{"워밍업", "측정 전에 보내는 요청입니다. 모델을 로드하는 시간이 수치에 들어가지 않게 합니다."},
	},
}
