package exchange_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/exchange"
)

// elsewhere is a connection that says it is one between two given addresses.
type elsewhere struct {
	net.Conn
	here, there net.Addr
}

func (e elsewhere) LocalAddr() net.Addr  { return e.here }
func (e elsewhere) RemoteAddr() net.Addr { return e.there }

// The host is the machine that was connected to, by whatever name: two names of one machine
// are to be known as such.
func TestHost(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { send(w, token+done) }))
	t.Cleanup(server.Close)
	address := func(text string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(text)) }
	for name, c := range map[string]struct {
		here, there net.Addr
		want        string
	}{
		"another machine":   {address("192.0.2.5:40000"), address("203.0.113.10:80"), "203.0.113.10"},
		"IPv4 within IPv6":  {address("192.0.2.5:40000"), address("[::ffff:203.0.113.10]:80"), "203.0.113.10"},
		"IPv6":              {address("[2001:db8::1]:40000"), address("[2001:db8::2]:80"), "2001:db8::2"},
		"the loopback":      {address("127.0.0.1:40000"), address("127.0.0.2:80"), api.ThisMachine},
		"its own address":   {address("192.0.2.5:40000"), address("192.0.2.5:80"), api.ThisMachine},
		"not a TCP address": {&net.UnixAddr{}, &net.UnixAddr{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", server.Listener.Addr().String())
				return elsewhere{conn, c.here, c.there}, err
			}}
			t.Cleanup(transport.CloseIdleConnections)
			outcome := exchange.Do(t.Context(), exchange.Client{Transport: transport}, generate("http://gpu.example:80"))
			require.Nil(t, outcome.Err)
			assert.Equal(t, c.want, outcome.Host)
		})
	}
}

// A proxy is where the connection goes; where the server is, only the proxy knows.
func TestHostBehindProxy(t *testing.T) {
	t.Parallel()
	proxy, _ := httpServer(t, func(w http.ResponseWriter, _ *http.Request) { send(w, token+done) })
	address, err := url.Parse(proxy)
	require.NoError(t, err)
	transport := &http.Transport{Proxy: http.ProxyURL(address)}
	t.Cleanup(transport.CloseIdleConnections)
	outcome := exchange.Do(t.Context(), exchange.Client{Transport: transport}, generate("http://gpu.example:11434"))
	require.Nil(t, outcome.Err)
	assert.Empty(t, outcome.Host)
}
