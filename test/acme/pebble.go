// Package acme drives the public certificates against a real ACME server:
// pebble, which scripts/pebble.sh builds once, with a DNS server of the test's
// own. Everything is on loopback; only the first build needs the network.
package acme

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// program is the path of pebble.
var program = sync.OnceValues(func() (string, error) {
	script := exec.Command("../../scripts/pebble.sh")
	script.Stderr = os.Stderr
	out, err := script.Output()
	return strings.TrimSpace(string(out)), err
})

// pebble is one running CA.
type pebble struct {
	directory string         // of ACME
	manage    string         // base of the management interface
	door      *x509.CertPool // signs the server's own certificate
	log       *journal
	client    *http.Client
}

// options are for one pebble.
type options struct {
	dns      string // host:port
	validity time.Duration
	env      []string
}

// run starts a pebble that ends with the test.
func run(t *testing.T, o options) *pebble {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatalf("pebble can't be built: %v", err)
	}
	dir := t.TempDir()
	p := &pebble{door: x509.NewCertPool(), log: &journal{}}
	cert, key := door(t, dir, p.door)
	listen, manage := free(t), free(t)
	p.directory, p.manage = "https://"+listen+"/dir", "https://"+manage
	if o.validity == 0 {
		o.validity = 90 * 24 * time.Hour
	}
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": listen, "managementListenAddress": manage, "certificate": cert, "privateKey": key,
		"httpPort": 5002, "tlsPort": 5001, "keyAlgorithm": "ecdsa", "retryAfter": map[string]int{"authz": 1, "order": 1},
		"profiles": map[string]any{"default": map[string]any{"description": "the only one", "validityPeriod": int(o.validity.Seconds())}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "pebble.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(path, "-config", file, "-strict", "-dnsserver", o.dns)
	command.Env = append(append(os.Environ(), "PEBBLE_VA_NOSLEEP=1"), o.env...)
	command.Stdout, command.Stderr = p.log, p.log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("pebble said:\n%s", p.log.tail(4000))
		}
	})
	p.client = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.door, MinVersion: tls.VersionTLS12}}}
	p.await(t)
	return p
}

// await waits until the directory answers.
func (p *pebble) await(t *testing.T) {
	t.Helper()
	for range 200 {
		if answer, err := p.client.Get(p.directory); err == nil {
			_ = answer.Body.Close()
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatal("pebble does not answer")
}

// root is what a browser has to trust.
func (p *pebble) root(t *testing.T) *x509.CertPool {
	t.Helper()
	answer, err := p.client.Get(p.manage + "/roots/0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(text) {
		t.Fatalf("no root: %v", err)
	}
	return pool
}

// due has pebble say that the certificate should be renewed at once (RFC 9773).
func (p *pebble) due(t *testing.T, cert []byte) {
	t.Helper()
	now := time.Now().UTC()
	window := fmt.Sprintf(`{"suggestedWindow":{"start":%q,"end":%q}}`,
		now.Add(-2*time.Hour).Format(time.RFC3339), now.Add(-time.Hour).Format(time.RFC3339))
	body, err := json.Marshal(map[string]string{
		"Certificate": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})), "ARIResponse": window,
	})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := p.client.Post(p.manage+"/set-renewal-info/", "application/json", bytes.NewReader(body))
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("setting the renewal information: %v, %v", answer, err)
	}
	_ = answer.Body.Close()
}

// free is an address on loopback that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// door makes the certificate of the ACME server itself, with a root of its own.
func door(t *testing.T, dir string, pool *x509.CertPool) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "the door of a test CA"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "door.pem"), filepath.Join(dir, "door.key")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return certFile, keyFile
}

// journal collects what a pebble says.
type journal struct {
	mu   sync.Mutex
	text []byte
}

// Write appends.
func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.text = append(j.text, b...)
	return len(b), nil
}

func (j *journal) count(words string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return bytes.Count(j.text, []byte(words))
}

func (j *journal) tail(n int) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return string(j.text[max(0, len(j.text)-n):])
}
