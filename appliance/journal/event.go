package journal

import (
	"net/netip"
	"time"
)

// Kind says what happened.
type Kind string

// The kinds of event.
const (
	SignIn   Kind = "signin"
	SignOut  Kind = "signout"
	Refused  Kind = "refused" // somebody failed to prove themselves
	Token    Kind = "token"   // a session was renewed; one line a device and hour
	Invited  Kind = "invited"
	Joined   Kind = "joined"
	Password Kind = "password" // the master password was changed
	KDF      Kind = "kdf"
	Second   Kind = "second"  // a second factor was added, changed or removed
	Passkey  Kind = "passkey" // a passkey was added, changed or removed
	APIKey   Kind = "apikey"  // the key of the command line was made or changed
	Device   Kind = "device"  // a device was signed out
	Settings Kind = "settings"
	Setup    Kind = "setup" // the house was set up
	Kit      Kind = "kit"   // a recovery kit was made
	Deleted  Kind = "deleted"
	Export   Kind = "export"
	Backup   Kind = "backup"   // of backups and restores; Detail says what
	Ban      Kind = "ban"      // a network was shut out
	Unban    Kind = "unban"    // it was let in again
	Admit    Kind = "admit"    // an address may enter during an attack
	Admin    Kind = "admin"    // an owner's act; Detail says which
	Requests Kind = "requests" // what came in during one hour; see Tally
)

// OK is the Outcome of what went well.
const OK = "ok"

// Event is one line of the log. It never holds a secret, an e-mail address, a
// path or a query. Record sets Time and Country, and cleans and shortens the
// texts; the rest is the caller's.
type Event struct {
	Time       time.Time `json:"time"` // UTC, to the microsecond, of no two events the same
	Kind       Kind      `json:"kind"`
	Outcome    string    `json:"outcome"`          // OK or a problem's code
	Method     string    `json:"method,omitempty"` // password, totp, webauthn, recovery, remember, passkey, apikey, refresh, invitation
	Owner      string    `json:"owner,omitempty"`  // recorded as the account's ID; kept and given back as the house names it, see Naming
	By         string    `json:"by,omitempty"`     // who did it where that is not the owner; named like Owner, or Machine
	Device     string    `json:"device"`           // its name, as it calls itself
	DeviceType int       `json:"deviceType"`       // Bitwarden's number, see DeviceKind
	Address    string    `json:"address"`          // the caller's, without a zone
	Country    string    `json:"country,omitempty"`
	Millis     int64     `json:"ms"`               // how long it took, 0 where nobody measured
	Detail     string    `json:"detail,omitempty"` // a network, a setting's key
	Count      int       `json:"count,omitempty"`  // how many times since the last such line, this one included; 0 means once
	Tally      *Tally    `json:"tally,omitempty"`  // of Requests only
}

// Machine is the By of what a command on the machine itself did.
const Machine = "machine"

// times is how often an event happened.
func (e Event) times() int { return max(e.Count, 1) }

// Seen is one request that was answered.
type Seen struct {
	Outcome    int        // the HTTP status
	DeviceKind string     // see DeviceKind; empty where unknown
	Address    netip.Addr // the caller's; the zero value where there is none
	Millis     int64
}

// Tally is what came in during one hour, or the part of it that the house ran.
type Tally struct {
	Hour      int64          `json:"hour"`     // its start, in unix seconds
	Requests  int            `json:"requests"` // all of them
	Refused   int            `json:"refused"`  // answered with 4xx
	Errors    int            `json:"errors"`   // answered with 5xx
	Millis    int64          `json:"ms"`       // of all together
	Slowest   int64          `json:"slowest"`  // milliseconds
	Devices   map[string]int `json:"devices,omitempty"`
	Addresses map[string]int `json:"addresses,omitempty"` // the busiest; IPv6 by /64
}

// Entry is an event as it is kept: the engine sorts by Time and sees no more.
type Entry struct {
	Time time.Time
	Body []byte
}

// Size is how much is kept.
type Size struct {
	Entries int
	Bytes   int64     // of the file, about
	Oldest  time.Time // zero where nothing is kept
}
