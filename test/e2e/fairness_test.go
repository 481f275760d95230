//go:build e2e

package e2e_test

import (
	"context"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// warning returns what the run says under a code, and whether it says it at all.
func (r results) warning(code string) (message string, found bool) {
	for _, w := range r.Warnings {
		if w.Code == code {
			return w.Message, true
		}
	}
	return "", false
}

// A model of the same name with other weights is found out, before the run and after it.
func TestOtherModel(t *testing.T) {
	o := benchmark(t, both(settings{"REMOTE_ENDPOINT": given.unlike}))
	require.Equal(t, 0, o.code)
	message, found := o.results(t).warning("models_differ")
	require.True(t, found)
	assert.Contains(t, message, "NOT THE SAME MODEL")
	assert.Contains(t, message, "unknown ≠ F16") // Ollama 0.17.4 does not know 32 bits by a name
	assert.Contains(t, o.stdout, "NOT THE SAME MODEL")
	assert.NotContains(t, o.results(t).warnings(), "setups_differ", "but for the weights they are made alike")

	text := doctor(t, "--local-endpoint", given.local, "--remote-endpoint", given.unlike)
	assert.Contains(t, text, given.quick+" is NOT the same model on local and remote")
	assert.Regexp(t, `quantisation +unknown +F16 +≠`, text)

	text = doctor(t, "--local-endpoint", given.local, "--remote-endpoint", given.remote)
	assert.Contains(t, text, given.quick+" is the same model on local and remote.")
}

// Weights that were given another template are the same model set up differently.
func TestOtherSetup(t *testing.T) {
	derive(t, given.local, "derived", "{{ .Prompt }}", map[string]any{"num_thread": 1})
	derive(t, given.remote, "derived", "{{ .Prompt }}!", map[string]any{"num_thread": 1, "top_k": 7})
	o := benchmark(t, both(settings{"MODEL": "derived", "NUM_REQUESTS": "3"}))
	require.Equal(t, 0, o.code)
	message, found := o.results(t).warning("setups_differ")
	require.True(t, found)
	assert.Contains(t, message, "template: ")
	assert.Contains(t, message, "Modelfile parameters: none ≠ top_k 7")
	assert.NotContains(t, o.results(t).warnings(), "models_differ")

	derive(t, given.remote, "derived", "{{ .Prompt }}", map[string]any{"num_thread": 1})
	o = benchmark(t, both(settings{"MODEL": "derived", "NUM_REQUESTS": "3"}))
	assert.NotContains(t, o.results(t).warnings(), "setups_differ", "built alike on each server")
	assert.NotContains(t, o.results(t).warnings(), "models_differ")
}

// derive makes a model of the quick one's weights.
func derive(t *testing.T, server, name, template string, parameters map[string]any) {
	t.Helper()
	call(t, http.MethodPost, server+"/api/create", map[string]any{
		"model": name, "from": given.quick, "template": template, "parameters": parameters, "stream": false,
	}, nil)
	t.Cleanup(func() {
		body := strings.NewReader(`{"model":"` + name + `"}`)
		response, err := send(context.Background(), http.MethodDelete, server+"/api/delete", body)
		if assert.NoError(t, err) {
			assert.NoError(t, response.Body.Close())
		}
	})
}

func TestOneServerTwice(t *testing.T) {
	twice := strings.Replace(given.local, "127.0.0.1", "localhost", 1)
	o := benchmark(t, both(settings{"REMOTE_ENDPOINT": twice, "NUM_REQUESTS": "3"}))
	require.Equal(t, 0, o.code)
	assert.Contains(t, o.results(t).warnings(), "same_server")
	text := doctor(t, "--local-endpoint", given.local, "--remote-endpoint", twice)
	assert.Contains(t, text, "local and remote are one server")

	o = benchmark(t, both(settings{"NUM_REQUESTS": "3"}))
	assert.NotContains(t, o.results(t).warnings(), "same_server")
	if strings.Contains(given.local, "127.0.0.1") && strings.Contains(given.remote, "127.0.0.1") {
		assert.Contains(t, o.results(t).warnings(), "same_host")
	}
}

// doctor returns what the doctor says of servers on which a benchmark would work.
func doctor(t *testing.T, flags ...string) string {
	t.Helper()
	arguments := append([]string{"x", "ollama", "doctor", "-m", given.quick}, flags...)
	command := exec.CommandContext(t.Context(), given.k6, arguments...)
	command.Env = []string{"HOME=" + t.TempDir(), "K6_NO_USAGE_REPORT=true", "K6_AUTO_EXTENSION_RESOLUTION=false"}
	text, err := command.Output()
	require.NoError(t, err, "%s", text)
	return string(text)
}
