package ollama

import (
	"encoding/json"
	"fmt"

	"github.com/grafana/sobek"
	"github.com/tidwall/gjson"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
)

// parseJSON makes real JavaScript values of JSON, as the script's own JSON.parse would. That
// reads token by token with encoding/json, which takes longer than all else that is done to a
// line with a context; so objects like those of Ollama are read with gjson.
func parseJSON(rt *sobek.Runtime, text string) (sobek.Value, error) {
	const levels = 3 // gjson goes over a value once for each level that it is deep
	if !json.Valid([]byte(text)) {
		return callJSONParse(rt, text) // it knows what is wrong
	}
	return valueOf(rt, gjson.Parse(text), levels)
}

// valueOf makes a JavaScript value of valid JSON.
func valueOf(rt *sobek.Runtime, parsed gjson.Result, levels int) (value sobek.Value, err error) {
	switch {
	case parsed.Type == gjson.String:
		return rt.ToValue(decoded(parsed)), nil
	case parsed.Type != gjson.JSON:
		return rt.ToValue(parsed.Value()), nil
	case levels == 0:
		return callJSONParse(rt, parsed.Raw)
	case parsed.IsArray():
		var items []any
		parsed.ForEach(func(_, item gjson.Result) bool {
			value, err = valueOf(rt, item, levels-1)
			items = append(items, value)
			return err == nil
		})
		return rt.NewArray(items...), err
	default:
		object := rt.NewObject()
		parsed.ForEach(func(key, member gjson.Result) bool {
			if value, err = valueOf(rt, member, levels-1); err != nil {
				return false
			}
			err = object.DefineDataProperty(decoded(key), value, sobek.FLAG_TRUE, sobek.FLAG_TRUE, sobek.FLAG_TRUE)
			if err != nil {
				err = fmt.Errorf("making a JavaScript object: %w", err)
			}
			return err == nil
		})
		return object, err
	}
}

// decoded decodes a string as encoding/json does, and so JSON.parse here; gjson makes one
// character of two halves of surrogate pairs that do not belong together.
func decoded(quoted gjson.Result) string {
	return api.Raw(quoted.Raw[1 : len(quoted.Raw)-1]).String()
}

// callJSONParse calls JSON.parse.
func callJSONParse(rt *sobek.Runtime, text string) (sobek.Value, error) {
	parse, ok := sobek.AssertFunction(rt.GlobalObject().Get("JSON").ToObject(rt).Get("parse"))
	if !ok || text == "" {
		return sobek.Undefined(), nil
	}
	return parse(sobek.Undefined(), rt.ToValue(text))
}
