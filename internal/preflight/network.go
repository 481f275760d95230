package preflight

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
)

// route is the first host on the way to a server: itself, or a proxy.
type route struct {
	host, port string
	proxied    bool
}

// routeTo asks HTTP_PROXY, HTTPS_PROXY and NO_PROXY, as k6 does.
func routeTo(endpoint api.Endpoint) route {
	direct := route{host: endpoint.Hostname(), port: endpoint.Port()}
	target, err := url.Parse(endpoint.String())
	if err != nil {
		return direct // it came from a URL, so this can't be
	}
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: target})
	if err != nil || proxy == nil {
		return direct // a proxy that is no URL fails the first request, which says so
	}
	ports := map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}
	return route{host: proxy.Hostname(), port: cmp.Or(proxy.Port(), ports[proxy.Scheme]), proxied: true}
}

func (r route) address() string { return net.JoinHostPort(r.host, r.port) }

func newTransport(options Options) *http.Transport {
	dialer := &net.Dialer{Timeout: options.Timeout, Resolver: options.Resolver}
	return &http.Transport{
		Proxy:             http.ProxyFromEnvironment,
		DialContext:       dialer.DialContext,
		TLSClientConfig:   tlsConfig(options),
		ForceAttemptHTTP2: true,
	}
}

func tlsConfig(options Options) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: options.InsecureTLS, // #nosec G402 -- only when the user says so, as k6 itself
	}
}

// resolve finds the addresses of the host.
func (c *checker) resolve(ctx context.Context) ([]netip.Addr, bool) {
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	start := time.Now()
	result := Result{Step: Resolve}
	if ip, err := netip.ParseAddr(c.route.host); err == nil {
		result.Detail = c.via(c.words.isAddress(ip))
		return []netip.Addr{ip}, c.pass(result)
	}
	addresses, err := c.options.Resolver.LookupNetIP(ctx, "ip", c.route.host)
	result.Duration = since(start)
	if err != nil {
		return nil, c.fail(result, c.failure(ctx, api.DNS, api.DNS, err))
	}
	for i, ip := range addresses {
		addresses[i] = ip.Unmap()
	}
	result.Detail = c.via(c.words.resolved(c.route.host, addresses))
	return addresses, c.pass(result)
}

// connect opens a connection to the first address that takes one.
func (c *checker) connect(ctx context.Context, addresses []netip.Addr) (net.Conn, bool) {
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	start := time.Now()
	var failed error
	for _, ip := range addresses {
		connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(ip.String(), c.route.port))
		if err == nil {
			detail := c.via(c.words.connected(connection.RemoteAddr()))
			return connection, c.pass(Result{Step: Connect, Duration: since(start), Detail: detail})
		}
		failed = cmp.Or(failed, err)
	}
	result := Result{Step: Connect, Duration: since(start)}
	return nil, c.fail(result, c.failure(ctx, api.Connect, api.TimeoutConnect, failed))
}

// handshake makes a TLS connection of a TCP one.
func (c *checker) handshake(ctx context.Context, connection net.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	start := time.Now()
	config := tlsConfig(c.options)
	config.ServerName = c.target.Endpoint.Hostname()
	secure := tls.Client(connection, config)
	err := secure.HandshakeContext(ctx)
	result := Result{Step: Handshake, Duration: since(start)}
	if err != nil {
		return c.fail(result, c.failure(ctx, api.TLS, api.TimeoutConnect, err))
	}
	state := secure.ConnectionState()
	result.Detail = c.words.secured(tls.VersionName(state.Version), state.PeerCertificates[0], c.options.InsecureTLS)
	return c.pass(result)
}

// via adds to a detail that the host is a proxy.
func (c *checker) via(detail string) string {
	if c.route.proxied {
		return c.words.proxy(c.route.address()) + detail
	}
	return detail
}

// failure says what kind of failure an error of the network is, in one line.
func (c *checker) failure(ctx context.Context, kind, timeout api.ErrorKind, err error) *api.Error {
	var slow net.Error
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return &api.Error{Kind: api.Canceled, Message: c.words.canceled, Err: err}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return &api.Error{Kind: timeout, Message: c.words.notWithin(c.options.Timeout), Err: err}
	}
	return &api.Error{Kind: kind, Message: api.Excerpt([]byte(cause(err))), Err: err}
}

// cause leaves out the operation, the network and the addresses, which the line says anyway.
func cause(err error) string {
	var name *net.DNSError
	if errors.As(err, &name) {
		return name.Name + ": " + name.Err // without the name server's address
	}
	var operation *net.OpError
	if errors.As(err, &operation) {
		return strings.TrimPrefix(operation.Err.Error(), "connect: ")
	}
	return err.Error()
}
