package record_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/xk6-ollama/xk6-ollama/internal/record"
)

// fill adds records until they take more than a megabyte of lines.
func fill(t *testing.T, spool *record.Spool) {
	t.Helper()
	for range 3000 {
		r := full()
		require.NoError(t, spool.Add(&r))
	}
}

func lines(t *testing.T, spool *record.Spool) string {
	t.Helper()
	var text bytes.Buffer
	_, err := spool.WriteTo(&text)
	require.NoError(t, err)
	return text.String()
}

func contentOf(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// What was kept in a file becomes a file like any other, whatever comes after it.
func TestSpoolSavesAs(t *testing.T) {
	t.Chdir(t.TempDir()) // a file system of which the test knows that it is one
	require.NoError(t, os.WriteFile("requests.ndjson", []byte("of an earlier run, with the rights of a secret"), 0o600))
	other, err := os.Create("other")
	require.NoError(t, err)
	require.NoError(t, other.Close())

	var spool record.Spool
	fill(t, &spool)
	if nameless, err := os.OpenFile(".", unix.O_TMPFILE|os.O_RDWR, 0o600); err != nil {
		t.Skip("the file system has no nameless files: ", err)
	} else {
		require.NoError(t, nameless.Close())
	}
	require.NoError(t, spool.SaveAs("requests.ndjson"))
	saved := lines(t, &spool)
	assert.Equal(t, saved, contentOf(t, "requests.ndjson"))
	usual, err := os.Stat("other")
	require.NoError(t, err)
	info, err := os.Stat("requests.ndjson")
	require.NoError(t, err)
	assert.Equal(t, usual.Mode(), info.Mode())
	require.NoError(t, spool.SaveAs("requests.ndjson"), "it is there")
	require.Error(t, spool.SaveAs("again.ndjson"), "a second name would be for the same bytes")
	assert.Equal(t, saved, lines(t, &spool))

	fill(t, &spool)
	assert.Equal(t, saved, contentOf(t, "requests.ndjson"))
	assert.Equal(t, saved+saved, lines(t, &spool))
	require.Error(t, spool.SaveAs("requests.ndjson"), "it has not all")
	require.NoError(t, os.WriteFile("requests.ndjson", []byte(lines(t, &spool)), 0o600))
	assert.Equal(t, saved+saved, contentOf(t, "requests.ndjson"))
	assert.Equal(t, saved+saved, lines(t, &spool), "what was written over was another file")
}

func TestSpoolDoesNotSave(t *testing.T) {
	t.Chdir(t.TempDir())
	var few, many record.Spool
	r := full()
	require.NoError(t, few.Add(&r))
	fill(t, &many)
	require.NoError(t, os.MkdirAll("taken/by/others", 0o755))
	require.NoError(t, os.Symlink("nowhere", "link"))
	for name, c := range map[string]struct {
		spool *record.Spool
		path  string
	}{
		"few":          {&few, "few"},
		"a directory":  {&many, "taken"},
		"a symlink":    {&many, "link"},
		"no directory": {&many, "nowhere/requests.ndjson"},
	} {
		before := lines(t, c.spool)
		require.Error(t, c.spool.SaveAs(c.path), name)
		assert.Equal(t, before, lines(t, c.spool), name)
	}
	assert.DirExists(t, "taken/by/others")
	target, err := os.Readlink("link")
	require.NoError(t, err)
	assert.Equal(t, "nowhere", target)
}
