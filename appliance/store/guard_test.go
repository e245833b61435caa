package store_test

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"latchkey/appliance/guard"
	"latchkey/appliance/guard/guardtest"
	"latchkey/appliance/store"
)

func TestTheStoreKeepsTheGuardsPromises(t *testing.T) {
	guardtest.Run(t, func(t *testing.T) (guard.Keep, func() guard.Keep) {
		s, dir := newHouse(t)
		return s.Guard(), func() guard.Keep { return open(t, killed(t, dir)).Guard() }
	})
}

// killed is the folder as a process that is killed now would leave it.
func killed(t *testing.T, dir string) string {
	t.Helper()
	left := t.TempDir()
	for _, name := range []string{"latchkey.db", "seal.key"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(left, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return left
}

// saves tells of each save that has returned.
type saves struct {
	guard.Keep
	done chan struct{}
}

func (s saves) Save(ctx context.Context, put []guard.Row, gone []guard.Key) error {
	err := s.Keep.Save(ctx, put, gone)
	s.done <- struct{}{}
	return err
}

func TestAKillLiftsNoBan(t *testing.T) {
	s, dir := newHouse(t)
	key, now := bytes.Repeat([]byte{3}, 32), func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
	keep := saves{s.Guard(), make(chan struct{}, 100)}
	g, err := guard.New(t.Context(), guard.Config{Keep: keep, Key: key, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- g.Run(ctx) }()
	peer := netip.MustParseAddr("203.0.113.1")
	guess := func(g *guard.Guard, name string) guard.Verdict {
		return g.Ask(guard.Try{Attempt: guard.Password, Account: name, Peer: peer})
	}
	var began *guard.Ban
	for n := 0; began == nil; n++ {
		began = guess(g, strconv.Itoa(n)).Began
	}
	<-keep.done // nothing was flushed, and nothing but the ban made it write
	left := open(t, killed(t, dir))
	again, err := guard.New(t.Context(), guard.Config{Keep: left.Guard(), Key: key, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if v := guess(again, "ada@example.org"); v.Why != guard.ByBan || v.Wait != 10*time.Minute {
		t.Errorf("after the kill: %+v", v)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	file, err := os.ReadFile(filepath.Join(dir, "latchkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	addr := peer.As4()
	for _, clear := range [][]byte{addr[:], []byte("ada@example.org")} {
		if bytes.Contains(file, clear) {
			t.Errorf("%q stands in the file", clear)
		}
	}
}

func TestARowOfTheGuardThatDoesNotOpenIsLeftOut(t *testing.T) {
	s, dir := newHouse(t)
	rows := []guard.Row{{Key: guard.Key{1}, Body: []byte("one")}, {Key: guard.Key{2}, Body: []byte("two")}}
	if err := s.Guard().Save(t.Context(), rows, nil); err != nil {
		t.Fatal(err)
	}
	left := killed(t, dir)
	db, err := bbolt.Open(filepath.Join(left, "latchkey.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte("guard"))
		one := b.Get(rows[0].Key[:])
		return b.Put(rows[1].Key[:], bytes.Clone(one)) // a ciphertext in another's place
	})
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	damaged, err := store.Open(t.Context(), config(left))
	if err != nil {
		t.Fatal(err)
	}
	var got []guard.Row
	err = damaged.Guard().Load(t.Context(), func(r guard.Row) error { got = append(got, r); return nil })
	if !errors.Is(err, guard.ErrDamaged) || len(got) != 1 || string(got[0].Body) != "one" {
		t.Errorf("Load gave %v and %v", got, err)
	}
	if err := damaged.Close(); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(left, "seal.key"))
	if err != nil {
		t.Fatal(err)
	}
	if r := store.Check(filepath.Join(left, "latchkey.db"), key); len(r.Findings) != 1 || r.Findings[0].Code != store.FoundSeal {
		t.Errorf("the full check found %v", &r)
	}
}
