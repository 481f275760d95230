package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/report"
)

// testSuite is what a CI reads of a suite.
type testSuite struct {
	Name       string     `xml:"name,attr"`
	ID         int        `xml:"id,attr"`
	Tests      int        `xml:"tests,attr"`
	Failures   int        `xml:"failures,attr"`
	Errors     int        `xml:"errors,attr"`
	Time       float64    `xml:"time,attr"`
	Properties []property `xml:"properties>property"`
	Cases      []struct {
		Name      string   `xml:"name,attr"`
		Classname string   `xml:"classname,attr"`
		Failure   *problem `xml:"failure"`
		Error     *problem `xml:"error"`
	} `xml:"testcase"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type problem struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func junit(t *testing.T, results report.Results, checks ...report.Check) []testSuite {
	t.Helper()
	var page bytes.Buffer
	require.NoError(t, report.JUnit(&page, results, checks...))
	var read struct {
		Suites []testSuite `xml:"testsuite"`
	}
	require.NoError(t, xml.Unmarshal(page.Bytes(), &read), page.String())
	tokens := xml.NewDecoder(&page)
	for {
		token, err := tokens.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if start, ok := token.(xml.StartElement); ok {
			assert.Contains(t, []string{
				"testsuites", "testsuite", "properties", "property", "testcase", "failure", "error", "system-out", "system-err",
			}, start.Name.Local)
		}
	}
	return read.Suites
}

// checkJUnit says whether the suites count what is in them, and fail where requests did.
func checkJUnit(t *testing.T, results report.Results) {
	t.Helper()
	suites := junit(t, results)
	require.NotEmpty(t, suites)
	for i, suite := range suites {
		assert.Equal(t, i, suite.ID)
		assert.NotEmpty(t, strings.TrimSpace(suite.Name))
		assert.Len(t, suite.Cases, suite.Tests)
		assert.False(t, math.IsNaN(suite.Time) || math.IsInf(suite.Time, 0))
		failures, erred := 0, 0
		for _, c := range suite.Cases {
			assert.NotEmpty(t, c.Classname)
			if c.Failure != nil {
				failures++
			}
			if c.Error != nil {
				erred++
			}
		}
		assert.Equal(t, suite.Failures, failures)
		assert.Equal(t, suite.Errors, erred)
		if i < len(results.Series) {
			assert.Equal(t, results.Series[i].Succeeded < results.Series[i].Requests, failures == 1)
			assert.Zero(t, erred)
		}
	}
	assert.Equal(t, len(results.Series) == 0, suites[0].Errors == 1, "no series is no success")
}

func TestFailedRequestsAreFailedCases(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"two-sides":       "",
		"failures-mixed":  "3 of 10 requests failed: 2 × timeout_total, 1 × decode",
		"one-side-failed": "10 of 10 requests failed: 10 × connect",
	} {
		suites := junit(t, report.Summarize(runs()[name]))
		require.Len(t, suites, 2)
		assert.Nil(t, suites[0].Cases[0].Failure, name)
		failure := suites[1].Cases[0].Failure
		if want == "" {
			assert.Nil(t, failure)
			continue
		}
		require.NotNil(t, failure, name)
		assert.Equal(t, want, failure.Message)
	}
	failure := junit(t, report.Summarize(runs()["one-side-failed"]))[1].Cases[0].Failure
	assert.Equal(t, "connect", failure.Type)
	assert.Contains(t, failure.Text, "connection refused")
	assert.Contains(t, failure.Text, "OLLAMA_HOST=0.0.0.0 ollama serve", "the way out")
}

func TestSuitesCountTheirCases(t *testing.T) {
	t.Parallel()
	for name, run := range runs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkJUnit(t, report.Summarize(run))
		})
	}
}

func TestNothingMeasuredIsAnError(t *testing.T) {
	t.Parallel()
	suites := junit(t, report.Summarize(runs()["nothing"]))
	require.Len(t, suites, 1)
	assert.Equal(t, 1, suites[0].Errors)
	assert.Equal(t, "No request was measured.", suites[0].Cases[0].Error.Message)
}

func TestChecksAreCases(t *testing.T) {
	t.Parallel()
	results := report.Summarize(runs()["two-sides"])
	results.Thresholds = []report.Threshold{
		report.NewThreshold("ollama_ttft{target:local}", "p(95) < 50", false, map[string]float64{"p(95)": 63.721}),
		report.NewThreshold("ollama_reqs", "count>10", true, map[string]float64{"count": 20}),
		report.NewThreshold("ollama_itl", "p(99.9)<1", false, map[string]float64{"p(99.9)": math.NaN()}),
	}
	report.SortThresholds(results.Thresholds)
	suites := junit(t, results,
		report.Check{
			Suite: "gates", Subject: "remote", Name: "remote.ttft.p95>+10%", Outcome: report.Failed, Message: "+21 %",
		},
		report.Check{Suite: "gates", Name: "x", Outcome: report.Unjudged, Message: "not measured"},
		report.Check{Suite: "gates", Name: "y", Outcome: report.Held})
	require.Len(t, suites, 4)

	thresholds := suites[2]
	assert.Equal(t, "thresholds", thresholds.Name)
	assert.Equal(t, 2, thresholds.Failures)
	assert.Equal(t, "ollama_itl: p(99.9)<1 did not hold", thresholds.Cases[0].Failure.Message)
	assert.Nil(t, thresholds.Cases[1].Failure)
	assert.Equal(t, "p(95) < 50", thresholds.Cases[2].Name)
	assert.Equal(t, "ollama_ttft{target:local}", thresholds.Cases[2].Classname)
	assert.Equal(t, "ollama_ttft{target:local}: p(95) < 50 did not hold, the value is 63.721",
		thresholds.Cases[2].Failure.Message)

	gates := suites[3]
	assert.Equal(t, []int{3, 1, 1}, []int{gates.Tests, gates.Failures, gates.Errors})
	assert.Equal(t, "+21 %", gates.Cases[0].Failure.Message)
	assert.Equal(t, "not measured", gates.Cases[1].Error.Message)
	assert.Equal(t, "gates", gates.Cases[2].Classname)
}

// checkProperties says whether the properties are the figures of results.json.
func checkProperties(t *testing.T, results report.Results) {
	t.Helper()
	documents := document(t, results, "series")
	for i, suite := range junit(t, results) {
		got := map[string]string{}
		for _, p := range suite.Properties {
			got[p.Name] = p.Value
		}
		for name, text := range numbersOf(documents[i], "metrics", "errors") {
			assert.Equal(t, text, got[name], name)
		}
		for metric, summary := range object(documents[i]["metrics"]) {
			for name, text := range numbersOf(object(summary)) {
				assert.Equal(t, text, got[metric+"."+name], name)
			}
		}
		assert.Equal(t, "local", map[int]string{0: got["target"], 1: "local"}[i])
		assert.Equal(t, strconv.FormatFloat(results.Series[i].BusyMS/1000, 'f', -1, 64),
			strconv.FormatFloat(suite.Time, 'f', -1, 64))
		assert.Equal(t, "v2.2.0", got["environment.k6"])
	}
}
