package listen

import (
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// Host is a Host header taken apart. Either Name or Addr is set.
type Host struct {
	Name string     // lower case, without a final dot
	Addr netip.Addr // without a zone
	Port uint16     // 0 where none was given
}

var errHost = errors.New("listen: no host name or address")

// ParseHost takes a Host header apart: a name or an address (IPv6 in brackets),
// with or without a port.
func ParseHost(header string) (Host, error) {
	name, port, err := cutPort(header)
	if err != nil {
		return Host{}, err
	}
	if inner, ok := strings.CutPrefix(name, "["); ok {
		a, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		if err != nil || !a.Is6() || !strings.HasSuffix(name, "]") || a.Zone() != "" {
			return Host{}, errHost
		}
		return Host{Addr: a.Unmap(), Port: port}, nil
	}
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if a, err := netip.ParseAddr(name); err == nil && a.Is4() {
		return Host{Addr: a, Port: port}, nil
	}
	if !plainName(name) {
		return Host{}, errHost
	}
	return Host{Name: name, Port: port}, nil
}

// cutPort splits "host:port" and "[v6]:port"; the port may be missing.
func cutPort(header string) (string, uint16, error) {
	i := strings.LastIndexByte(header, ':')
	if i < 0 || strings.HasSuffix(header, "]") {
		return header, 0, nil
	}
	port, err := strconv.ParseUint(header[i+1:], 10, 16)
	if err != nil || port == 0 {
		return "", 0, errHost
	}
	return header[:i], uint16(port), nil
}

func plainName(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
	}
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
}

// onlyLocalhost guards the plain door: a site that points its own name at
// 127.0.0.1 (DNS rebinding) is told that nobody of that name lives here.
func onlyLocalhost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, err := ParseHost(r.Host)
		if err != nil || (h.Name != "localhost" && h.Addr != loopback4 && h.Addr != netip.IPv6Loopback()) {
			http.Error(w, "This address answers to localhost only.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

var loopback4 = netip.AddrFrom4([4]byte{127, 0, 0, 1})
