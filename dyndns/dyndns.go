// Package dyndns keeps a household's names true: it asks what the public
// address is, looks at what the zone's authoritative servers say, and changes
// what is wrong.
//
// It owns the decision when to change a record, and what it remembers for it:
// which records it has set, how providers complained, and a history. How
// addresses are found (publicip), how servers are asked (authority) and how
// providers are spoken to (provider) is left to others; so is what a plan may
// hold.
//
// The rules that it never breaks: "don't know" changes nothing; nothing but a
// public address stands under NAME, and nothing but a private one under
// lan.NAME; no update is sent while nothing changed, since providers ban for
// that; nothing that the plan does not name is touched, and nothing is taken
// away that it has not set itself.
package dyndns

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"latchkey/dyndns/authority"
	"latchkey/dyndns/publicip"
)

// Provider changes records. Errors should carry a problem.Problem, whose code
// says how patient the Keeper has to be: provider.token, provider.globalkey,
// provider.zone, provider.permission, provider.ttl and provider.unable last
// until somebody changes something, provider.busy has Values["seconds"].
// Calls end with ctx. The Keeper never makes two at once.
type Provider interface {
	// Set makes the A or AAAA record set of name hold exactly addr, and leaves all else alone.
	Set(ctx context.Context, name string, addr netip.Addr, ttl time.Duration) error
	// Clear takes the A (family 4) or AAAA (family 6) record set of name away.
	Clear(ctx context.Context, name string, family int) error
}

// Authority tells what the zone's authoritative servers say, never a cache.
// Errors are those of package authority. Calls end with ctx and may overlap.
type Authority interface {
	Addresses(ctx context.Context, name string, family int) (authority.Answer, error)
}

// Keep holds one blob, sealed, over restarts. Load answers nil where none was
// saved; what Save got is there when it has returned nil.
type Keep interface {
	Load(ctx context.Context) ([]byte, error)
	Save(ctx context.Context, blob []byte) error
}

// Config is what a Keeper works with. Ask, Authority and Keep are needed.
type Config struct {
	// Ask asks all sources now (publicip.Watcher.Ask). It ends with ctx; calls for the two families overlap.
	Ask       func(ctx context.Context, f publicip.Family) publicip.Verdict
	Authority Authority
	Keep      Keep
	Test      []netip.Prefix   // ranges that count as public in a laboratory
	Now       func() time.Time // what is stored is told by it; nil: time.Now
	Jitter    func() float64   // in [0, 1), so that many houses don't call at once; nil: chance
	Log       *slog.Logger     // nil: silence
	Told      func(State)      // after every look and change, from Run's goroutine; it must not block; may be nil
}

// Plan says which names to keep, and how. Names are FQDNs without a dot at
// their end.
type Plan struct {
	Provider Provider // nil: somebody else updates; only watch and warn
	// Mark changes whenever the provider or its credentials do (a keyed hash,
	// never the secret): complaints about the old ones are forgotten then.
	Mark string

	Name string        // gets the public address
	Lan  string        // gets the private one; "": no such record
	TTL  time.Duration // of every record that is set
	// Propagation is how long a change may take to reach the authoritative
	// servers before it counts as lost; 0: a minute.
	Propagation time.Duration

	V6               bool // the provider can hold AAAA
	Clears           bool // the provider can take a record away
	CanPublishBehind bool // a door through a second router was opened by hand
}

// Local is what the machine and its door say.
type Local struct {
	Address4  netip.Addr // our own on the home network, for Lan
	Open6     bool       // inbound IPv6 is claimed or proven
	Port6Addr netip.Addr // which of our IPv6 addresses is open; zero: the believed one
}
