package report

import "github.com/xk6-ollama/xk6-ollama/internal/gate"

var koreanChanges = changeWords{
	messages:   &korean,
	heading:    "📊 달라진 점",
	base:       "기준",
	after:      "새 결과",
	measuredAt: "%s, 측정 시각 %s",
	nothing:    "두 결과 모두 측정된 요청이 없습니다.",
	onlyIn: map[string]string{
		"base": "기준에만 있습니다", "new": "새 결과에만 있습니다",
	},
	change: "변화",
	tells: map[Direction]string{
		Better: "좋아짐", Worse: "나빠짐", Differs: "달라짐", NoChange: "~", NotTested: "검정 안 함", "": "",
	},
	legend: "~ 표시는 유의수준 5%에서 우연일 수 있는 변화입니다. p는 전체 지표 수에 맞게 보정했습니다 (Holm). " +
		"평균과 처리율: Welch t 검정. 백분위수: 순열 검정. 성공률: Fisher 정확 검정.",
	gates: "🚦 게이트",
	outcomes: map[gate.Outcome]string{
		gate.Held: "✅ 통과", gate.Failed: "❌ 실패", gate.Unjudged: "❔ 판정 불가",
	},
	counts: map[gate.Outcome]string{
		gate.Held: "통과 %d개", gate.Failed: "실패 %d개", gate.Unjudged: "판정 불가 %d개",
	},
	everywhere: "모든 대상",
	these:      "있는 것: %s",
	none:       "하나도 없습니다",
	rates: map[Metric]string{ // #nosec G101 -- a model's tokens are no secrets
		SuccessRate: "성공률", RequestsPerSecond: "초당 요청 수", OutputTokensPerSecond: "초당 출력 토큰",
		Duration: "응답 시간",
	},
	remarks: map[RemarkCode]string{
		RunsModelDiffers: "{target}: 같은 모델이 아닙니다: {base} → {new} ({differences}). 서버뿐 아니라 모델의 차이도 포함된 변화이므로 " +
			"`--allow-different-models` 없이는 변화에 대한 게이트를 판정하지 않습니다.",
		RunsSettingDiffers: "{name} 설정이 다릅니다 ({base} → {new}). 같은 일을 측정한 결과가 아니므로 " +
			"`--allow-different-settings` 없이는 변화에 대한 게이트를 판정하지 않습니다.",
		RunsModelUnknown:    "{target}: {model}의 digest를 한쪽 이상 알 수 없어 같은 모델인지 확인할 수 없습니다.",
		RunsOnlyInBase:      "{target}: {model} 측정은 기준에만 있습니다.",
		RunsOnlyInNew:       "{target}: {model} 측정은 새 결과에만 있습니다.",
		RunsWithoutRequests: "{name}: {why} 평균과 성공률만 검정할 수 있습니다.",
		RunsSwapped:         "기준이 새 결과보다 나중에 측정되었습니다. 순서가 맞는지 확인하세요.",
		RunsInterrupted:     "{name}: 테스트가 도중에 중단되었습니다.",
		RunsServerDiffers:   "{target}: {model} 실행 환경이 다릅니다: {differences}.",
		RunsEndpointDiffers: "{target}: 주소가 다릅니다: {base} → {new}",
		RunsMachineDiffers:  "서로 다른 컴퓨터에서 측정했습니다: {base} → {new}",
		RunsToolDiffers:     "xk6-ollama 버전이 서로 다릅니다: {base} → {new}",
		RunsLengthsDiffer: "{target}: {model}의 답변당 토큰 수가 {base}개에서 {new}개로 바뀌었습니다. " +
			"응답 시간보다 TPOT와 초당 토큰 수를 비교하세요.",
	},
	without: map[WithoutRequests]string{
		NoRequestsFile:       "옆에 requests.ndjson이 없습니다.",
		UnreadableRequests:   "requests.ndjson을 읽을 수 없습니다 ({detail}).",
		RequestsOfAnotherRun: "옆의 requests.ndjson은 다른 측정의 것입니다.",
	},
	reasons: map[gate.Reason]string{
		gate.Within:         "{series}: {figure} {figures}",
		gate.Beyond:         "{series}: {figure} {figures}",
		gate.BeyondBare:     "{series}: {figure} {figures}",
		gate.NotSignificant: "{series}: {figure} {figures}: 허용 폭보다 크지만 우연일 수 있습니다",
		gate.NoSeries:       "{series}: {new file}에 그런 대상과 모델이 없습니다. {known}",
		gate.NoComparison:   "{series}: {new file}에 그런 비교가 없습니다. {known}",
		gate.NotMeasured:    "{series}: {new file}에 {figure} 값이 없습니다",
		gate.AllFailed:      "{series}: 요청이 모두 실패하여 {figure} 값이 없습니다",
		gate.NotInBase:      "{series}: {base file}에 비교할 {figure} 값이 없습니다",
		gate.DifferentModels: "{series}: 두 결과의 모델이 다릅니다. 그래도 판정하려면 " +
			"`--allow-different-models`를 지정하세요",
		gate.DifferentSettings: "{series}: 두 결과의 설정이 다릅니다. 그래도 판정하려면 " +
			"`--allow-different-settings`를 지정하세요",
		gate.ZeroBase: "{series}: 기준의 {figure} 값이 0이라 비율을 구할 수 없습니다. +5ms처럼 차이로 지정하세요",
		gate.TooFewRequests: "{series}: 요청이 너무 적어 {figure} 변화가 우연인지 알 수 없습니다. 더 많이 측정하거나 " +
			"`--even-if-noise`로 수치만 비교하세요",
		gate.NoRequestsFile: "{series}: {figure} 변화를 검정하려면 두 결과의 results.json 옆에 requests.ndjson이 있어야 합니다. " +
			"`--even-if-noise`는 수치만 비교합니다",
		gate.NoTest: "{series}: {figure} 변화에 대한 검정 방법이 없습니다. `--even-if-noise`는 수치만 비교합니다",
	},
	limited: " (95%% 신뢰구간 %s, p %s)",
	untried: " (검정 안 함)",
}
