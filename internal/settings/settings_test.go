package settings_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/locale"
	"github.com/xk6-ollama/xk6-ollama/internal/settings"
	"github.com/xk6-ollama/xk6-ollama/internal/turns"
)

func read(env map[string]string) (*settings.Settings, error) {
	lookup := func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
	files := func(path string) (string, error) {
		switch path {
		case "prompt.txt":
			return "  From a file.\n", nil
		case "empty.txt":
			return "\n", nil
		}
		return "", errors.New("no such file")
	}
	return settings.Read(lookup, files)
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	s, err := read(map[string]string{"REMOTE_ENDPOINT": "http://203.0.113.10:11434"})
	require.NoError(t, err)
	assert.Equal(t, &settings.Settings{
		NumRequests: 10,
		Models:      []string{"deepseek-r1:1.5b"},
		Targets: []settings.Target{
			{Name: "local", Endpoint: "http://127.0.0.1:11434/api/generate"},
			{Name: "remote", Endpoint: "http://203.0.113.10:11434"},
		},
		Order: turns.Interleaved, Warmup: 1, Prompt: settings.DefaultPrompt, NumPredict: 128,
		Cache: settings.Cold, Stream: true, Timeout: 5 * time.Minute, Locale: locale.English,
	}, s)
}

func TestTargets(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		env  map[string]string
		want []settings.Target
	}{
		"one side":              {map[string]string{"ONLY": "local"}, []settings.Target{{"local", settings.DefaultLocal}}},
		"the other":             {map[string]string{"ONLY": "Remote", "REMOTE_ENDPOINT": "gpu"}, []settings.Target{{"remote", "gpu"}}},
		"simulated":             {map[string]string{"SIMULATE": "1"}, []settings.Target{{Name: "local"}, {Name: "remote"}}},
		"one simulated":         {map[string]string{"SIMULATE": "true", "ONLY": "remote"}, []settings.Target{{Name: "remote"}}},
		"named":                 {map[string]string{"TARGETS": "a=h1, b=http://h2:1/x"}, []settings.Target{{"a", "h1"}, {"b", "http://h2:1/x"}}},
		"named and local":       {map[string]string{"TARGETS": "a=h1", "LOCAL_ENDPOINT": "h0"}, []settings.Target{{"local", "h0"}, {"a", "h1"}}},
		"an empty one is unset": {map[string]string{"ONLY": "local", "REMOTE_ENDPOINT": " "}, []settings.Target{{"local", settings.DefaultLocal}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := read(test.env)
			require.NoError(t, err)
			assert.Equal(t, test.want, s.Targets)
		})
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	s, err := read(map[string]string{
		"SIMULATE": "yes", "NUM_REQUESTS": " 20 ", "MODEL": "qwen3:0.6b, llama3.2:1b", "ORDER": "Sequential",
		"WARMUP": "0", "PROMPT": "@prompt.txt", "NUM_PREDICT": "7", "CACHE": "warm", "STREAM": "false", "TIMEOUT": "1m30s",
		"LOCALE": "ko", "OUT": "results",
	})
	require.NoError(t, err)
	assert.Equal(t, &settings.Settings{
		NumRequests: 20, Models: []string{"qwen3:0.6b", "llama3.2:1b"}, Simulate: true,
		Targets: []settings.Target{{Name: "local"}, {Name: "remote"}},
		Order:   turns.Sequential, Warmup: 0, Prompt: "From a file.", NumPredict: 7,
		Cache: settings.Warm, Stream: false, Timeout: 90 * time.Second, Locale: locale.Korean, Out: "results",
	}, s)
}

func TestThePromptOfWindowsIsNotMeant(t *testing.T) {
	t.Parallel()
	s, err := read(map[string]string{"SIMULATE": "1", "PROMPT": "$P$G"})
	require.NoError(t, err)
	assert.Equal(t, settings.DefaultPrompt, s.Prompt)
}

func TestLocaleFollowsTheEnvironment(t *testing.T) {
	t.Parallel()
	s, err := read(map[string]string{"SIMULATE": "1", "LANG": "ko_KR.UTF-8"})
	require.NoError(t, err)
	assert.Equal(t, locale.Korean, s.Locale)
}

// A wrong setting gets one line with its name, its flag, its value and what is allowed.
func TestWrongSettings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  settings.Name
		value string
		want  string
	}{
		{"NUM_REQUESTS", "0", "whole number from 1"},
		{"NUM_REQUESTS", "-3", "whole number from 1"},
		{"NUM_REQUESTS", "abc", "whole number from 1"},
		{"NUM_REQUESTS", "1.5", "whole number from 1"},
		{"NUM_REQUESTS", "99999999999999999999", "whole number from 1 to 2147483647"},
		{"WARMUP", "-1", "whole number from 0"},
		{"NUM_PREDICT", "0", "whole number from 1"},
		{"ONLY", "both", "local or remote"},
		{"ORDER", "random", "interleaved, sequential, parallel"},
		{"CACHE", "hot", "cold, warm"},
		{"STREAM", "maybe", "true or false"},
		{"SIMULATE", "maybe", "true or false"},
		{"LOCALE", "fr", "en or ko"},
		{"TIMEOUT", "0s", "above 0"},
		{"TIMEOUT", "30", "such as 30s"},
		{"TIMEOUT", "soon", "such as 30s"},
		{"MODEL", "a,,b", "without empty ones"},
		{"MODEL", "a b", "no spaces"},
		{"MODEL", "a,a", "twice"},
		{"PROMPT", "@missing.txt", "no such file"},
		{"PROMPT", "@empty.txt", "empty"},
		{"LOCAL_ENDPOINT", "ftp://host", "http or https"},
		{"LOCAL_ENDPOINT", "http://", "no host"},
		{"REMOTE_ENDPOINT", "http://host:99999", "1 to 65535"},
		{"TARGETS", "a", "NAME=URL"},
		{"TARGETS", "a=", "NAME=URL"},
		{"TARGETS", "a b=h", "letters, digits"},
		{"TARGETS", "a=h,a=i", "twice"},
		{"TARGETS", "a=ftp://h", "http or https"},
	} {
		t.Run(string(test.name)+"="+test.value, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"REMOTE_ENDPOINT": "http://203.0.113.10", string(test.name): test.value}
			_, err := read(env)
			var wrong *settings.Error
			require.ErrorAs(t, err, &wrong)
			assert.Equal(t, test.name, wrong.Name)
			assert.Contains(t, err.Error(), string(test.name)+" ("+test.name.Flag()+")")
			assert.Contains(t, err.Error(), test.value)
			assert.Contains(t, err.Error(), test.want)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestNoRemoteNamesTheThreeWaysOn(t *testing.T) {
	t.Parallel()
	_, err := read(nil)
	require.Error(t, err)
	for _, way := range []string{"--remote-endpoint", "--only-local", "--simulate"} {
		assert.Contains(t, err.Error(), way)
	}
}

func TestWhatCannotBeCombined(t *testing.T) {
	t.Parallel()
	for _, env := range []map[string]string{
		{"SIMULATE": "1", "REMOTE_ENDPOINT": "h"},
		{"SIMULATE": "1", "TARGETS": "a=h"},
		{"ONLY": "local", "TARGETS": "a=h"},
	} {
		_, err := read(env)
		require.ErrorContains(t, err, "can't be combined", env)
	}
}

func TestMapShowsNoPassword(t *testing.T) {
	t.Parallel()
	s, err := read(map[string]string{"ONLY": "local", "LOCAL_ENDPOINT": "http://me:secret@host"})
	require.NoError(t, err)
	for name, value := range s.Map() {
		if text, ok := value.(string); ok {
			assert.NotContains(t, text, "secret", name)
		}
	}
}

func TestErrorsShowNoPassword(t *testing.T) {
	t.Parallel()
	for _, env := range []map[string]string{
		{"ONLY": "local", "LOCAL_ENDPOINT": "http://me:secret@host:99999"},
		{"REMOTE_ENDPOINT": "ftp://me:secret@host"},
		{"REMOTE_ENDPOINT": "me:secret@host:x"},
		{"SIMULATE": "1", "LOCAL_ENDPOINT": "http://me:secret@host"},
		{"SIMULATE": "1", "TARGETS": "a=http://me:secret@host,b=http://you:secret@host"},
		{"TARGETS": "a=http://me:secret@host,a=http://you:secret@host"},
		{"TARGETS": "a=http://me:secret@host:99999,b=http://host"},
		{"TARGETS": "http://me:secret@host"},
		{"TARGETS": "http://me:secret=@host"},
	} {
		_, err := read(env)
		require.Error(t, err, env)
		assert.Contains(t, err.Error(), "host", env)
		assert.NotContains(t, err.Error(), "secret", env)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("TARGETS", "a=h,b=i")
	f.Add("LOCAL_ENDPOINT", "http://[::1]:1")
	f.Add("MODEL", "a,b")
	f.Fuzz(func(t *testing.T, name, value string) {
		s, err := read(map[string]string{"REMOTE_ENDPOINT": "h", name: value})
		if err != nil {
			var wrong *settings.Error
			require.ErrorAs(t, err, &wrong)
			return
		}
		require.NotEmpty(t, s.Targets)
		require.NotEmpty(t, s.Models)
		require.Positive(t, s.NumRequests)
	})
}
