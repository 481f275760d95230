package ollama_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/k6test"
)

// members returns the names that index.d.ts declares in interfaces, sorted.
func members(t *testing.T, declarations string, interfaces ...string) string {
	t.Helper()
	var names []string
	for _, name := range interfaces {
		block := regexp.MustCompile(`(?s)\nexport interface ` + name + `\b[^{]*\{\n(.*?)\n\}\n`).FindStringSubmatch(declarations)
		require.NotNil(t, block, name)
		for _, member := range regexp.MustCompile(`(?m)^ {2}(?:readonly )?(\w+)\??[:(<]`).FindAllStringSubmatch(block[1], -1) {
			names = append(names, member[1])
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// index.d.ts declares what there is, no more and no less.
func TestTypesDeclareWhatThereIs(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("index.d.ts")
	require.NoError(t, err)
	declarations := string(content)
	result := k6test.Script(t, []string{"ONLY=local"}, `
		import ollama, { Ollama, report, benchmark } from 'k6/x/ollama';
		const known = (f) => { try { f(); } catch (e) { return e.message.replace(/.* are /, ''); } };
		const keys = (o) => Object.keys(o).sort().join(', ');
		const bench = benchmark(__ENV, open);
		const wrong = { nonsense: 1 };
		export default function () {
			console.log(JSON.stringify({
				Client: keys(new Ollama()),
				Benchmark: keys(bench),
				Options: known(() => new Ollama(wrong)),
				Params: known(() => ollama.version({}, wrong)),
				Timeouts: known(() => new Ollama({ timeout: wrong })),
				SLO: known(() => new Ollama({ slo: wrong })),
				ReportOptions: known(() => report({}, wrong)),
			}));
		}`)
	require.Zero(t, result.Code, result.Stderr)
	declared := map[string]string{
		"Client":        members(t, declarations, "Client"),
		"Benchmark":     members(t, declarations, "Benchmark"),
		"Options":       members(t, declarations, "Options", "SharedOptions"),
		"Params":        members(t, declarations, "Params", "SharedOptions"),
		"Timeouts":      members(t, declarations, "Timeouts"),
		"SLO":           members(t, declarations, "SLO"),
		"ReportOptions": members(t, declarations, "ReportOptions"),
	}
	assert.Equal(t, declared, logged[map[string]string](t, result))

	var kinds []string
	for _, kind := range api.ErrorKinds() {
		kinds = append(kinds, "  | '"+string(kind)+"'")
	}
	assert.Contains(t, declarations, "export type ErrorType =\n"+strings.Join(kinds, "\n")+";")
}
