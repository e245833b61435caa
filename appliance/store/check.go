package store

import (
	"encoding/hex"
	"fmt"
	"os"
	"runtime/debug"
	"slices"

	"go.etcd.io/bbolt"
)

// Check reads all of the file at path, which nobody may be writing, with the
// content of its seal.key: every page, every seal, every reference. It changes
// nothing. A bad page may end the process (bbolt checks in a goroutine of its
// own), so let it run in a child: Store.CheckInChild.
func Check(path string, key []byte) (r Report) {
	r.Version = Version()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			r.add(FoundCrash, "", "the check panicked: %v", p)
		}
	}()
	k, err := parseSealKey(key)
	if err != nil {
		r.add(FoundSeal, "", "%v", err)
		return r
	}
	if err := mapsSafely(path); err != nil {
		r.add(FoundPage, "", "%v", err)
		return r
	}
	db, err := bbolt.Open(path, fileMode, &bbolt.Options{ReadOnly: true, Timeout: boltPatience, PreLoadFreelist: true})
	if err != nil {
		r.add(FoundPage, "", "opening: %v", err)
		return r
	}
	defer func() { _ = db.Close() }()
	m, err := newMigrator(db, k)
	if err == nil {
		r.Version, err = m.identify(db)
	}
	if err != nil {
		r.add(FoundSeal, bucketHouse, "%v", err)
		return r
	}
	_ = db.View(func(tx *bbolt.Tx) error {
		c := &checker{Report: &r, layer: &layer{s: &Store{sealer: m.sealer, storm: m.storm}, tx: tx}}
		c.all(tx)
		return nil
	})
	return r
}

// mapsSafely refuses a file that is shorter than it says, or whose pages bbolt
// would stumble over.
func mapsSafely(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	ms, err := readMetas(f, info.Size())
	if err == nil && ms.short {
		err = fmt.Errorf("%d bytes for %d pages", info.Size(), ms.newest.highWater)
	}
	if err != nil {
		return err
	}
	return walkPages(f, ms.newest, walkAll)
}

// checker walks one transaction.
type checker struct {
	*Report
	*layer
	owners map[string]bool // the 16 bytes of each account
}

func (c *checker) all(tx *bbolt.Tx) {
	c.Pages = tx.Size() / int64(tx.DB().Info().PageSize)
	for err := range tx.Check() {
		c.add(FoundPage, "", "%v", err)
	}
	if !c.Clean() {
		return // what stands on bad pages is not worth asking
	}
	c.buckets(tx)
	c.tables()
	c.sessions()
	c.vault()
	c.journal()
	c.guard()
}

// buckets wants exactly those that the migrations make.
func (c *checker) buckets(tx *bbolt.Tx) {
	want := append(ownedBuckets(), bucketHouse, bucketJournal, bucketGuard, stormVersionPlace,
		tableAccounts, tableDevices, tableInvitations, tableValues)
	for name, since := range map[string]uint64{bucketJournal: 2, bucketGuard: 3} {
		if c.Version < since {
			want = slices.DeleteFunc(want, func(w string) bool { return w == name })
		}
	}
	_ = tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
		if !slices.Contains(want, string(name)) || b == nil {
			c.add(FoundUnknown, string(name), "no version of Latchkey makes it")
		}
		return nil
	})
	for _, name := range want {
		if tx.Bucket([]byte(name)) == nil {
			c.add(FoundReference, name, "the bucket is missing")
		}
	}
}

// each opens every value of a plain bucket.
func (c *checker) each(p place, keySize int, fn func(key, text []byte) error) (n int) {
	for cur := c.scan(p, nil, nil); ; n++ {
		key, sealed, err := cur.next()
		if err != nil {
			c.add(FoundPage, p.top, "%v", err)
			return n
		}
		if key == nil {
			return n
		}
		if len(key) != keySize {
			c.add(FoundSeal, c.at(p, key), "a key of %d bytes", len(key))
			continue
		}
		text, err := c.open(p, key, sealed, nil)
		if err == nil {
			err = fn(key, text)
		}
		if err != nil {
			c.add(FoundSeal, c.at(p, key), "%v", err)
		}
	}
}

// at is where something was found.
func (c *checker) at(p place, key []byte) string {
	where := p.top
	if p.sub != "" {
		where += "/" + p.sub
	}
	return where + " " + hex.EncodeToString(key)
}

// guard opens all that guard remembers; its rows are nobody's.
func (c *checker) guard() {
	c.Counts.Guard = c.each(plain(bucketGuard), guardKey, func([]byte, []byte) error { return nil })
}

// owned reports what belongs to nobody.
func (c *checker) owned(p place, key []byte) {
	if !c.owners[string(key[:16])] {
		c.add(FoundOrphan, c.at(p, key), "its owner has no account")
	}
}

// has says whether a key is there.
func (c *checker) has(p place, key []byte) bool {
	v, err := c.get(p, key)
	return err == nil && v != nil
}
