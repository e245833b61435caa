package systemd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/systemd"
)

func TestEveryLineHasItsReason(t *testing.T) {
	for _, name := range systemd.Units() {
		t.Run(name, func(t *testing.T) {
			lines := strings.Split(systemd.Unit(name), "\n")
			told := false // the block of directives has a comment above it
			for i, line := range lines {
				switch {
				case strings.HasPrefix(line, "#"):
					told = true
				case line == "" || strings.HasPrefix(line, "["):
					told = false
				case strings.HasPrefix(line, "Description="):
				case !told:
					t.Errorf("line %d has no reason above it: %s", i+1, line)
				}
				if len(line) > 90 {
					t.Errorf("line %d is %d columns wide", i+1, len(line))
				}
			}
		})
	}
}

// exposure is what systemd-analyze may make of the service, in tenths.
const exposure = "12"

func TestAnalyze(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not on this machine (apt-get install systemd)")
	}
	root := t.TempDir()
	units := filepath.Join(root, "etc/systemd/system")
	bin := filepath.Join(root, "usr/local/bin")
	for _, dir := range []string{units, bin} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range systemd.Units() {
		if err := os.WriteFile(filepath.Join(units, name), []byte(systemd.Unit(name)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("the service is exposed by 1.2 at most", func(t *testing.T) {
		out, err := exec.Command(analyze, "security", "--offline=true", "--no-pager", "--threshold="+exposure, filepath.Join(units, systemd.Service)).CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("systemd knows every directive", func(t *testing.T) {
		for _, name := range systemd.Units() {
			out, _ := exec.Command(analyze, "verify", "--recursive-errors=no", "--man=no", filepath.Join(units, name)).CombinedOutput()
			for line := range strings.Lines(string(out)) {
				// The program is not installed here.
				if strings.Contains(line, name) && !strings.Contains(line, "is not executable") {
					t.Error(line)
				}
			}
		}
	})
}

func TestSockets(t *testing.T) {
	for name, wants := range map[string][]string{
		systemd.Socket: {"ListenStream=8443\n", "FileDescriptorName=main\n", "WantedBy=sockets.target\n"},
		systemd.HTTPS:  {"ListenStream=443\n", "FileDescriptorName=https\n", "Service=" + systemd.Service + "\n", "WantedBy=sockets.target " + systemd.Service + "\n"},
		systemd.HTTP:   {"ListenStream=80\n", "FileDescriptorName=redirect\n", "Service=" + systemd.Service + "\n", "WantedBy=sockets.target " + systemd.Service + "\n"},
		systemd.Service: {
			"Requires=latchkey.socket\n", "Requires=latchkey-undo.service\n", "Type=notify\n", "WatchdogSec=", "Restart=always\n",
			"StateDirectory=latchkey\n", "User=" + systemd.User + "\n",
		},
		systemd.Undo: {"Before=" + systemd.Service + "\n", "ConditionPathExists=/var/lib/latchkey-upgrade/marker\n"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, want := range wants {
				if !strings.Contains(systemd.Unit(name), "\n"+want) {
					t.Errorf("there is no line %q", want)
				}
			}
		})
	}
	t.Run("a port that something else may hold is nothing that the service requires", func(t *testing.T) {
		for line := range strings.Lines(systemd.Unit(systemd.Service)) {
			if strings.HasPrefix(line, "Requires=") && (strings.Contains(line, systemd.HTTPS) || strings.Contains(line, systemd.HTTP)) {
				t.Error(line)
			}
		}
	})
}
