package simulator

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
)

// route is a path and what answers it, by method in the order of Ollama's Allow header.
type route struct {
	methods  []string
	handlers []http.HandlerFunc
}

func (s *Server) routes() map[string]route {
	post := func(h http.HandlerFunc) route { return route{[]string{"POST"}, []http.HandlerFunc{h}} }
	get := func(h http.HandlerFunc) route { return route{[]string{"GET"}, []http.HandlerFunc{h}} }
	headGet := func(h http.HandlerFunc) route { return route{[]string{"HEAD", "GET"}, []http.HandlerFunc{h, h}} }
	return map[string]route{
		"/":                    headGet(s.inquiry(false, greet)),
		"/api/version":         headGet(s.inquiry(false, version)),
		"/api/tags":            headGet(s.inquiry(false, tags)),
		"/api/ps":              get(s.inquiry(false, ps)),
		"/api/show":            post(s.inquiry(false, show)),
		"/api/pull":            post(s.inquiry(false, pull)),
		"/api/generate":        post(s.generation(false, generate)),
		"/api/chat":            post(s.generation(false, chat)),
		"/api/embed":           post(s.generation(false, embed)),
		"/api/embeddings":      post(s.generation(false, embeddings)),
		"/v1/completions":      post(s.generation(true, v1Completions)),
		"/v1/chat/completions": post(s.generation(true, v1Chat)),
		"/v1/embeddings":       post(s.generation(true, v1Embeddings)),
		"/v1/models":           get(s.inquiry(true, v1Models)),
	}
}

const v1ModelPrefix = "/v1/models/"

// handler finds the route of a request, with the errors and redirects of Ollama's router.
func (s *Server) handler() http.Handler {
	routes := s.routes()
	oneModel := route{[]string{"GET"}, []http.HandlerFunc{s.inquiry(true, v1Model)}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.hostAllowed(r.Host) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		path := r.URL.Path
		found, ok := routes[path]
		if name := strings.TrimPrefix(path, v1ModelPrefix); name != path && name != "" && !strings.Contains(name, "/") {
			found, ok = oneModel, true
		}
		if ok {
			found.serve(w, r)
			return
		}
		if other, exists := routes[strings.TrimSuffix(path, "/")]; exists && other.handler(r.Method) != nil {
			redirect(w, r, strings.TrimSuffix(path, "/"))
			return
		}
		plain(w, http.StatusNotFound, "404 page not found")
	})
}

func (t route) handler(method string) http.HandlerFunc {
	for i, m := range t.methods {
		if m == method {
			return t.handlers[i]
		}
	}
	return nil
}

func (t route) serve(w http.ResponseWriter, r *http.Request) {
	if handle := t.handler(r.Method); handle != nil {
		handle(w, r)
		return
	}
	w.Header().Set("Allow", strings.Join(t.methods, ", "))
	plain(w, http.StatusMethodNotAllowed, "405 method not allowed")
}

func redirect(w http.ResponseWriter, r *http.Request, path string) {
	status := http.StatusTemporaryRedirect
	if r.Method == http.MethodGet {
		status = http.StatusMovedPermanently
	}
	http.Redirect(w, r, path, status) // #nosec G710 -- path is one of the routes
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", typePlain)
	w.WriteHeader(status)
	_, _ = fmt.Fprint(w, text) // a client that is gone needs no answer
}

// hostAllowed says whether a Host header may be served: on loopback Ollama takes only names
// and addresses of this machine, against DNS rebinding.
func (s *Server) hostAllowed(host string) bool {
	if own, err := netip.ParseAddrPort(s.Addr()); err == nil && !own.Addr().IsLoopback() {
		return true
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(host)
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback() || addr.IsPrivate() || addr.IsUnspecified()
	}
	if own, err := os.Hostname(); err == nil && strings.EqualFold(host, own) {
		return true
	}
	return host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost") ||
		strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".internal")
}
