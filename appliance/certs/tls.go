package certs

import (
	"crypto/tls"
	"errors"
	"net/netip"
	"strings"
)

// ErrForeign is GetCertificate's answer to a name that is not of the home
// network.
var ErrForeign = errors.New("certs: the name is none of the home network")

// GetCertificate answers for local names and addresses, and for a hello that
// names nobody (a browser that was given an address). Any other name gets
// ErrForeign: that is another certificate's to answer.
func (h *House) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	s := h.serving.Load()
	if !s.answers(hello.ServerName) {
		return nil, ErrForeign
	}
	return &s.certificate, nil
}

// answers is wider than the leaf's names on purpose: a router may call us
// pi.its.own.box, and there a warning that a person can read and pass serves
// better than a dead connection.
func (s *serving) answers(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if name == "" || !strings.Contains(name, ".") || underAny(name, localDomains) {
		return true
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	first, _, _ := strings.Cut(name, ".")
	return s.info.Host != "" && first == s.info.Host
}

// TLS is the house's way to speak TLS with certificates from get: version 1.3
// only, which every official client and every browser of this decade speaks,
// with Go's own choice of groups (hybrid post-quantum first).
func TLS(get func(*tls.ClientHelloInfo) (*tls.Certificate, error)) *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS13,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: get,
	}
}
