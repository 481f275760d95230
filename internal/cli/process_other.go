//go:build !unix

package cli

import (
	"os"
	"os/exec"
)

// separate leaves the child where it is: the console sends Ctrl-C to both.
func separate(*exec.Cmd) (forwards func(os.Signal) bool) {
	return func(os.Signal) bool { return false }
}
