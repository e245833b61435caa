package certs

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/libdns/libdns"

	"latchkey/appliance/problem"
)

// ErrPending is GetCertificate's answer where the name is ours, but no public
// certificate of it was ever kept. Nobody else may answer in its stead.
var ErrPending = errors.New("certs: the public certificate is not there yet")

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
	Told          func(PublicState) // called after each change, in order; may be nil, and must not call Manage or Try
	Every         time.Duration     // between two looks at what is due; 10 minutes where zero
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
//
// certmagic decides when a certificate is due and keeps it. Ours is what it
// asks (issuer): the clock, the budget, the dry run, the order. Serving rests
// on neither: handshakes see what was last kept, whatever goes on.
type Public struct {
	cfg        PublicConfig
	directory  string // the CA's name in storage
	real, test ca     // test is nil where there is no dry run
	books      *books
	locks      *locks
	serving    atomic.Pointer[map[string]*served] // nil for a name without a certificate
	publishing sync.Mutex                         // one publish at a time
	telling    sync.Mutex                         // keeps Told in order

	mu      sync.Mutex // guards what follows
	want    Want
	states  map[string]*NameState
	changed chan struct{} // closed and replaced when want changes
	now     *shift        // at work; nil while there is none
	begun   chan struct{} // closed when there is one
}

// OpenPublic makes a Public; Manage and Run set it to work.
func OpenPublic(cfg PublicConfig) (*Public, error) {
	if cfg.Storage == nil || cfg.Directory == "" {
		return nil, errors.New("certs: a Public needs Storage and Directory")
	}
	for _, directory := range []string{cfg.Directory, cfg.TestDirectory} {
		if u, err := url.Parse(directory); directory != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
			return nil, fmt.Errorf("certs: %q is no https address of an ACME directory", directory)
		}
	}
	cfg = cfg.withDefaults()
	p := &Public{
		cfg: cfg, directory: directoryKey(cfg.Directory),
		books: &books{keep: cfg.Storage, now: cfg.Now}, locks: &locks{},
		states: make(map[string]*NameState), changed: make(chan struct{}), begun: make(chan struct{}),
	}
	p.serving.Store(&map[string]*served{})
	p.real = newCA(p, cfg.Directory)
	if cfg.TestDirectory != "" && cfg.TestDirectory != cfg.Directory {
		p.test = newCA(p, cfg.TestDirectory)
	}
	return p, nil
}

func (c PublicConfig) withDefaults() PublicConfig {
	if c.Ready == nil {
		c.Ready = func() bool { return true }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Told == nil {
		c.Told = func(PublicState) {}
	}
	if c.Every == 0 {
		c.Every = certmagic.DefaultRenewCheckInterval
	}
	return c
}

// Manage says what is wanted from now on. Certificates that are kept are
// served at once; those of names no longer wanted stay kept, are not renewed,
// and are served again when the name comes back. Without a Solver.DNS nothing
// is obtained. Not to be called from Told.
func (p *Public) Manage(w Want) {
	w.Names = plainNames(w.Names)
	p.mu.Lock()
	same := slices.Equal(w.Names, p.want.Names) && rehearsal(w.Solver) == rehearsal(p.want.Solver) &&
		(w.Solver.DNS == nil) == (p.want.Solver.DNS == nil)
	p.want = w
	if same {
		p.mu.Unlock()
		return // the next attempt uses the new solver
	}
	old := p.states
	p.states = make(map[string]*NameState, len(w.Names))
	for _, name := range w.Names {
		p.states[name] = old[name]
		if old[name] == nil {
			p.states[name] = &NameState{Name: name, Step: StepWait}
		}
	}
	close(p.changed)
	p.changed = make(chan struct{})
	p.mu.Unlock()
	ctx := context.Background()
	p.publish(ctx)
	for _, name := range w.Names {
		p.recall(ctx, name)
		if p.remaining(name) > time.Nanosecond { // there, and not over
			p.note(name, calm)
		}
	}
	p.tell()
}

func plainNames(names []string) []string {
	var plain []string
	for _, name := range names {
		if name = plainName(strings.TrimSpace(name)); name != "" && !slices.Contains(plain, name) {
			plain = append(plain, name)
		}
	}
	return plain
}

// names are the wanted ones.
func (p *Public) names() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.want.Names)
}

// solverOf gives the present solver, and whether name is managed by it.
func (p *Public) solverOf(name string) (Solver, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.want.Solver, p.want.Solver.DNS != nil && slices.Contains(p.want.Names, name)
}
