package backup

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/appliance/backup/archive"
	"latchkey/appliance/backup/target"
)

// moment is all that would outlive a kill: the spool, what is kept, and what
// lies at the target.
type moment struct {
	what   string
	dir    string
	values map[string][]byte
	files  map[string][]byte
}

// witness takes a moment whenever something was done that lasts.
type witness struct {
	*server
	s       *stage
	root    string // of the copies
	moments []moment
}

func (w *witness) take(what string) {
	dir := filepath.Join(w.root, fmt.Sprint(len(w.moments)))
	if err := os.CopyFS(dir, os.DirFS(w.s.c.Dir)); err != nil {
		w.s.t.Fatal(err)
	}
	w.s.keep.mu.Lock()
	values := maps.Clone(w.s.keep.values)
	w.s.keep.mu.Unlock()
	w.mu.Lock()
	files := maps.Clone(w.files)
	w.mu.Unlock()
	w.moments = append(w.moments, moment{what, dir, values, files})
}

func (w *witness) Put(ctx context.Context, name string, r io.Reader, size int64) error {
	w.take("before sending")
	err := w.server.Put(ctx, name, r, size)
	w.take("after sending")
	return err
}

func (w *witness) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	w.take("before reading back")
	return w.server.Get(ctx, name)
}

func (w *witness) Remove(ctx context.Context, name string) error {
	w.take("before removing")
	err := w.server.Remove(ctx, name)
	w.take("after removing")
	return err
}

// watched takes moments around each writing of values.
type watched struct {
	*memory
	w *witness
}

func (k watched) SetValues(ctx context.Context, values map[string][]byte) error {
	k.w.take("before a record is kept")
	err := k.memory.SetValues(ctx, values)
	k.w.take("after a record was kept")
	return err
}

func TestAKillAtEachStepLeavesNothingHalfCounted(t *testing.T) {
	var moments []moment
	var id string
	root := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		var srv *server
		id, srv = s.add("nas")
		for range 9 { // so that the next one removes, too
			s.create(Asked)
			time.Sleep(day24)
		}
		if err := s.c.Settings.Set(t.Context(), map[string]any{"backup.daily": int64(2), "backup.weekly": int64(0), "backup.monthly": int64(0)}); err != nil {
			t.Fatal(err)
		}
		w := &witness{server: srv, s: s, root: root}
		s.c.Keep = watched{s.keep, w}
		s.c.Reach = func(context.Context, target.Config, target.Env) (target.Target, error) { return w, nil }
		source := s.c.Source
		s.c.Source = func(ctx context.Context, fn func(archive.Manifest, []archive.Part) error) error {
			return source(ctx, func(m archive.Manifest, parts []archive.Part) error {
				open := parts[1].Open
				parts[1].Open = func() (io.ReadCloser, error) { w.take("in the middle of making"); return open() }
				return fn(m, parts)
			})
		}
		s.proving = func(string) error { w.take("in the middle of a proof"); return nil }
		s.create(Asked)
		moments = w.moments
	})
	seen := map[string]bool{}
	for _, m := range moments {
		seen[m.what] = true
	}
	if len(seen) != 9 || len(moments) < 12 {
		t.Fatalf("only %d moments of %v", len(moments), slices.Sorted(maps.Keys(seen)))
	}
	for _, m := range moments {
		t.Run(m.what, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { revive(t, id, m) }) })
	}
}

// revive starts the house after a kill at a moment.
func revive(t *testing.T, id string, m moment) {
	s := newStage(t)
	time.Sleep(10 * day24) // where the other bubble was
	s.keep.values = maps.Clone(m.values)
	srv := &server{files: maps.Clone(m.files)}
	s.servers["nas"] = srv
	// The spool's moment is copied: subtests may be run again.
	dir := filepath.Join(t.TempDir(), "spool")
	if err := os.CopyFS(dir, os.DirFS(m.dir)); err != nil {
		t.Fatal(err)
	}
	s.open(dir)
	k, err := s.read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range k.Records {
		if p := r.place(id); p != nil && p.good() && !slices.Contains(srv.names(), r.Name) && len(m.files) >= 9 {
			t.Errorf("%s counts as good and is not there", r.Name)
		}
	}
	stop := s.running()
	time.Sleep(3 * day24)
	synctest.Wait()
	stop()
	for _, name := range s.spooled() {
		if strings.HasPrefix(name, ".") {
			t.Errorf("%s is left in the spool", name)
		}
	}
	k, _ = s.read(t.Context())
	for _, r := range k.Records {
		p := r.place(id)
		if p != nil && p.Gone.IsZero() && !slices.Contains(srv.names(), r.Name) {
			t.Errorf("%s counts and is not there", r.Name)
		}
		if p != nil && p.good() && int64(len(srv.files[r.Name])) != r.Bytes {
			t.Errorf("%s counts as good and is something else", r.Name)
		}
	}
	if newest := k.newestMade(); newest == nil || !newest.place(id).good() || s.now().Sub(newest.Made) > 25*time.Hour {
		t.Errorf("after three days the newest is %+v", newest)
	}
	if n := len(srv.names()); n > 4 {
		t.Errorf("%d lie there: %v", n, srv.names())
	}
	s.wants()
}

// A send that a kill cut short after its end, before anybody wrote it down, is
// found by its name and read back.
func TestWhatWasSentAndNotTakenDownIsNotSentTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id, srv := s.add("nas")
		r := s.create(Asked)
		if err := s.changeRecord(t.Context(), r.Name, func(r *Record) { r.dropPlace(id) }); err != nil {
			t.Fatal(err)
		}
		puts, _ := srv.counts()
		if err := s.deliver(t.Context(), id, r.Name, nil, nil); err != nil {
			t.Fatal(err)
		}
		if now, _ := srv.counts(); now != puts || !s.place(r.Name, id).good() {
			t.Errorf("%d more were sent; it is %+v", now-puts, s.place(r.Name, id))
		}
		s.Wait()
		if err := s.changeRecord(t.Context(), r.Name, func(r *Record) { r.dropPlace(id) }); err != nil {
			t.Fatal(err)
		}
		srv.files[r.Name] = bytes.Repeat([]byte("x"), len(srv.files[r.Name]))
		if err := s.deliver(t.Context(), id, r.Name, nil, nil); err == nil {
			t.Fatal("another file of that name counts")
		}
		if err := s.deliver(t.Context(), id, r.Name, nil, nil); err != nil || !s.place(r.Name, id).good() {
			t.Errorf("it is not replaced: %v", err)
		}
	})
}

// Some places don't list at once what they hold.
func TestWhatAPlaceDoesNotListIsFoundWhenSent(t *testing.T) {
	s := newStage(t)
	id, srv := s.add("nas")
	r := s.create(Asked)
	srv.blind = true
	if err := s.changeRecord(t.Context(), r.Name, func(r *Record) { r.dropPlace(id) }); err != nil {
		t.Fatal(err)
	}
	if err := s.deliver(t.Context(), id, r.Name, nil, nil); err != nil || !s.place(r.Name, id).good() {
		t.Errorf("it is %+v, %v", s.place(r.Name, id), err)
	}
}

func TestPrepare(t *testing.T) {
	s := newStage(t)
	r := s.create(Asked)
	other := archive.Name(house, time.Unix(86400, 0))
	for _, name := range []string{makingPrefix + "x", scratchPrefix + "y", "notes.txt", other, "latchkey-ffffffff-20000101T000000Z.age"} {
		if err := os.WriteFile(s.path(name), []byte("abc"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(s.path(scratchPrefix+"z"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.c.Memory = t.TempDir()
	memory := s.c.Memory
	if err := os.Mkdir(filepath.Join(memory, scratchPrefix+"z"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(s.path(r.Name)); err != nil {
		t.Fatal(err)
	}
	s.restart()
	s.c.Memory = memory
	if err := s.prepare(func(fn func(*books)) error { return s.change(t.Context(), fn) }); err != nil {
		t.Fatal(err)
	}
	if got := s.spooled(); !slices.Equal(got, slices.Sorted(slices.Values([]string{"notes.txt", other, "latchkey-ffffffff-20000101T000000Z.age"}))) {
		t.Errorf("the spool has %v", got)
	}
	if p := s.place(r.Name, Here); p.Target != "" {
		t.Errorf("what is gone counts: %+v", p)
	}
	if left, _ := os.ReadDir(memory); len(left) > 0 {
		t.Error("scratch is left in memory")
	}
	if v := s.view(); len(v.Copies) != 1 || v.Copies[0].Name != other || v.Copies[0].Why != Found {
		t.Errorf("copies %+v", v.Copies)
	}
}

func TestRecordsThatNobodyCanReadBeginAnew(t *testing.T) {
	s := newStage(t)
	_, srv := s.add("nas")
	r := s.create(Asked)
	s.keep.values[recordsValue] = []byte("{")
	s.restart()
	next := s.create(Asked)
	if next.Name == r.Name || len(srv.names()) != 2 {
		t.Errorf("there lie %v", srv.names())
	}
	if v := s.view(); len(v.Copies) != 2 {
		t.Errorf("copies %+v", v.Copies)
	}
}
