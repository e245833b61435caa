package story_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/test/canary"
	"latchkey/test/clients"
	"latchkey/test/house"
	"latchkey/test/story"
)

// A line is what the page's side says: the end of a step, or something that it wants done.
type line struct {
	Step    string   `json:"step"`
	Trouble string   `json:"trouble"` // empty when the step went well
	Skip    string   `json:"skip"`    // why the step could not be taken
	Ask     string   `json:"ask"`     // restart, stop, start, invite, bw
	Email   string   `json:"email"`   // of whom to invite, or who signs in by bw
	Secret  string   `json:"secret"`  // the master password for bw
	Items   []item   `json:"items"`   // for bw: the first is there to be read, the second to be made
	Typed   []string `json:"typed"`   // clear texts that nobody but the page may know
	Names   []string `json:"names"`   // addresses and names, which the server knows, and the disk must not show
	Sent    string   `json:"sent"`    // everything that the page sent inside TLS

	With json.RawMessage `json:"with"` // what else belongs to an ask
}

// An item is what bw reads, or makes.
type item struct {
	Name     string `json:"name"`
	Username string `json:"username"`
	Password string `json:"password"`
}

// TestStory is the whole story. Each step of it is a test of its own.
func TestStory(t *testing.T) {
	t.Parallel()
	chromium := Chromium(t)
	h := house.Start(t, house.Options{Unclaimed: true, Plain: true})
	link := h.Await(`(http://localhost:\d+/\S*#/setup\?token=\S+)`)
	secure := story.Tap(t, func() string { return address(h.URL) })
	plain := story.Tap(t, func() string { return address(h.Local) })

	out := filepath.Join(house.Root(), "test", "out")
	page := start(t, map[string]any{
		"url": h.URL, "local": h.Local, "link": link, "chromium": chromium, "home": trusting(t, h),
		"map":   fmt.Sprintf("MAP %s %s, MAP %s %s", host(h.URL), secure.Address, host(h.Local), plain.Address),
		"shots": filepath.Join(out, "shots"), "root": os.Getuid() == 0,
	})
	var typed, names []string
	var sent strings.Builder
	for {
		said, ok := page.next(t)
		if !ok {
			break
		}
		typed, names = append(typed, said.Typed...), append(names, said.Names...)
		sent.WriteString(said.Sent)
		switch {
		case said.Step != "":
			t.Run(said.Step, func(t *testing.T) {
				if said.Skip != "" {
					t.Skip(said.Skip)
				}
				if said.Trouble != "" {
					t.Error(said.Trouble)
				}
			})
		case said.Ask != "":
			page.answer(t, obey(t, h, said))
		}
	}
	if len(typed) < 40 || len(names) < 2 {
		t.Fatalf("the story ended after typing %d secrets and %d names; it is not whole", len(typed), len(names))
	}

	t.Run("nothing that was typed lies in the data folder, and no name or address", func(t *testing.T) {
		found, looked, err := canary.FindInFolder(h.Dir, append(typed, names...))
		nothing(t, found, looked, err)
	})
	t.Run("nothing that was typed, no name and no address is in what the binary said", func(t *testing.T) {
		if found := canary.Find([]byte(h.Said()), append(typed, names...)); len(found) > 0 {
			t.Errorf("found %q", found)
		}
	})
	t.Run("nothing that was typed passed the wire, in TLS or on the loopback", func(t *testing.T) {
		for name, wire := range map[string]*story.Wire{"TLS": secure, "loopback": plain} {
			if len(wire.Seen()) < 10_000 {
				t.Errorf("%s: only %d bytes passed; nothing was watched", name, len(wire.Seen()))
			}
			if found := canary.Find(wire.Seen(), typed); len(found) > 0 {
				t.Errorf("%s: found %q", name, found)
			}
		}
		if found := canary.Find(secure.Seen(), names); len(found) > 0 {
			t.Errorf("TLS: found %q", found)
		}
	})
	t.Run("nothing that was typed was sent to the server inside TLS either", func(t *testing.T) {
		if sent.Len() < 10_000 {
			t.Errorf("only %d bytes of requests were seen", sent.Len())
		}
		if found := canary.Find([]byte(sent.String()), typed); len(found) > 0 {
			t.Errorf("found %q", found)
		}
	})
	t.Run("the file without seal.key tells no address, name or secret, and stops the start", func(t *testing.T) {
		h.Stop()
		elsewhere := filepath.Join(t.TempDir(), "stolen")
		if err := os.MkdirAll(elsewhere, 0o700); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(h.Dir, "latchkey.db"))
		if err != nil {
			t.Fatal(err)
		}
		if found := canary.Find(raw, append(typed, names...)); len(found) > 0 {
			t.Errorf("found %q", found)
		}
		if err := os.WriteFile(filepath.Join(elsewhere, "latchkey.db"), raw, 0o600); err != nil {
			t.Fatal(err)
		}
		said, err := h.Command("serve", "--data", elsewhere, "--listen", "127.0.0.1:0", "--local", "off").CombinedOutput()
		if err == nil || !strings.Contains(string(said), "seal") {
			t.Errorf("it started, or does not say what is missing: %v\n%s", err, said)
		}
		h.Restart()
	})
}

func nothing(t *testing.T, found map[string][]string, looked int, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if looked < 10_000 {
		t.Errorf("only %d bytes were looked at", looked)
	}
	for path, texts := range found {
		t.Errorf("%s: %q", path, texts)
	}
}

// obey does what the page's side asks for, and gives what it wants to know.
func obey(t *testing.T, h *house.House, said line) map[string]any {
	t.Helper()
	switch said.Ask {
	case "restart":
		h.Kill()
		h.Restart()
	case "stop":
		h.Stop()
	case "start":
		h.Restart()
	case "invite":
		return map[string]any{"link": h.Invite(said.Email)}
	case "bw":
		return map[string]any{"made": byBw(t, h, said)}
	default:
		t.Fatalf("the page's side asks for %q", said.Ask)
	}
	return map[string]any{"url": h.URL}
}

// byBw signs the owner in with the real command line, wants it to read what the page wrote, and makes an item
// for the page to find. It tells whether it did.
func byBw(t *testing.T, h *house.House, said line) (made bool) {
	t.Helper()
	t.Run("bw reads what the page wrote, and keeps something for it", func(t *testing.T) {
		bw := clients.NewBw(t, h.CA)
		bw.Login(h, said.Email, said.Secret)
		there, fresh := said.Items[0], said.Items[1]
		if got := bw.Run("get", "password", there.Name); got != there.Password {
			t.Errorf("password: got %q, want %q", got, there.Password)
		}
		if got := bw.Run("get", "username", there.Name); got != there.Username {
			t.Errorf("user name: got %q, want %q", got, there.Username)
		}
		bw.Create("item", clients.Object{
			"type": 1, "name": fresh.Name, "organizationId": nil, "folderId": nil, "notes": nil, "favorite": false, "reprompt": 0,
			"login": clients.Object{"username": fresh.Username, "password": fresh.Password, "totp": nil, "uris": []any{}},
		})
		made = true
	})
	return made
}

func host(url string) string    { return url[strings.LastIndex(url, "/")+1:] }
func address(url string) string { return "127.0.0.1" + url[strings.LastIndex(url, ":"):] }

// Chromium finds a browser and what drives it, or skips.
func Chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("LATCHKEY_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			if _, err := os.Stat(filepath.Join(house.Root(), "node_modules", "playwright-core")); err != nil {
				t.Skip("node_modules has no playwright-core: make test fetches it")
			}
			return path
		}
	}
	t.Skip("no Chromium here (Debian: apt-get install chromium; elsewhere LATCHKEY_CHROMIUM=path)")
	return ""
}

// trusting makes a home folder whose browsers trust the house's root. Without certutil it gives "", and the
// page's side then trusts anything.
func trusting(t *testing.T, h *house.House) string {
	t.Helper()
	home := t.TempDir()
	db := filepath.Join(home, ".pki", "nssdb")
	if _, err := exec.LookPath("certutil"); err != nil {
		t.Run("the browser trusts the house's own root", func(t *testing.T) {
			t.Skip("certutil is not here (Debian: apt-get install libnss3-tools); any certificate was trusted instead")
		})
		return ""
	}
	if err := os.MkdirAll(db, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"-d", "sql:" + db, "-N", "--empty-password"},
		{"-d", "sql:" + db, "-A", "-t", "C,,", "-n", "latchkey", "-i", h.CA},
	} {
		if out, err := exec.Command("certutil", args...).CombinedOutput(); err != nil {
			t.Fatalf("certutil: %v\n%s", err, out)
		}
	}
	return home
}

// A driver is a script as it runs: it says lines and is answered by lines.
type driver struct {
	name string
	in   io.Writer
	out  *bufio.Scanner
	end  func() error
}

func start(t *testing.T, config map[string]any) *driver {
	t.Helper()
	return run(t, "story.mjs", config)
}

func run(t *testing.T, script string, config map[string]any) *driver {
	t.Helper()
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("node", script)
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
	t.Cleanup(func() { _ = command.Process.Kill() })
	scanner := bufio.NewScanner(out)
	scanner.Buffer(nil, 256<<20)
	fmt.Fprintf(in, "%s\n", raw)
	return &driver{name: script, in: in, out: scanner, end: command.Wait}
}

func (d *driver) next(t *testing.T) (line, bool) {
	t.Helper()
	if !d.out.Scan() {
		if err := d.end(); err != nil {
			t.Errorf("%s ended badly: %v", d.name, err)
		}
		return line{}, false
	}
	var said line
	if err := json.Unmarshal(d.out.Bytes(), &said); err != nil {
		t.Fatalf("%s said %.200q: %v", d.name, d.out.Text(), err)
	}
	return said, true
}

func (d *driver) answer(t *testing.T, with map[string]any) {
	t.Helper()
	raw, err := json.Marshal(with)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(d.in, "%s\n", raw)
}
