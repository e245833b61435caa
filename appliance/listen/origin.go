package listen

import (
	"cmp"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Origin is where a caller is. Being at home alone grants nothing.
type Origin string

// The origins. Far is the answer wherever there is doubt.
const (
	Far     Origin = "far"
	Home    Origin = "home"
	Machine Origin = "machine" // the socket in the data folder
)

// Call is what can be known of a caller before anything is believed.
type Call struct {
	Door   Door
	Peer   netip.Addr // the connection's other end, with its zone
	Local  netip.Addr // the address of ours that was dialled, from the connection
	Host   string     // the Host header
	Header http.Header
}

// Verdict is an origin with its reason, for the log and for doctor.
type Verdict struct {
	Origin Origin
	Why    string
}

// The reasons for far. They name no address, so they may be logged.
const (
	whyProxied   = "a proxy passed it on"
	whyHost      = "the Host is none of our local names"
	whyLoopback  = "over loopback only localhost is at home"
	whyDeclared  = "the peer is a declared proxy"
	whyOurselves = "the peer has an address of this machine"
	whyOffLink   = "the peer is not on the home network's link"
	whyGateway   = "the peer is the router, which may speak for strangers"
	whyUnseen    = "the peer is not among the neighbours"
)

// Judge decides whether a call comes from home: from a peer on the link that
// holds the default route, to an address of ours on that link, with Host one of
// our local names or that address, and with no header that a proxy leaves
// behind. It is never home when the peer is the router under any of its
// addresses (routers that masquerade make strangers look like it), a declared
// proxy, or ourselves: what runs on this machine may be a proxy or a tunnel, so
// over loopback the Host must be localhost, which none of them sends unless
// told to.
func Judge(c Call, n Network) Verdict {
	if c.Door == DoorSocket {
		return Verdict{Machine, "the machine's socket"}
	}
	if why := refusal(c, n); why != "" {
		return Verdict{Far, why}
	}
	if c.Peer.IsLoopback() {
		return Verdict{Home, "this computer, by localhost"}
	}
	return Verdict{Home, "the home network"}
}

// refusal says why a call is not from home, or "".
func refusal(c Call, n Network) string {
	if client := ClientOf(c, n.Proxies); client.Proxied {
		return cmp.Or(client.Doubt, whyDeclared)
	}
	if forwarded(c.Header) {
		return whyProxied
	}
	host, err := ParseHost(c.Host)
	if err != nil {
		return whyHost
	}
	if c.Peer.IsLoopback() || c.Local.IsLoopback() {
		if c.Peer.IsLoopback() && c.Local.IsLoopback() && host.Name == "localhost" {
			return ""
		}
		return whyLoopback
	}
	switch {
	case n.has(c.Peer.WithZone("")):
		return whyOurselves
	case !ours(host, c.Local, n.Names):
		return whyHost
	}
	return n.abroad(c.Peer, c.Local)
}

// abroad says why the peer is not a household's on the link of local, or "".
func (n Network) abroad(peer, local netip.Addr) string {
	if !n.onLink(peer, local) {
		return whyOffLink
	}
	return n.routerOrUnseen(peer.WithZone(""))
}

// near says why a connection is not from home, or "", when nothing but its two
// ends is known yet. What comes over loopback is near: at worst it is a proxy,
// so that nothing may be granted for it.
func (n Network) near(peer, local netip.Addr) string {
	switch {
	case peer.IsLoopback() && local.IsLoopback():
		return ""
	case contains(n.Proxies, peer.WithZone("")):
		return whyDeclared
	case n.has(peer.WithZone("")):
		return whyOurselves
	}
	return n.abroad(peer, local)
}

// ours reports whether a caller on the link used a name or address of ours.
// localhost is none there: it never leads over the link.
func ours(h Host, local netip.Addr, names []string) bool {
	if h.Addr.IsValid() {
		return h.Addr == local.WithZone("")
	}
	return h.Name != "localhost" && slices.Contains(names, h.Name)
}

// forwarding are the headers that proxies, tunnels and content networks add;
// whatever begins with X-Forwarded counts as well.
var forwarding = []string{
	"Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "Client-Ip",
	"X-Original-Forwarded-For", "X-Original-Host", "X-Envoy-External-Address", "X-Proxyuser-Ip",
	"Cf-Connecting-Ip", "Cf-Ray", "Cdn-Loop", "True-Client-Ip", "Fastly-Client-Ip", "X-Azure-Clientip",
	"Tailscale-User-Login", "Ngrok-Auth-User-Id", "X-Appengine-User-Ip", "X-Amzn-Trace-Id",
}

func forwarded(h http.Header) bool {
	for name := range h {
		if strings.HasPrefix(name, "X-Forwarded") || slices.Contains(forwarding, name) {
			return true
		}
	}
	return false
}
