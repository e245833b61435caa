// Package certs owns the certificates that this house makes for itself: a root
// whose private key is never kept, one issuer below it that can sign for local
// names and addresses only, and the leaf that the server shows on the home
// network. What the internet sees is another matter.
//
// Certificates and clocks. A Raspberry Pi has no clock of its own: it may start
// in 1970, and a wrong time source may take it to 2038. So the root and the
// issuer are valid from a fixed day long past (see epoch), and a leaf is valid
// from a year before it was made (see backdate): a phone in the house accepts
// it although the server's clock runs up to a year ahead of the phone's, or
// two months behind. When the clock is corrected, Run makes a new leaf.
package certs

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Keep remembers one small secret blob, which holds private keys: whoever
// implements it seals it.
type Keep interface {
	// Load answers nil and no error where nothing was ever saved. An error
	// stops Open: a kept house is never made anew because it can't be read.
	Load(ctx context.Context) ([]byte, error)
	// Save replaces the blob; once it returned nil, the blob outlives a crash.
	Save(ctx context.Context, blob []byte) error
}

// Config says what the house's certificates rest on. Only Keep is needed.
type Config struct {
	Keep      Keep
	Now       func() time.Time             // the judged time; time.Now where nil
	Host      func() (string, error)       // the machine's name; os.Hostname where nil
	Addresses func() ([]netip.Addr, error) // present addresses; the interfaces' where nil
	Changed   func(Info)                   // called after a new leaf is served; may be nil
	Trouble   func(err error)              // called by Run after each look: nil, or why the leaf is not as it should be; may be nil
	Log       *slog.Logger                 // nil is silent
	every     time.Duration                // between two looks of Run; 30 s where zero
}

// Info tells what is served now.
type Info struct {
	Names           []string  // DNS names, then addresses, that the leaf is good for
	Host            string    // the machine's one-label name; empty where it has none that a URL can hold
	Fingerprint     string    // of the leaf: SHA-256, upper-case hex pairs with colons, as browsers show it
	RootFingerprint string    // of the root, likewise
	Made            time.Time // when the leaf was made, by the clock of then
	Ends            time.Time // when the leaf ends
	RootEnds        time.Time // when the root and all below it ends; devices must trust a new root then
}

// House holds the authority and the present leaf. It is safe for concurrent
// use.
type House struct {
	cfg     Config
	mu      sync.Mutex // one renewal at a time; guards kept and unsaved
	kept    *kept
	unsaved bool
	serving atomic.Pointer[serving]
}

// serving is what handshakes see; never changed once published.
type serving struct {
	certificate tls.Certificate
	info        Info
}

// Open reads the kept authority, or makes one where none was ever kept, and
// has a leaf ready for the present names. It fails when the kept blob can't be
// read; it never replaces it then.
func Open(ctx context.Context, cfg Config) (*House, error) {
	h := &House{cfg: cfg.withDefaults()}
	blob, err := h.cfg.Keep.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("loading the house's certificates: %w", err)
	}
	if blob == nil {
		host, _ := h.host()
		if h.kept, err = newAuthority(host, h.now()); err != nil {
			return nil, err
		}
	} else if h.kept, err = parseKept(blob); err != nil {
		return nil, err
	}
	if err := h.open(ctx); err != nil {
		return nil, err
	}
	return h, nil
}

// Names lists what the leaf is good for: DNS names, then addresses.
func (h *House) Names() []string { return h.Info().Names }

// Info tells what is served now.
func (h *House) Info() Info {
	info := h.serving.Load().info
	info.Names = append([]string(nil), info.Names...)
	return info
}

// RootDER is the root certificate that a device may trust, as it is.
func (h *House) RootDER() []byte { return append([]byte(nil), h.kept.root.Raw...) }

// RootPEM is the root certificate that a device may trust, as text.
func (h *House) RootPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.kept.root.Raw})
}

// WriteRoot puts the root's PEM into the file path (mode 0644), all or nothing;
// a file that holds it already is left alone.
func (h *House) WriteRoot(path string) error {
	want := h.RootPEM()
	if have, err := os.ReadFile(path); err == nil && string(have) == string(want) {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".local-ca-*")
	if err != nil {
		return fmt.Errorf("writing the root certificate: %w", err)
	}
	defer os.Remove(f.Name()) // only still there when something failed
	_, err = f.Write(want)
	if err == nil {
		err = f.Chmod(0o644) // public by its nature
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing the root certificate: %w", err)
	}
	return nil
}

func (h *House) now() time.Time { return sane(h.cfg.Now()) }

// host is the one-label name of the machine, and the raw one.
func (h *House) host() (label, raw string) {
	raw, err := h.cfg.Host()
	if err != nil {
		h.cfg.Log.Warn("reading the host name", "error", err)
		return "", ""
	}
	return HostLabel(raw), raw
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Host == nil {
		c.Host = os.Hostname
	}
	if c.Addresses == nil {
		c.Addresses = interfaceAddresses
	}
	if c.Changed == nil {
		c.Changed = func(Info) {}
	}
	if c.Trouble == nil {
		c.Trouble = func(error) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.every == 0 {
		c.every = 30 * time.Second
	}
	return c
}

// Fingerprint is the SHA-256 of a certificate as browsers show it: upper-case
// hex pairs with colons.
func Fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(pairs, ":")
}
