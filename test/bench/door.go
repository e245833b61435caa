package bench

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/appliance"
	"latchkey/appliance/config"
)

// doorVar tells a child of the test binary to serve the house in a folder, as `latchkey serve` does, but with a
// guard for whom a day passes between two tries.
const doorVar = "LATCHKEY_BENCH_DOOR"

// serveDoor is the real door, assembled as it is: only guard's time leaps, so that thousands of wrong passwords are
// weighed and not turned away.
func serveDoor(dir string) error {
	debug.SetGCPercent(50)
	c := config.Default()
	c.Data, c.Listen, c.Local, c.Redirect = dir, []string{"127.0.0.1:0"}, "", ""
	begun := time.Now()
	var days atomic.Int64
	a, err := appliance.Assemble(context.Background(), appliance.Config{
		Config: c, Log: slog.New(slog.DiscardHandler),
		GuardTime: func() time.Time { return begun.Add(time.Duration(days.Add(1)) * 24 * time.Hour) },
	})
	if err != nil {
		return err
	}
	return a.Run(context.Background(), func(r appliance.Ready) { fmt.Printf("door %s\n", r.URL) })
}

// startDoor serves the house in a folder, which nobody else serves, from a process of its own, and gives its address.
func startDoor(t *testing.T, dir string) (url string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(self)
	command.Env = append(os.Environ(), doorVar+"="+dir)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the door said nothing: %v", err)
	}
	_, url, _ = strings.Cut(strings.TrimSpace(line), " ")
	return url
}
