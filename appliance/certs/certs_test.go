package certs_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/appliance/certs"
)

// memory is a Keep in memory that counts and can refuse.
type memory struct {
	mu    sync.Mutex
	blob  []byte
	saves int
	err   error
}

func (m *memory) Load(context.Context) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.blob, m.err
}

func (m *memory) Save(_ context.Context, blob []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	m.blob = slices.Clone(blob)
	m.saves++
	return nil
}

func (m *memory) refuse(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

var _ certs.Keep = (*memory)(nil)

// machine is a computer whose name, addresses and clock a test can change.
type machine struct {
	mu    sync.Mutex
	host  string
	addrs []netip.Addr
	now   time.Time
}

func (m *machine) config(keep certs.Keep) certs.Config {
	return certs.Config{
		Keep: keep,
		Now: func() time.Time {
			m.mu.Lock()
			defer m.mu.Unlock()
			return m.now
		},
		Host: func() (string, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			return m.host, nil
		},
		Addresses: func() ([]netip.Addr, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			return m.addrs, nil
		},
	}
}

func (m *machine) set(change func(*machine)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

func pi() *machine {
	return &machine{
		host:  "pi",
		addrs: []netip.Addr{netip.MustParseAddr("192.168.1.5"), netip.MustParseAddr("fd00::5"), netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("fe80::1%eth0")},
		now:   time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
	}
}

func open(t *testing.T, cfg certs.Config) *certs.House {
	t.Helper()
	h, err := certs.Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return h
}

func leafOf(t *testing.T, h *certs.House) (leaf, issuer *x509.Certificate) {
	t.Helper()
	c, err := h.GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatalf("GetCertificate: %v", err)
	}
	if len(c.Certificate) != 2 {
		t.Fatalf("the chain has %d certificates, want leaf and issuer", len(c.Certificate))
	}
	issuer, err = x509.ParseCertificate(c.Certificate[1])
	if err != nil {
		t.Fatal(err)
	}
	return c.Leaf, issuer
}

func verify(t *testing.T, h *certs.House, name string, at time.Time) error {
	t.Helper()
	leaf, issuer := leafOf(t, h)
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	if !roots.AppendCertsFromPEM(h.RootPEM()) {
		t.Fatal("the root's PEM holds no certificate")
	}
	between.AddCert(issuer)
	_, err := leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, Intermediates: between, CurrentTime: at})
	return err
}

func TestLeaf(t *testing.T) {
	m := pi()
	h := open(t, m.config(&memory{}))
	for _, name := range []string{"localhost", "pi", "pi.local", "127.0.0.1", "[::1]", "192.168.1.5", "[fd00::5]"} {
		t.Run("is good for "+name, func(t *testing.T) {
			if err := verify(t, h, name, m.now); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("names no public and no link-local address", func(t *testing.T) {
		want := []string{"localhost", "pi", "pi.local", "127.0.0.1", "::1", "192.168.1.5", "fd00::5"}
		if got := h.Names(); !slices.Equal(got, want) {
			t.Errorf("Names() = %q, want %q", got, want)
		}
	})
	t.Run("is accepted by a phone whose clock is 11 months behind or 80 days ahead", func(t *testing.T) {
		for _, d := range []int{-335, 80} {
			if err := verify(t, h, "pi.local", m.now.AddDate(0, 0, d)); err != nil {
				t.Errorf("%d days: %v", d, err)
			}
		}
	})
	t.Run("lives less than Apple's 825 days", func(t *testing.T) {
		leaf, _ := leafOf(t, h)
		if life := leaf.NotAfter.Sub(leaf.NotBefore); life >= 825*24*time.Hour {
			t.Errorf("it lives %v", life)
		}
	})
	t.Run("has the fingerprint that openssl would print", func(t *testing.T) {
		leaf, _ := leafOf(t, h)
		info := h.Info()
		if info.Fingerprint != certs.Fingerprint(leaf) || len(info.Fingerprint) != 95 || strings.Trim(info.Fingerprint, "0123456789ABCDEF:") != "" {
			t.Errorf("Fingerprint = %q", info.Fingerprint)
		}
	})
}

func TestHostNames(t *testing.T) {
	for _, tt := range []struct{ name, raw, label, want string }{
		{"a plain one", "pi", "pi", "localhost pi pi.local"},
		{"upper case", "RaspberryPi", "raspberrypi", "localhost raspberrypi raspberrypi.local"},
		{"with a local domain", "nas.lan", "nas", "localhost nas nas.local nas.lan"},
		{"with a public domain", "nas.example.com", "nas", "localhost nas nas.local"},
		{"with an underscore", "my_nas", "my_nas", "localhost my_nas my_nas.local"},
		{"a top-level domain of the internet", "media", "media", "localhost media.local"},
		{"a number, which a browser takes for an address", "1234", "1234", "localhost 1234.local"},
		{"with a space and an apostrophe", "Jim's Pi", "", "localhost"},
		{"with letters beyond ASCII", "jürgen", "", "localhost"},
		{"beginning with a hyphen", "-pi", "", "localhost"},
		{"too long for a label", strings.Repeat("a", 64), "", "localhost"},
		{"localhost itself", "localhost", "", "localhost"},
		{"localhost with a domain", "localhost.localdomain", "", "localhost"},
		{"empty", "", "", "localhost"},
		{"only a dot", ".", "", "localhost"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := certs.HostLabel(tt.raw); got != tt.label {
				t.Errorf("HostLabel(%q) = %q, want %q", tt.raw, got, tt.label)
			}
			m := pi()
			m.host, m.addrs = tt.raw, nil
			h := open(t, m.config(&memory{}))
			want := append(strings.Fields(tt.want), "127.0.0.1", "::1")
			if got := h.Names(); !slices.Equal(got, want) {
				t.Errorf("Names() = %q, want %q", got, want)
			}
			if err := verify(t, h, "localhost", m.now); err != nil {
				t.Errorf("verifying localhost: %v", err)
			}
		})
	}
}

func TestClocks(t *testing.T) {
	for _, tt := range []struct {
		name string
		now  time.Time
	}{
		{"in 1970", time.Unix(60, 0)},
		{"in 2019", time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"in 2038", time.Date(2038, 1, 19, 4, 0, 0, 0, time.UTC)},
		{"in 2106", time.Date(2106, 2, 7, 6, 28, 16, 0, time.UTC)},
		{"in the year 12000", time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		t.Run("born "+tt.name+", right after the clock is", func(t *testing.T) {
			m := pi()
			right := m.now
			m.now = tt.now
			h := open(t, m.config(&memory{}))
			root := h.Info().RootFingerprint
			m.set(func(m *machine) { m.now = right })
			if err := h.Refresh(t.Context()); err != nil {
				t.Fatalf("Refresh: %v", err)
			}
			for _, years := range []int{0, 8} {
				later := right.AddDate(years, 0, 0)
				m.set(func(m *machine) { m.now = later })
				if err := h.Refresh(t.Context()); err != nil {
					t.Fatalf("Refresh: %v", err)
				}
				if err := verify(t, h, "pi.local", later); err != nil {
					t.Errorf("after %d years: %v", years, err)
				}
			}
			if got := h.Info().RootFingerprint; got != root {
				t.Error("the root changed, so every device would have to trust it again")
			}
		})
	}
}

func TestRenewal(t *testing.T) {
	day := 24 * time.Hour
	address := netip.MustParseAddr("192.168.1.6")
	for _, tt := range []struct {
		name   string
		change func(*machine)
		renews bool
	}{
		{"nothing changed", func(*machine) {}, false},
		{"59 days went by", func(m *machine) { m.now = m.now.Add(59 * day) }, false},
		{"61 days went by", func(m *machine) { m.now = m.now.Add(61 * day) }, true},
		{"the clock fell back by a day", func(m *machine) { m.now = m.now.Add(-day) }, false},
		{"the clock fell back by two months", func(m *machine) { m.now = m.now.Add(-61 * day) }, true},
		{"an address came", func(m *machine) { m.addrs = append(m.addrs, address) }, true},
		{"an address went", func(m *machine) { m.addrs = nil }, false},
		{"a public address came", func(m *machine) { m.addrs = append(m.addrs, netip.MustParseAddr("203.0.113.9")) }, false},
		{"the host has a new name", func(m *machine) { m.host = "den" }, true},
		{"the host name became unusable", func(m *machine) { m.host = "Jim's" }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, keep := pi(), &memory{}
			cfg := m.config(keep)
			told := 0
			cfg.Changed = func(certs.Info) { told++ }
			h := open(t, cfg)
			before, saves := h.Info().Fingerprint, keep.saves
			m.set(tt.change)
			if err := h.Refresh(t.Context()); err != nil {
				t.Fatalf("Refresh: %v", err)
			}
			if renewed := h.Info().Fingerprint != before; renewed != tt.renews {
				t.Errorf("renewed = %v, want %v", renewed, tt.renews)
			}
			if saved := keep.saves != saves; saved != tt.renews {
				t.Errorf("saved = %v, want %v", saved, tt.renews)
			}
			if want := map[bool]int{false: 1, true: 2}[tt.renews]; told != want {
				t.Errorf("Changed was called %d times, want %d", told, want)
			}
		})
	}
	t.Run("a machine between two networks settles on one leaf", func(t *testing.T) {
		m := pi()
		h := open(t, m.config(&memory{}))
		there := []netip.Addr{netip.MustParseAddr("10.0.0.9")}
		here := m.addrs
		m.set(func(m *machine) { m.addrs = there })
		h.Refresh(t.Context())
		settled := h.Info().Fingerprint
		m.set(func(m *machine) { m.addrs = here })
		h.Refresh(t.Context())
		if got := h.Info().Fingerprint; got != settled {
			t.Error("coming back made another leaf")
		}
	})
	t.Run("a new name gets its .local, and no bare name that the root forbids", func(t *testing.T) {
		m := pi()
		h := open(t, m.config(&memory{}))
		m.set(func(m *machine) { m.host = "den" })
		h.Refresh(t.Context())
		if got := h.Names()[:2]; !slices.Equal(got, []string{"localhost", "den.local"}) {
			t.Errorf("Names() begins with %q", got)
		}
		if err := verify(t, h, "den.local", m.now); err != nil {
			t.Error(err)
		}
	})
	t.Run("in the root's last month no leaf outlives it and none is made twice", func(t *testing.T) {
		m := pi()
		h := open(t, m.config(&memory{}))
		m.set(func(m *machine) { m.now = h.Info().RootEnds.Add(-10 * day) })
		h.Refresh(t.Context())
		first := h.Info()
		h.Refresh(t.Context())
		if first.Ends.After(first.RootEnds) {
			t.Errorf("the leaf ends %v, the root %v", first.Ends, first.RootEnds)
		}
		if got := h.Info().Fingerprint; got != first.Fingerprint {
			t.Error("a second look made another leaf")
		}
	})
}

func TestRestart(t *testing.T) {
	t.Run("the same leaf is served, so that no browser warns again", func(t *testing.T) {
		m, keep := pi(), &memory{}
		before := open(t, m.config(keep)).Info()
		after := open(t, m.config(keep)).Info()
		if before.Fingerprint != after.Fingerprint || before.RootFingerprint != after.RootFingerprint {
			t.Errorf("before %+v, after %+v", before, after)
		}
	})
	t.Run("the root's key is not kept", func(t *testing.T) {
		m, keep := pi(), &memory{}
		open(t, m.config(keep))
		if n := strings.Count(string(keep.blob), `Key"`); n != 2 {
			t.Errorf("the blob holds %d keys, want the issuer's and the leaf's", n)
		}
	})
	for name, blob := range map[string]string{
		"empty":           "",
		"no JSON":         "certificates",
		"an empty object": `{}`,
	} {
		t.Run("a kept blob that is "+name+" stops the start and is left alone", func(t *testing.T) {
			keep := &memory{blob: []byte(blob)}
			if _, err := certs.Open(t.Context(), pi().config(keep)); err == nil {
				t.Error("Open made a new house")
			}
			if keep.saves != 0 {
				t.Error("the blob was overwritten")
			}
		})
	}
	t.Run("a key of another house stops the start", func(t *testing.T) {
		one, two := &memory{}, &memory{}
		open(t, pi().config(one))
		open(t, pi().config(two))
		mixed := mix(t, one.blob, "issuerKey", two.blob)
		if _, err := certs.Open(t.Context(), pi().config(&memory{blob: mixed})); err == nil {
			t.Error("Open took it")
		}
	})
	t.Run("a blob of a later version stops the start", func(t *testing.T) {
		keep := &memory{}
		open(t, pi().config(keep))
		later := mix(t, keep.blob, "version", []byte(`{"version":2}`))
		if _, err := certs.Open(t.Context(), pi().config(&memory{blob: later})); err == nil {
			t.Error("Open took it")
		}
	})
	t.Run("a keep that can't load stops the start", func(t *testing.T) {
		if _, err := certs.Open(t.Context(), pi().config(&memory{err: errors.New("sealed")})); err == nil {
			t.Error("Open went on")
		}
	})
}

func TestSaving(t *testing.T) {
	t.Run("a house that can't be kept is not born", func(t *testing.T) {
		keep := &loadOnly{}
		if _, err := certs.Open(t.Context(), pi().config(keep)); err == nil {
			t.Error("Open went on")
		}
	})
	t.Run("a leaf that can't be kept is served, and kept at a later look", func(t *testing.T) {
		m, keep := pi(), &memory{}
		h := open(t, m.config(keep))
		before := h.Info().Fingerprint
		keep.refuse(errors.New("disk full"))
		m.set(func(m *machine) { m.now = m.now.AddDate(0, 0, 61) })
		if err := h.Refresh(t.Context()); err == nil {
			t.Error("Refresh told of no trouble")
		}
		renewed := h.Info().Fingerprint
		if renewed == before {
			t.Error("the old leaf is served on")
		}
		keep.refuse(nil)
		if err := h.Refresh(t.Context()); err != nil {
			t.Errorf("Refresh: %v", err)
		}
		if got := open(t, m.config(keep)).Info().Fingerprint; got != renewed {
			t.Error("after a restart another leaf is served")
		}
	})
}

type loadOnly struct{}

func (loadOnly) Load(context.Context) ([]byte, error) { return nil, nil }
func (loadOnly) Save(context.Context, []byte) error   { return errors.New("disk full") }

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := pi()
		cfg := m.config(&memory{})
		var looks []error
		cfg.Trouble = func(err error) { looks = append(looks, err) }
		h := open(t, cfg)
		before := h.Info().Fingerprint
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- h.Run(ctx) }()
		synctest.Wait()
		m.set(func(m *machine) { m.addrs = append(m.addrs, netip.MustParseAddr("10.1.2.3")) })
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if h.Info().Fingerprint == before {
			t.Error("after half a minute the new address has no certificate")
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		if len(looks) != 2 || looks[0] != nil || looks[1] != nil {
			t.Errorf("Trouble heard %v, want two looks without trouble", looks)
		}
	})
}

func TestGetCertificate(t *testing.T) {
	h := open(t, pi().config(&memory{}))
	for _, tt := range []struct {
		name, sni string
		ours      bool
	}{
		{"nobody is named", "", true},
		{"localhost", "localhost", true},
		{"our name", "pi.local", true},
		{"our name in upper case with a final dot", "PI.LOCAL.", true},
		{"a bare name", "den", true},
		{"our host under the router's own domain", "pi.fritz.box", true},
		{"a public name", "keys.example.org", false},
		{"a public name that ends like ours", "evillocal.org", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := h.GetCertificate(&tls.ClientHelloInfo{ServerName: tt.sni})
			if (err == nil) != tt.ours || (err != nil && !errors.Is(err, certs.ErrForeign)) {
				t.Errorf("GetCertificate(%q): %v, want ours = %v", tt.sni, err, tt.ours)
			}
		})
	}
}

func TestHandshake(t *testing.T) {
	m := pi()
	m.now = time.Now()
	h := open(t, m.config(&memory{}))
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(h.RootPEM())
	for _, tt := range []struct {
		name   string
		client *tls.Config
		works  bool
	}{
		{"TLS 1.3 by name", &tls.Config{ServerName: "pi.local", RootCAs: roots}, true},
		{"TLS 1.3 by address", &tls.Config{ServerName: "192.168.1.5", RootCAs: roots}, true},
		{"TLS 1.2 is refused", &tls.Config{ServerName: "pi.local", RootCAs: roots, MaxVersion: tls.VersionTLS12}, false},
		{"without the root it is refused", &tls.Config{ServerName: "pi.local", RootCAs: x509.NewCertPool()}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ours, theirs := net.Pipe()
			server := tls.Server(ours, certs.TLS(h.GetCertificate, ""))
			go func() {
				server.Handshake() // the client judges
				server.Close()
			}()
			tt.client.NextProtos = []string{"h2"}
			client := tls.Client(theirs, tt.client)
			defer theirs.Close()
			err := client.Handshake()
			if (err == nil) != tt.works {
				t.Fatalf("Handshake: %v, want works = %v", err, tt.works)
			}
			if got := client.ConnectionState().NegotiatedProtocol; tt.works && got != "h2" {
				t.Errorf("the protocol is %q, want h2", got)
			}
		})
	}
}

func TestWriteRoot(t *testing.T) {
	h := open(t, pi().config(&memory{}))
	path := filepath.Join(t.TempDir(), "local-ca.pem")
	for range 2 {
		if err := h.WriteRoot(path); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o644 {
		t.Errorf("the mode is %v, want 0644", info.Mode())
	}
	text, _ := os.ReadFile(path)
	if block, _ := pem.Decode(text); block == nil || !slices.Equal(block.Bytes, h.RootDER()) {
		t.Error("the file does not hold the root")
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("%d files are left, want one", len(files))
	}
}

// TestOpenSSL asks another implementation about the chain and its constraints.
func TestOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed: the chain was not checked by it")
	}
	m := pi()
	m.now = time.Now()
	h := open(t, m.config(&memory{}))
	leaf, issuer := leafOf(t, h)
	dir := t.TempDir()
	write := func(name string, der []byte) string {
		path := filepath.Join(dir, name)
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	root, between, end := write("root.pem", h.RootDER()), write("issuer.pem", issuer.Raw), write("leaf.pem", leaf.Raw)
	for _, args := range [][]string{
		{"-verify_hostname", "pi.local"},
		{"-verify_hostname", "pi"},
		{"-verify_ip", "192.168.1.5"},
		{"-verify_ip", "fd00::5"},
	} {
		t.Run("it accepts "+args[1], func(t *testing.T) {
			all := append([]string{"verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", root, "-untrusted", between}, append(args, end)...)
			if out, err := exec.CommandContext(t.Context(), "openssl", all...).CombinedOutput(); err != nil {
				t.Errorf("openssl: %v\n%s", err, out)
			}
		})
	}
}

// mix gives one field of the blob its value in other.
func mix(t *testing.T, blob []byte, field string, other []byte) []byte {
	t.Helper()
	var a, b map[string]any
	if err := errors.Join(json.Unmarshal(blob, &a), json.Unmarshal(other, &b)); err != nil {
		t.Fatal(err)
	}
	a[field] = b[field]
	mixed, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return mixed
}
