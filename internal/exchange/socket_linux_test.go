//go:build amd64 || arm64

package exchange_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// The kernel knows when the answer ended, however late a client comes to read that.
func TestClockIsThatOfTheKernel(t *testing.T) {
	steps := []step{{text: token, tokens: 1, answer: true}, {text: finished(1)}}
	logs := make(chan serverLog, 1)
	server := httptest.NewServer(script(steps, logs))
	defer server.Close()
	sender := slow{stamped(t, &http.Transport{}), 20 * gap}
	var off deviations
	for range rounds {
		outcome, got := measure(t, sender, generate(server.URL))
		require.Nil(t, outcome.Err)
		assertSane(t, outcome)
		off.add(t, expect(steps, <-logs, 1), got)
	}
	off.assertBelow(t, sender.pause)
}
