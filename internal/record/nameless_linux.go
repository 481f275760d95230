package record

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// namelessFile returns a file without a name. It is where the results of a test will most
// likely be: a name can be given to it only on the same file system.
func namelessFile() (*os.File, error) {
	for _, dir := range []string{".", os.TempDir()} {
		file, err := os.OpenFile(dir, unix.O_TMPFILE|os.O_RDWR, 0o666) // #nosec G302 G304 -- results are for everybody
		if err == nil {
			return file, nil
		}
	}
	return removedFile() // not every file system has nameless ones
}

// giveName gives the file a name, which may be that of another file. open(2) has the way, in
// its words on O_TMPFILE.
func giveName(file *os.File, path string) error {
	info, err := os.Lstat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%s: %w", path, fs.ErrExist)
	case err == nil:
		err = os.Remove(path)
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	}
	if err != nil {
		return err
	}
	// #nosec G115 -- a file descriptor is a small number
	self := fmt.Sprintf("/proc/self/fd/%d", int(file.Fd()))
	if err := unix.Linkat(unix.AT_FDCWD, self, unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW); err != nil {
		return &os.LinkError{Op: "linkat", Old: self, New: path, Err: err}
	}
	return nil
}
