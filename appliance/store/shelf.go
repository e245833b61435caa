package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"latchkey/appliance/certs"
)

// Shelf is a set of sealed values that can be listed: what certificates need
// kept. Beside each value stands one index of all keys, written with it, since
// the file itself knows names only as hashes. It is for dozens of values.
type Shelf struct {
	s    *Store
	name string
}

var _ certs.Storage = (*Shelf)(nil)

// Shelf gives the shelf of that name; it needs not be made. No other value may
// have a name that begins with this one and a slash.
func (s *Store) Shelf(name string) *Shelf { return &Shelf{s, name} }

// standing is what the index says of one key.
type standing struct {
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
}

var errShelfKey = errors.New("store: a shelf's key must not be empty")

func (f *Shelf) index() string           { return f.name }
func (f *Shelf) value(key string) string { return f.name + "/" + key }

// Load gives the value of key, or fs.ErrNotExist.
func (f *Shelf) Load(ctx context.Context, key string) ([]byte, error) {
	b, err := f.s.Value(ctx, f.value(key))
	if errors.Is(err, ErrNoValue) || key == "" {
		return nil, fmt.Errorf("loading %q: %w", key, fs.ErrNotExist)
	}
	return b, err
}

// Store keeps value under key.
func (f *Shelf) Store(ctx context.Context, key string, value []byte) error {
	if key == "" {
		return errShelfKey
	}
	return f.change(ctx, func(l *layer, index map[string]standing) error {
		index[key] = standing{int64(len(value)), f.s.now().UTC()}
		return l.putValue(f.value(key), append([]byte{}, value...))
	})
}

// Delete forgets key; one that is not there is no error.
func (f *Shelf) Delete(ctx context.Context, key string) error {
	return f.change(ctx, func(l *layer, index map[string]standing) error {
		delete(index, key)
		return l.putValue(f.value(key), nil)
	})
}

// List gives the keys that are prefix or lie below it, sorted; all for "".
func (f *Shelf) List(ctx context.Context, prefix string) (list []certs.Entry, err error) {
	err = f.s.view(ctx, func(l *layer) error {
		index, err := f.read(l)
		for key, is := range index {
			if prefix == "" || key == prefix || strings.HasPrefix(key, prefix+"/") {
				list = append(list, certs.Entry{Key: key, Size: is.Size, Modified: is.Modified})
			}
		}
		return err
	})
	slices.SortFunc(list, func(a, b certs.Entry) int { return strings.Compare(a.Key, b.Key) })
	return list, err
}

// change lets fn change values and the index in one write, all or nothing.
func (f *Shelf) change(ctx context.Context, fn func(*layer, map[string]standing) error) error {
	return f.s.writer.do(ctx, alone, func(l *layer) error {
		index, err := f.read(l)
		if err != nil {
			return err
		}
		if err := fn(l, index); err != nil {
			return err
		}
		text, err := json.Marshal(index)
		if err != nil {
			return fmt.Errorf("encoding the index of %s: %w", f.name, err)
		}
		return l.putValue(f.index(), text)
	})
}

// read gives the index; none is an empty one.
func (f *Shelf) read(l *layer) (map[string]standing, error) {
	index := make(map[string]standing)
	text, err := l.value(f.index())
	if errors.Is(err, ErrNoValue) {
		return index, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &index)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the index of %s: %w", f.name, err)
	}
	return index, nil
}

// putValue sets the value of name, or removes it where b is nil.
func (l *layer) putValue(name string, b []byte) error {
	t := l.table(tableValues)
	r := record{ID: l.s.sealer.name(nameValue, name)}
	if b != nil {
		return t.store(r, value{name, b})
	}
	_, found, err := t.one("ID", r.ID)
	if err != nil || !found {
		return err
	}
	return t.remove(&r)
}
