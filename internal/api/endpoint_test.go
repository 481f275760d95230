package api_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
)

func TestParseEndpoint(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		// What OLLAMA_HOST accepts: the cases of Ollama's envconfig/config_test.go. What only a
		// server can do with an address (listen everywhere) means this machine to a client.
		"1.2.3.4":                    "http://1.2.3.4:11434",
		":1234":                      "http://127.0.0.1:1234",
		"1.2.3.4:1234":               "http://1.2.3.4:1234",
		"example.com":                "http://example.com:11434",
		"example.com:1234":           "http://example.com:1234",
		"[::1]":                      "http://[::1]:11434",
		"[::]":                       "http://[::1]:11434",
		"::":                         "http://[::1]:11434",
		"::1":                        "http://[::1]:11434",
		"[::1]:1337":                 "http://[::1]:1337",
		" 1.2.3.4 ":                  "http://1.2.3.4:11434",
		`"1.2.3.4"`:                  "http://1.2.3.4:11434",
		` " 1.2.3.4 " `:              "http://1.2.3.4:11434",
		"'1.2.3.4'":                  "http://1.2.3.4:11434",
		"http://1.2.3.4":             "http://1.2.3.4:80",
		"http://1.2.3.4:4321":        "http://1.2.3.4:4321",
		"https://1.2.3.4":            "https://1.2.3.4:443",
		"https://1.2.3.4:4321":       "https://1.2.3.4:4321",
		"https://example.com/ollama": "https://example.com:443/ollama",
		"ollama.com":                 "https://ollama.com:443",
		"0.0.0.0":                    "http://127.0.0.1:11434",
		"0.0.0.0:8080":               "http://127.0.0.1:8080",
		"http://:1234":               "http://127.0.0.1:1234",
		"example.com:":               "http://example.com:11434",
		"example.com/ollama":         "http://example.com:11434/ollama",
		"::1/ollama":                 "http://[::1]:11434/ollama",
		"http://::1":                 "http://[::1]:80",
		"fe80::1%eth0":               "http://[fe80::1%25eth0]:11434",
		"[fe80::1%eth0]:1234":        "http://[fe80::1%25eth0]:1234",
		"https://[fe80::1%25eth0]":   "https://[fe80::1%25eth0]:443",
		"2001:db8::7":                "http://[2001:db8::7]:11434",

		// The full address of a call, as the old script took it, with or without a prefix.
		"http://127.0.0.1:11434/api/generate":        "http://127.0.0.1:11434",
		"http://127.0.0.1:11434/api/generate/":       "http://127.0.0.1:11434",
		"http://127.0.0.1:11434/api/chat":            "http://127.0.0.1:11434",
		"http://127.0.0.1:11434/api":                 "http://127.0.0.1:11434",
		"http://127.0.0.1:11434/":                    "http://127.0.0.1:11434",
		"http://127.0.0.1:11434//api/generate":       "http://127.0.0.1:11434",
		"https://gw.example.com/llm/api/generate":    "https://gw.example.com:443/llm",
		"https://gw.example.com/api/ollama":          "https://gw.example.com:443/api/ollama",
		"https://gw.example.com/api/ollama/api/chat": "https://gw.example.com:443/api/ollama",
		"https://gw.example.com/llm///":              "https://gw.example.com:443/llm",
		"localhost:11434/api/embed":                  "http://localhost:11434",

		"HTTPS://Example.com":               "https://Example.com:443",
		"http://localhost:00080":            "http://localhost:80",
		"https://me:secret@example.com/llm": "https://example.com:443/llm",
		"me:secret@example.com":             "http://example.com:11434",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			endpoint, err := api.ParseEndpoint(text)
			require.NoError(t, err)
			assert.Equal(t, want, endpoint.String())
			assert.Equal(t, want+"/api/chat", endpoint.URL("/api/chat"))
			again, err := api.ParseEndpoint(endpoint.String())
			require.NoError(t, err)
			assert.Equal(t, endpoint.String(), again.String(), "an address is read as it is written")
		})
	}
}

func TestParseEndpointRejects(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		"":                           "the address is empty",
		"  ":                         "the address is empty",
		`""`:                         "the address is empty",
		"ftp://example.com":          `scheme "ftp", expected http or https`,
		"unix:///run/ollama.sock":    `scheme "unix"`,
		"://example.com":             `scheme ""`,
		"http://":                    "has no host",
		"http:///api/generate":       "has no host",
		"/":                          "has no host",
		"/api/generate":              "has no host",
		"http:/localhost:11434":      "no valid host name",
		"http//localhost:11434":      "no valid host name",
		"localhost:0":                `port "0", expected 1 to 65535`,
		"localhost:66000":            `port "66000", expected 1 to 65535`,
		"localhost:-1":               "invalid port",
		"localhost:abc":              "invalid port",
		":99999999999999999999":      "expected 1 to 65535",
		"local host":                 "invalid character",
		"host\nname":                 "no valid URL",
		"host\x00name":               "no valid URL",
		"a:1:2":                      "no valid",
		"[::1":                       "no valid",
		"[zzz]":                      "no valid",
		"<host>":                     "no valid host name",
		"{{host}}":                   "invalid character",
		"${OLLAMA_HOST}":             "invalid character",
		"http://example.com?x=1":     "query or fragment",
		"http://example.com/#there":  "query or fragment",
		"http://me:secret@host:nope": "no valid URL",
		"ftp://me:secret@host":       `scheme "ftp"`,
		"me:sec/ret@host":            "no valid URL",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			_, err := api.ParseEndpoint(text)
			require.ErrorIs(t, err, api.ErrEndpoint)
			assert.ErrorContains(t, err, why)
			assert.NotContains(t, err.Error(), "\n", "one line")
			if _, host, found := strings.Cut(text, "@"); found {
				assert.NotContains(t, err.Error(), "sec", "the password stays out of logs")
				assert.ErrorContains(t, err, "@"+host)
			} else if name := strings.Trim(text, ` "`); name != "" && !strings.ContainsAny(name, "\n\x00") {
				assert.ErrorContains(t, err, name)
			}
		})
	}
}

func TestEndpointParts(t *testing.T) {
	t.Parallel()
	endpoint, err := api.ParseEndpoint("https://me:secret@[fe80::1%eth0]:8443/llm/api/generate")
	require.NoError(t, err)
	assert.Equal(t, "fe80::1%eth0", endpoint.Hostname())
	assert.Equal(t, "8443", endpoint.Port())
	assert.Equal(t, "[fe80::1%eth0]:8443", endpoint.Label())
	assert.True(t, endpoint.Secure())
	assert.False(t, endpoint.Loopback())
	assert.Equal(t, url.UserPassword("me", "secret"), endpoint.Credentials())
	assert.NotContains(t, endpoint.String(), "secret")

	plain, err := api.ParseEndpoint("example.com")
	require.NoError(t, err)
	assert.Nil(t, plain.Credentials())
	assert.False(t, plain.Secure())
	assert.Equal(t, "example.com:11434", plain.Label())
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"localhost": true, "LocalHost:1": true, "127.0.0.1": true, "127.8.9.1": true, "::1": true,
		"0.0.0.0": true, ":1234": true,
		"10.0.0.1": false, "example.com": false, "localhost.example.com": false, "ollama.com": false,
	} {
		endpoint, err := api.ParseEndpoint(text)
		require.NoError(t, err)
		assert.Equal(t, want, endpoint.Loopback(), text)
	}
}

// Whatever the text is, it becomes an address that reads back as itself, or one line.
func FuzzParseEndpoint(f *testing.F) {
	for _, seed := range []string{
		"localhost", "http://127.0.0.1:11434/api/generate", "[fe80::1%eth0]:1", "::1", "a:b@c/d?e#f",
		"http:/x", "https://%25", "\"'", "http://host//api/api/chat/", "[::ffff:1.2.3.4]", "h:0", "%zz", "fe80::%2525",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		endpoint, err := api.ParseEndpoint(text)
		if err != nil {
			require.ErrorIs(t, err, api.ErrEndpoint)
			require.NotContains(t, err.Error(), "\n")
			return
		}
		again, err := api.ParseEndpoint(endpoint.String())
		require.NoError(t, err)
		require.Equal(t, endpoint.Label(), again.Label())
		if !strings.Contains(endpoint.String(), "/api") { // a prefix that looks like a call is cut again
			require.Equal(t, endpoint.String(), again.String())
		}
		u, err := url.Parse(endpoint.URL("/api/chat"))
		require.NoError(t, err)
		require.NotEmpty(t, u.Hostname())
		require.NotEmpty(t, u.Port())
		require.True(t, strings.HasSuffix(u.Path, "/api/chat"))
		require.Nil(t, u.User)
	})
}
