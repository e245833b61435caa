package vaulttest

import (
	"errors"
	"sync"
	"time"

	"latchkey/appliance/vault"
)

// revising: the revision rises with each change, and says what changed.
func revising() []promise {
	return []promise{
		{"the revision begins at 0 and is then the present time", firstRevision},
		{"a thousand revisions in a row strictly rise", strictlyRising},
		{"revisions of many writers at once are all different", differentRevisions},
		{"changes name each thing once, with its latest revision, in order", changesOnce},
		{"changes since a revision leave out what is not newer", changesSince},
		{"what is gone stays among the changes", goneChanges},
		{"what came back after it was gone is named once, as there", cameBack},
		{"what was gone, came back and went again is named once, as gone", goneTwice},
		{"a view is one unchanging state", oneState},
	}
}

func firstRevision(h *house) {
	h.view(func(r vault.Reader) error {
		rev, err := r.Revision(h.ada)
		if rev != 0 {
			h.Errorf("got %d, want 0", rev)
		}
		return err
	})
	it := h.put(login(h.ada))[0]
	if age := time.Since(it.Revision.Time()).Abs(); age > time.Hour {
		h.Errorf("the first revision is %v away from now", age)
	}
}

func strictlyRising(h *house) {
	var last vault.Revision
	h.write(func(w vault.Writer) error {
		for range 1000 {
			rev, err := w.Next(h.ada)
			if err != nil {
				return err
			}
			if rev <= last {
				h.Fatalf("%d follows %d", rev, last)
			}
			last = rev
		}
		return nil
	})
}

func differentRevisions(h *house) {
	const writers, each = 8, 25
	var mu sync.Mutex
	seen := make(map[vault.Revision]bool)
	var done sync.WaitGroup
	for range writers {
		done.Go(func() {
			for range each {
				it := login(h.ada)
				if err := h.keep.Write(h.Context(), "", func(w vault.Writer) error { return putNext(w, &it) }); err != nil {
					h.Errorf("Write: %v", err)
				}
				mu.Lock()
				seen[it.Revision] = true
				mu.Unlock()
			}
		})
	}
	done.Wait()
	if len(seen) != writers*each {
		h.Errorf("%d different revisions, want %d", len(seen), writers*each)
	}
}

func changesOnce(h *house) {
	items := h.put(login(h.ada), login(h.ada), login(h.bob))
	f := vault.Folder{ID: vault.FolderID(newID()), Owner: h.ada, Name: "n"}
	h.write(func(w vault.Writer) error { return putFolderNext(w, &f) })
	items[0] = h.put(items[0])[0]
	h.wantChanges(h.ada, 0, changed(items[1]),
		vault.Change{Owner: h.ada, Kind: vault.FolderChanged, ID: string(f.ID), Revision: f.Revision}, changed(items[0]))
	h.wantChanges(h.bob, 0, changed(items[2]))
}

func changesSince(h *house) {
	items := h.put(login(h.ada), login(h.ada), login(h.ada))
	h.wantChanges(h.ada, items[0].Revision, changed(items[1]), changed(items[2]))
	h.wantChanges(h.ada, items[2].Revision-1, changed(items[2]))
	h.wantChanges(h.ada, items[2].Revision)
	h.wantChanges(h.ada, 1<<62)
	h.wantChanges(h.ada, -5, changed(items[0]), changed(items[1]), changed(items[2]))
}

// remove removes it for good and returns the revision of that.
func (h *house) remove(it vault.Item) (rev vault.Revision) {
	h.Helper()
	h.write(func(w vault.Writer) (err error) {
		if rev, err = w.Next(it.Owner); err != nil {
			return err
		}
		return w.RemoveItem(it.Owner, it.ID, rev)
	})
	return rev
}

func goneChanges(h *house) {
	items := h.put(login(h.ada), login(h.ada))
	f := vault.Folder{ID: vault.FolderID(newID()), Owner: h.ada, Name: "n"}
	h.write(func(w vault.Writer) error { return putFolderNext(w, &f) })
	rev := h.remove(items[0])
	var folderRev vault.Revision
	h.write(func(w vault.Writer) (err error) {
		if folderRev, err = w.Next(h.ada); err != nil {
			return err
		}
		return w.RemoveFolder(h.ada, f.ID, folderRev)
	})
	h.wantChanges(h.ada, 0, changed(items[1]), goneAt(items[0], rev),
		vault.Change{Owner: h.ada, Kind: vault.FolderChanged, ID: string(f.ID), Revision: folderRev, Gone: true})
}

func cameBack(h *house) {
	it := h.put(login(h.ada))[0]
	h.remove(it)
	it = h.put(it)[0]
	h.wantChanges(h.ada, 0, changed(it))
	h.wantItem(it)
}

func goneTwice(h *house) {
	it := h.put(login(h.ada))[0]
	h.remove(it)
	it = h.put(it)[0]
	h.wantChanges(h.ada, 0, goneAt(it, h.remove(it)))
	h.write(func(w vault.Writer) error { // and within one write
		return errors.Join(putNext(w, &it), removeNext(w, it), putNext(w, &it))
	})
	h.wantChanges(h.ada, 0, changed(it))
}

func oneState(h *house) {
	it := h.put(login(h.ada))[0]
	h.view(func(r vault.Reader) error {
		before, err := ids(r, h.ada)
		if err != nil {
			return err
		}
		done := make(chan error, 1)
		other := login(h.ada)
		go func() {
			done <- h.keep.Write(h.Context(), "", func(w vault.Writer) error {
				return errors.Join(putNext(w, &other), removeNext(w, it))
			})
		}()
		if err := <-done; err != nil {
			return err
		}
		after, err := ids(r, h.ada)
		if len(before) != 1 || len(after) != 1 || before[0] != after[0] {
			h.Errorf("first %v, then %v", before, after)
		}
		return err
	})
	h.wantNone(h.ada, it.ID)
}
