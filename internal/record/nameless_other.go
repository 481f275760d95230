//go:build !linux

package record

import (
	"errors"
	"os"
)

func namelessFile() (*os.File, error) { return removedFile() }

// giveName is what no other system can do.
func giveName(*os.File, string) error { return errors.ErrUnsupported }
