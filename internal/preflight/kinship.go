package preflight

import "context"

// Kinship is what two servers share that a comparison of them takes to be two.
type Kinship string

// The kinds of kinship, under the codes that the warnings of a report have.
const (
	SameServer Kinship = "same_server" // one server under two names
	SameHost   Kinship = "same_host"   // two servers on one machine
)

// Kin is a pair of servers that share something.
type Kin struct {
	Kinship Kinship `json:"code"`
	A       string  `json:"a"`
	B       string  `json:"b"`
	Host    string  `json:"host,omitempty"` // api.Inventory.Host; "" behind a proxy
}

// Relatives finds the servers that share something. It asks each once more which models are
// loaded, since only answers between which nothing was generated tell one server from two.
func Relatives(ctx context.Context, all []*Findings) []Kin {
	for _, f := range all {
		if f.server.inventory.Version != "" {
			f.server.running(ctx)
			f.server.transport.CloseIdleConnections()
		}
	}
	var list []Kin
	for i, b := range all {
		for _, a := range all[:i] {
			if kinship := a.kinship(b); kinship != "" {
				list = append(list, Kin{kinship, a.Target, b.Target, b.server.inventory.Host})
			}
		}
	}
	return list
}

func (f *Findings) kinship(other *Findings) Kinship {
	a, b := f.server.inventory, other.server.inventory
	switch {
	case f.Endpoint == other.Endpoint, a.SameServerAs(b):
		return SameServer
	case a.Version == "" || b.Version == "":
		return "" // something answers there, but no Ollama
	case a.Host != "" && a.Host == b.Host:
		return SameHost
	}
	return ""
}
