package guard

import (
	"encoding/binary"
	"errors"
	"math"
)

// A row's body: the format, the id, and what its class adds to that, all numbers
// big-endian and of fixed length; a name comes last and takes the rest.
//
//	format 1 | class 1 | kind 1 | place 1 | who 16 | net 8 | bits 1 | four 1 | ...
//	counter    level 4 (IEEE 754) | at 8
//	ban        level 4 | at 8 | times 2 | why 1 | tries 4 | since 8 | until 8
//	known      account 16 | token 16 | used 8
//	admission  since 8 | until 8 | account
//	siege      since 8 | tries 4 | sketch 256 | account
const (
	rowFormat = 1
	idSize    = 3 + 16 + 10
)

var errRow = errors.New("guard: a row that nobody wrote")

// Bounds of what is read: no moment before 1970 or after the year 10000, no
// level that no rule gives.
const (
	lastMoment = moment(253402300799999)
	lastLevel  = 10_000
)

func (i id) append(to []byte) []byte {
	to = append(to, byte(i.class), byte(i.kind), byte(i.place))
	to = append(to, i.who[:]...)
	to = append(to, i.net.bytes[:]...)
	four := byte(0)
	if i.net.four {
		four = 1
	}
	return append(to, i.net.bits, four)
}

// valid reports whether ids of that class look so.
func (i id) valid() bool {
	whole := i.net.valid() && i.place >= Far && i.place <= Spared
	netOnly, whoOnly := i.who == name{}, i.net == netID{}
	secret := i.kind >= kindPassword && i.kind < kindRequest
	switch i.class {
	case classPlace:
		return whole && secret && i.who != name{}
	case classNetwork:
		return whole && secret && netOnly && i.place == Home
	case classAccount:
		return secret && whoOnly && i.who != name{} && (i.place == Far || i.place == Home)
	case classAll:
		return secret && whoOnly && netOnly && i.place == Far
	case classDevice, classSession, classAdmitted:
		return secret && whoOnly && i.place == Far
	case classBan:
		return whole && i.kind == 0 && netOnly && i.place == Far && i.net != netID{}
	case classKnown:
		return i.kind == 0 && whoOnly && i.place == Far
	case classAdmission:
		return whole && i.kind == 0 && i.place == Far
	case classSiege:
		return secret && whoOnly && i.place == Far
	}
	return false
}

func appendMoment(to []byte, m moment) []byte { return binary.BigEndian.AppendUint64(to, uint64(m)) }

func (c counter) append(to []byte) []byte {
	return appendMoment(binary.BigEndian.AppendUint32(to, math.Float32bits(c.level)), c.at)
}

func (n network) append(to []byte) []byte {
	to = n.counter.append(to)
	to = append(binary.BigEndian.AppendUint16(to, n.times), byte(n.why))
	to = binary.BigEndian.AppendUint32(to, n.tries)
	return appendMoment(appendMoment(to, n.since), n.until)
}

func (d device) append(to []byte) []byte {
	return appendMoment(append(append(to, d.account[:]...), d.token[:]...), d.used)
}

func (a admission) append(to []byte) []byte {
	return append(appendMoment(appendMoment(to, a.since), a.until), a.account...)
}

func (s *siege) append(to []byte) []byte {
	to = binary.BigEndian.AppendUint32(appendMoment(to, s.since), s.tries)
	return append(append(to, s.seen[:]...), s.account...)
}

// reader takes fields off a body; bad stays set once one is missing or wrong.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n int) []byte {
	if r.bad = r.bad || len(r.rest) < n; r.bad {
		return make([]byte, n)
	}
	field := r.rest[:n]
	r.rest = r.rest[n:]
	return field
}

func (r *reader) byte() byte { return r.take(1)[0] }

func (r *reader) name() name { return name(r.take(len(name{}))) }

func (r *reader) uint32() uint32 { return binary.BigEndian.Uint32(r.take(4)) }

func (r *reader) moment() moment {
	m := moment(binary.BigEndian.Uint64(r.take(8)))
	r.bad = r.bad || m < 0 || m > lastMoment
	return m
}

func (r *reader) text() string {
	r.bad = r.bad || len(r.rest) > mostName
	text := string(r.take(len(r.rest)))
	return text
}

func (r *reader) id() (i id) {
	i.class, i.kind, i.place = class(r.byte()), kind(r.byte()), Place(r.byte())
	i.who = r.name()
	copy(i.net.bytes[:], r.take(8))
	i.net.bits = r.byte()
	four := r.byte()
	i.net.four = four == 1
	r.bad = r.bad || four > 1 || !i.valid()
	return i
}

func (r *reader) counter() counter {
	c := counter{level: math.Float32frombits(r.uint32()), at: r.moment(), kept: true}
	r.bad = r.bad || !(c.level >= 0 && c.level <= lastLevel) || math.Signbit(float64(c.level))
	return c
}

func (r *reader) network() network {
	n := network{counter: r.counter()} // which is kept, too
	n.times = binary.BigEndian.Uint16(r.take(2))
	n.why = kind(r.byte())
	n.tries = r.uint32()
	n.since, n.until = r.moment(), r.moment()
	banned := n.times > 0
	longest := sentences[len(sentences)-1]
	r.bad = r.bad || n.why >= kinds || banned != (n.why > 0) || n.until < n.since || n.until > n.since.plus(longest)
	return n
}

func (r *reader) device() device {
	d := device{account: r.name(), token: r.name(), used: r.moment()}
	r.bad = r.bad || d.account == name{}
	return d
}

func (r *reader) admission() admission {
	a := admission{since: r.moment(), until: r.moment()}
	a.account = r.text()
	r.bad = r.bad || a.until > a.since.plus(longestAdmission)
	return a
}

func (r *reader) siege() *siege {
	s := &siege{since: r.moment(), tries: r.uint32()}
	copy(s.seen[:], r.take(len(s.seen)))
	s.account = r.text()
	for _, run := range s.seen {
		r.bad = r.bad || run > 57
	}
	s.about = s.seen.estimate()
	return s
}

// row is what a body says: an id, and the one of these that its class has.
type row struct {
	id        id
	counter   counter
	network   network
	device    device
	admission admission
	siege     *siege
}

// decodeRow reads a body; what encode did not write is errRow.
func decodeRow(body []byte) (w row, err error) {
	r := &reader{rest: body}
	if r.byte() != rowFormat {
		return row{}, errRow
	}
	switch w.id = r.id(); w.id.class {
	case classBan:
		w.network = r.network()
	case classKnown:
		w.device = r.device()
	case classAdmission:
		w.admission = r.admission()
	case classSiege:
		w.siege = r.siege()
	default:
		w.counter = r.counter()
	}
	if r.bad || len(r.rest) > 0 {
		return row{}, errRow
	}
	return w, nil
}

// start begins a body.
func start(i id) []byte { return i.append(append(make([]byte, 0, 1+idSize+32), rowFormat)) }
