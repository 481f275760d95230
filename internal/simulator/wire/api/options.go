package api

import (
	"fmt"
	"maps"
	"slices"
)

type optionType int

const (
	integer optionType = iota
	boolean
	float
	array
)

// optionTypes are the options that Ollama 0.17.4 knows; it ignores all others.
var optionTypes = map[string]optionType{
	"num_ctx": integer, "num_batch": integer, "num_gpu": integer, "main_gpu": integer, "num_thread": integer,
	"num_keep": integer, "seed": integer, "num_predict": integer, "top_k": integer, "repeat_last_n": integer,
	"use_mmap": boolean,
	"top_p":    float, "min_p": float, "typical_p": float, "temperature": float, "repeat_penalty": float,
	"presence_penalty": float, "frequency_penalty": float,
	"stop": array,
}

// Options are the options that change what the simulator does.
type Options struct {
	NumPredict int
	Stop       []string
}

// ParseOptions checks the type of every known option as Ollama does, and with its words.
func ParseOptions(values map[string]any) (Options, error) {
	options := Options{NumPredict: -1}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		kind, known := optionTypes[key]
		value := values[key]
		if !known || value == nil {
			continue
		}
		if err := kind.check(key, value); err != nil {
			return Options{}, err
		}
		switch key {
		case "num_predict":
			if number, ok := value.(float64); ok {
				options.NumPredict = int(number)
			}
		case "stop":
			options.Stop = stringsOf(value)
		}
	}
	return options, nil
}

func (o optionType) check(key string, value any) error {
	switch o {
	case integer:
		if _, ok := value.(float64); !ok {
			return fmt.Errorf("option %q must be of type integer", key)
		}
	case boolean:
		if _, ok := value.(bool); !ok {
			return fmt.Errorf("option %q must be of type boolean", key)
		}
	case float:
		if _, ok := value.(float64); !ok {
			return fmt.Errorf("option %q must be of type float32", key)
		}
	case array:
		items, ok := value.([]any)
		if !ok {
			return fmt.Errorf("option %q must be of type array", key)
		}
		if len(stringsOf(value)) != len(items) {
			return fmt.Errorf("option %q must be of an array of strings", key)
		}
	}
	return nil
}

func stringsOf(value any) []string {
	items, _ := value.([]any)
	texts := make([]string, 0, len(items))
	for _, item := range items {
		if text, ok := item.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}
