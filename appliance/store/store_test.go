package store_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"latchkey/appliance/account"
	"latchkey/appliance/journal"
	"latchkey/appliance/store"
	"latchkey/appliance/vault"
)

// newHouse makes and opens a house in a folder of its own.
func newHouse(t testing.TB) (*store.Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := store.Create(dir, nil); err != nil {
		t.Fatalf("Create: %v", err)
	}
	return open(t, dir), dir
}

// open opens the house in dir until the test ends.
func open(t testing.TB, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), config(dir))
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		wantSound(t, dir)
	})
	return s
}

// wantSound runs the full check on a closed house. Tests of one contract keep
// things of people without an account, and sessions without a device, which is
// no fault of the store.
func wantSound(t testing.TB, dir string) {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(dir, "seal.key"))
	if err != nil {
		t.Error(err)
		return
	}
	r := store.Check(filepath.Join(dir, "latchkey.db"), key)
	for _, f := range r.Findings {
		if f.Code != store.FoundOrphan && !strings.Contains(f.Text, "its device is not there") && !strings.Contains(f.Text, "its folder is not there") {
			t.Errorf("the full check found %+v", f)
		}
	}
}

func config(dir string) store.Config {
	return store.Config{Dir: dir, Log: slog.New(slog.DiscardHandler)}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func TestWhatWasKeptIsThereAfterARestart(t *testing.T) {
	s, dir := newHouse(t)
	ctx := t.Context()
	owner := account.UserID(newID())
	person := account.Account{ID: owner, Email: "ada@example.org", Name: "Ada", Created: time.Now().UTC()}
	if err := s.Accounts().Write(ctx, func(w account.Writer) error { return w.PutAccount(person) }); err != nil {
		t.Fatal(err)
	}
	item := vault.Item{ID: vault.ItemID(newID()), Owner: owner, Created: time.Now().UTC(), Body: []byte(`"type":1`)}
	err := s.Vault().Write(ctx, "", func(w vault.Writer) (err error) {
		if item.Revision, err = w.Next(owner); err != nil {
			return err
		}
		return w.PutItem(item)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetValue(ctx, "setting", []byte("on")); err != nil {
		t.Fatal(err)
	}
	if err := s.Journal().Append(ctx, []journal.Entry{{Time: time.Now(), Body: []byte("came")}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = open(t, dir)
	err = s.Accounts().View(ctx, func(r account.Reader) error {
		got, err := r.AccountByEmail("ada@example.org")
		if err == nil && got.ID != owner {
			t.Errorf("AccountByEmail gave %v", got)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	err = s.Vault().View(ctx, func(r vault.Reader) error {
		got, err := r.Item(owner, item.ID)
		if err == nil && string(got.Body) != string(item.Body) {
			t.Errorf("Item gave %v", got)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if got, err := s.Value(ctx, "setting"); err != nil || string(got) != "on" {
		t.Errorf("Value gave %q, %v", got, err)
	}
	if _, err := s.Value(ctx, "other"); !errors.Is(err, store.ErrNoValue) {
		t.Errorf("Value of what was never set: %v", err)
	}
	n := 0
	for e, err := range s.Journal().Each(ctx, time.Time{}, time.Time{}) {
		if err != nil || string(e.Body) != "came" {
			t.Errorf("Each gave %v, %v", e, err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("Each gave %d entries", n)
	}
	var to bytes.Buffer
	if err := s.HotCopy(ctx, &to); err != nil || int64(to.Len()) != s.Stats().Size {
		t.Errorf("HotCopy gave %d bytes, %v; want %d", to.Len(), err, s.Stats().Size)
	}
	if err := s.Ping(ctx); err != nil {
		t.Errorf("Ping: %v", err)
	}
}
