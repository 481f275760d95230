// Package locale names the languages that people read results in.
package locale

import (
	"fmt"
	"strings"
)

// Locale is a language of the output.
type Locale string

// The languages there are.
const (
	English Locale = "en"
	Korean  Locale = "ko"
)

// Parse reads a setting: "en" or "ko".
func Parse(text string) (Locale, error) {
	switch l := Locale(strings.ToLower(text)); l {
	case English, Korean:
		return l, nil
	}
	return "", fmt.Errorf("unknown locale %q, expected en or ko", text)
}

// FromEnvironment returns the language that LC_ALL, LC_MESSAGES or LANG asks for, in
// this order as POSIX has it, and English where they ask for none that there is.
func FromEnvironment(lookup func(string) (string, bool)) Locale {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		value, _ := lookup(name)
		if value == "" {
			continue
		}
		// language[_territory][.codeset][@modifier]; kok is Konkani.
		language, _, _ := strings.Cut(strings.ToLower(value), "_")
		language, _, _ = strings.Cut(language, ".")
		language, _, _ = strings.Cut(language, "@")
		if language == string(Korean) {
			return Korean
		}
		return English
	}
	return English
}
