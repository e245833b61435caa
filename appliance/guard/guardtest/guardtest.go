// Package guardtest is the conformance suite of guard.Keep: each engine that
// keeps what guard remembers runs it.
package guardtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"latchkey/appliance/guard"
)

// Open makes a new and empty keep; again gives the same one once more, as after
// the process was killed.
type Open func(t *testing.T) (k guard.Keep, again func() guard.Keep)

// Run proves the engine that open makes, a new one for each test.
func Run(t *testing.T, open Open) {
	t.Run("a new one has nothing", func(t *testing.T) {
		k, _ := open(t)
		want(t, k, nil)
	})
	t.Run("what was saved is there, and after a kill, too", func(t *testing.T) {
		k, again := open(t)
		all := map[guard.Key]string{key(1): "one", key(2): "two", key(3): ""}
		save(t, k, all)
		want(t, k, all)
		want(t, again(), all)
	})
	t.Run("a row replaces the one under its key", func(t *testing.T) {
		k, again := open(t)
		save(t, k, map[guard.Key]string{key(1): "one", key(2): "two"})
		save(t, k, map[guard.Key]string{key(1): "another"})
		want(t, again(), map[guard.Key]string{key(1): "another", key(2): "two"})
	})
	t.Run("what is gone is gone, and what never was is no error", func(t *testing.T) {
		k, again := open(t)
		save(t, k, map[guard.Key]string{key(1): "one", key(2): "two"})
		save(t, k, map[guard.Key]string{key(3): "three"}, key(1), key(9))
		want(t, again(), map[guard.Key]string{key(2): "two", key(3): "three"})
	})
	t.Run("thousands of rows come back", func(t *testing.T) {
		k, again := open(t)
		all := map[guard.Key]string{}
		for n := range 5000 {
			all[key(n)] = fmt.Sprint("row ", n)
		}
		save(t, k, all)
		want(t, again(), all)
	})
	t.Run("loading ends with the first error of who it is for", func(t *testing.T) {
		k, _ := open(t)
		save(t, k, map[guard.Key]string{key(1): "one", key(2): "two"})
		full, n := errors.New("full"), 0
		err := k.Load(t.Context(), func(guard.Row) error { n++; return full })
		if !errors.Is(err, full) || n != 1 {
			t.Errorf("Load gave %v after %d rows", err, n)
		}
	})
	t.Run("a save that is given up changes nothing", func(t *testing.T) {
		k, again := open(t)
		save(t, k, map[guard.Key]string{key(1): "one"})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := k.Save(ctx, []guard.Row{{Key: key(2), Body: []byte("two")}}, []guard.Key{key(1)}); err == nil {
			t.Error("it was saved")
		}
		want(t, again(), map[guard.Key]string{key(1): "one"})
	})
}

func key(n int) guard.Key { return guard.Key{byte(n), byte(n >> 8), 15: 7} }

func save(t *testing.T, k guard.Keep, rows map[guard.Key]string, gone ...guard.Key) {
	t.Helper()
	var put []guard.Row
	for _, at := range slices.SortedFunc(maps.Keys(rows), func(a, b guard.Key) int { return bytes.Compare(b[:], a[:]) }) {
		put = append(put, guard.Row{Key: at, Body: []byte(rows[at])})
	}
	if err := k.Save(t.Context(), put, gone); err != nil {
		t.Fatalf("Save: %v", err)
	}
}

func want(t *testing.T, k guard.Keep, rows map[guard.Key]string) {
	t.Helper()
	var got []guard.Row // held until all are there: their bytes stay valid
	if err := k.Load(t.Context(), func(r guard.Row) error { got = append(got, r); return nil }); err != nil {
		t.Fatalf("Load: %v", err)
	}
	for _, r := range got {
		if body, there := rows[r.Key]; !there || body != string(r.Body) {
			t.Errorf("Load gave %x: %q, want %q", r.Key, r.Body, body)
		}
	}
	if len(got) != len(rows) {
		t.Errorf("Load gave %d rows, want %d", len(got), len(rows))
	}
}
