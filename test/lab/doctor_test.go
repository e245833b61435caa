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

// TestDoctorFinds brings troubles on one after the other in a house that is reached from everywhere, and wants each
// to be named while it lasts, and no longer.
func TestDoctorFinds(t *testing.T) {
	t.Parallel()
	l := lab.Up(t)
	h := l.House(lab.Options{})
	plan := h.Settle(t, l.Home()).Plan
	lab.Within(t, patience, "the name and the port at first", func() error { return right(l, plan.Name, plan.Lan) })
	me := h.Owner()
	change := func(key string, value any) {
		me.Must(http.MethodPut, "/latchkey/settings", map[string]any{key: value, "masterPasswordHash": me.Master.ServerHash(me.Password)}, nil)
	}
	open := func() error {
		_, err := l.Get4(lab.Roam, plan.URL, l.Root())
		return err
	}

	t.Run("a resolver at home that remembers the old address", func(t *testing.T) {
		if got, _, err := l.Remembered(plan.Name, "A"); err != nil || len(got) != 1 {
			t.Fatalf("the resolver says %v (%v)", got, err)
		}
		l.Do("renumber", "--hot")
		lab.Within(t, patience, "the name and the port", func() error { return right(l, plan.Name, plan.Lan) })
		doctor(t, h, 20*time.Second, "reach.cache", "warn")
	})
	t.Run("a record that somebody else changed, and corrects it", func(t *testing.T) {
		l.Update("update delete "+plan.Name+" A", "update add "+plan.Name+" 60 A 203.0.113.99")
		doctor(t, h, 20*time.Second, "reach.record", "bad")
		lab.Within(t, 3*time.Minute, "the right record", func() error { return right(l, plan.Name, plan.Lan) })
		doctor(t, h, 20*time.Second, "reach.record", "ok")
	})
	t.Run("an echo that names another address, and publishes nothing of it", func(t *testing.T) {
		l.Lie("dns", "203.0.113.88")
		doctor(t, h, 20*time.Second, "reach.sources", "warn")
		l.Lie("dns", "")
		l.Lie("https", "203.0.113.88") // what contradicts the router holds the address back
		doctor(t, h, 20*time.Second, "reach.nat", "warn")
		if got, err := l.Known(plan.Name, "A"); err != nil || !slices.Equal(got, []string{l.WAN()}) {
			t.Errorf("the name leads to %v (%v)", got, err)
		}
		l.Lie("https", "")
		doctor(t, h, 20*time.Second, "reach.nat", "ok")
	})
	t.Run("a port that is closed further out, by a checker on the internet", func(t *testing.T) {
		l.Do("filter", "v4")
		l.Do("filter", "v6")
		change("reach.checker", "https://check.lab.test/door")
		doctor(t, h, patience, "reach.door", "bad")
		l.Do("filter", "off")
		lab.Within(t, 2*time.Minute, "the page, from somebody who asks", open)
		doctor(t, h, patience, "reach.door", "ok")
	})
	t.Run("an authoritative server that is away changes nothing", func(t *testing.T) {
		l.Do("names", "off")
		if _, err := h.Doctor(); err != nil {
			t.Error(err)
		}
		l.Do("names", "on")
		lab.Within(t, patience, "the name and the port", func() error { return right(l, plan.Name, plan.Lan) })
		doctor(t, h, patience, "reach.record", "ok")
	})
}

// TestSomebodyElseForwards puts a reverse proxy on another computer at home before the house. Only once it is named
// may it say who asks.
func TestSomebodyElseForwards(t *testing.T) {
	t.Parallel()
	l := lab.Up(t)
	h := l.House(lab.Options{})
	w := h.Wizard(t)
	if err := w.Start(lab.Choice{Name: "front.home.test", Door: "proxy"}); err != nil {
		t.Fatal(err)
	}
	w.Own()
	l.Spawn(lab.Desk, l.Tool(), "proxy", "--listen", ":443", "--to", "https://"+l.Private()+":8443", "--pki", l.Dir+"/pki")
	l.Do("forward", "443", "443", l.Plan["DESK"])
	l.Update("update add front.home.test 60 A " + l.WAN())
	me := h.Owner()
	seen := func() (string, error) {
		if _, err := l.Client(lab.Roam, l.CA()).Post("https://front.home.test/identity/connect/token", "application/x-www-form-urlencoded",
			me.PasswordGrant(me.Master.ServerHash(me.Password))); err != nil {
			return "", err
		}
		var activity struct {
			Events []struct{ Kind, Address, Outcome string }
		}
		me.Must(http.MethodGet, "/latchkey/activity", nil, &activity)
		if len(activity.Events) == 0 {
			return "", fmt.Errorf("no event")
		}
		return activity.Events[0].Address, nil
	}
	lab.Within(t, patience, "the page, through the proxy", func() error {
		_, err := l.Get4(lab.Roam, "https://front.home.test/", l.CA())
		return err
	})
	if got, err := seen(); err != nil || got != l.Plan["DESK"] {
		t.Errorf("before the proxy is named, the caller is %q (%v), want the proxy", got, err)
	}
	condition(t, h, "guard.alone", true)
	me.Must(http.MethodPut, "/latchkey/settings", map[string]any{
		"reach.proxies": []string{l.Plan["DESK"]}, "masterPasswordHash": me.Master.ServerHash(me.Password),
	}, nil)
	if got, err := seen(); err != nil || got != l.Plan["ROAM"] {
		t.Errorf("after it, the caller is %q (%v), want %s", got, err, l.Plan["ROAM"])
	}
	condition(t, h, "guard.alone", false)
	stranger := l.Visitor(lab.Roam, netip.Addr{}, "https://front.home.test", me, "stranger", l.CA())
	if got := guessOn(t, h, stranger); !slices.Equal(got, []string{l.Plan["ROAM"] + "/32"}) {
		t.Errorf("who guesses through it shuts %v out, want themselves", got)
	}
	if o, err := w.Overview(); err != nil || len(o.Lines) == 0 {
		t.Errorf("the page shows %v (%v)", o, err)
	}
}
