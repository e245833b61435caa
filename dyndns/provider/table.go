package provider

import (
	"context"
	"net"
	"time"
)

// How to add a provider:
//
//  1. Write NAME.go with one function that gives its entry: the Info that
//     people read, and open. Where its API works on whole record sets, open
//     gives sets{...}; where it numbers single records, records{...}; both are
//     a few methods that speak its HTTP through opening.wire, which refuses
//     redirects and reads refusals. What fits neither is a backend of its own.
//  2. Put the function into entries below.
//  3. Write NAME_test.go with a stub of the HTTP as the provider documents it,
//     and a row for the suite in conform_test.go: a provider without one fails
//     the tests.
//
// A module that costs more than about a megabyte goes behind a build tag: its
// file begins with //go:build provider_NAME, a file NAME_off.go with the
// opposite gives no entry, and Info.Tag says the tag.

// entry is one row: what people read, and how to open it.
type entry struct {
	info  Info
	hints map[string]string                 // what to do next by code, where it is more than the general words
	fit   func(info *Info, zone string)     // what is otherwise for this zone; nil: nothing
	ttl   func(time.Duration) time.Duration // the TTL that it knows and is nearest; nil: it knows all
	open  func(opening) (backend, error)
	// servers are the ends of its name servers' names, for Guess; one that ends
	// in a dash is the beginning of a label.
	servers []string
}

// fitted is the row as it is for zone.
func (e entry) fitted(zone string) entry {
	if e.fit != nil {
		e.fit(&e.info, plainName(zone))
	}
	return e
}

// errNoReads: the provider has no call for it, and Info says so.
var errNoReads = &complaint{code: CodeUnable}

// opening is what an entry gets to make a backend of.
type opening struct {
	cred    map[string]string // trimmed; what is not Optional is there
	zone    string            // without a dot at its end
	primary string
	names   *net.Resolver
	wire    *wire
	learn   func(secret string) // for secrets that show up later or inside a field
}

// backend is what a row brings. Names are full, lower case, without a dot at
// the end, and inside the zone; the Client has seen to that, and to calling
// one method at a time. Errors are a *refusal or *complaint or what HTTP gave.
type backend interface {
	// set makes the record set of name and type (A or AAAA) hold exactly value.
	// An empty value takes the record set away; one that is absent is no error.
	set(ctx context.Context, s rrset) error
	// add puts a TXT value beside those that are there, or in their place where only one fits.
	add(ctx context.Context, t text) error
	// drop takes one TXT value away; one that is absent is no error.
	drop(ctx context.Context, t text) error
	// texts gives the TXT values of name. Only asked where Info.CleanReads.
	texts(ctx context.Context, name string) ([]string, error)
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

// many TXT values fit at one name, as DNS has it.
const many = 100

func entries() []entry {
	return []entry{
		cloudflareEntry(),
		duckdnsEntry(),
		desecEntry(),
		dynv6Entry(),
		hetznerEntry(),
		ionosEntry(),
		ovhEntry(),
		gandiEntry(),
		porkbunEntry(),
		godaddyEntry(),
		netcupEntry(),
		namecheapEntry(),
		digitaloceanEntry(),
		linodeEntry(),
		route53Entry(),
		googleEntry(),
		azureEntry(),
		heEntry(),
		rfc2136Entry(),
		acmednsEntry(),
		dyndns2Entry(),
	}
}
