// Command mkgguf writes a model that Ollama loads and runs like any other: a llama with random
// weights, which says nothing sensible at real speed. Its vocabulary speaks 138 whole words and
// practically never ends by itself, so that num_predict says how long an answer is.
// The same flags give the same bytes.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	out := flag.String("o", "tiny.gguf", "file to write")
	var m llama
	flag.StringVar(&m.name, "name", "tiny", "general.name")
	flag.IntVar(&m.dim, "dim", 64, "embedding length, a multiple of 32 x heads")
	flag.IntVar(&m.layers, "layers", 2, "blocks")
	flag.IntVar(&m.heads, "heads", 2, "attention heads")
	flag.IntVar(&m.feedForward, "ffn", 128, "feed-forward length, a multiple of 32")
	flag.IntVar(&m.context, "ctx", 2048, "context length")
	q8 := flag.Bool("q8", false, "write matrices as Q8_0 (default F32)")
	half := flag.Bool("f16", false, "write matrices as F16")
	flag.Uint64Var(&m.seed, "seed", 1, "of the weights")
	flag.Parse()
	switch {
	case *q8:
		m.kind = q80
	case *half:
		m.kind = f16
	}
	if err := write(*out, m); err != nil {
		fmt.Fprintln(os.Stderr, "mkgguf:", err)
		os.Exit(1)
	}
}

func write(path string, m llama) error {
	file, err := os.Create(path) // #nosec G304 -- the path is the user's
	if err != nil {
		return err //nolint:wrapcheck // it names the file
	}
	if err := encode(file, m.metadata(), m.tensors()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return file.Close() //nolint:wrapcheck // it names the file
}
