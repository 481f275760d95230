package main

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// pace is how a server answers.
type pace struct {
	ttft time.Duration // from the arrival of a request to its first token
	itl  time.Duration // between tokens; 0: as fast as the client reads
	// inTurn has each stream keep the time at which its request came. Otherwise streams are spread
	// evenly, so that tokens come alone whatever the client.
	inTurn bool
}

// linesAFlush is how many lines the server writes at once if it answers as fast as it can.
const linesAFlush = 32

// truth is what really happened to one request, in Unix nanoseconds.
type truth struct {
	arrived int64   // the kernel had the request
	tokens  []int64 // each token began to be written; nil if written as fast as possible
	ended   int64   // the last line began to be written
}

// server answers every request as Ollama's /api/generate does, in one thread that does
// nothing else, so that it is never what is measured: a token costs it one write.
type server struct {
	pace  pace
	url   string
	epoll int
	timer int
	stop  int // an eventfd

	conns map[int]*conn // by file descriptor
	due   queue

	mu       sync.Mutex
	requests []*truth // by number
	err      error

	open   atomic.Int64 // answers that have begun and not ended
	tokens atomic.Int64 // written so far
	done   chan struct{}

	// onRequest, if set, is called with the number of each request before it is answered.
	onRequest func(number int)
}

// conn is a connection with at most one request at a time.
type conn struct {
	fd    int
	in    []byte // what has come of a request
	rest  []byte // what is to be written yet
	truth *truth // of the request being answered
	id    int
	total int   // tokens of the answer
	left  int   // tokens to be written yet
	next  int64 // when, in Unix nanoseconds
	place int   // in the queue; -1 if not there
}

// startServer listens on a port of 127.0.0.1 and answers until close.
func startServer(p pace, onRequest func(number int)) (*server, error) {
	s := &server{pace: p, conns: map[int]*conn{}, done: make(chan struct{}), onRequest: onRequest}
	listener, err := s.listen()
	if err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	go func() {
		runtime.LockOSThread()
		defer close(s.done)
		if err := s.serve(listener); err != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.err = fmt.Errorf("the server broke: %w", err)
		}
	}()
	return s, nil
}

func (s *server) listen() (int, error) {
	listener, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	s.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return 0, err
	}
	s.timer, err = unix.TimerfdCreate(unix.CLOCK_REALTIME, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return 0, err
	}
	s.stop, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return 0, err
	}
	const stamps = unix.SOF_TIMESTAMPING_RX_SOFTWARE | unix.SOF_TIMESTAMPING_SOFTWARE
	const backlog = 4096
	var port int
	for _, step := range []func() error{
		// Connections inherit the stamps from the listener, so that not even the first request lacks one.
		func() error { return unix.SetsockoptInt(listener, unix.SOL_SOCKET, unix.SO_TIMESTAMPING, stamps) },
		func() error { return unix.SetsockoptInt(listener, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) },
		func() error { return unix.Bind(listener, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}) },
		func() error { return unix.Listen(listener, backlog) },
		func() (err error) { port, err = boundPort(listener); return err },
		func() error { return s.watch(listener, unix.EPOLLIN) },
		func() error { return s.watch(s.timer, unix.EPOLLIN) },
		func() error { return s.watch(s.stop, unix.EPOLLIN) },
	} {
		if err := step(); err != nil {
			return 0, err
		}
	}
	s.url = fmt.Sprintf("http://127.0.0.1:%d", port)
	return listener, nil
}

func boundPort(listener int) (int, error) {
	address, err := unix.Getsockname(listener)
	if err != nil {
		return 0, err
	}
	inet, ok := address.(*unix.SockaddrInet4)
	if !ok {
		return 0, fmt.Errorf("the listener has a %T", address)
	}
	return inet.Port, nil
}

func (s *server) watch(fd int, events uint32) error {
	// #nosec G115 -- a file descriptor is a small number
	return unix.EpollCtl(s.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

// close ends the server and returns what happened to the requests, by their number.
func (s *server) close() ([]*truth, error) {
	_, err := unix.Write(s.stop, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	if err != nil {
		return nil, fmt.Errorf("stopping the server: %w", err)
	}
	<-s.done
	_ = unix.Close(s.stop) // closed by the thread, its number might have been another file's by the time it was written to
	return s.requests, s.err
}

var errStopped = errors.New("stopped")

func (s *server) serve(listener int) error {
	defer func() {
		for fd := range s.conns {
			_ = unix.Close(fd) // the test is over
		}
		for _, fd := range []int{listener, s.timer, s.epoll} {
			_ = unix.Close(fd)
		}
	}()
	events := make([]unix.EpollEvent, 256)
	for {
		n, err := unix.EpollWait(s.epoll, events, -1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		for _, event := range events[:max(n, 0)] {
			err := s.handle(listener, event)
			if errors.Is(err, errStopped) {
				return nil
			}
			if err != nil {
				return err
			}
		}
		if err := s.writeDue(); err != nil {
			return err
		}
	}
}

func (s *server) handle(listener int, event unix.EpollEvent) error {
	switch fd := int(event.Fd); fd {
	case s.stop:
		return errStopped
	case s.timer:
		var expirations [8]byte
		_, err := unix.Read(fd, expirations[:])
		if errors.Is(err, unix.EAGAIN) {
			return nil // it was set anew meanwhile
		}
		return err
	case listener:
		return s.accept(listener)
	default:
		c := s.conns[fd]
		if c == nil {
			return nil
		}
		if len(c.rest) > 0 && c.place < 0 && event.Events&unix.EPOLLOUT != 0 {
			c.next = 0
			s.enqueue(c)
		}
		if event.Events&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
			return s.read(c)
		}
		return nil
	}
}

func (s *server) accept(listener int) error {
	for {
		fd, _, err := unix.Accept4(listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if errors.Is(err, unix.EAGAIN) {
			return nil
		}
		if err != nil {
			return err
		}
		s.conns[fd] = &conn{fd: fd, place: -1}
		if err := s.watch(fd, unix.EPOLLIN|unix.EPOLLOUT|unix.EPOLLET); err != nil {
			return err
		}
	}
}

// read takes in what there is of a request, and begins the answer when it is whole.
func (s *server) read(c *conn) error {
	var piece [16 << 10]byte
	var control [256]byte
	for {
		n, size, _, _, err := unix.Recvmsg(c.fd, piece[:], control[:], 0)
		switch {
		case errors.Is(err, unix.EAGAIN):
			return nil
		case n <= 0 || err != nil:
			s.drop(c)
			return nil //nolint:nilerr // the client has left, which is its business
		}
		if c.truth != nil {
			return errors.New("a request came before the answer to the last was written")
		}
		c.in = append(c.in, piece[:n]...)
		tokens, whole, err := parseRequest(c.in)
		if err != nil {
			return err
		}
		if whole {
			c.in = c.in[:0]
			s.begin(c, tokens, arrival(control[:size]))
		}
	}
}

func (s *server) drop(c *conn) {
	if c.truth != nil {
		s.open.Add(-1)
	}
	s.dequeue(c)
	delete(s.conns, c.fd)
	_ = unix.Close(c.fd) // the client has left it
}

// arrival is when the kernel got the bytes that were read, now if it does not say.
func arrival(control []byte) int64 {
	messages, err := unix.ParseSocketControlMessage(control)
	if err == nil {
		for _, m := range messages {
			if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_TIMESTAMPING &&
				len(m.Data) >= 16 {
				seconds, rest := binary.NativeEndian.Uint64(m.Data), binary.NativeEndian.Uint64(m.Data[8:])
				return int64(seconds*uint64(time.Second) + rest) // #nosec G115 -- a time of this century
			}
		}
	}
	return time.Now().UnixNano()
}

// parseRequest returns how many tokens a request asks for, once it is whole.
func parseRequest(in []byte) (tokens int, whole bool, err error) {
	end := bytes.Index(in, []byte("\r\n\r\n"))
	if end < 0 {
		return 0, false, nil
	}
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(in)))
	if err != nil {
		return 0, false, fmt.Errorf("reading a request: %w", err)
	}
	defer request.Body.Close() //nolint:errcheck // bytes in memory
	if int64(len(in)-end-len("\r\n\r\n")) < request.ContentLength {
		return 0, false, nil
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return 0, false, fmt.Errorf("reading the body of a request: %w", err)
	}
	var asked struct {
		Options struct {
			NumPredict int `json:"num_predict"`
		} `json:"options"`
	}
	if err := json.Unmarshal(body, &asked); err != nil {
		return 0, false, fmt.Errorf("the body %q of a request: %w", body, err)
	}
	if asked.Options.NumPredict < 1 {
		return 0, false, fmt.Errorf("the body %q asks for no tokens", body)
	}
	return asked.Options.NumPredict, true, nil
}

func (s *server) begin(c *conn, tokens int, arrived int64) {
	s.mu.Lock()
	number := len(s.requests)
	c.truth = &truth{arrived: arrived}
	s.requests = append(s.requests, c.truth)
	s.mu.Unlock()
	if s.onRequest != nil {
		s.onRequest(number)
	}
	c.id, c.total, c.left, c.next = number, tokens, tokens, arrived+s.pace.ttft.Nanoseconds()
	if s.pace.itl > 0 {
		c.truth.tokens = make([]int64, 0, tokens)
		if !s.pace.inTurn {
			c.next += phase(number, s.pace.itl)
		}
	}
	s.open.Add(1)
	s.enqueue(c)
}

// phase spreads streams evenly over the time between two tokens, however many there are:
// multiples of the golden ratio, modulo 1.
func phase(number int, itl time.Duration) int64 {
	const golden = 0.6180339887498949
	turns := float64(number) * golden
	return int64((turns - float64(int(turns))) * float64(itl))
}

// writeDue writes what is due, and sets the timer for what comes next.
func (s *server) writeDue() error {
	for len(s.due) > 0 {
		c := s.due[0]
		if c.next > time.Now().UnixNano() {
			break
		}
		s.dequeue(c)
		if err := s.write(c); err != nil {
			return err
		}
	}
	var alarm unix.ItimerSpec
	if len(s.due) > 0 {
		alarm.Value = unix.NsecToTimespec(max(s.due[0].next, 1))
	}
	return unix.TimerfdSettime(s.timer, unix.TFD_TIMER_ABSTIME, &alarm, nil)
}

func (s *server) write(c *conn) error {
	if s.pace.itl == 0 {
		return s.writeFast(c)
	}
	var piece []byte
	if c.left == c.total {
		piece = append(piece, head...)
	}
	now := time.Now().UnixNano()
	if c.left > 0 {
		piece = append(piece, lines[c.left%len(lines)]...)
		c.truth.tokens = append(c.truth.tokens, now)
		s.tokens.Add(1)
		c.left--
		c.next += s.pace.itl.Nanoseconds()
		s.enqueue(c)
	} else {
		piece = append(piece, c.last()...)
		s.end(c, now)
	}
	n, err := unix.Write(c.fd, piece)
	if errors.Is(err, unix.EAGAIN) || err == nil && n < len(piece) {
		return errors.New("the client is so far behind that its socket is full")
	}
	if err != nil {
		s.drop(c)
	}
	return nil
}

// writeFast writes until the socket is full or another stream may have a turn.
func (s *server) writeFast(c *conn) error {
	if c.left == c.total {
		c.fill()
		c.rest = append([]byte(head), c.rest...)
	}
	for range 64 {
		if len(c.rest) == 0 {
			c.fill()
		}
		n, err := unix.Write(c.fd, c.rest)
		if errors.Is(err, unix.EAGAIN) {
			return nil // epoll says when there is room
		}
		if err != nil {
			s.drop(c)
			return nil //nolint:nilerr // the client has left, and notices that itself
		}
		c.rest = c.rest[n:]
		if len(c.rest) == 0 && c.left < 0 {
			s.tokens.Add(int64(c.total))
			s.end(c, time.Now().UnixNano())
			return nil
		}
	}
	c.next = 1
	s.enqueue(c)
	return nil
}

// fill takes the next flush in hand.
func (c *conn) fill() {
	switch {
	case c.left >= linesAFlush:
		c.rest = flush
		c.left -= linesAFlush
	case c.left > 0:
		c.rest = lines[c.left%len(lines)]
		c.left--
	default:
		c.rest = c.last()
		c.left = -1
	}
}

func (s *server) end(c *conn, at int64) {
	c.truth.ended = at
	c.truth, c.rest = nil, nil
	s.open.Add(-1)
}

// last is the line that ends an answer, and the end of the body. Its context is the number
// of the request, by which a client's log and the truth find each other.
func (c *conn) last() []byte {
	return append(chunk(fmt.Sprintf(`{"model":%q,"created_at":%q,"response":"","done":true,"done_reason":"stop",`+
		`"context":[%d],"total_duration":1000000,"load_duration":1000,"prompt_eval_count":8,`+
		`"prompt_eval_duration":1000,"eval_count":%d,"eval_duration":998000}`+"\n",
		model, createdAt(c.id), c.id, c.total)), "0\r\n\r\n"...)
}

const (
	model = "llama3.2:1b"
	head  = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n" +
		"Date: Mon, 23 Nov 2026 14:20:19 GMT\r\nTransfer-Encoding: chunked\r\n\r\n"
)

// lines are the lines of tokens, each an HTTP chunk; flush is linesAFlush of them as Go's
// HTTP server, which is Ollama's, sends what is written to it before it is flushed: chunks of
// 2,048 bytes.
var lines, flush = func() (lines [][]byte, flush []byte) {
	var all string
	for i := range linesAFlush {
		words := []string{" the", " sky", " is", " blue", ",", " because", "\n\n", " light", " scatters", "\"", " é"}
		word, err := json.Marshal(words[i%len(words)])
		if err != nil { // a string always marshals
			panic(err)
		}
		line := fmt.Sprintf(`{"model":%q,"created_at":%q,"response":%s,"done":false}`+"\n", model, createdAt(i), word)
		lines = append(lines, chunk(line))
		all += line
	}
	for all != "" {
		n := min(len(all), 2048)
		flush = append(flush, chunk(all[:n])...)
		all = all[n:]
	}
	return lines, flush
}()

// createdAt is a time as Ollama writes it: without the zeros at its end.
func createdAt(i int) string {
	return time.Date(2026, 11, 23, 14, 20, 19, 439_202_540+i%60, time.UTC).Format(time.RFC3339Nano)
}

func chunk(text string) []byte { return fmt.Appendf(nil, "%x\r\n%s\r\n", len(text), text) }

// queue is a heap of connections by the time of their next write.
type queue []*conn

func (s *server) enqueue(c *conn) {
	if c.place < 0 {
		heap.Push(&s.due, c)
	}
}

func (s *server) dequeue(c *conn) {
	if c.place >= 0 {
		heap.Remove(&s.due, c.place)
	}
}

// Len implements heap.Interface.
func (q queue) Len() int { return len(q) }

// Less implements heap.Interface.
func (q queue) Less(i, j int) bool { return q[i].next < q[j].next }

// Swap implements heap.Interface.
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

// Push implements heap.Interface.
func (q *queue) Push(x any) {
	c := x.(*conn) //nolint:errcheck // only conns are pushed
	c.place = len(*q)
	*q = append(*q, c)
}

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	last.place = -1
	return last
}
