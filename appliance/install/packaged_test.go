package install

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"latchkey/systemd"
)

// unpacked is a machine on which a package's version 1.0.0 ran, and dpkg has
// just unpacked another one over it.
func unpacked(t *testing.T, version string) (*machine, Config) {
	t.Helper()
	m := newMachine(t)
	if _, err := m.Run(t.Context(), Command{Name: "useradd"}); err != nil {
		t.Fatal(err)
	}
	for _, unit := range systemd.Units() {
		m.write(filepath.Join(packagedDir, unit), systemd.Unit(unit))
	}
	m.write("/usr/bin/.latchkey.before", "program 1.0.0\n")
	m.write("/usr/bin/latchkey", "program "+version+"\n")
	m.write(DataDir+"/latchkey.db", "house 1.0.0")
	m.enabled[systemd.Service], m.up = true, true
	c := m.config(version, "")
	c.Packaged, c.Program = true, m.place.at("/usr/bin/latchkey")
	return m, c
}

func TestPackaged(t *testing.T) {
	for name, c := range map[string]struct {
		version, code string
		prepare       func(*machine)
	}{
		"a backup that fails":                {"2.0.0", "install.backup", func(m *machine) { m.refuses = errors.New("no room") }},
		"an older version":                   {"0.9.0", "install.downgrade", func(*machine) {}},
		"a machine that is not systemd's":    {"2.0.0", "install.systemd", func(m *machine) { m.place.mustRemove(t, running) }},
		"another install under way":          {"2.0.0", "install.busy", func(m *machine) { m.lockAway(t) }},
		"a machine installed on by hand":     {"2.0.0", "install.package", func(m *machine) { m.write(filepath.Join(unitDir, systemd.Service), "x") }},
		"a trial that goes wrong after that": {"2.0.0 trial", "install.trial", func(*machine) {}},
	} {
		t.Run(name+" leaves the program that was there before", func(t *testing.T) {
			m, config := unpacked(t, c.version)
			config.Version = c.version[:5]
			c.prepare(m)
			_, err := Install(t.Context(), config)
			wantProblem(t, err, c.code)
			if got := m.read("/usr/bin/latchkey"); got != "program 1.0.0\n" || exists(m.place.at("/usr/bin/.latchkey.before")) {
				t.Errorf("the program is %q, or the one before is still aside", got)
			}
		})
	}
	t.Run("while an upgrade is under way its way back stays", func(t *testing.T) {
		m, c := unpacked(t, "2.0.0")
		m.lockAway(t)
		if err := m.place.writeMarker(marker{ID: "one", Packaged: true}); err != nil {
			t.Fatal(err)
		}
		_, err := Install(t.Context(), c)
		wantProblem(t, err, "install.busy")
		if !exists(m.place.at("/usr/bin/.latchkey.before")) {
			t.Error("it is gone")
		}
	})
	t.Run("the same version again leaves nothing aside", func(t *testing.T) {
		m, c := unpacked(t, "1.0.0")
		if done, err := Install(t.Context(), c); done.Kind != Repair || exists(m.place.at("/usr/bin/.latchkey.before")) {
			t.Errorf("Install = %+v, %v, or it is there", done, err)
		}
	})
	t.Run("a person may add a folder for backups to a package's house", func(t *testing.T) {
		m, c := unpacked(t, "1.0.0")
		m.place.mustRemove(t, "/usr/bin/.latchkey.before")
		m.folder("/mnt/disk")
		c.Packaged, c.BackupDir = false, "/mnt/disk/latchkey"
		kind, plan, err := Preview(t.Context(), c)
		if err != nil || kind != Repair || slices.ContainsFunc(plan, func(s Step) bool { return s.Does == CopyProgram }) {
			t.Errorf("Preview = %s, %v, %v", kind, plan, err)
		}
		done, err := Install(t.Context(), c)
		if err != nil || done.Kind != Repair || !m.up || !exists(m.place.at(dropIn(systemd.Service, backupDropIn(c.BackupDir)))) {
			t.Errorf("Install = %+v, %v", done, err)
		}
		if exists(m.place.at("/usr/local/bin/latchkey")) || exists(m.place.at(filepath.Join(unitDir, systemd.Service))) {
			t.Error("it is there twice")
		}
	})
}

func (p Place) mustRemove(t *testing.T, path string) {
	t.Helper()
	if err := removeDurable(p.at(path)); err != nil {
		t.Fatal(err)
	}
}

// lockAway has another install at work.
func (m *machine) lockAway(t *testing.T) {
	t.Helper()
	unlock, err := m.place.lock()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(unlock)
}
