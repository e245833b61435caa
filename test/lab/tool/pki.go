package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"flag"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// served are the names that the lab's servers answer to over TLS.
var served = []string{
	"acme.lab.test", "echo.lab.test", "check.lab.test", "api.cloudflare.com", "www.duckdns.org", "members.dyn.test",
	"front.home.test",
}

// decade is how long the lab's certificates last; its keys open nothing elsewhere.
const decade = 10 * 365 * 24 * time.Hour

// makePKI makes ca.pem, which the house is told to trust, and server.pem with its key for all servers of the lab.
// It is not the authority that pebble issues from.
func makePKI(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("pki", flag.ExitOnError)
	file := flags.String("plan", "plan.env", "the lab's addresses")
	_ = flags.Parse(args)
	p, err := readPlan(*file)
	if err != nil {
		return err
	}
	dir := flags.Arg(0)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	root := template("Lab infrastructure")
	root.IsCA, root.BasicConstraintsValid, root.KeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	rootKey, rootDER, err := issue(root, root, nil)
	if err != nil {
		return err
	}
	leaf := template("Lab server")
	leaf.DNSNames, leaf.ExtKeyUsage = served, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, name := range []string{"ACME", "ECHO", "ECHO6", "CLOUDFLARE", "DUCKDNS", "DYNDNS"} {
		leaf.IPAddresses = append(leaf.IPAddresses, net.ParseIP(p[name]))
	}
	leafKey, leafDER, err := issue(leaf, root, rootKey)
	if err != nil {
		return err
	}
	if err := writeKey(filepath.Join(dir, "server.key"), leafKey); err != nil {
		return err
	}
	if err := writePEM(filepath.Join(dir, "server.pem"), "CERTIFICATE", leafDER); err != nil {
		return err
	}
	return writePEM(filepath.Join(dir, "ca.pem"), "CERTIFICATE", rootDER)
}

func template(name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(decade),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
}

// issue makes a key and a certificate for it, signed by the parent's key, or by its own where that is nil.
func issue(t, parent *x509.Certificate, by crypto.Signer) (crypto.Signer, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("making a key: %w", err)
	}
	if by == nil {
		by = key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), by)
	if err != nil {
		return nil, nil, fmt.Errorf("signing %s: %w", t.Subject.CommonName, err)
	}
	return key, der, nil
}

func writeKey(file string, key crypto.Signer) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(file, "PRIVATE KEY", der)
}

func writePEM(file, kind string, der []byte) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

// serverTLS is how the lab's servers show themselves.
func serverTLS(dir string) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "server.pem"), filepath.Join(dir, "server.key"))
	if err != nil {
		return nil, fmt.Errorf("loading the lab's certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}, nil
}

// trusting trusts one authority; with none, the system's.
func trusting(ca string) (*tls.Config, error) {
	if ca == "" {
		return &tls.Config{}, nil
	}
	text, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", ca)
	}
	return &tls.Config{RootCAs: pool}, nil
}
