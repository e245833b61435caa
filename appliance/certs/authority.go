package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"time"
)

// localDomains are the names that never are anybody else's on the internet:
// RFC 6761 (localhost), RFC 6762 (local), RFC 8375 (home.arpa), and internal,
// which ICANN reserved for private use in 2024. lan is what many routers hand
// out; it is not delegated.
var localDomains = []string{"localhost", "local", "home.arpa", "internal", "lan"}

// localRanges are the addresses that never are anybody else's on the internet:
// loopback, RFC 1918, link-local, unique local.
var localRanges = []string{
	"127.0.0.0/8", "::1/128",
	"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
	"169.254.0.0/16", "fe80::/10", "fc00::/7",
}

// newAuthority makes the root and the issuer below it. The root's private key
// lives in this function only: nothing else can ever be signed by it, so a
// device that trusts the root trusts it for these names and no more.
func newAuthority(host string, now time.Time) (*kept, error) {
	rootKey, err := newKey()
	if err != nil {
		return nil, err
	}
	issuerKey, err := newKey()
	if err != nil {
		return nil, err
	}
	house, err := houseMark(rootKey)
	if err != nil {
		return nil, err
	}
	rootTemplate := authorityTemplate("Latchkey home root "+house, host, now)
	rootTemplate.MaxPathLen = 1
	root, err := sign(rootTemplate, rootTemplate, rootKey, rootKey)
	if err != nil {
		return nil, err
	}
	issuerTemplate := authorityTemplate("Latchkey home issuer "+house, host, now)
	issuerTemplate.MaxPathLenZero = true
	issuerTemplate.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	issuer, err := sign(issuerTemplate, root, issuerKey, rootKey)
	if err != nil {
		return nil, err
	}
	return &kept{root: root, issuer: issuer, issuerKey: issuerKey}, nil
}

// authorityTemplate holds what root and issuer share. Both carry the
// constraints, because some programs ignore those of a trusted root.
func authorityTemplate(name, host string, now time.Time) *x509.Certificate {
	domains := localDomains
	if bareAllowed(host) {
		domains = append([]string{host}, localDomains...)
	}
	return &x509.Certificate{
		Subject:                     pkix.Name{CommonName: name, Organization: []string{"Latchkey"}},
		NotBefore:                   epoch,
		NotAfter:                    now.AddDate(rootYears, 0, 0),
		KeyUsage:                    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid:       true,
		IsCA:                        true,
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         domains,
		PermittedIPRanges:           permittedRanges(),
	}
}

func permittedRanges() []*net.IPNet {
	ranges := make([]*net.IPNet, len(localRanges))
	for i, r := range localRanges {
		_, n, err := net.ParseCIDR(r)
		if err != nil {
			panic("certs: " + err.Error())
		}
		ranges[i] = n
	}
	return ranges
}

// houseMark tells one house's root from another's in a device's list.
func houseMark(key *ecdsa.PrivateKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return "", fmt.Errorf("naming the root: %w", err)
	}
	sum := sha256.Sum256(der)
	return fmt.Sprintf("%X", sum[:4]), nil
}

func newKey() (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	return key, nil
}

// sign makes the certificate of subjectKey; x509 picks a random serial number.
func sign(template, parent *x509.Certificate, subjectKey, parentKey *ecdsa.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &subjectKey.PublicKey, parentKey)
	if err != nil {
		return nil, fmt.Errorf("signing a certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading our own certificate: %w", err)
	}
	return cert, nil
}
