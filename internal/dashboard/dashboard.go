// Package dashboard configures the web dashboard that is built into k6, so that it shows the
// metrics of this extension, a line for each target.
package dashboard

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/xk6-ollama/xk6-ollama/internal/locale"
)

// Tag is the tag by which k6 has to tell samples apart for these charts: the value of
// K6_WEB_DASHBOARD_TAGS.
const Tag = "target"

// The configuration is that of github.com/grafana/xk6-dashboard-assets, packages/view/src/Config.ts.
// A query is JMESPath over the vectors of a metric, one for each of its aggregates, overall and
// by tag.
type (
	config struct {
		Title string `json:"title"`
		Tabs  []tab  `json:"tabs"`
	}
	tab struct {
		ID       string    `json:"id"`
		Title    string    `json:"title"`
		Sections []section `json:"sections"`
	}
	section struct {
		ID     string  `json:"id"`
		Title  string  `json:"title,omitempty"`
		Panels []panel `json:"panels"`
	}
	panel struct {
		ID      string   `json:"id"`
		Title   string   `json:"title"`
		Summary string   `json:"summary,omitempty"`
		Kind    string   `json:"kind"` // chart, stat or summary
		Series  []series `json:"series"`
	}
	series struct {
		Query  string `json:"query"`
		Legend string `json:"legend,omitempty"`
	}
)

// Config returns the configuration as JSON, the value of the file that XK6_DASHBOARD_CONFIG
// names: charts of the targets, and tables of all metrics.
func Config(targets []string, l locale.Locale) ([]byte, error) {
	w := wordsIn(l)
	c := config{Title: "xk6-ollama", Tabs: []tab{
		{Title: "Ollama", Sections: []section{
			{Panels: []panel{
				stat(w.requests, "ollama_reqs", "rate"),
				stat(w.failed, "ollama_req_failed", "rate"),
				stat(w.duration, "ollama_req_duration", "avg"),
				stat("TTFT", "ollama_ttft", "avg"),
				stat(w.tokensPerSecond, "ollama_tokens_per_second", "avg"),
				stat("VUs", "vus", "value"),
			}},
			{Title: w.latency, Panels: []panel{
				chart(targets, w.duration, w.durationIs, "ollama_req_duration", "avg", "p95"),
				chart(targets, "TTFT", w.ttftIs, "ollama_ttft", "avg", "p95"),
				chart(targets, "TPOT", w.tpotIs, "ollama_tpot", "avg"),
				chart(targets, "ITL", w.itlIs, "ollama_itl", "p95", "p99"),
				chart(targets, w.tokensPerSecond, w.tokensPerSecondIs, "ollama_tokens_per_second", "avg"),
				chart(targets, w.outputTokens, w.outputTokensIs, "ollama_output_tokens", "rate"),
			}},
			{Title: w.where, Panels: []panel{
				chart(targets, w.network, w.networkIs, "ollama_network_duration", "avg"),
				chart(targets, w.queue, w.queueIs, "ollama_queue_duration", "avg"),
				chart(targets, w.load, w.loadIs, "ollama_load_duration", "avg"),
				chart(targets, "Prefill", w.prefillIs, "ollama_prompt_eval_duration", "avg"),
				chart(targets, "Decode", w.decodeIs, "ollama_eval_duration", "avg"),
				chart(targets, w.failed, w.failedIs, "ollama_req_failed", "rate"),
			}},
		}},
		{Title: w.summary, Sections: []section{
			{Panels: []panel{{Title: w.trends, Kind: "summary", Series: []series{{Query: "[?!tags && trend]"}}}}},
			{Panels: []panel{
				{Title: w.counters, Kind: "summary", Series: []series{{Query: "[?!tags && counter]"}}},
				{Title: w.rates, Kind: "summary", Series: []series{{Query: "[?!tags && rate]"}}},
				{Title: w.gauges, Kind: "summary", Series: []series{{Query: "[?!tags && gauge]"}}},
			}},
		}},
	}}
	c.number()
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("configuring the dashboard: %w", err)
	}
	return append(text, '\n'), nil
}

// stat is a figure with its course.
func stat(title, metric, aggregate string) panel {
	return panel{Title: title, Kind: "stat", Series: []series{{Query: metric + "[?!tags && " + aggregate + "]"}}}
}

// chart has a line for each target and aggregate.
func chart(targets []string, title, summary, metric string, aggregates ...string) panel {
	p := panel{Title: title, Summary: summary, Kind: "chart"}
	for _, target := range targets {
		for _, aggregate := range aggregates {
			legend := target
			if len(aggregates) > 1 {
				legend += " " + aggregate
			}
			p.Series = append(p.Series, series{
				Query:  fmt.Sprintf("%s[?tags.%s==%s && %s]", metric, Tag, quote(target), aggregate),
				Legend: legend,
			})
		}
	}
	return p
}

// quote writes a name as a raw string of JMESPath.
func quote(name string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(name) + "'"
}

// number gives all parts the names by which the dashboard tells them apart.
func (c *config) number() {
	for t := range c.Tabs {
		c.Tabs[t].ID = fmt.Sprintf("tab-%d", t)
		for s := range c.Tabs[t].Sections {
			one := &c.Tabs[t].Sections[s]
			one.ID = fmt.Sprintf("%s.section-%d", c.Tabs[t].ID, s)
			for p := range one.Panels {
				one.Panels[p].ID = fmt.Sprintf("%s.panel-%d", one.ID, p)
			}
		}
	}
}
