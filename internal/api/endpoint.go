package api

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// DefaultPort is the port on which Ollama listens.
const DefaultPort = "11434"

// DefaultHost is where a client looks for Ollama when nobody says otherwise.
const DefaultHost = "http://127.0.0.1:" + DefaultPort

// ErrEndpoint is the error of a text that names no endpoint; test with errors.Is.
var ErrEndpoint = errors.New("not an Ollama endpoint")

// Endpoint is the base address of an Ollama server: scheme, host, port and, behind a
// proxy, a path prefix. It has no trailing slash and no credentials.
type Endpoint struct {
	url  url.URL
	user *url.Userinfo
}

// ParseEndpoint reads what OLLAMA_HOST accepts (`host`, `host:port`, `[::1]`, a URL with
// or without a path prefix) or the full address of a call
// (`http://127.0.0.1:11434/api/generate`), as the script before us took it.
// As with OLLAMA_HOST, the port defaults to 11434, and to 80 or 443 where a scheme is
// given; an unspecified address (0.0.0.0, ::) means this machine.
func ParseEndpoint(text string) (Endpoint, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Endpoint{}, fmt.Errorf("%w: the address is empty", ErrEndpoint)
	}
	scheme, rest, hasScheme := strings.Cut(text, "://")
	if !hasScheme {
		scheme, rest = "http", text
	}
	scheme = strings.ToLower(scheme)
	port := DefaultPort
	switch {
	case scheme != "http" && scheme != "https":
		return Endpoint{}, fmt.Errorf("%w: %q has the scheme %q, expected http or https", ErrEndpoint, text, scheme)
	case hasScheme && scheme == "http":
		port = "80"
	case hasScheme:
		port = "443"
	}
	// A bare IPv6 address is a valid OLLAMA_HOST, but no valid URL.
	if ip := net.ParseIP(rest); ip != nil && strings.Contains(rest, ":") {
		rest = "[" + rest + "]"
	}
	u, err := url.Parse(scheme + "://" + rest)
	if err != nil {
		var cause *url.Error
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return Endpoint{}, fmt.Errorf("%w: %q: %w", ErrEndpoint, text, err)
	}
	host := u.Hostname()
	if p := u.Port(); p != "" {
		port = p
	}
	number, err := strconv.Atoi(port)
	switch {
	case err != nil || number < 1 || number > 65535:
		return Endpoint{}, fmt.Errorf("%w: %q has the port %q, expected 1 to 65535", ErrEndpoint, text, port)
	case host == "":
		if hasScheme || !strings.HasPrefix(rest, ":") {
			return Endpoint{}, fmt.Errorf("%w: %q has no host", ErrEndpoint, text)
		}
		host = "127.0.0.1"
	case strings.ContainsAny(host, " \t\"'<>\\^`{|}"):
		return Endpoint{}, fmt.Errorf("%w: %q has no valid host name", ErrEndpoint, text)
	case u.RawQuery != "" || u.Fragment != "":
		return Endpoint{}, fmt.Errorf("%w: %q has a query or fragment, expected none", ErrEndpoint, text)
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip.To4() == nil {
			host = "::1"
		}
	}
	user := u.User
	return Endpoint{
		url:  url.URL{Scheme: scheme, Host: net.JoinHostPort(host, port), Path: basePath(u.Path)},
		user: user,
	}, nil
}

// basePath cuts the path of a call, if it is one, down to the prefix before it.
func basePath(path string) string {
	path = strings.TrimRight(path, "/")
	if i := strings.LastIndex(path, "/api/"); i >= 0 {
		return path[:i]
	}
	return strings.TrimSuffix(path, "/api")
}

// String returns the base address, without credentials.
func (e Endpoint) String() string { return e.url.String() }

// Label returns host:port, the default name of a target.
func (e Endpoint) Label() string { return e.url.Host }

// Hostname returns the host without its port.
func (e Endpoint) Hostname() string { return e.url.Hostname() }

// Port returns the port.
func (e Endpoint) Port() string { return e.url.Port() }

// Secure says whether the endpoint is reached over TLS.
func (e Endpoint) Secure() bool { return e.url.Scheme == "https" }

// Credentials returns the user and password of the address, nil if it had none.
func (e Endpoint) Credentials() *url.Userinfo { return e.user }

// Loopback says whether the endpoint is on this machine by its address or by the
// name localhost.
func (e Endpoint) Loopback() bool {
	host := e.Hostname()
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// URL returns the address of a call, such as URL("/api/chat").
func (e Endpoint) URL(path string) string {
	u := e.url
	u.Path += path
	return u.String()
}
