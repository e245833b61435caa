package authority

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"latchkey/dyndns/query"
)

const (
	maxCuts    = 10 // delegations between the top level and a name; three are usual
	maxServers = 8  // of a zone; more are not asked
	maxTries   = 3  // of servers, until one answers
)

// find walks from the top level, which every resolver knows, down the
// delegations to the zone, as a resolver would. A name that is not there is so
// asked for at authoritative servers only.
func (a *Authority) find(ctx context.Context, name string) (Zone, error) {
	start, servers, err := a.start(ctx, name)
	if err != nil {
		return Zone{}, err
	}
	z, err := a.walk(ctx, name, start, servers)
	if err == nil {
		err = a.checkForger(ctx, z)
	}
	if errors.Is(err, ErrIntercepted) || errors.Is(err, ErrUnreachable) {
		return a.findByResolver(ctx, name, err)
	}
	if err != nil {
		return Zone{}, err
	}
	if z.Name == registry(name) || !strings.Contains(z.Name, ".") {
		return Zone{}, fmt.Errorf("%w: nobody has registered %s", ErrNoZone, below(name, z.Name))
	}
	return z, nil
}

// start asks the resolver for the servers of the top level. Some resolvers know
// nothing of names without a dot; those are asked for the registered name, which
// surely exists, if the name does.
func (a *Authority) start(ctx context.Context, name string) (zone string, servers []Server, err error) {
	registered := below(name, registry(name))
	for _, zone := range []string{name[strings.LastIndexByte(name, '.')+1:], registered} {
		reply, err := a.askResolver(ctx, query.Question{Name: zone, Type: dns.TypeNS, Recursive: true})
		if err != nil {
			return "", nil, err
		}
		names := nameServers(reply.Answer, zone)
		if len(names) > maxTries { // some of them are enough, and always others
			shuffle(names)
			names = names[:maxTries]
		}
		if servers := a.addressesOf(ctx, names, zone, reply); len(servers) > 0 {
			return zone, servers, nil
		}
	}
	return "", nil, fmt.Errorf("%w: nobody has registered %s", ErrNoZone, registered)
}

func (a *Authority) walk(ctx context.Context, name, zone string, servers []Server) (Zone, error) {
	asked := name
	for range maxCuts {
		reply, err := a.askOne(ctx, zone, servers, query.Question{Name: asked, Type: dns.TypeSOA})
		if err != nil {
			return Zone{}, err
		}
		if cut := referral(reply, zone, asked); cut != "" {
			zone = cut
			servers = a.addressesOf(ctx, nameServers(reply.Ns, cut), cut, reply)
			continue
		}
		soa := startOf(reply, asked)
		if soa == nil && alias(reply.Answer, asked) != "" {
			// An alias is no apex: its zone is the one above, and the SOA in this
			// answer may be that of the alias's target.
			_, above, more := strings.Cut(asked, ".")
			if !more || !within(zone, above) {
				return Zone{}, fmt.Errorf("%w: %s is an alias and has no zone", ErrNoZone, asked)
			}
			asked = above
			continue
		}
		if soa == nil {
			return Zone{}, fmt.Errorf("%w: the servers of %s tell no SOA", ErrUnreachable, zone)
		}
		return a.describe(ctx, soa, servers)
	}
	return Zone{}, fmt.Errorf("%w: the delegations do not end", ErrUnreachable)
}

// describe asks the zone itself for its servers.
func (a *Authority) describe(ctx context.Context, soa *dns.SOA, servers []Server) (Zone, error) {
	z := Zone{
		Name: canonical(soa.Hdr.Name), Primary: canonical(soa.Ns),
		Negative: time.Duration(min(soa.Minttl, soa.Hdr.Ttl)) * time.Second, // RFC 2308 5
	}
	reply, err := a.askOne(ctx, z.Name, servers, query.Question{Name: z.Name, Type: dns.TypeNS})
	if err != nil {
		return Zone{}, err
	}
	names := nameServers(append(reply.Answer, reply.Ns...), z.Name)
	z.Servers = a.addressesOf(ctx, names, z.Name, reply)
	if len(z.Servers) == 0 {
		return Zone{}, fmt.Errorf("%w: the servers of %s have no address", ErrUnreachable, z.Name)
	}
	return z, nil
}

// askOne asks server after server until one answers usefully: with authority, or
// with a delegation to somewhere below zone.
func (a *Authority) askOne(ctx context.Context, zone string, servers []Server, q query.Question) (*dns.Msg, error) {
	tries, recursing := 0, 0
	var last error
	for _, at := range inTurn(servers) {
		if tries == maxTries || ctx.Err() != nil {
			break
		}
		tries++
		reply, err := a.ask(ctx, at, q)
		switch {
		case err != nil:
			last = err
		case reply.Authoritative && (reply.Rcode == dns.RcodeSuccess || reply.Rcode == dns.RcodeNameError):
			return reply, nil
		case referral(reply, zone, canonical(q.Name)) != "":
			return reply, nil
		case reply.RecursionAvailable:
			recursing++
		default:
			last = fmt.Errorf("%s answers %s without authority", at, dns.RcodeToString[reply.Rcode])
		}
	}
	if recursing > 0 {
		return nil, fmt.Errorf("%w: a resolver answers in the place of the servers", ErrIntercepted)
	}
	return nil, fmt.Errorf("%w: %w", ErrUnreachable, cmp.Or(last, ctx.Err(), errors.New("none is known")))
}

// inTurn are the servers' addresses, the first of each before the second.
func inTurn(servers []Server) []netip.AddrPort {
	var all []netip.AddrPort
	for i := 0; ; i++ {
		before := len(all)
		for _, s := range servers {
			if i < len(s.Addrs) {
				all = append(all, s.Addrs[i])
			}
		}
		if len(all) == before {
			return all
		}
	}
}

func (a *Authority) ask(ctx context.Context, at netip.AddrPort, q query.Question) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, a.cfg.Timeout)
	defer cancel()
	return query.Ask(ctx, a.cfg.Dial, at.String(), q)
}

// checkForger asks for a name that can't exist (RFC 6761 6.4). A server of a
// zone refuses; whoever has an address for it answers anything to anybody.
func (a *Authority) checkForger(ctx context.Context, z Zone) error {
	nonce := strings.ToLower(rand.Text()[:12]) + ".invalid"
	for _, at := range inTurn(z.Servers)[:1] {
		reply, err := a.ask(ctx, at, query.Question{Name: nonce, Type: dns.TypeA, Recursive: true})
		if err == nil && len(reply.Answer) > 0 {
			return fmt.Errorf("%w: there is an answer even for a name that can't exist", ErrIntercepted)
		}
	}
	return nil
}

// addressesOf finds the addresses of name servers: in the answer where the
// server may know (the name lies within its zone), else at the resolver, since
// those names exist. IPv4 stands first: a machine without IPv6 is the commoner.
func (a *Authority) addressesOf(ctx context.Context, names []string, zone string, reply *dns.Msg) []Server {
	names = names[:min(len(names), maxServers)]
	servers := make([]Server, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		servers[i].Name = name
		for _, rr := range reply.Extra {
			if canonical(rr.Header().Name) == name && within(zone, name) {
				if addr := addressIn(rr); addr.IsValid() {
					servers[i].Addrs = append(servers[i].Addrs, netip.AddrPortFrom(addr, 53))
				}
			}
		}
		if len(servers[i].Addrs) > 0 {
			continue
		}
		wg.Go(func() { servers[i].Addrs = a.lookUp(ctx, name) })
	}
	wg.Wait()
	for _, s := range servers {
		slices.SortFunc(s.Addrs, netip.AddrPort.Compare)
	}
	return slices.DeleteFunc(servers, func(s Server) bool { return len(s.Addrs) == 0 })
}

func (a *Authority) lookUp(ctx context.Context, name string) []netip.AddrPort {
	var found []netip.AddrPort
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		reply, err := a.askResolver(ctx, query.Question{Name: name, Type: kind, Recursive: true})
		if err != nil {
			continue
		}
		for _, rr := range reply.Answer {
			if addr := addressIn(rr); addr.IsValid() {
				found = append(found, netip.AddrPortFrom(addr, 53))
			}
		}
	}
	return found
}

// findByResolver is what is left where the servers can't be asked: the zone's
// name as the resolver knows it. Only the registered name surely exists and is
// asked for as usual. Of further labels the resolver tells only what it
// remembers (RD=0), so that it does not come to remember their absence; a zone
// of its own among them may stay unknown for that.
func (a *Authority) findByResolver(ctx context.Context, name string, trouble error) (Zone, error) {
	z := Zone{Trouble: trouble}
	registered := below(name, registry(name))
	for zone := registered; ; zone = below(name, zone) {
		reply, err := a.askResolver(ctx, query.Question{Name: zone, Type: dns.TypeSOA, Recursive: zone == registered})
		if err != nil && zone == registered {
			return Zone{}, err
		}
		var soa *dns.SOA
		if err == nil {
			soa = startOf(reply, zone)
		}
		if soa == nil || canonical(soa.Hdr.Name) != zone {
			break
		}
		z.Name, z.Primary = zone, canonical(soa.Ns)
		z.Negative = time.Duration(soa.Minttl) * time.Second
		if zone == name {
			break
		}
	}
	if z.Name == "" {
		return Zone{}, fmt.Errorf("%w: nobody has registered %s", ErrNoZone, registered)
	}
	return z, nil
}
