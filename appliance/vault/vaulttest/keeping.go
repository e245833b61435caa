package vaulttest

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/vault"
)

// keeping: what was put is found, whole, and by its owner only.
func keeping() []promise {
	return []promise{
		{"an item comes back as it was put", itemsWhole},
		{"a body of a megabyte comes back", bigBody},
		{"a put replaces the item of the same id", replaces},
		{"a folder comes back as it was put, with an empty name too", foldersWhole},
		{"nobody sees another's items or folders", isolation},
		{"two people may have the same item id", sameID},
		{"what is not there is ErrNotFound, whatever the id looks like", absent},
		{"items and folders come in the order of their ids", ordered},
		{"a removed item is gone, and removing it again is ErrNotFound", removed},
		{"the count is of items with the trash, and of folders", counted},
		{"a long write keeps thousands", longWrite},
	}
}

func itemsWhole(h *house) {
	plain, full := login(h.ada), login(h.ada)
	full.Folder = vault.FolderID(newID())
	full.Favourite = true
	full.Deleted = time.Date(2026, 4, 1, 0, 0, 0, 1000, time.UTC)
	full.Archived = time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC)
	full.Body = []byte("\"\u2028\":\"\\u0000\",\"name\":\"2.x|y|z\"")
	for _, it := range h.put(plain, full, login(h.ada)) {
		h.wantItem(it)
	}
	h.view(func(r vault.Reader) error { // an engine may reuse what it yields, not mix it
		for it, err := range r.Items(h.ada) {
			if err != nil {
				return err
			}
			alone, err := r.Item(h.ada, it.ID)
			if err != nil {
				return err
			}
			wantSame(h, it, alone)
		}
		return nil
	})
}

func bigBody(h *house) {
	it := login(h.ada)
	it.Body = bytes.Repeat([]byte(`"a":1,,`), 150_000)
	h.wantItem(h.put(it)[0])
}

func replaces(h *house) {
	it := h.put(login(h.ada))[0]
	it.Body, it.Favourite = []byte(`"type":2`), true
	h.wantItem(h.put(it)[0])
	it.Favourite = false
	h.wantItem(h.put(it)[0])
}

func foldersWhole(h *house) {
	f := vault.Folder{ID: vault.FolderID(newID()), Owner: h.ada, Name: "2.n|a|m"}
	nameless := vault.Folder{ID: vault.FolderID(newID()), Owner: h.ada}
	h.write(func(w vault.Writer) error { return errors.Join(putFolderNext(w, &f), putFolderNext(w, &nameless)) })
	h.view(func(r vault.Reader) error {
		got, err := r.Folder(h.ada, f.ID)
		if got != f {
			h.Errorf("Folder gave %+v, want %+v", got, f)
		}
		if list := all(h, r.Folders(h.ada)); !slices.Equal(list, []vault.Folder{f, nameless}) {
			h.Errorf("Folders gave %+v", list)
		}
		return err
	})
}

func isolation(h *house) {
	mine := h.put(login(h.ada))[0]
	f := vault.Folder{ID: vault.FolderID(newID()), Owner: h.ada, Name: "n"}
	h.write(func(w vault.Writer) error { return putFolderNext(w, &f) })
	h.wantNone(h.bob, mine.ID)
	h.view(func(r vault.Reader) error {
		if _, err := r.Folder(h.bob, f.ID); !errors.Is(err, vault.ErrNotFound) {
			h.Errorf("Folder gave %v, want ErrNotFound", err)
		}
		things := len(all(h, r.Items(h.bob))) + len(all(h, r.Folders(h.bob))) + len(all(h, r.Changes(h.bob, 0)))
		rev, err := r.Revision(h.bob)
		n, countErr := r.Count(h.bob)
		if things != 0 || n != (vault.Counted{}) || rev != 0 {
			h.Errorf("a stranger sees %d things, counts %+v, revision %d", things, n, rev)
		}
		return errors.Join(err, countErr)
	})
	err := h.keep.Write(h.Context(), "", func(w vault.Writer) error {
		rev, err := w.Next(h.bob)
		return errors.Join(err, w.RemoveItem(h.bob, mine.ID, rev))
	})
	if !errors.Is(err, vault.ErrNotFound) {
		h.Errorf("removing another's item gave %v, want ErrNotFound", err)
	}
	h.wantItem(mine)
}

func sameID(h *house) {
	one := login(h.ada)
	other := one
	other.Owner, other.Body = h.bob, []byte(`"type":4`)
	h.put(one, other)
	h.write(func(w vault.Writer) error { return removeNext(w, one) })
	h.wantNone(h.ada, one.ID)
	h.view(func(r vault.Reader) error {
		got, err := r.Item(h.bob, other.ID)
		if string(got.Body) != string(other.Body) {
			h.Errorf("got %+v", got)
		}
		return err
	})
}

func absent(h *house) {
	it := h.put(login(h.ada))[0]
	odd := []string{"", "x", newID(), string(it.ID) + "x", "\x00", "ABCDEF00-0000-4000-8000-000000000000", string(h.bob)}
	for _, id := range odd {
		h.wantNone(h.ada, vault.ItemID(id))
		h.wantNone(account.UserID(id), it.ID)
	}
}

func ordered(h *house) {
	items := make([]vault.Item, 20)
	for i := range items {
		items[i] = login(h.ada)
	}
	want := make([]vault.ItemID, 0, len(items))
	for i := range items {
		want = append(want, items[i].ID)
	}
	slices.Sort(want)
	slices.Reverse(items)
	h.put(items...)
	h.view(func(r vault.Reader) error {
		got, err := ids(r, h.ada)
		if !slices.Equal(got, want) {
			h.Errorf("got %v, want %v", got, want)
		}
		return err
	})
}

func removed(h *house) {
	it := h.put(login(h.ada), login(h.ada))[0]
	h.write(func(w vault.Writer) error { return removeNext(w, it) })
	h.wantNone(h.ada, it.ID)
	err := h.keep.Write(h.Context(), "", func(w vault.Writer) error { return removeNext(w, it) })
	if !errors.Is(err, vault.ErrNotFound) {
		h.Errorf("removing again gave %v, want ErrNotFound", err)
	}
}

func counted(h *house) {
	trashed := login(h.ada)
	trashed.Deleted = time.Unix(1_700_000_000, 0)
	h.put(login(h.ada), trashed, login(h.bob))
	f := vault.Folder{ID: vault.FolderID(newID()), Owner: h.ada, Name: "n"}
	h.write(func(w vault.Writer) error { return putFolderNext(w, &f) })
	h.view(func(r vault.Reader) error {
		n, err := r.Count(h.ada)
		if n.Items != 2 || n.Folders != 1 {
			h.Errorf("counted %d items and %d folders, want 2 and 1", n.Items, n.Folders)
		}
		if least := int64(len(trashed.Body)) * 2; n.Bytes < least {
			h.Errorf("counted %d bytes, want at least the %d of the items' bodies", n.Bytes, least)
		}
		return err
	})
}

func longWrite(h *house) {
	const many = 3000
	err := h.keep.WriteLong(h.Context(), "", func(w vault.Writer) error {
		rev, err := w.Next(h.ada)
		for range many {
			it := login(h.ada)
			it.Revision = rev
			err = errors.Join(err, w.PutItem(it))
		}
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	h.view(func(r vault.Reader) error {
		if n := len(all(h, r.Changes(h.ada, 0))); n != many {
			h.Errorf("%d changes, want %d: several may have one revision", n, many)
		}
		n, err := r.Count(h.ada)
		if n.Items != many {
			h.Errorf("%d items, want %d", n.Items, many)
		}
		return err
	})
}
