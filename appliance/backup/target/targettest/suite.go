package targettest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/backup/target"
)

// Conform runs all that holds for every kind. made makes a fresh, empty place.
func Conform(t *testing.T, made func(t *testing.T) Place) {
	for _, c := range []struct {
		sentence string
		run      func(t *testing.T, p Place)
	}{
		{"a check leaves nothing behind and completes the config", checks},
		{"what was put is got, listed and removed", keeps},
		{"a name that is taken stays as it is", refusesToOverwrite},
		{"a name that is taken while sending stays as it is", takenMeanwhile},
		{"what is not there is told apart from trouble", missing},
		{"strangers' files are left alone", strangers},
		{"names that climb are refused", climbing},
		{"an upload that is cancelled leaves nothing", cancelled},
		{"a source that fails, ends early or goes on leaves nothing", badSources},
		{"the next upload sweeps what an earlier one has left", sweeps},
		{"a long listing comes whole", manyFiles},
		{"several can be busy at a time", together},
		{"an ended context ends everything", endedAlready},
		{"reading changes nothing where one only meets", meets},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			t.Parallel()
			c.run(t, made(t))
		})
	}
}

// noise gives n bytes that no compression on the way makes smaller.
func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)})
	_, _ = r.Read(b)
	return b
}

func put(t *testing.T, to target.Target, name string, body []byte) {
	t.Helper()
	if err := to.Put(t.Context(), name, onlyReader{bytes.NewReader(body)}, int64(len(body))); err != nil {
		t.Fatalf("putting %s: %v", name, detail(err))
	}
}

// onlyReader hides what else a reader can do, as a backup's stream can do no more either.
type onlyReader struct{ io.Reader }

func got(t *testing.T, from target.Target, name string) []byte {
	t.Helper()
	f, err := from.Get(t.Context(), name)
	if err != nil {
		t.Fatalf("getting %s: %v", name, detail(err))
	}
	defer f.Close()
	body, err := io.ReadAll(f)
	if err != nil {
		t.Fatalf("reading %s: %v", name, detail(err))
	}
	return body
}

func checks(t *testing.T, p Place) {
	look, c, err := Check(t.Context(), p.Config, p.Env)
	if err != nil {
		t.Fatal(detail(err))
	}
	if look.Text == "" || look.SameDisk && look.Hint == "" {
		t.Errorf("a look without words: %+v", look)
	}
	if left := p.files(t); len(left) > 0 {
		t.Errorf("the check left %q", left)
	}
	again, c2, err := Check(t.Context(), c, p.Env)
	if err != nil {
		t.Fatalf("checking the completed config: %s", detail(err))
	}
	for name, value := range c.Fields {
		if c2.Fields[name] != value {
			t.Errorf("a second check made %q of %s, which was %q", c2.Fields[name], name, value)
		}
	}
	if again.Text != look.Text || again.HostKey != look.HostKey {
		t.Errorf("a second check says %+v, the first %+v", again, look)
	}
	fields, _ := c.Shown()
	for name, value := range fields {
		if strings.Contains(value, Canary) {
			t.Errorf("the field %s shows a secret", name)
		}
	}
}

func keeps(t *testing.T, p Place) {
	to := p.open(t)
	bodies := map[string][]byte{Name(0): noise(1), Name(1): noise(70_000), Name(2): noise(3 << 20), Name(3): {}}
	for _, name := range []string{Name(2), Name(0), Name(1), Name(3)} {
		put(t, to, name, bodies[name])
	}
	for name, want := range bodies {
		if have := got(t, to, name); !bytes.Equal(have, want) {
			t.Errorf("%s came back with %d bytes, not the %d that were put", name, len(have), len(want))
		}
	}
	list, err := to.List(t.Context())
	if err != nil {
		t.Fatal(detail(err))
	}
	if len(list) != 4 {
		t.Fatalf("the list has %d files, want 4: %v", len(list), list)
	}
	for i, o := range list {
		if o.Name != Name(i) || o.Size != int64(len(bodies[o.Name])) || o.Time.IsZero() {
			t.Errorf("listed as %+v, want %s with %d bytes", o, Name(i), len(bodies[Name(i)]))
		}
	}
	if err := to.Remove(t.Context(), Name(1)); err != nil {
		t.Fatal(detail(err))
	}
	p.settles(t, Name(0), Name(2), Name(3))
}

func refusesToOverwrite(t *testing.T, p Place) {
	to := p.open(t)
	first := noise(5000)
	put(t, to, Name(0), first)
	Wants(t, to.Put(t.Context(), Name(0), bytes.NewReader(noise(10)), 10), target.CodeExists)
	if !bytes.Equal(got(t, to, Name(0)), first) {
		t.Error("the second has overwritten the first")
	}
	p.settles(t, Name(0))
}

func missing(t *testing.T, p Place) {
	to := p.open(t)
	put(t, to, Name(0), noise(10))
	_, err := to.Get(t.Context(), Name(1))
	Wants(t, err, target.ErrNotThere.Code)
	Wants(t, to.Remove(t.Context(), Name(1)), target.ErrNotThere.Code)
	if !errors.Is(err, target.ErrNotThere) {
		t.Error("errors.Is doesn't know it")
	}
}

func strangers(t *testing.T, p Place) {
	to := p.open(t)
	others := []string{
		"holiday.jpg", "latchkey-notes.txt", "LATCHKEY-" + House + "-20261121T031500Z.AGE",
		"a b & c <d>.age", "Ümläut ☂.age", "latchkey-99999999-20261121T031500Z.age.12345678.unfinished", "index.html",
	}
	for _, name := range others {
		p.plant(t, name, []byte("mine"))
	}
	if p.Dir != "" { // a folder and a link with a backup's name
		if err := os.Mkdir(filepath.Join(p.Dir, Name(7)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("/etc/passwd", filepath.Join(p.Dir, Name(8))); err != nil {
			t.Fatal(err)
		}
	}
	put(t, to, Name(0), noise(10))
	list, err := to.List(t.Context())
	if err != nil {
		t.Fatal(detail(err))
	}
	list = slices.DeleteFunc(list, func(o target.Object) bool { return o.Name == Name(8) && p.Addr != "" }) // a server may follow links
	if len(list) != 1 || list[0].Name != Name(0) {
		t.Errorf("the list is %v, want one file", list)
	}
	for _, name := range []string{"holiday.jpg", "index.html"} {
		if err := to.Remove(t.Context(), name); !errors.Is(err, target.ErrNotThere) {
			t.Errorf("removing a stranger's file: %v", err)
		}
	}
	p.settles(t, append(others, Name(0))...)
}

func climbing(t *testing.T, p Place) {
	to := p.open(t)
	for _, name := range []string{
		"../" + Name(0), "/etc/passwd", "..", ".", "", "a/" + Name(0), `..\` + Name(0), Name(0) + "\x00", "%2e%2e%2f" + Name(0),
		Name(0) + "?x", Name(0) + "#x", Name(0) + ".12345678.unfinished", "-rf", strings.Repeat("a", 300), "latchkey\n.age",
	} {
		err := to.Put(t.Context(), name, strings.NewReader("x"), 1)
		if !errors.Is(err, target.ErrNotThere) {
			t.Errorf("putting %q: %v", name, err)
		}
		if _, err := to.Get(t.Context(), name); !errors.Is(err, target.ErrNotThere) {
			t.Errorf("getting %q: %v", name, err)
		}
		if err := to.Remove(t.Context(), name); !errors.Is(err, target.ErrNotThere) {
			t.Errorf("removing %q: %v", name, err)
		}
	}
	p.settles(t)
}

func sweeps(t *testing.T, p Place) {
	to := p.open(t)
	other := "latchkey-00000000-20261121T031500Z.age.0123abcd.unfinished"
	p.plant(t, Name(0)+".0123abcd.unfinished", noise(1000))
	p.plant(t, Name(2)+".0123abcd.unfinished.0000000006", noise(1000)) // nginx on a full disk
	p.plant(t, other, noise(1000))
	check, notes := "latchkey-check-abcdefghijkl.txt", "latchkey-check-list.txt"
	p.plant(t, check, []byte("a check is on its way"))
	p.plant(t, notes, []byte("mine"))
	put(t, to, Name(1), noise(10))
	p.settles(t, Name(1), other, check, notes)

	_, c, err := Check(t.Context(), p.Config, p.Env)
	if err != nil {
		t.Fatal(detail(err))
	}
	p.Env.Now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	put(t, Open(t, c, p.Env), Name(3), noise(10))
	if err := to.Remove(t.Context(), Name(3)); err != nil {
		t.Error(detail(err))
	}
	// The check's file of two hours ago has gone.
	p.settles(t, Name(1), other, notes)
}

func manyFiles(t *testing.T, p Place) {
	to := p.open(t)
	const backups, photos = 1100, 1300 // S3 gives a thousand at a time
	for n := range backups {
		p.plant(t, Name(n), []byte("b"))
	}
	for n := range photos {
		p.plant(t, "photo-"+Name(n)+".jpg", []byte("p"))
	}
	list, err := to.List(t.Context())
	if err != nil {
		t.Fatal(detail(err))
	}
	if len(list) != backups || list[0].Name != Name(0) || list[backups-1].Name != Name(backups-1) {
		t.Errorf("%d files came, want %d", len(list), backups)
	}
}

func together(t *testing.T, p Place) {
	to := p.open(t)
	body := noise(2 << 20)
	put(t, to, Name(0), body)
	done := make(chan error, 8)
	for n := range cap(done) {
		go func() {
			if n%2 == 0 {
				_, err := to.List(t.Context())
				done <- err
				return
			}
			f, err := to.Get(t.Context(), Name(0))
			if err == nil {
				var have []byte
				have, err = io.ReadAll(f)
				if !bytes.Equal(have, body) {
					err = errors.Join(err, errors.New("other bytes came"))
				}
				err = errors.Join(err, f.Close())
			}
			done <- err
		}()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func endedAlready(t *testing.T, p Place) {
	to := p.open(t)
	put(t, to, Name(0), noise(10))
	ctx, cancel := context.WithCancel(t.Context())
	f, err := to.Get(ctx, Name(0))
	if err != nil {
		t.Fatal(detail(err))
	}
	defer f.Close()
	cancel()
	_, err = f.Read(make([]byte, 10))
	ended(t, err)
	_, err = to.List(ctx)
	ended(t, err)
	_, err = to.Get(ctx, Name(0))
	ended(t, err)
	ended(t, to.Remove(ctx, Name(0)))
	ended(t, to.Put(ctx, Name(1), strings.NewReader("x"), 1))
	_, _, err = Check(ctx, p.Config, p.Env)
	ended(t, err)
	p.settles(t, Name(0))
}

func meets(t *testing.T, p Place) {
	to := p.open(t)
	put(t, to, Name(0), noise(10))
	env := p.Env
	env.House, env.Data = "", "" // new hardware
	look, c, err := target.Meet(t.Context(), p.Config, env)
	if err == nil && look.Compare {
		look, c, err = target.Meet(t.Context(), c, env)
	}
	if err != nil {
		t.Fatal(detail(err))
	}
	if look.Text == "" {
		t.Error("it says nothing")
	}
	reader := Open(t, c, env)
	if !bytes.Equal(got(t, reader, Name(0)), noise(10)) {
		t.Error("other bytes came")
	}
	p.settles(t, Name(0))
}
