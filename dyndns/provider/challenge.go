package provider

import (
	"context"
	"sync"
	"time"

	"github.com/libdns/libdns"
)

// A challenge that was never taken back (its process was stopped, its caller
// forgot) must not block the next one for ever. certmagic gives up after ten
// minutes of waiting for DNS.
const longestChallenge = 15 * time.Minute

var (
	_ libdns.RecordAppender = (*Client)(nil)
	_ libdns.RecordDeleter  = (*Client)(nil)
)

// AppendRecords adds TXT records to zone, in the shape that certmagic asks
// for. Where only one TXT fits, it waits until the one before was deleted or
// ctx ends.
func (c *Client) AppendRecords(ctx context.Context, zone string, recs []libdns.Record) ([]libdns.Record, error) {
	var done []libdns.Record
	for _, rec := range recs {
		t, err := c.text(zone, rec)
		if err != nil {
			return done, c.explain(err)
		}
		if err := c.sit(ctx, t); err != nil {
			return done, c.ended(ctx, err)
		}
		err = c.do(ctx, "add TXT", func(ctx context.Context) error { return c.backend.add(ctx, t) })
		if err != nil {
			c.rise(t)
			return done, err
		}
		done = append(done, libdns.TXT{Name: rec.RR().Name, TTL: t.TTL, Text: t.Value})
	}
	return done, nil
}

// DeleteRecords takes TXT records away again. One that is absent is no error.
func (c *Client) DeleteRecords(ctx context.Context, zone string, recs []libdns.Record) ([]libdns.Record, error) {
	var done []libdns.Record
	var first error
	for _, rec := range recs {
		t, err := c.text(zone, rec)
		if err != nil {
			first = or(first, c.explain(err))
			continue
		}
		err = c.do(ctx, "delete TXT", func(ctx context.Context) error { return c.backend.drop(ctx, t) })
		c.rise(t) // even so: what stands there now is overwritten by the next
		if err != nil {
			first = or(first, err)
			continue
		}
		done = append(done, libdns.TXT{Name: rec.RR().Name, TTL: t.TTL, Text: t.Value})
	}
	return done, first
}

func or(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

func (c *Client) text(zone string, rec libdns.Record) (text, error) {
	rr := rec.RR()
	if c.entry.info.TXT == 0 {
		return text{}, &complaint{
			code: CodeUnable, text: "%[1]s holds no TXT records, so it can't help with a certificate.",
			hint: "Let another provider answer for the certificate.",
		}
	}
	if rr.Type != "TXT" {
		return text{}, &complaint{code: CodeUnable, text: "Latchkey adds nothing but TXT records to a domain."}
	}
	name, err := c.within(libdns.AbsoluteName(rr.Name, plainName(zone)))
	return text{Name: name, Value: rr.Data, TTL: c.ttl(rr.TTL)}, err
}

func (c *Client) sit(ctx context.Context, t text) error {
	if c.seat == nil {
		return nil
	}
	return c.seat.take(ctx, t)
}

func (c *Client) rise(t text) {
	if c.seat != nil {
		c.seat.leave(t)
	}
}

// seat is the one place for a TXT value, where a provider has only one.
type seat struct {
	mu    sync.Mutex
	taken text
	since time.Time
	free  chan struct{} // closed when the seat is left; nil while it is free
}

func newSeat() *seat { return &seat{} }

func (s *seat) take(ctx context.Context, t text) error {
	for {
		s.mu.Lock()
		if s.free == nil || s.taken.same(t) || time.Since(s.since) > longestChallenge {
			if s.free != nil {
				close(s.free)
			}
			s.taken, s.since, s.free = t, time.Now(), make(chan struct{})
			s.mu.Unlock()
			return nil
		}
		left, wait := s.free, time.NewTimer(longestChallenge-time.Since(s.since)+time.Second)
		s.mu.Unlock()
		select {
		case <-left:
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		}
		wait.Stop()
	}
}

func (s *seat) leave(t text) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.free != nil && s.taken.same(t) {
		close(s.free)
		s.free = nil
	}
}

func (t text) same(other text) bool { return t.Name == other.Name && t.Value == other.Value }
