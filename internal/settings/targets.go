package settings

import (
	"regexp"
	"slices"
	"strings"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
)

// targetName is what a name can be made of: it becomes a tag, a file name and the name
// of a k6 scenario, which allows no more than this.
var targetName = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)

// targets finds out which servers are meant: those of TARGETS, or local and remote.
func (r *reader) targets(simulate bool) []Target {
	only := r.only()
	named := r.text(Targets, "")
	local, remote := r.endpoint(LocalEndpoint), r.endpoint(RemoteEndpoint)
	if simulate {
		return r.simulated(only, named, local, remote)
	}
	if named != "" {
		return r.named(only, named, local, remote)
	}
	var targets []Target
	if only != Remote {
		if local == "" {
			local = DefaultLocal
		}
		targets = append(targets, Target{Name: Local, Endpoint: local})
	}
	if only != Local {
		if remote == "" {
			r.fail(RemoteEndpoint, "",
				"not set; give the remote server's URL, or measure one side with ONLY=local (--only-local), "+
					"or try it without servers with SIMULATE=true (--simulate)")
		}
		targets = append(targets, Target{Name: Remote, Endpoint: remote})
	}
	return targets
}

func (r *reader) only() string {
	only := strings.ToLower(r.text(Only, ""))
	if only != "" && only != Local && only != Remote {
		r.fail(Only, r.text(Only, ""), "must be local or remote, or left out for both")
	}
	return only
}

// simulated returns the two simulated servers, or the one that is asked for.
func (r *reader) simulated(only, named, local, remote string) []Target {
	for _, given := range []struct {
		name  Name
		value string
	}{{Targets, named}, {LocalEndpoint, local}, {RemoteEndpoint, remote}} {
		if given.value != "" {
			r.fail(given.name, given.value,
				"can't be combined with SIMULATE (--simulate), which starts its own local and remote")
		}
	}
	targets := []Target{{Name: Local}, {Name: Remote}}
	return slices.DeleteFunc(targets, func(t Target) bool { return only != "" && t.Name != only })
}

// named reads TARGETS, a=URL,b=URL; a local or remote endpoint that is set as well joins
// them.
func (r *reader) named(only, text, local, remote string) []Target {
	if only != "" {
		r.fail(Only, only, "can't be combined with TARGETS (--target); leave out the targets that are not meant")
	}
	targets := slices.DeleteFunc([]Target{{Local, local}, {Remote, remote}}, func(t Target) bool {
		return t.Endpoint == ""
	})
	for entry := range strings.SplitSeq(text, ",") {
		name, endpoint, ok := strings.Cut(strings.TrimSpace(entry), "=")
		name, endpoint = strings.TrimSpace(name), strings.TrimSpace(endpoint)
		switch {
		case !ok || endpoint == "":
			r.fail(Targets, text, "%q is no NAME=URL", hideCredentials(entry))
		case !targetName.MatchString(name):
			r.fail(Targets, text, "the name of %q must be made of letters, digits, _ and -", hideCredentials(entry))
		case slices.ContainsFunc(targets, func(t Target) bool { return t.Name == name }):
			r.fail(Targets, text, "the name %q stands twice", name)
		}
		if _, err := api.ParseEndpoint(endpoint); err != nil {
			r.fail(Targets, text, "%v", err)
		}
		targets = append(targets, Target{Name: name, Endpoint: endpoint})
	}
	return targets
}

func (r *reader) endpoint(name Name) string {
	text := r.text(name, "")
	if text == "" {
		return ""
	}
	if _, err := api.ParseEndpoint(text); err != nil {
		r.fail(name, text, "must be a URL such as %s: %v", DefaultLocal, err)
	}
	return text
}
