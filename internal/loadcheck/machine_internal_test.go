//go:build linux

package loadcheck

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParseTicks(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]ticks{
		"cpu  10 2 3 100 50 1 4 5 7 0": {busy: 25, total: 175}, // a guest's time is in user and nice
		"cpu 1 1 1 1 1 1 1 1":          {busy: 6, total: 8},
		"cpu 1 1 1 1 1 1 1":            {}, // Linux before 2.6.11
		"cpu0 1 1 1 1 1 1 1 1":         {},
		"cpu 1 1 1 -1 1 1 1 1":         {},
		"":                             {},
	} {
		assert.Equal(t, want, parseTicks([]byte(line)), line)
	}
	assert.Positive(t, machineTime().total)
}
