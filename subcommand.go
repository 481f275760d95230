package ollama

import (
	"os"
	"slices"
	"strings"

	"go.k6.io/k6/v2/subcommand"

	"github.com/xk6-ollama/xk6-ollama/internal/cli"
)

// commandName is what comes after `k6 x`.
const commandName = "ollama"

func init() {
	subcommand.RegisterExtension(commandName, cli.New)
	if !callsOllama(os.Args[min(1, len(os.Args)):]) {
		return
	}
	// k6 reads its environment after the packages are there, and passes it to extensions with
	// the wish not to change it; so this is the time and place for our commands to be quiet.
	for name, value := range cli.QuietVariables() {
		if _, asked := os.LookupEnv(name); !asked {
			// It fails only for a name that is none.
			_ = os.Setenv(name, value)
		}
	}
}

// callsOllama says whether k6 is called with these arguments for `x ollama`, its help or its
// completion, or for the list of what `x` has.
func callsOllama(args []string) bool {
	words := commandWords(args)
	if len(words) > 0 && slices.Contains([]string{"help", "__complete", "__completeNoDesc"}, words[0]) {
		words = words[1:]
	}
	return len(words) > 0 && words[0] == "x" && (len(words) == 1 || words[1] == commandName)
}

// commandWords returns the first arguments that are neither a flag of k6 nor its value.
func commandWords(args []string) []string {
	withValue := []string{"-c", "--config", "-a", "--address", "--log-output", "--log-format", "--secret-source"}
	var words []string
	for i := 0; i < len(args) && len(words) < 3; i++ {
		switch {
		case slices.Contains(withValue, args[i]):
			i++
		case !strings.HasPrefix(args[i], "-"):
			words = append(words, args[i])
		}
	}
	return words
}
