package report

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/xk6-ollama/xk6-ollama/internal/locale"
)

// The names of the files.
const (
	ResultsFile   = "results.json"
	RequestsFile  = "requests.ndjson"
	MarkdownFile  = "report.md"
	HTMLFile      = "report.html"
	CSVFile       = "results.csv"
	JUnitFile     = "junit.xml"
	BenchstatFile = "benchstat.txt"
)

// FileNames are the names of all files of a report, as its writers list them to users.
func FileNames() []string {
	return []string{ResultsFile, RequestsFile, HTMLFile, MarkdownFile, CSVFile, JUnitFile, BenchstatFile}
}

// File is one of the files that a report leaves behind.
type File struct {
	Name  string
	Write func(io.Writer) error
	// SaveAs is a quicker way to a file of a given path; where it fails, Write has to do. Most
	// files have none.
	SaveAs func(path string) error
}

// Requests are the lines of requests.ndjson, such as those of a record.Spool.
type Requests interface {
	io.WriterTo
	SaveAs(path string) error
}

// Files returns the files of a report, first those that the others can be made of. requests
// has the warm-up, too; nil leaves that file out.
func Files(results Results, requests Requests, l locale.Locale) []File {
	files := []File{{Name: ResultsFile, Write: func(w io.Writer) error { return JSON(w, results) }}}
	if requests != nil {
		files = append(files, File{Name: RequestsFile, SaveAs: requests.SaveAs, Write: func(w io.Writer) error {
			if _, err := requests.WriteTo(w); err != nil {
				return fmt.Errorf("writing the requests: %w", err)
			}
			return nil
		}})
	}
	return append(files, []File{
		{Name: MarkdownFile, Write: func(w io.Writer) error { return Markdown(w, results, l) }},
		{Name: HTMLFile, Write: func(w io.Writer) error { return HTML(w, results, l) }},
		{Name: CSVFile, Write: func(w io.Writer) error { return CSV(w, results) }},
		{Name: JUnitFile, Write: func(w io.Writer) error { return JUnit(w, results) }},
		{Name: BenchstatFile, Write: func(w io.Writer) error { return Benchstat(w, results) }},
	}...)
}

// WriteFiles writes the files into the directory. Those that can be written are; the error
// names each of the others.
func WriteFiles(dir string, files []File) error {
	errs := make([]error, 0, len(files))
	for _, file := range files {
		errs = append(errs, WriteFile(filepath.Join(dir, file.Name), file))
	}
	return errors.Join(errs...)
}

// WriteFile writes the file under the given path. The error is one line that names it; then
// there is no such file, rather than a part of one.
func WriteFile(path string, file File) error {
	if file.SaveAs != nil && file.SaveAs(path) == nil {
		return nil
	}
	out, err := os.Create(path) // #nosec G304 -- the user names the directory
	if err != nil {
		return unwritten(path, err)
	}
	buffered := bufio.NewWriter(out)
	err = file.Write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	info, statErr := out.Stat()
	if err = errors.Join(err, out.Close()); err == nil {
		return nil
	}
	if statErr == nil && info.Mode().IsRegular() {
		err = errors.Join(err, os.Remove(path))
	}
	return unwritten(path, err)
}

func unwritten(path string, err error) error {
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return fmt.Errorf("%s: can't be written: %w", path, err)
}
