package listen

import (
	"net/netip"
	"strings"
)

// hopsOfForwarded reads the Forwarded header (RFC 7239): from each element
// whom it was made for, the zero Addr where it doesn't say so or is malformed.
func hopsOfForwarded(headers []string) []netip.Addr {
	var hops []netip.Addr
	for _, h := range headers {
		hops = append(hops, elements(h)...)
	}
	return hops
}

// elements reads one header. Where it ends inside quotes or breaks the grammar,
// nothing tells its elements apart any more, and it counts as one hop that names
// nobody: a client must not shift our proxy's own element by what it sent.
func elements(header string) []netip.Addr {
	var hops []netip.Addr
	in := pairs{rest: header}
	for {
		hop, some, ok := in.element()
		if !ok {
			return []netip.Addr{{}}
		}
		if some {
			hops = append(hops, hop)
		}
		if in.rest == "" {
			return hops
		}
		in.rest = in.rest[1:] // the comma
	}
}

// pairs takes a header apart from its beginning.
type pairs struct{ rest string }

// element reads up to the next comma or the end: pairs with semicolons between
// them. some is false for an empty element.
func (p *pairs) element() (hop netip.Addr, some, ok bool) {
	seen := false
	for {
		p.space()
		if name := p.token(); name != "" {
			value, ok := p.value()
			if !ok {
				return hop, some, false
			}
			some = true
			if strings.EqualFold(name, "for") {
				if seen { // RFC 7239, 4: each parameter once
					return hop, some, false
				}
				seen, hop = true, node(value)
			}
		}
		p.space()
		switch {
		case p.rest == "" || p.rest[0] == ',':
			return hop, some, true
		case p.rest[0] != ';':
			return hop, some, false
		}
		p.rest = p.rest[1:]
	}
}

// value reads "=" and a token or a quoted string.
func (p *pairs) value() (string, bool) {
	rest, ok := strings.CutPrefix(p.rest, "=")
	if !ok {
		return "", false
	}
	if p.rest = rest; strings.HasPrefix(rest, `"`) {
		return p.quoted()
	}
	v := p.token()
	return v, v != ""
}

// quoted reads a quoted string (RFC 9110, 5.6.4).
func (p *pairs) quoted() (string, bool) {
	var out strings.Builder
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; c {
		case '"':
			p.rest = p.rest[i+1:]
			return out.String(), true
		case '\\':
			if i++; i == len(p.rest) {
				return "", false
			}
			out.WriteByte(p.rest[i])
		default:
			out.WriteByte(c)
		}
	}
	return "", false
}

// token reads a token (RFC 9110, 5.6.2), and what some proxies write without
// the quotes that it would need: colons and brackets of an address.
func (p *pairs) token() string {
	i := 0
	for i < len(p.rest) && tokenByte(p.rest[i]) {
		i++
	}
	t := p.rest[:i]
	p.rest = p.rest[i:]
	return t
}

func tokenByte(c byte) bool {
	switch {
	case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		return true
	}
	return strings.IndexByte("!#$%&'*+-.^_`|~:[]", c) >= 0
}

func (p *pairs) space() { p.rest = strings.TrimLeft(p.rest, " \t") }
