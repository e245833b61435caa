package dyndns

import (
	"net/netip"
	"time"

	"latchkey/appliance/problem"
	"latchkey/dyndns/publicip"
)

// The codes of this package's problems. Values has "name", and where they
// matter "family" (4 or 6), "have", "want" and "seconds".
const (
	CodeCGNAT      = "dns.cgnat"       // carrier-grade NAT: an address that others share is not published
	CodeDoubleNAT  = "dns.double-nat"  // a second router in front, and no door through it
	CodeNoAddress  = "dns.no-address"  // there is no public address of this kind
	CodeSpecial    = "dns.special"     // the address found is none that can be reached from outside
	CodePrivate    = "dns.lan-private" // the machine's own address is no private one
	CodePrefix     = "dns.prefix"      // the open IPv6 address is not in the prefix seen from outside
	CodeUnreached  = "dns.unreachable" // the authoritative servers can't be asked
	CodeNoZone     = "dns.no-zone"     // there is no such zone
	CodeIntercept  = "dns.intercepted" // somebody else answers in their stead
	CodeAlias      = "dns.alias"       // a CNAME stands where an address should
	CodeForeign    = "dns.foreign"     // an AAAA that is not ours leads elsewhere
	CodeStays      = "dns.stays"       // a record of ours that the provider can't take away
	CodeStale      = "dns.stale"       // watched only: the record is wrong
	CodeLost       = "dns.lost"        // the provider said yes, and the servers never showed it
	CodeContested  = "dns.contested"   // somebody else changes it back
	CodeSecondary  = "dns.secondary"   // the authoritative servers don't agree
	CodeFlapping   = "dns.flapping"    // the address changes to and fro; the record waits
	CodeMemory     = "dns.memory"      // what was remembered can't be read
	CodeUnsaved    = "dns.unsaved"     // what should be remembered can't be written
	CodeCantRemove = "dns.cant-remove" // the provider can't take the records away
)

// State is what the Keeper knows, for the page, status and doctor.
type State struct {
	Following bool             // there is a plan
	Watching  bool             // the plan has no provider: nothing is changed
	Records   []Record         // of the plan: NAME A, NAME AAAA, lan.NAME A
	Verdict4  publicip.Verdict // as last asked
	Verdict6  publicip.Verdict
	Asked     time.Time        // when; zero: never
	History   []Change         // newest first
	Unsaved   *problem.Problem // why the last change could not be remembered
}

// Verdicts are what is believed of our public addresses, as State has them, and
// cheap enough for each request that comes in.
func (k *Keeper) Verdicts() (v4, v6 publicip.Verdict) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.sight.facts.verdict4, k.sight.facts.verdict6
}

// Record is one name with one family.
type Record struct {
	Name   string
	Family publicip.Family
	// Want is Known (this address), None (it should not be there) or Unknown
	// (don't know, so that nothing is changed); Why says it in words.
	Want publicip.Answer
	// Have is what the authoritative servers say; of no meaning unless Told.
	Have    []netip.Addr
	HaveTTL time.Duration
	Told    bool
	True    bool             // Have is exactly as wanted, on all servers
	Checked time.Time        // when the servers last told
	Changed time.Time        // when the provider last took a change of ours; zero: never
	Working bool             // a change is under way and still in time
	Trouble *problem.Problem // what is wrong; its Cause is not kept
	Next    time.Time        // when it is tried again; zero: nothing to try
}

// Change is an address that a name got.
type Change struct {
	Time   time.Time       `json:"time"` // when the need was noticed
	Name   string          `json:"name"`
	Family publicip.Family `json:"family"`
	From   netip.Addr      `json:"from"` // zero: there was none, or it is not known
	To     netip.Addr      `json:"to"`   // zero: taken away
	// Took is the time from Time until the authoritative servers showed it;
	// 0: not seen there yet, or never.
	Took time.Duration `json:"took"`
}

// State is what is known now.
func (k *Keeper) State() State {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := State{
		Following: k.plan != nil, Watching: k.plan != nil && k.plan.Provider == nil,
		Verdict4: k.sight.facts.verdict4, Verdict6: k.sight.facts.verdict6, Asked: k.sight.facts.asked,
		History: k.memory.newest(), Unsaved: k.unsaved,
	}
	s.Records = append(s.Records, k.sight.records...)
	return s
}
