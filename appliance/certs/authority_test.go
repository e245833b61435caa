package certs

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestConstraints plays the thief of the issuer's key: what it signs beyond the
// home network is refused by Go and by openssl alike.
func TestConstraints(t *testing.T) {
	now := time.Now()
	k, err := newAuthority("pi", now)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		dns   string
		ip    net.IP
		valid bool
	}{
		{"our host", "pi", nil, true},
		{"any .local name", "den.local", nil, true},
		{"home.arpa", "den.home.arpa", nil, true},
		{"a bank", "bank.example.com", nil, false},
		{"a name that only ends like local", "evillocal", nil, false},
		{"a private address", "", net.IPv4(10, 0, 0, 1), true},
		{"a unique local address", "", net.ParseIP("fd12::1"), true},
		{"a public address", "", net.IPv4(203, 0, 113, 1), false},
		{"a public IPv6 address", "", net.ParseIP("2001:db8::1"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			key, err := newKey()
			if err != nil {
				t.Fatal(err)
			}
			template := &x509.Certificate{
				NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
				ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
			}
			if tt.dns != "" {
				template.DNSNames = []string{tt.dns}
			} else {
				template.IPAddresses = []net.IP{tt.ip}
			}
			leaf, err := sign(template, k.issuer, key, k.issuerKey)
			if err != nil {
				t.Fatal(err)
			}
			if err := goVerify(k, leaf); (err == nil) != tt.valid {
				t.Errorf("Go: %v, want valid = %v", err, tt.valid)
			}
			if _, err := exec.LookPath("openssl"); err != nil {
				t.Skip("openssl is not installed: only Go's verdict was checked")
			}
			if out, err := opensslVerify(t, k, leaf); (err == nil) != tt.valid {
				t.Errorf("openssl: %v, want valid = %v\n%s", err, tt.valid, out)
			}
		})
	}
	t.Run("the issuer can't make another issuer", func(t *testing.T) {
		key, _ := newKey()
		template := authorityTemplate("another", "pi", now)
		second, err := sign(template, k.issuer, key, k.issuerKey)
		if err != nil {
			t.Fatal(err)
		}
		leafKey, _ := newKey()
		leaf, err := sign(&x509.Certificate{
			DNSNames: []string{"pi.local"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		}, second, leafKey, key)
		if err != nil {
			t.Fatal(err)
		}
		if err := goVerify(k, leaf, second); err == nil {
			t.Error("Go accepts a chain of three")
		}
		if k.root.MaxPathLen != 1 || k.issuer.MaxPathLen != 0 || !k.issuer.MaxPathLenZero {
			t.Errorf("path lengths are %d and %d, want 1 and 0", k.root.MaxPathLen, k.issuer.MaxPathLen)
		}
	})
	t.Run("both certificates carry their constraints as critical", func(t *testing.T) {
		nameConstraints := []byte{85, 29, 30}
		for _, cert := range []*x509.Certificate{k.root, k.issuer} {
			found := false
			for _, e := range cert.Extensions {
				id := []byte{byte(e.Id[0]*40 + e.Id[1]), byte(e.Id[2]), byte(e.Id[len(e.Id)-1])}
				found = found || (bytes.Equal(id, nameConstraints) && e.Critical)
			}
			if !found {
				t.Errorf("%s has no critical constraints", cert.Subject.CommonName)
			}
		}
	})
}

func goVerify(k *kept, leaf *x509.Certificate, more ...*x509.Certificate) error {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(k.root)
	between.AddCert(k.issuer)
	for _, c := range more {
		between.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err
}

func opensslVerify(t *testing.T, k *kept, leaf *x509.Certificate) ([]byte, error) {
	t.Helper()
	dir := t.TempDir()
	paths := make(map[string]string)
	for name, cert := range map[string]*x509.Certificate{"root": k.root, "issuer": k.issuer, "leaf": leaf} {
		paths[name] = filepath.Join(dir, name)
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
		if err := os.WriteFile(paths[name], text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return exec.CommandContext(t.Context(), "openssl", "verify", "-CAfile", paths["root"], "-untrusted", paths["issuer"], paths["leaf"]).CombinedOutput()
}

func TestTopLevelDomains(t *testing.T) {
	for _, label := range []string{"com", "box", "media", "cloud", "de", "zw", "aaa"} {
		if bareAllowed(label) {
			t.Errorf("%q may stand alone, so our root would be good for all of it", label)
		}
	}
	for _, label := range []string{"pi", "nas", "raspberrypi", "homeserver"} {
		if !bareAllowed(label) {
			t.Errorf("%q may not stand alone", label)
		}
	}
}

func FuzzParseKept(f *testing.F) {
	k, err := newAuthority("pi", birth)
	if err != nil {
		f.Fatal(err)
	}
	good, err := k.marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"version":1}`))
	f.Add([]byte(`{"version":1,"root":"MAA=","issuer":"MAA=","issuerKey":"MAA="}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, blob []byte) {
		k, err := parseKept(blob)
		if err != nil {
			return
		}
		again, err := k.marshal()
		if err != nil {
			t.Fatalf("what was read can't be kept: %v", err)
		}
		if _, err := parseKept(again); err != nil {
			t.Fatalf("what was kept can't be read: %v", err)
		}
	})
}

func FuzzHostLabel(f *testing.F) {
	for _, s := range []string{"pi", "PI.fritz.box", "Jim's Pi", "ü", "-", "..", "localhost", "0x7f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		label := HostLabel(raw)
		if label != "" && !validLabel(label) {
			t.Errorf("HostLabel(%q) = %q", raw, label)
		}
		for _, n := range dnsNames(label, raw, localDomains) {
			if !validName(n) {
				t.Errorf("dnsNames(%q) holds %q", raw, n)
			}
		}
	})
}
