package install

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"latchkey/systemd"
)

func TestUninstall(t *testing.T) {
	for _, purge := range []bool{false, true} {
		t.Run(fmt.Sprintf("purge %v", purge), func(t *testing.T) {
			m := lived(t)
			if err := Uninstall(t.Context(), m.config("1.0.0", ""), purge); err != nil {
				t.Fatal(err)
			}
			if m.up || len(m.enabled) != 0 {
				t.Errorf("up %v, enabled %v", m.up, m.enabled)
			}
			for _, path := range []string{"/usr/local/bin/latchkey", "/etc/systemd/system/latchkey.service", "/etc/systemd/system/latchkey.service.d", sysusers} {
				if exists(m.place.at(path)) {
					t.Errorf("%s is still there", path)
				}
			}
			for _, path := range []string{DataDir + "/latchkey.db", keyFile} {
				if exists(m.place.at(path)) == purge {
					t.Errorf("%s is there: %v", path, !purge)
				}
			}
			if _, err := m.place.owner(); errors.Is(err, errNoUser) != purge {
				t.Errorf("the user: %v", err)
			}
		})
	}
	own := func(m *machine) {
		m.write(dropIn(systemd.Service, "mine.conf"), "[Service]\n")
		m.write(dropIn(systemd.Service, "backup-mine.conf"), "[Service]\n")
		m.write(dropIn(systemd.Service, "backup-mnt-disk.conf"), backupText("/mnt/disk"))
		m.write(dropIn(systemd.Socket, listenDropIn), "[Socket]\n")
	}
	for name, c := range map[string]struct{ packaged, purge bool }{"kept": {}, "kept by a package": {packaged: true}, "purged": {purge: true}, "purged by a package": {true, true}} {
		t.Run("what people wrote for the units stays when it is "+name, func(t *testing.T) {
			m := lived(t)
			own(m)
			config := m.config("1.0.0", "")
			config.Packaged = c.packaged
			if err := Uninstall(t.Context(), config, c.purge); err != nil {
				t.Fatal(err)
			}
			for path, want := range map[string]bool{
				dropIn(systemd.Service, "mine.conf"): true, dropIn(systemd.Service, "backup-mine.conf"): true,
				dropIn(systemd.Service, "backup-mnt-disk.conf"): !c.purge, dropIn(systemd.Socket, listenDropIn): !c.purge,
				dropIn(systemd.Service, keyDropIn): c.packaged && !c.purge,
			} {
				if exists(m.place.at(path)) != want {
					t.Errorf("%s is there: %v", path, !want)
				}
			}
		})
	}
	t.Run("nothing is removed from under a house that does not end", func(t *testing.T) {
		m := lived(t)
		m.stuck = true
		wantProblem(t, Uninstall(t.Context(), m.config("1.0.0", ""), true), "install.running")
		if m.read(DataDir+"/latchkey.db") == "" || !exists(m.place.at("/usr/local/bin/latchkey")) {
			t.Error("something was")
		}
	})
	t.Run("a disable that fails stops it all the same", func(t *testing.T) {
		m := lived(t)
		m.noDisable = true
		if err := Uninstall(t.Context(), m.config("1.0.0", ""), false); err != nil || m.up {
			t.Errorf("up %v, %v", m.up, err)
		}
	})
	for path, fine := range map[string]bool{
		StateDir + "/house/backups": false, StateDir + "/a\\040b": false, EtcDir + "/x": false, StateDir: true, StateDir + "-other/x": true,
	} {
		t.Run(fmt.Sprintf("with a disk at %s, a purge begins: %v", path, fine), func(t *testing.T) {
			m := lived(t)
			m.write(mountsFile, "29 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n97 29 8:17 / "+m.place.at(path)+" rw shared:2 - vfat /dev/sdb1 rw\n")
			err := Uninstall(t.Context(), m.config("1.0.0", ""), true)
			if fine {
				if err != nil {
					t.Error(err)
				}
				return
			}
			p := wantProblem(t, err, "uninstall.mount")
			if !strings.Contains(p.Text, strings.ReplaceAll(m.place.at(path), "\\040", " ")) || !m.up || m.read(DataDir+"/latchkey.db") == "" {
				t.Errorf("it says %q, up %v", p.Text, m.up)
			}
			if err := Uninstall(t.Context(), m.config("1.0.0", ""), false); err != nil {
				t.Errorf("without a purge: %v", err)
			}
		})
	}
}
