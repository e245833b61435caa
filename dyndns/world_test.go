package dyndns

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"latchkey/appliance/problem"
	"latchkey/dyndns/authority"
	"latchkey/dyndns/publicip"
)

// The world of the model: a house with a line, sources that know its address
// more or less, a provider, and the servers of a zone. Whatever the Keeper does
// in it is judged at once against what is true.
//
// What is assumed of the sources, since no quorum survives more: at any time at
// most one kind lies; the others tell the truth, or the truth of a few seconds
// ago, or nothing.

const (
	worldName = "home.example.net"
	worldLan  = "lan.home.example.net"
	// A truthful source may be this late.
	lateness = 8 * time.Second
	// "At or shortly before the sources were asked."
	shortly = lateness + 2*time.Second
	// No verdict may be acted on when older: freshness, and one slow gathering.
	oldest = freshFor + askTimeout
)

var (
	shared4   = netip.MustParseAddr("85.10.0.1")    // many homes behind one carrier
	cgnat4    = netip.MustParseAddr("100.64.3.4")   // the router's own there
	private4  = netip.MustParseAddr("10.99.0.2")    // what a confused source names
	foreign4  = netip.MustParseAddr("45.45.45.45")  // somebody else's
	foreign6  = netip.MustParseAddr("2a0e:dead::1") // somebody else's
	errNoLine = problem.New(problem.Unavailable, codeUnreachable, "The provider could not be reached.", "Wait.")
)

// mood is how a part of the world behaves.
type mood string

const (
	fine    mood = "fine"
	silent  mood = "silent"
	late    mood = "late"
	slow    mood = "slow"
	lying   mood = "lying"
	private mood = "private"
	denying mood = "denying" // says that there is no address
	flaps   mood = "flaps"

	failing mood = "failing" // nothing applied, an error
	halfway mood = "halfway" // applied, an error
	losing  mood = "losing"  // a yes, never applied
	twice   mood = "twice"   // applied, and once more later
	busy    mood = "busy"
	refused mood = "refused" // the token is wrong
	hanging mood = "hanging" // until the call ends; applied or not

	cutOff      mood = "unreached"
	intercepted mood = "intercepted"
	staleOne    mood = "stale-one"  // one of two servers is behind
	staleOnly   mood = "stale-only" // only the one that is behind answers
)

type span struct {
	addr netip.Addr
	till time.Time // zero: still
}

type rr struct {
	addrs []netip.Addr
	ttl   time.Duration
}

// failures are calls in a row that found no line.
type failures struct {
	n    int
	last time.Time
}

type world struct {
	mu   sync.Mutex
	seed uint64
	rng  *rand.Rand            // of the schedule
	dice map[string]*rand.Rand // of each part of the world, so that calls that overlap don't disturb the seed
	plan Plan
	log  []string
	bad  []string // broken invariants

	// What is true.
	line, cgnat, double bool
	was4, was6, wasLan  []span
	open6               bool
	heard6              bool // what the Keeper was told of the door, and since when
	heardAt             time.Time
	heardLan            []span
	port6               bool // the open address is another than the believed one
	skew                time.Duration
	skewed              bool

	kinds  map[publicip.Kind]mood
	lie4   netip.Addr
	lie6   netip.Addr
	asked  [7]time.Time // by family: when the last round that ended began
	behind bool         // the router said so in the last round
	shared bool         // and that it is carrier-grade NAT

	zone     map[string]rr // at the primary
	behindZ  map[string]rr // at the secondary that is behind
	told     map[string]rr // what the Keeper was told last
	toldOK   map[string]bool
	both     map[string]int // how often two servers answered (a look cut short forgets)
	server   mood
	leastTTL time.Duration   // the provider obeys no lower one, and says nothing
	glitch   bool            // the next answer is odd, once
	before   map[string]rr   // what was told before the last odd answer
	odd      map[string]bool // the last answer was

	provider  mood
	calling   bool
	pending   int // updates still to be applied
	calls     int
	ours      map[string][]netip.Addr
	acked     map[string]sent
	unsure    map[string]bool // the last call ended in an error
	said      map[string]bool // a TTL was taken, and is not to be said again for a week
	fails     map[string]failures
	ackedSame map[string]sent // the last acked, while the primary has held it without a break
	notBefore time.Time       // a pause was asked for
	worked    string          // the mark of credentials that the provider has taken
	refusals  int             // in a row
	blob      []byte
	saveFails bool
	forgot    bool // a save failed once
}

func newWorld(seed uint64) *world {
	w := &world{
		seed: seed, rng: rand.New(rand.NewPCG(seed, 20)), dice: map[string]*rand.Rand{}, line: true, server: fine, provider: fine,
		kinds: map[publicip.Kind]mood{}, zone: map[string]rr{}, behindZ: map[string]rr{},
		told: map[string]rr{}, toldOK: map[string]bool{}, both: map[string]int{}, odd: map[string]bool{}, before: map[string]rr{},
		fails: map[string]failures{}, acked: map[string]sent{}, said: map[string]bool{}, unsure: map[string]bool{},
		ours: map[string][]netip.Addr{}, ackedSame: map[string]sent{},
	}
	for _, k := range []publicip.Kind{publicip.Router, publicip.DNS, publicip.HTTPS, publicip.Interface} {
		w.kinds[k] = fine
	}
	w.renumber4(w.new4())
	w.renumber6(w.new6())
	w.wasLan = []span{{addr: netip.MustParseAddr("192.168.77.10")}}
	w.zone["www.example.net/4"] = rr{[]netip.Addr{foreign4}, time.Hour}
	return w
}

// die is a part's own source of chance.
func (w *world) die(part string) *rand.Rand {
	if w.dice[part] == nil {
		h := fnv.New64a()
		_, _ = h.Write([]byte(part))
		w.dice[part] = rand.New(rand.NewPCG(w.seed, h.Sum64()))
	}
	return w.dice[part]
}

func (w *world) note(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf("%s  ", time.Since(epoch).Round(time.Millisecond))+fmt.Sprintf(format, args...))
}

func (w *world) broken(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	w.note("BROKEN: %s", line)
	w.bad = append(w.bad, line)
}

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // where a bubble begins

func (w *world) new4() netip.Addr {
	return netip.AddrFrom4([4]byte{81, 2, byte(1 + w.rng.IntN(200)), byte(1 + w.rng.IntN(250))})
}

func (w *world) new6() netip.Addr {
	return netip.MustParseAddr(fmt.Sprintf("2a02:8000:%x:1::10", 1+w.rng.IntN(0xfffe)))
}

// other is another address of the same /64.
func other(a netip.Addr) netip.Addr {
	if a.Is4() {
		return a
	}
	b := a.As16()
	b[15] = 0x99
	return netip.AddrFrom16(b)
}

func turn(list []span, addr netip.Addr) []span {
	if n := len(list); n > 0 && list[n-1].till.IsZero() {
		list[n-1].till = time.Now()
	}
	return append(list, span{addr: addr})
}

func (w *world) renumber4(a netip.Addr) { w.was4 = turn(w.was4, a) }
func (w *world) renumber6(a netip.Addr) { w.was6 = turn(w.was6, a) }

func now4(list []span) netip.Addr { return list[len(list)-1].addr }

// wasAt is the address at a time gone by.
func wasAt(list []span, t time.Time) netip.Addr {
	for _, s := range list {
		if s.till.IsZero() || s.till.After(t) {
			return s.addr
		}
	}
	return netip.Addr{}
}

// oursSince reports whether addr was ours at t or since.
func oursSince(list []span, addr netip.Addr, t time.Time) bool {
	return slices.ContainsFunc(list, func(s span) bool {
		return s.addr == addr && (s.till.IsZero() || !s.till.Before(t))
	})
}

// Ask gives the verdict of the world's sources by the real judge.
func (w *world) Ask(ctx context.Context, f publicip.Family) publicip.Verdict {
	began := time.Now()
	w.mu.Lock()
	die := w.die(f.String())
	wait := time.Duration(die.IntN(200)) * time.Millisecond
	if slices.Contains([]mood{w.kinds[publicip.Router], w.kinds[publicip.HTTPS], w.kinds[publicip.DNS]}, slow) {
		wait += time.Duration(die.IntN(2800)) * time.Millisecond
	}
	w.mu.Unlock()
	if !pass(ctx, wait) {
		return publicip.Verdict{Why: "the round was cut short"}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var reports []publicip.Report
	behind, shared := false, false
	for _, kind := range []publicip.Kind{publicip.Router, publicip.DNS, publicip.HTTPS, publicip.Interface} {
		for i := range 2 {
			if i == 1 && (kind == publicip.Router || kind == publicip.Interface) {
				break
			}
			a := w.answer(die, kind, f)
			if kind == publicip.Router && a.State == publicip.Known && f == publicip.V4 && (a.Addr == cgnat4 || a.Addr.IsPrivate()) {
				behind, shared = true, a.Addr == cgnat4
			}
			reports = append(reports, publicip.Report{Kind: kind, Source: string(kind) + strconv.Itoa(i), Answer: a})
		}
	}
	w.asked[f] = began
	if f == publicip.V4 {
		w.behind, w.shared = behind, shared
	}
	return publicip.Judge(publicip.Two, nil, f, reports)
}

func (w *world) answer(die *rand.Rand, kind publicip.Kind, f publicip.Family) publicip.Answer {
	dont := publicip.Answer{Why: "no answer"}
	m := w.kinds[kind]
	if m == flaps {
		m = []mood{fine, silent, lying}[die.IntN(3)]
	}
	known := func(a netip.Addr) publicip.Answer { return publicip.Answer{State: publicip.Known, Addr: a} }
	list, lie := w.was4, w.lie4
	if f == publicip.V6 {
		list, lie = w.was6, w.lie6
	}
	switch {
	case kind == publicip.Interface && f == publicip.V4, kind == publicip.Router && f == publicip.V6:
		return dont
	case m == silent:
		return dont
	case m == lying:
		return known(lie)
	case m == denying:
		return publicip.Answer{State: publicip.None, Why: "says so"}
	case m == private && f == publicip.V4:
		return known(private4)
	case !w.line && kind == publicip.Router:
		return publicip.Answer{State: publicip.None, Why: "not connected"}
	case !w.line && kind != publicip.Interface:
		return dont
	case f == publicip.V4 && w.cgnat && kind == publicip.Router:
		return known(cgnat4)
	case f == publicip.V4 && w.cgnat:
		return known(shared4)
	case f == publicip.V4 && w.double && kind == publicip.Router:
		return known(netip.MustParseAddr("192.168.1.2"))
	case m == late:
		return known(wasAt(list, time.Now().Add(-time.Duration(die.Int64N(int64(lateness))))))
	}
	return known(now4(list))
}

// Addresses is what the zone's servers say.
func (w *world) Addresses(ctx context.Context, name string, family int) (authority.Answer, error) {
	key := fmt.Sprintf("%s/%d", name, family)
	w.mu.Lock()
	die := w.die("servers of " + key)
	wait := time.Duration(die.IntN(50)) * time.Millisecond
	w.mu.Unlock()
	if !pass(ctx, wait) {
		return authority.Answer{}, authority.ErrUnreachable
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.toldOK[key], w.odd[key] = false, false
	switch {
	case !w.line || w.server == cutOff:
		return authority.Answer{}, fmt.Errorf("asking: %w", authority.ErrUnreachable)
	case w.server == intercepted:
		return authority.Answer{}, fmt.Errorf("asking: %w", authority.ErrIntercepted)
	}
	have, servers, agree := w.zone[key], 2, 2
	if behind := w.behindZ[key]; w.server == staleOne || w.server == staleOnly {
		if !slices.Equal(behind.addrs, have.addrs) {
			agree = 1
			if die.IntN(2) == 0 {
				have = behind
			}
		}
		if w.server == staleOnly {
			have, servers, agree = behind, 1, 1
		}
	}
	if w.odd[key] = w.glitch; w.glitch {
		w.before[key] = w.told[key]
		have, servers, agree, w.glitch = rr{[]netip.Addr{foreign4}, time.Minute}, 2, 2, false
		if family == 6 {
			have.addrs = []netip.Addr{foreign6}
		}
	}
	if w.isTrue(key, have) {
		w.fails[key] = failures{} // nothing is left to be tried again
	}
	w.told[key], w.toldOK[key] = have, true
	w.both[key] += servers - 1
	return authority.Answer{Addrs: slices.Clone(have.addrs), TTL: have.ttl, Exists: len(have.addrs) > 0, Servers: servers, Agree: agree}, nil
}

// isTrue reports whether a record holds what is, or just was, wanted.
func (w *world) isTrue(key string, have rr) bool {
	list := map[string][]span{worldName + "/4": w.was4, worldName + "/6": w.was6, worldLan + "/4": w.wasLan}[key]
	if len(have.addrs) != 1 {
		return len(have.addrs) == 0 && key == worldName+"/6"
	}
	since := time.Now().Add(-shortly)
	return oursSince(list, have.addrs[0], since) || oursOther(list, have.addrs[0], since)
}

// Load and Save keep the blob.
func (w *world) Load(context.Context) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.blob), nil
}

func (w *world) Save(_ context.Context, blob []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.saveFails {
		w.forgot = true
		return errors.New("no space left")
	}
	w.blob = slices.Clone(blob)
	return nil
}

// pass waits inside the bubble; false when ctx ended first.
func pass(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
