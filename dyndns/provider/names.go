package provider

import (
	"net/netip"
	"strings"
	"time"
)

// isName tells whether name can be a host's or a challenge's name. It goes into
// URLs and zone-file text, so nothing else is let through.
func isName(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// below gives name relative to zone; apex is what the provider calls the zone itself.
func below(name, zone, apex string) string {
	if name == zone {
		return apex
	}
	return strings.TrimSuffix(name, "."+zone)
}

// above is the opposite of below, for what a provider answers: in lower case,
// whatever of "", "@" and the full name it uses for the zone itself.
func above(label, zone string) string {
	label = plainName(label)
	switch {
	case label == "" || label == "@" || label == zone:
		return zone
	case strings.HasSuffix(label, "."+zone):
		return label
	}
	return label + "." + zone
}

// quoted writes a TXT value as in a zone file (RFC 1035, section 5.1), in
// pieces of at most 255 bytes.
func quoted(value string) string {
	var pieces []string
	for len(value) > 255 {
		pieces = append(pieces, quote(value[:255]))
		value = value[255:]
	}
	return strings.Join(append(pieces, quote(value)), " ")
}

func quote(piece string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(piece) + `"`
}

// unquoted reads a TXT value as providers give it: bare, or in one or more
// quoted pieces with backslashes before quotes, or as \DDD.
func unquoted(value string) string {
	value = strings.TrimSpace(value)
	if !strings.HasPrefix(value, `"`) {
		return value
	}
	var out strings.Builder
	inside := false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '"':
			inside = !inside
		case !inside: // the blank between two pieces
		case c == '\\' && i+3 < len(value) && isDecimal(value[i+1:i+4]):
			out.WriteByte(byte(int(value[i+1]-'0')*100 + int(value[i+2]-'0')*10 + int(value[i+3]-'0')))
			i += 3
		case c == '\\' && i+1 < len(value):
			i++
			out.WriteByte(value[i])
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// isDecimal: three digits that are a byte.
func isDecimal(s string) bool { return s >= "000" && s <= "255" && strings.Trim(s, "0123456789") == "" }

// normal gives a record's value in one form, so that it can be compared.
func normal(typ, value string) string {
	switch typ {
	case "TXT":
		return unquoted(value)
	case "A", "AAAA":
		if a, err := netip.ParseAddr(strings.TrimSpace(value)); err == nil {
			return a.Unmap().String()
		}
	}
	return value
}

// zoneForm is what a provider wants to see in the value of a record.
func zoneForm(typ, value string) string {
	if typ == "TXT" {
		return quoted(value)
	}
	return value
}

func seconds(d time.Duration) int { return int(d / time.Second) }

func duration(secs int) time.Duration { return time.Duration(max(0, secs)) * time.Second }
