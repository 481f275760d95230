// Command serve starts simulated servers for the tests with other clients: one that works,
// and one for each of a few faults. It prints "name=URL" for each, and ends with its input.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/simulator"
)

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, server := range []struct{ name, fault string }{
		{"works", ""},
		{"busy", "503"},
		{"dies", "error-line"},
		{"resets", "reset"},
		{"truncates", "missing-done"},
		{"garbles", "broken-json"},
		{"floods", "huge-line"},
	} {
		config := simulator.DefaultConfig()
		config.Models = []simulator.Model{simulator.NamedModel("tiny"), simulator.NamedModel("deepseek-r1:1.5b")}
		config.Load = 50 * time.Millisecond
		if server.fault != "" {
			fault, err := simulator.ParseFault(server.fault)
			if err != nil {
				return err
			}
			config.Faults = []simulator.Fault{fault}
		}
		running, err := simulator.Start(ctx, config)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s=%s\n", server.name, running.URL()); err != nil {
			return fmt.Errorf("naming the servers: %w", err)
		}
	}
	if _, err := fmt.Fprintln(out, "ready="); err != nil {
		return fmt.Errorf("naming the servers: %w", err)
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return fmt.Errorf("waiting for the end: %w", err)
	}
	return nil
}
