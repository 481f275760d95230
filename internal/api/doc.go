// Package api is Ollama's wire: endpoints, answers, stream decoding and errors.
// It reads and builds bytes; sending them is package exchange's work.
package api
