package report

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// cell is a field of results.json by itself: its name, behind those of the objects that it is
// in, and its text there. What is absent in results.json is "".
type cell struct {
	name, text string
	foreign    bool // the text is no number of ours
}

// flatten returns the fields of a part of results.json in their order, but for some. A number
// is the text that results.json has, so that no format says another one. Lists and maps of
// objects are parts of their own, and left out.
func flatten(part any, but ...string) ([]cell, error) {
	var cells []cell
	err := flattenInto(&cells, "", reflect.ValueOf(part), false, but)
	return cells, err
}

func flattenInto(cells *[]cell, prefix string, part reflect.Value, absent bool, but []string) error {
	for i := range part.NumField() {
		field := part.Type().Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || name == "-" || slices.Contains(but, name) {
			continue
		}
		value := part.Field(i)
		unknown := absent || strings.Contains(options, "omitempty") && value.IsZero()
		if value.Kind() == reflect.Pointer {
			if value.IsNil() {
				value = reflect.New(field.Type.Elem())
			}
			value = value.Elem()
		}
		if name != "" {
			name = prefix + name
		}
		if err := flattenField(cells, name, value, unknown); err != nil {
			return err
		}
	}
	return nil
}

func flattenField(cells *[]cell, name string, value reflect.Value, absent bool) error {
	if ends, ok := value.Interface().(stats.Interval); ok {
		low, high := "", ""
		if !absent {
			var err error
			if low, err = numberText(ends[0]); err != nil {
				return err
			}
			if high, err = numberText(ends[1]); err != nil {
				return err
			}
		}
		*cells = append(*cells, cell{name: name + "_low", text: low}, cell{name: name + "_high", text: high})
		return nil
	}
	one := cell{name: name}
	switch kind := value.Kind(); {
	case kind == reflect.Struct:
		prefix := ""
		if name != "" { // not embedded
			prefix = name + "_"
		}
		return flattenInto(cells, prefix, value, absent, nil)
	case kind == reflect.String:
		one.text, one.foreign = value.String(), true
	case kind == reflect.Slice && value.Type().Elem().Kind() == reflect.String:
		words := make([]string, value.Len())
		for i := range words {
			words[i] = value.Index(i).String()
		}
		one.text, one.foreign = strings.Join(words, " "), true
	case kind == reflect.Slice || kind == reflect.Map:
		return nil
	case !absent:
		text, err := numberText(value.Interface())
		if err != nil {
			return err
		}
		one.text = text
	}
	*cells = append(*cells, one)
	return nil
}

// numberText writes a number as results.json has it.
func numberText(value any) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("writing the figure %v: %w", value, err)
	}
	return string(text), nil
}
