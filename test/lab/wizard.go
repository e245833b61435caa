package lab

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/client"
	"latchkey/test/house"
)

// How long the slow steps may take. They are no measure of anything: what is measured is printed.
const (
	namePatience = 90 * time.Second // a record, and two certificates with a proof each
	doorPatience = 30 * time.Second
)

// A Wizard is the first run without a browser: the page's own routes, called on the computer at home, as the page
// that is served there without TLS does.
type Wizard struct {
	*client.Client

	t testing.TB
	h *House
}

// Wizard opens a set-up link.
func (h *House) Wizard(t testing.TB) *Wizard {
	t.Helper()
	out := h.Run("setup", "--link", "--data", h.Dir)
	_, after, found := strings.Cut(out, "#/setup?token=")
	if !found {
		t.Fatalf("no link in:\n%s", out)
	}
	token := strings.Fields(after)[0]
	w := &Wizard{t: t, h: h, Client: client.New(h.Local, &http.Client{
		Transport: &http.Transport{DialContext: h.lab.Dial(Home), DisableKeepAlives: true}, Timeout: time.Minute,
	})}
	w.must(http.MethodPost, "/latchkey/setup/claim", map[string]string{"token": token}, nil)
	return w
}

func (w *Wizard) must(method, path string, in, out any) {
	w.t.Helper()
	if err := w.Do(context.Background(), method, path, in, out); err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
}

// Overview is how the public path is, as the page shows it.
func (w *Wizard) Overview() (Overview, error) {
	var o Overview
	return o, w.Do(context.Background(), http.MethodGet, "/latchkey/reach", nil, &o)
}

// Start chooses the public way and begins to apply a choice. The problem that comes back is the house's.
func (w *Wizard) Start(c Choice) error {
	w.t.Helper()
	w.must(http.MethodPost, "/latchkey/setup/reach", map[string]string{"mode": "public"}, nil)
	return w.Do(context.Background(), http.MethodPost, "/latchkey/reach", c, nil)
}

// Apply is Start and the wait until the name has its record and its certificate.
func (w *Wizard) Apply(c Choice) Overview {
	w.t.Helper()
	if err := w.Start(c); err != nil {
		w.t.Fatalf("applying: %v", err)
	}
	return w.Ready()
}

// Ready waits until the name has its record and its certificate.
func (w *Wizard) Ready() Overview {
	w.t.Helper()
	var last Overview
	Within(w.t, namePatience, "the name and its certificate", func() error {
		o, err := w.Overview()
		if last = o; err == nil && !o.Ready {
			err = errors.New(o.String())
		}
		return err
	})
	return last
}

// Own makes the owner.
func (w *Wizard) Own() {
	w.t.Helper()
	if _, err := w.Register(context.Background(), house.OwnerEmail, house.OwnerName, house.OwnerPassword, ""); err != nil {
		w.t.Fatalf("making the owner: %v", err)
	}
}

// Open opens the door and waits until the router has agreed; a door that a person or a proxy opens is only noted.
func (w *Wizard) Open() Overview {
	w.t.Helper()
	w.must(http.MethodPost, "/latchkey/reach/door", map[string]any{}, nil)
	var last Overview
	Within(w.t, doorPatience, "the door", func() error {
		o, err := w.Overview()
		if last = o; err == nil && o.Proof.State != "claimed" && o.Proof.State != "proven" {
			err = errors.New(o.String())
		}
		return err
	})
	return last
}

// Settle is the whole first run, from the choice to a door that the router opened.
func (h *House) Settle(t testing.TB, c Choice) Overview {
	t.Helper()
	w := h.Wizard(t)
	w.Apply(c)
	w.Own()
	return w.Open()
}
