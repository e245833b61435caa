package provider

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/libdns/libdns"
	"github.com/libdns/rfc2136"
	"github.com/miekg/dns"
)

func rfc2136Entry() entry {
	return entry{
		info: Info{
			ID: "rfc2136", Title: "Your own DNS server",
			TokenHelp: "Make a key on the server, with “tsig-keygen” (BIND) or “keymgr -t” (Knot), and allow it to update your domain. " +
				"Then paste what the command printed.",
			Fields: []Field{
				{Key: keyKey, Title: "Key", Help: "The whole block, or algorithm:name:secret on one line.", Secret: true, Lines: true},
				{Key: keyServer, Title: "Server", Help: "Only where it is not the domain's first server: host or host:port.", Optional: true},
			},
			Subnames: true, V6: true, TXT: many, MinTTL: 5 * time.Second, Clears: true, CleanReads: true, Proves: true,
			Propagation: 2 * time.Second,
		},
		hints: map[string]string{
			CodeToken:       "Look on the server whether this key is known there under this name and with this secret, and whether it may update %[2]s.",
			CodePermission:  "Allow updates of %[2]s by this key on the server (BIND: update-policy or allow-update; Knot: acl).",
			CodeZone:        "Enter the primary server of %[2]s in the field “Server”.",
			CodeUnreachable: "Look whether the server runs and can be reached by TCP on its port from here.",
		},
		open: openRFC2136,
	}
}

// rfc2136Zone writes through libdns/rfc2136 v1.0.1, whose updates are one
// message each and so whole or not at all. It reads by itself: the module
// reads by zone transfer, which most servers refuse, and mangles TXT.
type rfc2136Zone struct {
	zone   string
	key    tsigKey
	server string // host:port; "" when nobody has said it
	names  *net.Resolver
	module *rfc2136.Provider // its Server is an address, looked up for each call
	known  bool              // the server has answered a question that was signed with the key
}

func openRFC2136(o opening) (backend, error) {
	k, err := parseKey(o.cred[keyKey])
	if err != nil {
		return nil, err
	}
	o.learn(k.Secret)
	server := o.primary
	for _, s := range []string{k.Server, o.cred[keyServer]} {
		if s != "" {
			server = s
		}
	}
	if server != "" { // without one the shape is fine all the same
		if server, err = hostPort(server); err != nil {
			return nil, err
		}
	}
	return &rfc2136Zone{
		zone: o.zone, key: k, server: server, names: o.names,
		module: &rfc2136.Provider{KeyName: dns.Fqdn(k.Name), KeyAlg: k.Algorithm, Key: k.Secret},
	}, nil
}

// hostPort adds the port of DNS where there is none.
func hostPort(server string) (string, error) {
	server = strings.TrimSuffix(strings.TrimSpace(server), ".")
	if a, err := netip.ParseAddr(strings.Trim(server, "[]")); err == nil {
		return net.JoinHostPort(a.String(), "53"), nil
	}
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		host, port = server, "53"
	}
	_, err = netip.ParseAddr(host)
	if number, wrong := strconv.ParseUint(port, 10, 16); err != nil && !isName(strings.ToLower(host)) || wrong != nil || number == 0 {
		return "", &complaint{code: CodeRejected, text: "This server can't be read.", hint: "Enter it as host or host:port, such as ns1.example.org:53."}
	}
	return net.JoinHostPort(host, port), nil
}

// here finds the server's address anew: it may be a name that moves too.
func (z *rfc2136Zone) here(ctx context.Context) error {
	host, port, err := net.SplitHostPort(z.server)
	if err != nil {
		return &complaint{
			code: CodeZone, text: "Latchkey does not know which server holds %[2]s.",
			hint: "Enter the server in the field “Server”, as host or host:port.",
		}
	}
	if a, err := netip.ParseAddr(host); err == nil {
		z.module.Server = net.JoinHostPort(a.String(), port)
		return nil
	}
	found, err := z.names.LookupNetIP(ctx, "ip", host)
	if err != nil || len(found) == 0 {
		return &complaint{code: CodeUnreachable, text: "The server of %[2]s could not be found by its name.", err: err}
	}
	slices.SortStableFunc(found, func(a, b netip.Addr) int { return a.Unmap().BitLen() - b.Unmap().BitLen() }) // IPv4 first: it is there more often
	z.module.Server = net.JoinHostPort(found[0].Unmap().String(), port)
	return nil
}

func (z *rfc2136Zone) set(ctx context.Context, s rrset) error {
	there, ttl, err := z.read(ctx, s.Name, s.Type)
	switch {
	case errors.Is(err, errNoReads): // a hidden primary; the update is the same either way
	case err != nil:
		return err
	case s.Value == "" && len(there) == 0:
		return nil
	case len(there) == 1 && there[0] == s.Value && ttl == s.TTL:
		return nil
	}
	if s.Value == "" {
		_, err = z.module.DeleteRecords(ctx, z.zone, []libdns.Record{libdns.RR{Name: z.relative(s.Name), Type: s.Type}})
	} else {
		_, err = z.module.SetRecords(ctx, z.zone, []libdns.Record{libdns.Address{Name: z.relative(s.Name), TTL: s.TTL, IP: netip.MustParseAddr(s.Value)}})
	}
	return z.refused(err)
}

// relative is full with its dot all the same: the module writes zone-file
// text, where that means what it says, whereas it would read "@" of a zone
// without a dot wrongly.
func (z *rfc2136Zone) relative(name string) string { return dns.Fqdn(name) }

func (z *rfc2136Zone) add(ctx context.Context, t text) error {
	there, _, err := z.read(ctx, t.Name, "TXT")
	if err != nil && !errors.Is(err, errNoReads) || slices.Contains(there, t.Value) {
		return err
	}
	_, err = z.module.AppendRecords(ctx, z.zone, []libdns.Record{libdns.TXT{Name: z.relative(t.Name), TTL: t.TTL, Text: t.Value}})
	return z.refused(err)
}

func (z *rfc2136Zone) drop(ctx context.Context, t text) error {
	if err := z.here(ctx); err != nil {
		return err
	}
	_, err := z.module.DeleteRecords(ctx, z.zone, []libdns.Record{libdns.TXT{Name: z.relative(t.Name), TTL: t.TTL, Text: t.Value}})
	return z.refused(err)
}

// refused: servers say NOTAUTH, which the module reads as bad authentication,
// of a wrong key and of a key that may not update this zone alike. Whether
// the key is known shows in the reads.
func (z *rfc2136Zone) refused(err error) error {
	if z.known && errors.Is(err, dns.ErrAuth) {
		return &complaint{code: CodePermission, err: err}
	}
	return rfc2136Error(err)
}

func (z *rfc2136Zone) texts(ctx context.Context, name string) ([]string, error) {
	there, _, err := z.read(ctx, name, "TXT")
	return there, err
}

// read asks the server itself, signed. Servers that hold a zone only to hand
// it on refuse questions: errNoReads.
func (z *rfc2136Zone) read(ctx context.Context, name, typ string) (values []string, ttl time.Duration, err error) {
	if err := z.here(ctx); err != nil {
		return nil, 0, err
	}
	q := new(dns.Msg)
	q.SetQuestion(dns.Fqdn(name), dns.StringToType[typ])
	q.RecursionDesired = false
	q.SetTsig(dns.Fqdn(z.key.Name), z.key.Algorithm, 300, time.Now().Unix())
	c := &dns.Client{Net: "tcp", TsigSecret: map[string]string{dns.Fqdn(z.key.Name): z.key.Secret}}
	answer, _, err := c.ExchangeContext(ctx, q, z.module.Server)
	switch {
	case errors.Is(err, dns.ErrAuth) && answer != nil:
		return nil, 0, rfc2136NotAuth(answer)
	case err != nil:
		return nil, 0, rfc2136Error(err)
	case answer.Rcode == dns.RcodeRefused:
		return nil, 0, errNoReads
	case answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError:
		return nil, 0, rfc2136Rcode(answer.Rcode)
	}
	z.known = z.known || answer.IsTsig() != nil
	for _, rr := range answer.Answer {
		if !strings.EqualFold(rr.Header().Name, dns.Fqdn(name)) {
			continue
		}
		ttl = duration(int(rr.Header().Ttl))
		switch rr := rr.(type) {
		case *dns.A:
			values = append(values, rr.A.String())
		case *dns.AAAA:
			values = append(values, rr.AAAA.String())
		case *dns.TXT:
			values = append(values, strings.Join(rr.Txt, ""))
		}
	}
	return values, ttl, nil
}

// rfc2136NotAuth tells the two meanings of NOTAUTH apart: RFC 8945, section
// 5.3.2, puts what is wrong with a signature into the answer's TSIG; without
// that, the server does not hold the zone (RFC 2136, section 2.2).
func rfc2136NotAuth(answer *dns.Msg) error {
	t := answer.IsTsig()
	switch {
	case t == nil || t.Error == dns.RcodeSuccess:
		return rfc2136Rcode(dns.RcodeNotAuth)
	case t.Error == dns.RcodeBadTime:
		return rfc2136Error(dns.ErrTime)
	}
	return rfc2136Error(dns.ErrAuth)
}

// rfc2136Error reads the module's errors: sentinels of miekg/dns, or the
// response code in quotes.
func rfc2136Error(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, dns.ErrTime):
		return &complaint{
			code: CodeToken, text: "This machine's clock and that of %[1]s are too far apart.",
			hint: "Set the clock right on both; a key is only good for five minutes around now.", err: err,
		}
	case errors.Is(err, dns.ErrAuth), errors.Is(err, dns.ErrSig), errors.Is(err, dns.ErrKey), errors.Is(err, dns.ErrSecret), errors.Is(err, dns.ErrKeyAlg):
		return &complaint{code: CodeToken, text: "%[1]s does not accept this key for %[2]s.", err: err}
	}
	for code, name := range dns.RcodeToString {
		if strings.Contains(err.Error(), `response error code "`+name+`"`) {
			return rfc2136Rcode(code)
		}
	}
	return err
}

func rfc2136Rcode(code int) error {
	r := &refusal{Status: 200, Codes: []string{dns.RcodeToString[code]}}
	switch {
	case code == dns.RcodeNotAuth, code == dns.RcodeNotZone:
		return &complaint{code: CodeZone, text: "%[1]s does not hold %[2]s, or only as a copy.", err: r}
	case code == dns.RcodeRefused:
		r.As = CodePermission
	case code == dns.RcodeServerFailure:
		return &complaint{code: CodeUnreachable, text: "%[1]s has trouble of its own.", hint: "Look into the server's log.", err: r}
	case code == dns.RcodeBadSig, code == dns.RcodeBadKey:
		r.As = CodeToken
	default:
		r.As = CodeRejected
	}
	return r
}
