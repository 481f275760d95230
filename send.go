package ollama

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/lib/netext/httpext"
	"go.k6.io/k6/v2/metrics"
)

// sender sends requests the way k6/http does, through the VU's transport and k6's own code
// for it, so that DNS, hosts, TLS, proxies, cookies, rps, http-debug and the
// http_req_* metrics with their tags are the same. k6 reads the body to its end and
// drops it; the exchange has seen each piece by then.
type sender struct {
	ctx       context.Context
	state     *lib.State
	transport http.RoundTripper
	tags      metrics.TagsAndMeta
}

// Send implements exchange.Sender.
func (s *sender) Send(req *http.Request, observe func(http.RoundTripper) http.RoundTripper) error {
	if userAgent := s.state.Options.UserAgent; userAgent.String != "" && req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", userAgent.String)
	}
	state := *s.state
	state.Transport = observe(s.transport)
	preq := &httpext.ParsedHTTPRequest{
		URL:              &httpext.URL{},
		Req:              req,
		Timeout:          noTimeout, // the exchange has its own
		Throw:            true,      // return the error instead of logging it
		ResponseType:     httpext.ResponseTypeNone,
		ResponseCallback: expectedStatus,
		Redirects:        s.state.Options.MaxRedirects,
		TagsAndMeta:      s.tags,
	}
	if req.ContentLength > 0 {
		preq.Body = new(bytes.Buffer)
		if _, err := preq.Body.ReadFrom(req.Body); err != nil {
			return fmt.Errorf("taking the body to k6: %w", err)
		}
	}
	if s.state.CookieJar != nil {
		preq.ActiveJar = s.state.CookieJar
		httpext.SetRequestCookies(req, s.state.CookieJar, nil)
	}
	// The VU's context, not the request's: a request that timed out still has samples.
	_, err := httpext.MakeRequest(s.ctx, &state, preq)
	return err
}

const noTimeout = 365 * 24 * time.Hour

// expectedStatus is k6/http's default for http_req_failed.
func expectedStatus(status int) bool { return status >= 200 && status < 400 }
