package guard

import (
	"net/netip"
	"slices"
)

// Crowd notices that all clients come from one address, as they do behind a
// proxy that was not declared or a router that masquerades: then nobody is at
// home, and strangers share a household's place. Tell it of complete sign-ins
// only: strangers may claim any device and send any header. Its zero value has
// seen nobody. It is for one goroutine at a time.
type Crowd struct {
	seen []client // the last seen first
}

type client struct {
	device    string
	addr      netip.Addr
	computer  bool
	phone     bool
	forwarded bool
}

// A crowd is so many devices; more than mostSeen are forgotten, the one first
// that has been away longest.
const (
	aCrowd   = 3
	mostSeen = 32
)

// Saw tells that device, of that kind ("phone", "browser", "extension",
// "desktop", "cli"), signed in from addr, the connection's other end where no
// declared proxy names another; forwarded: the request had a header that
// proxies leave behind.
func (c *Crowd) Saw(addr netip.Addr, device, kind string, forwarded bool) {
	c.seen = slices.DeleteFunc(c.seen, func(o client) bool { return o.device == device })
	c.seen = slices.Insert(c.seen, 0, client{
		device: device, addr: plainAddr(addr), forwarded: forwarded,
		phone: kind == "phone", computer: kind == "desktop" || kind == "cli" || kind == "extension",
	})
	c.seen = c.seen[:min(len(c.seen), mostSeen)]
}

// Alone gives the one address that all devices were last seen at, if that needs
// a reason: a proxy's header, or at an address that no two households share at
// least three devices that are not one machine's. A public address without such
// a header is simply where a household is.
func (c *Crowd) Alone() (netip.Addr, bool) {
	if len(c.seen) == 0 {
		return netip.Addr{}, false
	}
	addr := c.seen[0].addr
	var forwarded bool
	var phones, computers int
	for _, o := range c.seen {
		if o.addr != addr {
			return netip.Addr{}, false
		}
		forwarded = forwarded || o.forwarded
		if o.phone {
			phones++
		}
		if o.computer {
			computers++
		}
	}
	machines := phones + min(computers, 1) // a phone has one app, a computer may have several
	crowd := len(c.seen) >= aCrowd && machines >= 2 && !public(addr)
	return addr, forwarded || crowd
}

// public reports whether an address is one of the internet's.
func public(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !carrier.Contains(a)
}

// carrier is what providers use towards their customers (RFC 6598).
var carrier = netip.MustParsePrefix("100.64.0.0/10")
