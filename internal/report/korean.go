package report

import "github.com/xk6-ollama/xk6-ollama/internal/locale"

var korean = messages{ // #nosec G101 -- a model's tokens are no secrets
	second: "초", millisecond: "ms", microsecond: "µs", nanosecond: "ns",

	localShort: "로컬", remoteShort: "원격",
	localFull: "로컬 Ollama", remoteFull: "원격 Ollama",

	sending:        "%d번의 요청을 보내는 중...",
	sendingOne:     "1번의 요청을 보내는 중...",
	request:        "요청 #%s",
	warmupRequest:  "워밍업 #%s",
	responseLength: "응답 길이: %d자",
	thinkingLength: " (+ 사고 %d자)",
	failed:         "실패",

	benchmarking:   "벤치마킹: %s - %s",
	endpoint:       "엔드포인트",
	summary:        "📊 결과 요약:",
	successRate:    "성공률",
	totalTime:      "총 소요 시간",
	meanTime:       "평균 응답 시간",
	minTime:        "최소 응답 시간",
	maxTime:        "최대 응답 시간",
	allFailed:      "모든 요청이 실패하여 측정값이 없습니다.",
	noneMeasured:   "측정된 요청이 없습니다.",
	stoppedAtOnce:  "측정 요청이 하나라도 끝나기 전에 테스트가 중단되었습니다.",
	item:           "항목",
	difference:     "차이",
	points:         "%p",
	comparison:     "🏁 최종 비교 - %s",
	inParentheses:  "괄호 안: %s 대비 차이",
	notComparable:  "비교할 수 없습니다: 모든 요청이 실패했습니다 (%s).",
	leftOut:        "비교에서 제외: 모든 요청이 실패했습니다 (%s).",
	analysis:       "📊 성능 분석",
	faster:         "⚡ %[1]s %[2]s보다 %[3]s배 빠릅니다!",
	savedOnAverage: "(요청당 평균 %s 절약)",
	sure: "확신의 정도: 실제 배율은 %s ~ %s 사이일 가능성이 높습니다 (95%% 신뢰구간). 두 서버의 속도가 같다면 이만큼 뚜렷한 차이는 " +
		"%s 나타납니다 (p %s).",
	perTokenFaster: "토큰당으로는 %s %s배 빠릅니다. 답변의 길이가 다르기 때문입니다.",
	perTokenSame:   "토큰당으로는 차이를 확인할 수 없습니다. 답변의 길이가 다릅니다.",
	butSee:         "⚠️ 아래 주의와 함께 읽으세요: %s.",
	ofThousand:     "이런 보고서 1,000번에 %d번쯤",
	belowThousand:  "이런 보고서 1,000번에 1번 미만으로",
	notShown:       "⚡ 각각 %[2]d번의 요청으로는 %[1]s의 차이를 확인할 수 없습니다.",
	needed:         "각각 약 %d번이 필요합니다.",
	mayBeChance:    "(평균 %s / %s: 차이 %s는 우연일 수 있습니다)",
	wouldShow:      "%s배 이상의 차이였다면 드러났을 것입니다.",
	outweighed:     "⚡ %s: 보통의 요청은 차이가 나지만 (p %s), 느린 요청 몇 개 때문에 평균으로는 어느 쪽이 빠른지 알 수 없습니다.",
	tooFew:         "⚡ %s의 차이를 판정하기에 요청이 너무 적습니다: 각각 %d회 이상 성공해야 합니다.",
	throughput:     "📈 처리량 (초당 요청 수):",
	network:        "🌐 네트워크 오버헤드 (실측: 응답 시간 − 서버의 total_duration):",
	networkUnknown: "측정되지 않음: 서버가 total_duration을 보고하지 않았습니다",
	networkMean:    "평균 네트워크 시간 차이: %s",
	roundTrips:     "평균 왕복 시간 차이: %s (예전 방식의 추정이며 서버 속도의 차이도 들어 있습니다)",
	deviations:     "📉 응답 시간 안정성 (표준편차):",
	steadier:       "→ %s %s배 더 안정적입니다",
	steadierThan:   "→ %s %s보다 %s배 더 안정적입니다",
	steadierCI:     " (95%% 신뢰구간 %s ~ %s)",
	byChance:       ". 우연일 수 있습니다",

	metrics:      "⏱ 토큰과 지연 시간 (평균 / p95)",
	metricHeader: "지표",
	ratio:        "배율",
	ratioLegend:  "배율이 1보다 크면 %s 쪽이 빠릅니다. ~ 표시는 우연일 수 있거나 검정하지 않은 차이입니다.",
	terms: "TTFT: 첫 토큰까지의 시간. TTFO: 사고가 끝난 뒤 첫 토큰까지의 시간. TPOT: 첫 토큰 이후 토큰 하나당 시간. " +
		"ITL: 응답 조각 사이의 간격. 토큰당 응답 시간: 응답 시간 / 토큰 수. p95: 요청 100번 중 95번은 이보다 빠름.",
	perhapsMaximum: "* 요청이 적어서 p95가 가장 느린 요청과 거의 같습니다.",
	times:          "🔍 시간 내역 (요청당 평균)",
	timesHeader:    "구간",
	addsUp:         "구간을 모두 더하면 응답 시간입니다.",
	addsUpOf:       "구간을 모두 더하면 응답 시간입니다. 모든 구간을 아는 요청 %d개(전체 %d개)의 평균입니다.",
	connectBefore:  "연결 시간은 응답 시간에 들어가지 않습니다: %s.",
	contextBias: "네트워크에는 서버의 시간도 조금 들어 있습니다. raw가 아닌 /api/generate에서 서버는 시간을 잰 뒤에 " +
		"대화를 한 번 더 토큰화합니다.",
	confidence: "🎯 신뢰도",
	confidenceNote: "95% 신뢰구간: 실제 배율이 있을 가능성이 높은 범위. 이런 구간 100개 중 95개가 저마다 실제 배율을 포함합니다. " +
		"p: 속도가 같은 서버들의 보고서에 이만큼 뚜렷한 차이가 나타나는 비율이며, 0.05보다 작으면 유의합니다.",
	pairedNote: "p는 짝지은 요청마다 어느 쪽이 얼마나 빨랐는지 보는 Wilcoxon 부호순위 검정, 구간은 같은 요청을 다시 뽑는 " +
		"부트스트랩으로 구했습니다.",
	unpairedNote:  "p는 모든 요청의 시간 순위를 보는 Mann-Whitney U 검정, 구간은 같은 요청을 다시 뽑는 부트스트랩으로 구했습니다.",
	adjustedNote:  "p는 이 보고서의 비교 %d개 모두에 맞게 보정했습니다 (Holm).",
	interval:      "95% 신뢰구간",
	pValue:        "p",
	verdict:       "판정",
	inconclusive:  "유의하지 않음",
	tooFewToTell:  "요청 부족",
	isFaster:      "%s 빠름",
	versus:        "%s ↔ %s",
	e2eDifference: "응답 시간 차이: %s (95%% 신뢰구간 %s ~ %s)",
	effectSize:    "표준편차의 %s배 (Hedges' g)",

	model:        "🧬 모델",
	models:       "🧬 같은 모델인가?",
	fact:         "항목",
	sameModel:    "서버가 알려 준 바로는 같은 모델입니다.",
	otherSetup:   "가중치는 같지만 그 밖의 설정이 다릅니다.",
	otherModel:   "같은 모델이 아닙니다: 서버뿐 아니라 모델의 차이도 포함된 비교입니다.",
	unknownModel: "알 수 없습니다: 어떤 모델을 실행했는지 알려 주지 않은 서버가 있습니다.",
	alike:        "모두 같은 것: %s.",

	allFigures: "모든 수치", count: "n", meanHeader: "평균 (95% 신뢰구간)", deviation: "표준편차", smallest: "최소",
	median: "중앙값 (95% 신뢰구간)", most: "최대",
	beyondMaximum: "* 요청이 적어서 이 백분위수는 최댓값과 구별되지 않습니다.",

	clientHead: "🩺 클라이언트 자체 점검",
	clientLoad: "k6는 CPU %[2]d개 중 %[1]s를 썼습니다 (가장 바쁜 1초: %[3]s, 컴퓨터 전체: %[4]s). 도착한 것을 %[5]s(중앙값), 20번 중 1번은 %[6]s 이상 " +
		"늦게 알아챘습니다 (타이머는 최소 %[7]s). 가비지 컬렉션 %[8]d번, 가장 긴 멈춤 %[9]s. 다시 연 연결 %d개.",
	clientDelay: "20번 중 1번은 요청이 %s 이상 늦게 시작했습니다.",

	failures:     "❌ 실패",
	failureCount: "%s: 요청 %[3]d개 중 %[2]d개 실패",
	times1:       "%d회",
	warningsHead: "⚠️ 주의",
	settings:     "설정",
	environment:  "환경",

	e2e: "응답 시간 (E2E)", ttft: "첫 토큰 (TTFT)", ttfo: "첫 답변 토큰 (TTFO)",
	tpot: "토큰당 시간 (TPOT)", itl: "토큰 간격 (ITL)",
	tokensPerSecond: "초당 토큰 수", perToken: "토큰당 응답 시간",
	connect: "연결", networkShare: "네트워크", queue: "대기열", load: "모델 로드",
	prefill: "프롬프트 처리 (prefill)", decoding: "토큰 생성 (decode)",
	outputTokens: "출력 토큰 수", promptTokens: "프롬프트 토큰 수", scheduleDelay: "시작 지연",

	warnings: map[WarningCode]string{ // #nosec G101 -- a model's tokens are no secrets
		Interrupted:  "테스트가 도중에 중단되었습니다. 그때까지 측정한 결과입니다.",
		CutOff:       "반복(iteration)이 끝나면서 요청 {count}개가 중단되었습니다. 수치에 들어가지 않아 느린 응답이 빠졌을 수 있습니다.",
		NoRequests:   "{target}: 측정된 요청이 없습니다.",
		WarmupFailed: "{target}: {model} 워밍업 요청 {count}개가 실패했습니다: {a}: {b}",
		AllFailed:    "{target}: {model} 요청 {count}개가 모두 실패했습니다.",
		SomeFailed:   "{target}: {model} 요청 {of}개 중 {count}개가 실패했습니다. 수치는 성공한 요청만의 것입니다.",
		FewRequests:  "{target}: 성공한 {model} 요청이 {count}개뿐입니다. 믿을 만한 수치를 얻으려면 10개 이상 측정하세요.",
		ColdRequests: "{target}: 요청 {of}개 중 {count}개의 load_duration이 100ms 이상입니다. {model} 모델을 로드했거나 서버가 바빴습니다. " +
			"이 요청들은 평균 {x}, 나머지는 {y}입니다. 로드 시간은 워밍업으로 제외할 수 있습니다.",
		allCold: "{target}: 요청 {of}개 모두 load_duration이 100ms 이상입니다. 매번 {model} 모델을 로드했거나 서버가 계속 바빴습니다. " +
			"콜드 스타트의 수치입니다.",
		Drifting:  "{target}: {model} 요청의 후반부가 전반부보다 {a}배 오래 걸렸습니다. 서버가 안정된 상태가 아니었습니다.",
		Dependent: "{target}: {model} 응답 시간이 바로 앞 요청의 시간과 비슷합니다. 신뢰구간은 약 {a}배 더 넓게 보아야 합니다.",
		Outlying:  "{target}: {model} 요청 {count}개가 다른 요청들과 크게 다릅니다 ({a}). 모든 수치에 들어 있습니다.",
		TwoGroups: "{target}: {model} 응답 시간이 두 무리로 나뉩니다: {a}는 {x} 근처, 나머지는 {y} 근처입니다. " +
			"그 사이의 평균은 어느 쪽도 대표하지 않습니다.",
		CachedPrompts: "{target}: 요청 {of}개 중 {count}개에서 프롬프트 대부분이 캐시로 처리되었습니다 ({model}). " +
			"TTFT와 prefill은 캐시의 수치입니다. --cache cold를 쓰면 매번 새 프롬프트를 보냅니다.",
		NoTokenTimings:  "{target}: {model} 응답을 스트리밍하지 않아 토큰별 시간을 알 수 없습니다.",
		EndpointsDiffer: "{target}: 요청이 여러 주소로 나뉘었습니다: {a}",
		ModelsDiffer: "같은 모델이 아닙니다: {other}, {target}의 {model}은(는) 이름만 같습니다 ({differences}). " +
			"서버뿐 아니라 모델의 차이도 포함된 비교입니다.",
		SetupsDiffer: "{other}, {target}: {model}의 가중치는 같지만 설정이 다릅니다 ({differences}). " +
			"모델에 전달되는 프롬프트와 답변이 다를 수 있습니다.",
		ContextsDiffer: "{model}을(를) 로드한 컨텍스트 길이가 다릅니다: {other}: {a}토큰, {target}: {b}토큰. " +
			"길수록 메모리를 더 쓰고, 짧은 쪽에서는 긴 프롬프트가 잘립니다.",
		VRAMSharesDiffer: "{model} 중 VRAM에 있는 비율이 다릅니다: {other}: {a}, {target}: {b}. " +
			"VRAM에 없는 부분은 훨씬 느린 CPU에서 실행됩니다.",
		ManifestUnknown: "{target}: {model}의 digest를 알 수 없어 같은 모델인지 확인할 수 없습니다.",
		SameServer: "{other}, {target}: 같은 서버입니다. 나중에 요청하는 쪽은 프롬프트가 이미 캐시에 있어 더 빠르게 보이고, " +
			"서로의 시간을 빼앗습니다.",
		SameHost: "{other}, {target}: 모두 {a}에서 응답했습니다. 터널이나 프록시가 아니라 한 컴퓨터라면 CPU와 메모리를 " +
			"나누어 쓰므로, 한쪽의 수치는 다른 쪽이 하던 일에 따라 달라집니다.",
		ClientBottleneck: "클라이언트가 병목이었습니다: 서버뿐 아니라 클라이언트의 시간이기도 합니다. 20번 중 1번은 도착한 것을 {x} 이상 늦게 " +
			"알아챘습니다 (가장 짧은 TTFT 중앙값 {y}). CPU {count}개 중 {a}를 썼고, 컴퓨터 전체는 {b} 바빴습니다.",
		LateStarts: "{target}: 20번 중 1번은 {model} 요청이 {x} 이상 늦게 시작했습니다. 응답 시간({y})에는 나타나지 않지만 사용자는 그만큼 " +
			"더 기다립니다. VU(maxVUs)를 늘리면 제때 시작합니다.",
		Simulated:      "이 프로세스 안에서 시뮬레이션한 서버입니다. 수치는 실제 서버와 관계가 없습니다.",
		VersionsDiffer: "Ollama 버전이 다릅니다: {other}: {a}, {target}: {b}.",
		OutputLengthsDiffer: "답변당 토큰 수가 다릅니다 ({model}): {other}: {a}, {target}: {b}. 속도가 같아도 답변이 길면 더 오래 걸립니다. " +
			"응답 시간보다 토큰당 응답 시간, TPOT, 초당 토큰 수를 비교하세요.",
	},

	particles: true,
	locale:    locale.Korean,
}
