// Package foreign_test lives a short story on the builds for other machines, each under an emulator of its processor
// (qemu-user), so that what a Raspberry Pi runs was started before anybody puts it on one.
package foreign_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/test/house"
)

// released names a folder with a binary for each machine. Without it the test builds its own, and only the two that
// most people have.
const released = "LATCHKEY_BINARIES"

func TestForeign(t *testing.T) {
	if testing.Short() {
		t.Skip("an emulator is not for short tests")
	}
	cases := []struct {
		arch     string
		env      []string // what builds it; nil: only a released one is tried
		emulator []string
	}{
		{"arm64", []string{"GOARCH=arm64", "GOARM64=v8.0"}, []string{"qemu-aarch64-static"}},
		{"armv7", []string{"GOARCH=arm", "GOARM=7"}, []string{"qemu-arm-static"}},
		// The processor of the first Raspberry Pi, which knows nothing that is newer.
		{"armv6", nil, []string{"qemu-arm-static", "-cpu", "arm1176"}},
		{"riscv64", nil, []string{"qemu-riscv64-static"}},
	}
	for _, c := range cases {
		binary := filepath.Join(os.Getenv(released), c.arch)
		if os.Getenv(released) == "" {
			binary = ""
			if c.env == nil {
				continue
			}
		}
		t.Run("what was saved on "+c.arch+" is there after a power cut", func(t *testing.T) {
			if _, err := exec.LookPath(c.emulator[0]); err != nil {
				t.Skipf("this needs %s, which is not here (scripts/test-needs.sh installs it)", c.emulator[0])
			}
			if binary == "" {
				binary = house.Build(t, "foreign", c.env...)
			}
			story(t, house.Options{Binary: binary, Emulator: c.emulator})
		})
	}
}

// story is the shortest that touches all that differs between processors: keys derived and values sealed by code of
// their own, the file mapped into memory, its locks and its syncs.
func story(t *testing.T, options house.Options) {
	h := house.Start(t, options)
	if said := h.Run("version"); !strings.HasPrefix(said, "latchkey ") {
		t.Errorf("its version is %q", said)
	}
	owner := h.Owner()
	id := owner.Save("Harbour", "olive", "s3cret")
	h.Kill()
	h.Restart()
	if name, user, password := owner.Read(id); name != "Harbour" || user != "olive" || password != "s3cret" {
		t.Errorf("it came back as %q, %q, %q", name, user, password)
	}
	h.Stop()
}
