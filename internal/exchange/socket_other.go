//go:build !linux || !(amd64 || arm64)

package exchange

import (
	"errors"
	"net"
)

// socket would read with the kernel's stamps, which are not to be had here.
type socket struct{}

func newSocket(net.Conn) *socket { return nil }

func (*socket) read([]byte) (int, instant, error) { return 0, 0, errors.ErrUnsupported }
