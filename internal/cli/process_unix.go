//go:build unix

package cli

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// separate makes sure that a signal reaches the child once: k6 takes a second one as the wish
// to stop at once, without a summary. In the foreground of a terminal Ctrl-C goes to parent
// and child, so only other signals are to be forwarded. Anywhere else somebody may signal this
// process (kill, docker stop) or its whole group (timeout, a CI's runner); there the child
// gets a group of its own, and each signal is forwarded.
func separate(child *exec.Cmd) (forwards func(os.Signal) bool) {
	if inForeground() {
		return func(s os.Signal) bool { return s != os.Interrupt }
	}
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return func(os.Signal) bool { return true }
}

// inForeground says whether a terminal sends its Ctrl-C to this process.
func inForeground() bool {
	for _, file := range []*os.File{os.Stdin, os.Stdout, os.Stderr} {
		group, err := unix.IoctlGetInt(int(file.Fd()), unix.TIOCGPGRP)
		if err == nil && group == unix.Getpgrp() {
			return true
		}
	}
	return false
}
