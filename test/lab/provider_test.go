package lab_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/client"
	"latchkey/test/lab"
)

// TestTokensAreExplained tries tokens that can't work, at the stand-in that refuses as Cloudflare does. None may
// lead to a record or cost an order of the certificate authority.
func TestTokensAreExplained(t *testing.T) {
	t.Parallel()
	l := lab.Up(t)
	h := l.House(lab.Options{})
	w := h.Wizard(t)
	for _, test := range []struct {
		name, token string
		refused     string // the problem's code, where the house can tell at once
		says        string // in the text or the hint of the step that fails
	}{
		{"a global key", strings.Repeat("c0ffee", 6) + "1", "provider.globalkey", ""},
		{"a token that Cloudflare never gave out", strings.Repeat("x", 40), "", "Invalid access token"},
		{"a token that may only read", l.Plan["CLOUDFLARE_READER"], "", "cloud.test"},
		{"a token of another domain", l.Plan["CLOUDFLARE_OTHER"], "", "cloud.test"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := w.Start(l.Cloud(test.token))
			if test.refused != "" {
				var refused *client.Refusal
				if !errors.As(err, &refused) || refused.Code != test.refused || refused.Hint == "" {
					t.Errorf("got %+v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			lab.Within(t, patience, "a step that says why", func() error {
				o, err := w.Overview()
				if err != nil {
					return err
				}
				at := slices.IndexFunc(o.Steps, func(s lab.Finding) bool { return s.Code == "token" })
				if at < 0 || o.Steps[at].State != "failed" || !strings.Contains(o.Steps[at].Text+o.Steps[at].Hint, test.says) {
					return errors.New(o.String())
				}
				return nil
			})
		})
	}
	if got, err := l.Known("vault.cloud.test", "A"); err != nil || len(got) != 0 {
		t.Errorf("there is a record: %v (%v)", got, err)
	}
	t.Run("the right one, with blanks around it, is all that was missing", func(t *testing.T) {
		w.Apply(l.Cloud("  " + l.Plan["CLOUDFLARE_TOKEN"] + "\n"))
	})
	if said := h.Said(); strings.Contains(said, l.Plan["CLOUDFLARE_TOKEN"]) || strings.Contains(said, l.Plan["CLOUDFLARE_READER"]) {
		t.Error("a token stands in the log")
	}
}

// TestTheProviderMisbehaves sets a house up at Cloudflare's stand-in and then lets that change its mind.
func TestTheProviderMisbehaves(t *testing.T) {
	t.Parallel()
	l := lab.Up(t)
	h := l.House(lab.Options{})
	t.Cleanup(func() { // what the house itself thought of it
		if s, err := h.Status(); t.Failed() {
			t.Logf("status %+v (%v)", s, err)
		}
	})
	plan := h.Settle(t, l.Cloud(l.Plan["CLOUDFLARE_TOKEN"])).Plan
	lab.Within(t, patience, "the name and the port at first", func() error { return right(l, plan.Name, plan.Lan) })
	me := h.Owner()
	prove := func(body map[string]any) map[string]any {
		body["masterPasswordHash"] = me.Master.ServerHash(me.Password)
		return body
	}

	t.Run("nothing is written while nothing changes", func(t *testing.T) {
		before := writes(l)
		if _, err := h.Doctor(); err != nil {
			t.Fatal(err)
		}
		// Doctor proves the token, which writes a record of its own and takes it away again.
		if after := writes(l); after-before > 2 {
			t.Errorf("%d writes", after-before)
		}
	})
	t.Run("a proxied record is named, and no longer once the cloud is grey", func(t *testing.T) {
		l.Proxy(plan.Name, true)
		doctor(t, h, patience, "reach.proxied", "bad")
		l.Proxy(plan.Name, false)
		doctor(t, h, patience, "reach.proxied", "ok")
	})
	t.Run("a token that was withdrawn is named, and what could not be written is written once it is back", func(t *testing.T) {
		l.Break("cloudflare", &lab.Fault{Status: 403, Body: `{"success":false,"errors":[{"code":9109,"message":"Invalid access token"}],"messages":[],"result":null}`})
		l.Do("renumber")
		lab.Within(t, patience, "a line that says it", func() error {
			s, err := h.Status()
			if err == nil && s.Line("name").State != "bad" {
				err = fmt.Errorf("the name is %+v", s.Line("name"))
			}
			return err
		})
		l.Break("cloudflare", nil)
		me.Must(http.MethodPost, "/latchkey/reach/retry", nil, nil)
		lab.Within(t, patience, "the name and the port", func() error { return right(l, plan.Name, plan.Lan) })
	})
	t.Run("pages and cut connections in place of answers are survived", func(t *testing.T) {
		for _, fault := range []lab.Fault{
			{Status: 502, Body: "<html>bad gateway</html>", Times: 2},
			{Status: 429, RetryAfter: 2, Body: "slow down", Times: 1},
			{Status: 0, Times: 2},
		} {
			l.Break("cloudflare", &fault)
			l.Do("renumber", "--hot")
			lab.Within(t, 2*patience, fmt.Sprintf("the name after %+v", fault), func() error { return right(l, plan.Name, plan.Lan) })
		}
	})
	t.Run("the owner changes the token", func(t *testing.T) {
		choice := func(token string) map[string]any {
			return prove(map[string]any{
				"name": plan.Name, "provider": "cloudflare", "door": "auto", "credentials": map[string]string{"token": token},
			})
		}
		me.Must(http.MethodPost, "/latchkey/reach", choice(l.Plan["CLOUDFLARE_OTHER"]), nil)
		doctor(t, h, patience, "reach.token", "bad")
		me.Must(http.MethodPost, "/latchkey/reach", choice(l.Plan["CLOUDFLARE_TOKEN"]), nil)
		doctor(t, h, patience, "reach.token", "ok")
		if _, err := l.Get4(lab.Roam, plan.URL, l.Root()); err != nil {
			t.Error(err)
		}
	})
}

// TestAFreeName takes a name of DuckDNS, which holds no name below it and one proof at a time.
func TestAFreeName(t *testing.T) {
	t.Parallel()
	l := lab.Up(t)
	h := l.House(lab.Options{})
	o := h.Settle(t, lab.Choice{
		Name: "house.duckdns.org", Provider: "duckdns", Door: "auto", Credentials: map[string]string{"token": l.Plan["DUCKDNS_TOKEN"]},
	})
	if o.Plan.Lan != "" {
		t.Errorf("it wants %s, which DuckDNS takes for the name itself", o.Plan.Lan)
	}
	open := func() error {
		_, err := l.Get4(lab.Roam, "https://house.duckdns.org/", l.Root())
		return err
	}
	lab.Within(t, patience, "the page", open)
	l.Do("renumber")
	lab.Within(t, patience, "the new address", func() error {
		got, err := l.Known("house.duckdns.org", "A")
		if err == nil && !slices.Equal(got, []string{l.WAN()}) {
			err = fmt.Errorf("it is %v", got)
		}
		return err
	})
	if said := h.Said(); strings.Contains(said, l.Plan["DUCKDNS_TOKEN"]) {
		t.Error("the token stands in the log")
	}
}

// doctor waits until doctor says so of a code.
func doctor(t *testing.T, h *lab.House, limit time.Duration, code, state string) {
	t.Helper()
	lab.Within(t, limit, code+" "+state, func() error {
		found, err := h.Doctor()
		if err == nil && found[code].State != state {
			err = fmt.Errorf("it is %+v", found[code])
		}
		return err
	})
}

func writes(l *lab.Lab) (n int) {
	for _, c := range l.Calls("cloudflare") {
		if c.Method != http.MethodGet {
			n++
		}
	}
	return n
}
