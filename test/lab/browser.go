package lab

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"latchkey/test/house"
)

// A Said is a line of the browser's side: the end of a step, or something that it wants done.
type Said struct {
	Step    string   `json:"step"`
	Trouble string   `json:"trouble"` // empty when the step went well
	Skip    string   `json:"skip"`
	Ask     string   `json:"ask"`
	URL     string   `json:"url"`
	Typed   []string `json:"typed"` // the fields that had to be typed in
}

// Browse lets a person (person.mjs) do something with Chromium in a namespace, trusting the roots in some files.
// Each step becomes a test. What the person asks for is answered by a function, and what they typed comes back.
func (l *Lab) Browse(t *testing.T, ns string, config map[string]any, roots []string, obey func(Said) map[string]any) (typed []string) {
	t.Helper()
	config["chromium"] = chromium(t)
	config["home"] = trusting(t, roots)
	config["shots"] = filepath.Join(house.Root(), "test", "out", "lab")
	command := l.Command(ns, "node", filepath.Join(folder(), "person.mjs"))
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatalf("starting node: %v", err)
	}
	defer func() {
		_ = command.Process.Kill() // it has ended, unless this test has
		_ = command.Wait()
	}()
	say(t, in, config)
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var said Said
		if err := json.Unmarshal(lines.Bytes(), &said); err != nil {
			t.Fatalf("person.mjs said %.200q: %v", lines.Text(), err)
		}
		typed = append(typed, said.Typed...)
		switch {
		case said.Step != "":
			if !t.Run(said.Step, func(t *testing.T) {
				if said.Trouble != "" {
					t.Error(said.Trouble)
				}
			}) {
				t.Fatalf("%q failed, and what follows stands on it", said.Step)
			}
		case said.Ask != "":
			say(t, in, obey(said))
		}
	}
	return typed
}

func say(t *testing.T, to io.Writer, what map[string]any) {
	t.Helper()
	raw, err := json.Marshal(what)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(to, "%s\n", raw); err != nil {
		t.Fatalf("telling the browser's side: %v", err)
	}
}

func chromium(t *testing.T) string {
	t.Helper()
	if _, err := os.Stat(filepath.Join(house.Root(), "node_modules", "playwright-core")); err != nil {
		t.Skip("node_modules has no playwright-core: make test fetches it")
	}
	for _, name := range []string{os.Getenv("LATCHKEY_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium here (Debian: apt-get install chromium; elsewhere LATCHKEY_CHROMIUM=path)")
	return ""
}

// trusting makes a home folder whose browsers trust some roots.
func trusting(t *testing.T, roots []string) string {
	t.Helper()
	if _, err := exec.LookPath("certutil"); err != nil {
		t.Skip("certutil is not here (Debian: apt-get install libnss3-tools), and the browser has to trust the authority")
	}
	home := t.TempDir()
	db := filepath.Join(home, ".pki", "nssdb")
	if err := os.MkdirAll(db, 0o700); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(home, "password") // without a file, certutil asks for ever
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	calls := [][]string{{"-N", "-d", "sql:" + db, "-f", empty}}
	for i, root := range roots {
		calls = append(calls, []string{"-A", "-d", "sql:" + db, "-f", empty, "-t", "C,,", "-n", fmt.Sprintf("root %d", i), "-i", root})
	}
	for _, args := range calls {
		if out, err := exec.Command("certutil", args...).CombinedOutput(); err != nil {
			t.Fatalf("certutil: %v\n%s", err, out)
		}
	}
	return home
}
