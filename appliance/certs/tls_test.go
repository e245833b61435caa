package certs

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestChoose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house := &House{cfg: Config{}.withDefaults()}
		k, err := newAuthority("vault", noon)
		if err != nil {
			t.Fatal(err)
		}
		house.kept = k
		if err := house.renewLocked(wish{host: "vault", names: []string{"localhost", "vault.local"}}, noon); err != nil {
			t.Fatal(err)
		}
		real, name := newSimulated(t), "vault."+unheard("choose")
		p, stop := begin(t, PublicConfig{Storage: &drawer{}, Directory: "https://ca.test/dir"}, real, nil, name)
		defer stop()
		home, world := x509.NewCertPool(), x509.NewCertPool()
		home.AddCert(k.root)
		world.AddCert(real.root)
		for _, c := range []struct {
			says, name string
			after      time.Duration
			roots      *x509.CertPool
			err        string
		}{
			{"a local name is the house's", "vault.local", 0, home, ""},
			{"an address, too", "", 0, home, ""},
			// The house would answer for it, since the machine is called vault.
			{"a public name without a certificate is nobody's", name, 0, home, "unrecognized name"},
			{"and with one it is the public one's", name, time.Hour, world, ""},
			{"a stranger's name is nobody's", "bank.example.com", 0, home, "unrecognized name"},
		} {
			time.Sleep(c.after)
			client := &tls.Config{ServerName: c.name, RootCAs: c.roots}
			if c.roots == home {
				client.Time = func() time.Time { return noon } // the house knows no time before it was written
			}
			if c.name == "" {
				client.InsecureSkipVerify = true
			}
			err := handshake(Choose(house, p), client)
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v", c.says, err)
			}
		}
		if err := handshake(Choose(house, nil), &tls.Config{ServerName: "vault.local", RootCAs: home, Time: func() time.Time { return noon }}); err != nil {
			t.Errorf("without a public part: %v", err)
		}
	})
}

func TestVersions(t *testing.T) {
	key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := sign(&x509.Certificate{DNSNames: []string{"a"}, NotAfter: time.Now().Add(time.Hour)}, &x509.Certificate{}, key, key)
	if err != nil {
		t.Fatal(err)
	}
	get := func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}, nil
	}
	try := func(oldest string, client *tls.Config) (tls.ConnectionState, error) {
		ours, theirs := net.Pipe()
		defer func() { _, _ = ours.Close(), theirs.Close() }()
		go func() { _ = tls.Server(ours, TLS(get, oldest)).Handshake() }()
		client.ServerName, client.InsecureSkipVerify = "a", true
		c := tls.Client(theirs, client)
		err := c.Handshake()
		return c.ConnectionState(), err
	}
	for _, c := range []struct {
		says, oldest string
		client       *tls.Config
		version      uint16
	}{
		{"1.3 is spoken", "", &tls.Config{NextProtos: []string{"h2"}}, tls.VersionTLS13},
		{"1.3 is the oldest unless told otherwise", "1.3", &tls.Config{MaxVersion: tls.VersionTLS12}, 0},
		{"an unknown oldest changes nothing", "1.1", &tls.Config{MaxVersion: tls.VersionTLS12}, 0},
		{"1.2 can be let in", TLS12, &tls.Config{MaxVersion: tls.VersionTLS12}, tls.VersionTLS12},
		{"1.3 is preferred then as well", TLS12, &tls.Config{}, tls.VersionTLS13},
		{"1.1 never", TLS12, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, 0},
		{"no CBC in 1.2", TLS12, &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
		}}, 0},
	} {
		t.Run(c.says, func(t *testing.T) {
			state, err := try(c.oldest, c.client)
			if (err == nil) != (c.version > 0) || err == nil && state.Version != c.version {
				t.Errorf("version %x, %v", state.Version, err)
			}
			if len(c.client.NextProtos) > 0 && state.NegotiatedProtocol != "h2" {
				t.Errorf("protocol %q", state.NegotiatedProtocol)
			}
		})
	}
	t.Run("a session is taken up again by ticket", func(t *testing.T) {
		if TLS(get, "").SessionTicketsDisabled {
			t.Error("tickets are off")
		}
	})
}
