package vaulttest

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"latchkey/appliance/vault"
)

var errNo = errors.New("the test says no")

// refusing: what did not end well leaves nothing behind.
func refusing() []promise {
	return []promise{
		{"a refused write leaves nothing, and its error comes back as it is", func(h *house) { refusedWrite(h, h.keep.Write) }},
		{"a refused long write leaves nothing", func(h *house) { refusedWrite(h, h.keep.WriteLong) }},
		{"a panicking write leaves nothing, and the panic goes on in its caller", func(h *house) { panickingWrite(h, h.keep.Write) }},
		{"a panicking long write leaves nothing", func(h *house) { panickingWrite(h, h.keep.WriteLong) }},
		{"a write whose goroutine ends leaves nothing and stops nobody", endedWrite},
		{"the refused among writes at the same time take no other with them", refusedAmong},
		{"a write whose context has ended does not run", cancelledWrite},
		{"a view's error comes back as it is", viewError},
		{"an item without a body, an id or a revision is refused", malformed},
		{"what was given to a write is of no use after it", keptWriter},
	}
}

type writing = func(context.Context, deviceID, func(vault.Writer) error) error

// mess does all that a write can do.
func mess(h *house, w vault.Writer, there vault.Item) error {
	it := login(h.ada)
	f := vault.Folder{ID: vault.FolderID(newID()), Owner: h.ada, Name: "n"}
	return errors.Join(putNext(w, &it), putFolderNext(w, &f), removeNext(w, there))
}

// wantOnly fails unless it is all that Ada has, as it was.
func wantOnly(h *house, it vault.Item) {
	h.Helper()
	h.wantItem(it)
	h.wantChanges(h.ada, 0, changed(it))
	h.view(func(r vault.Reader) error {
		n, err := r.Count(h.ada)
		rev, revErr := r.Revision(h.ada)
		if n.Items != 1 || n.Folders != 0 || rev != it.Revision {
			h.Errorf("%d items, %d folders, revision %d; want 1, 0, %d", n.Items, n.Folders, rev, it.Revision)
		}
		return errors.Join(err, revErr)
	})
}

func refusedWrite(h *house, write writing) {
	it := h.put(login(h.ada))[0]
	err := write(h.Context(), "", func(w vault.Writer) error { return errors.Join(mess(h, w, it), errNo) })
	if !errors.Is(err, errNo) {
		h.Errorf("got %v, want the write's own error", err)
	}
	wantOnly(h, it)
}

func panickingWrite(h *house, write writing) {
	it := h.put(login(h.ada))[0]
	func() {
		defer func() {
			if r := recover(); r != any(errNo) {
				h.Errorf("recovered %v, want the write's own panic", r)
			}
		}()
		_ = write(h.Context(), "", func(w vault.Writer) error {
			_ = mess(h, w, it)
			panic(errNo)
		})
		h.Error("the panic did not go on")
	}()
	wantOnly(h, it)
}

func endedWrite(h *house) {
	it := h.put(login(h.ada))[0]
	var done sync.WaitGroup
	for _, write := range []writing{h.keep.Write, h.keep.WriteLong} {
		done.Go(func() {
			_ = write(h.Context(), "", func(w vault.Writer) error {
				_ = mess(h, w, it)
				runtime.Goexit() // as t.FailNow does
				return nil
			})
		})
	}
	done.Wait()
	wantOnly(h, it)
}

func refusedAmong(h *house) {
	var kept, refused []vault.Item
	for range 40 {
		kept, refused = append(kept, login(h.ada)), append(refused, login(h.ada))
	}
	var done sync.WaitGroup
	for i := range kept {
		done.Go(func() {
			if err := h.keep.Write(h.Context(), "", func(w vault.Writer) error { return putNext(w, &kept[i]) }); err != nil {
				h.Errorf("Write: %v", err)
			}
		})
		done.Go(func() {
			defer func() { _ = recover() }()
			_ = h.keep.Write(h.Context(), "", func(w vault.Writer) error {
				_ = putNext(w, &refused[i])
				if i%2 == 0 {
					panic(errNo)
				}
				return errNo
			})
		})
	}
	done.Wait()
	for i := range kept {
		h.wantItem(kept[i])
		h.wantNone(h.ada, refused[i].ID)
	}
}

func cancelledWrite(h *house) {
	ctx, cancel := context.WithCancel(h.Context())
	cancel()
	for _, write := range []writing{h.keep.Write, h.keep.WriteLong} {
		err := write(ctx, "", func(vault.Writer) error {
			h.Error("it ran")
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			h.Errorf("got %v, want context.Canceled", err)
		}
	}
	err := h.keep.View(ctx, func(vault.Reader) error { return nil })
	if !errors.Is(err, context.Canceled) {
		h.Errorf("View gave %v, want context.Canceled", err)
	}
}

func viewError(h *house) {
	if err := h.keep.View(h.Context(), func(vault.Reader) error { return errNo }); !errors.Is(err, errNo) {
		h.Errorf("got %v", err)
	}
}

func malformed(h *house) {
	bodiless, nameless, ownerless, unrevised := login(h.ada), login(h.ada), login(h.ada), login(h.ada)
	bodiless.Body, nameless.ID, ownerless.Owner = nil, "x", "nobody"
	for i, it := range []vault.Item{bodiless, nameless, ownerless, unrevised} {
		err := h.keep.Write(h.Context(), "", func(w vault.Writer) error {
			if i < 3 {
				it.Revision = 1
			}
			return w.PutItem(it)
		})
		if err == nil {
			h.Errorf("item %d was kept", i)
		}
	}
}

func keptWriter(h *house) {
	var kept vault.Writer
	it := login(h.ada)
	h.write(func(w vault.Writer) error {
		kept = w
		return putNext(w, &it)
	})
	if err := kept.PutItem(it); err == nil {
		h.Error("a kept writer still writes")
	}
	if _, err := kept.Item(h.ada, it.ID); err == nil || errors.Is(err, vault.ErrNotFound) {
		h.Errorf("a kept reader answered %v", err)
	}
}
