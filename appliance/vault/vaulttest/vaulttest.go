// Package vaulttest is the conformance suite of vault.Keep: each engine that
// keeps items runs it, so that all of them keep the same promises.
package vaulttest

import (
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"latchkey/appliance/account"
	"latchkey/appliance/vault"
)

// Run proves the keep that open makes, a new and empty one for each test.
func Run(t *testing.T, open func(t *testing.T) vault.Keep) {
	for _, c := range slices.Concat(keeping(), refusing(), merging(), revising(), sharing()) {
		t.Run(c.says, func(t *testing.T) {
			c.prove(&house{T: t, keep: open(t), ada: user(), bob: user()})
		})
	}
}

// promise is one sentence of the contract and its proof.
type promise struct {
	says  string
	prove func(*house)
}

// house is a keep with two people who must not see each other's things.
type house struct {
	*testing.T
	keep     vault.Keep
	ada, bob account.UserID
}

func user() account.UserID { return account.UserID(newID()) }

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// login is an item with nothing special about it.
func login(owner account.UserID) vault.Item {
	return vault.Item{
		ID: vault.ItemID(newID()), Owner: owner,
		Created: time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC), Body: []byte(`"type":1,"name":"2.a|b|c"`),
	}
}

// write runs fn, which must succeed.
func (h *house) write(fn func(vault.Writer) error) {
	h.Helper()
	if err := h.keep.Write(h.Context(), "", fn); err != nil {
		h.Fatalf("Write: %v", err)
	}
}

// view runs fn, which must succeed.
func (h *house) view(fn func(vault.Reader) error) {
	h.Helper()
	if err := h.keep.View(h.Context(), fn); err != nil {
		h.Fatalf("View: %v", err)
	}
}

// put keeps the items with a revision of their own each and returns them so.
func (h *house) put(items ...vault.Item) []vault.Item {
	h.Helper()
	h.write(func(w vault.Writer) error {
		for i := range items {
			if err := putNext(w, &items[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return items
}

func putNext(w vault.Writer, it *vault.Item) (err error) {
	if it.Revision, err = w.Next(it.Owner); err != nil {
		return err
	}
	return w.PutItem(*it)
}

func putFolderNext(w vault.Writer, f *vault.Folder) (err error) {
	if f.Revision, err = w.Next(f.Owner); err != nil {
		return err
	}
	return w.PutFolder(*f)
}

// removeNext removes an item for good.
func removeNext(w vault.Writer, it vault.Item) error {
	rev, err := w.Next(it.Owner)
	if err != nil {
		return err
	}
	return w.RemoveItem(it.Owner, it.ID, rev)
}

// ids lists an owner's items as r sees them.
func ids(r vault.Reader, owner account.UserID) ([]vault.ItemID, error) {
	var all []vault.ItemID
	for it, err := range r.Items(owner) {
		if err != nil {
			return nil, err
		}
		all = append(all, it.ID)
	}
	return all, nil
}

// all collects what must come without an error.
func all[T any](t testing.TB, seq iter.Seq2[T, error]) []T {
	t.Helper()
	var got []T
	for v, err := range seq {
		if err != nil {
			t.Fatalf("an iteration ended with %v", err)
		}
		got = append(got, v)
	}
	return got
}

// wantItem fails unless the keep gives exactly it.
func (h *house) wantItem(it vault.Item) {
	h.Helper()
	h.view(func(r vault.Reader) error {
		got, err := r.Item(it.Owner, it.ID)
		if err != nil {
			return err
		}
		wantSame(h, got, it)
		return nil
	})
}

func wantSame(t testing.TB, got, want vault.Item) {
	t.Helper()
	same := got.ID == want.ID && got.Owner == want.Owner && got.Folder == want.Folder &&
		got.Favourite == want.Favourite && got.Revision == want.Revision && got.Created.Equal(want.Created) &&
		got.Deleted.Equal(want.Deleted) && got.Archived.Equal(want.Archived) && string(got.Body) == string(want.Body)
	if !same {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// wantNone fails unless the owner has no item of that id.
func (h *house) wantNone(owner account.UserID, id vault.ItemID) {
	h.Helper()
	h.view(func(r vault.Reader) error {
		if _, err := r.Item(owner, id); !errors.Is(err, vault.ErrNotFound) {
			h.Errorf("Item gave %v, want ErrNotFound", err)
		}
		return nil
	})
}

// wantChanges fails unless the owner's changes since then are these, in order.
func (h *house) wantChanges(owner account.UserID, since vault.Revision, want ...vault.Change) {
	h.Helper()
	h.view(func(r vault.Reader) error {
		got := all(h, r.Changes(owner, since))
		if !slices.Equal(got, want) {
			h.Errorf("changes since %d:\ngot  %+v\nwant %+v", since, got, want)
		}
		return nil
	})
}

func changed(it vault.Item) vault.Change {
	return vault.Change{Owner: it.Owner, Kind: vault.ItemChanged, ID: string(it.ID), Revision: it.Revision}
}

func goneAt(it vault.Item, rev vault.Revision) vault.Change {
	c := changed(it)
	c.Revision, c.Gone = rev, true
	return c
}
