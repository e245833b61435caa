package config

import (
	"crypto/x509"
	"fmt"
	"os"

	"latchkey/appliance/problem"
)

// Roots is what the ACME directories are trusted by: nil for what the system
// trusts, else the certificates in ACMERoot.
func (c Config) Roots() (*x509.CertPool, error) {
	if c.ACMERoot == "" {
		return nil, nil //nolint:nilnil // nil is how crypto/tls spells the system's roots
	}
	text, err := os.ReadFile(c.ACMERoot)
	if err != nil {
		return nil, problem.New(problem.Refused, "config.root",
			fmt.Sprintf("The file of acme.root, %s, can't be read.", c.ACMERoot),
			"Check that it exists and that the user who runs Latchkey may read it.").Because(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, problem.New(problem.Refused, "config.root",
			fmt.Sprintf("The file of acme.root, %s, holds no certificate.", c.ACMERoot),
			"Give the CA's root certificate in PEM, which begins with -----BEGIN CERTIFICATE-----.")
	}
	return pool, nil
}
