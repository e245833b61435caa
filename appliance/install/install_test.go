package install

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"latchkey/appliance/problem"
	"latchkey/systemd"
)

func TestFirst(t *testing.T) {
	t.Run("a machine with nothing gets everything, and the house is up", func(t *testing.T) {
		m := newMachine(t)
		c := m.config("1.0.0", "")
		c.ConfigText = []byte("# mine\n")
		done, err := Install(t.Context(), c)
		if err != nil || done != (Done{Kind: First, To: "1.0.0"}) {
			t.Fatalf("Install = %+v, %v", done, err)
		}
		if got, want := m.whole(), "program 1.0.0, house 1.0.0, units new, up true"; got != want {
			t.Errorf("it is %q, want %q", got, want)
		}
		for path, mode := range map[string]fs.FileMode{
			"/usr/local/bin/latchkey": 0o755, EtcDir: 0o755, ConfigFile: 0o644, keyFile: 0o600, StateDir: 0o700,
			"/etc/systemd/system/latchkey.service": 0o644, "/etc/systemd/system/latchkey.service.d/machine-key.conf": 0o644,
			sysusers: 0o644,
		} {
			info, err := os.Stat(m.place.at(path))
			if err != nil || info.Mode().Perm() != mode {
				t.Errorf("%s: %v, %v; want %04o", path, info, err, mode)
			}
		}
		if m.asked != 0 {
			t.Error("a backup was asked for before there was a house")
		}
		for _, unit := range []string{systemd.Service, systemd.Socket, systemd.HTTPS, systemd.HTTP} {
			if !m.enabled[unit] {
				t.Errorf("%s is not enabled", unit)
			}
		}
		if left := m.leftovers(); left != nil {
			t.Errorf("left behind: %v", left)
		}
	})
	t.Run("where it does not start, all is taken away again", func(t *testing.T) {
		m := newMachine(t)
		_, err := Install(t.Context(), m.config("1.0.0", "start"))
		wantProblem(t, err, "install.start")
		for _, path := range []string{"/usr/local/bin/latchkey", EtcDir, StateDir, "/etc/systemd/system/latchkey.service", keyFile, sysusers} {
			if exists(m.place.at(path)) {
				t.Errorf("%s is still there", path)
			}
		}
		if len(m.enabled) != 0 {
			t.Errorf("enabled: %v", m.enabled)
		}
	})
	t.Run("once there is a house, the key that closes it and the user who owns it stay", func(t *testing.T) {
		m := newMachine(t)
		_, err := Install(t.Context(), m.config("1.0.0", "late"))
		wantProblem(t, err, "install.start")
		if _, err := m.place.owner(); err != nil || !m.hasKey() || m.read(DataDir+"/latchkey.db") == "" {
			t.Errorf("the user: %v, the key is there: %v", err, m.hasKey())
		}
		if exists(m.place.at("/usr/local/bin/latchkey")) {
			t.Error("the program is still there")
		}
	})
	t.Run("without systemd-creds there is no key, and no line that wants one", func(t *testing.T) {
		m := newMachine(t)
		m.noCreds = true
		if _, err := Install(t.Context(), m.config("1.0.0", "")); err != nil {
			t.Fatal(err)
		}
		if m.hasKey() || exists(m.place.at(dropIn(systemd.Service, keyDropIn))) {
			t.Error("a key, or a line that wants one, is there")
		}
	})
	t.Run("a machine without systemd is refused", func(t *testing.T) {
		m := newMachine(t)
		if err := os.Remove(m.place.at(running)); err != nil {
			t.Fatal(err)
		}
		_, err := Install(t.Context(), m.config("1.0.0", ""))
		wantProblem(t, err, "install.systemd")
		if len(m.calls) != 0 {
			t.Errorf("it ran %v", m.calls)
		}
	})
	t.Run("files only are laid anywhere, and nothing runs", func(t *testing.T) {
		m := newMachine(t)
		c := m.config("1.0.0", "")
		c.FilesOnly, c.Place = true, Place{t.TempDir()}
		if _, err := Install(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if !exists(c.Place.at("/etc/systemd/system/latchkey.socket")) || len(m.calls) != 0 {
			t.Errorf("files are missing, or it ran %v", m.calls)
		}
	})
	t.Run("a package's machine is not installed on by hand, and the other way round", func(t *testing.T) {
		m := newMachine(t)
		m.write(filepath.Join(packagedDir, systemd.Service), "x")
		_, err := Install(t.Context(), m.config("1.0.0", ""))
		wantProblem(t, err, "install.package")
		m = lived(t)
		c := m.config("2.0.0", "")
		c.Packaged = true
		_, err = Install(t.Context(), c)
		wantProblem(t, err, "install.package")
	})
}

func TestUpgrade(t *testing.T) {
	for name, c := range map[string]struct {
		faults  string
		refuses error
		code    string
		want    string
		backups int
	}{
		"a good one takes the house over":                            {"", nil, "", wholeNew, 1},
		"one whose trial fails changes nothing":                      {"trial", nil, "install.trial", wholeOld, 1},
		"one that does not get ready gives everything back":          {"start", nil, "install.undone", wholeOld, 1},
		"without a backup nothing begins":                            {"", errors.New("no room"), "install.backup", wholeOld, 1},
		"a house that can make no backup is kept":                    {"", ErrNoBackup, "", wholeNew, 1},
		"one that fails after it has passed is undone by none":       {"late", nil, "install.start", strings.Replace(wholeNew, "true", "false", 1), 1},
		"one that is ready, and noted nowhere that it is, is undone": {"silent", nil, "install.undone", wholeOld, 1},
	} {
		t.Run(name, func(t *testing.T) {
			m := lived(t)
			m.refuses = c.refuses
			done, err := Install(t.Context(), m.config("2.0.0", c.faults))
			if c.code != "" {
				wantProblem(t, err, c.code)
			} else if err != nil || done != (Done{Kind: Upgrade, From: "1.0.0", To: "2.0.0"}) {
				t.Fatalf("Install = %+v, %v", done, err)
			}
			if got := m.whole(); got != c.want {
				t.Errorf("it is %q, want %q", got, c.want)
			}
			if left := m.leftovers(); left != nil {
				t.Errorf("left behind: %v", left)
			}
			if m.read(DataDir+"/backups/a.age") != "a backup" {
				t.Error("the house lost a file")
			}
			if m.asked != c.backups {
				t.Errorf("%d backups were asked for, want %d", m.asked, c.backups)
			}
			kept := m.read(StateDir + "/house.before-20261121T120000Z/latchkey.db")
			if want := errors.Is(c.refuses, ErrNoBackup); (kept == "house 1.0.0") != want {
				t.Errorf("kept: %q, want it: %v", kept, want)
			}
		})
	}
	t.Run("the house is stopped, doors first, before it is copied", func(t *testing.T) {
		m := lived(t)
		if _, err := Install(t.Context(), m.config("2.0.0", "")); err != nil {
			t.Fatal(err)
		}
		at := func(part string) int {
			return slices.IndexFunc(m.calls, func(call string) bool { return strings.Contains(call, part) })
		}
		steps := []string{"systemctl stop latchkey.socket", " copy ", "--private", " new ", "daemon-reload", "systemctl start latchkey.socket"}
		for i := 1; i < len(steps); i++ {
			if at(steps[i-1]) < 0 || at(steps[i-1]) > at(steps[i]) {
				t.Errorf("%q does not come before %q in\n%s", steps[i-1], steps[i], strings.Join(m.calls, "\n"))
			}
		}
	})
	t.Run("an older one is refused, and both versions are named", func(t *testing.T) {
		m := lived(t)
		_, err := Install(t.Context(), m.config("0.9.9", ""))
		p := wantProblem(t, err, "install.downgrade")
		if !strings.Contains(p.Text, "1.0.0") || !strings.Contains(p.Text, "0.9.9") {
			t.Errorf("it says %q", p.Text)
		}
		if got := m.whole(); got != wholeOld {
			t.Errorf("it is %q", got)
		}
	})
	t.Run("the same one repairs what was changed", func(t *testing.T) {
		m := lived(t)
		done, err := Install(t.Context(), m.config("1.0.0", ""))
		if err != nil || done.Kind != Repair {
			t.Fatalf("Install = %+v, %v", done, err)
		}
		if got, want := m.whole(), "program 1.0.0, house 1.0.0, units new, up true"; got != want {
			t.Errorf("it is %q, want %q", got, want)
		}
		if m.asked != 0 {
			t.Error("a repair asked for a backup")
		}
		if !slices.ContainsFunc(m.calls, func(call string) bool { return strings.HasPrefix(call, "systemctl stop") }) {
			t.Error("the house was not started anew, so that it does not see what changed")
		}
	})
	t.Run("a house that an uninstall left is tried, too", func(t *testing.T) {
		m := lived(t)
		if err := Uninstall(t.Context(), m.config("1.0.0", ""), false); err != nil {
			t.Fatal(err)
		}
		if _, err := Install(t.Context(), m.config("2.0.0", "trial")); err == nil {
			t.Fatal("its trial went wrong, and it was installed")
		}
		if got := m.read(DataDir + "/latchkey.db"); got != "house 1.0.0" || exists(m.place.at("/usr/local/bin/latchkey")) {
			t.Errorf("the house is %q, and a program is there: %v", got, exists(m.place.at("/usr/local/bin/latchkey")))
		}
		m.refuses = ErrNoBackup // nothing runs that could make one
		if _, err := Install(t.Context(), m.config("2.0.0", "start")); err == nil {
			t.Fatal("it did not start, and it was installed")
		}
		if got := m.read(DataDir + "/latchkey.db"); got != "house 1.0.0" || exists(m.place.at("/usr/local/bin/latchkey")) || exists(m.place.at(filepath.Join(unitDir, systemd.Service))) {
			t.Errorf("the house is %q, and a program or a unit is there", got)
		}
		if _, err := Install(t.Context(), m.config("2.0.0", "")); err != nil || m.whole() != wholeNew {
			t.Errorf("it is %q, %v", m.whole(), err)
		}
	})
	t.Run("what systemd runs before a start leaves a house alone that is being opened", func(t *testing.T) {
		m := lived(t)
		c := m.config("2.0.0", "")
		if cut(c, 12, func(c Config) error { _, err := Install(t.Context(), c); return err }) == "" || !exists(m.place.at(markerFile)) {
			t.Fatal("it was not cut short")
		}
		before := m.whole()
		m.up = true
		if err := Undo(t.Context(), c); err != nil || !exists(m.place.at(markerFile)) || m.whole() != strings.Replace(before, "false", "true", 1) {
			t.Errorf("Undo = %v, and it is %q after %q", err, m.whole(), before)
		}
	})
	t.Run("two at a time are one too many", func(t *testing.T) {
		m := lived(t)
		unlock, err := m.place.lock()
		if err != nil {
			t.Fatal(err)
		}
		defer unlock()
		_, err = Install(t.Context(), m.config("2.0.0", ""))
		wantProblem(t, err, "install.busy")
	})
}

func TestPassed(t *testing.T) {
	for name, c := range map[string]struct {
		data     string
		swapping bool
		want     bool
	}{
		"the house that an upgrade put there has passed":   {DataDir, true, true},
		"a copy that is tried has not":                     {StateDir + "/" + copyName, true, false},
		"nor has a house that nothing was swapped for yet": {DataDir, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := lived(t)
			m.folder(upgradeDir)
			if err := m.place.writeMarker(marker{ID: "one", Swapping: c.swapping}); err != nil {
				t.Fatal(err)
			}
			if err := m.place.Passed(m.place.at(c.data)); err != nil {
				t.Fatal(err)
			}
			if got := m.read(StateDir + "/" + passedName); (got == "one\n") != c.want {
				t.Errorf("the note says %q", got)
			}
		})
	}
	t.Run("where no upgrade is under way nothing is noted", func(t *testing.T) {
		m := lived(t)
		if err := m.place.Passed(m.place.at(DataDir)); err != nil || exists(m.place.at(StateDir+"/"+passedName)) {
			t.Errorf("passed = %v", err)
		}
	})
	t.Run("a marker that can't be read lets nobody in", func(t *testing.T) {
		m := lived(t)
		m.write(markerFile, "{")
		if err := m.place.Passed(m.place.at(DataDir)); err == nil {
			t.Error("it passed")
		}
	})
}

func wantProblem(t *testing.T, err error, code string) *problem.Problem {
	t.Helper()
	var p *problem.Problem
	if !errors.As(err, &p) || p.Code != code {
		t.Fatalf("got %v, want the problem %s", err, code)
	}
	return p
}
