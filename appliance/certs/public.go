package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"time"

	"github.com/libdns/libdns"

	"latchkey/appliance/problem"
)

// The answers of GetCertificate where there is no certificate to give.
var (
	// ErrPending: the name is ours to answer for, but no public certificate of
	// it was ever kept. Nobody else may answer in its stead.
	ErrPending = errors.New("certs: the public certificate is not there yet")
)

// Storage keeps sealed values under keys that look like paths ("a/b/c"). What
// is in them holds private keys: whoever implements it seals it. It is safe
// for concurrent use, and what Store returned nil for outlives a crash.
type Storage interface {
	// Load gives the value of key, or an error that is fs.ErrNotExist.
	Load(ctx context.Context, key string) ([]byte, error)
	// Store makes or replaces the value of key.
	Store(ctx context.Context, key string, value []byte) error
	// Delete forgets key; one that is not there is no error.
	Delete(ctx context.Context, key string) error
	// List gives the keys that are prefix or lie below it ("a" holds "a/b" and
	// not "ab"), sorted; the empty prefix gives all. None is no error.
	List(ctx context.Context, prefix string) ([]Entry, error)
}

// Entry is what List tells of one key.
type Entry struct {
	Key      string
	Size     int64 // bytes of the value
	Modified time.Time
}

// DNS sets and removes the TXT record of a challenge, in libdns's shape.
type DNS interface {
	libdns.RecordAppender
	libdns.RecordDeleter
}

// Solver says how the CA's DNS-01 challenge (RFC 8555 8.4) is answered. Only
// DNS is needed.
type Solver struct {
	DNS DNS
	// ID changes with the provider or its credentials: a new one is first
	// tried on the test CA.
	ID string
	// OverrideDomain is the name that _acme-challenge.NAME points to by CNAME,
	// where the provider of NAME can't hold the record; empty where it can.
	OverrideDomain string
	// Zone holds the record, without a dot at its end; empty: it is looked up.
	Zone string
	// TTL of the record; 60 s where zero.
	TTL time.Duration
	// Settle is the wait before the first look, 2 s where zero.
	Settle time.Duration
	// Patience is how long the record may take to be seen, 2 minutes where
	// zero.
	Patience time.Duration
	// Serial: the provider holds one TXT record at a time.
	Serial bool
	// Texts asks the authoritative servers for the TXT records of name. nil:
	// nobody looks, and the CA is asked after Settle.
	Texts func(ctx context.Context, name string) ([]string, error)
}

// Want is what is to be managed from now on.
type Want struct {
	Names  []string // in lower case, without a dot at the end; a certificate each
	Solver Solver
}

// PublicConfig says what the public certificates rest on. Storage and
// Directory are needed.
type PublicConfig struct {
	Storage       Storage
	Directory     string            // the CA's ACME directory (RFC 8555 7.1.1)
	TestDirectory string            // of the CA for dry runs; empty: none
	Roots         *x509.CertPool    // to trust when speaking with either; the system's where nil
	Resolvers     []string          // host:port, to find a zone; /etc/resolv.conf where empty
	Email         string            // for the CA's account; may be empty
	Ready         func() bool       // the clock is trusted; always where nil
	Now           func() time.Time  // time.Now where nil
	Log           *slog.Logger      // nil is silent
	Told          func(PublicState) // called after each change, in order; may be nil
}

// Step is where a name's certificate is on its way.
type Step string

// The steps of a name.
const (
	StepClock  Step = "clock"    // waits until the clock is trusted
	StepWait   Step = "waiting"  // for the next try, at Next
	StepDryRun Step = "dry-run"  // trying on the test CA
	StepOrder  Step = "ordering" // from the CA
	StepDone   Step = "done"     // the certificate is there and not yet due
)

// PublicState tells of all managed names.
type PublicState struct {
	Names []NameState // in the order of Want.Names
}

// NameState tells of one name.
type NameState struct {
	Name        string
	Have        bool      // there is a certificate, perhaps an expired one
	NotBefore   time.Time // of the certificate
	NotAfter    time.Time
	Issuer      string // its issuer's common name
	Fingerprint string // as House.Info has it
	Step        Step
	Problem     *problem.Problem // why the last attempt failed, nil when it did not
	Next        time.Time        // when the next attempt or renewal may come; zero: unknown
	Left        int              // attempts that the budget allows at once
}

// Public owns the certificates that the whole internet trusts: one for each
// name, from an ACME CA, renewed in time. It is safe for concurrent use.
type Public struct {
	cfg PublicConfig
}

// OpenPublic makes a Public; Manage and Run set it to work.
func OpenPublic(cfg PublicConfig) (*Public, error) {
	return &Public{cfg: cfg}, nil
}

// Manage says what is wanted from now on. Certificates that are kept are
// served at once; those of names no longer wanted stay kept.
func (p *Public) Manage(w Want) {}

// Run obtains and renews until ctx ends.
func (p *Public) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Try obtains or, where it is due, renews the certificate of name now and
// waits for the outcome. Only the wait after a failure is skipped, not the
// budget. Errors are problem.Problem.
func (p *Public) Try(ctx context.Context, name string) error { return nil }

// State tells of all managed names.
func (p *Public) State() PublicState { return PublicState{} }

// GetCertificate gives the last certificate of a managed name, be it expired;
// ErrPending before the first one, ErrForeign for all other names.
func (p *Public) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return nil, ErrForeign
}
