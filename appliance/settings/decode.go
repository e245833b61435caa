package settings

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"latchkey/appliance/problem"
)

// sealed is how a secret's value stands in our memory, so that it is never
// taken for a text.
type sealed string

// String hides it from whoever prints all values.
func (sealed) String() string { return "(secret)" }

// Decode reads the JSON of a value that somebody wants name to have. A List
// may also come as one text with commas. Hidden settings are refused: they
// belong to steps of their own. The problem never repeats the value.
func Decode(name string, raw []byte) (any, error) {
	i := slices.IndexFunc(Keys(), func(k Key) bool { return k.Name == name })
	if i < 0 {
		return nil, problem.New(problem.Refused, "settings.unknown", "There is no such setting.", "")
	}
	k := Keys()[i]
	if k.Hidden {
		return nil, problem.New(problem.Refused, "settings.step", "This is set by a step of its own.", "")
	}
	return decode(k, raw)
}

func decode(k Key, raw []byte) (any, error) {
	switch k.Kind {
	case Number:
		return into[int64](k, raw)
	case Bool:
		return into[bool](k, raw)
	case List:
		var text string
		if json.Unmarshal(raw, &text) == nil {
			return split(text), nil
		}
		list, err := into[[]string](k, raw)
		return trimmed(list), err
	default:
		return into[string](k, raw)
	}
}

func into[T any](k Key, raw []byte) (T, error) {
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		// The decoder's own words may repeat what it met.
		return v, problem.New(problem.Refused, "settings.type", kindWords(k.Kind), "")
	}
	return v, nil
}

func split(text string) []string {
	return trimmed(strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' }))
}

// trimmed drops the empty entries that a form leaves.
func trimmed(list []string) []string {
	out := []string{}
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// inside is the form in which a value is held and compared.
func inside(k Key, v any) any {
	switch t := v.(type) {
	case string:
		if k.Kind == Secret {
			return sealed(t)
		}
	case []string:
		return slices.Clone(t)
	}
	return v
}

// shown is what others may learn of a value held: of a secret whether there is
// one.
func shown(v any) any {
	switch t := v.(type) {
	case sealed:
		return t != ""
	case []string:
		return slices.Clone(t)
	}
	return v
}

// same reports whether two values held mean the same. Secrets are compared as
// the JSON that they are, since whoever reads and writes one may space it
// otherwise.
func same(a, b any) bool {
	x, ok1 := a.(sealed)
	y, ok2 := b.(sealed)
	if ok1 && ok2 && x != y {
		var u, v any
		return json.Unmarshal([]byte(x), &u) == nil && json.Unmarshal([]byte(y), &v) == nil && reflect.DeepEqual(u, v)
	}
	return reflect.DeepEqual(a, b)
}

// kept is the JSON under which a value is stored.
func kept(name string, v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding setting %s: %w", name, err)
	}
	return raw, nil
}
