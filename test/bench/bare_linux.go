package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// load is what a client is to do; it comes from the environment, whatever the client is.
type load struct {
	URL     string
	Streams int  // at the same time
	OneVU   bool // all streams in one VU, instead of one in each; only for k6
	Rounds  int  // answers that each stream asks for, one after the other; 0 measures the start-up
	Tokens  int  // of an answer
	Log     bool // whether to measure each request, and to log it
	Gaps    bool // whether to log the gaps between tokens, too
	Report  bool // whether to write this extension's report
}

// environment is the load as the clients read it.
func (l load) environment() []string {
	return []string{
		"URL=" + l.URL, fmt.Sprint("STREAMS=", l.Streams), fmt.Sprint("ONE_VU=", l.OneVU),
		fmt.Sprint("ROUNDS=", l.Rounds), fmt.Sprint("TOKENS=", l.Tokens), fmt.Sprint("LOG=", l.Log),
		fmt.Sprint("GAPS=", l.Gaps),
	}
}

// measured is what a client measured of one request: a line of its log. Times are in ms.
type measured struct {
	ID   int       `json:"id"`
	TTFT float64   `json:"ttft"`
	E2E  float64   `json:"e2e"`
	ITL  []float64 `json:"itl,omitempty"`

	Stream string `json:"stream,omitempty"` // the tag of its samples, by which the gaps are found
}

// runBare is the client that costs least: net/http, and a loop that reads lines.
func runBare(l load, log io.Writer) error {
	transport := &http.Transport{MaxIdleConnsPerHost: l.Streams, DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	logs, failures := make(chan []measured), make(chan error)
	for range l.Streams {
		go func() {
			logged, err := bareStream(client, l)
			logs <- logged
			failures <- err
		}()
	}
	var failed error
	encoder := json.NewEncoder(log)
	for range l.Streams {
		for _, m := range <-logs {
			failed = errors.Join(failed, encoder.Encode(m))
		}
		failed = errors.Join(failed, <-failures)
	}
	return failed
}

func bareStream(client *http.Client, l load) (logged []measured, err error) {
	body := fmt.Sprintf(`{"model":%q,"prompt":"Why is the sky blue?","options":{"num_predict":%d}}`, model, l.Tokens)
	for range l.Rounds {
		if !l.Log {
			if _, err := bareRequest(client, l, body, nil); err != nil {
				return nil, err
			}
			continue
		}
		m, err := bareMeasured(client, l, body)
		if err != nil {
			return nil, err
		}
		logged = append(logged, m)
	}
	return logged, nil
}

// bareRequest asks once, and returns the last line. stamp is called when a line is there.
func bareRequest(client *http.Client, l load, body string, stamp func()) ([]byte, error) {
	response, err := client.Post( //nolint:noctx // the process is ended as a whole
		l.URL+"/api/generate", "application/json", strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("asking: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // read to its end
	reader := bufio.NewReader(response.Body)
	var last []byte
	count := 0
	for {
		line, err := reader.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the answer: %w", err)
		}
		if stamp != nil {
			stamp()
			last = append(last[:0], line...)
		}
		count++
	}
	if count != l.Tokens+1 {
		return nil, fmt.Errorf("an answer has %d lines, expected %d", count, l.Tokens+1)
	}
	return last, nil
}

// bareMeasured asks once and measures as one does who thinks no further: the clock starts
// when the request is handed over.
func bareMeasured(client *http.Client, l load, body string) (m measured, err error) {
	stamps := make([]time.Time, 0, l.Tokens+1)
	began := time.Now()
	last, err := bareRequest(client, l, body, func() { stamps = append(stamps, time.Now()) })
	if err != nil {
		return m, err
	}
	m.E2E = inMS(time.Since(began))
	m.TTFT = inMS(stamps[0].Sub(began))
	for i := 1; l.Gaps && i < l.Tokens; i++ {
		m.ITL = append(m.ITL, inMS(stamps[i].Sub(stamps[i-1])))
	}
	var final struct {
		Context []int `json:"context"`
	}
	if err := json.NewDecoder(bytes.NewReader(last)).Decode(&final); err != nil || len(final.Context) != 1 {
		return m, fmt.Errorf("the last line is %q: %w", last, err)
	}
	m.ID = final.Context[0]
	return m, nil
}

func inMS(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
