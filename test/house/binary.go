package house

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// build makes the binary once for all tests of a process.
var build = sync.OnceValues(func() (string, error) {
	root := Root()
	bin := filepath.Join(root, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return "", err
	}
	// Test packages run side by side: each builds under a name of its own, and the last rename wins, which
	// does not disturb one that runs already.
	fresh := filepath.Join(bin, fmt.Sprintf(".latchkey-test-%d", os.Getpid()))
	command := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", fresh, ".")
	command.Dir = root
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the binary: %w\n%s", err, out)
	}
	binary := filepath.Join(bin, "latchkey-test")
	return binary, os.Rename(fresh, binary)
})

// Binary builds the real binary, as make build does, and gives its path.
func Binary(t testing.TB) string {
	t.Helper()
	wantPage(t)
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Build builds it once more, under a version of its own, into a folder of the test. env says for which machine
// ("GOARCH=arm", "GOARM=7"); none of it: for this one.
func Build(t testing.TB, version string, env ...string) string {
	t.Helper()
	wantPage(t)
	binary := filepath.Join(t.TempDir(), "latchkey")
	command := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version="+version, "-o", binary, ".")
	command.Dir = Root()
	command.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("building the binary for %v: %v\n%s", env, err, out)
	}
	return binary
}

func wantPage(t testing.TB) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(Root(), "webui", "static", "vendor", "argon2.js")); err != nil {
		t.Fatal("webui/static/vendor has no argon2.js, and serve refuses without it: make build fetches it")
	}
}

// Root is the top of the source tree.
func Root() string {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		panic("house: the test binary does not know its own source")
	}
	return filepath.Join(filepath.Dir(file), "..", "..")
}
