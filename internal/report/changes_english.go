package report

import "github.com/xk6-ollama/xk6-ollama/internal/gate"

var englishChanges = changeWords{
	messages:   &english,
	heading:    "📊 What changed",
	base:       "Base",
	after:      "New",
	measuredAt: "%s, measured %s",
	nothing:    "Neither run measured a request.",
	onlyIn: map[string]string{
		"base": "only the base measured it", "new": "only the new run measured it",
	},
	change: "Change",
	tells: map[Direction]string{
		Better: "better", Worse: "worse", Differs: "differs", NoChange: "~", NotTested: "not tested", "": "",
	},
	legend: "~ marks a change that may be chance at the 5 % level, p adjusted for all figures (Holm). " +
		"Means and rates: Welch's t test. Percentiles: permutation test. Success rate: Fisher's exact test.",
	gates: "🚦 Gates",
	outcomes: map[gate.Outcome]string{
		gate.Held: "✅ held", gate.Failed: "❌ failed", gate.Unjudged: "❔ could not be judged",
	},
	counts: map[gate.Outcome]string{
		gate.Held: "%d held", gate.Failed: "%d failed", gate.Unjudged: "%d could not be judged",
	},
	everywhere: "all targets",
	these:      "it has %s",
	none:       "it has none",
	rates: map[Metric]string{ // #nosec G101 -- a model's tokens are no secrets
		SuccessRate: "Success rate", RequestsPerSecond: "Requests/s", OutputTokensPerSecond: "Output tokens/s",
		Duration: "Response time",
	},
	remarks: map[RemarkCode]string{
		RunsModelDiffers: "{target}: not the same model: {base} → {new} ({differences}). Changes are those of the " +
			"model as much as those of the server; gates on them are not judged without `--allow-different-models`.",
		RunsSettingDiffers: "{name} differs ({base} → {new}): the runs did not do the same; gates on changes are not " +
			"judged without `--allow-different-settings`.",
		RunsModelUnknown:    "{target}: a digest of {model} is unknown, so it may not be the same model.",
		RunsOnlyInBase:      "{target}: {model} was measured by the base only.",
		RunsOnlyInNew:       "{target}: {model} was measured by the new run only.",
		RunsWithoutRequests: "{name}: {why}; only means and success rates can be tested.",
		RunsSwapped:         "The base was measured after the new run; are they in the right order?",
		RunsInterrupted:     "{name}: the test was stopped early.",
		RunsServerDiffers:   "{target}: {model} was run differently: {differences}.",
		RunsEndpointDiffers: "{target}: another address: {base} → {new}.",
		RunsMachineDiffers:  "Measured from different machines: {base} → {new}.",
		RunsToolDiffers:     "Measured with different versions of xk6-ollama: {base} → {new}.",
		RunsLengthsDiffer: "{target}: {model} wrote {base} tokens per answer, and now {new}: look at TPOT and tokens/s " +
			"rather than at response times.",
	},
	without: map[WithoutRequests]string{
		NoRequestsFile:       "there is no requests.ndjson beside it",
		UnreadableRequests:   "its requests.ndjson can't be read ({detail})",
		RequestsOfAnotherRun: "the requests.ndjson beside it is of another run",
	},
	reasons: map[gate.Reason]string{
		gate.Within:         "{series}: {figure} {figures}",
		gate.Beyond:         "{series}: {figure} {figures}",
		gate.BeyondBare:     "{series}: {figure} {figures}",
		gate.NotSignificant: "{series}: {figure} {figures}: more than allowed, but it may be chance",
		gate.NoSeries:       "{series}: {new file} has no such target and model; {known}",
		gate.NoComparison:   "{series}: {new file} has no such comparison; {known}",
		gate.NotMeasured:    "{series}: {new file} has no {figure}",
		gate.AllFailed:      "{series}: every request failed, so there is no {figure}",
		gate.NotInBase:      "{series}: {base file} has no {figure} to compare with",
		gate.DifferentModels: "{series}: the runs used different models; `--allow-different-models` judges " +
			"the gate all the same",
		gate.DifferentSettings: "{series}: the runs had different settings; `--allow-different-settings` judges " +
			"the gate all the same",
		gate.ZeroBase: "{series}: {figure} was 0 in the base, of which there is no percentage; give a difference, " +
			"such as +5ms",
		gate.TooFewRequests: "{series}: too few requests to tell a change of {figure} from chance; measure more, or " +
			"take the bare figure with `--even-if-noise`",
		gate.NoRequestsFile: "{series}: a test of {figure} needs the requests.ndjson of both runs beside their " +
			"results.json; `--even-if-noise` takes the bare figure",
		gate.NoTest: "{series}: there is no test for a change of {figure}; `--even-if-noise` takes the bare figure",
	},
	limited: " (95 %% CI %s, p %s)",
	untried: " (not tested)",
}
