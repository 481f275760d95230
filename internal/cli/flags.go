package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/xk6-ollama/xk6-ollama/internal/report"
	"github.com/xk6-ollama/xk6-ollama/internal/settings"
)

var (
	errEmpty       = errors.New("the value is empty")
	errZeroTimeout = errors.New("expected a duration above 0, such as 5s")
)

// settingFlags are the flags that set what an environment variable sets, too. Their values
// are texts here: package settings reads both, and says what is wrong with either.
type settingFlags struct {
	flags  *pflag.FlagSet
	values map[settings.Name]*settingValue
}

func newSettingFlags(flags *pflag.FlagSet) *settingFlags {
	return &settingFlags{flags: flags, values: map[settings.Name]*settingValue{}}
}

// add adds the flag of a setting.
func (s *settingFlags) add(name settings.Name, short, kind, fallback, usage string) {
	value := &settingValue{text: fallback, kind: kind, several: name == settings.Model}
	s.values[name] = value
	long := strings.TrimPrefix(name.Flag(), "--")
	s.flags.VarP(value, long, short, usage+" "+inEnvironment(name))
}

// inEnvironment tells in the help what sets the same.
func inEnvironment(name settings.Name) string { return "[$" + string(name) + "]" }

// environment returns the variables for the flags that were given.
func (s *settingFlags) environment() map[string]string {
	set := map[string]string{}
	for name, value := range s.values {
		if s.flags.Changed(strings.TrimPrefix(name.Flag(), "--")) {
			set[string(name)] = value.text
		}
	}
	return set
}

// settingValue is a pflag.Value for any text but an empty one, which as a variable would
// mean the default.
type settingValue struct {
	text, kind string
	several    bool // a list separated by commas, to which every further flag adds
	given      bool
}

func (v *settingValue) String() string { return v.text }
func (v *settingValue) Type() string   { return v.kind }

func (v *settingValue) Set(text string) error {
	if strings.TrimSpace(text) == "" {
		return errEmpty
	}
	if v.several && v.given {
		text = v.text + "," + text
	}
	v.text, v.given = text, true
	return nil
}

// targetFlags are the flags that say which servers are meant.
type targetFlags struct {
	settings              *settingFlags
	targets               *[]string
	onlyLocal, onlyRemote *bool
}

// addTargetFlags adds --local-endpoint, --remote-endpoint, --target and --only-….
func addTargetFlags(flags *settingFlags) *targetFlags {
	t := &targetFlags{settings: flags}
	flags.add(settings.LocalEndpoint, "", "URL", settings.DefaultLocal, "the local server")
	flags.add(settings.RemoteEndpoint, "", "URL", "", "the remote server; there is no default")
	t.targets = flags.flags.StringArray("target", nil,
		"a server under a name of one's own, as `NAME=URL`; may be given several times "+inEnvironment(settings.Targets))
	t.onlyLocal = addBool(flags.flags, "only-local", "the local server alone [$ONLY=local]")
	t.onlyRemote = addBool(flags.flags, "only-remote", "the remote server alone [$ONLY=remote]")
	return t
}

// environment adds to set the variables for the flags that were given.
func (t *targetFlags) environment(set map[string]string) error {
	flags := t.settings.flags
	if flags.Changed("target") {
		for _, target := range *t.targets {
			if strings.TrimSpace(target) == "" {
				return invalid("--target is empty, expected NAME=URL")
			}
		}
		set[string(settings.Targets)] = strings.Join(*t.targets, ",")
	}
	if !flags.Changed("only-local") && !flags.Changed("only-remote") {
		return nil
	}
	switch {
	case *t.onlyLocal && *t.onlyRemote:
		return invalid("--only-local and --only-remote exclude each other; leave out both to compare the two")
	case *t.onlyLocal:
		set[string(settings.Only)] = settings.Local
	case *t.onlyRemote:
		set[string(settings.Only)] = settings.Remote
	default:
		set[string(settings.Only)] = ""
	}
	return nil
}

// parsed is a pflag.Value of any type: parse reads it, and its error says what is allowed.
type parsed[T any] struct {
	target *T
	parse  func(string) (T, error)
	show   func(T) string
	kind   string
}

func (p parsed[T]) String() string {
	if p.target == nil {
		return "" // pflag asks a zero value what it looks like
	}
	return p.show(*p.target)
}

func (p parsed[T]) Type() string { return p.kind }

func (p parsed[T]) Set(text string) error {
	value, err := p.parse(strings.TrimSpace(text))
	if err != nil {
		return err
	}
	*p.target = value
	return nil
}

// list is a pflag.Value that may be given several times. The first replaces the default.
type list[T any] struct {
	target *[]T
	parse  func(string) (T, error)
	kind   string
	given  bool
}

func (l *list[T]) String() string { return "" } // the help tells the default in words
func (l *list[T]) Type() string   { return l.kind }

func (l *list[T]) Set(text string) error {
	value, err := l.parse(strings.TrimSpace(text))
	if err != nil {
		return err
	}
	if !l.given {
		*l.target, l.given = nil, true
	}
	*l.target = append(*l.target, value)
	return nil
}

func plain[T any](value T) string { return fmt.Sprint(value) }

func addBool(flags *pflag.FlagSet, name, usage string) *bool {
	target := new(bool)
	value := boolean{parsed[bool]{target, readBool, plain[bool], "bool"}}
	flags.VarPF(value, name, "", usage).NoOptDefVal = "true"
	return target
}

// boolean is a parsed value of which pflag knows that false need not be told as the default.
type boolean struct{ parsed[bool] }

// IsBoolFlag implements an interface of pflag.
func (boolean) IsBoolFlag() bool { return true }

func readBool(text string) (bool, error) {
	value, err := strconv.ParseBool(text)
	if err != nil {
		return false, errors.New("expected true or false")
	}
	return value, nil
}

// addOut adds the flag --out of the commands that write a report.
func (s *settingFlags) addOut() {
	names := report.FileNames()
	last := len(names) - 1
	s.add(settings.Out, "", "DIR", "",
		"write "+strings.Join(names[:last], ", ")+" and "+names[last]+" into this directory")
}
