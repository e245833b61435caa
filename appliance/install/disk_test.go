package install

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/appliance/problem"
)

func TestDisk(t *testing.T) {
	on := func(kind int64) func(string) (disk, error) {
		return func(path string) (disk, error) {
			if strings.Contains(path, "/mnt/disk") {
				return disk{device: 2, kind: kind}, nil
			}
			return disk{device: 1, kind: 0xef53}, nil
		}
	}
	for name, c := range map[string]struct {
		kind int64
		own  bool // its files are the service's user's
		fine bool
		line string
	}{
		"ext4":                                {0xef53, false, true, ""},
		"FAT":                                 {0x4d44, false, false, "vfat"},
		"exFAT":                               {0x2011bab0, false, false, "exfat"},
		"NTFS":                                {0x7366746e, false, false, "ntfs3"},
		"FAT, mounted for the service's user": {0x4d44, true, true, ""},
	} {
		t.Run("a folder on "+name, func(t *testing.T) {
			m := newMachine(t)
			m.folder("/mnt/disk")
			if c.own { // who owns everything here
				if _, err := m.Run(t.Context(), Command{Name: "useradd"}); err != nil {
					t.Fatal(err)
				}
			}
			config := m.config("1.0.0", "")
			config.BackupDir, config.diskOf = "/mnt/disk/latchkey", on(c.kind)
			_, err := Install(t.Context(), config)
			if c.fine {
				if err != nil {
					t.Error(err)
				}
				return
			}
			p := wantProblem(t, err, "install.disk")
			if want := " " + c.line + " uid=latchkey,gid=latchkey,umask=077,nofail 0 0"; !strings.Contains(p.Hint, want) || !strings.Contains(p.Hint, "ext4") {
				t.Errorf("it says %q", p.Hint)
			}
			if exists(m.place.at("/usr/local/bin/latchkey")) {
				t.Error("something was done")
			}
		})
	}
	for name, device := range map[string]uint64{"the same": 1, "another": 2} {
		t.Run("it is told whether the backups lie on the same disk: "+name, func(t *testing.T) {
			m := newMachine(t)
			m.folder("/mnt/disk")
			var out bytes.Buffer
			config := m.config("1.0.0", "")
			config.Out, config.BackupDir = &out, "/mnt/disk/latchkey"
			config.diskOf = func(path string) (disk, error) {
				if strings.Contains(path, "/mnt/disk") {
					return disk{device: device}, nil
				}
				return disk{device: 1}, nil
			}
			if _, err := Install(t.Context(), config); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(out.String(), "on the same disk as the house"); got != (device == 1) {
				t.Errorf("it said %q", &out)
			}
		})
	}
	t.Run("of a folder that is not there, it is the disk of the one above", func(t *testing.T) {
		dir := t.TempDir()
		there, err := diskOf(dir)
		if err != nil || there.device == 0 || there.kind == 0 {
			t.Fatalf("%+v, %v", there, err)
		}
		if got, err := diskOf(filepath.Join(dir, "a", "b")); err != nil || got != there {
			t.Errorf("%+v, %v; want %+v", got, err, there)
		}
	})
}

func TestRestoreWaits(t *testing.T) {
	for _, at := range []string{DataDir + ".restored/restore.order", DataDir + "/restore.order"} {
		t.Run("an upgrade does not meet a restored house that waits: "+at, func(t *testing.T) {
			m := lived(t)
			m.write(at, "house.before-x\n")
			_, err := Install(t.Context(), m.config("2.0.0", ""))
			p := wantProblem(t, err, "install.restore")
			if p.Kind != problem.Refused || m.whole() != wholeOld || m.leftovers() != nil {
				t.Errorf("it is %q, and %v is left", m.whole(), m.leftovers())
			}
			m.place.mustRemove(t, at)
			if _, err := Install(t.Context(), m.config("2.0.0", "")); err != nil || m.whole() != wholeNew {
				t.Errorf("later it is %q, %v", m.whole(), err)
			}
		})
	}
	t.Run("a restore that nobody ordered yet does not matter", func(t *testing.T) {
		m := lived(t)
		m.folder(DataDir + ".restored")
		if _, err := Install(t.Context(), m.config("2.0.0", "")); err != nil {
			t.Error(err)
		}
	})
}
