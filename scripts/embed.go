// Package scripts holds the k6 scripts that come with the binary.
package scripts

import "embed"

// Files are the scripts, in the layout in which they import one another.
//
//go:embed benchmark.js lib
var Files embed.FS

// Benchmark is the path in Files of the script that compares servers.
const Benchmark = "benchmark.js"
