//go:build amd64 || arm64

package exchange

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
	"unsafe"
)

// socket reads from a TCP connection what came and when that was, as the kernel says: it
// stamps what comes in when it does, however late a client reads that is short of CPU. Of
// what came in several segments and is read at once it says when the last of them came.
//
// The scheduler is not told of the reading, which never blocks: while all goroutines wait,
// as for tokens that come one at a time, a system call of which it is told wakes a thread
// of the runtime that has nothing to do either, and that costs more than the reading.
type socket struct {
	tcp  *net.TCPConn
	raw  syscall.RawConn
	once func(fd uintptr) bool // readOnce, made a function once

	// Of the read that goes on; there is one at a time.
	buffer  syscall.Iovec
	message syscall.Msghdr
	control struct {
		syscall.Cmsghdr
		software [2]int64 // struct timespec: s and ns
		other    [4]int64 // and two more of which the kernel fills in none
	}
	n     int
	errno syscall.Errno
}

// Of the kernel's net_tstamp.h, which package syscall does not know.
const (
	stampRxSoftware = 1 << 3 // SOF_TIMESTAMPING_RX_SOFTWARE: stamp what comes in
	stampSoftware   = 1 << 4 // SOF_TIMESTAMPING_SOFTWARE: say so by the system's clock
)

// newSocket returns nil for a connection that is no socket, or where the kernel does not stamp.
func newSocket(conn net.Conn) *socket {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	var refused error
	err = raw.Control(func(fd uintptr) {
		refused = syscall.SetsockoptInt(
			int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMPING, stampRxSoftware|stampSoftware)
	})
	if err != nil || refused != nil {
		return nil
	}
	s := &socket{tcp: tcp, raw: raw}
	s.once = s.readOnce
	return s
}

// read reads as the connection does, and says when the last of what it returns came.
func (s *socket) read(p []byte) (n int, at instant, err error) {
	s.buffer.Base, s.buffer.Len = unsafe.SliceData(p), uint64(len(p)) // #nosec G103 -- as the system call wants it
	err = s.raw.Read(s.once)
	s.buffer.Base = nil
	switch {
	case err != nil:
		return 0, now(), s.failure(err)
	case s.errno != 0:
		return 0, now(), s.failure(os.NewSyscallError("read", s.errno))
	case s.n == 0 && len(p) > 0:
		return 0, now(), io.EOF
	}
	return s.n, s.arrival(), nil
}

// failure returns the error that the connection's own reading would.
func (s *socket) failure(err error) error {
	var raw *net.OpError
	if errors.As(err, &raw) {
		err = raw.Err
	}
	return &net.OpError{Op: "read", Net: "tcp", Source: s.tcp.LocalAddr(), Addr: s.tcp.RemoteAddr(), Err: err}
}

// readOnce returns false if there is nothing to read yet.
func (s *socket) readOnce(fd uintptr) bool {
	for {
		s.message = syscall.Msghdr{Iov: &s.buffer, Iovlen: 1}
		s.message.Control = (*byte)(unsafe.Pointer(&s.control)) // #nosec G103 -- as the system call wants it
		s.message.Controllen = uint64(unsafe.Sizeof(s.control))
		// #nosec G103 -- as the system call wants it
		n, _, errno := syscall.RawSyscall(syscall.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&s.message)), 0)
		s.n, s.errno = int(n), errno
		if errno != syscall.EINTR {
			return errno != syscall.EAGAIN
		}
	}
}

// arrival is when what was read came; now, if the kernel has not said. Clocks that are set
// meanwhile can't put it into the future.
func (s *socket) arrival() instant {
	read := time.Now()
	at := instant(read.Sub(loaded))
	if s.message.Controllen < uint64(unsafe.Sizeof(s.control)) ||
		s.control.Level != syscall.SOL_SOCKET || s.control.Type != syscall.SO_TIMESTAMPING {
		return at
	}
	stamp := time.Unix(s.control.software[0], s.control.software[1])
	return at - instant(max(read.Sub(stamp), 0))
}
