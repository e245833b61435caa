package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"latchkey/appliance/account"
	"latchkey/appliance/vault"
)

// Each benchmark measures two things in turn, in slices of the same run, and
// reports the median of their ratios: absolute figures of a disk move by a
// third from run to run.

const benchBody = 1024 // bytes of an item, the size of a login with its ciphertexts

func bareBolt(b *testing.B) *bbolt.DB {
	b.Helper()
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "bare.db"), 0o600, nil)
	must(b, err)
	b.Cleanup(func() { _ = db.Close() })
	must(b, db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("items"))
		return err
	}))
	return db
}

// bareSave is what a durable save costs at least: one value, one commit.
func bareSave(db *bbolt.DB, n uint64) error {
	return db.Update(func(tx *bbolt.Tx) error {
		key := binary.BigEndian.AppendUint64(make([]byte, 24), n)
		return tx.Bucket([]byte("items")).Put(key, make([]byte, benchBody))
	})
}

func benchStore(b *testing.B) *Store {
	b.Helper()
	dir := b.TempDir()
	must(b, Create(dir, nil))
	s, err := Open(b.Context(), quiet(dir))
	must(b, err)
	b.Cleanup(func() { _ = s.Close() })
	return s
}

func benchItem(owner account.UserID) vault.Item {
	return vault.Item{
		ID: vault.ItemID(someID()), Owner: owner, Created: time.Now(),
		Body: slices.Concat([]byte(`"name":"`), make([]byte, benchBody)),
	}
}

// save is a whole durable save of a new item, as vault does it.
func save(s *Store, owner account.UserID) error {
	it := benchItem(owner)
	return s.Vault().Write(context.Background(), "", func(w vault.Writer) (err error) {
		if it.Revision, err = w.Next(owner); err != nil {
			return err
		}
		return w.PutItem(it)
	})
}

// fill keeps n items of as many owners as given, in large transactions.
func fill(b *testing.B, s *Store, n int, owners ...account.UserID) {
	b.Helper()
	for done := 0; done < n; {
		must(b, s.Vault().WriteLong(b.Context(), "", func(w vault.Writer) error {
			for range min(5000, n-done) {
				it := benchItem(owners[done%len(owners)])
				var err error
				if it.Revision, err = w.Next(it.Owner); err != nil {
					return err
				}
				if err := w.PutItem(it); err != nil {
					return err
				}
				done++
			}
			return nil
		}))
	}
}

func owners(n int) []account.UserID {
	all := make([]account.UserID, n)
	for i := range all {
		all[i] = account.UserID(someID())
	}
	return all
}

const (
	benchRounds = 9
	benchSlice  = 250 * time.Millisecond
)

// rate runs fn in that many goroutines for a slice of time and gives its
// number per second.
func rate(b *testing.B, goroutines int, fn func() error) float64 {
	b.Helper()
	var n atomic.Int64
	var all sync.WaitGroup
	start := time.Now()
	for range goroutines {
		all.Go(func() {
			for time.Since(start) < benchSlice {
				if err := fn(); err != nil {
					b.Error(err)
					return
				}
				n.Add(1)
			}
		})
	}
	all.Wait()
	return float64(n.Load()) / time.Since(start).Seconds()
}

// compare measures both in turn and reports ours over theirs.
func compare(b *testing.B, goroutines int, ours, theirs func() error) {
	b.Helper()
	for range b.N {
		rates, ratios := make([]float64, 0, benchRounds), make([]float64, 0, benchRounds)
		rate(b, goroutines, ours)
		rate(b, goroutines, theirs)
		for range benchRounds {
			own := rate(b, goroutines, ours)
			other := rate(b, goroutines, theirs)
			rates, ratios = append(rates, own), append(ratios, own/other)
		}
		b.ReportMetric(median(rates), "per-s")
		b.ReportMetric(median(ratios), "ratio-rate")
		b.ReportMetric(1/median(ratios), "ratio-time")
		b.ReportMetric(0, "ns/op")
	}
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// Goal: ratio-time at most 2.
func BenchmarkSaveWithOneWriterAgainstABareUpdate(b *testing.B) { benchSave(b, 1) }

// Goal: ratio-rate at least 3.
func BenchmarkSaveWithSixteenWritersAgainstBareUpdates(b *testing.B) { benchSave(b, 16) }

func BenchmarkSaveWithSixtyFourWritersAgainstBareUpdates(b *testing.B) { benchSave(b, 64) }

func benchSave(b *testing.B, writers int) {
	s, bare := benchStore(b), bareBolt(b)
	owner := owners(1)[0]
	var n atomic.Uint64
	compare(b, writers, func() error { return save(s, owner) }, func() error { return bareSave(bare, n.Add(1)) })
	st := s.Stats()
	b.ReportMetric(float64(st.Writes)/float64(st.Commits), "writes/commit")
}

// Goal: ratio-time at most 1.3. A hundred people, ten of them with most items.
func BenchmarkInsertAtHundredThousandItemsAgainstAThousand(b *testing.B) {
	large, small := benchStore(b), benchStore(b)
	people := owners(100)
	fill(b, large, 100_000, people...)
	fill(b, small, 1000, people...)
	b.ReportMetric(float64(large.Stats().Size)/100_000, "bytes/item")
	var n, m atomic.Int64
	compare(b, 1,
		func() error { return save(large, people[n.Add(1)%100]) },
		func() error { return save(small, people[m.Add(1)%100]) })
}

// Goal: ratio-rate at least 0.9. Both check a hundred sessions in turn, spread
// over the whole file: what differs is how many lie between them.
func BenchmarkSessionCheckWith25000SessionsAgainstHundred(b *testing.B) {
	many, few := newSessions(b, 25_000), newSessions(b, 100)
	compare(b, 1, many.check, few.check)
}

// benchSessions is a house with sessions of twenty people, a hundred of which
// are in use.
type benchSessions struct {
	s    *Store
	all  []account.Session
	used []account.Session
	at   int
}

func newSessions(b *testing.B, n int) *benchSessions {
	h := &benchSessions{s: benchStore(b)}
	people := owners(20)
	for len(h.all) < n {
		must(b, h.s.Accounts().Write(b.Context(), func(w account.Writer) error {
			for range min(5000, n-len(h.all)) {
				s := account.Session{
					ID: account.SessionID(someID()), Owner: people[len(h.all)%len(people)], Device: account.DeviceID(someID()),
					Hash: make([]byte, 32), Client: "browser", Stamp: someID(), Created: time.Now(), Seen: time.Now(), Expires: time.Now(),
				}
				if err := w.PutSession(s); err != nil {
					return err
				}
				h.all = append(h.all, s)
			}
			return nil
		}))
	}
	for i := range 100 {
		h.used = append(h.used, h.all[i*len(h.all)/100])
	}
	return h
}

func (h *benchSessions) check() error {
	h.at = (h.at + 37) % len(h.used) // out of order
	want := h.used[h.at]
	return h.s.Accounts().View(context.Background(), func(r account.Reader) error {
		_, err := r.Session(want.Owner, want.ID)
		return err
	})
}

// BenchmarkAccountCheck is what a request needs besides its session.
func BenchmarkAccountCheck(b *testing.B) {
	s := benchStore(b)
	owner := joins(b, s, "ada@example.org", "laptop")
	for b.Loop() {
		must(b, s.Accounts().View(context.Background(), func(r account.Reader) error {
			_, err := r.Account(owner)
			return err
		}))
	}
}

// BenchmarkList10000 lists one person's items among others'.
func BenchmarkList10000(b *testing.B) {
	s := benchStore(b)
	people := owners(3)
	for _, p := range people {
		fill(b, s, 10_000, p)
	}
	for b.Loop() {
		n := 0
		must(b, s.Vault().View(context.Background(), func(r vault.Reader) error {
			for it, err := range r.Items(people[1]) {
				if err != nil {
					return err
				}
				n += len(it.Body)
			}
			return nil
		}))
		if n < 10_000*benchBody {
			b.Fatal(fmt.Sprint("listed only ", n, " bytes"))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/list")
}

// BenchmarkOpenWith100000Items is a start, without the program around it.
func BenchmarkOpenWith100000Items(b *testing.B) {
	dir := b.TempDir()
	must(b, Create(dir, nil))
	s, err := Open(b.Context(), quiet(dir))
	must(b, err)
	people := owners(100)
	must(b, s.Accounts().Write(b.Context(), func(w account.Writer) error {
		for i, id := range people {
			must(b, w.PutAccount(account.Account{ID: id, Email: fmt.Sprint(i, "@example.org")}))
		}
		return nil
	}))
	fill(b, s, 100_000, people...)
	must(b, s.Close())
	for b.Loop() {
		s, err := Open(b.Context(), quiet(dir))
		must(b, err)
		must(b, s.Close())
	}
}
