package certstest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"latchkey/appliance/certs"
)

// Memory is a storage in memory that a test can look into. Its zero value is
// empty and ready.
type Memory struct {
	mu      sync.Mutex
	values  map[string][]byte
	times   map[string]time.Time
	refuses error
}

var _ certs.Storage = (*Memory)(nil)

// Refuse lets each Store and Delete end with err; nil ends that.
func (m *Memory) Refuse(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refuses = err
}

// Load gives the value of key.
func (m *Memory) Load(ctx context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.values[key]
	if !ok {
		return nil, fmt.Errorf("loading %q: %w", key, fs.ErrNotExist)
	}
	return slices.Clone(v), ctx.Err()
}

// Store keeps a copy of value.
func (m *Memory) Store(ctx context.Context, key string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := errors.Join(ctx.Err(), m.refuses); err != nil {
		return err
	}
	if key == "" {
		return errors.New("certstest: an empty key")
	}
	if m.values == nil {
		m.values, m.times = make(map[string][]byte), make(map[string]time.Time)
	}
	m.values[key], m.times[key] = append([]byte{}, value...), time.Now()
	return nil
}

// Delete forgets key.
func (m *Memory) Delete(ctx context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := errors.Join(ctx.Err(), m.refuses); err != nil {
		return err
	}
	delete(m.values, key)
	return nil
}

// List gives the keys at and below prefix.
func (m *Memory) List(ctx context.Context, prefix string) ([]certs.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []certs.Entry
	for key, v := range m.values {
		if prefix == "" || key == prefix || strings.HasPrefix(key, prefix+"/") {
			list = append(list, certs.Entry{Key: key, Size: int64(len(v)), Modified: m.times[key]})
		}
	}
	slices.SortFunc(list, func(a, b certs.Entry) int { return strings.Compare(a.Key, b.Key) })
	return list, ctx.Err()
}
