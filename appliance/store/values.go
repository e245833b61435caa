package store

import (
	"bytes"
	"context"
	"errors"

	"latchkey/appliance/account"
)

// value is the body of a row of the values table; it holds its own name, so
// that the full check can tell that the row stands under the right one.
type value struct {
	Name  string `json:"name"`
	Bytes []byte `json:"bytes"`
}

// Value gives what was last set under name, or ErrNoValue.
func (s *Store) Value(ctx context.Context, name string) (b []byte, err error) {
	err = s.view(ctx, func(l *layer) error {
		b, err = l.value(name)
		return err
	})
	return b, err
}

// SetValue keeps b, which may be empty, under name.
func (s *Store) SetValue(ctx context.Context, name string, b []byte) error {
	return s.ChangeValue(ctx, name, func([]byte) ([]byte, error) { return append([]byte{}, b...), nil })
}

// RemoveValue forgets name; one that is not there is no error.
func (s *Store) RemoveValue(ctx context.Context, name string) error {
	return s.ChangeValue(ctx, name, func([]byte) ([]byte, error) { return nil, nil })
}

// ChangeValue keeps what fn makes of the value under name, with no other write
// in between. fn gets nil where there is none, and returns nil to remove it;
// its error comes back as it is and changes nothing. It runs once or not at
// all, and must not call the store.
func (s *Store) ChangeValue(ctx context.Context, name string, fn func(old []byte) ([]byte, error)) error {
	return s.writer.do(ctx, alone, func(l *layer) error {
		old, err := l.value(name)
		if err != nil && !errors.Is(err, ErrNoValue) {
			return err
		}
		now, err := fn(old)
		if err != nil || (old != nil && now != nil && bytes.Equal(old, now)) {
			return err
		}
		t := l.table(tableValues)
		r := record{ID: l.s.sealer.name(nameValue, name)}
		if now != nil {
			return t.store(r, value{name, now})
		}
		if old == nil {
			return nil
		}
		return t.remove(&r)
	})
}

// SetValues keeps all of values, each under its name, or none of them. One that
// is nil is removed.
func (s *Store) SetValues(ctx context.Context, values map[string][]byte) error {
	return s.writer.do(ctx, alone, func(l *layer) error { return l.putValues(values) })
}

func (l *layer) putValues(values map[string][]byte) error {
	t := l.table(tableValues)
	for name, b := range values {
		r := record{ID: l.s.sealer.name(nameValue, name)}
		if b == nil {
			if err := l.dropValue(t, name, r); err != nil {
				return err
			}
			continue
		}
		if err := t.store(r, value{name, append([]byte{}, b...)}); err != nil {
			return err
		}
	}
	return nil
}

// dropValue removes one value, if it is there.
func (l *layer) dropValue(t table, name string, r record) error {
	if _, err := l.value(name); errors.Is(err, ErrNoValue) {
		return nil
	} else if err != nil {
		return err
	}
	return t.remove(&r)
}

// value reads one value, or answers ErrNoValue.
func (l *layer) value(name string) ([]byte, error) {
	v, err := fetch[value](l.table(tableValues), "ID", l.s.sealer.name(nameValue, name))
	switch {
	case errors.Is(err, account.ErrNotFound):
		return nil, ErrNoValue
	case err != nil:
		return nil, err
	case v.Name != name:
		return nil, errSeal
	}
	return v.Bytes, nil
}
