package listen

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Client is whom a call is made for: the connection's other end, or the one
// behind it where that is a declared proxy. X-Forwarded-Host and -Proto are
// never read, from nobody: links are made from the name that was set up.
type Client struct {
	// Addr is the client's address without a zone. Where a proxy doesn't tell
	// it believably, it is that proxy's own, so that such callers share one
	// budget of attempts.
	Addr    netip.Addr
	Proxied bool   // the call came through a declared proxy
	Doubt   string // why a proxy's word for the client isn't believed; "" where it is
}

// The doubts. They name no address, so they may be logged.
const (
	doubtSilent    = "the declared proxy does not say for whom it calls"
	doubtUnknown   = "the declared proxy names no address in X-Forwarded-For"
	doubtUnknownRF = "the declared proxy names no address in Forwarded"
	doubtDisagree  = "X-Forwarded-For and Forwarded of the declared proxy disagree; neither is believed"
	doubtInside    = "the declared proxy names none but declared proxies"
)

// ClientOf finds the client of a call. A proxy appends to what it was sent, so
// both headers are read from the right: the first address that is no declared
// proxy's is the client, and what stands left of it is the client's own talk.
func ClientOf(c Call, proxies []netip.Prefix) Client {
	peer := c.Peer.Unmap().WithZone("")
	if !contains(proxies, peer) {
		return Client{Addr: peer}
	}
	addr, doubt := behind(peer, c.Header, proxies)
	return Client{Addr: addr, Proxied: true, Doubt: doubt}
}

func behind(peer netip.Addr, h http.Header, proxies []netip.Prefix) (netip.Addr, string) {
	xff, rfc := h.Values("X-Forwarded-For"), h.Values("Forwarded")
	if len(xff) == 0 && len(rfc) == 0 {
		return peer, doubtSilent
	}
	if len(rfc) == 0 {
		return rightmost(peer, hopsOfXFF(xff), proxies, doubtUnknown)
	}
	addr, doubt := rightmost(peer, hopsOfForwarded(rfc), proxies, doubtUnknownRF)
	if len(xff) == 0 {
		return addr, doubt
	}
	// A proxy that writes one of them passes the other on as the client sent it.
	other, _ := rightmost(peer, hopsOfXFF(xff), proxies, doubtUnknown)
	if other != addr {
		return peer, doubtDisagree
	}
	return addr, doubt
}

// rightmost walks hops, each the zero Addr where it names no address, from the
// nearest one to the first that is no declared proxy.
func rightmost(peer netip.Addr, hops []netip.Addr, proxies []netip.Prefix, unknown string) (netip.Addr, string) {
	for _, hop := range slices.Backward(hops) {
		switch {
		case !hop.IsValid():
			return peer, unknown
		case !contains(proxies, hop):
			return hop, ""
		}
	}
	return peer, doubtInside
}

// hopsOfXFF reads X-Forwarded-For: addresses from the farthest to the nearest,
// over one header or several.
func hopsOfXFF(headers []string) []netip.Addr {
	var hops []netip.Addr
	for _, h := range headers {
		for item := range strings.SplitSeq(h, ",") {
			if item = strings.Trim(item, " \t"); item != "" { // RFC 9110, 5.6.1: empty elements count for nothing
				hops = append(hops, node(item))
			}
		}
	}
	return hops
}

// node reads an address with or without a port: 192.0.2.1, 192.0.2.1:80,
// 2001:db8::1, [2001:db8::1], [2001:db8::1]:80. "unknown" and hidden names
// (RFC 7239, 6.2 and 6.3) and all else are the zero Addr.
func node(s string) netip.Addr {
	if a, err := netip.ParseAddr(s); err == nil {
		return proper(a)
	}
	host, port, bracket := s, "", strings.HasPrefix(s, "[")
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		if host, port = s[:i], s[i+1:]; !isPort(port) {
			return netip.Addr{}
		}
	}
	if bracket {
		inner, ok := strings.CutSuffix(host[1:], "]")
		if a, err := netip.ParseAddr(inner); ok && err == nil && a.Is6() {
			return proper(a)
		}
		return netip.Addr{}
	}
	if a, err := netip.ParseAddr(host); err == nil && a.Is4() {
		return proper(a)
	}
	return netip.Addr{}
}

// proper drops what can be nobody's address.
func proper(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.IsUnspecified() || a.IsMulticast() {
		return netip.Addr{}
	}
	return a
}

// isPort reports whether s is a node's port: a number, or a hidden one
// (RFC 7239, 6: obfport).
func isPort(s string) bool {
	if rest, hidden := strings.CutPrefix(s, "_"); hidden {
		return rest != "" && strings.Trim(strings.ToLower(rest), "abcdefghijklmnopqrstuvwxyz0123456789._-") == ""
	}
	return s != "" && len(s) <= 5 && strings.Trim(s, "0123456789") == ""
}
