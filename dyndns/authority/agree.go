package authority

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"github.com/miekg/dns"

	"latchkey/dyndns/query"
)

// statement is what one server of a zone said with authority.
type statement struct {
	server string
	reply  *dns.Msg
}

// askAll asks all servers of the zone of a name at once.
func (a *Authority) askAll(ctx context.Context, name string, kind uint16) ([]statement, Zone, error) {
	z, err := a.Zone(ctx, name)
	if err == nil {
		err = z.Trouble
	}
	if err != nil {
		return nil, z, err
	}
	heard := make([]*dns.Msg, len(z.Servers))
	failed := make([]error, len(z.Servers))
	var wg sync.WaitGroup
	for i, s := range z.Servers {
		wg.Go(func() {
			one := []Server{s}
			heard[i], failed[i] = a.askOne(ctx, z.Name, one, query.Question{Name: name, Type: kind})
		})
	}
	wg.Wait()
	var said []statement
	intercepted := 0
	for i, reply := range heard {
		switch {
		case errors.Is(failed[i], ErrIntercepted):
			intercepted++
		case failed[i] == nil && reply.Authoritative:
			said = append(said, statement{z.Servers[i].Name, reply})
		case failed[i] == nil:
			// It delegates further: the zone was cut below us meanwhile.
			failed[i] = fmt.Errorf("%s is no longer in %s", name, z.Name)
		}
	}
	if len(said) > 0 {
		return said, z, nil
	}
	a.forget(name) // perhaps the name has moved to other servers
	if intercepted > 0 {
		return nil, z, fmt.Errorf("asking for %s: %w", name, ErrIntercepted)
	}
	return nil, z, fmt.Errorf("asking the servers of %s: %w: %w", z.Name, ErrUnreachable, cmp.Or(failed...))
}

// agree makes one answer of what the servers said.
func agree(said []statement, z Zone, name string, kind uint16) Answer {
	type group struct {
		answer  Answer
		primary bool
	}
	var groups []*group
	for _, s := range said {
		answer := read(s.reply, name, kind)
		i := slices.IndexFunc(groups, func(g *group) bool {
			return g.answer.CNAME == answer.CNAME && slices.Equal(g.answer.Addrs, answer.Addrs)
		})
		if i < 0 {
			i = len(groups)
			groups = append(groups, &group{answer: answer})
		}
		g := groups[i]
		g.answer.Agree++
		g.answer.Exists = g.answer.Exists || answer.Exists
		g.answer.TTL = max(g.answer.TTL, answer.TTL)
		g.primary = g.primary || s.server == z.Primary
	}
	best := slices.MaxFunc(groups, func(x, y *group) int {
		return cmp.Or(
			cmp.Compare(x.answer.Agree, y.answer.Agree), cmp.Compare(truth(x.primary), truth(y.primary)),
			// Neither of two halves is better; always choose the same.
			slices.CompareFunc(x.answer.Addrs, y.answer.Addrs, netip.Addr.Compare),
		)
	})
	best.answer.Servers = len(said)
	return best.answer
}

// common are the texts that every server has, and the alias that the first
// server tells.
func common(said []statement, name string) (texts []string, target string) {
	for i, s := range said {
		has := readTexts(s.reply, name)
		if i == 0 {
			texts, target = has, alias(s.reply.Answer, name)
			continue
		}
		texts = slices.DeleteFunc(texts, func(t string) bool { return !slices.Contains(has, t) })
	}
	return texts, target
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}
