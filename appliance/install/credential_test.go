package install

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestMachineKey(t *testing.T) {
	environment := func(pairs map[string]string) func(string) string {
		return func(key string) string { return pairs[key] }
	}
	t.Run("systemd's credential is it", func(t *testing.T) {
		dir := t.TempDir()
		env := environment(map[string]string{"CREDENTIALS_DIRECTORY": dir})
		if key, err := MachineKey(t.Context(), env, "data"); key != nil || err != nil {
			t.Errorf("there is none, and MachineKey = %q, %v", key, err)
		}
		for text, fine := range map[string]bool{machineKey: true, machineKey + "\n": false, "": false} {
			if err := os.WriteFile(filepath.Join(dir, "machine.key"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			key, err := MachineKey(t.Context(), env, "data")
			if fine && (err != nil || string(key) != text) {
				t.Errorf("MachineKey = %q, %v", key, err)
			} else if !fine {
				wantProblem(t, err, "install.key")
			}
		}
	})
	t.Run("so is what comes by a pipe", func(t *testing.T) {
		for _, text := range []string{machineKey, machineKey + "x", "short"} {
			r, err := handOver([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			fd, err := syscall.Dup(int(r.Fd())) // MachineKey closes what it reads
			if err != nil {
				t.Fatal(err)
			}
			r.Close()
			key, err := MachineKey(t.Context(), environment(map[string]string{keyVariable: fmt.Sprint(fd)}), "data")
			if text != machineKey {
				wantProblem(t, err, "install.key")
			} else if err != nil || string(key) != text {
				t.Errorf("MachineKey = %q, %v", key, err)
			}
		}
	})
	t.Run("no error tells of it", func(t *testing.T) {
		_, err := checked([]byte(machineKey+"secret"), nil)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("it says %v", err)
		}
	})
	for data, want := range map[string]bool{
		DataDir: true, DataDir + "/": true, DataDir + ".building": true, StateDir: false, "/srv/house": false, DataDir + "/sub": false, "": false,
	} {
		t.Run(fmt.Sprintf("%q is the installed house: %v", data, want), func(t *testing.T) {
			if got := installed(data); got != want {
				t.Errorf("installed = %v", got)
			}
		})
	}
	t.Run("one that does not come back as it was is not used", func(t *testing.T) {
		m := newMachine(t)
		c := m.config("1.0.0", "")
		closed := c.machineKey(t.Context())
		if len(closed) == 0 {
			t.Fatal("there is none")
		}
		m.write(keyFile, string(closed))
		if again := c.machineKey(t.Context()); again != nil {
			t.Error("another one was made")
		}
		var out bytes.Buffer
		broken := newMachine(t)
		broken.noCreds = true
		c = broken.config("1.0.0", "")
		c.Out = &out
		if key := c.machineKey(t.Context()); key != nil || !strings.Contains(out.String(), "systemd-creds") {
			t.Errorf("the key is %q, and it says %q", key, out.String())
		}
	})
}

// becoming makes this test's own process the one that changes its user.
const becoming = "LATCHKEY_TEST_BECOME"

func TestBecome(t *testing.T) {
	if dir := os.Getenv(becoming); dir != "" {
		err := Become(dir)
		groups, _ := os.Getgroups()
		_, refused := os.ReadFile("/etc/shadow")
		fmt.Printf("%d %d %v %v %v\n", os.Geteuid(), os.Getegid(), groups, err, os.IsPermission(refused))
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	for name, c := range map[string]struct {
		uid  int
		want string
	}{
		"of another's folder root becomes its owner, with that one's group alone": {4711, "4711 4712 [4712] <nil> true"},
		"of its own folder it stays root":                                         {0, "0 0 "},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if c.uid != 0 {
				if err := os.Chown(dir, c.uid, c.uid+1); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command(os.Args[0], "-test.run=^TestBecome$", "-test.v=false")
			cmd.Env = append(os.Environ(), becoming+"="+dir)
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.HasPrefix(string(out), c.want) {
				t.Errorf("%q, %v; want %q", out, err, c.want)
			}
		})
	}
	t.Run("of a folder that is not there it stays root", func(t *testing.T) {
		if err := Become(filepath.Join(t.TempDir(), "none")); err != nil || os.Geteuid() != 0 {
			t.Errorf("%v, and the user is %d", err, os.Geteuid())
		}
	})
}
