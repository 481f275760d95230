package locale_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/locale"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]locale.Locale{
		"en": locale.English, "ko": locale.Korean, "KO": locale.Korean, "En": locale.English,
	} {
		got, err := locale.Parse(text)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for _, text := range []string{"", "fr", "korean", "ko_KR.UTF-8", " ko"} {
		_, err := locale.Parse(text)
		assert.ErrorContains(t, err, `unknown locale "`+text+`", expected en or ko`)
	}
}

func TestFromEnvironment(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		environment map[string]string
		want        locale.Locale
	}{
		"nothing":                  {nil, locale.English},
		"Korean":                   {map[string]string{"LANG": "ko_KR.UTF-8"}, locale.Korean},
		"the language alone":       {map[string]string{"LANG": "ko"}, locale.Korean},
		"a codeset":                {map[string]string{"LANG": "ko.UTF-8"}, locale.Korean},
		"a modifier":               {map[string]string{"LANG": "ko@euro"}, locale.Korean},
		"upper case":               {map[string]string{"LANG": "KO_KR"}, locale.Korean},
		"English":                  {map[string]string{"LANG": "en_GB.UTF-8"}, locale.English},
		"another language":         {map[string]string{"LANG": "fr_FR.UTF-8"}, locale.English},
		"Konkani is not Korean":    {map[string]string{"LANG": "kok_IN"}, locale.English},
		"C":                        {map[string]string{"LANG": "C.UTF-8"}, locale.English},
		"LC_ALL comes first":       {map[string]string{"LC_ALL": "en_US", "LANG": "ko_KR"}, locale.English},
		"LC_ALL C hides LANG":      {map[string]string{"LC_ALL": "C", "LANG": "ko_KR"}, locale.English},
		"LC_MESSAGES comes second": {map[string]string{"LC_MESSAGES": "ko_KR", "LANG": "en_US"}, locale.Korean},
		"empty is not set":         {map[string]string{"LC_ALL": "", "LANG": "ko_KR"}, locale.Korean},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, locale.FromEnvironment(func(name string) (string, bool) {
				value, ok := c.environment[name]
				return value, ok
			}))
		})
	}
}
