package record_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/record"
)

func TestSpoolGivesBackWhatWasAdded(t *testing.T) {
	t.Parallel()
	const many = 2000
	var want bytes.Buffer
	var spool record.Spool
	for i := range many {
		r := full()
		r.Iter = int64(i)
		require.NoError(t, spool.Add(&r))
		require.NoError(t, record.Write(&want, []record.Record{r}))
		if i == many/2 { // reading does not end the writing
			var half bytes.Buffer
			n, err := spool.WriteTo(&half)
			require.NoError(t, err)
			assert.Equal(t, int64(half.Len()), n)
			assert.Equal(t, want.String(), half.String())
		}
	}
	for range 2 {
		var got bytes.Buffer
		n, err := spool.WriteTo(&got)
		require.NoError(t, err)
		assert.Equal(t, int64(want.Len()), n)
		assert.Equal(t, want.String(), got.String())
	}
	assert.Equal(t, many, spool.Count())
}

// Many records take a file, of which nothing is to be seen; where there can be none, they
// take memory.
func TestSpoolOfManyRecords(t *testing.T) {
	const many = 4_000 // some MiB, and not a whole number of them
	random := rand.New(rand.NewPCG(1, 2))
	for name, noPlace := range map[string]bool{"in a file": false, "no place for a file": true} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir)
			t.Setenv("TMPDIR", dir)
			t.Setenv("TMP", dir) // Windows
			if noPlace {
				_ = os.Remove(dir) // on Windows it stays, and there is no such file anyway
			}
			var spool record.Spool
			var want bytes.Buffer
			for i := range many {
				r := full()
				for _, value := range []**float64{&r.Duration, &r.Headers, &r.TTFT, &r.TTFO, &r.TPOT, &r.LastToken, &r.Network} {
					*value = ptr(random.Float64())
				}
				require.NoError(t, spool.Add(&r))
				require.NoError(t, record.Write(&want, []record.Record{r}))
				if i == many/2 {
					_, err := spool.WriteTo(io.Discard)
					require.NoError(t, err)
				}
			}
			for range 2 {
				var got bytes.Buffer
				n, err := spool.WriteTo(&got)
				require.NoError(t, err)
				assert.Equal(t, int64(want.Len()), n)
				assert.True(t, bytes.Equal(want.Bytes(), got.Bytes()))
			}
			files, _ := os.ReadDir(dir) // none where there is no such directory
			assert.Empty(t, files)
		})
	}
}

func TestSpoolOfNothing(t *testing.T) {
	t.Parallel()
	var spool record.Spool
	var got bytes.Buffer
	n, err := spool.WriteTo(&got)
	require.NoError(t, err)
	assert.Zero(t, n)
	assert.Empty(t, got.Bytes())
}

func TestSpoolTellsOfItsErrors(t *testing.T) {
	t.Parallel()
	var spool record.Spool
	r := full()
	require.NoError(t, spool.Add(&r))
	cause := errors.New("disk on fire")
	_, err := spool.WriteTo(failingWriter{cause})
	require.ErrorIs(t, err, cause)
}

func TestSpoolTakesRecordsOfManyVUs(t *testing.T) {
	t.Parallel()
	const vus, each = 8, 50
	var spool record.Spool
	var group sync.WaitGroup
	for range vus {
		group.Go(func() {
			for range each {
				r := full()
				assert.NoError(t, spool.Add(&r))
			}
		})
	}
	group.Wait()
	var lines bytes.Buffer
	_, err := spool.WriteTo(&lines)
	require.NoError(t, err)
	records, err := record.Read(&lines)
	require.NoError(t, err)
	assert.Len(t, records, vus*each)
}
