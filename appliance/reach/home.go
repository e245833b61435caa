package reach

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"latchkey/appliance/certs"
	"latchkey/dyndns"
	"latchkey/dyndns/authority"
)

// homeView is how the names look from inside the house: what its resolver
// says, and who answers there. It proves nothing about the outside.
type homeView struct {
	At   time.Time
	Name nameView
	Lan  nameView
}

// nameView is one name as seen from inside.
type nameView struct {
	Answer authority.Answer // of the resolver, IPv4
	Err    error            // why the resolver could not be asked
	Meets  meeting
	At     netip.Addr // where it was looked for; the zero Addr: nowhere
}

// meeting is who answers under a name at the house's port.
type meeting struct {
	State meetingState
	Whose string // with another: whose certificate it is
}

type meetingState int

const (
	unmet   meetingState = iota // nobody was looked for
	nobody                      // no answer: closed, or the router does not loop back
	us                          // our own public certificate
	another                     // somebody else's certificate
)

// How often the inside is looked at: after changes soon, else rarely.
const (
	homeEvery    = 5 * time.Minute
	homeSoonest  = 3 * time.Second
	homePatience = 8 * time.Second
	dialPatience = 3 * time.Second
)

// watchHome looks at the names from inside now and then.
func (r *Reach) watchHome(ctx context.Context) {
	tick := time.NewTicker(homeSoonest)
	defer tick.Stop()
	var scene string
	var began time.Time
	for {
		a := r.now()
		if a.set && a.plan.Door != DoorProxy {
			f := r.gather(a)
			if now := f.scene(); now != scene {
				scene, began = now, f.now
				f.home.At = time.Time{}
			}
			if f.home.due(f.now, f.now.Sub(began), a.plan.Lan != "") {
				r.lookHome(ctx, a)
			}
		}
		r.check(ctx, a)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// scene is what a look from inside depends on, as one text.
func (f facts) scene() string {
	s := fmt.Sprint(f.plan.Name, f.port, f.v4(), f.ours())
	for _, x := range f.keeper.Records {
		s += fmt.Sprint(x.Name, x.True, x.Have)
	}
	return s
}

// due reports whether it is time to look again, when the last change is so long
// past. Names that were just made are looked for often, since resolvers remember
// for a while that they were not there; those that stay hidden, ever less.
func (h homeView) due(now time.Time, past time.Duration, lan bool) bool {
	unsure := len(h.Name.Answer.Addrs) == 0 || lan && h.Lan.Err == nil && len(h.Lan.Answer.Addrs) == 0
	wait := homeEvery
	if unsure {
		wait = min(max(past, homeSoonest), homeEvery)
	}
	return h.At.IsZero() || now.Sub(h.At) >= wait
}

// lookHome looks now.
func (r *Reach) lookHome(ctx context.Context, a aim) homeView {
	r.looking.Lock() // so that no older look overwrites a newer one
	defer r.looking.Unlock()
	ctx, cancel := context.WithTimeout(ctx, homePatience)
	defer cancel()
	f := r.gather(a)
	h := homeView{At: f.now}
	// A name is not asked for before it is there: resolvers remember its absence.
	if x, ok := f.record(a.plan.Name, 4); ok && x.True && len(x.Have) > 0 {
		h.Name = r.view(ctx, f, x, f.port)
	}
	if x, ok := f.record(a.plan.Lan, 4); a.plan.Lan != "" && ok && x.True && len(x.Have) > 0 && len(f.ports) > 0 {
		h.Lan = r.view(ctx, f, x, f.ports[0])
	}
	r.mu.Lock()
	same := r.aim.set && sameChoice(r.aim.choice, a.choice)
	if same {
		r.home = h
	}
	r.mu.Unlock()
	if same {
		r.meet443(r.gather(a), h) // what was true when the look began may not be any more
	}
	return h
}

// view asks the resolver for the name of a record that is true, and looks who
// answers there. A resolver may still remember an address that we had before:
// that is somebody else's house now, where nobody is to be looked for.
func (r *Reach) view(ctx context.Context, f facts, x dyndns.Record, port uint16) nameView {
	var v nameView
	v.Answer, v.Err = r.cfg.Authority.Resolve(ctx, x.Name, 4)
	if v.Err != nil || len(v.Answer.Addrs) == 0 || port == 0 || !f.mayMeet() {
		return v
	}
	at := v.Answer.Addrs[0]
	if at != f.local && !slices.Contains(x.Have, at) {
		return v
	}
	v.At, v.Meets = at, meet(ctx, netip.AddrPortFrom(at, port), x.Name, f.ours())
	return v
}

// mayMeet reports whether there is a certificate of ours by which we would
// know ourselves.
func (f facts) mayMeet() bool { return len(f.ours()) > 0 }

// ours are the fingerprints of our public certificates.
func (f facts) ours() []string {
	var all []string
	for _, n := range f.certs.Names {
		if n.Have && n.Fingerprint != "" {
			all = append(all, n.Fingerprint)
		}
	}
	return all
}

// meet shakes hands with whoever answers at an address under a name. The
// certificate is only looked at: nothing is sent to whom it belongs.
func meet(ctx context.Context, at netip.AddrPort, name string, ours []string) meeting {
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	var leaf *x509.Certificate
	stop := errors.New("seen enough")
	d := tls.Dialer{NetDialer: &net.Dialer{}, Config: &tls.Config{
		ServerName:         name,
		InsecureSkipVerify: true, //nolint:gosec // whoever answers is to be named, not trusted
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) > 0 {
				leaf = s.PeerCertificates[0]
			}
			return stop
		},
	}}
	c, err := d.DialContext(ctx, "tcp", at.String())
	if err == nil {
		c.Close()
	}
	switch {
	case leaf == nil:
		return meeting{State: nobody}
	case slices.Contains(ours, certs.Fingerprint(leaf)):
		return meeting{State: us}
	}
	return meeting{State: another, Whose: whose(leaf)}
}

// whose names a certificate for a person.
func whose(leaf *x509.Certificate) string {
	for _, s := range []string{leaf.Subject.CommonName, first(leaf.DNSNames), first(leaf.Subject.Organization), leaf.Issuer.CommonName} {
		if s != "" {
			return strconv.Quote(s)
		}
	}
	return "nobody by name"
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// meet443 gives 443 up where something else answers there under our name: most
// often the router's own page. It is given up for good, so only for what was met
// at the very address that the router mapped.
func (r *Reach) meet443(f facts, h homeView) {
	m := h.Name.Meets
	if f.plan.Door != DoorAuto || f.port != 443 || m.State != another || f.mapper.V4 == nil || h.Name.At != f.v4() {
		return
	}
	if mapped := f.mapper.V4.External.Addr(); mapped.IsValid() && mapped != h.Name.At {
		return
	}
	r.cfg.Log.Info("something else answers at the router's port 443", "certificate", m.Whose)
	r.change(func(mem *memory) bool {
		mem.Foreign = m.Whose
		return true
	})
	r.cfg.Mapper.Avoid(443)
	r.Wake()
}
