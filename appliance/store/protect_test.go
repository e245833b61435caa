package store

import (
	"errors"
	"testing"

	"latchkey/appliance/account"
	"latchkey/appliance/problem"
	"latchkey/appliance/vault"
)

func TestAProtectedVaultIsReadAndNotChanged(t *testing.T) {
	dir, _ := damagedHouse(t)
	s, err := Open(t.Context(), quiet(dir))
	must(t, err)
	defer func() { must(t, s.Close()) }()
	put := func(w vault.Writer) error {
		rev, err := w.Next(damageOwner)
		it := damageItem(1)
		it.Revision = rev
		return errors.Join(err, w.PutItem(it))
	}
	why := problem.New(problem.Unavailable, "file.damaged", "It is damaged.", "Go back.")
	s.Protect(why)
	for what, write := range map[string]error{
		"a write": s.Vault().Write(t.Context(), "", put), "a long one": s.Vault().WriteLong(t.Context(), "", put),
	} {
		if !errors.Is(write, why) {
			t.Errorf("%s gave %v", what, write)
		}
	}
	if n, _, err := countItems(s, damageOwner); n != damageItems || err != nil {
		t.Errorf("%d items are read, %v", n, err)
	}
	must(t, s.SetValue(t.Context(), "name", []byte("value")))
	must(t, s.Accounts().WriteSessions(t.Context(), func(w account.SessionWriter) error {
		return w.PutSession(account.Session{ID: account.SessionID(crashID(1)), Owner: damageOwner, Device: damageOwner})
	}))
	s.Protect(nil)
	must(t, s.Vault().Write(t.Context(), "", put))
}

func TestWhoOpenedItHearsOnceWhatTheDiskRefuses(t *testing.T) {
	var heard []string
	w := &writer{s: &Store{refused: func(p *problem.Problem) {
		if p == nil {
			heard = append(heard, "kept")
			return
		}
		heard = append(heard, p.Code)
	}}}
	full, locked := notKept(errors.New("write: no space left on device")), notKept(errors.New("write: read-only file system"))
	for _, err := range []error{nil, full, full, locked, nil, nil} {
		w.tell(err)
	}
	if got := len(heard); got != 3 || heard[0] != "store.full" || heard[1] != "store.readonly" || heard[2] != "kept" {
		t.Errorf("heard %v", heard)
	}
}
