package gate_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/gate"
)

func TestParse(t *testing.T) {
	t.Parallel()
	of := func(target, metric string, figure gate.Figure) gate.Subject {
		return gate.Subject{Target: target, Metric: metric, Figure: figure}
	}
	change := func(percent float64) gate.Limit { return gate.Limit{Value: percent / 100, Of: gate.RelativeChange} }
	level := func(value float64) gate.Limit { return gate.Limit{Value: value} }
	difference := func(value float64) gate.Limit { return gate.Limit{Value: value, Of: gate.Difference} }
	for text, want := range map[string]gate.Gate{
		"remote.ttft.p95>+10%":     {Subject: of("remote", "ttft", gate.P95), Operator: gate.Above, Limit: change(10)},
		"ttft.p95>+10%":            {Subject: of("", "ttft", gate.P95), Operator: gate.Above, Limit: change(10)},
		"ttft>+10%":                {Subject: of("", "ttft", gate.Mean), Operator: gate.Above, Limit: change(10)},
		"local.success_rate<0.99":  {Subject: of("local", "success_rate", ""), Operator: gate.Below, Limit: level(0.99)},
		"local.success_rate<99%":   {Subject: of("local", "success_rate", ""), Operator: gate.Below, Limit: level(0.99)},
		"success_rate<-1pp":        {Subject: of("", "success_rate", ""), Operator: gate.Below, Limit: difference(-0.01)},
		"success_rate<-1%":         {Subject: of("", "success_rate", ""), Operator: gate.Below, Limit: change(-1)},
		"tokens_per_second<-5%":    {Subject: of("", "tokens_per_second", gate.Mean), Operator: gate.Below, Limit: change(-5)},
		"local.ttft.p95>500ms":     {Subject: of("local", "ttft", gate.P95), Operator: gate.Above, Limit: level(500)},
		"local.ttft.p95>500":       {Subject: of("local", "ttft", gate.P95), Operator: gate.Above, Limit: level(500)},
		"local.ttft.p95 >= 0.5 s ": {Subject: of("local", "ttft", gate.P95), Operator: gate.AtLeast, Limit: level(500)},
		"tpot.max<=250us":          {Subject: of("", "tpot", gate.Max), Operator: gate.AtMost, Limit: level(0.25)},
		"duration>+50ms":           {Subject: of("", "duration", gate.Mean), Operator: gate.Above, Limit: difference(50)},
		"duration.avg>1e3":         {Subject: of("", "duration", gate.Mean), Operator: gate.Above, Limit: level(1000)},
		"duration.p(99)>1.5e+3ms":  {Subject: of("", "duration", gate.P99), Operator: gate.Above, Limit: level(1500)},
		"itl.median>+0%":           {Subject: of("", "itl", gate.Median), Operator: gate.Above, Limit: change(0)},
		"gpu-1.example.com:11434.ttft.p95>1": {
			Subject: of("gpu-1.example.com:11434", "ttft", gate.P95), Operator: gate.Above, Limit: level(1),
		},
		`"a<b.ttft".ttft>1`:            {Subject: of("a<b.ttft", "ttft", gate.Mean), Operator: gate.Above, Limit: level(1)},
		"duration.ttft>1":              {Subject: of("duration", "ttft", gate.Mean), Operator: gate.Above, Limit: level(1)},
		"로컬.ttft>1":                    {Subject: of("로컬", "ttft", gate.Mean), Operator: gate.Above, Limit: level(1)},
		"requests_per_second<-5%":      {Subject: of("", "requests_per_second", ""), Operator: gate.Below, Limit: change(-5)},
		"output_tokens_per_second<100": {Subject: of("", "output_tokens_per_second", ""), Operator: gate.Below, Limit: level(100)},
		"remote{model:llama3.2:1b}.ttft.p95>+10%": {
			Subject:  gate.Subject{Target: "remote", Model: "llama3.2:1b", Metric: "ttft", Figure: gate.P95},
			Operator: gate.Above, Limit: change(10),
		},
		`{ target:"comparison", op:chat , model:"a,b}<" }.ttft>1s`: {
			Subject:  gate.Subject{Target: "comparison", Op: "chat", Model: "a,b}<", Metric: "ttft", Figure: gate.Mean},
			Operator: gate.Above, Limit: level(1000),
		},
		"comparison.duration.ratio<1.2": {
			Subject:  gate.Subject{Comparison: true, Metric: "duration", Figure: gate.Ratio},
			Operator: gate.Below, Limit: level(1.2),
		},
		"comparison.ttft<1": {
			Subject: gate.Subject{Comparison: true, Metric: "ttft", Figure: gate.Ratio}, Operator: gate.Below, Limit: level(1),
		},
		"comparison{model:m:1b,a:gpu,b:local}.duration.ratio<-10%": {
			Subject: gate.Subject{
				Comparison: true, Model: "m:1b", A: "gpu", B: "local", Metric: "duration", Figure: gate.Ratio,
			},
			Operator: gate.Below, Limit: change(-10),
		},
		"comparison.duration.difference<-50ms": {
			Subject:  gate.Subject{Comparison: true, Metric: "duration", Figure: gate.MeanDifference},
			Operator: gate.Below, Limit: level(-50),
		},
		"comparison.stability_ratio>2": {
			Subject: gate.Subject{Comparison: true, Metric: "stability_ratio"}, Operator: gate.Above, Limit: level(2),
		},
		"comparison.network_overhead>20ms": {
			Subject: gate.Subject{Comparison: true, Metric: "network_overhead"}, Operator: gate.Above, Limit: level(20),
		},
	} {
		want.Text = strings.TrimSpace(text)
		got, err := gate.Parse(text)
		require.NoError(t, err, text)
		assert.InDelta(t, want.Limit.Value, got.Limit.Value, 1e-12, text)
		got.Limit.Value = want.Limit.Value
		assert.Equal(t, want, got, text)
	}
}

// Every metric can be given by its name.
func TestParseEveryMetric(t *testing.T) {
	t.Parallel()
	for _, metric := range gate.Metrics() {
		got, err := gate.Parse("remote." + metric + "<0.5")
		require.NoError(t, err)
		assert.Equal(t, metric, got.Subject.Metric)
		assert.Equal(t, "remote", got.Subject.Target)
	}
	for _, metric := range gate.ComparisonMetrics() {
		got, err := gate.Parse("comparison." + metric + "<0.5")
		require.NoError(t, err)
		assert.Equal(t, metric, got.Subject.Metric)
		assert.True(t, got.Subject.Comparison)
	}
	for _, figure := range gate.Figures() {
		got, err := gate.Parse("ttft." + figure + "<0.5")
		require.NoError(t, err)
		assert.Equal(t, gate.Figure(figure), got.Subject.Figure)
	}
}

func TestSyntaxErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		column int
		says   string
	}{
		"":                                {1, "empty"},
		"   ":                             {1, "empty"},
		"ttft.p95":                        {9, "no >, <, >= or <="},
		">+10%":                           {1, "there is no metric here"},
		"tfft>+10%":                       {1, `"tfft" is no metric, expected one of success_rate`},
		"remote.tfft.p95>+10%":            {8, `"tfft" is no metric`},
		"remote.ttft.p96>+10%":            {13, `"p96" is no figure, expected one of mean, min`},
		"remote..p95>+10%":                {8, "there is no metric here"},
		".ttft>1":                         {1, "no name before the ."},
		"a..ttft>1":                       {3, "no name before the ."},
		"로컬.tfft>1":                       {4, `"tfft" is no metric`},
		"success_rate.p95<1":              {14, "success_rate is one figure; it has no p95"},
		"ttft>":                           {6, "expected a number"},
		"ttft>+":                          {7, "expected a number"},
		"ttft>fast":                       {6, "expected a number such as 500ms or +10%"},
		"ttft>++10%":                      {6, "expected a number such as"},
		"ttft>1e308s":                     {6, "too large"},
		"ttft>1.2.3":                      {6, `"1.2.3" is no number`},
		"ttft>1e999":                      {6, `"1e999" is no number`},
		"ttft>10%":                        {8, "a change in per cent has a sign, as in +10% or -10%"},
		"ttft>500 seconds":                {10, `ttft has no unit "seconds", expected ms, s or us`},
		"tokens_per_second<50ms":          {21, `no unit "ms"`},
		"ttft>-10%":                       {6, "> takes a +"},
		"ttft<+10%":                       {6, "< takes a -"},
		"ttft<-100%":                      {6, "nothing changes by -100%"},
		"success_rate<99":                 {14, "from 0 to 1, or from 0% to 100%"},
		"success_rate<-1":                 {16, "a change of success_rate is in % or pp"},
		"ttft>>5":                         {6, "expected a number such as"},
		"ttft>5>6":                        {7, `no unit ">6"`},
		"remote{model:x.ttft>1":           {7, "the { has no }"},
		"remote{model:x>1":                {7, "the { has no }"},
		`"remote.ttft>1`:                  {1, `the " has no other`},
		"remote{model:x}ttft>1":           {16, "expected a . and a metric after the }"},
		"remote{model:x}>1":               {16, "expected a . and a metric after the }"},
		"remote{model}.ttft>1":            {8, "expected key:value"},
		"remote{}.ttft>1":                 {8, "expected key:value"},
		"remote{modle:x}.ttft>1":          {8, `"modle" can't be selected by, expected one of target, model, op`},
		"remote{model:}.ttft>1":           {14, "model has no value"},
		"remote{op:a,op:b}.ttft>1":        {13, "op stands twice"},
		"remote{target:x}.ttft>1":         {8, "target stands twice"},
		"remote{model:x}.gpu.ttft>1":      {17, `"gpu" is out of place before ttft`},
		"comparison.remote.duration>1":    {12, `"remote" is out of place before duration`},
		"comparison{target:x}.duration>1": {12, `"target" can't be selected by, expected one of a, b, model, op`},
		"comparison.queue.ratio>1":        {12, `"queue" is no metric of a comparison, expected one of duration`},
		"comparison.duration.p95>1":       {21, `"p95" is no figure, expected one of ratio, difference`},
		"comparison.duration>+1.2":        {21, "a ratio has no sign"},
		"comparison.duration.ratio>1.2x":  {30, `no unit "x"`},
		"comparison.ttft.difference>+10%": {31, "only a ratio can change by per cent, as in comparison.ttft.ratio>+10%"},
	} {
		_, err := gate.Parse(text)
		var syntax *gate.SyntaxError
		require.ErrorAs(t, err, &syntax, text)
		assert.Equal(t, want.column, syntax.Column, "%s: %v", text, err)
		assert.Contains(t, syntax.Problem, want.says, text)
	}
}

// Hangul takes two cells of a terminal each; the caret stands below the character all the same.
func TestSyntaxErrorPointsAtTheColumn(t *testing.T) {
	t.Parallel()
	_, err := gate.Parse("로컬.ttft.p95>\tsoon")
	assert.EqualError(t, err, "column 14: expected a number such as 500ms or +10%\n"+
		"  로컬.ttft.p95> soon\n"+
		"                 ^")
	_, err = gate.Parse("a\x1b[31m.ttft")
	assert.NotContains(t, err.Error(), "\x1b", "nothing steers the terminal")
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"remote.ttft.p95>+10%", `{target:"a b",model:m:1b}.duration>=1.5s`, "comparison{a:x,b:y}.tpot.ratio<1.2",
		"success_rate<-1pp", "가.나.ttft<1e3us", "p(95)>", "a{b:c", `"`,
	} {
		f.Add(text)
	}
	metrics := slices.Concat(gate.Metrics(), gate.ComparisonMetrics())
	f.Fuzz(func(t *testing.T, text string) {
		got, err := gate.Parse(text)
		if err != nil {
			var syntax *gate.SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.GreaterOrEqual(t, syntax.Column, 1)
			require.LessOrEqual(t, syntax.Column, utf8.RuneCountInString(syntax.Text)+1)
			require.Equal(t, 2, strings.Count(err.Error(), "\n"), "problem, gate and caret: %q", err.Error())
			require.NotEmpty(t, syntax.Problem)
			return
		}
		require.Contains(t, metrics, got.Subject.Metric)
		require.False(t, math.IsNaN(got.Limit.Value) || math.IsInf(got.Limit.Value, 0))
		again, err := gate.Parse(got.Text)
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}
