package vaulttest

import (
	"slices"

	"latchkey/appliance/account"
	"latchkey/appliance/vault"
)

type deviceID = account.DeviceID

// merging: a write sees the house with its own changes over it.
func merging() []promise {
	var all []promise
	for _, way := range []struct {
		name  string
		write func(*house) writing
	}{
		{"a write", func(h *house) writing { return h.keep.Write }},
		{"a long write", func(h *house) writing { return h.keep.WriteLong }},
	} {
		all = append(all,
			promise{way.name + " finds what it has put and misses what it has removed", func(h *house) { ownWrites(h, way.write(h)) }},
			promise{way.name + " walks old and new items in one order", func(h *house) { mergedOrder(h, way.write(h)) }},
			promise{way.name + " may change every item while it walks them", func(h *house) { changeWhileWalking(h, way.write(h)) }},
			promise{way.name + " may remove every item while it walks them", func(h *house) { removeWhileWalking(h, way.write(h)) }},
			promise{way.name + " sees its own changes among the changes", func(h *house) { ownChanges(h, way.write(h)) }},
		)
	}
	return all
}

// in runs fn in that way; it must succeed.
func (h *house) in(write writing, fn func(vault.Writer) error) {
	h.Helper()
	if err := write(h.Context(), "", fn); err != nil {
		h.Fatal(err)
	}
}

func ownWrites(h *house, write writing) {
	old := h.put(login(h.ada))[0]
	it := login(h.ada)
	h.in(write, func(w vault.Writer) error {
		if err := putNext(w, &it); err != nil {
			return err
		}
		got, err := w.Item(h.ada, it.ID)
		if err != nil {
			return err
		}
		wantSame(h, got, it)
		if err := removeNext(w, old); err != nil {
			return err
		}
		if _, err := w.Item(h.ada, old.ID); err == nil {
			h.Error("the removed item is still found")
		}
		if n, err := w.Count(h.ada); n.Items != 1 || err != nil {
			h.Errorf("counted %d, %v", n.Items, err)
		}
		rev, err := w.Revision(h.ada)
		if rev <= it.Revision {
			h.Errorf("revision %d, want more than %d", rev, it.Revision)
		}
		return err
	})
	h.wantNone(h.ada, old.ID)
	h.wantItem(it)
}

func mergedOrder(h *house, write writing) {
	items := make([]vault.Item, 9)
	for i := range items {
		items[i] = login(h.ada)
	}
	h.put(items[1], items[3], items[4], items[7])
	h.put(login(h.bob))
	want := []vault.ItemID{items[0].ID, items[2].ID, items[3].ID, items[5].ID, items[7].ID, items[8].ID}
	h.in(write, func(w vault.Writer) error {
		for _, i := range []int{8, 0, 5, 2, 3} { // the last one replaces
			if err := putNext(w, &items[i]); err != nil {
				return err
			}
		}
		for _, i := range []int{1, 4} {
			if err := removeNext(w, items[i]); err != nil {
				return err
			}
		}
		got, err := ids(w, h.ada)
		if !slices.Equal(got, want) {
			h.Errorf("got %v, want %v", got, want)
		}
		return err
	})
	h.view(func(r vault.Reader) error {
		got, err := ids(r, h.ada)
		if !slices.Equal(got, want) {
			h.Errorf("afterwards got %v, want %v", got, want)
		}
		return err
	})
}

const walked = 300 // more than fits one page

func (h *house) putMany() {
	items := make([]vault.Item, walked)
	for i := range items {
		items[i] = login(h.ada)
	}
	h.put(items...)
}

func changeWhileWalking(h *house, write writing) {
	h.putMany()
	h.in(write, func(w vault.Writer) error {
		n := 0
		for it, err := range w.Items(h.ada) {
			if err != nil {
				return err
			}
			it.Body = append([]byte(`"long":"`), make([]byte, 500)...)
			if err := putNext(w, &it); err != nil {
				return err
			}
			n++
		}
		if n != walked {
			h.Errorf("walked %d items, want %d", n, walked)
		}
		return nil
	})
	h.view(func(r vault.Reader) error {
		for _, it := range all(h, r.Items(h.ada)) {
			if it.ID == "" {
				h.Error("an item without an id")
			}
		}
		if n := len(all(h, r.Changes(h.ada, 0))); n != walked {
			h.Errorf("%d changes, want %d", n, walked)
		}
		return nil
	})
}

func removeWhileWalking(h *house, write writing) {
	h.putMany()
	h.in(write, func(w vault.Writer) error {
		for it, err := range w.Items(h.ada) { // so that the engine holds all of them as changed
			if err != nil {
				return err
			}
			if err := putNext(w, &it); err != nil {
				return err
			}
		}
		for it, err := range w.Items(h.ada) {
			if err != nil {
				return err
			}
			if err := removeNext(w, it); err != nil {
				return err
			}
		}
		return nil
	})
	h.view(func(r vault.Reader) error {
		n, err := r.Count(h.ada)
		if n.Items != 0 {
			h.Errorf("%d items are left", n.Items)
		}
		return err
	})
}

func ownChanges(h *house, write writing) {
	old := h.put(login(h.ada))[0]
	it := login(h.ada)
	h.in(write, func(w vault.Writer) error {
		if err := putNext(w, &it); err != nil {
			return err
		}
		got := all(h, w.Changes(h.ada, old.Revision))
		if !slices.Equal(got, []vault.Change{changed(it)}) {
			h.Errorf("got %+v", got)
		}
		return nil
	})
}
