package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

// maxAddresses bounds how many addresses one leaf collects while containers
// and leases come and go.
const maxAddresses = 24

// wish is what a leaf should be good for.
type wish struct {
	host  string
	names []string
	addrs []netip.Addr
}

// Run looks at names, addresses and the clock every half minute, and makes a
// new leaf when the present one no longer fits or two thirds of its life are
// over. It returns nil when ctx ends.
func (h *House) Run(ctx context.Context) error {
	tick := time.NewTicker(h.cfg.every)
	defer tick.Stop()
	for {
		h.cfg.Trouble(h.Refresh(ctx))
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Refresh does what Run does, once and now. An error means that the leaf is not
// as it should be, or not kept; the present one is served on.
func (h *House) Refresh(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	w, err := h.wish()
	if err != nil {
		return err
	}
	return h.fitLocked(ctx, w)
}

// open serves the kept leaf, or a new one. Where the addresses can't be read
// it is good for what is known, and Run mends it later.
func (h *House) open(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	w, err := h.wish()
	if err != nil {
		h.cfg.Log.Warn("reading the machine's addresses", "error", err)
	}
	if h.kept.leaf != nil {
		h.publishLocked(w.host)
	}
	return h.fitLocked(ctx, w)
}

// fitLocked makes a new leaf where the present one is due, and keeps what is
// not yet kept.
func (h *House) fitLocked(ctx context.Context, w wish) error {
	now := h.now()
	why := due(h.kept.leaf, w, now)
	if why != "" {
		if err := h.renewLocked(w, now); err != nil {
			return err
		}
		info := h.Info()
		h.cfg.Log.Info("made a certificate for the home network", "why", why, "ends", info.Ends)
		h.cfg.Changed(info)
	}
	return h.saveLocked(ctx)
}

func (h *House) wish() (wish, error) {
	label, raw := h.host()
	present, err := h.cfg.Addresses()
	return wish{
		host:  label,
		names: dnsNames(label, raw, h.kept.issuer.PermittedDNSDomains),
		addrs: leafAddresses(present, h.kept.issuer.PermittedIPRanges),
	}, err
}

// due says why a new leaf is needed, or "". An address that went away is no
// reason: a leaf that is good for more than needed does no harm, while a new
// one asks every device for a new exception.
func due(leaf *x509.Certificate, w wish, now time.Time) string {
	if leaf == nil {
		return "there was none"
	}
	switch born := made(leaf); {
	case now.After(born.Add(leafRenew)):
		return "two thirds of its life are over"
	case now.Before(born.Add(-setBack)):
		return "it was made by a clock that ran ahead"
	}
	for _, n := range w.names {
		if !slices.Contains(leaf.DNSNames, n) {
			return "a name is new"
		}
	}
	have := addressesOf(leaf)
	for _, a := range w.addrs {
		if !slices.Contains(have, a) {
			return "an address is new"
		}
	}
	return ""
}

// renewLocked makes and serves a new leaf.
func (h *House) renewLocked(w wish, now time.Time) error {
	key, err := newKey()
	if err != nil {
		return err
	}
	leaf, err := sign(leafTemplate(w, h.kept.leaf, h.kept.issuer, now), h.kept.issuer, key, h.kept.issuerKey)
	if err != nil {
		return err
	}
	h.kept.leaf, h.kept.leafKey = leaf, key
	h.unsaved = true
	h.publishLocked(w.host)
	return nil
}

// saveLocked keeps a new leaf, with the authority around it. A leaf that could
// not be kept is served all the same, and tried again at the next look.
func (h *House) saveLocked(ctx context.Context) error {
	if !h.unsaved {
		return nil
	}
	blob, err := h.kept.marshal()
	if err != nil {
		return err
	}
	if err := h.cfg.Keep.Save(ctx, blob); err != nil {
		return fmt.Errorf("keeping the house's certificates: %w", err)
	}
	h.unsaved = false
	return nil
}

// made is when a leaf was made, by the clock of then.
func made(leaf *x509.Certificate) time.Time { return leaf.NotBefore.Add(backdate) }

func leafTemplate(w wish, old, issuer *x509.Certificate, now time.Time) *x509.Certificate {
	addrs := w.addrs
	if old != nil && now.Before(made(old).Add(leafRenew)) {
		addrs = withEarlier(addrs, addressesOf(old))
	}
	ips := make([]net.IP, len(addrs))
	for i, a := range addrs {
		ips[i] = a.AsSlice()
	}
	ends := now.Add(leafLife)
	if ends.After(issuer.NotAfter) {
		ends = issuer.NotAfter
	}
	return &x509.Certificate{
		Subject:     pkix.Name{CommonName: w.names[len(w.names)-1], Organization: []string{"Latchkey"}},
		NotBefore:   now.Add(-backdate),
		NotAfter:    ends,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    w.names,
		IPAddresses: ips,
	}
}

// withEarlier adds addresses of the leaf before, so that a machine that
// wanders between two networks settles on one leaf.
func withEarlier(present, earlier []netip.Addr) []netip.Addr {
	all := slices.Clone(present)
	for _, a := range earlier {
		if len(all) < maxAddresses && !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all
}

func addressesOf(leaf *x509.Certificate) []netip.Addr {
	addrs := make([]netip.Addr, 0, len(leaf.IPAddresses))
	for _, ip := range leaf.IPAddresses {
		if a, ok := netip.AddrFromSlice(ip); ok {
			addrs = append(addrs, a.Unmap())
		}
	}
	return addrs
}

// publishLocked lets handshakes see the kept leaf.
func (h *House) publishLocked(host string) {
	k := h.kept
	names := slices.Clone(k.leaf.DNSNames)
	for _, a := range addressesOf(k.leaf) {
		names = append(names, a.String())
	}
	h.serving.Store(&serving{
		certificate: tls.Certificate{
			Certificate: [][]byte{k.leaf.Raw, k.issuer.Raw},
			PrivateKey:  k.leafKey,
			Leaf:        k.leaf,
		},
		info: Info{
			Names:           names,
			Host:            host,
			Fingerprint:     Fingerprint(k.leaf),
			RootFingerprint: Fingerprint(k.root),
			Made:            made(k.leaf),
			Ends:            k.leaf.NotAfter,
			RootEnds:        k.root.NotAfter,
		},
	})
}
