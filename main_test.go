package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"latchkey/appliance/health"
	"latchkey/appliance/listen"
	"latchkey/webui"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"latchkey": main}) }

// TestCommands runs the scripts in testdata against this program as it is on a
// machine. Beside testscript's own commands they know those of scriptCommands,
// and the condition [page]: the page's Argon2 was fetched.
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata", RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: scriptCommands,
		Condition: func(name string) (bool, error) {
			if name != "page" {
				return false, errors.New("no such condition: " + name)
			}
			_, err := webui.New()
			return err == nil, nil
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("STATE_DIRECTORY", "")
			return nil
		},
	})
}

var scriptCommands = map[string]func(*testscript.TestScript, bool, []string){
	// exits CODE COMMAND ARGS...: runs a command and wants its exit code.
	"exits": func(ts *testscript.TestScript, neg bool, args []string) {
		want, err := strconv.Atoi(args[0])
		ts.Check(err)
		got := 0
		var ended *exec.ExitError
		if err := ts.Exec(args[1], args[2:]...); errors.As(err, &ended) {
			got = ended.ExitCode()
		} else {
			ts.Check(err)
		}
		if got != want || neg {
			ts.Fatalf("exit code %d, want %d", got, want)
		}
	},
	// twolines: what the last command said on stderr is what happened and what
	// to do.
	"twolines": func(ts *testscript.TestScript, _ bool, _ []string) {
		lines := strings.Split(strings.TrimSuffix(ts.ReadFile("stderr"), "\n"), "\n")
		if len(lines) != 2 || !strings.HasPrefix(lines[0], "latchkey: ") || !strings.HasPrefix(lines[1], "  ") || len(lines[1]) < 10 {
			ts.Fatalf("it said %q", lines)
		}
	},
	// answers DATA: waits until the house in DATA answers over its socket.
	"answers": func(ts *testscript.TestScript, _ bool, args []string) {
		path := filepath.Join(ts.MkAbs(args[0]), "latchkey.sock")
		for range 200 {
			if conn, err := listen.DialMachine(context.Background(), path); err == nil {
				ts.Check(conn.Close())
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		ts.Fatalf("nobody answers at %s", path)
	},
	// holds FILE TEXT: waits until a file that a command writes holds a text.
	"holds": func(ts *testscript.TestScript, _ bool, args []string) {
		for range 400 {
			if raw, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && strings.Contains(string(raw), args[1]) {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		ts.Fatalf("%s never holds %q", args[0], args[1])
	},
	// newer FILE: makes the database one of the next version.
	"newer": func(ts *testscript.TestScript, _ bool, args []string) {
		file := ts.MkAbs(args[0])
		raw, err := os.ReadFile(file)
		ts.Check(err)
		at := bytes.Index(raw, append([]byte("version"), 0, 0, 0, 0, 0, 0))
		if at < 0 {
			ts.Fatalf("found no version in %s", file)
		}
		for i := at; i >= 0; {
			v := raw[i+len("version"):]
			binary.BigEndian.PutUint64(v, binary.BigEndian.Uint64(v)+1)
			next := bytes.Index(v, append([]byte("version"), 0, 0, 0, 0, 0, 0))
			if i += len("version") + next; next < 0 {
				break
			}
		}
		ts.Check(os.WriteFile(file, raw, 0o600))
	},
	// cut FILE NEW: copies the first half of a file.
	"cut": func(ts *testscript.TestScript, _ bool, args []string) {
		raw, err := os.ReadFile(ts.MkAbs(args[0]))
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), raw[:len(raw)/2], 0o600))
	},
	// flip FILE NEW: copies a file with one bit of its middle another.
	"flip": func(ts *testscript.TestScript, _ bool, args []string) {
		raw, err := os.ReadFile(ts.MkAbs(args[0]))
		ts.Check(err)
		raw[len(raw)/2] ^= 1
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), raw, 0o600))
	},
	// nothing PATTERN...: wants no file of that name.
	"nothing": func(ts *testscript.TestScript, _ bool, args []string) {
		for _, pattern := range args {
			there, err := filepath.Glob(ts.MkAbs(pattern))
			ts.Check(err)
			if len(there) > 0 {
				ts.Fatalf("there are %q", there)
			}
		}
	},
	// mode FILE PERM: wants a file's permissions.
	"mode": func(ts *testscript.TestScript, _ bool, args []string) {
		info, err := os.Stat(ts.MkAbs(args[0]))
		ts.Check(err)
		if got := strconv.FormatInt(int64(info.Mode().Perm()), 8); got != args[1] {
			ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
		}
	},
}

func TestDoctorsVerdict(t *testing.T) {
	for name, c := range map[string]struct {
		states []health.State
		code   int
	}{
		"all well":       {[]health.State{health.OK, health.OK}, exitDone},
		"worth a look":   {[]health.State{health.OK, health.Warn}, exitDone},
		"one thing bad":  {[]health.State{health.Bad, health.OK}, exitFail},
		"nothing looked": {nil, exitDone},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs strings.Builder
			var all []health.Finding
			for _, s := range c.states {
				all = append(all, health.Finding{State: s, Text: "Something is " + string(s) + ".", Hint: "Look."})
			}
			if got := exitOf(writeFindings(streams{out: &out}, all), &errs); got != c.code || errs.Len() != 0 {
				t.Errorf("exit code %d, stderr %q", got, errs.String())
			}
			if n := strings.Count(out.String(), "\n"); n != 2*len(all) {
				t.Errorf("%d lines: %q", n, out.String())
			}
		})
	}
}

func TestPasswordFile(t *testing.T) {
	for name, c := range map[string]struct {
		text, want string
	}{
		"one line":               {"correct horse", "correct horse"},
		"a newline at the end":   {"correct horse\n", "correct horse"},
		"the other newline":      {"correct horse\r\n", "correct horse"},
		"blanks that are meant":  {" correct horse \n", " correct horse "},
		"nothing":                {"", ""},
		"an empty line":          {"\n", ""},
		"two lines":              {"correct\nhorse\n", ""},
		"an address beneath it":  {"correct\n\nx", ""},
		"letters of other lands": {"größe 大\n", "größe 大"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "password")
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := readPassword(file)
			if got != c.want || (err != nil) != (c.want == "") {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}
