package config_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/config"
)

func TestTheExampleIsExactlyTheDefaults(t *testing.T) {
	text, err := os.ReadFile("../../config.example.toml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := config.Parse("config.example.toml", text)
	if err != nil {
		t.Fatal(err)
	}
	if want := config.Default(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, key := range config.Keys() {
		name := key[strings.LastIndex(key, ".")+1:]
		if !strings.Contains("\n"+string(text), "\n"+name+" = ") {
			t.Errorf("the example does not show %s", key)
		}
	}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string // in the error; none: it is accepted
	}{
		{"an empty file is the defaults", "", nil},
		{"every key can be set", "data = '/x'\nlisten = ['1.2.3.4:443', ':8443']\nlocal = 'off'\nlog.level = 'debug'\n", nil},
		{"a pinned setting is taken", "[settings]\n\"trash.days\" = 3\n", nil},
		{"an unknown key is named", "lisen = ':1'", []string{"line 1", "lisen", "no such key"}},
		{"an unknown table is named", "[acmes]\n", []string{"acmes", "no such key"}},
		{"a wrong type is named", "data = 7", []string{"data", "must be a text"}},
		{
			"all troubles are told at once", "data = 7\nlisten = []\n[log]\nlevel = 'loud'\ncolour = true\n",
			[]string{"line 1: data", "line 2: listen", "line 4: log.level", "line 5: log.colour"},
		},
		{"plain HTTP is refused off the loopback", "local = '192.168.1.4:80'", []string{"local", "loopback"}},
		{"a port too large is refused", "listen = [':70000']", []string{"listen", "65535"}},
		{"broken TOML names its line", "data = \nlisten = [", []string{"proper TOML", "line 1"}},
		{"a list is pinned", "[settings]\n\"reach.proxies\" = ['10.0.0.2', 'fd00::/64']\n", nil},
		{"a redirect off or elsewhere is taken", "redirect = 'off'", nil},
		{"a redirect without a port is named", "redirect = 'localhost'", []string{"line 1: redirect", "host:port"}},
		{"an old TLS can be let in, an older one not", "tls.oldest = '1.1'", []string{"tls.oldest", "1.3, 1.2"}},
		{"a directory without TLS is refused", "[acme]\ndirectory = 'http://ca.example/dir'", []string{"line 2: acme.directory", "https://"}},
		{"a directory with a password in it is refused", "acme.directory = 'https://a:b@ca.example/dir'", []string{"acme.directory"}},
		{"the dry run can be left out", "acme.test_directory = 'off'", nil},
		{"a root is a full path", "acme.root = 'ca.pem'", []string{"acme.root", "full path"}},
		{"a database of countries is a full path", "log.country_database = 'country.mmdb'", []string{"log.country_database", "full path"}},
		{"resolvers come with and without a port", "dns.resolvers = ['192.0.2.53', '192.0.2.53:5353', '2001:db8::53', '[2001:db8::53]:53', 'dns.example.net']", nil},
		{"a resolver that is none is named", "dns.resolvers = ['192.0.2.53', 'a b']", []string{"dns.resolvers", "a b"}},
		{"a resolver's port that is none is named", "dns.resolvers = ['192.0.2.53:0']", []string{"dns.resolvers", "192.0.2.53:0"}},
		{"echoes over DNS are taken", "address.dns = ['whoami.example.net A @192.0.2.53', 'id.example.net CH TXT @[2001:db8::53]:5353']", nil},
		{"an echo without a server is named", "address.dns = ['whoami.example.net A']", []string{"address.dns", "of the form"}},
		{"an echo of another type is named", "address.dns = ['whoami.example.net MX @192.0.2.53']", []string{"address.dns"}},
		{"an echo by a server that is none is named", "address.dns = ['whoami.example.net A @']", []string{"address.dns", "DNS server"}},
		{"an echo page without TLS is refused", "address.https = ['http://ip.example.net']", []string{"address.https", "https://"}},
		{"test ranges are networks", "test.ranges = ['203.0.113.0/24', 'x']", []string{"test.ranges", `"x" is not a network`}},
		{"a list that is none is named", "test.ranges = '203.0.113.0/24'", []string{"test.ranges", "list"}},
		{"a list of numbers is named", "dns.resolvers = [53]", []string{"dns.resolvers", "list of texts"}},
		{"a pin of a wrong shape is named", "[settings]\na = [1]\n", []string{"settings.a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := config.Parse("config.toml", []byte(tt.text))
			if len(tt.want) == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestWhatIsReadIsWhatIsMeant(t *testing.T) {
	c, err := config.Parse("c.toml", []byte("redirect = 'off'\nlog.country_database = '/srv/country.mmdb'\n[acme]\ndirectory = 'https://ca.example/dir'\n[dns]\n"+
		"resolvers = ['192.0.2.53', '[2001:db8::53]', 'dns.example.net:5353']\n[test]\nranges = ['203.0.113.9/24']\n[settings]\n'a.b' = ['x', 'y']\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.Redirect, want.ACMEDirectory, want.CountryDatabase = "", "https://ca.example/dir", "/srv/country.mmdb"
	want.ACMETest = "" // another CA's dry run proves nothing
	want.Resolvers = []string{"192.0.2.53:53", "[2001:db8::53]:53", "dns.example.net:5353"}
	want.TestRanges = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}
	want.Pins = map[string]config.Pin{"a.b": {Value: []string{"x", "y"}, File: "c.toml", Line: 10}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
	c, err = config.Parse("c.toml", []byte("[acme]\ndirectory = 'https://ca.example/dir'\ntest_directory = 'https://ca.example/test'\n"))
	if err != nil || c.ACMETest != "https://ca.example/test" {
		t.Errorf("the dry run is %q, %v", c.ACMETest, err)
	}
}

func TestRoots(t *testing.T) {
	pool, err := config.Default().Roots()
	if pool != nil || err != nil {
		t.Errorf("by default: %v, %v; want what the system trusts", pool, err)
	}
	dir := t.TempDir()
	empty, good := filepath.Join(dir, "empty.pem"), filepath.Join(dir, "good.pem")
	write(t, empty, []byte("nothing"))
	write(t, good, selfSigned(t))
	for file, want := range map[string]string{filepath.Join(dir, "none.pem"): "can't be read", empty: "holds no certificate"} {
		if _, err := (config.Config{ACMERoot: file}).Roots(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file) {
			t.Errorf("got %v, want that %s %s", err, file, want)
		}
	}
	if pool, err := (config.Config{ACMERoot: good}).Roots(); err != nil || pool == nil {
		t.Errorf("a good root: %v, %v", pool, err)
	}
}

func write(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func selfSigned(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plan := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true}
	der, err := x509.CreateCertificate(rand.Reader, plan, plan, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestAPinKnowsItsLine(t *testing.T) {
	c, err := config.Parse("c.toml", []byte("local = 'off'\n\n[settings]\n\"trash.days\" = 3\nhouse.name = 'Home'\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]config.Pin{
		"trash.days": {Value: int64(3), File: "c.toml", Line: 4},
		"house.name": {Value: "Home", File: "c.toml", Line: 5},
	}
	if !reflect.DeepEqual(c.Pins, want) {
		t.Errorf("got %+v, want %+v", c.Pins, want)
	}
}

func TestDataDir(t *testing.T) {
	for name, c := range map[string]struct{ given, state, want string }{
		"what was given wins":                         {"/srv/house/", "/var/lib/latchkey", "/srv/house"},
		"the house lies one level down in the state":  {"", "/var/lib/latchkey", "/var/lib/latchkey/house"},
		"of several state folders the first is meant": {"", "/var/lib/a:/var/lib/b", "/var/lib/a/house"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("STATE_DIRECTORY", c.state)
			if got := config.DataDir(c.given); got != c.want {
				t.Errorf("DataDir = %s, want %s", got, c.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "data = ''", "[settings]\n\"a.b\" = 1", "a.b.c = 1\n[a]\n", "listen = [':1', 2]", "[[x]]\ny=1", "x = {a = {b = 1}}", "\xff",
		"[acme]\ndirectory = 'https://ca.example'\n[dns]\nresolvers = ['::1', '[::1]:53', 'x:']", "address.dns = ['a A @b:1', 'a CH TXT @']", "test.ranges = ['::/0']",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := config.Parse("fuzz.toml", text)
		if err == nil && len(c.Listen) == 0 {
			t.Error("accepted a configuration without an address")
		}
		for _, at := range c.Resolvers {
			if _, _, bad := net.SplitHostPort(at); err == nil && bad != nil {
				t.Errorf("accepted the resolver %q", at)
			}
		}
	})
}
