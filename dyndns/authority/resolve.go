package authority

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/miekg/dns"

	"latchkey/dyndns/query"
)

// Resolve asks the resolver, as programs on this machine and at home do, for the
// addresses of a name; TTL is what remains of the answer in its cache.
//
// The zone's own servers are asked first. Where they have nothing the resolver
// is only asked for what it remembers (RD=0), so that it does not come to
// remember the absence. ErrNoZone as Addresses; ErrUnreachable where no resolver
// answers.
func (a *Authority) Resolve(ctx context.Context, name string, family int) (Answer, error) {
	name, err := clean(name)
	if err != nil {
		return Answer{}, err
	}
	truly, err := a.Addresses(ctx, name, family)
	if errors.Is(err, ErrNoZone) {
		return Answer{}, err
	}
	absent := err == nil && len(truly.Addrs) == 0 && truly.CNAME == ""
	q := query.Question{Name: name, Type: addressType(family), Recursive: !absent}
	reply, err := a.askResolver(ctx, q)
	if err != nil && absent {
		return Answer{Exists: truly.Exists}, nil // it refuses to tell what it remembers
	}
	if err != nil {
		return Answer{}, fmt.Errorf("resolving %s: %w", name, err)
	}
	said := read(reply, name, q.Type)
	if absent && len(said.Addrs) == 0 {
		return Answer{Exists: truly.Exists}, nil
	}
	said.Servers, said.Agree = 1, 1
	return said, nil
}

// askResolver asks one resolver after the other until one answers.
func (a *Authority) askResolver(ctx context.Context, q query.Question) (*dns.Msg, error) {
	list, err := a.resolvers()
	if err != nil {
		return nil, err
	}
	var last error
	for _, at := range list {
		reply, err := a.askOf(ctx, at, q)
		switch {
		case err != nil:
			last = err
		case reply.Rcode == dns.RcodeSuccess || reply.Rcode == dns.RcodeNameError:
			return reply, nil
		default:
			last = fmt.Errorf("the resolver %s answers %s", at, dns.RcodeToString[reply.Rcode])
		}
	}
	return nil, fmt.Errorf("%w: %w", ErrUnreachable, cmp.Or(last, errors.New("no resolver is set up on this machine")))
}

func (a *Authority) askOf(ctx context.Context, at string, q query.Question) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, a.cfg.Timeout)
	defer cancel()
	return query.Ask(ctx, a.cfg.Dial, at, q)
}

// resolvers are those of the configuration, or of resolv.conf as it is now: DHCP
// rewrites it.
func (a *Authority) resolvers() ([]string, error) {
	if len(a.cfg.Resolvers) > 0 {
		var list []string
		for _, r := range a.cfg.Resolvers {
			list = append(list, withPort(r))
		}
		return list, nil
	}
	text, err := os.ReadFile(a.cfg.resolvConf)
	if err != nil {
		return nil, fmt.Errorf("%w: reading which resolver to ask: %w", ErrUnreachable, err)
	}
	return parseResolvConf(text), nil
}

func withPort(text string) string {
	if a, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return net.JoinHostPort(a.String(), "53")
	}
	if _, _, err := net.SplitHostPort(text); err == nil {
		return text
	}
	return net.JoinHostPort(text, "53")
}

// maxResolvers is what libc reads of resolv.conf (MAXNS).
const maxResolvers = 3

// parseResolvConf reads the nameserver lines of resolv.conf(5).
func parseResolvConf(text []byte) []string {
	var list []string
	for line := range bytes.Lines(text) {
		f := strings.Fields(string(line))
		if len(f) < 2 || f[0] != "nameserver" || len(list) == maxResolvers {
			continue
		}
		if a, err := netip.ParseAddr(f[1]); err == nil {
			list = append(list, net.JoinHostPort(a.String(), "53"))
		}
	}
	return list
}
