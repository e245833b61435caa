package appliance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"latchkey/appliance/store"
)

// The parts state what they need kept in their own words; these adaptors say
// it in the store's.

// values is a few sealed values by name, for settings and setup.
type values struct{ *store.Store }

// Value answers found=false where a name was never set.
func (v values) Value(ctx context.Context, name string) ([]byte, bool, error) {
	b, err := v.Store.Value(ctx, name)
	if errors.Is(err, store.ErrNoValue) {
		return nil, false, nil
	}
	return b, err == nil, err
}

// blob is one value, for certs.
type blob struct {
	store *store.Store
	name  string
}

func (b blob) Load(ctx context.Context) ([]byte, error) {
	raw, _, err := values{b.store}.Value(ctx, b.name)
	return raw, err
}

func (b blob) Save(ctx context.Context, raw []byte) error {
	return b.store.SetValue(ctx, b.name, raw)
}

// savedTime is the clock's.
type savedTime struct{ blob }

func (s savedTime) LoadTime(ctx context.Context) (time.Time, error) {
	raw, err := s.Load(ctx)
	if err != nil || raw == nil {
		return time.Time{}, err
	}
	var t time.Time
	if err := json.Unmarshal(raw, &t); err != nil {
		return time.Time{}, fmt.Errorf("reading the saved time: %w", err)
	}
	return t, nil
}

func (s savedTime) SaveTime(ctx context.Context, t time.Time) error {
	raw, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("encoding the saved time: %w", err)
	}
	return s.Save(ctx, raw)
}
