package boot_test

import (
	"testing"

	"latchkey/test/boot"
)

// TestWhole lives on a machine with a kernel and a disk of its own. It takes minutes where that has to be emulated, so
// it has a target of its own, make test-machine.
func TestWhole(t *testing.T) {
	binary := build(t, "first")
	m := boot.Whole(t)
	put(t, m, binary)
	m.Do(download, "install")
	claim(t, m)
	id := m.House().Owner().Save("Harbour", "olive", "s3cret")
	chapter(t, m, "a power cut right after an answer loses nothing that was answered", func(t *testing.T, m *boot.Machine) {
		m.PowerCut()
		up(m)
		checkItem(t, m, id)
		checkPowers(t, m)
		checkKey(t, m)
	})
}
