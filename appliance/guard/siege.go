package guard

import (
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
)

// siege is a Siege as it is held, beside the counter that makes strangers wait.
// The account's name is held from the time on when one had to.
type siege struct {
	account string
	since   moment
	tries   uint32
	seen    sketch
	about   int // what seen estimates
}

// sketch remembers about how many different things it saw, in 256 bytes: of
// each of 256 parts of all hashes the longest run of zero bits (HyperLogLog,
// Flajolet and others 2007). It errs by about 7 %.
type sketch [256]uint8

// saw reports whether the sketch has changed.
func (s *sketch) saw(hash uint64) bool {
	part, run := hash&0xff, uint8(bits.LeadingZeros64(hash|0xff)+1)
	if s[part] >= run {
		return false
	}
	s[part] = run
	return true
}

func (s *sketch) estimate() int {
	const m = float64(len(sketch{}))
	sum, empty := 0.0, 0.0
	for _, run := range s {
		sum += math.Exp2(-float64(run))
		if run == 0 {
			empty++
		}
	}
	about := 0.7213 / (1 + 1.079/m) * m * m / sum
	if about < 2.5*m && empty > 0 {
		about = m * math.Log(m/empty) // few: count the empty parts instead
	}
	return int(about + 0.5)
}

// mix spreads a network's bytes over all bits, in another way for each house.
// What strangers could gain by guessing it is a wrong figure on a page.
func mix(net netID, salt uint64) uint64 {
	x := binary.BigEndian.Uint64(net.bytes[:]) ^ salt
	for _, m := range [...]uint64{0xbf58476d1ce4e5b9, 0x94d049bb133111eb, 0xbf58476d1ce4e5b9} {
		x = (x ^ x>>31) * m
	}
	return x ^ x>>31
}

// siege is where the siege of a counter stands.
func (i id) siege() id {
	i.class = classSiege
	return i
}

// counter is the way back.
func (i id) counter() id {
	if i.class = classAccount; i.who == (name{}) {
		i.class = classAll
	}
	return i
}

// siegesLocked writes down a stranger's try at what is under siege, or comes
// under one since it made the stranger wait.
func (g *Guard) siegesLocked(s *subject, counters []id, why string, now moment) {
	if s.Place == Home {
		return
	}
	for _, i := range counters {
		if i.class == classPlace {
			continue
		}
		at := i.siege()
		sg := g.sieges[at]
		if sg == nil {
			if why != i.class.why() || len(g.sieges) >= classSiege.most() {
				continue
			}
			sg = &siege{since: now}
			if i.class == classAccount {
				sg.account = cut(s.Account)
			}
			g.sieges[at] = sg
			g.markLocked(i)
			g.pressing, g.changed = true, true
		}
		sg.tries++
		if sg.seen.saw(mix(s.net, g.salt)) {
			sg.about = sg.seen.estimate()
		}
		g.markLocked(at)
	}
}

// raisedLocked reports whether nobody has to wait any more.
func (g *Guard) raisedLocked(i id, now moment) bool {
	i = i.counter()
	r := i.rule()
	return r.level(g.counters[i.class].rows[i], now)+1 <= r.burst+slack
}

func (g *Guard) endSiegesLocked(now moment) {
	for i := range g.sieges {
		if g.raisedLocked(i, now) {
			g.markLocked(i)
			g.changed = true
			delete(g.sieges, i)
		}
	}
}

// Sieges lists what strangers guess at now so that their like has to wait, the
// newest first. One without an account is that of the whole house.
func (g *Guard) Sieges() (list []Siege) {
	g.do(func(now moment) {
		g.endSiegesLocked(now)
		for i, s := range g.sieges {
			at := i.counter()
			c := g.counters[at.class].rows[at]
			c.at = now // from one try to the next
			list = append(list, Siege{
				Attempt: attempts[i.kind], Account: s.account, Since: g.wall(s.since),
				Tries: int(s.tries), Places: max(1, s.about), Wait: g.ruleLocked(at).wait(c, now),
			})
		}
	})
	slices.SortFunc(list, func(a, b Siege) int {
		return cmp.Or(b.Since.Compare(a.Since), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Attempt, b.Attempt))
	})
	return list
}
