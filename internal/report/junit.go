package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/xk6-ollama/xk6-ollama/internal/gate"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
)

// Outcome is what became of a demand.
type Outcome = gate.Outcome

// The outcomes.
const (
	Held     = gate.Held
	Failed   = gate.Failed
	Unjudged = gate.Unjudged
)

// Check is a demand on the results, such as a threshold or a gate: a test case of junit.xml.
type Check struct {
	Suite   string // those of one suite stand together
	Subject string // what it is about
	Name    string
	Outcome Outcome
	Message string // why it did not hold
}

// JUnit writes junit.xml: a suite for each series, whose test case fails if requests did, one
// for the thresholds, and those of the checks. It is in English, and keeps to the strictest of
// the schemas that are about: https://github.com/windyroad/JUnit-Schema.
func JUnit(w io.Writer, results Results, checks ...Check) error {
	var list []junitSuite
	for i := range results.Series {
		suite, err := junitSeries(&results.Series[i])
		if err != nil {
			return err
		}
		list = append(list, suite)
	}
	if len(list) == 0 {
		list = append(list, junitNothing(results))
	}
	list = append(list, junitChecks(append(thresholdChecks(results.Thresholds), checks...))...)
	for i := range list {
		if err := list[i].complete(i, results); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("writing the test cases: %w", err)
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(junitSuites{Suites: list}); err != nil {
		return fmt.Errorf("writing the test cases: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("writing the test cases: %w", err)
	}
	return nil
}

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

// junitSuite is a suite; the schema wants its elements in this order, and all of them.
type junitSuite struct {
	ID        int    `xml:"id,attr"`
	Name      string `xml:"name,attr"`
	Package   string `xml:"package,attr"`
	Hostname  string `xml:"hostname,attr"`
	Timestamp string `xml:"timestamp,attr"` // UTC, as the schema allows no zone
	Tests     int    `xml:"tests,attr"`
	Failures  int    `xml:"failures,attr"`
	Errors    int    `xml:"errors,attr"`
	Time      string `xml:"time,attr"` // in seconds

	Properties junitProperties `xml:"properties"`
	Cases      []junitCase     `xml:"testcase"`
	Out        string          `xml:"system-out"`
	Err        string          `xml:"system-err"`
}

type junitProperties struct {
	List []junitProperty `xml:"property"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	Classname string        `xml:"classname,attr"`
	Time      string        `xml:"time,attr"`
	Failure   *junitProblem `xml:"failure"`
	Error     *junitProblem `xml:"error"`
}

type junitProblem struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// complete adds what every suite has: its number, how many cases it has, and where they are
// from.
func (s *junitSuite) complete(id int, results Results) error {
	s.ID = id
	s.Package, s.Hostname = "xk6-ollama", "localhost" // what the schema has for a name that is not told
	s.Timestamp = results.GeneratedAt.UTC().Format("2006-01-02T15:04:05")
	s.Tests = len(s.Cases)
	for _, c := range s.Cases {
		s.Failures += count(c.Failure != nil)
		s.Errors += count(c.Error != nil)
	}
	s.Properties.List = append(s.Properties.List, junitProperty{"schema", results.Schema})
	return s.addProperties("environment.", results.Environment)
}

// junitSeries is the suite of a series, with its figures as properties.
func junitSeries(s *Series) (junitSuite, error) {
	name := xmlText(s.Target + ": " + titleOf(*s, true))
	suite := junitSuite{Name: name, Time: junitSeconds(s.BusyMS)}
	if err := suite.addProperties("", *s, "models"); err != nil {
		return suite, err
	}
	for _, metric := range inOrderOfDisplay(s.Metrics) {
		if err := suite.addProperties(string(metric)+".", s.Metrics[metric]); err != nil {
			return suite, err
		}
	}
	suite.Cases = []junitCase{{
		Name: "every request succeeds", Classname: name, Time: suite.Time, Failure: junitFailure(s),
	}}
	return suite, nil
}

func (s *junitSuite) addProperties(prefix string, part any, but ...string) error {
	cells, err := flatten(part, but...)
	for _, c := range cells {
		if c.text != "" {
			s.Properties.List = append(s.Properties.List, junitProperty{prefix + c.name, xmlText(c.text)})
		}
	}
	return err
}

// junitFailure is nil if no request of the series failed.
func junitFailure(s *Series) *junitProblem {
	failed := s.Requests - s.Succeeded
	if failed <= 0 {
		return nil
	}
	problem := &junitProblem{Type: string(unknownError)}
	var counts, lines []string
	for i, f := range s.Failures {
		if i == 0 {
			problem.Type = xmlText(string(f.Type))
		}
		counts = append(counts, fmt.Sprintf("%d × %s", f.Count, f.Type))
		lines = append(lines, xmlText(fmt.Sprintf("%d × %s: %s", f.Count, f.Type, truncate(plain(f.Message), maxMessage))),
			xmlText(hint(*s, f, locale.English)))
	}
	problem.Message = xmlText(fmt.Sprintf("%d of %d requests failed: %s", failed, s.Requests, strings.Join(counts, ", ")))
	problem.Text = strings.Join(lines, "\n")
	return problem
}

// junitNothing is the suite of a run in which nothing was measured, which no CI should take
// for one without failures.
func junitNothing(results Results) junitSuite {
	lines := make([]string, 0, len(results.Warnings))
	for _, w := range results.Warnings {
		lines = append(lines, xmlText(messagesIn(locale.English).warning(w)))
	}
	const name = "benchmark"
	return junitSuite{Name: name, Time: junitSeconds(0), Cases: []junitCase{{
		Name: "requests are measured", Classname: name, Time: junitSeconds(0),
		Error: &junitProblem{
			Type: "nothing_measured", Message: messagesIn(locale.English).noneMeasured, Text: strings.Join(lines, "\n"),
		},
	}}}
}

// junitChecks are the suites of the checks, in the order in which they appear.
func junitChecks(checks []Check) []junitSuite {
	var suites []junitSuite
	for _, c := range checks {
		name := cmp.Or(xmlText(c.Suite), "checks")
		at := slices.IndexFunc(suites, func(s junitSuite) bool { return s.Name == name })
		if at < 0 {
			at = len(suites)
			suites = append(suites, junitSuite{Name: name, Time: junitSeconds(0)})
		}
		one := junitCase{Name: xmlText(c.Name), Classname: cmp.Or(xmlText(c.Subject), name), Time: junitSeconds(0)}
		switch c.Outcome {
		case Held:
		case Failed:
			one.Failure = &junitProblem{Type: string(c.Outcome), Message: xmlText(c.Message)}
		default:
			one.Error = &junitProblem{Type: string(Unjudged), Message: xmlText(c.Message)}
		}
		suites[at].Cases = append(suites[at].Cases, one)
	}
	return suites
}

func junitSeconds(ms float64) string { return strconv.FormatFloat(ms/1000, 'f', -1, 64) }

// xmlText takes out of foreign text what is no character in XML 1.0, not even escaped.
func xmlText(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\uFFFE' || r == '\uFFFF' {
			return -1
		}
		return r
	}, plain(text))
}
