// Package country tells in which country an address is, by a database that the
// person who runs the house has put on the machine (a MaxMind DB file, as
// MaxMind, DB-IP and IPinfo give them away). It asks nobody, and where there is
// no database it knows nothing. It is the only importer of the reader.
package country

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	maxminddb "github.com/oschwald/maxminddb-golang/v2"

	"latchkey/appliance/problem"
)

// DB is an open database. A nil DB knows no country.
type DB struct {
	reader *maxminddb.Reader
	broken atomic.Bool
}

// paths are where the usual databases have a network's country: MaxMind's and
// DB-IP's in a map, IPinfo's as a text.
var paths = [][]any{{"country", "iso_code"}, {"country"}, {"country_code"}, {"registered_country", "iso_code"}}

// sample is how many networks Open looks at for one with a country, those of
// which nothing is said included: a damaged tree may have no end.
const sample = 50_000

// Open opens the database in a file, which is mapped, not read: replace it by
// renaming another one over it. All that is wrong is a problem ("country.*");
// a house goes on without.
func Open(file string) (db *DB, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			db, err = nil, foreign(file).Because(fmt.Errorf("reading the database: %v", r))
		}
	}()
	reader, err := maxminddb.Open(file)
	if err != nil {
		return nil, refusal(file, err)
	}
	if why := fits(reader); why != nil {
		_ = reader.Close() // it was only looked at
		return nil, foreign(file).Because(why)
	}
	return &DB{reader: reader}, nil
}

func refusal(file string, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return problem.New(problem.Unavailable, "country.unreadable",
			fmt.Sprintf("The database of countries %s can't be read.", file),
			"Check that the file exists and that the user who runs Latchkey may read it; until then the log names no countries.").
			With("file", file).Because(err)
	}
	return foreign(file).Because(err)
}

func foreign(file string) *problem.Problem {
	return problem.New(problem.Unavailable, "country.foreign",
		fmt.Sprintf("%s is no database of countries, or it is damaged.", file),
		"Get a country database in the MaxMind DB format (.mmdb) anew; until then the log names no countries.").
		With("file", file)
}

// fits looks for a country.
func fits(reader *maxminddb.Reader) error {
	if v := reader.Metadata.BinaryFormatMajorVersion; v != 2 {
		return fmt.Errorf("format %d", v)
	}
	n := 0
	for result := range reader.Networks(maxminddb.IncludeNetworksWithoutData()) {
		if err := result.Err(); err != nil {
			return fmt.Errorf("reading a network: %w", err)
		}
		if code(result) != "" {
			return nil
		}
		if n++; n >= sample {
			break
		}
	}
	return fmt.Errorf("none of %d networks has a country; it is of type %q", n, reader.Metadata.DatabaseType)
}

// Of gives the country of an address by its two letters (ISO 3166-1), or "".
func (db *DB) Of(peer netip.Addr) (found string) {
	peer = peer.Unmap().WithZone("")
	if db == nil || !peer.IsGlobalUnicast() || peer.IsPrivate() || db.broken.Load() {
		return ""
	}
	// A file that was cut short under our hands faults, and a damaged one may
	// make the reader panic: neither may end the house.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			db.broken.Store(true)
			found = ""
		}
	}()
	return code(db.reader.Lookup(peer))
}

// Broken reports whether the file turned out to be damaged since it was
// opened; Of then knows nothing any more.
func (db *DB) Broken() bool { return db != nil && db.broken.Load() }

// Made is when the database was made.
func (db *DB) Made() time.Time {
	return db.reader.Metadata.BuildTime().UTC()
}

// Close gives the file back; Of must not be called any more.
func (db *DB) Close() error {
	if db == nil {
		return nil
	}
	if err := db.reader.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("closing the database of countries: %w", err)
	}
	return nil
}

// code is the country of a network, or "".
func code(of maxminddb.Result) string {
	for _, path := range paths {
		var s string
		if err := of.DecodePath(&s, path...); err == nil && letters(s) {
			return s
		}
	}
	return ""
}

func letters(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}
