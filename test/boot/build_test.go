package boot_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"latchkey/test/house"
)

// builds are the programs that were built so far, by their versions: several tests want the same ones.
type builds struct {
	mu   sync.Mutex
	dir  string
	made map[string]string
}

var shared = &builds{made: map[string]string{}}

func TestMain(m *testing.M) {
	var err error
	if shared.dir, err = os.MkdirTemp("", "lk-boot-builds-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(shared.dir)
	os.Exit(code)
}

// build gives the program under that version.
func build(t *testing.T, version string, env ...string) string {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if _, ok := shared.made[version]; !ok {
		path := filepath.Join(shared.dir, version)
		if err := os.Rename(house.Build(t, version, env...), path); err != nil {
			t.Fatal(err)
		}
		shared.made[version] = path
	}
	return shared.made[version]
}

// broken gives a program that is wrong in the way its name says: testdata/broken.go.txt is compiled with it, as if it
// lay beside main.go.
func broken(t *testing.T, version string) string {
	t.Helper()
	source, err := filepath.Abs(filepath.Join("testdata", "broken.go.txt"))
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(house.Root(), "broken.go"): source}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	return build(t, version, "GOFLAGS=-overlay="+file)
}
