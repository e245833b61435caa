package certs

import (
	"crypto/tls"
	"crypto/x509"
	"testing"
	"time"
)

// HSTS goes by it with each request, so it must not read anything.
func TestTrusted(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	p := &Public{cfg: PublicConfig{Now: func() time.Time { return now }}} // without Storage
	until := func(end time.Time) *served {
		return &served{cert: tls.Certificate{Leaf: &x509.Certificate{NotAfter: end}}}
	}
	p.serving.Store(&map[string]*served{"good.example.org": until(now.Add(time.Hour)), "over.example.org": until(now.Add(-time.Hour)), "none.example.org": nil})
	for name, want := range map[string]bool{
		"good.example.org": true, "GOOD.example.org.": true, "over.example.org": false, "none.example.org": false, "other.example.org": false, "": false,
	} {
		if got := p.Trusted(name); got != want {
			t.Errorf("%q is trusted: %v", name, got)
		}
	}
}
