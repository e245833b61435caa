package boot_test

import (
	"strings"
	"testing"

	"latchkey/test/boot"
)

// TestDisk gives the house a disk for backups, which may be pulled and plugged in while it runs.
func TestDisk(t *testing.T) {
	t.Parallel()
	m := boot.Container(t)
	put(t, m, build(t, "first"))
	m.Shell("mkdir /mnt/disk && mount -t tmpfs -o mode=755 tmpfs /mnt/disk")
	m.Do(download, "install", "--backup-dir", "/mnt/disk/house")
	// What the service's process may do there, seen through its own mounts.
	const inside = `nsenter -m -S "$(id -u latchkey)" -t "$(systemctl show --value -p MainPID latchkey.service)" -- `
	chapter(t, m, "it may write there", func(t *testing.T, m *boot.Machine) {
		m.Shell(inside + "touch /mnt/disk/house/here")
		m.Do("test", "-e", "/mnt/disk/house/here")
	})
	chapter(t, m, "and nowhere else", func(t *testing.T, m *boot.Machine) {
		for _, path := range []string{"/mnt/disk/there", "/etc/there", "/var/lib/there", "/usr/local/bin/there", "/root/there"} {
			if out, err := m.Try("sh", "-c", inside+"touch "+path); err == nil {
				t.Errorf("it wrote %s %s", path, out)
			}
		}
	})
	chapter(t, m, "without the disk the house starts all the same", func(t *testing.T, m *boot.Machine) {
		m.Reboot() // the disk was not in fstab
		up(m)
		if out, err := m.Try("sh", "-c", inside+"ls /mnt/disk/house"); err == nil {
			t.Errorf("the disk is there: %s", out)
		}
	})
	chapter(t, m, "plugged in while it runs, the disk can be written to at the latest after a restart of the service", func(t *testing.T, m *boot.Machine) {
		m.Shell("mount -t tmpfs -o mode=755 tmpfs /mnt/disk && install -d -o latchkey -g latchkey -m 700 /mnt/disk/house")
		_, err := m.Try("sh", "-c", inside+"touch /mnt/disk/house/at-once")
		t.Logf("measured: without a restart of the service it can be written to: %v", err == nil)
		m.Do("systemctl", "restart", "latchkey.service")
		m.Shell(inside + "touch /mnt/disk/house/later")
		if got := strings.TrimSpace(m.Do("stat", "-c", "%U", "/mnt/disk/house/later")); got != "latchkey" {
			t.Errorf("what it wrote is %s's", got)
		}
	})
}
