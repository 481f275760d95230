package report_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
)

func TestFilesAreThoseThatAreNamed(t *testing.T) {
	t.Parallel()
	var names []string
	for _, file := range report.Files(report.Results{}, &record.Spool{}, locale.English) {
		names = append(names, file.Name)
	}
	assert.ElementsMatch(t, report.FileNames(), names)
}

// What can't be written whole is not there at all, and the others are.
func TestWriteFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "taken"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "half"), []byte("of an earlier run"), 0o600))
	errHalf := errors.New("half of it")
	text := func(w io.Writer) error {
		_, err := io.WriteString(w, "text")
		return err
	}
	err := report.WriteFiles(dir, []report.File{
		{Name: "taken", Write: text},
		{Name: "half", Write: func(w io.Writer) error { return errors.Join(text(w), errHalf) }},
		{Name: "whole", Write: text},
	})
	require.ErrorIs(t, err, errHalf)
	assert.Equal(t, []string{
		filepath.Join(dir, "taken") + ": can't be written: is a directory",
		filepath.Join(dir, "half") + ": can't be written: half of it",
	}, strings.Split(err.Error(), "\n"))
	assert.DirExists(t, filepath.Join(dir, "taken"))
	assert.NoFileExists(t, filepath.Join(dir, "half"))
	content, err := os.ReadFile(filepath.Join(dir, "whole"))
	require.NoError(t, err)
	assert.Equal(t, "text", string(content))
}

// A quicker way is taken where it leads to the file.
func TestWriteFileBySaving(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]error{"there is one": nil, "there is none": errors.ErrUnsupported} {
		path := filepath.Join(t.TempDir(), "file")
		err := report.WriteFile(path, report.File{
			Write: func(w io.Writer) error {
				_, err := io.WriteString(w, "there is none")
				return err
			},
			SaveAs: func(path string) error { return errors.Join(os.WriteFile(path, []byte("there is one"), 0o600), way) },
		})
		require.NoError(t, err)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, name, string(content))
	}
}
