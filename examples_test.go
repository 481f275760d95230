package ollama_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/k6test"
	"github.com/xk6-ollama/xk6-ollama/internal/simulator"
)

// example is what a user sees of examples/NAME.js: expressions that lines of the log match,
// one line each and in this order, others may stand between them.
type example struct {
	log    []string
	stdout []string // what the summary has
	files  []string // what is in $OUT
	change func(*simulator.Config)
}

var examples = map[string]example{
	"generate.js": {log: []string{`^answer: +\S+`, `^first token after [\d.]+ ms, \d+ tokens in [\d.]+ ms$`}},
	"chat.js":     {log: []string{`^first answer: +\S+`, `^second answer: +\S+`}},
	"thinking.js": {log: []string{`^thought: +\S+`, `^answer: +\S+`, `^began to think after [\d.]+ ms, to answer after [\d.]+ ms$`}},
	"on-chunk.js": {log: []string{`^done: length$`, `^32 pieces: (\S* ?\|?)+`}},
	"concurrent.js": {log: []string{
		`^the sea: [\d.]+ ms, of which [\d.]+ ms waiting$`, `^the wind: `, `^a stone: `, `^the moon: `, `^all 4 together: \d+ ms$`,
	}},
	"thresholds.js": {stdout: []string{
		`✓ 'p\(95\)<30000' p\(95\)=`, `{ ?target:local ?}`, `{ ?target:remote ?}`, `✓ 'max<120000' max=`, `ollama_tpot`,
	}},
	"slo.js":          {stdout: []string{`✓ 'rate>=0.95' rate=100.00%`}},
	"arrival-rate.js": {log: []string{`^request 0 started [\d.]+ ms late$`, `^request 1 `}},
	"embeddings.js":   {log: []string{`^2 vectors of \d+ numbers in [\d.]+ ms$`, `^cosine similarity: -?[01]`}},
	"setup-teardown.js": {log: []string{
		`^Ollama \d+\.\d+\.\d+ has \S+`, `^loaded llama3.2:1b in [\d.]+ ms$`,
		`^[\d.]+ ms, loaded for this request: false$`, `^[\d.]+ ms, loaded`, `^[\d.]+ ms, loaded`,
		`^in memory: llama3.2:1b, \d+ bytes, \d+ of them on a GPU$`, `^unloaded llama3.2:1b: true$`,
	}},
	"summary.js": {
		stdout: []string{`Final comparison - llama3.2:1b`, `Mean response time`},
		files: []string{
			"benchstat.txt", "junit.xml", "report.html", "report.md", "requests.ndjson", "results.csv", "results.json", "ttft.csv",
		},
	},
	"errors.js": {
		log: []string{
			`^model_not_found, status 404: model 'no-such-model' not found$`,
			`^timeout_first_token: no token within 1ms$`, `^thrown: connect, status 0$`, `^TypeError: .*timout: unknown`,
		},
		change: func(c *simulator.Config) { c.AnyModel = false },
	},
	"tools.js": {log: []string{`^calls temperature\(\{"city":.+\}\) after [\d.]+ ms$`, `^answer: +\S+`}},
	"pull.js":  {log: []string{`^pulling manifest$`, `^pulling .* \d+ %$`, `^success$`, `^answer: +\S+`}},
}

func TestExamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("examples/*")
	require.NoError(t, err)
	require.Len(t, files, len(examples), "every example is in the table")
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			want, ok := examples[filepath.Base(file)]
			require.True(t, ok, "the table does not name %s", file)
			ollama := simulate(t, func(c *simulator.Config) {
				c.AnyModel = true
				if want.change != nil {
					want.change(c)
				}
			})
			out := t.TempDir()
			got := k6test.Run(t, []string{"OLLAMA_HOST=" + ollama.URL(), "OUT=" + out, "DURATION=1s"}, "run", "--quiet", file)
			assert.Zero(t, got.Code, got.Stderr)
			assert.NotContains(t, got.Stderr, "level=error")
			assert.NotContains(t, got.Stdout, "✗")
			assertInOrder(t, want.log, got.Console())
			for _, expected := range want.stdout {
				assert.Regexp(t, expected, got.Stdout)
			}
			entries, err := os.ReadDir(out)
			require.NoError(t, err)
			var names []string
			for _, entry := range entries {
				names = append(names, entry.Name())
			}
			assert.Equal(t, want.files, names)
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.True(t, strings.HasPrefix(string(source), "// "), "an example begins by saying what it shows")
			assert.Contains(t, string(source), "k6 run examples/"+filepath.Base(file), "and how to run it")
		})
	}
}

// assertInOrder says that lines match the expressions in their order.
func assertInOrder(t *testing.T, expressions, lines []string) {
	t.Helper()
	rest := lines
	for _, expression := range expressions {
		for len(rest) > 0 && !regexp.MustCompile(expression).MatchString(rest[0]) {
			rest = rest[1:]
		}
		if !assert.NotEmpty(t, rest, "no line matches %s in\n%s", expression, strings.Join(lines, "\n")) {
			return
		}
		rest = rest[1:]
	}
}
