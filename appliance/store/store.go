// Package store keeps everything of one house in one file, sealed: people and
// their devices, items and folders, sessions, settings and the journal. It is
// the only importer of storm and bbolt. What the kept things mean is left to
// account, vault and whoever keeps a value or a journal entry here.
//
// Beside the file (latchkey.db) lies the seal key (seal.key), under which each
// value is sealed to its place. The file alone shows counts and pseudonyms,
// never a name, an address or a setting.
package store

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asdine/storm/v3"
	"go.etcd.io/bbolt"

	"latchkey/appliance/problem"
)

// How a write is run: with others in one transaction, or alone.
const (
	shared = false
	alone  = true
)

// Store is an open house. Its methods may be called from many goroutines.
type Store struct {
	dir       string
	key       sealKey
	db        *bbolt.DB
	storm     *storm.DB
	sealer    *sealer
	now       func() time.Time
	log       *slog.Logger
	found     Opening
	refused   func(*problem.Problem)
	closedFor atomic.Pointer[problem.Problem] // why nothing of the vault may change; nil: it may
	writer    *writer
	memo      memo
	publisher publisher
	closing   sync.Once
	closed    error
}

func newStore(c Config, db *bbolt.DB, m *migrator, found Opening) *Store {
	s := &Store{
		dir: c.Dir, key: m.key, db: db, storm: m.storm, sealer: m.sealer,
		now: c.Now, log: c.Log, found: found, refused: c.Refused,
		publisher: publisher{all: make(map[*subscriber]struct{})},
	}
	s.writer = newWriter(s)
	go s.writer.loop()
	return s
}

// Opening says what Open found.
func (s *Store) Opening() Opening { return s.found }

// Identity names the house, as its seal key and its file do: 32 hexadecimal
// digits.
func (s *Store) Identity() string { return s.key.house.String() }

// view runs fn over one unchanging state.
func (s *Store) view(ctx context.Context, fn func(*layer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	tx, err := s.db.Begin(false)
	if err != nil {
		return problemClosed().Because(err)
	}
	defer func() { _ = tx.Rollback() }()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	l := &layer{s: s, tx: tx}
	defer func() { l.ended = true }()
	return fn(l)
}

// visible says whether readers see the transaction of that number.
func (s *Store) visible(id int) bool {
	tx, err := s.db.Begin(false)
	if err != nil {
		return true // cannot be told: expect the worse
	}
	defer func() { _ = tx.Rollback() }()
	return tx.ID() >= id
}

// Ping asks the writer whether it still comes round, and is an error when
// nothing can be written any more.
func (s *Store) Ping(ctx context.Context) error { return s.writer.ping(ctx) }

// Protect lets nothing of the vault change any more, for why; nil lifts that.
// It is for a file whose pages are known to be damaged: an item that is written
// there may not be found again, so that saying it was kept would be a lie.
// Reading goes on, and so does what reading needs, like signing in.
func (s *Store) Protect(why *problem.Problem) { s.closedFor.Store(why) }

func (s *Store) mayChangeVault() error {
	if why := s.closedFor.Load(); why != nil {
		return why
	}
	return nil
}

// HotCopy writes the file as it is now to w, while reading and writing go on.
// A slow w keeps the pages of that moment from being used again.
func (s *Store) HotCopy(ctx context.Context, w io.Writer) error {
	return s.view(ctx, func(l *layer) error { return l.copyTo(ctx, w) })
}

// contextWriter stops writing when ctx ends.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c contextWriter) Write(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(b)
}

// Stats are figures for status and tests.
type Stats struct {
	Size    int64  // bytes of the file in use
	Version uint64 // of the format
	Writes  uint64 // acknowledged since the start
	Commits uint64 // transactions that they took
	Waiting int    // writes in the queue
	Written uint64 // bytes of pages written to the file since the start
}

// Stats gives the figures of this moment.
func (s *Store) Stats() Stats {
	st := Stats{
		Version: Version(), Writes: s.writer.writes.Load(),
		Commits: s.writer.commits.Load(), Waiting: len(s.writer.jobs), Written: s.writer.written.Load(),
	}
	_ = s.view(context.Background(), func(l *layer) error {
		st.Size = l.tx.Size()
		return nil
	})
	return st
}

// Close takes no more writes, lets the waiting ones run, delivers what
// subscribers have waiting, waits for readers and closes the file.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.writer.close()
		s.publisher.close()
		if s.writer.stuck.Load() { // bbolt would wait for its own lock for ever
			s.closed = problemDamaged(s.dir)
			return
		}
		if err := s.db.Close(); err != nil {
			s.closed = fmt.Errorf("closing the database: %w", err)
		}
	})
	return s.closed
}
