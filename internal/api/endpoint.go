package api

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
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
// or without a path prefix, all of it with or without quotes) or the full address of a
// call (`http://127.0.0.1:11434/api/generate`), as the script before us took it.
// As with OLLAMA_HOST, the port defaults to 11434, and to 80 or 443 where a scheme is
// given; no host before a port, or an unspecified one (0.0.0.0, ::), means this machine.
// Unlike Ollama, which falls back to the default port, a bad port is an error.
// The error is an ErrEndpoint of one line that names the text, without its password.
func ParseEndpoint(text string) (Endpoint, error) {
	text = strings.TrimSpace(strings.Trim(strings.TrimSpace(text), `"'`))
	if text == "" {
		return Endpoint{}, fmt.Errorf("%w: the address is empty", ErrEndpoint)
	}
	scheme, port, rest := splitScheme(text)
	if port == "" {
		return Endpoint{}, fmt.Errorf("%w: %q has the scheme %q, expected http or https",
			ErrEndpoint, shown(text), scheme)
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	u, err := url.Parse(scheme + "://" + bracketed(rest[:end]) + rest[end:])
	if err != nil {
		return Endpoint{}, fmt.Errorf("%w: %q is no valid URL%s", ErrEndpoint, shown(text), why(err, text))
	}
	if p := u.Port(); p != "" {
		port = p
	}
	number, err := strconv.Atoi(port)
	host := u.Hostname()
	switch {
	case err != nil || number < 1 || number > 65535:
		return Endpoint{}, fmt.Errorf("%w: %q has the port %q, expected 1 to 65535", ErrEndpoint, shown(text), port)
	case u.RawQuery != "" || u.Fragment != "":
		return Endpoint{}, fmt.Errorf("%w: %q has a query or fragment, expected none", ErrEndpoint, shown(text))
	case host == "" && u.Port() == "":
		return Endpoint{}, fmt.Errorf("%w: %q has no host", ErrEndpoint, shown(text))
	case host != "" && !validHost(host):
		return Endpoint{}, fmt.Errorf("%w: %q has no valid host name", ErrEndpoint, shown(text))
	}
	address := net.JoinHostPort(reachable(host), strconv.Itoa(number))
	return Endpoint{
		url:  url.URL{Scheme: scheme, Host: address, Path: basePath(u.Path)},
		user: u.User,
	}, nil
}

// splitScheme returns the scheme, the port it stands for ("" if the scheme is not
// Ollama's) and what comes after it.
func splitScheme(text string) (scheme, port, rest string) {
	scheme, rest, found := strings.Cut(text, "://")
	scheme = strings.ToLower(scheme)
	switch {
	case !found && strings.EqualFold(text, "ollama.com"): // as OLLAMA_HOST has it
		return "https", "443", text
	case !found:
		return "http", DefaultPort, text
	case scheme == "http":
		return scheme, "80", rest
	case scheme == "https":
		return scheme, "443", rest
	default:
		return scheme, "", rest
	}
}

// bracketed writes an IPv6 address as a URL has it: OLLAMA_HOST takes it without
// brackets, too, and with a zone (fe80::1%eth0), whose % a URL escapes.
func bracketed(hostport string) string {
	if user, at, found := cutLast(hostport, "@"); found {
		return user + "@" + bracketed(at)
	}
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		host, port = hostport, ""
		if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
			host = host[1 : len(host)-1]
		}
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || ip.Is4() {
		return hostport
	}
	zone := ip.Zone()
	escaped := len(zone) > 2 && strings.HasPrefix(zone, "25")
	if zone != "" && !escaped {
		host = strings.Replace(host, "%", "%25", 1)
	}
	if port != "" {
		port = ":" + port
	}
	return "[" + host + "]" + port
}

func validHost(host string) bool {
	if strings.Contains(host, ":") {
		ip, err := netip.ParseAddr(host)
		return err == nil && url.QueryEscape(ip.Zone()) == ip.Zone()
	}
	// "http" is the host of http:/example.com and http//example.com.
	return host != "http" && host != "https" && !strings.ContainsAny(host, " \t\"'<>\\^`{|}%")
}

// reachable returns an address to which one can connect.
func reachable(host string) string {
	ip, err := netip.ParseAddr(host)
	switch {
	case host == "", err == nil && ip == netip.IPv4Unspecified():
		return "127.0.0.1"
	case err == nil && ip == netip.IPv6Unspecified():
		return "::1"
	default:
		return host
	}
}

// shown is the text without the credentials that it may hold, for an error message.
func shown(text string) string {
	start, end := 0, strings.LastIndex(text, "@")
	if end < 0 {
		return text
	}
	if scheme, _, found := strings.Cut(text, "://"); found {
		start = len(scheme) + len("://")
	}
	return text[:min(start, end)] + "…" + text[end:]
}

// why is what net/url says, unless it might quote a password.
func why(err error, text string) string {
	var cause *url.Error
	if !errors.As(err, &cause) || strings.Contains(text, "@") {
		return ""
	}
	return ": " + cause.Err.Error()
}

// basePath cuts the path of a call, if it is one, down to the prefix before it.
func basePath(path string) string {
	path = strings.TrimRight(path, "/")
	before, call, found := cutLast(path, "/api/")
	// /api/ollama is a prefix of a proxy, /api/generate the path of a call.
	if found && slices.Contains(calls, call) {
		path = before
	}
	return strings.TrimRight(strings.TrimSuffix(path, "/api"), "/")
}

func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}

// calls are the names below /api/ that people have at hand as an address.
var calls = []string{
	"generate", "chat", "embed", "embeddings", "tags", "show", "ps", "version", "pull",
	"push", "create", "copy", "delete",
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
