package boot_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"latchkey/test/boot"
	"latchkey/test/house"
)

const download = "/root/latchkey" // where a person puts what they fetched

// put lays a build of the program into the machine, as a person who fetched it.
func put(t *testing.T, m *boot.Machine, binary string) {
	t.Helper()
	body, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	m.Put(download, 0o755, body)
}

// claim makes the owner, without a browser.
func claim(t *testing.T, m *boot.Machine) *house.Person {
	t.Helper()
	m.Put("/root/password", 0o600, []byte(house.OwnerPassword+"\n"))
	m.Do("latchkey", "setup", "--local", "--email", house.OwnerEmail, "--name", house.OwnerName, "--password-file", "/root/password",
		"--recovery-kit", "/root/kit.txt")
	return m.House().Owner()
}

// chapter is a test within a test, on the same machine.
func chapter(t *testing.T, m *boot.Machine, name string, fn func(t *testing.T, m *boot.Machine)) {
	t.Run(name, func(t *testing.T) { fn(t, m.For(t)) })
}

// TestInstall lives through what a household does with an installed house, on one machine.
func TestInstall(t *testing.T) {
	t.Parallel()
	binary := build(t, "first")
	m := boot.Container(t)
	put(t, m, binary)

	said := m.Do(download, "install")
	t.Run("the first install prints the links and a code to begin with", func(t *testing.T) {
		if !strings.Contains(said, "https://192.168.77.2/#/setup?token=") || !strings.Contains(said, "█") && !strings.Contains(said, "▀") {
			t.Errorf("it said:\n%s", said)
		}
	})
	chapter(t, m, "service and doors are up and come with the machine", func(t *testing.T, m *boot.Machine) {
		for _, unit := range []string{"latchkey.service", "latchkey.socket", "latchkey-https.socket", "latchkey-http.socket"} {
			if got := m.Show(unit, "ActiveState") + " " + m.Show(unit, "UnitFileState"); got != "active enabled" {
				t.Errorf("%s is %s", unit, got)
			}
		}
		if got := m.Show("latchkey.service", "StatusText"); got == "" {
			t.Error("the service has no word on how it is")
		}
	})
	chapter(t, m, "it runs as its own user without any capability or way to one", checkPowers)
	chapter(t, m, "the seal key is closed by a key that the machine keeps", checkKey)
	chapter(t, m, "root's commands reach it", func(t *testing.T, m *boot.Machine) {
		if got := m.Do("latchkey", "status"); !strings.Contains(got, "Latchkey first answers") {
			t.Errorf("status says:\n%s", got)
		}
	})

	claim(t, m)
	id := m.House().Owner().Save("Harbour", "olive", "s3cret")
	chapter(t, m, "it answers on 443 too, and on 80 shows the way there", checkDoors)
	chapter(t, m, "a process that hangs is ended and comes back", func(t *testing.T, m *boot.Machine) {
		hang(t, m)
		checkItem(t, m, id)
	})
	chapter(t, m, "a restart of the machine keeps everything", func(t *testing.T, m *boot.Machine) {
		m.Reboot()
		up(m)
		checkPowers(t, m)
		checkItem(t, m, id)
	})
	chapter(t, m, "a power cut keeps everything", func(t *testing.T, m *boot.Machine) {
		m.PowerCut()
		up(m)
		checkItem(t, m, id)
	})
}

// up waits until the house serves.
func up(m *boot.Machine) { m.Await("the service", "systemctl is-active latchkey.service") }

func checkItem(t *testing.T, m *boot.Machine, id string) {
	t.Helper()
	if name, _, password := m.House().Owner().Read(id); name != "Harbour" || password != "s3cret" {
		t.Errorf("the item is %q, %q", name, password)
	}
}

func checkDoors(t *testing.T, m *boot.Machine) {
	for url, want := range map[string]int{"https://localhost/": http.StatusOK, "http://localhost/": http.StatusTemporaryRedirect} {
		answer, err := m.House().Client().Get(url)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s answers %d, want %d", url, answer.StatusCode, want)
		}
	}
}

func checkPowers(t *testing.T, m *boot.Machine) {
	t.Helper()
	status := m.Do("cat", "/proc/"+m.Show("latchkey.service", "MainPID")+"/status")
	for _, want := range []string{
		`CapInh:\s+0{16}\n`, `CapPrm:\s+0{16}\n`, `CapEff:\s+0{16}\n`, `CapBnd:\s+0{16}\n`, `CapAmb:\s+0{16}\n`,
		`NoNewPrivs:\s+1\n`, `Seccomp:\s+2\n`, `Uid:\s+[1-9]\d*\s`, `Gid:\s+[1-9]\d*\s`,
	} {
		if !regexp.MustCompile(want).MatchString(status) {
			t.Errorf("%s is not so:\n%s", want, status)
		}
	}
}

func checkKey(t *testing.T, m *boot.Machine) {
	for line, want := range map[string]string{
		"head -n 1 /var/lib/latchkey/house/seal.key":                       "latchkey seal key 1 closed",
		"stat -c %U:%a /etc/latchkey/machine.key.cred":                     "root:600",
		"stat -c %U:%a /var/lib/latchkey":                                  "latchkey:700",
		"stat -c %U:%a /var/lib/latchkey/house":                            "latchkey:700",
		"find /var/lib/latchkey ! -user latchkey":                          "",
		"find /var/lib/latchkey -perm /077 ! -type s ! -name local-ca.pem": "",
		"systemctl cat latchkey.service | grep ^LoadCr":                    "LoadCredentialEncrypted=machine.key:/etc/latchkey/machine.key.cred",
	} {
		if got := strings.TrimSpace(m.Shell(line)); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// hang stops the service's process as a bug would, and waits until it is another. The unit's own patience with it is
// two minutes, which is no use to a test.
func hang(t *testing.T, m *boot.Machine) {
	t.Helper()
	const quick = "/run/systemd/system/latchkey.service.d/quick.conf"
	m.Do("mkdir", "-p", "/run/systemd/system/latchkey.service.d")
	m.Put(quick, 0o644, []byte("[Service]\nWatchdogSec=2\nTimeoutAbortSec=2\n"))
	m.Do("systemctl", "daemon-reload")
	m.Do("systemctl", "restart", "latchkey.service")
	before := m.Show("latchkey.service", "MainPID")
	m.Do("systemctl", "kill", "--kill-whom=main", "--signal=STOP", "latchkey.service")
	m.Await("another process", `now=$(systemctl show --value -p MainPID latchkey.service)
		[ "$now" != 0 ] && [ "$now" != `+before+` ] && systemctl is-active latchkey.service`)
	if got := m.Show("latchkey.service", "NRestarts"); got != "1" {
		t.Errorf("systemd counts %s restarts", got)
	}
	m.Do("rm", quick)
	m.Do("systemctl", "daemon-reload")
	m.Do("systemctl", "restart", "latchkey.service")
}
