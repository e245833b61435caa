package store

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// Some tests need a process that may be killed or may crash: the test binary
// once more, told by this variable which child to be.
const childVariable = "LATCHKEY_STORE_CHILD"

func TestMain(m *testing.M) {
	children := map[string]func([]string) int{
		"write": crashChild, "create": createChild, "check": checkChild, "badcheck": badCheckChild,
		"open": openChild, "full": fullDiskChild, "rebase": rebaseChild,
	}
	if be, ok := children[os.Getenv(childVariable)]; ok {
		os.Exit(be(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// child is this test binary as that child.
func child(be string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = childEnv(be)
	cmd.Stderr = os.Stderr
	return cmd
}

func childEnv(be string) []string {
	return append(os.Environ(), childVariable+"="+be, "GOTRACEBACK=none")
}

// complain is for a child's own failure, which no kill explains.
func complain(err error) int {
	fmt.Fprintln(os.Stderr, "child:", err)
	return 3
}
