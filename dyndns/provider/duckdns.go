package provider

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"
)

const (
	duckdnsAPI    = "https://www.duckdns.org/update"
	duckdnsSuffix = "duckdns.org"
)

func duckdnsEntry() entry {
	return entry{
		info: Info{
			ID: "duckdns", Title: "DuckDNS", Site: "https://www.duckdns.org",
			TokenHelp: "Sign in on www.duckdns.org with an account that you have elsewhere; the token stands at the top of the page. " +
				"Add a free name there too.",
			Fields: []Field{{Key: keyToken, Title: "Token", Help: "36 characters with four dashes.", Secret: true}},

			TXT: 1, MinTTL: time.Minute, Clears: true, Proves: true,
			Free: true, Suffixes: []string{duckdnsSuffix}, Propagation: 30 * time.Second,
		},
		servers: []string{"duckdns.org"},
		hints: map[string]string{
			CodeToken: "Compare both on www.duckdns.org: the token at the top of the page, and that the name is in your list there.",
			CodeZone:  "A DuckDNS name is one word before .duckdns.org, such as myhouse.duckdns.org.",
		},
		open: openDuckdns,
	}
}

// duckdnsName speaks DuckDNS's own HTTP. The module, libdns/duckdns v0.3.0,
// can't be made safe: it cuts lan.foo.duckdns.org to foo and so would put a
// private address over the public one, sends only ipv6= for an AAAA (whereupon
// DuckDNS takes the sender's address for the A), prints the token in its
// errors, reads through 8.8.8.8, and can't be given an HTTP client.
//
// DuckDNS wants its token in the URL's query and takes it nowhere else; so no
// URL is ever logged or put into an error, and the redactor sees to the rest.
// An AAAA is never set, because it can't be taken away without the A.
type duckdnsName struct {
	token string
	wire  *wire
}

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func openDuckdns(o opening) (backend, error) {
	if !uuid.MatchString(o.cred[keyToken]) {
		return nil, &complaint{code: CodeToken, text: "This is no DuckDNS token: those are 36 characters with four dashes."}
	}
	return &duckdnsName{token: o.cred[keyToken], wire: o.wire}, nil
}

// label is the word before .duckdns.org. TXT values are answered for every
// name below it too, so for those a deeper name is the same.
func duckdnsLabel(name string, deeper bool) (string, error) {
	rest, ok := strings.CutSuffix(name, "."+duckdnsSuffix)
	if !ok {
		return "", &complaint{code: CodeZone, text: name + " is no name of DuckDNS."}
	}
	labels := strings.Split(rest, ".")
	if len(labels) > 1 && !deeper {
		return "", &complaint{code: CodeUnable, text: "%[1]s holds no names below yours, so " + name + " can't be."}
	}
	return labels[len(labels)-1], nil
}

func (d *duckdnsName) set(ctx context.Context, s rrset) error {
	label, err := duckdnsLabel(s.Name, false)
	if err != nil {
		return err
	}
	if s.Value == "" {
		return d.update(ctx, url.Values{"domains": {label}, "clear": {"true"}}, "")
	}
	return d.update(ctx, url.Values{"domains": {label}, "ip": {s.Value}}, s.Value)
}

func (d *duckdnsName) add(ctx context.Context, t text) error {
	label, err := duckdnsLabel(t.Name, true)
	if err != nil {
		return err
	}
	return d.update(ctx, url.Values{"domains": {label}, "txt": {t.Value}}, "")
}

func (d *duckdnsName) drop(ctx context.Context, t text) error {
	label, err := duckdnsLabel(t.Name, true)
	if err != nil {
		return err
	}
	return d.update(ctx, url.Values{"domains": {label}, "txt": {t.Value}, "clear": {"true"}}, "")
}

// texts is never asked: DuckDNS has nothing that reads.
func (d *duckdnsName) texts(context.Context, string) ([]string, error) { return nil, errNoReads }

// update is https://www.duckdns.org/spec.jsp, with verbose=true.
func (d *duckdnsName) update(ctx context.Context, query url.Values, want string) error {
	query.Set("token", d.token)
	query.Set("verbose", "true")
	var body []byte
	err := d.wire.ask(ctx, call{
		method: http.MethodGet, url: duckdnsAPI + "?" + query.Encode(), header: http.Header{"Accept": {"text/plain"}}, out: &body,
	})
	if err != nil {
		return err
	}
	return duckdnsAnswer(string(body), want)
}

// duckdnsAnswer reads "OK", the IPv4 address, the IPv6 address and UPDATED or
// NOCHANGE, a line each; or "KO", for a wrong token and a wrong name alike.
func duckdnsAnswer(body, want string) error {
	lines := strings.Split(strings.ReplaceAll(body, "\r\n", "\n"), "\n")
	switch strings.TrimSpace(lines[0]) {
	case "OK":
	case "KO":
		return &complaint{code: CodeToken, text: "%[1]s does not accept this token for this name."}
	default:
		return &refusal{Status: http.StatusOK, Odd: "neither OK nor KO"}
	}
	if want == "" || len(lines) < 2 {
		return nil
	}
	got, err := netip.ParseAddr(strings.TrimSpace(lines[1]))
	if err == nil && got.String() != want {
		return &complaint{code: CodeRejected, text: "%[1]s took another address than the one it was given.", hint: "Latchkey tries again by itself."}
	}
	return nil
}
