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

// Choose is the certificate by name for the assembly: public first, the house
// for what is not of its names. A public name without a certificate, and a
// name of nobody here, end the handshake with unrecognized_name (RFC 6066 3):
// the house's own CA never answers for a public name. public may be nil.
func Choose(house *House, public *Public) func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if public != nil {
			cert, err := public.GetCertificate(hello)
			switch {
			case err == nil:
				return cert, nil
			case errors.Is(err, ErrPending):
				return nil, nil // crypto/tls makes unrecognized_name of it
			}
		}
		cert, err := house.GetCertificate(hello)
		if errors.Is(err, ErrForeign) {
			return nil, nil
		}
		return cert, err
	}
}

// TLS12 as the oldest version of TLS lets old clients in.
const TLS12 = "1.2"

// TLS is the house's way to speak TLS with certificates from get: version 1.3
// only, which every official client and every browser of this decade speaks,
// with Go's own choice of groups (hybrid post-quantum first). With TLS12 as
// oldest it also speaks 1.2, with forward secrecy and AEAD only (RFC 9325 4.2).
func TLS(get func(*tls.ClientHelloInfo) (*tls.Certificate, error), oldest string) *tls.Config {
	cfg := &tls.Config{
		MinVersion:     tls.VersionTLS13,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: get,
	}
	if oldest == TLS12 {
		cfg.MinVersion = tls.VersionTLS12
		cfg.CipherSuites = []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
			tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		}
	}
	return cfg
}
