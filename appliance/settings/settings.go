// Package settings owns what the household may change without touching the
// machine: one table of typed keys, each with its default, its check and the
// part that uses it. Values are kept sealed; whoever uses one subscribes to it,
// so that nothing needs a restart. A secret goes in and comes out to the part
// that uses it, and is told to nobody else.
package settings

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"latchkey/appliance/problem"
)

// Kind is the type of a setting's value.
type Kind string

// The kinds: string, int64, bool, a string out of Choices, []string, and a
// string that is never shown.
const (
	Text   Kind = "text"
	Number Kind = "number"
	Bool   Kind = "bool"
	Choice Kind = "choice"
	List   Kind = "list"
	Secret Kind = "secret"
)

// Key describes one setting.
type Key struct {
	Name    string   // part, dot, what: "trash.days"
	Owner   string   // the package that uses it
	Kind    Kind     //
	Default any      // string, int64, bool or []string, by Kind
	Min     int64    // Number: smallest; Text and Secret: shortest, in characters; List: fewest
	Max     int64    // Number: largest; Text and Secret: longest, in characters; List: most
	Choices []string // Choice only
	Words   []string // Choice: Choices for a person, in the same order; nil: they speak for themselves
	// Check says in a sentence what is wrong with a text (Text, Secret; List:
	// with each entry), or "". It is not asked about an empty text, and never
	// repeats what it was given.
	Check func(string) string
	Proof bool   // to change it by the page the owner proves the password once more
	Title string // for a person, two or three words
	Help  string // for a person, one sentence
	// Hidden: set by a step of its own, neither offered in the list nor taken
	// from it.
	Hidden bool
}

// Keep is where values are kept. Value answers found=false where a name was
// never set.
type Keep interface {
	Value(ctx context.Context, name string) (value []byte, found bool, err error)
	SetValues(ctx context.Context, values map[string][]byte) error
}

// Settings holds the present values.
type Settings struct {
	keep  Keep
	table []Key
	keys  map[string]Key
	pins  map[string]Pin // by key, values as they are held

	mu     sync.Mutex
	values map[string]any
	subs   map[string][]func(any)
}

// valuePrefix keeps settings apart from the other kept values.
const valuePrefix = "settings/"

// Open loads all values. A pin of an unknown key or with an unfit value is a
// problem that names the file and line; all of them are told at once. A Secret
// is pinned by its name with _file behind it, and the path of the file that
// holds it.
func Open(ctx context.Context, keep Keep, pins map[string]Pin) (*Settings, error) {
	return open(ctx, keep, pins, Keys())
}

func open(ctx context.Context, keep Keep, pins map[string]Pin, table []Key) (*Settings, error) {
	s := &Settings{
		keep: keep, table: table,
		keys: make(map[string]Key), values: make(map[string]any), subs: make(map[string][]func(any)),
	}
	for _, k := range table {
		s.keys[k.Name] = k
		s.values[k.Name] = inside(k, k.Default)
	}
	var err error
	if s.pins, err = pinned(s.keys, pins); err != nil {
		return nil, err
	}
	for _, k := range table {
		if err := s.load(ctx, k); err != nil {
			return nil, fmt.Errorf("loading setting %s: %w", k.Name, err)
		}
	}
	return s, nil
}

func (s *Settings) load(ctx context.Context, k Key) error {
	if p, ok := s.pins[k.Name]; ok {
		s.values[k.Name] = p.Value
		return nil
	}
	raw, found, err := s.keep.Value(ctx, valuePrefix+k.Name)
	if err != nil || !found {
		return err
	}
	v, err := decode(k, raw)
	if err != nil {
		return err
	}
	s.values[k.Name] = inside(k, v)
	return nil
}

// Text gives a Text or Choice setting. Asking for a name or kind that the
// table does not have is a mistake of ours and panics, here and below.
func (s *Settings) Text(name string) string { return get[string](s, name) }

// Number gives a Number setting.
func (s *Settings) Number(name string) int64 { return get[int64](s, name) }

// Bool gives a Bool setting.
func (s *Settings) Bool(name string) bool { return get[bool](s, name) }

// Texts gives a List setting, the caller's to keep.
func (s *Settings) Texts(name string) []string { return slices.Clone(get[[]string](s, name)) }

// Secret gives a Secret setting, "" where there is none. It is for the part
// that uses it alone, and never for a log or an answer.
func (s *Settings) Secret(name string) string { return string(get[sealed](s, name)) }

func get[T any](s *Settings, name string) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.values[name].(T)
	if !ok {
		panic("settings: no " + name + " of that kind")
	}
	return v
}

// Pinned tells what fixes a setting, without its value.
func (s *Settings) Pinned(name string) (Pin, bool) {
	p, ok := s.pins[name]
	p.Value = nil
	return p, ok
}

// Subscribe calls fn with each new value of name, after it is kept. Of a
// Secret it hears only whether there is one now.
func (s *Settings) Subscribe(name string, fn func(value any)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subs[name] = append(s.subs[name], fn)
}

// Set changes settings, all or none; "" clears a Secret. What is wrong comes as
// one problem whose Values name each key and why. A pinned setting may be set
// to what it is.
func (s *Settings) Set(ctx context.Context, changes map[string]any) error {
	refused := problem.New(problem.Refused, "settings.refused", "Some settings can't be changed like this.", "")
	raws, fresh := make(map[string][]byte, len(changes)), make(map[string]any, len(changes))
	for name, v := range changes {
		if why := s.refuse(name, v); why != "" {
			refused = refused.With(name, why)
			continue
		}
		if _, pinned := s.pins[name]; pinned {
			continue
		}
		raw, err := kept(name, v)
		if err != nil {
			return err
		}
		raws[valuePrefix+name], fresh[name] = raw, inside(s.keys[name], v)
	}
	if len(refused.Values) > 0 {
		refused.Hint = explain(refused.Values)
		return refused
	}
	if len(raws) == 0 {
		return nil
	}
	if err := s.keep.SetValues(ctx, raws); err != nil {
		return fmt.Errorf("keeping settings: %w", err)
	}
	s.publish(fresh)
	return nil
}

func (s *Settings) publish(changes map[string]any) {
	s.mu.Lock()
	var calls []func()
	for name, v := range changes {
		s.values[name] = v
		for _, fn := range s.subs[name] {
			calls = append(calls, func() { fn(shown(v)) })
		}
	}
	s.mu.Unlock()
	for _, call := range calls {
		call()
	}
}

func (s *Settings) refuse(name string, v any) string {
	k, ok := s.keys[name]
	if !ok {
		return "There is no such setting."
	}
	if p, pinned := s.pins[name]; pinned && !same(p.Value, inside(k, v)) {
		if p.Line == 0 {
			return fmt.Sprintf("Fixed by %s.", p.File)
		}
		return fmt.Sprintf("Fixed by %s, line %d.", p.File, p.Line)
	}
	return k.check(v)
}

func explain(why map[string]string) string {
	var lines []string
	for name, text := range why {
		lines = append(lines, name+": "+text)
	}
	slices.Sort(lines)
	return strings.Join(lines, " ")
}

// Shown is a setting as the page shows it.
type Shown struct {
	Key
	Value  any  // nil for a Secret
	Set    bool // Secret only: whether there is one
	Pinned *Pin // without its value
}

// List gives all settings that are not hidden, in the table's order. Secrets
// are told only to be there or not.
func (s *Settings) List() []Shown {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Shown
	for _, k := range s.table {
		if k.Hidden {
			continue
		}
		one := Shown{Key: k}
		if value := shown(s.values[k.Name]); k.Kind == Secret {
			one.Set, one.Default = value == true, nil
		} else {
			one.Value = value
		}
		if p, ok := s.Pinned(k.Name); ok {
			one.Pinned = &p
		}
		all = append(all, one)
	}
	return all
}
