package country_test

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"latchkey/appliance/country"
	"latchkey/appliance/problem"
)

func iso(code string) mmdbtype.Map {
	return mmdbtype.Map{"iso_code": mmdbtype.String(code)}
}

// database makes one of the networks and what it says of each.
func database(t testing.TB, kind string, networks map[string]mmdbtype.DataType) []byte {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, BuildEpoch: 1_790_000_000, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range networks {
		_, network, err := net.ParseCIDR(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Insert(network, value); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if _, err := tree.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func usual(t testing.TB) []byte {
	return database(t, "Test-Country", map[string]mmdbtype.DataType{
		"203.0.113.0/24":  mmdbtype.Map{"country": iso("NZ"), "registered_country": iso("AU")},
		"198.51.100.0/24": mmdbtype.Map{"registered_country": iso("DE")},
		"2001:db8::/32":   mmdbtype.Map{"country": iso("CH")},
		"192.0.2.0/24":    mmdbtype.Map{"country": mmdbtype.String("SE")},
		"192.0.3.0/24":    mmdbtype.Map{"country_code": mmdbtype.String("FI")},
		"192.0.4.0/24":    mmdbtype.Map{"country": iso("<b>"), "country_code": mmdbtype.Uint16(7)},
		"192.0.5.0/24":    mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.Uint16(7)}},
		"192.0.6.0/24":    mmdbtype.String("NZ"),
		"192.168.0.0/16":  mmdbtype.Map{"country": iso("XX")},
	})
}

func put(t testing.TB, text []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "country.mmdb")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestOf(t *testing.T) {
	db, err := country.Open(put(t, usual(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ says, address, want string }{
		{"an address in a network that it knows", "203.0.113.7", "NZ"},
		{"the same, as IPv6 has it", "::ffff:203.0.113.7", "NZ"},
		{"a network that is only registered somewhere", "198.51.100.7", "DE"},
		{"an IPv6 address", "2001:db8:7::1", "CH"},
		{"a country that is a text", "192.0.2.7", "SE"},
		{"a code beside it", "192.0.3.7", "FI"},
		{"a code that is none", "192.0.4.7", ""},
		{"a code that is a number", "192.0.5.7", ""},
		{"a network of which it says something else", "192.0.6.7", ""},
		{"an address that it does not know", "8.8.8.8", ""},
		{"the home network, whatever it says", "192.168.1.7", ""},
		{"this machine", "127.0.0.1", ""},
		{"a neighbour on the link", "fe80::1%eth0", ""},
	} {
		t.Run(c.says, func(t *testing.T) {
			if got := db.Of(netip.MustParseAddr(c.address)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	t.Run("no address", func(t *testing.T) {
		if got := db.Of(netip.Addr{}); got != "" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("no database", func(t *testing.T) {
		var none *country.DB
		if got := none.Of(netip.MustParseAddr("203.0.113.7")); got != "" || none.Broken() || none.Close() != nil {
			t.Errorf("got %q", got)
		}
	})
	if made := db.Made().Unix(); made != 1_790_000_000 {
		t.Errorf("made at %d", made)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	good := usual(t)
	noCountry := database(t, "Test-ASN", map[string]mmdbtype.DataType{
		"203.0.113.0/24": mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(64500)},
	})
	for _, c := range []struct {
		says, file, code string
	}{
		{"a file that is not there", filepath.Join(t.TempDir(), "none.mmdb"), "country.unreadable"},
		{"a folder", t.TempDir(), "country.foreign"},
		{"an empty file", put(t, nil), "country.foreign"},
		{"a file of something else", put(t, []byte(strings.Repeat("something else\n", 100))), "country.foreign"},
		{"a file that is cut short", put(t, good[:len(good)/2]), "country.foreign"},
		{"a file whose start is missing", put(t, good[len(good)/3:]), "country.foreign"},
		{"a database of something else", put(t, noCountry), "country.foreign"},
	} {
		t.Run(c.says, func(t *testing.T) {
			_, err := country.Open(c.file)
			var p *problem.Problem
			if !errors.As(err, &p) || p.Code != c.code || p.Hint == "" || !strings.Contains(p.Text, c.file) || p.Cause == nil {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAFileThatIsCutShortLaterEndsNothing(t *testing.T) {
	networks := map[string]mmdbtype.DataType{}
	for n := range 200 { // so that the file has several pages
		networks[netip.AddrFrom4([4]byte{byte(n + 11), 7, 0, 0}).String()+"/16"] = mmdbtype.Map{"country": iso("NZ")}
	}
	file := put(t, database(t, "Test-Country", networks))
	db, err := country.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	peer := netip.MustParseAddr("203.7.1.1")
	if got := db.Of(peer); got != "NZ" || db.Broken() {
		t.Fatalf("got %q", got)
	}
	if err := os.Truncate(file, 0); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if got := db.Of(peer); got != "" || !db.Broken() {
			t.Errorf("got %q, broken %v", got, db.Broken())
		}
	}
}

// FuzzOf gives any file and any address; neither may do more harm than an empty
// answer.
func FuzzOf(f *testing.F) {
	good := usual(f)
	f.Add(good, []byte{203, 0, 113, 7})
	f.Add(good[:len(good)-40], []byte{203, 0, 113, 7})
	f.Add([]byte("\xab\xcd\xefMaxMind.com"), []byte{})
	for _, at := range []int{0, 7, len(good) / 2, len(good) - 100, len(good) - 10} {
		bad := bytes.Clone(good)
		bad[at] ^= 0xff
		f.Add(bad, netip.MustParseAddr("2001:db8:7::1").AsSlice())
	}
	f.Fuzz(func(t *testing.T, text, address []byte) {
		db, err := country.Open(put(t, text))
		if err != nil {
			if !strings.HasPrefix(problem.Of(err).Code, "country.") {
				t.Errorf("got %v", err)
			}
			return
		}
		defer func() { _ = db.Close() }()
		peer, _ := netip.AddrFromSlice(address)
		if got := db.Of(peer); len(got) != 0 && len(got) != 2 {
			t.Errorf("got %q", got)
		}
	})
}

func BenchmarkOf(b *testing.B) {
	db, err := country.Open(put(b, usual(b)))
	if err != nil {
		b.Fatal(err)
	}
	peer := netip.MustParseAddr("203.0.113.7")
	b.ReportAllocs()
	for b.Loop() {
		db.Of(peer)
	}
}
