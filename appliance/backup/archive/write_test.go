package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"filippo.io/age"

	"latchkey/appliance/backup/archive"
)

// watched is a part that tells whether it was closed.
type watched struct {
	io.Reader
	closed *int
	err    error
}

func (w watched) Close() error { *w.closed++; return w.err }

func TestWhatCantBeWritten(t *testing.T) {
	h := newHouse(t)
	lost := errors.New("no such file")
	closed := 0
	odd := func(size int64, r io.Reader, err error) archive.Part {
		return archive.Part{Name: "seal.key", Size: size, Open: func() (io.ReadCloser, error) {
			return watched{r, &closed, err}, nil
		}}
	}
	database := part("latchkey.db", noise(1, 5000))
	cases := []struct {
		name, want string // a problem's code; empty: a plain error
		is         error
		parts      []archive.Part
		closes     int
	}{
		{"a part that grew", "backup.changed", nil, []archive.Part{database, odd(5, strings.NewReader("123456"), nil)}, 1},
		{"a part that grew for ever", "backup.changed", nil, []archive.Part{database, odd(5, zeros{}, nil)}, 1},
		{"a part that shrank", "backup.changed", nil, []archive.Part{database, odd(5, strings.NewReader("1234"), nil)}, 1},
		{"a part that can't be read", "", lost, []archive.Part{database, odd(5, iotest.ErrReader(lost), nil)}, 1},
		{"a part that can't be closed", "", lost, []archive.Part{database, odd(5, strings.NewReader("12345"), lost)}, 1},
		{"a part that can't be opened", "", lost, []archive.Part{database, {Name: "seal.key", Open: func() (io.ReadCloser, error) { return nil, lost }}}, 0},
		{"no database", "backup.missing", nil, []archive.Part{odd(0, strings.NewReader(""), nil)}, 0},
		{"a part of no place", "backup.entry", nil, []archive.Part{database, part("seal.key", nil), part("latchkey.sock", nil)}, 0},
		{"a part twice", "backup.entry", nil, []archive.Part{database, part("seal.key", nil), part("seal.key", nil)}, 0},
		{"a part of less than nothing", "backup.manifest", nil, []archive.Part{database, odd(-1, strings.NewReader(""), nil)}, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			closed = 0
			var out bytes.Buffer
			err := archive.Write(t.Context(), &out, h.recipients(), h.sign, manifest(), c.parts, nil)
			if err == nil || c.want != "" && code(t, err) != c.want || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("got %v", err)
			}
			if closed != c.closes {
				t.Errorf("closed %d times", closed)
			}
			if err := h.check(t, &out); err == nil {
				t.Error("what was written passes for a whole backup")
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestWhoCanBeWrittenTo(t *testing.T) {
	h := newHouse(t)
	t.Run("nobody", func(t *testing.T) {
		if err := archive.Write(t.Context(), io.Discard, nil, h.sign, manifest(), small(), nil); err == nil {
			t.Error("a backup for nobody")
		}
	})
	t.Run("not without a signing key", func(t *testing.T) {
		if err := archive.Write(t.Context(), io.Discard, h.recipients(), nil, manifest(), small(), nil); err == nil {
			t.Error("a backup by nobody")
		}
	})
	t.Run("not of a house without identity", func(t *testing.T) {
		m := manifest()
		m.House = ""
		if err := archive.Write(t.Context(), io.Discard, h.recipients(), h.sign, m, small(), nil); err == nil {
			t.Error("a backup of no house")
		}
	})
	t.Run("not with a list that no reader takes", func(t *testing.T) {
		m := manifest()
		m.HouseName = strings.Repeat("x", 64<<20)
		if got := code(t, archive.Write(t.Context(), io.Discard, h.recipients(), h.sign, m, small(), nil)); got != "backup.manifest" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("two, and each opens it", func(t *testing.T) {
		second, err := age.GenerateX25519Identity()
		must(t, err)
		var out bytes.Buffer
		must(t, archive.Write(t.Context(), &out, append(h.recipients(), second.Recipient()), h.sign, manifest(), small(), nil))
		must(t, h.check(t, bytes.NewReader(out.Bytes())))
		h.kit.Recovery = second
		must(t, h.check(t, bytes.NewReader(out.Bytes())))
	})
	t.Run("a time is kept as whole seconds of UTC", func(t *testing.T) {
		m := manifest()
		m.Made = time.Date(2026, 11, 21, 5, 0, 0, 999, time.FixedZone("", 3600))
		var out bytes.Buffer
		must(t, archive.Write(t.Context(), &out, h.recipients(), h.sign, m, small(), nil))
		r, err := archive.Open(&out, h.kit, archive.Limits{})
		must(t, err)
		if got := r.Manifest().Made; got != time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC) {
			t.Errorf("made %v", got)
		}
	})
	t.Run("the caller's own list keeps its order", func(t *testing.T) {
		parts := small()
		slices.Reverse(parts)
		h.write(t, parts)
		if parts[0].Name != "attachments/0a-1b" {
			t.Error("it was sorted")
		}
	})
}

// brittle fails after some bytes, as a full disk does.
type brittle struct {
	left int
	err  error
}

func (b *brittle) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, b.err
	}
	return len(p), nil
}

func TestADiskThatFillsUpAtAnyPlace(t *testing.T) {
	h, full := newHouse(t), errors.New("no space left on device")
	parts := append(small(), part("attachments/ff", noise(3, 300<<10)))
	whole := len(h.write(t, parts))
	for room := 0; room < whole; room += 997 {
		err := archive.Write(t.Context(), &brittle{room, full}, h.recipients(), h.sign, manifest(), parts, nil)
		if !errors.Is(err, full) {
			t.Errorf("with room for %d of %d bytes: %v", room, whole, err)
		}
	}
	must(t, archive.Write(t.Context(), &brittle{whole, full}, h.recipients(), h.sign, manifest(), parts, nil))
}

// steps are what a Progress heard.
type steps struct{ done, total []int64 }

func (s *steps) hear(done, total int64) {
	s.done, s.total = append(s.done, done), append(s.total, total)
}

func TestProgress(t *testing.T) {
	h := newHouse(t)
	parts := append(small(), part("attachments/ff", noise(3, 1<<20)))
	var total int64
	for _, p := range parts {
		total += p.Size
	}
	var out bytes.Buffer
	var wrote, unpacked, checked steps
	must(t, archive.Write(t.Context(), &out, h.recipients(), h.sign, manifest(), parts, wrote.hear))
	r, err := archive.Open(bytes.NewReader(out.Bytes()), h.kit, archive.Limits{})
	must(t, err)
	must(t, r.Unpack(t.Context(), filepath.Join(t.TempDir(), "house"), unpacked.hear))
	r, err = archive.Open(&out, h.kit, archive.Limits{})
	must(t, err)
	must(t, r.Check(t.Context(), checked.hear))
	for name, s := range map[string]steps{"writing": wrote, "unpacking": unpacked, "checking": checked} {
		if len(s.done) < 8 || !slices.IsSorted(s.done) || s.done[len(s.done)-1] != total {
			t.Errorf("%s goes to %v of %d", name, s.done, total)
		}
		if slices.Min(s.total) != total || slices.Max(s.total) != total {
			t.Errorf("%s says the whole is %v instead of %d", name, s.total, total)
		}
	}
}

func TestWhoeverGivesUpGetsNoRest(t *testing.T) {
	h := newHouse(t)
	parts := append(small(), part("attachments/ff", noise(3, 1<<20)))
	file := h.write(t, parts)
	at := func(n int64) (context.Context, archive.Progress) {
		ctx, cancel := context.WithCancel(t.Context())
		return ctx, func(done, _ int64) {
			if done >= n {
				cancel()
			}
		}
	}
	for _, n := range []int64{1, 3000, 500_000} {
		t.Run(fmt.Sprint("at byte ", n), func(t *testing.T) {
			ctx, progress := at(n)
			var out bytes.Buffer
			if err := archive.Write(ctx, &out, h.recipients(), h.sign, manifest(), parts, progress); !errors.Is(err, context.Canceled) {
				t.Errorf("writing: %v", err)
			}
			if h.check(t, &out) == nil {
				t.Error("what was written passes for a whole backup")
			}
			r, err := archive.Open(bytes.NewReader(file), h.kit, archive.Limits{})
			must(t, err)
			ctx, progress = at(n)
			dir := filepath.Join(t.TempDir(), "house")
			if err := r.Unpack(ctx, dir, progress); !errors.Is(err, context.Canceled) {
				t.Errorf("unpacking: %v", err)
			}
			if found, _ := filepath.Glob(dir); len(found) > 0 {
				t.Error("the folder is still there")
			}
		})
	}
	t.Run("even when its source fails by that", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		source := &obedient{r: bytes.NewReader(file), left: 500_000, cancel: cancel}
		r, err := archive.Open(source, h.kit, archive.Limits{})
		must(t, err)
		if err := r.Check(ctx, nil); err != context.Canceled { //nolint:errorlint // as it is, with no problem around it
			t.Errorf("got %v", err)
		}
	})
}

// obedient is a source that ends with a context, in the middle of a read.
type obedient struct {
	r      io.Reader
	left   int
	cancel func()
}

func (o *obedient) Read(p []byte) (int, error) {
	if o.left < len(p) {
		o.cancel()
		return 0, context.Canceled
	}
	n, err := o.r.Read(p)
	o.left -= n
	return n, err
}
