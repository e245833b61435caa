package boot_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"latchkey/test/boot"
)

// TestUpgrade brings new versions to an installed house, good ones and bad ones.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	m := boot.Container(t)
	put(t, m, build(t, "first"))
	m.Do(download, "install")
	claim(t, m)
	id := m.House().Owner().Save("Harbour", "olive", "s3cret")
	// Nobody waits for a quarter of an hour here, until a version is not ready.
	const quick = "/run/systemd/system/latchkey.service.d/quick.conf"
	m.Do("mkdir", "-p", "/run/systemd/system/latchkey.service.d")
	m.Put(quick, 0o644, []byte("[Service]\nTimeoutStartSec=15\n"))
	m.Do("systemctl", "daemon-reload")

	for _, c := range []struct{ name, version string }{
		{"a version that falls over a copy of the house is not let near the house", "broken-trial"},
		{"a version that ruins the house and ends is undone, with what it ruined", "broken-start"},
		{"a version that ruins the house and is never ready is undone, too", "broken-silent"},
	} {
		binary := broken(t, c.version)
		chapter(t, m, c.name, func(t *testing.T, m *boot.Machine) {
			put(t, m, binary)
			said, err := m.Try(download, "install")
			if err == nil {
				t.Errorf("it was installed:\n%s", said)
			}
			up(m)
			checkVersion(t, m, "first")
			checkItem(t, m, id)
			checkTidy(t, m)
		})
	}
	silent := broken(t, "broken-silent")
	chapter(t, m, "when whoever installs is killed, the machine undoes a version that does not get ready", func(t *testing.T, m *boot.Machine) {
		put(t, m, silent)
		m.Do("systemd-run", "--quiet", "--collect", "--unit=installer", download, "install")
		m.Await("the new version", `[ -e /usr/local/bin/.latchkey.before ] && [ "$(systemctl show --value -p SubState latchkey.service)" = start ] && [ "$(latchkey version)" = "latchkey broken-silent" ]`)
		m.Do("systemctl", "kill", "--signal=KILL", "installer.service")
		m.Await("the old version", `[ "$(latchkey version)" = "latchkey first" ] && systemctl is-active latchkey.service`)
		checkVersion(t, m, "first")
		checkItem(t, m, id)
		checkTidy(t, m)
	})
	second := build(t, "second")
	m.Do("rm", quick)
	m.Do("systemctl", "daemon-reload")
	chapter(t, m, "a good version takes over, after a backup", func(t *testing.T, m *boot.Machine) {
		put(t, m, second)
		m.Do("systemd-run", "--quiet", "--collect", "--unit=impatient", "sh", "-c", impatient)
		began := time.Now()
		said := m.Do(download, "install")
		t.Logf("measured: an upgrade took %v", time.Since(began).Round(100*time.Millisecond))
		if !strings.Contains(said, "second runs instead of first") {
			t.Errorf("it said:\n%s", said)
		}
		m.Do("systemctl", "stop", "impatient.service")
		if said := m.Do("journalctl", "-u", "latchkey-undo.service", "-o", "cat"); !strings.Contains(said, "is under way on this machine") {
			t.Errorf("whoever started the old version meanwhile was told:\n%s", said)
		}
		checkVersion(t, m, "second")
		checkItem(t, m, id)
		checkTidy(t, m)
		if list := m.Do("latchkey", "backup", "list"); !strings.Contains(list, "install") {
			t.Errorf("no backup was made for it:\n%s", list)
		}
	})
	chapter(t, m, "the same version again changes nothing", func(t *testing.T, m *boot.Machine) {
		m.Do(download, "install")
		checkVersion(t, m, "second")
		checkItem(t, m, id)
	})
	third := build(t, "third")
	chapter(t, m, "a power cut in the middle of an upgrade ends in one version or the other, whole", func(t *testing.T, m *boot.Machine) {
		cutUpgrades(t, m, id, second, third)
	})
}

// impatient starts the house again and again while an upgrade has stopped it.
const impatient = `while :; do
	if [ -e /var/lib/latchkey-upgrade/marker ] && ! systemctl is-active --quiet latchkey.service; then
		systemctl start latchkey.service
	fi
	sleep 0.1
done`

// stages are what an upgrade says on its way, and "" its end: after each the power is cut.
var stages = []string{"Asking the house", "Copying the house", "Trying the new", "Swapping", "Starting the house", ""}

func cutUpgrades(t *testing.T, m *boot.Machine, id, second, third string) {
	runs, undone := strings.Fields(m.Do("latchkey", "version"))[1], 0
	other := map[string]string{"first": "second", "second": "third", "third": "second"}
	binaries := map[string]string{"second": second, "third": third}
	for _, stage := range stages {
		put(t, m, binaries[other[runs]])
		m.Do("rm", "-f", "/root/said")
		m.Do("systemd-run", "--quiet", "--collect", "--unit=installer", "--property=StandardOutput=file:/root/said", download, "install")
		if stage == "" {
			m.Await("its end", "! systemctl is-active --quiet installer.service")
		} else {
			m.Await(stage, "grep -q '"+stage+"' /root/said")
		}
		m.PowerCut()
		up(m)
		checkItem(t, m, id)
		now := strings.Fields(m.Do("latchkey", "version"))[1]
		if now == runs {
			undone++
		}
		if stage == "" && now == runs {
			t.Error("an upgrade that had ended is undone")
		}
		runs = now
		checkVersion(t, m, runs)
		// A program that was never used may wait for the next upgrade.
		m.Do("rm", "-f", "/usr/local/bin/.latchkey.next")
		checkTidy(t, m)
	}
	t.Logf("measured: of %d cuts, %d left the old version", len(stages), undone)
	if undone == 0 {
		t.Error("no cut came early enough to show anything")
	}
}

func checkVersion(t *testing.T, m *boot.Machine, want string) {
	t.Helper()
	if got := m.Do("latchkey", "version"); got != "latchkey "+want+"\n" {
		t.Errorf("the program is %q", got)
	}
	if got := m.Do("latchkey", "status"); !strings.Contains(got, fmt.Sprintf("Latchkey %s answers", want)) {
		t.Errorf("what runs is:\n%s", got)
	}
}

// checkTidy wants nothing left of an upgrade.
func checkTidy(t *testing.T, m *boot.Machine) {
	t.Helper()
	if got := m.Shell("ls -AI lock /var/lib/latchkey /var/lib/latchkey-upgrade /usr/local/bin | tr '\\n' ' '"); got != "/usr/local/bin: latchkey  /var/lib/latchkey: house  /var/lib/latchkey-upgrade: " {
		t.Errorf("there lies: %s", got)
	}
}
