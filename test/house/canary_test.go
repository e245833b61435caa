package house_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"latchkey/appliance/api"
	"latchkey/test/canary"
	"latchkey/test/house"
)

// TestNothingIsTold sends all that a house is ever sent, good and bad, and looks for it in all that the house
// says about itself: the console in both formats at its most talkative, status, doctor, the log and its exports.
func TestNothingIsTold(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		t.Run("on a console of "+format, func(t *testing.T) {
			t.Parallel()
			config := filepath.Join(t.TempDir(), "config.toml")
			text := "listen = ['127.0.0.1:0']\nlocal = 'localhost:0'\nredirect = 'off'\n[log]\nlevel = 'debug'\nformat = '" + format + "'\n"
			if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			h := house.Start(t, house.Options{Plain: true, Config: config})
			listenToAll(t, h, format)
		})
	}
}

// place is where the house speaks about itself.
type place struct {
	name  string
	said  string
	names bool // people are named here, and what they own has its id
	much  int  // so many bytes are at least expected, or nothing was watched
}

func listenToAll(t *testing.T, h *house.House, format string) {
	e := listenIn(h.Client())
	mail := func(who string) string { return e.Mint("e-mail of "+who) + "@house.test" }
	household := live(t, h, e, mail)
	owner := callAll(t, h, e, household.owner)
	misbehave(t, h, e)
	secrets, ids := e.all()
	if len(secrets) < 100 || len(ids) < 5 || len(e.minted) < 20_000 {
		t.Fatalf("only %d secrets, %d ids and %d other texts passed", len(secrets), len(ids), len(e.minted))
	}
	if e.statuses[http.StatusInternalServerError] > 0 || e.statuses[http.StatusTooManyRequests]*5 > e.statuses[http.StatusBadRequest] {
		t.Errorf("the answers were %v", e.statuses)
	}
	places := places(t, h, owner)
	h.Stop()
	places = append(places, place{name: "the console", said: h.Said(), much: 100_000})
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			if len(p.said) < p.much {
				t.Errorf("only %d bytes: %.300s", len(p.said), p.said)
			}
			wanted := secrets
			if !p.names {
				wanted = slices.Concat(secrets, ids, []string{house.OwnerName, secondName})
			}
			for _, text := range canary.Find([]byte(p.said), wanted) {
				t.Errorf("found %q (%s) in\n%s", text, e.where(text, p.said), lineWith(p.said, text))
			}
			for _, text := range canary.FindPieces([]byte(p.said), secrets) {
				t.Errorf("found a piece of %q (%s)", text, e.where(text, p.said))
			}
			planted(t, p.said, secrets)
		})
	}
	t.Run("the data folder", func(t *testing.T) {
		found, looked, err := canary.FindInFolder(h.Dir, secrets)
		if err != nil || looked < 10_000 {
			t.Errorf("looked at %d bytes, %v", looked, err)
		}
		for file, texts := range found {
			t.Errorf("%s: %q", file, texts)
		}
	})
	checkLines(t, h.Said(), format)
}

// planted wants a leak to be found, whatever the text and its shape.
func planted(t *testing.T, said string, secrets []string) {
	t.Helper()
	middle := len(said) / 2
	for i, text := range secrets {
		if i%17 != 0 && text != mark {
			continue // each costs a search
		}
		for shape, leak := range map[string]string{"as it is": text, "in base64": base64.URLEncoding.EncodeToString([]byte("{" + text + "}"))} {
			if len(text) == 6 {
				leak = " " + text + " "
			}
			if found := canary.Find([]byte(said[:middle]+" "+leak+" "+said[middle:]), []string{text}); len(found) != 1 {
				t.Errorf("%q, planted %s, is not found", text, shape)
			}
		}
	}
}

// lineWith gives the line that holds a text as it is, for whoever has to mend it.
func lineWith(said, text string) string {
	for line := range strings.Lines(said) {
		if strings.Contains(strings.ToLower(line), strings.ToLower(text)) {
			return line
		}
	}
	return "(in another shape)"
}

// places asks for everything that the house tells, from the machine and from the page.
func places(t *testing.T, h *house.House, owner *house.Person) []place {
	t.Helper()
	owner.Prove()
	run := func(args ...string) string { return h.Run(append(args, "--data", h.Dir)...) }
	get := func(path string) string {
		answer := owner.Do(http.MethodGet, path, nil)
		if answer.Status != http.StatusOK {
			t.Errorf("GET %s: %d %s", path, answer.Status, answer.Body)
		}
		return string(answer.Body)
	}
	all := []place{
		{"status", run("status"), false, 50},
		{"status --json", run("status", "--json"), false, 100},
		{"doctor", run("doctor"), false, 200},
		{"doctor --json", run("doctor", "--json"), false, 400},
		{"admin log", run("admin", "log", "--since", "24h"), false, 1000},
		{"admin log --json", run("admin", "log", "--since", "24h", "--json"), false, 3000},
		{"admin log --csv", run("admin", "log", "--since", "24h", "--csv"), false, 1000},
		{"admin bans --json", run("admin", "bans", "--json"), false, 30},
		{"admin usage", run("admin", "usage"), false, 200},
		{"admin usage --json", run("admin", "usage", "--json"), false, 200},
		{"the page's log", get("/latchkey/log?limit=1000"), true, 3000},
		{"the export as CSV", get("/latchkey/log/export?format=csv"), false, 1000},
		{"the export as JSON lines", get("/latchkey/log/export?format=jsonl"), false, 3000},
		{"the page's figures", get("/latchkey/usage"), false, 200},
		{"the page's own activity", get("/latchkey/activity"), false, 100},
	}
	owner.Must(http.MethodPut, "/latchkey/settings", map[string]any{"journal.names": "none"}, nil)
	owner.Must(http.MethodPost, "/latchkey/activity", map[string]any{"kind": "export"}, nil)
	return append(all, place{"the log of a house that names nobody, from then on", lastLine(run("admin", "log", "--json")), false, 50})
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// requestLine is what the console says of a request in words.
var requestLine = regexp.MustCompile(`^\[REQUEST\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d (GET|POST|PUT|DELETE|HEAD|OPTIONS|PATCH|…) (\S+) \| (\d{3}( \[[A-Za-z -]+\])?|- \[Broken Off\]) \| ([0-9a-f.:]+|machine)$`)

// checkLines wants every request line to be one, and every path to be a pattern of ours.
func checkLines(t *testing.T, said, format string) {
	t.Helper()
	known := map[string]bool{"…": true, "/": true}
	for _, p := range (&api.API{}).Patterns() {
		_, path, _ := strings.Cut(p, " ")
		known[regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(path, "…")] = true
	}
	told := map[string]int{}
	for line := range strings.Lines(said) {
		path := ""
		if found := requestLine.FindStringSubmatch(strings.TrimSuffix(line, "\n")); found != nil {
			path = found[2]
		} else if strings.HasPrefix(line, "[REQUEST]") {
			t.Errorf("odd line %q", line)
		} else if strings.HasPrefix(line, `{"time"`) {
			var o struct{ Msg, Path string }
			if err := json.Unmarshal([]byte(line), &o); err != nil {
				t.Errorf("%q: %v", line, err)
			}
			if o.Msg == "request" {
				path = o.Path
			}
		}
		if path != "" {
			told[path]++
		}
	}
	for path := range told {
		if !known[path] && !strings.HasPrefix(path, "/a/") {
			t.Errorf("the path %q is told in a %s line", path, format)
		}
	}
	if len(told) < len(known)*9/10 {
		t.Errorf("only %d of %d paths are told: %v", len(told), len(known), slices.Sorted(maps.Keys(told)))
	}
}
