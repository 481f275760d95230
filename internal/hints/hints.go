// Package hints says in one line what to do about a failed request.
package hints

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/locale"
)

// Facts is what is known of a failure. Any field may be empty.
type Facts struct {
	Endpoint string   // base address of the server
	Model    string   // the model that was asked for
	Models   []string // the models that the server has; nil if it did not say, empty if none
	Status   int      // HTTP; 0 if no answer came
}

// maxModels is how many of a server's models a hint names; it counts the others.
const maxModels = 8

// For returns the hint for a kind of failure, in one line without a line break. A kind that
// it does not know gets the advice to look at the server's log.
func For(kind api.ErrorKind, f Facts, l locale.Locale) string {
	phrases := english
	if l == locale.Korean {
		phrases = korean
	}
	endpoint, err := api.ParseEndpoint(f.Endpoint) // the zero one if it is none
	known := err == nil
	place := situationOf(kind, f.Status, endpoint)
	text, ok := phrases.situations[place]
	if !ok {
		text = phrases.situations[situation(api.ServerError)]
	}
	if place == situation(api.ModelNotFound) {
		text += phrases.models(f.Models)
	}
	host, port, address, prefix := "HOST", api.DefaultPort, "OLLAMA_HOST", ""
	if known {
		host, port, address = endpoint.Hostname(), endpoint.Port(), endpoint.String()
		if address != api.DefaultHost {
			prefix = "OLLAMA_HOST=" + address + " "
		}
	}
	return oneLine(strings.NewReplacer(
		"{host}", host,
		"{port}", port,
		"{address}", address,
		"{env}", prefix,
		"{model}", orElse(f.Model, "MODEL"),
	).Replace(text))
}

// situation is an error kind, or one of its cases below.
type situation api.ErrorKind

const (
	connectLocal  situation = "connect, on this machine"
	forbidden     situation = "unauthorized, 403"
	plainToSecure situation = "tls, HTTP spoken to an HTTPS port"
	notThere      situation = "http_4xx, 404"
	badGateway    situation = "http_5xx, from a proxy"
)

// HTTP's status codes; this package knows no network, so not net/http either.
const (
	statusForbidden      = 403
	statusNotFound       = 404
	statusBadGateway     = 502
	statusGatewayTimeout = 504
)

// situationOf needs the endpoint, which is the zero one where it is not known.
func situationOf(kind api.ErrorKind, status int, endpoint api.Endpoint) situation {
	known := endpoint != api.Endpoint{}
	switch {
	case kind == api.Connect && known && endpoint.Loopback():
		return connectLocal
	case kind == api.Unauthorized && status == statusForbidden:
		return forbidden
	case kind == api.TLS && known && !endpoint.Secure():
		return plainToSecure
	case kind == api.HTTP4xx && status == statusNotFound:
		return notThere
	case kind == api.HTTP5xx && (status == statusBadGateway || status == statusGatewayTimeout):
		return badGateway
	}
	return situation(kind)
}

// phrases are the hints in one language. {host}, {port}, {address} and {model} stand for the
// facts; {env} is the OLLAMA_HOST=… that the ollama command needs for this server, if any.
type phrases struct {
	situations map[situation]string
	noModels   string // after model_not_found, where the server has none
	someModels string // the models that are there: %s
	moreModels string // how many more: %d
}

func (p phrases) models(names []string) string {
	switch {
	case names == nil:
		return ""
	case len(names) == 0:
		return p.noModels
	}
	shown := names[:min(len(names), maxModels)]
	list := strings.Join(shown, ", ")
	if rest := len(names) - len(shown); rest > 0 {
		list += fmt.Sprintf(p.moreModels, rest)
	}
	return fmt.Sprintf(p.someModels, list)
}

// oneLine replaces what would move a terminal's cursor; names and addresses are other people's.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
