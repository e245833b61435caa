package lab_test

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"latchkey/test/lab"
)

// An outcome is what has to be so in a network. Lines and findings are code and state.
type outcome struct {
	a, aaaa  bool // the name leads to the house by this kind of record; else there must be none
	port     string
	lines    map[string]string
	findings map[string]string
	mended   func(t *testing.T, l *lab.Lab, h *lab.House, w *lab.Wizard) // what happens next
}

// TestEachNetworkIsToldAsItIs goes through the first run in networks that hinder it, each in a lab of its own: the
// house has to find the right reason, claim no success, and publish no wrong record.
func TestEachNetworkIsToldAsItIs(t *testing.T) {
	for _, test := range []struct {
		name    string
		network [][]string
		want    outcome
	}{
		{
			"a router that loops back",
			[][]string{{"hairpin", "on", "443", "443"}},
			outcome{
				a: true, aaaa: true,
				lines:    map[string]string{"address": "ok", "name": "ok", "certificate": "ok", "clock": "ok"},
				findings: map[string]string{"reach.hairpin": "ok", "reach.nat": "ok", "reach.ipv6": "ok", "reach.record": "ok", "reach.token": "ok"},
			},
		},
		{
			"a router that does not loop back", nil,
			outcome{
				a: true, aaaa: true,
				lines:    map[string]string{"address": "ok", "name": "ok", "door": "warn"},
				findings: map[string]string{"reach.hairpin": "warn", "reach.door": "warn", "reach.port": "ok"},
			},
		},
		{
			"a router whose port mapping is off",
			[][]string{{"igd", "off"}},
			outcome{
				a:        true,
				lines:    map[string]string{"address": "ok", "name": "ok", "door": "bad"},
				findings: map[string]string{"reach.door": "bad", "reach.ipv6": "warn"},
				mended:   forwardByHand,
			},
		},
		{
			"a router without an address of its own",
			[][]string{{"igd", "stock"}},
			outcome{
				aaaa:     true,
				lines:    map[string]string{"name": "bad"},
				findings: map[string]string{"reach.nat": "bad", "reach.record": "bad"},
			},
		},
		{
			"a router that maps in vain, behind a carrier's NAT",
			[][]string{{"igd", "naive"}, {"cgnat", "on"}},
			outcome{
				lines:    map[string]string{"address": "bad", "name": "bad"},
				findings: map[string]string{"reach.nat": "bad", "reach.record": "bad"},
				mended: func(t *testing.T, l *lab.Lab, h *lab.House, _ *lab.Wizard) {
					l.Do("cgnat", "off")
					lab.Within(t, patience, "the page, once the carrier gave an address", func() error {
						_, err := l.Get4(lab.Roam, "https://vault.home.test/", l.Root())
						return err
					})
				},
			},
		},
		{
			"a carrier's NAT with IPv6 past it",
			[][]string{{"igd", "naive"}, {"cgnat", "on", "--v6"}},
			outcome{
				aaaa:     true,
				lines:    map[string]string{"address": "warn"},
				findings: map[string]string{"reach.nat": "bad", "reach.ipv6": "ok"},
				mended: func(t *testing.T, l *lab.Lab, _ *lab.House, _ *lab.Wizard) {
					lab.Within(t, patience, "the page over IPv6", func() error {
						_, err := l.Get6(lab.Roam, "https://vault.home.test/", l.Root())
						return err
					})
				},
			},
		},
		{
			"a second router before the first",
			[][]string{{"igd", "naive"}, {"double", "on"}},
			outcome{
				lines:    map[string]string{"address": "bad", "name": "bad"},
				findings: map[string]string{"reach.nat": "bad", "reach.record": "bad"},
				mended:   forwardByHand,
			},
		},
		{
			"a router that opens no port under 1024",
			[][]string{{"igd", "high"}},
			outcome{
				a: true, aaaa: true, port: "8443",
				lines: map[string]string{"address": "ok", "name": "ok"}, findings: map[string]string{"reach.record": "ok"},
			},
		},
		{
			"a router that speaks the first version of UPnP only",
			[][]string{{"igd", "v1"}},
			outcome{
				a: true, aaaa: true,
				lines: map[string]string{"address": "ok", "name": "ok"}, findings: map[string]string{"reach.record": "ok"},
			},
		},
		{
			"a router whose own page has port 443",
			[][]string{{"admin", "on"}},
			outcome{
				a: true, aaaa: true, port: "8443",
				lines: map[string]string{"address": "ok", "name": "ok"}, findings: map[string]string{"reach.record": "ok"},
			},
		},
		{
			"a router that maps port 443 and answers there itself",
			[][]string{{"admin", "on", "--greedy"}},
			outcome{
				a: true, aaaa: true, port: "8443",
				lines: map[string]string{"address": "ok", "name": "ok"}, findings: map[string]string{"reach.port": "warn"},
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := lab.Up(t)
			for _, words := range test.network {
				l.Do(words...)
			}
			h := l.House(lab.Options{})
			w := h.Wizard(t)
			w.Apply(l.Home())
			w.Own()
			if err := w.Do(t.Context(), "POST", "/latchkey/reach/door", map[string]any{}, nil); err != nil {
				t.Fatal(err)
			}
			lab.Within(t, 45*time.Second, "the right lines and records", func() error { return test.want.met(l, w) })
			found, err := h.Doctor()
			if err != nil {
				t.Fatal(err)
			}
			for code, state := range test.want.findings {
				if found[code].State != state {
					t.Errorf("doctor: %s is %+v, want %s", code, found[code], state)
				}
			}
			if err := test.want.met(l, w); err != nil {
				t.Errorf("after doctor: %v", err)
			}
			if test.want.mended != nil {
				test.want.mended(t, l, h, w)
				return
			}
			opens(t, l, w, test.want)
		})
	}
}

// met tells what is not as wanted.
func (want outcome) met(l *lab.Lab, w *lab.Wizard) error {
	o, err := w.Overview()
	if err != nil {
		return err
	}
	var wrong []error
	for _, line := range o.Lines {
		if state, named := want.lines[line.Code]; named && line.State != state {
			wrong = append(wrong, fmt.Errorf("%s is %s and not %s: %s", line.Code, line.State, state, line.Text))
		}
	}
	for kind, here := range map[string]struct {
		wanted bool
		at     string
	}{"A": {want.a, l.WAN()}, "AAAA": {want.aaaa, l.Global()}} {
		got, err := l.Known(o.Plan.Name, kind)
		should := []string{}
		if here.wanted {
			should = []string{here.at}
		}
		if err == nil && !slices.Equal(got, should) {
			err = fmt.Errorf("%s is %v instead of %v", kind, got, should)
		}
		wrong = append(wrong, err)
	}
	if told, err := url.Parse(o.Plan.URL); err != nil || told.Port() != want.port {
		wrong = append(wrong, fmt.Errorf("the house says that it is %s (%w)", o.Plan.URL, err))
	}
	if o.Proof.State == "proven" {
		wrong = append(wrong, fmt.Errorf("the door counts as proven by %s, and nobody came", o.Proof.From))
	}
	return errors.Join(wrong...)
}

// opens looks that the page opens far away by each family that has a record, and then counts as proven.
func opens(t *testing.T, l *lab.Lab, w *lab.Wizard, want outcome) {
	t.Helper()
	o, err := w.Overview()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		family string
		there  bool
		get    func(string, string, ...string) (string, error)
	}{{"IPv4", want.a, l.Get4}, {"IPv6", want.aaaa, l.Get6}} {
		if !x.there {
			continue
		}
		lab.Within(t, patience, "the page over "+x.family, func() error {
			_, err := x.get(lab.Roam, o.Plan.URL, l.Root())
			return err
		})
	}
	proven(t, w)
}

func proven(t *testing.T, w *lab.Wizard) {
	t.Helper()
	lab.Within(t, patience, "a proven door", func() error {
		o, err := w.Overview()
		if err == nil && o.Proof.State != "proven" {
			err = errors.New(o.String())
		}
		return err
	})
}

// forwardByHand does what the page says: it enters a forwarding in the router, and tells the house that it did.
func forwardByHand(t *testing.T, l *lab.Lab, _ *lab.House, w *lab.Wizard) {
	t.Helper()
	if err := w.Do(t.Context(), "POST", "/latchkey/reach/door", map[string]any{"door": "manual"}, nil); err != nil {
		t.Fatal(err)
	}
	o, err := w.Overview()
	if err != nil {
		t.Fatal(err)
	}
	if o.Manual.Address != l.Private() || o.Manual.External == 0 {
		t.Fatalf("the page says to forward %+v", o.Manual)
	}
	l.Do("forward", fmt.Sprint(o.Manual.External), fmt.Sprint(o.Manual.Internal))
	lab.Within(t, patience, "the page, by a forwarding by hand", func() error {
		_, err := l.Get4(lab.Roam, o.Plan.URL, l.Root())
		return err
	})
	proven(t, w)
}
