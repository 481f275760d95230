package api

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
)

// StatusError returns the *Error of an answer whose status is not 200 to 299, from its
// status, content type and body.
func StatusError(status int, contentType string, body []byte) *Error {
	message := bodyMessage(status, contentType, body)
	return &Error{Kind: statusKind(status, message), Message: message, Status: status}
}

func statusKind(status int, message string) ErrorKind {
	switch {
	case status == http.StatusBadRequest && plainHTTPToTLS(message):
		return TLS
	case status == http.StatusBadRequest:
		return InvalidRequest
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return Unauthorized
	case status == http.StatusNotFound && strings.HasPrefix(message, "model ") && strings.Contains(message, "not found"):
		return ModelNotFound
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return Overloaded
	case status >= 500:
		return HTTP5xx
	case status >= 400:
		return HTTP4xx
	default:
		return Decode // a redirect that was not followed, or no content: not what Ollama sends
	}
}

// plainHTTPToTLS recognises what Go, nginx and Apache answer on a TLS port.
func plainHTTPToTLS(message string) bool {
	return strings.Contains(message, "HTTP request to an HTTPS server") ||
		strings.Contains(message, "plain HTTP request was sent to HTTPS port") ||
		strings.Contains(message, "speaking plain HTTP to an SSL-enabled server port")
}

func bodyMessage(status int, contentType string, body []byte) string {
	var answer struct {
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(body, &answer) == nil {
		if text := errorText(answer.Error); text != "" {
			return text
		}
	}
	name := strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
	media, _, _ := strings.Cut(contentType, ";")
	if strings.HasSuffix(media, "html") {
		name = fmt.Sprintf("%s (%s)", name, media)
		body = []byte(html.UnescapeString(tags.ReplaceAllString(string(body), " ")))
	}
	text := Excerpt(body)
	if text == "" {
		return name
	}
	return fmt.Sprintf("%s: %s", name, text)
}

// tags are the parts of an HTML page that a person would not read. Leaving them out is
// enough for an error message, which is all that it is for.
var tags = regexp.MustCompile(`(?is)<(?:script|style)\b.*?(?:</(?:script|style)[^>]*>|$)|<[^>]*(?:>|$)`)
