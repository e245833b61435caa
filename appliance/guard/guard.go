// Package guard decides who may try to prove themselves and how often: it
// slows down those who guess, shuts their networks out for a while, and lets a
// household in meanwhile. It only decides: the door asks before an attempt and
// tells it the outcome.
//
// Tries are counted by account and network, by account, by network, and
// altogether. None of these concerns a device that has once signed in
// completely, nor (but for counters of its own) the home network, so that
// nobody can shut anybody out from afar. It remembers over a restart, by keyed
// hashes, what it is asked to keep (Keep). Who has an account it does not know,
// and so can't give away.
package guard

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Config is what a Guard is made of.
type Config struct {
	Keep    Keep             // nil: nothing is remembered over a restart
	Key     []byte           // 32 bytes that last as long as what Keep holds; may be nil without it
	Now     func() time.Time // the time that bans are told by
	Log     *slog.Logger     // for what could not be kept; nil: nothing is logged
	Changed func()           // sieges, bans or admissions came or went; must not block nor ask; may be nil
}

// Guard counts and decides. Its methods may be called from many goroutines.
// Its zero value is not usable; see New.
type Guard struct {
	keep     Keep
	clock    func() time.Time
	log      *slog.Logger
	tell     func()
	salt     uint64 // for what is only estimated
	hurry    chan struct{}
	saving   sync.Mutex // held while Keep works
	troubled bool       // the last save failed; under saving

	mu         sync.Mutex
	names      *namer
	subject    subject // of the try that is asked for, made once
	last       moment  // the latest moment that was
	swept      moment  // when sweep was last
	ahead      time.Duration
	counters   [counterClasses]table[counter]
	networks   table[network]
	known      map[id]device
	admissions map[id]admission
	sieges     map[id]*siege
	dirty      map[id]struct{} // differs from what is kept
	pressing   bool            // some of it is to be kept at once
	changed    bool            // there is something to tell
}

// keySize is the length of Config.Key in bytes.
const keySize = 32

// New makes a guard and loads what was kept. Rows that can't be read are
// logged and left out.
func New(ctx context.Context, c Config) (*Guard, error) {
	if c.Keep == nil && c.Key == nil {
		c.Key = make([]byte, keySize)
		_, _ = rand.Read(c.Key) // ends the process rather than fail
	}
	if len(c.Key) != keySize {
		return nil, errors.New("guard: a key of another length than 32 bytes")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	g := &Guard{
		keep: c.Keep, clock: c.Now, log: c.Log, tell: c.Changed,
		hurry: make(chan struct{}, 1), names: newNamer(c.Key),
		known: make(map[id]device), admissions: make(map[id]admission), sieges: make(map[id]*siege),
		dirty: make(map[id]struct{}),
	}
	salt := g.names.of("salt")
	g.salt = binary.BigEndian.Uint64(salt[:])
	for n := range g.counters {
		g.counters[n] = newTable(class(n), func(i id, c counter, now moment) float64 { return i.rule().level(c, now) })
	}
	g.networks = newTable(classBan, weightOf)
	return g, g.load(ctx)
}

// weightOf makes room at the cost of networks that did little, then of those
// with a history, and of a ban last.
func weightOf(i id, n network, now moment) float64 {
	w := n.level(i.rule(), now) + 1000*float64(n.times)
	if n.banned(now) {
		w += 1e9
	}
	return w
}

// do runs fn at this moment with nobody else at it, and then passes on what fn
// found to be pressing or changed.
func (g *Guard) do(fn func(now moment)) {
	g.mu.Lock()
	fn(g.tickLocked())
	pressing, changed := g.pressing, g.changed
	g.pressing, g.changed = false, false
	g.mu.Unlock()
	if pressing {
		select {
		case g.hurry <- struct{}{}:
		default: // it is known already
		}
	}
	if changed && g.tell != nil {
		g.tell()
	}
}

// tickLocked is the present moment: the clock's time, but where the clock was
// set back guard's time goes on from where it was. A ban may so end early, when
// the clock is set forward, but never late.
func (g *Guard) tickLocked() moment {
	now := moment(g.clock().UnixMilli()).plus(g.ahead)
	if now < g.last {
		g.ahead += g.last.since(now)
		now = g.last
	}
	g.last = now
	return now
}

// wall is that moment on the clock. The lock is held, as for all names that do
// not end in it but are called by such.
func (g *Guard) wall(m moment) time.Time {
	return time.UnixMilli(int64(m) - g.ahead.Milliseconds()).UTC()
}

func (g *Guard) putCounterLocked(i id, c counter, now moment) {
	if i.class != classFlood && (c.kept || i.rule().worthy(c, now)) {
		g.markLocked(i)
	}
	if lost, was := g.counters[i.class].put(i, c, now); lost != (id{}) {
		g.unwriteLocked(lost, was.kept)
	}
}

func (g *Guard) dropCounterLocked(i id, c counter) {
	g.unwriteLocked(i, c.kept)
	delete(g.counters[i.class].rows, i)
}

func (g *Guard) putNetworkLocked(i id, n network, now moment) {
	if n.kept || n.worthy(i.rule(), now) {
		g.markLocked(i)
	}
	if lost, was := g.networks.put(i, n, now); lost != (id{}) {
		g.unwriteLocked(lost, was.kept)
	}
}

func (g *Guard) dropNetworkLocked(i id, n network) {
	g.unwriteLocked(i, n.kept)
	delete(g.networks.rows, i)
}

// sweep forgets what no longer matters.
func (g *Guard) sweep() {
	g.do(func(now moment) {
		for n := range g.counters {
			for i, c := range g.counters[n].rows {
				if i.rule().level(c, now) <= 0 {
					g.dropCounterLocked(i, c)
				}
			}
		}
		for i, n := range g.networks.rows {
			if n.until > 0 && !n.banned(now) && g.swept < n.until {
				g.changed = true // its ban has ended since the last time
			}
			if n.spent(i.rule(), now) {
				g.dropNetworkLocked(i, n)
			}
		}
		for i, a := range g.admissions {
			if !a.holds(now) {
				g.markLocked(i)
				g.changed = true
				delete(g.admissions, i)
			}
		}
		g.endSiegesLocked(now)
		g.swept = now
	})
}
