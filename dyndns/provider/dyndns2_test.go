package provider_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/dyndns/provider"
)

const dynPassword = "dyn2 canary pässword"

// The stub follows https://help.dyn.com/remote-access-api/ (perform update, return codes).
func dyndns2Rig() rig {
	return rig{
		id: "dyndns2", others: true, stub: func(z *fakeZone) http.Handler { return dyndns2Stub(z) },
		cred:  map[string]string{"url": "dyn.example.net", "user": "me@example.net", "password": dynPassword},
		wrong: map[string]string{"url": "dyn.example.net", "user": "me@example.net", "password": "another one"},
	}
}

func dyndns2Stub(z *fakeZone) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		q := r.URL.Query()
		switch {
		case r.Host != "dyn.example.net" || r.URL.Path != "/nic/update" || r.Method != http.MethodGet:
			http.NotFound(w, r)
		case user != "me@example.net" || password != dynPassword:
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, "badauth")
		case q.Get("hostname") == "" || len(q) != 2:
			_, _ = io.WriteString(w, "notfqdn")
		default:
			word := "good "
			if found := z.find("", q.Get("hostname"), "A"); len(found) == 1 && found[0].Value == q.Get("myip") {
				word = "nochg "
			} else {
				z.replace(q.Get("hostname"), "A", 60, q.Get("myip"))
			}
			_, _ = io.WriteString(w, word+q.Get("myip")+"\n")
		}
	}
}

func TestDyndns2Answers(t *testing.T) {
	cases := []struct{ answer, code, seconds string }{
		{"good 192.0.2.10", "", ""},
		{"good", "", ""},
		{"nochg 192.0.2.10\r\n", "", ""},
		{"good 192.0.2.99", provider.CodeRejected, ""},
		{"good 127.0.0.1", provider.CodeRejected, ""},
		{"badauth", provider.CodeToken, ""},
		{"!donator", provider.CodePermission, ""},
		{"notfqdn", provider.CodeZone, ""},
		{"nohost", provider.CodeZone, ""},
		{"!yours", provider.CodeZone, ""},
		{"numhost", provider.CodeRejected, ""},
		{"abuse", provider.CodeBusy, "86400"},
		{"911", provider.CodeBusy, "1800"},
		{"dnserr", provider.CodeBusy, "1800"},
		{"badagent", provider.CodeRejected, ""},
		{"Good grief", "", ""},
		{"what?", provider.CodeUnknown, ""},
		{"", provider.CodeUnknown, ""},
	}
	for _, c := range cases {
		t.Run("the answer “"+strings.TrimSpace(c.answer)+"” is understood", func(t *testing.T) {
			w := dyndns2Rig().start(t)
			w.disturb(1, say(200, "text/plain", c.answer))
			err := w.client(t).Set(ctx(t), w.name, first, time.Hour)
			if c.code == "" {
				must(t, "Set", err)
				return
			}
			if p := w.coded(t, err, c.code); p.Values["seconds"] != c.seconds {
				t.Errorf("told to wait %q seconds, want %q", p.Values["seconds"], c.seconds)
			}
		})
	}
}

func TestDyndns2Addresses(t *testing.T) {
	cases := []struct {
		name, url string
		fine      bool
	}{
		{"a host alone is enough", "dyn.example.net", true},
		{"a whole address is taken", "https://dyn.example.net/nic/update", true},
		{"no password goes in the clear", "http://dyn.example.net/nic/update", false},
		{"loopback may be in the clear, for tests", "http://127.0.0.1:1/nic/update", true},
		{"a password in the address is refused", "https://me:secret@dyn.example.net/", false},
		{"a token in the query is refused", "https://dyn.example.net/update?token=x", false},
		{"what is no address is refused", "https://", false},
		{"a text is refused", "my provider", false},
	}
	w := dyndns2Rig().start(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := provider.Open("dyndns2", w.options(t, map[string]string{"url": c.url, "user": "me", "password": dynPassword}))
			if c.fine {
				must(t, "Open", err)
				return
			}
			w.coded(t, err, provider.CodeRejected)
		})
	}
	t.Run("what it can't do it says", func(t *testing.T) {
		c := w.client(t)
		w.coded(t, c.Clear(ctx(t), w.name, 4), provider.CodeUnable)
		_, err := c.AppendRecords(ctx(t), "example.org.", w.challengeFor("x"))
		w.coded(t, err, provider.CodeUnable)
		must(t, "Prove", c.Prove(ctx(t), w.name))
	})
}
