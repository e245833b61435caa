package appliance

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"latchkey/appliance/backup"
	"latchkey/appliance/health"
	"latchkey/appliance/install"
	"latchkey/appliance/problem"
)

func TestBestCopy(t *testing.T) {
	day := func(n int) *time.Time {
		d := time.Date(2026, 11, n, 3, 15, 0, 0, time.UTC)
		return &d
	}
	at := func(target string, depth backup.Depth) backup.PlaceView {
		return backup.PlaceView{Target: target, Proved: day(20), Depth: depth}
	}
	bad := at("usb", backup.Opened)
	bad.Bad = true
	for _, tt := range []struct {
		name   string
		copies []backup.CopyView
		want   string
	}{
		{"none", nil, ""},
		{"the newest that was opened, elsewhere", []backup.CopyView{
			{Name: "c", Places: []backup.PlaceView{at("usb", backup.Digest)}},
			{Name: "b", Places: []backup.PlaceView{at(backup.Here, backup.Opened), at("usb", backup.Opened)}},
			{Name: "a", Places: []backup.PlaceView{at("usb", backup.Opened)}},
		}, "b usb"},
		{"here, where it is nowhere else", []backup.CopyView{{Name: "a", Places: []backup.PlaceView{at(backup.Here, backup.Opened)}}}, "a here"},
		{"one that was only read back, where none was opened", []backup.CopyView{
			{Name: "b", Places: []backup.PlaceView{bad}},
			{Name: "a", Places: []backup.PlaceView{at("usb", backup.Digest)}},
		}, "a usb"},
		{"never a bad one, nor one that nobody has read", []backup.CopyView{{Name: "a", Places: []backup.PlaceView{bad, {Target: "nas"}}}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, p, ok := bestCopy(backup.View{Copies: tt.copies})
			if got := strings.TrimSpace(c.Name + " " + p.Target); got != tt.want || ok != (tt.want != "") {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestWayBack(t *testing.T) {
	c := configOf(t)
	unopened := func(code string) error {
		return problem.New(problem.Unavailable, code, "It does not open.", "Do this.")
	}
	if got := WayBack(c, unopened("store.locked")); got != nil {
		t.Errorf("of a house that merely runs elsewhere it says %v", got)
	}
	if got := WayBack(c, nil); got != nil {
		t.Errorf("of a house that opens it says %v", got)
	}
	says := func(what string, words ...string) {
		t.Helper()
		for _, code := range lost() {
			got := WayBack(c, unopened(code))
			if len(got) != 2 || got[0].State != health.Bad || got[0].Text != "It does not open." || got[0].Hint == "" {
				t.Fatalf("%s, %s: %+v", what, code, got)
			}
			for _, w := range words {
				if !strings.Contains(got[1].Text+" "+got[1].Hint, w) {
					t.Errorf("%s, %s: no %q in %+v", what, code, w, got[1])
				}
			}
		}
	}
	says("without a backup", "no backup on this machine", "latchkey backup restore FILE --kit KIT --replace --data "+c.Data)
	spool := filepath.Join(c.Data, spoolFolder)
	if err := os.MkdirAll(spool, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"latchkey-1a2b3c4d-20261119T031500Z.age", "latchkey-1a2b3c4d-20261121T031500Z.age", "latchkey-1a2b3c4d-20261120T031500Z.age", ".making-latchkey-1a2b3c4d-20261122T031500Z.age"} {
		if err := os.WriteFile(filepath.Join(spool, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	says("with some", "21 November 2026, 03:15 UTC", "latchkey backup restore "+spool+"/latchkey-1a2b3c4d-20261121T031500Z.age --kit KIT")
}

func TestRefusing(t *testing.T) {
	for err, says := range map[error]string{
		&os.PathError{Err: unix.EROFS}: "The system locks a disk",
		&os.PathError{Err: unix.EIO}:   "may be failing",
		os.ErrPermission:               "Give the folder",
	} {
		if f := refusing(err); f.State != health.Bad || !strings.Contains(f.Hint, says) {
			t.Errorf("of %v it says %+v", err, f)
		}
	}
}

func TestWhatTheDiskRefusesIsPinnedUntilItKeepsAgain(t *testing.T) {
	a := assemble(t, configOf(t))
	defer func() { _ = a.Close() }()
	a.diskRefuses(problem.New(problem.Unavailable, "store.full", "The disk is full.", "Free some space."))
	if !pinned(a, "disk.refuses") || len(a.refused) != 1 {
		t.Errorf("the board shows %v", a.board.List())
	}
	a.diskRefuses(nil)
	if pinned(a, "disk.refuses") {
		t.Error("it stays")
	}
}

// TestADamagedFileIsReadAndNotChanged damages a page of a house that runs, and
// mends it.
func TestADamagedFileIsReadAndNotChanged(t *testing.T) {
	a := assemble(t, configOf(t))
	defer func() { _ = a.Close() }()
	owned(t, a)
	file := filepath.Join(a.cfg.Data, "latchkey.db")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const leaf = 2
	for at := 2 * os.Getpagesize(); at < len(whole); at += os.Getpagesize() {
		if whole[at+8] == leaf {
			whole[at+8] |= 0x40 // no kind of page
		}
	}
	write := func(b []byte) {
		t.Helper()
		f, err := os.OpenFile(file, os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteAt(b, 0)
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(whole)
	found := a.checkFile(t.Context())
	write(good)
	if found.State != health.Bad || !strings.Contains(found.Hint, "no backup on this machine") || !pinned(a, fileDamaged) || !a.damaged.Load() {
		t.Errorf("the check says %+v, the board %v", found, a.board.List())
	}
	_, err = a.vault.SweepTrash(t.Context(), nil, 1, time.Now())
	if err != nil && problemCode(err) != "file.damaged" {
		t.Error(err)
	}
	if err := a.store.Vault().Write(t.Context(), "", nil); problemCode(err) != "file.damaged" {
		t.Errorf("a write gave %v", err)
	}
	if found = a.checkFile(t.Context()); found.State != health.OK || pinned(a, fileDamaged) || a.damaged.Load() {
		t.Errorf("mended, the check says %+v, the board %v", found, a.board.List())
	}
}

func TestRestoreCommand(t *testing.T) {
	for _, tt := range []struct{ file, data, want string }{
		{"/mnt/a.age", "/srv/house", "stop Latchkey and run: latchkey backup restore /mnt/a.age --kit KIT --replace --data /srv/house"},
		{"/mnt/my disk/it's.age", "./data", `stop Latchkey and run: latchkey backup restore '/mnt/my disk/it'\''s.age' --kit KIT --replace --data ./data`},
		{"/mnt/a.age", install.DataDir, "run: sudo systemctl stop 'latchkey*' && sudo latchkey backup restore /mnt/a.age --kit KIT --replace --data " + install.DataDir},
	} {
		if got := restoreCommand(tt.file, tt.data); got != tt.want {
			t.Errorf("got %s", got)
		}
	}
}

func TestAClosedKeyWantsRoot(t *testing.T) {
	got := WayBack(configOf(t), problem.New(problem.Unavailable, "store.keyClosed", "It is closed.", "Do this."))
	if len(got) != 1 || got[0].State != health.Bad || !strings.Contains(got[0].Hint, "sudo latchkey doctor") {
		t.Errorf("it says %+v", got)
	}
}
