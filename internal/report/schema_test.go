package report_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/xk6-ollama/xk6-ollama/internal/api"
	"github.com/xk6-ollama/xk6-ollama/internal/record"
	"github.com/xk6-ollama/xk6-ollama/internal/report"
	"github.com/xk6-ollama/xk6-ollama/internal/sketch"
	"github.com/xk6-ollama/xk6-ollama/internal/stats"
)

// The schemas that we publish for programs that read results.json, and lines of requests.ndjson.
const resultsSchema, requestsSchema = "../../docs/results.schema.json", "../../docs/requests.schema.json"

func compiled(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile(filepath.FromSlash(file))
	require.NoError(t, err)
	return schema
}

func validate(t *testing.T, schema *jsonschema.Schema, text []byte) error {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	return schema.Validate(document)
}

func TestResultsMatchTheSchema(t *testing.T) {
	t.Parallel()
	schema := compiled(t, resultsSchema)
	for name, run := range runs() {
		results := report.Summarize(run)
		results.Thresholds = []report.Threshold{
			report.NewThreshold("ollama_ttft", "p(95)<5", false, map[string]float64{"p(95)": 9.5}),
		}
		var page bytes.Buffer
		require.NoError(t, report.JSON(&page, results))
		assert.NoError(t, validate(t, schema, page.Bytes()), name)
	}
}

func TestRequestsMatchTheSchema(t *testing.T) {
	t.Parallel()
	schema := compiled(t, requestsSchema)
	for name, run := range runs() {
		var lines bytes.Buffer
		require.NoError(t, record.Write(&lines, run.Records))
		for line := range bytes.Lines(lines.Bytes()) {
			assert.NoError(t, validate(t, schema, line), "%s: %s", name, line)
		}
	}
	assert.Error(t, validate(t, schema, []byte(`{"target":"t"}`)))
}

// The schema is strict: what no version of ours writes does not match it.
func TestTheSchemaRefuses(t *testing.T) {
	t.Parallel()
	schema := compiled(t, resultsSchema)
	var page bytes.Buffer
	require.NoError(t, report.JSON(&page, report.Summarize(runs()["failures-mixed"])))
	for name, change := range map[string]func(document map[string]any){
		"another schema":      func(d map[string]any) { d["schema"] = "xk6-ollama/results/v2" },
		"no series":           func(d map[string]any) { delete(d, "series") },
		"a new field":         func(d map[string]any) { d["mood"] = "good" },
		"a date without time": func(d map[string]any) { d["generated_at"] = "2026-01-02" },
		"a rate above 1":      func(d map[string]any) { firstOf(d, "series")["success_rate"] = 1.5 },
		"half a request":      func(d map[string]any) { firstOf(d, "series")["requests"] = 0.5 },
		"an unknown error":    func(d map[string]any) { object(firstOf(d, "series")["errors"])["bad"] = 1 },
		"an unknown metric":   func(d map[string]any) { object(firstOf(d, "series")["metrics"])["x"] = map[string]any{} },
		"an interval of one": func(d map[string]any) {
			object(object(firstOf(d, "series")["metrics"])["duration"])["ci95"] = []any{1}
		},
		"an unknown verdict": func(d map[string]any) {
			object(object(firstOf(d, "comparisons")["metrics"])["duration"])["verdict"] = "b_slower"
		},
	} {
		var document map[string]any
		require.NoError(t, json.Unmarshal(page.Bytes(), &document))
		change(document)
		text, err := json.Marshal(document)
		require.NoError(t, err)
		assert.Error(t, validate(t, schema, text), name)
	}
}

func firstOf(document map[string]any, list string) map[string]any {
	return object(document[list].([]any)[0]) //nolint:forcetypeassert,errcheck // or it is no results.json
}

// The schemas and the types say the same: every field with its description, and no other.
func TestTheSchemasHaveEveryField(t *testing.T) {
	t.Parallel()
	kinds := make([]any, 0, len(api.ErrorKinds()))
	for _, kind := range api.ErrorKinds() {
		kinds = append(kinds, string(kind))
	}
	for _, tt := range []struct {
		file  string
		of    reflect.Type
		kinds []any
	}{
		// The failure of a record that names none is of an unknown kind.
		{resultsSchema, reflect.TypeFor[report.Results](), append(slices.Clone(kinds), "unknown")},
		{requestsSchema, reflect.TypeFor[record.Record](), kinds},
	} {
		text, err := os.ReadFile(filepath.FromSlash(tt.file))
		require.NoError(t, err)
		s := published{t: t, file: tt.file, seen: map[reflect.Type]bool{}}
		require.NoError(t, json.Unmarshal(text, &s.root))
		s.check("", tt.of, s.root)
		assert.ElementsMatch(t, tt.kinds, s.resolve(map[string]any{"$ref": "#/$defs/error_type"})["enum"])
	}
}

// published is the schema, held against Go types.
type published struct {
	t    *testing.T
	file string
	root map[string]any
	seen map[reflect.Type]bool
}

// resolve follows a reference; what stands beside it goes before.
func (s published) resolve(node map[string]any) map[string]any {
	name, found := strings.CutPrefix(word(node["$ref"]), "#/$defs/")
	if !found {
		return node
	}
	defined := object(object(s.root["$defs"])[name])
	require.NotNil(s.t, defined, name)
	both := maps.Clone(defined)
	maps.Copy(both, node)
	return both
}

func (s published) check(path string, kind reflect.Type, node map[string]any) {
	node = s.resolve(node)
	for kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	wantType := map[reflect.Kind]string{
		reflect.Float64: "number", reflect.Int: "integer", reflect.Int64: "integer", reflect.Uint64: "integer",
		reflect.String: "string", reflect.Bool: "boolean", reflect.Slice: "array", reflect.Array: "array",
		reflect.Map: "object", reflect.Struct: "object",
	}[kind.Kind()]
	if kind == reflect.TypeFor[time.Time]() {
		wantType = "string"
	}
	if node["type"] != nil || node["enum"] == nil && node["const"] == nil {
		assert.Equal(s.t, wantType, word(node["type"]), "type of %s", path)
	}
	switch {
	case kind == reflect.TypeFor[stats.Interval](), kind == reflect.TypeFor[time.Time]():
	case kind == reflect.TypeFor[sketch.Sketch](): // which writes what its fields stand for
	case kind.Kind() == reflect.Struct:
		s.checkFields(path, kind, node)
	case kind.Kind() == reflect.Slice:
		s.check(path+"[]", kind.Elem(), object(node["items"]))
	case kind.Kind() == reflect.Map && kind.Elem().Kind() == reflect.Struct:
		require.Equal(s.t, false, node["additionalProperties"], path)
		for name, value := range object(node["properties"]) {
			assert.NotEmpty(s.t, object(value)["description"], "description of %s.%s", path, name)
			s.check(path+"."+name, kind.Elem(), object(value))
		}
	}
}

func (s published) checkFields(path string, kind reflect.Type, node map[string]any) {
	if s.seen[kind] {
		return
	}
	s.seen[kind] = true
	assert.Equal(s.t, false, node["additionalProperties"], "additionalProperties of %s", path)
	properties := object(node["properties"])
	var names, required []string
	for _, field := range reflect.VisibleFields(kind) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || !field.IsExported() || field.Anonymous {
			continue
		}
		names = append(names, name)
		if !strings.Contains(options, "omit") {
			required = append(required, name)
		}
		property := object(properties[name])
		if !assert.NotNil(s.t, property, "%s lacks %s.%s", s.file, path, name) {
			continue
		}
		assert.NotEmpty(s.t, property["description"], "description of %s.%s", path, name)
		s.check(path+"."+name, field.Type, property)
	}
	slices.Sort(names)
	assert.Equal(s.t, names, slices.Sorted(maps.Keys(properties)), "properties of %s", path)
	var listed []string
	for _, name := range node["required"].([]any) { //nolint:forcetypeassert,errcheck // every object of ours has it
		listed = append(listed, word(name))
	}
	assert.ElementsMatch(s.t, required, listed, "required of %s", path)
}
