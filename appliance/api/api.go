// Package api is the door: one table of routes, the shapes of the wire (that of
// the Bitwarden clients under /api and /identity, our own under /latchkey),
// and one adaptor through which every request passes. The adaptor finds out
// who calls, asks guard, wants the proof that the row names, limits the body,
// writes the answer and tells journal; handlers only call the rules.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/guard"
	"latchkey/appliance/health"
	"latchkey/appliance/journal"
	"latchkey/appliance/passkey"
	"latchkey/appliance/reach"
	"latchkey/appliance/settings"
	"latchkey/appliance/setup"
	"latchkey/appliance/vault"
)

// Origin is where a request comes from.
type Origin struct {
	Home    bool // on the home network, or this computer as localhost
	Machine bool // through the Unix socket: a command run on the machine
	// Spared: far, but from an address that many share and that must never be
	// shut out: this computer, the router, a declared proxy.
	Spared bool
}

// Link is one address of the house, as the set-up shows it.
type Link struct {
	Kind string   `json:"kind"` // here, host or address
	URL  string   `json:"url"`
	QR   []string `json:"qr"` // rows of 0 and 1 with the quiet zone
}

// Trust is what a device needs to believe in the house's own certificate.
type Trust struct {
	Fingerprint   string // SHA-256 of the certificate that is served, hexadecimal with colons
	CAFingerprint string // the same of the root to trust
	CAPEM         []byte
	CADER         []byte
}

// Config is what the door opens to. Every field without another word is
// required.
type Config struct {
	People   *account.Directory
	Vault    *vault.Vault
	Settings *settings.Settings
	Setup    *setup.Setup
	Reach    Reach
	Kits     *setup.Kits
	// Backups, Restore and Restored may be nil: their rows then say so.
	Backups  Backups
	Restore  Restore
	Restored Restored
	Guard    *guard.Guard
	Journal  *journal.Journal
	Board    *health.Board
	Log      *slog.Logger

	Version string
	House   string // its identity in hexadecimal; names what is downloaded
	// Origin is asked only where a route depends on it.
	Origin func(*http.Request) Origin
	// Client is the address of who calls, behind a declared proxy too; guard
	// and journal go by it. nil: the other end of the connection.
	Client func(*http.Request) netip.Addr
	// Links gives the addresses of the page with fragment behind each "/#/".
	Links func(fragment string) []Link
	// Base is the address that an invitation names: https://host[:port].
	Base func() string
	// QR draws text as Link.QR does.
	QR    func(text string) ([]string, error)
	Trust func() Trust
	// Doctor runs every check, the slow ones too.
	Doctor func(context.Context) []health.Finding
	// Ceremonies judges passkeys and security keys for the Party that the house
	// is under the name by which it was called.
	Ceremonies *passkey.Ceremonies
	Party      func(*http.Request) (passkey.Party, error)
	Now        func() time.Time
	// Vouch keeps the connection of a request that showed a valid session, when
	// strangers take them all. It may be nil.
	Vouch func(*http.Request)
	// BeforeRotation makes a backup before somebody's keys change; an error means
	// that nothing may be changed. It may be nil.
	BeforeRotation func(context.Context) error
	// Entered hears of each sign-in and refresh, from which device and of which
	// kind (see journal.DeviceKind); it must not block. It may be nil.
	Entered func(r *http.Request, device, kind string)
	// Status says how the running appliance is, for `latchkey status`.
	Status func() Status
}

// Status is what `latchkey status` shows.
type Status struct {
	Version    string             `json:"version"`
	Data       string             `json:"data"`
	Ready      bool               `json:"ready"` // an owner exists
	Serving    bool               `json:"serving"`
	Addresses  []string           `json:"addresses"`
	People     int                `json:"people"`
	Reach      []reach.Line       `json:"reach"` // address, name, door, certificate, clock; those that there are
	Conditions []health.Condition `json:"conditions"`
	Hashes     int64              `json:"hashes"` // slow hashes of passwords since the start
}

// API answers requests.
type API struct {
	Config
	mux   *http.ServeMux
	syncs *syncs
}

// New makes the door; it answers everything under /api, /identity, /latchkey,
// /alive and the certificate to trust, and 404 for the rest.
func New(c Config) *API {
	a := &API{Config: c, mux: http.NewServeMux(), syncs: newSyncs(c.Vault)}
	for _, r := range a.routes() {
		a.mux.Handle(r.pattern, a.adapt(r))
	}
	a.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { a.unknown(w, r) })
	return a
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// Flooded refuses whoever asks for the page far too often, and reports whether
// it has answered.
func (a *API) Flooded(w http.ResponseWriter, r *http.Request) bool {
	c := &call{API: a, w: w, r: r, row: route{pattern: "GET /", caller: anyone}, began: time.Now()}
	err := c.flood()
	if err == nil {
		return false
	}
	setHeaders(w.Header())
	c.refuse(err)
	c.count()
	return true
}

// Patterns lists every route's pattern, for tests that must not miss one.
func (a *API) Patterns() []string {
	var all []string
	for _, r := range a.routes() {
		all = append(all, r.pattern)
	}
	return all
}

// Rest forgets answers that were kept ready and not asked for lately; it is
// run now and then by whoever assembled the door.
func (a *API) Rest() { a.syncs.rest() }
