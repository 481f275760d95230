package report

import "github.com/xk6-ollama/xk6-ollama/internal/locale"

var english = messages{
	second: " s", millisecond: " ms", microsecond: " µs", nanosecond: " ns",

	localShort: "local", remoteShort: "remote",
	localFull: "Local Ollama", remoteFull: "Remote Ollama",

	sending:        "sending %d requests...",
	sendingOne:     "sending 1 request...",
	request:        "request #%s",
	warmupRequest:  "warm-up #%s",
	responseLength: "response length: %d chars",
	thinkingLength: " (+ %d chars of thinking)",
	failed:         "failed",

	benchmarking:   "Benchmarking: %s - %s",
	endpoint:       "Endpoint",
	summary:        "📊 Summary:",
	successRate:    "Success rate",
	totalTime:      "Total time",
	meanTime:       "Mean response time",
	minTime:        "Min response time",
	maxTime:        "Max response time",
	allFailed:      "Every request failed; there is nothing to measure.",
	noneMeasured:   "No request was measured.",
	stoppedAtOnce:  "The test was stopped before any measured request ended.",
	item:           "Item",
	difference:     "Difference",
	points:         " pp",
	comparison:     "🏁 Final comparison - %s",
	inParentheses:  "In parentheses: the difference to %s.",
	notComparable:  "No comparison: every request to %s failed.",
	leftOut:        "Left out: every request to %s failed.",
	analysis:       "📊 Performance analysis",
	faster:         "⚡ %[1]s is %[3]s times as fast as %[2]s!",
	savedOnAverage: "(saves %s per request on average)",
	sure: "How sure: the true factor most likely lies between %s and %s (the 95 %% confidence interval, CI). Were both " +
		"equally fast, %s such reports would show a difference as clear (p %s).",
	perTokenFaster: "Per token, %s is %s times as fast: the answers differ in length.",
	perTokenSame:   "Per token, no difference could be shown: the answers differ in length.",
	butSee:         "⚠️ Read this with the warnings below: %s.",
	ofThousand:     "about %d of 1,000",
	belowThousand:  "fewer than 1 of 1,000",
	notShown:       "⚡ No difference between %s could be shown with %d requests each.",
	needed:         "About %d each would be needed.",
	mayBeChance:    "(means of %s and %s: the difference of %s may be chance)",
	wouldShow:      "A factor of %s or more would most likely have shown.",
	outweighed: "⚡ %s: typical requests differ (p %s), but a few slow ones weigh so much that the means do not tell " +
		"which is faster.",
	tooFew:         "⚡ Too few requests to tell %s apart: at least %d must succeed on each side.",
	throughput:     "📈 Throughput (requests per second):",
	network:        "🌐 Network overhead (measured: response time − the server's total_duration):",
	networkUnknown: "not measured: the server reported no total_duration",
	networkMean:    "mean difference: %s",
	roundTrips:     "difference of mean round trips: %s (the old estimate; it includes how fast the servers are)",
	deviations:     "📉 Stability of response times (standard deviation):",
	steadier:       "→ %s is %s times as steady",
	steadierThan:   "→ %[1]s is %[3]s times as steady as %[2]s",
	steadierCI:     " (95 %% CI %s–%s)",
	byChance:       ", which may be chance",

	metrics:      "⏱ Tokens and latency (mean / p95)",
	metricHeader: "Metric",
	ratio:        "Ratio",
	ratioLegend:  "Ratio: above 1, %s is the faster one. ~ marks one that may be chance or was not tested.",
	terms: "TTFT: time to the first token. TTFO: to the first one after thinking. TPOT: time per token after the first. " +
		"ITL: gap between two pieces of the answer. E2E per " +
		"token: response time over tokens. p95: 95 of 100 requests take less.",
	perhapsMaximum: "* Of so few requests the p95 is close to the slowest.",
	times:          "🔍 Where the time went (mean per request)",
	timesHeader:    "Part",
	addsUp:         "The parts add up to the response time.",
	addsUpOf:       "The parts add up to the response time. They are of the %d of %d requests that have them all.",
	connectBefore:  "Connecting comes before the clock starts: %s.",
	contextBias: "Network includes some of the server's time: for /api/generate, unless raw, it tokenizes the " +
		"conversation once more after it has stopped its own clock.",
	confidence: "🎯 Confidence",
	confidenceNote: "95 % CI: where the true ratio most likely lies; 95 of 100 such intervals hold it, each by itself. " +
		"p: how often reports on equally fast servers would show a difference as clear; below 0.05 counts.",
	pairedNote: "p is of Wilcoxon's signed-rank test, which looks at who was faster in each pair of requests and by how " +
		"much; the intervals are by bootstrap, drawing the same requests anew.",
	unpairedNote: "p is of the Mann-Whitney U test, which looks at the order of all requests by their time; the " +
		"intervals are by bootstrap, drawing the same requests anew.",
	adjustedNote:  "p allows for all %d comparisons of this report (Holm).",
	interval:      "95 % CI",
	pValue:        "p",
	verdict:       "Verdict",
	inconclusive:  "not significant",
	tooFewToTell:  "too few requests",
	isFaster:      "%s faster",
	versus:        "%s vs %s",
	e2eDifference: "Difference in response time: %s (95 %% CI %s to %s)",
	effectSize:    "or %s standard deviations (Hedges' g)",

	model:        "🧬 The model",
	models:       "🧬 The same model?",
	fact:         "What",
	sameModel:    "Yes, as far as the servers tell.",
	otherSetup:   "The weights are the same, but not what is set up around them.",
	otherModel:   "NOT THE SAME MODEL: the figures compare the models as much as the servers.",
	unknownModel: "Unknown: not every server told which model it ran.",
	alike:        "The same on all: %s.",

	allFigures: "All figures", count: "n", meanHeader: "Mean (95 % CI)", deviation: "Std. dev.", smallest: "Min",
	median: "Median (95 % CI)", most: "Max",
	beyondMaximum: "* So few requests can't tell this percentile from the maximum.",

	clientHead: "🩺 The client itself",
	clientLoad: "k6 used %s of %d CPU(s), %s in its busiest second; the machine was busy to %s. What arrived was " +
		"noticed %s late (median), in one of 20 cases %s or more (a timer: %s at best). %d garbage collections, the " +
		"longest pause %s. Connections opened again: %d.",
	clientDelay: "In one of 20 cases a request started %s late, or more.",

	failures:     "❌ Failures",
	failureCount: "%s: %d of %d requests failed",
	times1:       "%d×",
	warningsHead: "⚠️ Warnings",
	settings:     "Settings",
	environment:  "Environment",

	e2e: "Response time (E2E)", ttft: "TTFT", ttfo: "TTFO", tpot: "TPOT", itl: "ITL",
	tokensPerSecond: "Tokens/s", perToken: "E2E per token",
	connect: "Connecting", networkShare: "Network", queue: "Queue", load: "Model load",
	prefill: "Prefill (prompt)", decoding: "Decode (output)",
	outputTokens: "Output tokens", promptTokens: "Prompt tokens", scheduleDelay: "Schedule delay",

	warnings: map[WarningCode]string{ // #nosec G101 -- a model's tokens are no secrets
		Interrupted: "The test was stopped early; this is what was measured until then.",
		CutOff: "{count} request(s) were cut off with their iteration. They are in no figure, so that slow answers " +
			"may be missing.",
		NoRequests:   "{target}: no request was measured.",
		WarmupFailed: "{target}: {count} warm-up request(s) to {model} failed: {a}: {b}",
		AllFailed:    "{target}: all {count} requests to {model} failed.",
		SomeFailed:   "{target}: {count} of {of} requests to {model} failed; the figures are of the others.",
		FewRequests:  "{target}: only {count} request(s) to {model} succeeded; measure 10 or more for figures that hold.",
		ColdRequests: "{target}: {count} of {of} requests spent 100 ms or more in load_duration: {model} was loaded for " +
			"them, or the server was too busy to find it quickly. They took {x} on average, the others {y}. " +
			"A warm-up leaves loading out.",
		allCold: "{target}: each of {of} requests spent 100 ms or more in load_duration: {model} was loaded for " +
			"every one, or the server was always busy. The figures are of cold starts.",
		Drifting: "{target}: the second half of the requests to {model} took {a} times as long as the first. " +
			"The server was not in a steady state.",
		Dependent: "{target}: each time of {model} resembles the one before. The intervals should be about {a} times " +
			"as wide.",
		Outlying: "{target}: {count} request(s) to {model} lie far from all others ({a}). They are in every figure.",
		TwoGroups: "{target}: the times of {model} fall into two groups, {a} around {x} and the rest around {y}. " +
			"The mean between them is typical of neither.",
		CachedPrompts: "{target}: in {count} of {of} requests the prompt cache answered for most of the prompt ({model}): " +
			"TTFT and prefill are those of the cache. --cache cold makes each prompt a new one.",
		NoTokenTimings:  "{target}: no answer of {model} was streamed, so there are no token timings.",
		EndpointsDiffer: "{target}: requests went to several addresses: {a}",
		ModelsDiffer: "NOT THE SAME MODEL: {other} and {target} run different models under the name {model} " +
			"({differences}). The figures compare the models as much as the servers.",
		SetupsDiffer: "{other} and {target} run {model} with the same weights but set up differently ({differences}). " +
			"The prompts that the model sees, and its answers, may differ.",
		ContextsDiffer: "{other} had {model} loaded with a context of {a} tokens, {target} with {b}: " +
			"the longer one takes more memory, and longer prompts are cut off at the shorter one.",
		VRAMSharesDiffer: "{other} had {a} of {model} in VRAM, {target} {b}. What is not in VRAM runs on the CPU, " +
			"which is much slower.",
		ManifestUnknown: "{target}: the digest of {model} is unknown, so it may not be the model that the others run.",
		SameServer: "{other} and {target} are one server. Its prompt cache has seen each prompt when {target} asks, " +
			"which makes {target} look faster, and they take each other's time.",
		SameHost: "{other} and {target} were both reached at {a}. If that is one machine, and no tunnel or proxy to " +
			"others, they share its processors and memory: the figures of each depend on what the other was doing.",
		ClientBottleneck: "The client was the bottleneck: the times are its own as much as the servers'. In one of 20 " +
			"cases it noticed what arrived {x} late, or more; the shortest median TTFT is {y}. It used {a} of its {count} " +
			"CPU(s), and its machine was busy to {b}.",
		LateStarts: "{target}: in one of 20 cases a request to {model} started {x} late, or more, which its time ({y}) " +
			"does not show: users would have waited longer. More VUs (maxVUs) let requests start in time.",
		Simulated:      "The servers were simulated within this process: the figures say nothing about real servers.",
		VersionsDiffer: "{other} runs Ollama {a}, {target} runs {b}.",
		OutputLengthsDiffer: "{other} wrote {a} tokens per answer and {target} {b} ({model}): a longer answer takes longer " +
			"at the same speed. Compare E2E per token, TPOT and tokens/s rather than response times.",
	},

	locale: locale.English,
}
