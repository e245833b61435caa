package config

import (
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// entry is one key of the file, with tables joined by dots.
type entry struct {
	key   string
	value any
	line  int
}

// scan reads TOML into entries in the order of the file. Values and syntax
// come from the library's decoder; its parser only adds the line numbers,
// which the decoder does not tell.
func scan(text []byte) ([]entry, error) {
	var tree map[string]any
	if err := toml.Unmarshal(text, &tree); err != nil {
		return nil, plain(err)
	}
	lines := make(map[string]int)
	var order []string
	var table string
	var unknown bool
	var strangers []entry
	var p unstable.Parser
	p.Reset(text)
	for p.NextExpression() {
		e := p.Expression()
		key, line := keyOf(&p, e)
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = key + "."
			if unknown = !knownTable(key); unknown {
				strangers = append(strangers, entry{key, nil, line})
			}
		case unstable.KeyValue:
			if unknown {
				continue // its table is told, once
			}
			lines[table+key] = line
			order = append(order, table+key)
		}
	}
	if err := p.Error(); err != nil {
		return nil, plain(err)
	}
	entries := strangers
	for _, key := range order {
		entries = append(entries, flatten(key, find(tree, key), lines[key])...)
	}
	return entries, nil
}

// knownTable reports whether some key may stand under [name].
func knownTable(name string) bool {
	if name == "settings" || strings.HasPrefix(name, "settings.") {
		return true
	}
	for key := range keys {
		if strings.HasPrefix(key, name+".") {
			return true
		}
	}
	return false
}

// flatten gives an inline table's keys as entries of their own.
func flatten(key string, value any, line int) []entry {
	inner, ok := value.(map[string]any)
	if !ok || len(inner) == 0 {
		return []entry{{key, value, line}}
	}
	var all []entry
	for k, v := range inner {
		all = append(all, flatten(key+"."+k, v, line)...)
	}
	return all
}

// find follows a dotted key. Keys that contain a dot themselves, such as
// "trash.days" in quotes, are found as they are.
func find(tree map[string]any, key string) any {
	if v, ok := tree[key]; ok {
		return v
	}
	for i := range len(key) {
		if key[i] != '.' {
			continue
		}
		if inner, ok := tree[key[:i]].(map[string]any); ok {
			if v := find(inner, key[i+1:]); v != nil {
				return v
			}
		}
	}
	return nil
}

func keyOf(p *unstable.Parser, e *unstable.Node) (key string, line int) {
	var parts []string
	for it := e.Key(); it.Next(); {
		n := it.Node()
		if line == 0 {
			line = p.Shape(n.Raw).Start.Line
		}
		parts = append(parts, string(n.Data))
	}
	return strings.Join(parts, "."), line
}

// plain turns the decoder's error into one line with its place.
func plain(err error) error {
	if d, ok := err.(*toml.DecodeError); ok { //nolint:errorlint // the library returns it bare
		row, col := d.Position()
		return fmt.Errorf("line %d, column %d: %s", row, col, strings.TrimPrefix(d.Error(), "toml: "))
	}
	return err
}
