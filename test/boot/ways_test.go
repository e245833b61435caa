package boot_test

import (
	"strings"
	"testing"

	"latchkey/test/boot"
)

// TestTaken installs where another program holds the usual ports.
func TestTaken(t *testing.T) {
	t.Parallel()
	m := boot.Container(t)
	put(t, m, build(t, "first"))
	for _, port := range []string{"443", "80"} {
		m.Do("systemd-run", "--quiet", "--unit=other-"+port, "systemd-socket-activate", "-l", port, "cat")
		m.Await("the other program", "ss -ltn | grep -q ':"+port+" '")
	}
	said := m.Do(download, "install")
	chapter(t, m, "the door on 8443 is open, and only the other units failed", func(t *testing.T, m *boot.Machine) {
		for unit, want := range map[string]string{
			"latchkey.service": "active", "latchkey.socket": "active", "latchkey-https.socket": "failed", "latchkey-http.socket": "failed",
		} {
			if got := m.Show(unit, "ActiveState"); got != want {
				t.Errorf("%s is %s, want %s", unit, got, want)
			}
		}
		if !strings.Contains(said, "https://192.168.77.2:8443/") {
			t.Errorf("it said:\n%s", said)
		}
		claim(t, m)
	})
	chapter(t, m, "after a restart it is so again, and the ports are taken up once they are free", func(t *testing.T, m *boot.Machine) {
		m.Reboot() // the other program does not come back: it was started by hand
		up(m)
		if got := m.Show("latchkey-https.socket", "ActiveState"); got != "active" {
			t.Errorf("443 is %s", got)
		}
		checkDoors(t, m)
	})
}

// TestUninstall takes the house away, brings it back, and removes it for good.
func TestUninstall(t *testing.T) {
	t.Parallel()
	m := boot.Container(t)
	put(t, m, build(t, "first"))
	m.Do(download, "install")
	claim(t, m)
	id := m.House().Owner().Save("Harbour", "olive", "s3cret")

	chapter(t, m, "what it put there goes, and what people put there stays", func(t *testing.T, m *boot.Machine) {
		m.Do("latchkey", "uninstall")
		if got := m.Shell("find / -xdev -name '*latchkey*' ! -path '/var/lib/latchkey*' ! -path '/etc/latchkey*' ! -path '/root/*' ! -path '/proc/*' ! -path '/sys/*'"); got != "" {
			t.Errorf("these are left:\n%s", got)
		}
		m.Do("test", "-s", "/var/lib/latchkey/house/latchkey.db")
	})
	chapter(t, m, "a later install finds the house as it was", func(t *testing.T, m *boot.Machine) {
		m.Do(download, "install")
		checkItem(t, m, id)
	})
	chapter(t, m, "without the words typed nothing is removed for good", func(t *testing.T, m *boot.Machine) {
		if said, err := m.Type("yes\n", "latchkey", "uninstall", "--purge"); err == nil {
			t.Errorf("it said:\n%s", said)
		}
		checkItem(t, m, id)
	})
	chapter(t, m, "with them nothing is left but what was downloaded", func(t *testing.T, m *boot.Machine) {
		if said, err := m.Type("remove everything\n", "latchkey", "uninstall", "--purge"); err != nil {
			t.Errorf("it said:\n%s", said)
		}
		if got := m.Shell("find / -xdev -name '*latchkey*' ! -path '/root/*' ! -path '/proc/*' ! -path '/sys/*'; getent passwd latchkey || true"); got != "" {
			t.Errorf("these are left:\n%s", got)
		}
	})
}

// TestSecondMachine restores a backup on a machine that never saw the house.
func TestSecondMachine(t *testing.T) {
	t.Parallel()
	binary := build(t, "first")
	old := boot.Container(t)
	put(t, old, binary)
	old.Do(download, "install")
	claim(t, old)
	id := old.House().Owner().Save("Harbour", "olive", "s3cret")
	old.Do("latchkey", "backup", "create", "--out", "/root/house.age")
	backup, kit := old.Do("cat", "/root/house.age"), old.Do("cat", "/root/kit.txt")
	late := old.House().Owner().Save("Later", "olive", "too late")

	m := boot.Container(t)
	put(t, m, binary)
	m.Put("/root/house.age", 0o600, []byte(backup))
	m.Put("/root/kit.txt", 0o600, []byte(kit))
	m.Do(download, "install")
	said := m.Shell("systemctl stop latchkey.socket latchkey-https.socket latchkey-http.socket latchkey.service && " +
		"latchkey backup restore /root/house.age --kit /root/kit.txt --data /var/lib/latchkey/house --replace && " +
		"systemctl start latchkey.socket latchkey-https.socket latchkey-http.socket latchkey.service")
	chapter(t, m, "everything is there but what came after the backup", func(t *testing.T, m *boot.Machine) {
		if !strings.Contains(said, "old machine") {
			t.Errorf("it said:\n%s", said)
		}
		checkItem(t, m, id)
		if got := m.House().Owner().Do("GET", "/api/ciphers/"+late, nil); got.Status != 404 {
			t.Errorf("what was saved later answers %d", got.Status)
		}
	})
	chapter(t, m, "the seal key lies where this machine's install keeps it", checkKey)
	chapter(t, m, "a restart keeps it so", func(t *testing.T, m *boot.Machine) {
		m.Reboot()
		up(m)
		checkItem(t, m, id)
	})
}
