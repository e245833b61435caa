package logline

import (
	"net/netip"
	"sync"
	"time"
)

// How many requests are listed in a minute: of one network (an IPv4 address, an
// IPv6 /64), which is more than a household's clients make, and altogether.
// The console's log lies on an SD card as often as not, and a stranger's flood
// must not wear it out. What the machine itself asks is not bounded.
const (
	perNetwork = 120
	perMinute  = 1200
	window     = time.Minute
)

// mostNetworks bounds the memory; further ones share one count.
const mostNetworks = 512

// bound counts the lines of the present minute.
type bound struct {
	mu       sync.Mutex
	since    time.Time
	listed   int
	networks map[netip.Prefix]int
	left     unlisted
}

// unlisted is what a minute left out.
type unlisted struct {
	count int
	worst netip.Prefix // where most of it came from
	most  int
}

// take reports whether a request from there may be listed, and hands over what
// the minute before left out, once.
func (b *bound) take(from netip.Addr, now time.Time) (listed bool, before unlisted) {
	if !from.IsValid() || from.IsLoopback() {
		return true, unlisted{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if age := now.Sub(b.since); age < 0 || age >= window || b.networks == nil {
		before = b.left
		b.since, b.listed, b.left, b.networks = now, 0, unlisted{}, make(map[netip.Prefix]int)
	}
	net := networkOf(from)
	if _, known := b.networks[net]; !known && len(b.networks) >= mostNetworks {
		net = netip.Prefix{}
	}
	b.networks[net]++
	n := b.networks[net]
	if n <= perNetwork && b.listed < perMinute {
		b.listed++
		return true, before
	}
	b.left.count++
	if n > b.left.most {
		b.left.worst, b.left.most = net, n
	}
	return false, before
}

func networkOf(a netip.Addr) netip.Prefix {
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // the address is valid
	return p
}
