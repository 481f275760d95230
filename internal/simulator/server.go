package simulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server is a running simulated server.
type Server struct {
	config    Config
	listener  net.Listener
	http      *http.Server
	shelf     *shelf
	scheduler *scheduler
	truth     truthLog
	requests  atomic.Int64 // generation requests so far
	others    atomic.Int64 // all other requests so far
	cancel    context.CancelFunc
	closing   chan struct{} // closed when no more requests are taken
	closeOnce sync.Once
	serveErr  chan error   // gets one value, then is closed
	gate      sync.RWMutex // generation requests hold it for reading
	shut      bool         // under gate: no request may begin any more
}

// Start validates config, listens, and serves until Close, or until ctx ends, which cuts
// all streams. A *ConfigError says what is wrong with config.
func Start(ctx context.Context, config Config) (*Server, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(config.Addr) // validated
	if host == "" {
		host = "127.0.0.1"
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("simulator: cannot listen on %s: %w", config.Addr, err)
	}
	life, cancel := context.WithCancel(ctx)
	s := &Server{
		config: config, listener: listener, cancel: cancel,
		shelf:     newShelf(config.Models, config.AnyModel),
		scheduler: newScheduler(life, config),
		truth:     truthLog{out: config.Truth},
		closing:   make(chan struct{}),
		serveErr:  make(chan error, 1),
	}
	s.http = &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: time.Minute,
		BaseContext:       func(net.Listener) context.Context { return life },
	}
	go s.scheduler.run()
	go s.serve()
	context.AfterFunc(life, func() { _ = s.http.Close() }) // Close reports; here nobody asks
	return s, nil
}

func (s *Server) serve() {
	defer close(s.serveErr)
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		s.serveErr <- fmt.Errorf("simulator: serving: %w", err)
	}
}

// Addr returns the address on which the server listens, host:port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URL returns the base address for clients: http://host:port.
func (s *Server) URL() string {
	host, port, _ := net.SplitHostPort(s.Addr())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Close takes no more requests and waits for those that run; when ctx ends first, it cuts
// them and returns the error of ctx. Afterwards nothing is written to Config.Truth any more;
// the first error of writing it is returned, too.
func (s *Server) Close(ctx context.Context) error {
	s.closeOnce.Do(func() { close(s.closing) })
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = fmt.Errorf("simulator: requests were still running: %w", err)
	}
	s.cancel()
	if closeErr := s.http.Close(); closeErr != nil && err == nil {
		err = fmt.Errorf("simulator: closing: %w", closeErr)
	}
	s.gate.Lock() // once all requests have ended
	s.shut = true
	s.gate.Unlock()
	return errors.Join(err, <-s.serveErr, s.truth.failure())
}

// TruthError returns the first error of writing Config.Truth, nil if there was none.
func (s *Server) TruthError() error { return s.truth.failure() }
