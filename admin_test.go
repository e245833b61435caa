package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeDoor answers at the machine's socket of a data folder what it was given,
// by method and path, and keeps what it was asked.
type fakeDoor struct {
	mu      sync.Mutex
	answers map[string]string // "GET /latchkey/people": a body; "!404 ...": a refusal of that status
	asked   []string          // "PUT /latchkey/people/1 {...}"
}

func newDoor(t *testing.T, answers map[string]string) (door *fakeDoor, data string) {
	t.Helper()
	data = t.TempDir()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "unix", filepath.Join(data, "latchkey.sock"))
	if err != nil {
		t.Fatal(err)
	}
	door = &fakeDoor{answers: answers}
	server := &http.Server{Handler: door, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return door, data
}

func (d *fakeDoor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+string(body)))
	answer, ok := d.answers[r.Method+" "+r.URL.RequestURI()]
	if !ok {
		answer, ok = d.answers[r.Method+" "+r.URL.Path]
	}
	if !ok {
		answer = `!404 {"problem":{"code":"not.found","text":"There is nothing at this address.","hint":"Look."}}`
	}
	if refused, yes := strings.CutPrefix(answer, "!"); yes {
		var status int
		_, _ = fmt.Sscan(refused, &status)
		w.WriteHeader(status)
		_, answer, _ = strings.Cut(refused, " ")
	}
	_, _ = io.WriteString(w, answer)
}

func (d *fakeDoor) all() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.asked)
}

const somePeople = `{"people":[
 {"id":"a1","email":"alice@example.test","name":"Alice","role":"owner","lastSeen":"2026-11-01T10:00:00Z","items":34,"folders":2,"bytes":123456,"devices":3,"sessions":4,"disabled":false,"second":["totp","webauthn"],"passkeys":1,"secondRequired":false,"apiKey":true},
 {"id":"b2","email":"bob@example.test","name":"B\u001b[31mob","role":"member","lastSeen":"","items":1,"folders":0,"bytes":900,"devices":0,"sessions":0,"disabled":true,"second":[],"passkeys":0,"secondRequired":true,"apiKey":false}],
 "invitations":[{"id":"i9","email":"carol@example.test","name":"Carol","role":"member","expires":"2026-11-08T10:00:00Z"}],"secondForAll":false}`

const someBans = `{"bans":[{"prefix":"203.0.113.7/32","why":"password","since":"2026-11-01T10:00:00Z","until":"2026-11-01T11:00:00Z","times":2,"tries":40}],
 "sieges":[{"account":"","since":"2026-11-01T10:00:00Z","tries":900,"places":120,"wait":7200}],"admitted":[{"prefix":"198.51.100.4/32","until":"2026-11-01T10:10:00Z"}]}`

const someUsage = `{"since":"2026-10-25T00:00:00Z","until":"2026-11-01T00:00:00Z","hours":[{"t":1792994400,"requests":10,"signIns":1,"refused":2,"errors":0,"bans":1},{"t":1792998000,"requests":5,"signIns":0,"refused":0,"errors":3,"bans":0},{"t":1793167200,"requests":7,"signIns":0,"refused":0,"errors":0,"bans":0}],
 "kinds":[{"name":"signin","ok":3,"refused":0}],"outcomes":[],"devices":[{"name":"browser","ok":3,"refused":1,"requests":20}],
 "addresses":[{"name":"203.0.113.7","ok":3,"refused":1,"country":"AT","last":"2026-10-31T10:00:00Z"},{"name":"*","ok":1,"refused":0}],"entries":45,"bytes":9000,"oldest":"2026-01-01T00:00:00Z"}`

// at shows a time as this machine does.
func at(text string) string { return when(text) }

func TestAdmin(t *testing.T) {
	t.Setenv("STATE_DIRECTORY", "")
	door := map[string]string{
		"GET /latchkey/people": somePeople, "GET /latchkey/bans": someBans, "GET /latchkey/usage": someUsage,
		"PUT /latchkey/people/b2": `{}`, "DELETE /latchkey/people/b2": ``, "POST /latchkey/people/b2/sign-out": ``, "POST /latchkey/people/b2/reset-second": ``,
		"PUT /latchkey/people/a1": `!400 {"problem":{"code":"owner.last","text":"This is the last owner.","hint":"Make somebody else an owner first."}}`,
		"PUT /latchkey/settings":  ``, "DELETE /latchkey/invitations/i9": ``,
		"POST /latchkey/bans/lift":  `{"lifted":1}`,
		"POST /latchkey/bans/admit": `{"prefix":"203.0.113.7/32","until":"2026-11-01T10:10:00Z"}`,
	}
	for name, c := range map[string]struct {
		args  string
		in    string
		code  int
		asked []string // beside the list of people
		says  []string // on stdout, or on stderr where the code is not 0
	}{
		"the list of people": {
			args: "users",
			says: []string{
				"EMAIL               NAME         ROLE    LAST SEEN            SECOND STEP  ITEMS  SIZE    DEVICES  STATE\n",
				"alice@example.test  Alice        owner   " + at("2026-11-01T10:00:00Z") + "  app, key     34     123 KB  3\n",
				`bob@example.test    B\x1b[31mob  member  -                    missing      1      900 B   0        disabled` + "\n",
				"\nINVITED             NAME   ROLE    UNTIL\ncarol@example.test  Carol  member  " + at("2026-11-08T10:00:00Z") + "\n",
			},
		},
		"the list as JSON is what the house said": {args: "users --json", says: []string{somePeople + "\n"}},
		"to disable somebody": {
			args: "disable Bob@Example.test", asked: []string{`PUT /latchkey/people/b2 {"disabled":true}`},
			says: []string{"bob@example.test is signed out everywhere", "latchkey admin enable bob@example.test\n"},
		},
		"to enable them": {args: "enable bob@example.test", asked: []string{`PUT /latchkey/people/b2 {"disabled":false}`}, says: []string{"can sign in again"}},
		"somebody else than is here": {
			args: "disable nobody@example.test", code: exitFail,
			says: []string{"latchkey: Nobody here has the e-mail nobody@example.test.\n  `latchkey admin users` lists who lives here.\n"},
		},
		"what the house refuses": {
			args: "role alice@example.test member", code: exitFail, asked: []string{`PUT /latchkey/people/a1 {"role":"member"}`},
			says: []string{"latchkey: This is the last owner.\n  Make somebody else an owner first.\n"},
		},
		"a role":                         {args: "role bob@example.test owner", asked: []string{`PUT /latchkey/people/b2 {"role":"owner"}`}, says: []string{"bob@example.test is an owner of this house now.\n"}},
		"a role that is none":            {args: "role bob@example.test king", code: exitUsage, says: []string{`not "king"`}},
		"to sign somebody out":           {args: "sign-out bob@example.test", asked: []string{"POST /latchkey/people/b2/sign-out"}, says: []string{"signed out on every device"}},
		"to forget a second factor":      {args: "reset-2fa bob@example.test", asked: []string{"POST /latchkey/people/b2/reset-second"}, says: []string{"with the master password alone"}},
		"to want a second factor":        {args: "require-2fa bob@example.test on", asked: []string{`PUT /latchkey/people/b2 {"secondRequired":true}`}, says: []string{"bob@example.test needs a second step"}},
		"to want none any more":          {args: "require-2fa bob@example.test off", asked: []string{`PUT /latchkey/people/b2 {"secondRequired":false}`}, says: []string{"is up to bob@example.test"}},
		"to want one of everybody":       {args: "require-2fa everyone on", asked: []string{`PUT /latchkey/settings {"second.everyone":true}`}, says: []string{"Everybody needs a second step"}},
		"neither on nor off":             {args: "require-2fa everyone maybe", code: exitUsage, says: []string{`not "maybe"`}},
		"to remove, with the right word": {args: "remove bob@example.test", in: "BOB@example.test\n", asked: []string{"DELETE /latchkey/people/b2"}, says: []string{"is gone, and so are their 1 items"}},
		"to remove, with another":        {args: "remove bob@example.test", in: "yes\n", code: exitFail, says: []string{"This removes bob@example.test with 1 items in 0 folders", "Nothing was removed."}},
		"to remove, with nobody there":   {args: "remove bob@example.test", code: exitFail, says: []string{"go on: \nlatchkey: Nothing was removed."}},
		"to remove without a question":   {args: "remove --yes bob@example.test", asked: []string{"DELETE /latchkey/people/b2"}},
		"to take a link back":            {args: "uninvite carol@example.test", asked: []string{"DELETE /latchkey/invitations/i9"}, says: []string{"no longer works"}},
		"to take back what is not open":  {args: "uninvite bob@example.test", code: exitFail, says: []string{"No invitation of bob@example.test is open."}},
		"the bans": {
			args: "bans", asked: []string{"GET /latchkey/bans"},
			says: []string{
				"SHUT OUT        FOR               SINCE                UNTIL                TIMES  TRIES\n" +
					"203.0.113.7/32  master passwords  " + at("2026-11-01T10:00:00Z") + "  " + at("2026-11-01T11:00:00Z") + "  2      40\n\n",
				"(nobody here)  " + at("2026-11-01T10:00:00Z") + "  900    120     2 h\n\n",
				"198.51.100.4/32  everybody  " + at("2026-11-01T10:10:00Z") + "\n",
			},
		},
		"the bans as JSON":           {args: "bans --json", asked: []string{"GET /latchkey/bans"}, says: []string{someBans + "\n"}},
		"unlock alone shows what is": {args: "unlock", asked: []string{"GET /latchkey/bans"}, says: []string{"SHUT OUT"}},
		"to lift them all":           {args: "unlock --all", asked: []string{`POST /latchkey/bans/lift {"all":true}`}, says: []string{"One ban was lifted.\n"}},
		"to lift one":                {args: "unlock --lift 203.0.113.0/24", asked: []string{`POST /latchkey/bans/lift {"prefix":"203.0.113.0/24"}`}},
		"to let an address in": {
			args: "unlock --address 203.0.113.7", asked: []string{`POST /latchkey/bans/lift {"prefix":"203.0.113.7"}`, `POST /latchkey/bans/admit {"address":"203.0.113.7"}`},
			says: []string{"New devices may sign in from 203.0.113.7/32 until " + at("2026-11-01T10:10:00Z")},
		},
		"the figures": {
			args: "usage --since 2026-10-25", asked: []string{"GET /latchkey/usage?since=" + strings.NewReplacer(":", "%3A").Replace(day("2026-10-25"))},
			says: []string{"The log holds 45 lines (9.0 KB)", "DAY ", "browser  3   1        20\n", "203.0.113.7 AT  3   1        0         " + at("2026-10-31T10:00:00Z") + "\n(all others)    1   0        0         -\n"},
		},
		"the figures as JSON": {args: "usage --json --since 2026-10-25", asked: []string{"GET /latchkey/usage?since=" + strings.NewReplacer(":", "%3A").Replace(day("2026-10-25"))}, says: []string{someUsage + "\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			d, data := newDoor(t, door)
			var out, errs strings.Builder
			args := append(append([]string{"admin"}, strings.Fields(c.args)...), "--data", data)
			code := run(args, strings.NewReader(c.in), &out, &errs)
			said := out.String()
			if c.code != exitDone {
				said = errs.String()
			}
			if code != c.code {
				t.Errorf("exit code %d: %s%s", code, out.String(), errs.String())
			}
			for _, want := range c.says {
				if !strings.Contains(said, want) {
					t.Errorf("said\n%s\nand not\n%s", said, want)
				}
			}
			asked := slices.DeleteFunc(d.all(), func(s string) bool { return s == "GET /latchkey/people" })
			if !slices.Equal(asked, c.asked) {
				t.Errorf("asked %q, want %q", asked, c.asked)
			}
		})
	}
}

// day is the first moment of a day here, as it is asked for.
func day(text string) string {
	d, err := time.ParseInLocation(time.DateOnly, text, time.Local)
	if err != nil {
		panic(err)
	}
	return d.UTC().Format(time.RFC3339)
}

func TestUsageFoldsByDay(t *testing.T) {
	var f figures
	if err := json.Unmarshal([]byte(someUsage), &f); err != nil {
		t.Fatal(err)
	}
	sums := map[string]int{}
	for _, row := range f.days()[1:] {
		var n int
		_, _ = fmt.Sscan(row[1], &n)
		sums[row[0]] += n
	}
	want := map[string]int{}
	for _, h := range f.Hours {
		want[time.Unix(h.T, 0).Local().Format("Mon 2006-01-02")] += h.Requests
	}
	if fmt.Sprint(sums) != fmt.Sprint(want) || len(f.days()) != len(want)+1 {
		t.Errorf("got %v, want %v", f.days(), want)
	}
}

func TestSince(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.Local)
	for text, want := range map[string]string{
		"24h": "2026-11-20 12:00:00", "90m": "2026-11-21 10:30:00", "7d": "2026-11-14 12:00:00", "2w": "2026-11-07 12:00:00", "0d": "2026-11-21 12:00:00",
		"2026-11-01": "2026-11-01 00:00:00", "": "", "7": "", "-7d": "", "-1h": "", "7 d": "", "d": "", "99999999d": "", "yesterday": "", "2026-13-01": "",
	} {
		t.Run("since "+text, func(t *testing.T) {
			s := &since{now: func() time.Time { return now }}
			err := s.Set(text)
			got := ""
			if err == nil {
				got = s.at.Format(clockLayout)
			}
			if got != want {
				t.Errorf("got %q, want %q (%v)", got, want, err)
			}
		})
	}
	t.Run("a time of the house", func(t *testing.T) {
		s := newSince()
		if err := s.Set("2026-11-01T10:00:00Z"); err != nil || s.at.Unix() != 1793527200 {
			t.Errorf("got %v, %v", s.at, err)
		}
	})
}

func TestSizesAndSpans(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 KB", 12345: "12 KB", 1234567: "1.2 MB", 5_000_000_000: "5.0 GB", 5_000_000_000_000: "5000 GB"} {
		if got := size(n); got != want {
			t.Errorf("size(%d) = %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0 s", 119 * time.Second: "119 s", 3 * time.Minute: "3 min", 5 * time.Hour: "5 h", 72 * time.Hour: "3 days"} {
		if got := span(d); got != want {
			t.Errorf("span(%v) = %q, want %q", d, got, want)
		}
	}
}
