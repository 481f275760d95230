package report_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/loadcheck"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
)

// idle is a client that had little to do.
func idle() *report.Client {
	return &report.Client{Load: loadcheck.Load{
		Watched: 12_000, CPUs: 8,
		Process: &loadcheck.Usage{Mean: 0.02, Max: 0.05}, Machine: &loadcheck.Usage{Mean: 0.31, Max: 0.6},
		TimerFloor: 0.012,
		Lateness:   loadcheck.Delay{Count: 250, Med: 0.11, P95: 0.29, P99: 0.8, Max: 2.1},
		Scheduling: loadcheck.Delay{Count: 900, Med: 0.001, P95: 0.02, P99: 0.1, Max: 1.5},
		GC:         loadcheck.Delay{Count: 9, Med: 0.03, P95: 0.08, P99: 0.08, Max: 0.08},
	}}
}

// busy is a client that was late by much of what it measured.
func busy() *report.Client {
	c := idle()
	c.Process.Mean, c.Process.Max, c.Machine.Mean, c.Machine.Max = 0.97, 1, 0.99, 1
	c.Lateness = loadcheck.Delay{Count: 240, Med: 14.2, P95: 38.1, P99: 97, Max: 140}
	c.ConnectionsReopened = 3
	return c
}

// The TTFT of the local fixture is about 60 ms.
func TestClientBottleneck(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*report.Client, []record.Record)
		want   bool
	}{
		{"idle", func(*report.Client, []record.Record) {}, false},
		{"late, but by little of the TTFT", func(c *report.Client, _ []record.Record) { c.Lateness.P95 = 5 }, false},
		{"late by much of the TTFT", func(c *report.Client, _ []record.Record) { c.Lateness.P95 = 9 }, true},
		{"late by much, but rarely", func(c *report.Client, _ []record.Record) { c.Lateness.P99 = 90 }, false},
		{"late by much of a short TTFT, but less than is claimed", func(c *report.Client, list []record.Record) {
			c.Lateness.P95 = 0.9
			for i := range list {
				list[i].TTFT = ptr(2.0)
			}
		}, false},
		{"late by little of what is not streamed", func(c *report.Client, list []record.Record) {
			c.Lateness.P95 = 9 // E2E is about 750 ms
			for i := range list {
				list[i].TTFT = nil
			}
		}, false},
		{"no CPU left", func(c *report.Client, _ []record.Record) { c.Process.Mean = 0.95 }, true},
		{"a busy machine, and no harm", func(c *report.Client, _ []record.Record) { c.Machine.Mean = 1 }, false},
		{"a system that does not tell", func(c *report.Client, _ []record.Record) { c.Process, c.Machine = nil, nil }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, records := idle(), interleave(10, local(), remote())
			tt.change(client, records)
			results := report.Summarize(report.Run{
				Records: records, Targets: []string{"local", "remote"}, Inventories: sameModel("local", "remote"), Client: client,
			})
			found := false
			for _, w := range results.Warnings {
				found = found || w.Code == report.ClientBottleneck
			}
			assert.Equal(t, tt.want, found)
			assert.Equal(t, client, results.SelfCheck.Client)
		})
	}
}

func TestLateStarts(t *testing.T) {
	t.Parallel()
	for delay, want := range map[float64][]report.WarningCode{
		0.5: nil, 20: nil, 500: {report.LateStarts},
	} {
		records := interleave(10, local())
		for i := range records {
			records[i].ScheduleDelay = &delay
		}
		results := report.Summarize(report.Run{Records: records, Inventories: sameModel("local"), Client: idle()})
		var codes []report.WarningCode
		for _, w := range results.Warnings {
			codes = append(codes, w.Code)
		}
		assert.Equal(t, want, codes, delay)
		require.NotNil(t, results.SelfCheck.Client.ScheduleDelay)
		assert.Equal(t, delay, *results.SelfCheck.Client.ScheduleDelay)
	}
}

// Every rendering for people says how the client did.
func TestClientIsShownEverywhere(t *testing.T) {
	t.Parallel()
	run := runs()["three-targets"]
	for l, want := range map[locale.Locale]string{
		locale.English: "🩺 The client itself", locale.Korean: "🩺 클라이언트 자체 점검",
	} {
		results := report.Summarize(run)
		assert.Contains(t, text(t, results, l, 80), want)
		for name, write := range map[string]func(io.Writer, report.Results, locale.Locale) error{
			"Markdown": report.Markdown, "HTML": report.HTML,
		} {
			var page bytes.Buffer
			require.NoError(t, write(&page, results, l))
			assert.Contains(t, page.String(), want, name)
			page.Reset()
			results := results
			results.SelfCheck.Client = nil // as of merged records
			require.NoError(t, write(&page, results, l))
			assert.NotContains(t, page.String(), want, name)
		}
	}
}
