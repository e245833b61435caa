package install

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestMachine(t *testing.T) {
	sh := func(script string) Command { return Command{Name: "sh", Args: []string{"-c", script}} }
	until := func(c Command) Command { c.Until = "ready"; return c }
	for name, c := range map[string]struct {
		command Command
		want    string // printed
		fails   string // within the error; "" for none
	}{
		"what it prints is answered":                      {sh("echo a; echo b"), "a\nb\n", ""},
		"what it is told, it hears":                       {Command{Name: "cat", Stdin: []byte("told")}, "told", ""},
		"why it failed is in the error":                   {sh("echo why >&2; exit 3"), "", "why"},
		"of many complaints the last are kept":            {sh("yes complaint | head -n 10000 >&2; echo last >&2; exit 1"), "", "last"},
		"one that is ready is asked to end":               {until(sh("trap 'echo bye; exit 0' TERM; echo ready now; while :; do sleep 0.01; done")), "ready now\nbye\n", ""},
		"one that ends in another way than asked, failed": {until(sh("trap 'echo no >&2; exit 1' TERM; echo ready; while :; do sleep 0.01; done")), "ready\n", "no"},
		"one that ends before it is ready failed":         {until(sh("echo almost ready")), "almost ready\n", "ended by itself"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			out, err := Machine{}.Run(ctx, c.command)
			if string(out) != c.want {
				t.Errorf("it printed %q, want %q", out, c.want)
			}
			if (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
				t.Errorf("the error is %v, want %q", err, c.fails)
			}
		})
	}
	t.Run("one that is not ready in time is asked to end, and failed", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := (Machine{}).Run(ctx, until(sh("trap 'exit 0' TERM; while :; do sleep 0.01; done"))); err == nil {
			t.Error("it succeeded")
		}
	})
	t.Run("a program that is not there is named", func(t *testing.T) {
		_, err := Machine{}.Run(t.Context(), Command{Name: "no-such-program"})
		if !errors.Is(err, exec.ErrNotFound) || !strings.Contains(err.Error(), "no-such-program") {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("the machine key comes by a pipe, and neither by argument nor environment", func(t *testing.T) {
		c := sh(`cat <&3; echo " $` + keyVariable + `"; env`)
		c.Key = []byte(machineKey)
		out, err := Machine{}.Run(t.Context(), c)
		if err != nil || !strings.HasPrefix(string(out), machineKey+" 3\n") || strings.Count(string(out), machineKey) != 1 {
			t.Errorf("it printed %q, %v", out, err)
		}
	})
	t.Run("another user's work is done as that user (as root only)", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Skip("only root can start a program as another user")
		}
		c := sh("id -u; id -g; id -G; echo $HOME; touch /etc/latchkey-test 2>/dev/null || echo refused")
		c.As = &Owner{UID: 65534, GID: 65533}
		out, err := Machine{}.Run(t.Context(), c)
		if want := "65534\n65533\n65533\n\nrefused\n"; err != nil || string(out) != want {
			t.Errorf("it printed %q, %v; want %q", out, err, want)
		}
	})
}
