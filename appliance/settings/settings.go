// Package settings owns what the household may change without touching the
// machine: one table of typed keys, each with its default, its check and the
// part that uses it. Values are kept sealed; whoever uses one subscribes to it,
// so that nothing needs a restart.
package settings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"latchkey/appliance/problem"
)

// Kind is the type of a setting's value.
type Kind string

// The kinds: string, int64, bool, and a string out of Choices.
const (
	Text   Kind = "text"
	Number Kind = "number"
	Bool   Kind = "bool"
	Choice Kind = "choice"
)

// Key describes one setting.
type Key struct {
	Name    string   // part, dot, what: "trash.days"
	Owner   string   // the package that uses it
	Kind    Kind     //
	Default any      // string, int64 or bool, by Kind
	Min     int64    // Number: smallest; Text: shortest, in characters
	Max     int64    // Number: largest; Text: longest, in characters
	Choices []string // Choice only
	Title   string   // for a person, two or three words
	Help    string   // for a person, one sentence
	Hidden  bool     // set by a step of its own, not offered in the list
}

// The keys by name, for those who read them.
const (
	HouseName      = "house.name"
	ReachMode      = "reach.mode"
	SessionDays    = "session.days"
	TrashDays      = "trash.days"
	JournalDays    = "journal.days"
	InvitationDays = "invitation.days"
)

// Keys is the table, in the order in which the page shows it.
func Keys() []Key {
	return []Key{
		{Name: HouseName, Owner: "api", Kind: Text, Default: "Home", Min: 1, Max: 60, Title: "Name of the house", Help: "Shown at the top of the page and on the recovery kit."},
		{Name: ReachMode, Owner: "setup", Kind: Choice, Default: "", Choices: []string{"", "home"}, Title: "Reachable from", Help: "Chosen in the first set-up.", Hidden: true},
		{Name: SessionDays, Owner: "account", Kind: Number, Default: int64(30), Min: 1, Max: 365, Title: "Days signed in", Help: "An app that has not been used for so many days must sign in again."},
		{Name: TrashDays, Owner: "vault", Kind: Number, Default: int64(30), Min: 0, Max: 3650, Title: "Days in the trash", Help: "Items in the trash are removed for good after so many days; 0 keeps them until somebody empties it."},
		{Name: JournalDays, Owner: "journal", Kind: Number, Default: int64(90), Min: 1, Max: 3650, Title: "Days of activity", Help: "Who signed in and when is kept for so many days."},
		{Name: InvitationDays, Owner: "account", Kind: Number, Default: int64(7), Min: 1, Max: 30, Title: "Days an invitation lasts", Help: "An invitation link that nobody used ends after so many days."},
	}
}

// Keep is where values are kept. Value answers found=false where a name was
// never set.
type Keep interface {
	Value(ctx context.Context, name string) (value []byte, found bool, err error)
	SetValues(ctx context.Context, values map[string][]byte) error
}

// Pin is a value fixed outside, with the place that fixes it.
type Pin struct {
	Value any
	File  string
	Line  int
}

// Settings holds the present values.
type Settings struct {
	keep Keep
	pins map[string]Pin
	keys map[string]Key

	mu     sync.Mutex
	values map[string]any
	subs   map[string][]func(any)
}

// prefix keeps settings apart from the other kept values.
const prefix = "settings/"

// Open loads all values. A pin of an unknown key or with an unfit value is a
// problem that names the file and line; all of them are told at once.
func Open(ctx context.Context, keep Keep, pins map[string]Pin) (*Settings, error) {
	s := &Settings{
		keep: keep, pins: pins,
		keys: make(map[string]Key), values: make(map[string]any), subs: make(map[string][]func(any)),
	}
	for _, k := range Keys() {
		s.keys[k.Name] = k
		s.values[k.Name] = k.Default
	}
	if err := s.checkPins(); err != nil {
		return nil, err
	}
	for name, k := range s.keys {
		raw, found, err := keep.Value(ctx, prefix+name)
		if err != nil {
			return nil, fmt.Errorf("loading setting %s: %w", name, err)
		}
		if !found {
			continue
		}
		v, err := decode(k, raw)
		if err != nil {
			return nil, fmt.Errorf("loading setting %s: %w", name, err)
		}
		s.values[name] = v
	}
	for name, p := range pins {
		s.values[name] = p.Value
	}
	return s, nil
}

func (s *Settings) checkPins() error {
	var troubles []string
	for name, p := range s.pins {
		k, ok := s.keys[name]
		why := "there is no such setting"
		if ok {
			why = k.check(p.Value)
		}
		if why != "" {
			troubles = append(troubles, fmt.Sprintf("%s line %d: %s: %s", p.File, p.Line, name, why))
		}
	}
	if len(troubles) == 0 {
		return nil
	}
	slices.Sort(troubles)
	return problem.New(problem.Refused, "settings.pins",
		"The pinned settings can't be used: "+strings.Join(troubles, "; ")+".",
		"Correct or remove these lines.")
}

// Text gives a Text or Choice setting. Asking for a name or kind that the
// table does not have is a mistake of ours and panics, here and below.
func (s *Settings) Text(name string) string { return get[string](s, name) }

// Number gives a Number setting.
func (s *Settings) Number(name string) int64 { return get[int64](s, name) }

// Bool gives a Bool setting.
func (s *Settings) Bool(name string) bool { return get[bool](s, name) }

func get[T any](s *Settings, name string) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.values[name].(T)
	if !ok {
		panic("settings: no " + name + " of that kind")
	}
	return v
}

// Subscribe calls fn with each new value of name, after it is kept.
func (s *Settings) Subscribe(name string, fn func(value any)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subs[name] = append(s.subs[name], fn)
}

// Set changes settings, all or none. What is wrong comes as one problem whose
// Values name each key and why.
func (s *Settings) Set(ctx context.Context, changes map[string]any) error {
	refused := problem.New(problem.Refused, "settings.refused", "Some settings can't be changed like this.", "")
	raws := make(map[string][]byte, len(changes))
	for name, v := range changes {
		why := s.refuse(name, v)
		if why != "" {
			refused = refused.With(name, why)
			continue
		}
		raw, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("encoding setting %s: %w", name, err)
		}
		raws[prefix+name] = raw
	}
	if len(refused.Values) > 0 {
		refused.Hint = explain(refused.Values)
		return refused
	}
	if err := s.keep.SetValues(ctx, raws); err != nil {
		return fmt.Errorf("keeping settings: %w", err)
	}
	s.publish(changes)
	return nil
}

func (s *Settings) publish(changes map[string]any) {
	s.mu.Lock()
	var calls []func()
	for name, v := range changes {
		s.values[name] = v
		for _, fn := range s.subs[name] {
			calls = append(calls, func() { fn(v) })
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
	if p, pinned := s.pins[name]; pinned {
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

// check says what is wrong with v, or nothing.
func (k Key) check(v any) string {
	switch k.Kind {
	case Number:
		n, ok := v.(int64)
		if !ok {
			return "It must be a whole number."
		}
		if n < k.Min || n > k.Max {
			return fmt.Sprintf("It must lie between %d and %d.", k.Min, k.Max)
		}
	case Bool:
		if _, ok := v.(bool); !ok {
			return "It must be true or false."
		}
	case Choice:
		t, ok := v.(string)
		if !ok || !slices.Contains(k.Choices, t) {
			return "It must be one of: " + strings.Join(k.Choices, ", ") + "."
		}
	case Text:
		t, ok := v.(string)
		if n := int64(len([]rune(t))); !ok || n < k.Min || n > k.Max {
			return fmt.Sprintf("It must have between %d and %d characters.", k.Min, k.Max)
		}
	}
	return ""
}

// Decode reads the JSON of a value for the setting name into its Go type.
func Decode(name string, raw []byte) (any, error) {
	for _, k := range Keys() {
		if k.Name == name {
			return decode(k, raw)
		}
	}
	return nil, problem.New(problem.Refused, "settings.unknown", "There is no setting "+name+".", "")
}

func decode(k Key, raw []byte) (any, error) {
	var err error
	switch k.Kind {
	case Number:
		var n int64
		err = json.Unmarshal(raw, &n)
		return n, wrap(err)
	case Bool:
		var b bool
		err = json.Unmarshal(raw, &b)
		return b, wrap(err)
	default:
		var t string
		err = json.Unmarshal(raw, &t)
		return t, wrap(err)
	}
}

func wrap(err error) error {
	if err == nil {
		return nil
	}
	return errors.Join(errors.New("the value has another type"), err)
}

// Shown is a setting as the page shows it.
type Shown struct {
	Key
	Value  any
	Pinned *Pin
}

// List gives all settings that are not hidden, in the table's order.
func (s *Settings) List() []Shown {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Shown
	for _, k := range Keys() {
		if k.Hidden {
			continue
		}
		one := Shown{Key: k, Value: s.values[k.Name]}
		if p, ok := s.pins[k.Name]; ok {
			one.Pinned = &p
		}
		all = append(all, one)
	}
	return all
}
