package portmap

import (
	"bytes"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// SSDP, UPnP Device Architecture 2.0, section 1.
const (
	ssdpPort = 1900
	// ssdpMost is the longest message that is looked at: they are a few hundred bytes.
	ssdpMost = 4096
	// ssdpWait is MX, the seconds within which a device spreads its answer.
	// Asked directly (unicast), it answers at once.
	ssdpWait = 1
)

// searched are the targets of a search. Devices answer for their own types and
// for older versions of them; some cheap ones answer for the service alone.
var searched = [...]string{
	"urn:schemas-upnp-org:device:InternetGatewayDevice:1",
	"urn:schemas-upnp-org:device:InternetGatewayDevice:2",
	"urn:schemas-upnp-org:service:WANIPConnection:1",
	"urn:schemas-upnp-org:service:WANPPPConnection:1",
}

// search is an M-SEARCH for a target, for everybody or for one host.
func search(host, target string) []byte {
	return fmt.Appendf(nil, "M-SEARCH * HTTP/1.1\r\nHOST: %s\r\nMAN: \"ssdp:discover\"\r\nMX: %d\r\nST: %s\r\n\r\n", host, ssdpWait, target)
}

// ssdpMessage is what we use of an SSDP message.
type ssdpMessage struct {
	answer   bool   // to a search; else a NOTIFY
	sub      string // NTS of a NOTIFY: ssdp:alive, ssdp:update, ssdp:byebye
	target   string // ST or NT
	location string
	boot     string // BOOTID.UPNP.ORG
	usn      string
}

// parseSSDP reads a message; false for what is neither an answer nor a NOTIFY.
// It forgives what routers do: bare newlines, header names in any case, spaces.
func parseSSDP(b []byte) (ssdpMessage, bool) {
	var m ssdpMessage
	if len(b) > ssdpMost {
		return m, false
	}
	first, rest, _ := bytes.Cut(b, []byte("\n"))
	start := strings.Fields(string(first))
	switch {
	case len(start) >= 2 && strings.HasPrefix(start[0], "HTTP/1.") && start[1] == "200":
		m.answer = true
	case len(start) >= 1 && start[0] == "NOTIFY":
	default:
		return m, false
	}
	for line := range bytes.Lines(rest) {
		name, value, ok := strings.Cut(strings.TrimSpace(string(line)), ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.ToUpper(strings.TrimSpace(name)) {
		case "LOCATION":
			m.location = value
		case "ST", "NT":
			m.target = value
		case "NTS":
			m.sub = strings.ToLower(value)
		case "BOOTID.UPNP.ORG":
			m.boot = value
		case "USN":
			m.usn = value
		}
	}
	return m, true
}

// gatewayish reports whether the message is about a router, and not about the
// television that also answers.
func (m ssdpMessage) gatewayish() bool {
	for _, part := range [...]string{":InternetGatewayDevice:", ":WANConnectionDevice:", ":WANDevice:", ":WANIPConnection:", ":WANPPPConnection:"} {
		if strings.Contains(m.target, part) {
			return true
		}
	}
	return false
}

// fence is the set of addresses that we talk HTTP with: the gateway and what is
// on our own link. Descriptions name URLs, and nobody on the link may send us
// elsewhere by one.
type fence struct {
	gateways []netip.Addr
	links    []netip.Prefix
}

func (f fence) allows(a netip.Addr) bool {
	bare := a.Unmap().WithZone("")
	if !bare.IsValid() || bare.IsMulticast() || bare.IsUnspecified() {
		return false
	}
	for _, g := range f.gateways {
		if g.IsValid() && g.WithZone("") == bare {
			return true
		}
	}
	for _, l := range f.links {
		if l.IsValid() && l.Contains(bare) {
			return true
		}
	}
	return false
}

// place reads the URL of a description: plain HTTP to an address within the
// fence, never a name.
func (f fence) place(location string) (*url.URL, netip.Addr, error) {
	if len(location) > 512 {
		return nil, netip.Addr{}, fmt.Errorf("location of %d bytes", len(location))
	}
	u, err := url.Parse(location)
	if err != nil {
		return nil, netip.Addr{}, fmt.Errorf("reading a location: %w", err)
	}
	if u.Scheme != "http" || u.User != nil {
		return nil, netip.Addr{}, fmt.Errorf("location %q is not plain HTTP", location)
	}
	at, err := netip.ParseAddr(u.Hostname())
	if err != nil {
		return nil, netip.Addr{}, fmt.Errorf("location names no address: %w", err)
	}
	if !f.allows(at) {
		return nil, netip.Addr{}, fmt.Errorf("location %v is not on this network", at)
	}
	return u, at.Unmap(), nil
}
