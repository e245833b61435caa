package provider

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

func heEntry() entry {
	return entry{
		info: Info{
			ID: "he", Title: "Hurricane Electric", Site: "https://dns.he.net",
			TokenHelp: "On dns.he.net open your domain. Make an A record for the name and a TXT record for _acme-challenge.NAME, tick “dynamic DNS” on both, " +
				"and with the round arrow behind each set the same key of your choice.",
			Fields: []Field{{Key: keyPassword, Title: "Dynamic DNS key", Help: "The same on both records.", Secret: true}},

			TXT: 1, MinTTL: 5 * time.Minute, Propagation: 30 * time.Second,
		},
		hints: map[string]string{
			CodeToken: "On dns.he.net the record must be there, “dynamic DNS” ticked, and this key set with the round arrow behind it.",
			CodeZone:  "On dns.he.net make the record first, with “dynamic DNS” ticked.",
		},
		servers: []string{"he.net"},
		open: func(o opening) (backend, error) {
			o.wire.envelope = dyndns2Refusal
			return &he{key: o.cred[keyPassword], wire: o.wire}, nil
		},
	}
}

const heAPI = "https://dyn.dns.he.net/nic/update"

// he speaks https://dns.he.net/docs.html, dyndns2 by POST with a key of each
// record. It can only change what its owner has made there: so nothing below
// NAME but the challenge, no taking away, and no AAAA (an answer "badauth"
// would come of every name that nobody has made). The module, libdns/he
// v1.2.0, can't be given an HTTP client, and "clears" an address by pointing
// it at 127.0.0.1.
type he struct {
	key  string
	wire *wire
}

func (h *he) set(ctx context.Context, s rrset) error { return h.update(ctx, s.Name, "myip", s.Value) }

func (h *he) add(ctx context.Context, t text) error { return h.update(ctx, t.Name, "txt", t.Value) }

// drop leaves the value: the record must stay, and the next value takes its place.
func (h *he) drop(context.Context, text) error { return nil }

func (h *he) texts(context.Context, string) ([]string, error) { return nil, errNoReads }

func (h *he) update(ctx context.Context, name, key, value string) error {
	form := url.Values{"hostname": {name}, "password": {h.key}, key: {value}}
	header := http.Header{"Accept": {"text/plain"}, "Content-Type": {"application/x-www-form-urlencoded"}}
	var body []byte
	err := h.wire.ask(ctx, call{method: http.MethodPost, url: heAPI, header: header, in: []byte(form.Encode()), out: &body})
	if err != nil {
		return err
	}
	if key == "txt" {
		value = ""
	}
	return dyndns2Answer(string(body), value)
}
