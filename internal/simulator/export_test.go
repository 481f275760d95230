package simulator

import "time"

// OnLate has f called with how late each token was.
func (c *Config) OnLate(f func(time.Duration)) { c.onLate = f }

// Unloads returns a channel that gets the digest of each model that is unloaded.
func (s *Server) Unloads() <-chan string {
	unloads := make(chan string, 16)
	s.scheduler.mu.Lock()
	defer s.scheduler.mu.Unlock()
	s.scheduler.onUnload = func(digest string) { unloads <- digest }
	return unloads
}

// Digest returns the digest of a model.
func (m Model) Digest() string { return m.digest() }

// Tokens returns how many tokens a text has.
func Tokens(text string) int { return len(tokenize(text)) }
