package publicip

import (
	"net"

	"github.com/miekg/dns"

	"latchkey/dyndns/query"
)

// operatorHTTPS is somebody who runs a page that says the caller's address.
type operatorHTTPS struct{ name, url4, url6 string }

// httpsOperators are run by five parties that have nothing to do with each
// other. Cloudflare is asked by address, so that it works without DNS.
// icanhazip.com is not here: it belongs to Cloudflare since 2021.
var httpsOperators = []operatorHTTPS{
	// Lines of key=value; https://developers.cloudflare.com/fundamentals/reference/cdn-cgi-endpoint/
	{"cloudflare", "https://1.1.1.1/cdn-cgi/trace", "https://[2606:4700:4700::1111]/cdn-cgi/trace"},
	// A bare address; the ddclient section of https://desec.readthedocs.io/en/latest/dyndns/configure.html
	{"desec", "https://checkipv4.dedyn.io/", "https://checkipv6.dedyn.io/"},
	// A bare address; https://www.ipify.org/
	{"ipify", "https://api.ipify.org/", "https://api6.ipify.org/"},
	// A bare address, IPv4 only; https://docs.aws.amazon.com/vpc/latest/userguide/ (security group rules)
	{"amazon", "https://checkip.amazonaws.com/", ""},
	// A bare address; https://www.ident.me/
	{"ident.me", "https://v4.ident.me/", "https://v6.ident.me/"},
}

// operatorDNS is somebody whose DNS servers answer a name with the asker's
// address. servers are the two addresses of one of them.
type operatorDNS struct {
	name             string
	question         string
	type4, type6     uint16
	class            uint16
	server4, server6 string
}

// dnsOperators are asked by address: names of their servers would be looked up
// at the very resolver that may be wrong.
var dnsOperators = []operatorDNS{
	// resolver1.opendns.com; https://support.opendns.com/hc/en-us/articles/227987007
	{"opendns", "myip.opendns.com", dns.TypeA, dns.TypeAAAA, dns.ClassINET, "208.67.222.222", "2620:119:35::35"},
	// ns1.google.com; https://developers.google.com/speed/public-dns/faq (locations of IP address ranges)
	{"google", "o-o.myaddr.l.google.com", dns.TypeTXT, dns.TypeTXT, dns.ClassINET, "216.239.32.10", "2001:4860:4802:32::a"},
	// one.one.one.one, class CHAOS; https://github.com/favonia/cloudflare-ddns (cloudflare.doh) describes the name
	{"cloudflare", "whoami.cloudflare", dns.TypeTXT, dns.TypeTXT, dns.ClassCHAOS, "1.1.1.1", "2606:4700:4700::1111"},
}

// Defaults are the sources that are asked where the configuration names none:
// several independent operators of each kind. The Watcher asks two of each at a
// time.
func Defaults(o Options) []Source { return append(DefaultHTTPS(o), DefaultDNS(o)...) }

// DefaultHTTPS are those of the kind HTTPS.
func DefaultHTTPS(o Options) []Source {
	var all []Source
	for _, p := range httpsOperators {
		urls := map[Family]string{V4: p.url4}
		if p.url6 != "" {
			urls[V6] = p.url6
		}
		all = append(all, newHTTPS(p.name, urls, o))
	}
	return all
}

// DefaultDNS are those of the kind DNS.
func DefaultDNS(o Options) []Source {
	var all []Source
	for _, p := range dnsOperators {
		ask := func(kind uint16, server string) dnsQuestion {
			return dnsQuestion{query.Question{Name: p.question, Type: kind, Class: p.class, Recursive: true}, net.JoinHostPort(server, "53")}
		}
		all = append(all, &dnsEcho{name: p.name, dial: o.dial(), ask: map[Family]dnsQuestion{
			V4: ask(p.type4, p.server4), V6: ask(p.type6, p.server6),
		}})
	}
	return all
}

// Configured are the sources that the configuration names, and the default ones
// of a kind of which it names none. The error says which entry is wrong.
func Configured(https, dns []string, o Options) ([]Source, error) {
	var all []Source
	for _, text := range https {
		s, err := ParseHTTPS(text, o)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	if len(https) == 0 {
		all = DefaultHTTPS(o)
	}
	for _, text := range dns {
		s, err := ParseDNS(text, o)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	if len(dns) == 0 {
		all = append(all, DefaultDNS(o)...)
	}
	return all, nil
}
