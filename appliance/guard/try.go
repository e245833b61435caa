package guard

import (
	"net/netip"
	"time"
)

// Attempt is the kind of thing that somebody tries, as a route's row names it.
type Attempt string

// The kinds of attempt. None is not counted.
const (
	None       Attempt = ""
	Password   Attempt = "password"   // a master password's hash
	Code       Attempt = "code"       // a second factor
	Recovery   Attempt = "recovery"   // a recovery code
	Invitation Attempt = "invitation" // an invitation's token
	Send       Attempt = "send"       // the password of something sent
	APIKey     Attempt = "apikey"     // an API key's secret
	SetupToken Attempt = "setup"      // the first-run link's token
	Passkey    Attempt = "passkey"    // a passkey's signature
	Request    Attempt = "request"    // no secret: one request of somebody unknown, counted against floods
)

// Place says what kind of place a try comes from; the door finds it out.
type Place int

// The places. Far is the answer wherever there is doubt.
const (
	Far    Place = iota
	Home         // on the home network, or localhost
	Spared       // loopback, the gateway, another address of the router: many may share it, so it is never banned
)

// Try is one attempt by somebody. All of it but Peer, Place and Signed is what
// they claim, true or not.
type Try struct {
	Attempt Attempt
	// Account is for whom: an e-mail address in its normal form, or what an
	// invitation, a send or an API key names. Names that nobody has count like
	// all others. Empty where none is claimed: then only the place is counted.
	Account string
	Peer    netip.Addr
	Place   Place
	Device  string // the client's identifier for itself; "" none
	Token   string // our page's device token; "" none
	// Signed says that the caller holds a valid session of Account from Device:
	// such a try is counted by these two alone, and no ban refuses it.
	Signed bool
}

// Verdict is the answer to a Try.
type Verdict struct {
	Allowed bool
	Wait    time.Duration // when not allowed: until the next try may be
	Known   bool          // a known device: it has its own budget, and its own hash slot
	Why     string        // when not allowed: one of the By constants
	Began   *Ban          // not nil when this very try began a ban: it is told once

	charged *charge // what Passed takes back
}

// The reasons for a refusal: the budget that the try is over.
const (
	ByBan     = "ban"
	ByAccount = "account" // one account, from everywhere
	ByPlace   = "place"   // one account from one place, or one place at home
	ByAll     = "all"     // everybody who is not known, altogether
	ByDevice  = "device"  // a session's device
	ByFlood   = "flood"   // one place's anonymous requests
)

// Ban is a network that is shut out for a while.
type Ban struct {
	Prefix netip.Prefix
	Why    string // the Attempt that they were at when it began; "request" is a flood
	Since  time.Time
	Until  time.Time
	Times  int // bans of this network that are remembered, this one included
	Tries  int // failed and refused tries since it is counted
}

// Siege is an account at which strangers guess now, so that its unknown
// devices have to wait.
type Siege struct {
	Attempt Attempt
	Account string // as the guessers name it; nobody may have it; at most 254 bytes
	Since   time.Time
	Tries   int           // failed and refused since then
	Places  int           // from about how many networks
	Wait    time.Duration // between two tries that are let through
}

// Admission lets unknown devices of one network in, past bans and sieges.
type Admission struct {
	Prefix  netip.Prefix
	Account string // whose devices; "" everybody's
	Until   time.Time
}
