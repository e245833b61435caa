package lab_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"testing"
	"time"

	"latchkey/test/lab"
)

// condition waits until a standing condition is there, or is no more.
func condition(t *testing.T, h *lab.House, code string, stands bool) {
	t.Helper()
	lab.Within(t, 15*time.Second, fmt.Sprintf("%s: %v", code, stands), func() error {
		status, err := h.Status()
		if err == nil && stands != slices.ContainsFunc(status.Conditions, func(c lab.Finding) bool { return c.Code == code }) {
			err = fmt.Errorf("the conditions are %+v", status.Conditions)
		}
		return err
	})
}

// guessOn guesses until somebody is banned, or for two hundred times, and gives who is.
func guessOn(t *testing.T, h *lab.House, v *lab.Visitor) (banned []string) {
	t.Helper()
	for range 10 {
		for n := range 20 {
			v.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", 100+n))
			if _, err := v.Guess("bm90IGl0"); err != nil {
				t.Fatal(err)
			}
		}
		bans, err := h.Bans()
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range bans.Bans {
			banned = append(banned, b.Prefix)
		}
		if len(banned) > 0 {
			break
		}
	}
	return banned
}

// TestWhoCalls looks at whom a guess is held against: whoever made it, whatever they say of themselves, and never the
// router that hides who made it.
func TestWhoCalls(t *testing.T) {
	t.Parallel()
	l := lab.Up(t)
	h := l.House(lab.Options{})
	plan := h.Settle(t, l.Home()).Plan
	lab.Within(t, patience, "the name and the port at first", func() error { return right(l, plan.Name, plan.Lan) })
	me := h.Owner()
	far := func(device string) *lab.Visitor {
		return l.Visitor(lab.Roam, netip.MustParseAddr(l.Plan["ROAM"]), plan.URL, me, device, l.Root())
	}

	t.Run("who names somebody else as the caller is shut out themselves", func(t *testing.T) {
		if got := guessOn(t, h, far("stranger")); !slices.Equal(got, []string{l.Plan["ROAM"] + "/32"}) {
			t.Errorf("banned: %v", got)
		}
	})
	h.Run("admin", "unlock", "--all", "--data", h.Dir)
	condition(t, h, "guard.alone", false)

	t.Run("a router that shows itself in place of its callers is named, and never shut out", func(t *testing.T) {
		if out, err := l.Exec(lab.Router, "nft", "add", "rule", "inet", "filter", "postrouting", "oifname", "lan", "masquerade"); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		// Whoever signed in before comes by that way, too.
		for kind, device := range map[int]string{25: me.Device, 0: "phone", 1: "tablet"} {
			v := far(device)
			v.Kind = kind
			lab.Within(t, 10*time.Minute, device, func() error { return let(h, l, v) })
		}
		condition(t, h, "guard.alone", true)
		if got := guessOn(t, h, far("stranger")); len(got) > 0 {
			t.Errorf("banned: %v", got)
		}
		heard, err := far("stranger").SignIn()
		if err != nil || heard.Status != http.StatusTooManyRequests {
			t.Errorf("the account is not throttled: %v (%v)", heard, err)
		}
		if heard, err := far("phone").SignIn(); err != nil || heard.Status != http.StatusOK {
			t.Errorf("a known device: %v (%v)", heard, err)
		}
	})
}

// let signs a new device in, after its address was let in by hand.
func let(h *lab.House, l *lab.Lab, v *lab.Visitor) error {
	h.Run("admin", "unlock", "--address", l.Plan["LAN_GW"], "--data", h.Dir)
	heard, err := v.SignIn()
	if err == nil && heard.Status != http.StatusOK {
		err = fmt.Errorf("got %v", heard)
	}
	return err
}
