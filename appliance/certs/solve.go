package certs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/libdns/libdns"

	"latchkey/appliance/problem"
)

const (
	lookEvery = 2 * time.Second
	// lookTime bounds one look at the authoritative servers.
	lookTime = 15 * time.Second
	// blindAfter: where nobody could be asked for so long (port 53 is taken by
	// somebody in between), the CA sees better than we do.
	blindAfter = 30 * time.Second
	// cleanTime bounds taking the record away, and hastyTime at a stop: a record
	// that is left does no harm.
	cleanTime = 20 * time.Second
	hastyTime = 6 * time.Second
)

func (s Solver) settle() time.Duration   { return positive(s.Settle, 2*time.Second) }
func (s Solver) patience() time.Duration { return positive(s.Patience, 2*time.Minute) }
func (s Solver) ttl() time.Duration      { return positive(s.TTL, time.Minute) }

func positive(d, instead time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return instead
}

// present sets the TXT record of a challenge and waits until the zone's own
// servers show it. done takes it away again. Nothing asks for the record
// before it is there: a resolver would remember its absence.
func (p *Public) present(ctx context.Context, w work, record, text string) (done func(), err error) {
	if w.solver.OverrideDomain != "" {
		record = w.solver.OverrideDomain
	}
	record = strings.TrimSuffix(record, ".")
	release, err := p.turn(ctx, w.solver)
	if err != nil {
		return nil, err
	}
	zone, err := p.zone(ctx, w, record)
	if err != nil {
		release()
		return nil, err
	}
	rr := libdns.RR{Type: "TXT", Name: libdns.RelativeName(record+".", zone), Data: text, TTL: w.solver.ttl()}
	set, err := w.solver.DNS.AppendRecords(ctx, zone, []libdns.Record{rr})
	if len(set) == 0 {
		set = []libdns.Record{rr} // some tell nothing; what was asked for may be there all the same
	}
	done = func() {
		defer release()
		most := cleanTime
		if ctx.Err() != nil {
			most = hastyTime
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), most)
		defer cancel()
		if _, err := w.solver.DNS.DeleteRecords(ctx, zone, set); err != nil {
			p.cfg.Log.Warn("taking the challenge's record away", "name", w.name, "error", err)
		}
	}
	if err != nil {
		done()
		return nil, explainProvider(w.name, err)
	}
	if err := p.seen(ctx, w, record, text); err != nil {
		done()
		return nil, err
	}
	return done, nil
}

// turn waits for its turn where the provider holds one record at a time, or
// where all names share one record.
func (p *Public) turn(ctx context.Context, s Solver) (release func(), err error) {
	if !s.Serial && s.OverrideDomain == "" {
		return func() {}, nil
	}
	if err := p.locks.Lock(ctx, "challenge"); err != nil {
		return nil, err
	}
	return func() { _ = p.locks.Unlock(context.WithoutCancel(ctx), "challenge") }, nil
}

// zone is the zone of the record, with a dot at its end as libdns wants it.
func (p *Public) zone(ctx context.Context, w work, record string) (string, error) {
	if w.solver.Zone != "" {
		return strings.TrimSuffix(w.solver.Zone, ".") + ".", nil
	}
	from := w.name // not the record itself: that is not to be asked for yet
	if w.solver.OverrideDomain != "" {
		_, from, _ = strings.Cut(record, ".")
	}
	zone, err := certmagic.FindZoneByFQDN(ctx, bridged(p.cfg.Log), from+".", certmagic.RecursiveNameservers(p.cfg.Resolvers))
	if err != nil {
		return "", failed(problem.New(problem.Unavailable, "cert.zone",
			"The DNS zone of "+from+" could not be found.",
			"Check that the name is right and that this machine's DNS works.").Because(err))
	}
	return zone, nil
}

// seen waits until the authoritative servers show the record.
func (p *Public) seen(ctx context.Context, w work, record, text string) error {
	begun := time.Now()
	wait := w.solver.settle()
	var looked bool
	for {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
		wait = lookEvery
		if w.solver.Texts == nil {
			return nil
		}
		found, err := p.look(ctx, w, record)
		if err == nil && slices.Contains(found, text) {
			return nil
		}
		looked = looked || err == nil
		if err != nil && !looked && time.Since(begun) >= blindAfter {
			p.cfg.Log.Info("nobody could be asked for the challenge's record; leaving that to the CA", "name", w.name, "error", err)
			return nil
		}
		if time.Since(begun) >= w.solver.patience() {
			return failed(problem.New(problem.Unavailable, "cert.challenge",
				fmt.Sprintf("The DNS provider took the proof for %s, but its servers did not show it within %v.", w.name, w.solver.patience().Round(time.Second)),
				"Check that the name's DNS is really hosted there (its NS records); a slow provider is tried again by itself.").
				With("name", w.name).Because(err))
		}
	}
}

func (p *Public) look(ctx context.Context, w work, record string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	return w.solver.Texts(ctx, record)
}

// explainProvider keeps the provider's own words where it has some.
func explainProvider(name string, err error) error {
	var p *problem.Problem
	if errors.As(err, &p) {
		return failed(p)
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return failed(problem.New(problem.Unavailable, "cert.provider",
		"The DNS provider did not take the proof for "+name+".",
		"Check its token; it is tried again by itself.").With("name", name).Because(err))
}
