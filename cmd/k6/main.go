// Command k6 is k6 with this extension built in: what `xk6 build` would generate.
package main

import (
	"go.k6.io/k6/v2/cmd"

	_ "github.com/xk6-ollama/xk6-ollama"
)

func main() {
	cmd.Execute()
}
