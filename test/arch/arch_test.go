package arch_test

import (
	"strings"
	"testing"

	"latchkey/test/arch"
)

// long files that are tables: their length is the length of what they list.
var tables = map[string]bool{}

// The most lines of a file; tests, being lists of cases, may have more.
const (
	longest     = 400
	longestTest = 600
)

func read(t *testing.T) *arch.Tree {
	t.Helper()
	tree, err := arch.Read("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.Files) < 20 {
		t.Fatalf("found %d files; this looks at the wrong folder", len(tree.Files))
	}
	return tree
}

func house(f arch.File) bool {
	return !f.Test && !strings.HasPrefix(f.Package, "test/")
}

func TestTree(t *testing.T) {
	tree := read(t)

	t.Run("an import only goes down", func(t *testing.T) {
		for _, f := range tree.Files {
			if f.Test {
				continue // a black-box test may start the floor above to see its own work
			}
			for _, imported := range f.Imports() {
				if to, ok := strings.CutPrefix(imported, "latchkey/"); ok {
					if why := arch.Climbs(f.Package, to); why != "" {
						t.Errorf("%s: %s", f.Path, why)
					}
				}
			}
		}
	})

	t.Run("each library with a keeper is imported by its keeper alone", func(t *testing.T) {
		for _, f := range tree.Files {
			if strings.HasPrefix(f.Package, "test/") {
				continue // the bench measures a bare bbolt beside ours
			}
			for _, imported := range f.Imports() {
				if why := arch.Trespasses(f.Package, imported); why != "" {
					t.Errorf("%s: %s", f.Path, why)
				}
			}
		}
	})

	t.Run("nothing below main reaches over the whole process", func(t *testing.T) {
		for _, f := range tree.Files {
			if !house(f) || f.Package == "." {
				continue
			}
			for _, why := range tree.Reaches(f) {
				t.Error(why)
			}
		}
	})

	t.Run("no function writes a package-level variable", func(t *testing.T) {
		seen := map[string]bool{}
		for _, f := range tree.Files {
			if !house(f) || seen[f.Package] {
				continue
			}
			seen[f.Package] = true
			for _, why := range tree.Writes(f.Package) {
				t.Error(why)
			}
		}
	})

	t.Run("no file is longer than a reader's patience", func(t *testing.T) {
		for _, f := range tree.Files {
			limit := longest
			if f.Test {
				limit = longestTest
			}
			if f.Lines > limit && !tables[f.Path] {
				t.Errorf("%s has %d lines, more than %d: do two things live there?", f.Path, f.Lines, limit)
			}
		}
	})
}

func TestClimbs(t *testing.T) {
	cases := []struct {
		name, from, to string
		fine           bool
	}{
		{"the store keeps what vault needs kept", "appliance/store", "appliance/vault", true},
		{"vault knows no store", "appliance/vault", "appliance/store", false},
		{"vault knows account", "appliance/vault", "appliance/account", true},
		{"account knows no vault", "appliance/account", "appliance/vault", false},
		{"account keeps what passkey judges", "appliance/account", "appliance/passkey", true},
		{"passkey knows no account", "appliance/passkey", "appliance/account", false},
		{"guard knows no journal, though on one floor", "appliance/guard", "appliance/journal", false},
		{"everybody may name a problem", "appliance/guard", "appliance/problem", true},
		{"config says its troubles as problems", "appliance/config", "appliance/problem", true},
		{"the ground knows no settings", "appliance/config", "appliance/settings", false},
		{"the conformance suite of vault stands with vault", "appliance/vault/vaulttest", "appliance/vault", true},
		{"and may not use the store", "appliance/vault/vaulttest", "appliance/store", false},
		{"setup stands on the store's floor", "appliance/setup", "appliance/account", true},
		{"api knows no listener", "appliance/api", "appliance/listen", false},
		{"the assembly knows all", "appliance", "appliance/api", true},
		{"nobody knows the assembly", "appliance/api", "appliance", false},
		{"a detector stands with the keeper", "dyndns", "dyndns/publicip", true},
		{"the keeper compares with the zone's servers", "dyndns", "dyndns/authority", true},
		{"the keeper is handed its provider", "dyndns", "dyndns/provider", false},
		{"no detector knows the keeper", "dyndns/publicip", "dyndns", false},
		{"a detector dials by the default route", "dyndns/publicip", "dyndns/uplink", true},
		{"a detector asks DNS", "dyndns/publicip", "dyndns/query", true},
		{"a detector knows no mapping", "dyndns/publicip", "dyndns/portmap", false},
		{"the mapper knows the default route", "dyndns/portmap", "dyndns/uplink", true},
		{"the default route knows nobody", "dyndns/uplink", "dyndns/portmap", false},
		{"the public path is one of the wizard's steps", "appliance/setup", "appliance/reach", true},
		{"and does not know the wizard", "appliance/reach", "appliance/setup", false},
		{"the listeners know the default route", "appliance/listen", "dyndns/uplink", true},
		{"the backups know their format", "appliance/backup", "appliance/backup/archive", true},
		{"and where they go", "appliance/backup", "appliance/backup/target", true},
		{"a place to keep them knows no format", "appliance/backup/target", "appliance/backup/archive", false},
		{"the format knows no store", "appliance/backup/archive", "appliance/store", false},
		{"a restore reads the format", "appliance/restore", "appliance/backup/archive", true},
		{"but asks no scheduler", "appliance/restore", "appliance/backup", false},
		{"the keys are free to use", "appliance/setup", "client/keys", true},
		{"and use nothing of the house", "client/keys", "appliance/account", false},
		{"main is the client too", ".", "client", true},
		{"the appliance is no client", "appliance/api", "client", false},
		{"no code of the house uses a test's", "appliance", "test/house", false},
		{"a new package wants a floor", "appliance/novelty", "appliance/problem", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			why := arch.Climbs(c.from, c.to)
			if (why == "") != c.fine {
				t.Errorf("Climbs(%q, %q) = %q", c.from, c.to, why)
			}
		})
	}
}

func TestTrespasses(t *testing.T) {
	cases := []struct {
		name, from, library string
		fine                bool
	}{
		{"the store keeps bbolt", "appliance/store", "go.etcd.io/bbolt", true},
		{"and nobody else", "appliance/vault", "go.etcd.io/bbolt", false},
		{"storm's codecs are storm", "appliance/api", "github.com/asdine/storm/v3/codec/json", false},
		{"a name that only begins alike is another library", "appliance/api", "go.etcd.io/bbolting", true},
		{"the records' shapes are the certificates' too", "appliance/certs", "github.com/libdns/libdns", true},
		{"the providers themselves are not", "appliance/certs", "github.com/libdns/cloudflare", false},
		{"the providers' package keeps them", "dyndns/provider", "github.com/libdns/cloudflare", true},
		{"go-webauthn stands behind passkey", "appliance/account", "github.com/go-webauthn/webauthn/protocol", false},
		{"the format of the backups keeps compression", "appliance/backup/archive", "github.com/klauspost/compress/zstd", true},
		{"the backups themselves do without", "appliance/backup", "github.com/klauspost/compress/zstd", false},
		{"several ask DNS", "dyndns/authority", "github.com/miekg/dns", true},
		{"but not the keeper", "dyndns", "github.com/miekg/dns", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			why := arch.Trespasses(c.from, c.library)
			if (why == "") != c.fine {
				t.Errorf("Trespasses(%q, %q) = %q", c.from, c.library, why)
			}
		})
	}
}
