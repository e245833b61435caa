package boot_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"latchkey/test/boot"
	"latchkey/test/house"
)

// pack makes a .deb of a binary, as a release would.
func pack(t *testing.T, binary, version string) []byte {
	t.Helper()
	arch := runtime.GOARCH
	if arch == "arm" {
		arch = "armv6"
	}
	dir := t.TempDir()
	command := exec.Command(filepath.Join(house.Root(), "scripts", "release.sh"), "--arch", arch, "--pack", binary, version, "--to", dir)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("packing: %v\n%s", err, out)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(found) != 1 {
		t.Fatalf("packing made %v (%v)", found, err)
	}
	body, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestPackage lets dpkg install, upgrade, fail to upgrade, remove and purge.
func TestPackage(t *testing.T) {
	t.Parallel()
	m := boot.Container(t)
	second := build(t, "second")
	for version, binary := range map[string]string{"1.0": build(t, "first"), "1.1": broken(t, "broken-start"), "1.2": second} {
		m.Put("/root/latchkey-"+version+".deb", 0o644, pack(t, binary, version))
	}
	dpkg := func(m *boot.Machine, words ...string) (string, error) {
		return m.Try(append([]string{"env", "DEBIAN_FRONTEND=noninteractive", "dpkg"}, words...)...)
	}
	must := func(t *testing.T, m *boot.Machine, words ...string) string {
		t.Helper()
		out, err := dpkg(m, words...)
		if err != nil {
			t.Fatalf("dpkg %v: %v\n%s\n%s", words, err, out, m.Journal())
		}
		return out
	}
	state := func(m *boot.Machine) string {
		return strings.TrimSpace(m.Do("dpkg-query", "-W", "-f", "${Status} ${Version}", "latchkey"))
	}

	said := must(t, m, "-i", "/root/latchkey-1.0.deb")
	if !strings.Contains(said, "https://192.168.77.2/#/setup?token=") {
		t.Errorf("the first install said:\n%s", said)
	}
	claim(t, m)
	id := m.House().Owner().Save("Harbour", "olive", "s3cret")
	chapter(t, m, "it runs as the installed program does", func(t *testing.T, m *boot.Machine) {
		checkPowers(t, m)
		checkKey(t, m)
		checkDoors(t, m)
		if got := m.Shell("ls /usr/local/bin /etc/systemd/system/latchkey* 2>/dev/null || true"); strings.Contains(got, "latchkey.service\n") {
			t.Errorf("the package wrote where people write:\n%s", got)
		}
	})
	chapter(t, m, "a person's install over the package's is refused", func(t *testing.T, m *boot.Machine) {
		put(t, m, second)
		if said, err := m.Try(download, "install"); err == nil {
			t.Errorf("it said:\n%s", said)
		}
		checkItem(t, m, id)
	})
	chapter(t, m, "a person adds a folder for backups by the package's own program", func(t *testing.T, m *boot.Machine) {
		m.Do("mkdir", "-p", "/mnt/disk")
		m.Do("latchkey", "install", "--backup-dir", "/mnt/disk/latchkey")
		m.Do("test", "-s", "/etc/systemd/system/latchkey.service.d/backup-mnt-disk-latchkey.conf")
		if got := m.Shell("ls /usr/local/bin; ls /etc/systemd/system | grep 'latchkey.*[.]service$' || true"); got != "" {
			t.Errorf("it is there twice:\n%s", got)
		}
		checkItem(t, m, id)
	})
	chapter(t, m, "a bad version is undone, and dpkg knows", func(t *testing.T, m *boot.Machine) {
		out, err := dpkg(m, "-i", "/root/latchkey-1.1.deb")
		if err == nil {
			t.Errorf("it was installed:\n%s", out)
		}
		if got := state(m); got != "install ok half-configured 1.1" {
			t.Errorf("dpkg says %q", got)
		}
		up(m)
		checkVersion(t, m, "first")
		checkItem(t, m, id)
	})
	chapter(t, m, "a good one takes over", func(t *testing.T, m *boot.Machine) {
		must(t, m, "-i", "/root/latchkey-1.2.deb")
		if got := state(m); got != "install ok installed 1.2" {
			t.Errorf("dpkg says %q", got)
		}
		checkVersion(t, m, "second")
		checkItem(t, m, id)
		if got := m.Shell("ls -A /usr/bin | grep latchkey"); got != "latchkey\n" {
			t.Errorf("in /usr/bin there are:\n%s", got)
		}
		m.Reboot()
		up(m)
		checkItem(t, m, id)
	})
	chapter(t, m, "removing it keeps the house, and installing it again finds it", func(t *testing.T, m *boot.Machine) {
		must(t, m, "-r", "latchkey")
		if out, err := m.Try("systemctl", "is-active", "latchkey.service", "latchkey.socket"); err == nil {
			t.Errorf("still there: %s", out)
		}
		m.Do("test", "-s", "/var/lib/latchkey/house/latchkey.db")
		must(t, m, "-i", "/root/latchkey-1.2.deb")
		checkItem(t, m, id)
	})
	chapter(t, m, "purging it says where the house still is", func(t *testing.T, m *boot.Machine) {
		said := must(t, m, "-P", "latchkey")
		if !strings.Contains(said, "/var/lib/latchkey") {
			t.Errorf("it said:\n%s", said)
		}
		for _, file := range []string{"/var/lib/latchkey/house/latchkey.db", "/var/lib/latchkey/house/seal.key", "/etc/latchkey/machine.key.cred"} {
			m.Do("test", "-s", file)
		}
		if got := m.Shell("systemctl list-unit-files 'latchkey*' --no-legend || true"); got != "" {
			t.Errorf("systemd still knows:\n%s", got)
		}
	})
}
