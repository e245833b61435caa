package install

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"latchkey/systemd"
)

func TestOlder(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"0.4.0", "0.5.0", true},
		{"0.5.0", "0.4.0", false},
		{"0.5.0", "0.5.0", false},
		{"0.9.0", "0.10.0", true},
		{"v1.2.3", "1.2.4", true},
		{"0.5.0-3-gabc", "0.5.0", false},
		{"0.5.0", "0.5.1-rc1", true},
		{"1ab7e69", "0.5.0", false},
		{"0.5.0", "development", false},
		{"0.5", "0.6", false},
		{"0.-1.0", "0.5.0", false},
	} {
		t.Run(c.a+" before "+c.b, func(t *testing.T) {
			if got := older(c.a, c.b); got != c.want {
				t.Errorf("older = %v", got)
			}
		})
	}
}

func TestVersionOf(t *testing.T) {
	for said, want := range map[string]string{
		"latchkey 0.5.0\n": "0.5.0", "latchkey 1ab7e69-dirty\n": "1ab7e69-dirty", "": "", "latchkey": "", "other 1.0\n": "", "latchkey 1 2": "",
	} {
		t.Run(said, func(t *testing.T) {
			if got := versionOf([]byte(said)); got != want {
				t.Errorf("versionOf = %q, want %q", got, want)
			}
		})
	}
}

func TestBackupDir(t *testing.T) {
	for name, c := range map[string]struct {
		dir  string
		fine bool
	}{
		"a new folder on a disk":            {"/mnt/disk/latchkey", true},
		"an empty folder":                   {"/mnt/disk/empty", true},
		"one with other things":             {"/mnt/disk/full", false},
		"one on a disk that is not there":   {"/mnt/none/latchkey", false},
		"one without its full path":         {"backups", false},
		"everything":                        {"/", false},
		"the service's own":                 {StateDir, false},
		"one within the service's own":      {StateDir + "/backups", false},
		"a link":                            {"/mnt/disk/link", false},
		"a file":                            {"/mnt/disk/full/photo", false},
		"one that would be two lines":       {"/mnt/disk/a\nb", false},
		"one that only begins as the house": {"/var/lib/latchkey-backups", true},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.folder("/mnt/disk/empty")
			m.write("/mnt/disk/full/photo", "x")
			if err := os.Symlink(m.place.at("/mnt/disk/empty"), m.place.at("/mnt/disk/link")); err != nil {
				t.Fatal(err)
			}
			err := m.place.mayHoldBackups(c.dir)
			if c.fine && err != nil {
				t.Errorf("refused: %v", err)
			} else if !c.fine {
				wantProblem(t, err, "install.folder")
			}
		})
	}
	t.Run("it is made, given to the service's user, and named to the service; again, too, when it is full", func(t *testing.T) {
		m := newMachine(t)
		m.folder("/mnt/disk")
		c := m.config("1.0.0", "")
		c.BackupDir = "/mnt/disk/a b"
		for range 2 {
			if _, err := Install(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			m.write("/mnt/disk/a b/one.age", "x")
		}
		info, err := os.Stat(m.place.at(c.BackupDir))
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%v, %v", info, err)
		}
		if got := m.read(dropIn(systemd.Service, "backup-mnt-disk-a-b.conf")); !strings.Contains(got, "\nBindPaths=-\"/mnt/disk/a b\"\n") || strings.Contains(got, "ProtectHome") {
			t.Errorf("the service is told %q", got)
		}
	})
	t.Run("one in a home opens homes as far as it has to", func(t *testing.T) {
		if got := backupText("/home/ann/disk"); !strings.HasSuffix(got, "\nProtectHome=tmpfs\n") {
			t.Errorf("the service is told %q", got)
		}
		if backupText("/homestead/x") != strings.ReplaceAll(backupText("/y/x"), "/y/x", "/homestead/x") {
			t.Error("/homestead is no home")
		}
	})
	t.Run("what systemd would read otherwise is quoted", func(t *testing.T) {
		if got, want := quoted(`/a b/c:d%n"e\f`), `"/a b/c\:d%%n\"e\\f"`; got != want {
			t.Errorf("quoted = %s, want %s", got, want)
		}
	})
}

func TestListen(t *testing.T) {
	m := newMachine(t)
	c := m.config("1.0.0", "")
	c.Listen = []string{":9443", "192.0.2.7:443", "[2001:db8::7]:443"}
	install := func(want bool) {
		t.Helper()
		if _, err := Install(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if m.enabled[systemd.HTTPS] != want || m.enabled[systemd.HTTP] != want || !m.enabled[systemd.Socket] {
			t.Errorf("enabled: %v", m.enabled)
		}
	}
	t.Run("the addresses that were named are opened, and no others", func(t *testing.T) {
		install(false)
		got := m.read(dropIn(systemd.Socket, listenDropIn))
		if want := "\nListenStream=\nListenStream=9443\nListenStream=192.0.2.7:443\nListenStream=[2001:db8::7]:443\n"; !strings.Contains(got, want) {
			t.Errorf("the socket is told %q", got)
		}
	})
	t.Run("a later install leaves them", func(t *testing.T) {
		c.Listen = nil
		install(false)
	})
	t.Run("the usual address brings the usual ones back", func(t *testing.T) {
		c.Listen = []string{":8443"}
		install(true)
		if exists(m.place.at(dropIn(systemd.Socket, listenDropIn))) {
			t.Error("the others are still there")
		}
	})
}

func TestPreview(t *testing.T) {
	m := lived(t)
	before := m.whole()
	kind, plan, err := Preview(t.Context(), m.config("2.0.0", ""))
	if err != nil || kind != Upgrade {
		t.Fatalf("Preview = %s, %v", kind, err)
	}
	lines := make([]string, len(plan))
	for i, step := range plan {
		lines[i] = step.String()
	}
	for _, want := range []string{
		"program /usr/local/bin/latchkey (0755, root): the program", "run     systemctl daemon-reload: tells systemd of the units",
		"folder  /var/lib/latchkey (0700, latchkey): where the house lies",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("no step is %q in\n%s", want, strings.Join(lines, "\n"))
		}
	}
	if slices.ContainsFunc(m.calls, func(c string) bool {
		return !strings.HasPrefix(c, "systemctl is-enabled") && !strings.HasSuffix(c, " version")
	}) || m.whole() != before || exists(m.place.at(filepath.Join(binDir, nextName))) {
		t.Errorf("it did something: %v", m.calls)
	}
}
