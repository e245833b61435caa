// Package provider is the one table of DNS providers and the one way to speak
// with them: what each can hold, which fields its token has, and a Client that
// sets and clears addresses, answers DNS-01 challenges and proves a token.
//
// It owns what providers get wrong: panics of their modules are recovered,
// secrets are cut out of every error, odd replies become words that a person
// can act on, and no call touches a record that it was not asked about. It
// keeps nothing, retries nothing and decides nothing: when to call is the
// keeper's business, and which records a plan may hold follows from Info.
//
// To add a provider, see the head of table.go.
package provider

import (
	"log/slog"
	"net/http"
	"time"
)

// Field is one thing that a person has to enter for a provider.
type Field struct {
	Key      string // in Options.Credentials, and in what is stored: never change it
	Title    string // the label
	Help     string // one short sentence below it; may be empty
	Secret   bool   // never shown again, never logged
	Lines    bool   // may have several lines: a pasted key block or file
	Optional bool
}

// Info tells what a provider can do and what it asks for. The wizard, the
// plan of the public path and the documentation are made from it.
type Info struct {
	ID        string // "cloudflare"; stored, so it never changes
	Title     string // "Cloudflare"
	Site      string // its home page
	TokenHelp string // where to click to get the token
	Fields    []Field

	Subnames   bool          // holds other names below NAME, such as lan.NAME
	V6         bool          // holds AAAA, and can take it away without touching A
	TXT        int           // how many TXT values one name holds at once; 0: none, so no certificate by this provider
	MinTTL     time.Duration // the lowest TTL it accepts; what it sets when it lets nobody choose
	Clears     bool          // can take an address record away
	CleanReads bool          // tells what it holds without changing it
	Proves     bool          // Prove can tell a wrong token before the first address is set
	// ChallengeOnly: it holds no addresses at all; it answers challenges to which
	// a CNAME of _acme-challenge.NAME leads.
	ChallengeOnly bool
	Free          bool          // gives free names
	Suffixes      []string      // of the names that it gives: "duckdns.org"
	Propagation   time.Duration // how long a change commonly takes to reach all its servers
	Tag           string        // the build tag that it needs; "" when it is always there
}

// Options opens a provider.
type Options struct {
	Credentials map[string]string // by Field.Key, as the person typed them
	Zone        string            // the zone that holds the names, without a dot at its end: "example.org"
	Primary     string            // host:port of the zone's primary server; only rfc2136 asks for it
	HTTP        *http.Client      // nil: one of our own; redirects are refused either way
	Resolvers   []string          // host:port of the resolvers that find the provider; nil: the machine's
	Log         *slog.Logger      // nil: silence
}

// Table lists what this program can speak with, in the order in which the
// wizard shows it. The caller may change what it gets.
func Table() []Info {
	all := entries()
	infos := make([]Info, 0, len(all))
	for _, e := range all {
		infos = append(infos, e.info)
	}
	return infos
}

// Find gives the row of a provider; false when this program has none.
func Find(id string) (Info, bool) {
	e, ok := find(id)
	return e.info, ok
}

// FindFor is Find with what is otherwise for a zone: deSEC's lowest TTL is an
// hour, and a minute for the free names that it gives.
func FindFor(id, zone string) (Info, bool) {
	e, ok := find(id)
	if !ok {
		return Info{}, false
	}
	return e.fitted(zone).info, true
}

func find(id string) (entry, bool) {
	for _, e := range entries() {
		if e.info.ID == id {
			return e, true
		}
	}
	return entry{}, false
}
