package certs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// drawer is a Storage for the tests inside this package; certstest, which
// would be its home, imports it.
type drawer struct {
	mu      sync.Mutex
	values  map[string][]byte
	refuses error
	stores  int
}

func (d *drawer) Load(ctx context.Context, key string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, ok := d.values[key]
	if !ok {
		return nil, fmt.Errorf("loading %q: %w", key, fs.ErrNotExist)
	}
	return bytes.Clone(v), ctx.Err()
}

func (d *drawer) Store(ctx context.Context, key string, value []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := errors.Join(ctx.Err(), d.refuses); err != nil {
		return err
	}
	if d.values == nil {
		d.values = make(map[string][]byte)
	}
	d.values[key] = bytes.Clone(value)
	d.stores++
	return nil
}

func (d *drawer) Delete(ctx context.Context, key string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.values, key)
	return ctx.Err()
}

func (d *drawer) List(ctx context.Context, prefix string) ([]Entry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []Entry
	for _, key := range slices.Sorted(maps.Keys(d.values)) {
		if prefix == "" || key == prefix || strings.HasPrefix(key, prefix+"/") {
			list = append(list, Entry{Key: key, Size: int64(len(d.values[key])), Modified: time.Now()})
		}
	}
	return list, ctx.Err()
}

// copied is the drawer as a crash at this moment leaves it.
func (d *drawer) copied() *drawer {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &drawer{values: maps.Clone(d.values)}
}
