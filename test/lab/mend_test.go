package lab_test

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"testing"
	"time"

	"latchkey/test/lab"
)

// What the house has to keep: the name and the port are right again within ten seconds after the router is back,
// as the median of five times.
const (
	samples    = 5
	mendWithin = 10 * time.Second
)

// calm is between two changes: a router that restarts, and restarts again before it has counted a few seconds, can't
// be told from one that did so once (RFC 6887, 8.5), and no provider hands out addresses at that pace.
const calm = 6 * time.Second

// patience ends a wait that would never end; what was measured is judged apart.
const patience = 90 * time.Second

// TestTheHouseMendsItself changes what a provider or a router may change at any time, in a lab for each kind, and
// measures how long it takes until the authoritative server and the port are right again. Nobody touches anything.
func TestTheHouseMendsItself(t *testing.T) {
	for _, kind := range []struct {
		name   string
		change func(l *lab.Lab, nth int)
	}{
		{"the address changes under the running router", func(l *lab.Lab, _ int) { l.Do("renumber", "--hot") }},
		{"the router restarts with another address", func(l *lab.Lab, _ int) { l.Do("renumber") }},
		{"the router restarts and is away for five seconds", func(l *lab.Lab, _ int) { l.Do("renumber", "--downtime", "5") }},
		{"the provider delegates another IPv6 prefix", func(l *lab.Lab, n int) { l.Do("net6", fmt.Sprintf("2001:db8:7%x", 10+n)) }},
		{"the router restarts and gives the house another private address", func(l *lab.Lab, n int) {
			l.Do("renumber", "--home", fmt.Sprintf("192.168.77.%d", 110+n))
		}},
	} {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			l := lab.Up(t)
			h := l.House(lab.Options{})
			plan := h.Settle(t, l.Home()).Plan
			lab.Within(t, patience, "the name and the port at first", func() error { return right(l, plan.Name, plan.Lan) })

			var took []time.Duration
			for n := range samples {
				time.Sleep(calm)
				if n == samples-1 {
					// Somebody far away asks just before, so that their resolver remembers the old address.
					if _, _, err := l.Remembered(plan.Name, "A"); err != nil {
						t.Fatal(err)
					}
				}
				kind.change(l, n)
				took = append(took, lab.Within(t, patience, fmt.Sprintf("the name and the port, time %d", n+1), func() error {
					return right(l, plan.Name, plan.Lan)
				}))
			}
			t.Logf("measured: right again after %v; median %v", rounded(took...), rounded(median(took)))
			if m := median(took); m > mendWithin {
				t.Errorf("the median is %v, more than %v", m, mendWithin)
			}

			_, left, err := l.Remembered(plan.Name, "A")
			if err != nil {
				t.Fatal(err)
			}
			for family, get := range map[string]func(string, string, ...string) (string, error){"IPv4": l.Get4, "IPv6": l.Get6} {
				seen := lab.Within(t, time.Duration(plan.TTLSeconds)*time.Second+10*time.Second, "the page from far away over "+family, func() error {
					_, err := get(lab.Roam, plan.URL, l.Root())
					return err
				})
				t.Logf("measured: over %s the page opens far away after %v; the resolver remembered the old for %v", family, rounded(seen), left)
			}
			lab.Within(t, patience, "a proven door", func() error {
				s, err := h.Status()
				if err == nil && s.Line("door").State != "ok" {
					err = fmt.Errorf("the door is %v", s.Line("door"))
				}
				return err
			})
		})
	}
}

// TestTheHouseMoves gives the house another private address while the router goes on forwarding its port to the old
// one, which nobody but the old one may change. The house has to take another port, and to say so.
func TestTheHouseMoves(t *testing.T) {
	t.Parallel()
	l := lab.Up(t)
	h := l.House(lab.Options{})
	plan := h.Settle(t, l.Home()).Plan
	lab.Within(t, patience, "the name and the port at first", func() error { return right(l, plan.Name, plan.Lan) })

	l.Do("move", "192.168.77.110")
	took := lab.Within(t, patience, "another port, told and open", func() error {
		s, err := h.Status()
		if err != nil {
			return err
		}
		told, err := url.Parse(s.Addresses[0])
		if err != nil || told.Hostname() != plan.Name || told.Port() == "" {
			return fmt.Errorf("the address told first is %s", s.Addresses[0])
		}
		private, err := l.Known(plan.Lan, "A")
		if err == nil && !slices.Equal(private, []string{l.Private()}) {
			err = fmt.Errorf("%s is %v", plan.Lan, private)
		}
		return errors.Join(err, l.Answers(lab.Roam, net.JoinHostPort(l.WAN(), told.Port()), plan.Name),
			l.Answers(lab.Roam, net.JoinHostPort(l.Global(), told.Port()), plan.Name))
	})
	t.Logf("measured: another port after %v", rounded(took))
	if took > mendWithin {
		t.Errorf("it took %v, more than %v", took, mendWithin)
	}
}

// right tells what is not right: the name, over both families and at home, and the port, over both families.
func right(l *lab.Lab, name, lan string) error {
	var wrong []error
	for _, x := range []struct{ name, kind, want string }{
		{name, "A", l.WAN()}, {name, "AAAA", l.Global()}, {lan, "A", l.Private()},
	} {
		got, err := l.Known(x.name, x.kind)
		if err == nil && !slices.Equal(got, []string{x.want}) {
			err = fmt.Errorf("%s %s is %v instead of %s", x.name, x.kind, got, x.want)
		}
		wrong = append(wrong, err)
	}
	for _, address := range []string{l.WAN(), l.Global()} {
		wrong = append(wrong, l.Answers(lab.Roam, net.JoinHostPort(address, "443"), name))
	}
	return errors.Join(wrong...)
}

func median(all []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(all))[len(all)/2]
}

func rounded(all ...time.Duration) []time.Duration {
	out := make([]time.Duration, len(all))
	for i, d := range all {
		out[i] = d.Round(100 * time.Millisecond)
	}
	return out
}
