package provider

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

func dyndns2Entry() entry {
	return entry{
		info: Info{
			ID: "dyndns2", Title: "Another service (dyndns2)", Site: "",
			TokenHelp: "Look in your provider's help for “dyndns2”, “ddclient” or “router”: it names an update address, a user and a password for it.",
			Fields: []Field{
				{Key: keyURL, Title: "Update address", Help: "Such as https://dyn.example.net/nic/update."},
				{Key: keyUser, Title: "User", Help: "Sometimes the name itself."},
				{Key: keyPassword, Title: "Password or update key", Secret: true},
			},
			MinTTL: time.Minute, Propagation: time.Minute,
		},
		hints: map[string]string{
			CodeToken: "Enter user and password as your provider's help for routers has them: they are often other ones than those of its website.",
			CodeZone:  "Make the name at your provider first, and switch dynamic updates on for it.",
		},
		open: openDyndns2,
	}
}

// dyndns2 is the protocol of members.dyndns.org that routers and ddclient
// speak (https://help.dyn.com/remote-access-api/): a GET of /nic/update with
// hostname and myip, Basic authentication, and a word for an answer. It can
// only set the one address of a name: nothing below it, no TXT, no taking
// away, and what becomes of the other family is each server's own idea.
type dyndns2 struct {
	url  *url.URL
	user string
	pass string
	wire *wire
}

func openDyndns2(o opening) (backend, error) {
	u, err := dyndns2URL(o.cred[keyURL])
	if err != nil {
		return nil, err
	}
	o.learn(o.cred[keyPassword])
	o.wire.envelope = dyndns2Refusal
	return &dyndns2{url: u, user: o.cred[keyUser], pass: o.cred[keyPassword], wire: o.wire}, nil
}

// dyndns2URL takes what a person typed: a host alone means its /nic/update
// over HTTPS. Without TLS only loopback is spoken with, for tests.
func dyndns2URL(typed string) (*url.URL, error) {
	wrong := func(text, hint string) error { return &complaint{code: CodeRejected, text: text, hint: hint} }
	if !strings.Contains(typed, "://") {
		typed = "https://" + typed
	}
	u, err := url.Parse(typed)
	if err != nil || u.Hostname() == "" || strings.ContainsAny(typed, " \t\r\n") {
		return nil, wrong("This update address can't be read.", "It looks like https://dyn.example.net/nic/update.")
	}
	address, err := netip.ParseAddr(u.Hostname())
	local := err == nil && address.IsLoopback()
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || !local):
		return nil, wrong("This update address is not encrypted.", "Begin it with https://, or anybody on the way could read the password.")
	case u.User != nil:
		return nil, wrong("A password does not belong into the update address.", "Enter user and password in their own fields.")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, wrong("The update address goes on behind its path.", "Leave the “?” and all after it away: Latchkey adds name and address by itself.")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/nic/update"
	}
	return u, nil
}

// title: the row stands for any service, and this is the one.
func (d *dyndns2) title() string { return d.url.Hostname() }

func (d *dyndns2) set(ctx context.Context, s rrset) error {
	u := *d.url
	u.RawQuery = url.Values{"hostname": {s.Name}, "myip": {s.Value}}.Encode()
	// The header is what Request.SetBasicAuth makes (RFC 7617).
	req := http.Request{Header: http.Header{"Accept": {"text/plain"}}}
	req.SetBasicAuth(d.user, d.pass)
	var body []byte
	if err := d.wire.ask(ctx, call{method: http.MethodGet, url: u.String(), header: req.Header, out: &body}); err != nil {
		return err
	}
	return dyndns2Answer(string(body), s.Value)
}

func (d *dyndns2) add(context.Context, text) error                 { return errNoReads }
func (d *dyndns2) drop(context.Context, text) error                { return errNoReads }
func (d *dyndns2) texts(context.Context, string) ([]string, error) { return nil, errNoReads }

// dyndns2Refusal: some servers send the word with a status of its own.
func dyndns2Refusal(r *refusal, body []byte) {
	var c *complaint
	if err := dyndns2Answer(string(body), ""); err != nil {
		c, _ = err.(*complaint)
	}
	if c != nil && r.Status/100 == 4 && r.Status != http.StatusTooManyRequests {
		r.As = c.code
	}
}

// dyndns2Answer reads the first word, and the address behind good and nochg.
func dyndns2Answer(body, want string) error {
	words := strings.Fields(body)
	if len(words) == 0 {
		return &refusal{Status: http.StatusOK, Odd: "an empty answer"}
	}
	switch word := strings.ToLower(words[0]); word {
	case "good", "nochg":
		return dyndns2Took(words[1:], want)
	case "badauth", "!badauth":
		return &complaint{code: CodeToken, text: "%[1]s does not accept user and password."}
	case "!donator", "!active":
		return &complaint{code: CodePermission, text: "%[1]s does not give your account this service.", hint: "See at your provider what your account includes."}
	case "notfqdn":
		return &complaint{code: CodeZone, text: "%[1]s says that this is no full name.", hint: "Enter the whole name, such as myhouse.example.net."}
	case "nohost", "!yours":
		return &complaint{code: CodeZone, text: "%[1]s says that this name is not in your account."}
	case "numhost":
		return &complaint{code: CodeRejected, text: "%[1]s says that these are too many names."}
	case "abuse":
		return &complaint{
			code: CodeBusy, err: &refusal{Status: http.StatusOK, Codes: []string{word}, After: 24 * time.Hour},
			text: "%[1]s has locked this name because it was updated too often.",
			hint: "See at your provider how to unlock it, and whether a router or another program updates the name too.",
		}
	case "911", "dnserr":
		return &complaint{
			code: CodeBusy, err: &refusal{Status: http.StatusOK, Codes: []string{word}, After: 30 * time.Minute},
			text: "%[1]s has trouble of its own.", hint: "Nothing to do: Latchkey waits half an hour, as such services ask for, and tries again.",
		}
	case "badagent", "badsys", "badparam":
		return &complaint{code: CodeRejected, text: "%[1]s does not speak with programs such as this one.", hint: "Ask your provider for its update address for routers."}
	}
	return &refusal{Status: http.StatusOK, Odd: "an answer that the protocol does not know"}
}

func dyndns2Took(rest []string, want string) error {
	if len(rest) == 0 || want == "" {
		return nil
	}
	got, err := netip.ParseAddr(strings.Trim(rest[0], ","))
	switch {
	case err != nil || got.Unmap().String() == want || len(rest) > 1:
		return nil
	case got.IsLoopback():
		// help.dyn.com: "good 127.0.0.1" says that the request was ignored.
		return &complaint{code: CodeRejected, text: "%[1]s ignored the update.", hint: "See at your provider whether the name or your account is locked."}
	}
	return &complaint{code: CodeRejected, text: "%[1]s took another address than the one it was given.", hint: "Latchkey tries again by itself."}
}
