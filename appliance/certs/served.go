package certs

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/caddyserver/certmagic"
)

// served is a kept certificate as handshakes see it; never changed once
// published.
type served struct {
	cert      tls.Certificate
	directory string // of the CA that made it, as storage names it
}

func (s *served) ends() time.Time     { return s.cert.Leaf.NotAfter }
func (s *served) life() time.Duration { return s.cert.Leaf.NotAfter.Sub(s.cert.Leaf.NotBefore) }

// GetCertificate gives the last certificate of a managed name, be it expired;
// ErrPending before the first one, ErrForeign for all other names.
func (p *Public) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	s, managed := (*p.serving.Load())[plainName(hello.ServerName)]
	switch {
	case !managed:
		return nil, ErrForeign
	case s == nil:
		return nil, ErrPending
	}
	return &s.cert, nil
}

// Trusted reports whether a certificate is served for name that is not over. It
// reads nothing and is cheap enough for each request.
func (p *Public) Trusted(name string) bool {
	s := (*p.serving.Load())[plainName(name)]
	return s != nil && p.cfg.Now().Before(s.ends())
}

// plainName is a name as we compare it.
func plainName(name string) string { return strings.TrimSuffix(strings.ToLower(name), ".") }

// loadCert reads the certificate of name that a CA made; fs.ErrNotExist where
// there is none.
func (p *Public) loadCert(ctx context.Context, directory, name string) (*served, error) {
	chain, err := p.cfg.Storage.Load(ctx, certmagic.StorageKeys.SiteCert(directory, name))
	if err != nil {
		return nil, err
	}
	key, err := p.cfg.Storage.Load(ctx, certmagic.StorageKeys.SitePrivateKey(directory, name))
	if err != nil {
		return nil, err
	}
	cert, err := tls.X509KeyPair(chain, key) // parses the leaf, too
	if err != nil {
		return nil, fmt.Errorf("reading the certificate of %s: %w", name, err)
	}
	return &served{cert: cert, directory: directory}, nil
}

// best is the certificate to serve for name: that of the present CA, or, where
// that is not there or over, the one of any CA that lasts longest. nil where
// none was ever kept.
func (p *Public) best(ctx context.Context, name string) (*served, error) {
	own, err := p.loadCert(ctx, p.directory, name)
	if err == nil && p.cfg.Now().Before(own.ends()) {
		return own, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.cfg.Log.Warn("reading a kept certificate", "name", name, "error", err)
	}
	list, err := p.cfg.Storage.List(ctx, "certificates")
	if err != nil {
		return own, troubledStorage(err)
	}
	file := certmagic.StorageKeys.Safe(name) + ".crt"
	best := own
	for _, e := range list {
		if path.Base(e.Key) != file {
			continue
		}
		other, err := p.loadCert(ctx, path.Base(path.Dir(path.Dir(e.Key))), name)
		if err == nil && (best == nil || other.ends().After(best.ends())) {
			best = other
		}
	}
	return best, nil
}

// publish serves what is kept for all wanted names.
func (p *Public) publish(ctx context.Context) {
	p.publishing.Lock()
	defer p.publishing.Unlock()
	names := p.names()
	now := *p.serving.Load()
	next := make(map[string]*served, len(names))
	for _, name := range names {
		s, err := p.best(ctx, name)
		if err != nil {
			p.cfg.Log.Warn("looking for a kept certificate", "name", name, "error", err)
		}
		if s == nil {
			s = now[name] // what is served is never given up for nothing
		}
		next[name] = s
	}
	p.serving.Store(&next)
}

// remaining is the life that is left of the certificate that is served for
// name; 0 where there is none.
func (p *Public) remaining(name string) time.Duration {
	s := (*p.serving.Load())[name]
	if s == nil {
		return 0
	}
	return max(s.ends().Sub(p.cfg.Now()), time.Nanosecond)
}
