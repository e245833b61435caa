package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const keySubdomain = "subdomain"

func acmednsEntry() entry {
	return entry{
		info: Info{
			ID: "acmedns", Title: "acme-dns", Site: "https://github.com/acme-dns/acme-dns",
			TokenHelp: "Ask your acme-dns server for an account (POST /register). It answers with user, password, subdomain and a full domain. " +
				"Then make a CNAME from _acme-challenge.NAME to that full domain.",
			Fields: []Field{
				{Key: keyURL, Title: "Server", Help: "Such as https://auth.example.org."},
				{Key: keyUser, Title: "User"},
				{Key: keyPassword, Title: "Password", Secret: true},
				{Key: keySubdomain, Title: "Subdomain", Help: "Not the full domain."},
			},
			ChallengeOnly: true, TXT: 2, MinTTL: time.Second, Proves: true, Propagation: time.Second,
		},
		hints: map[string]string{
			CodeToken: "Compare user, password and subdomain with what the server's /register answered; it may also be that the account allows other addresses only.",
		},
		open: openAcmedns,
	}
}

// acmedns speaks https://github.com/acme-dns/acme-dns#api. It holds nothing
// but the two newest challenges of one subdomain, so nothing is ever read or
// taken away. The module, libdns/acmedns v0.5.0, can't be given an HTTP client.
type acmedns struct {
	server    string
	user      string
	password  string
	subdomain string
	wire      *wire
}

func openAcmedns(o opening) (backend, error) {
	u, err := dyndns2URL(o.cred[keyURL])
	if err != nil {
		return nil, err
	}
	subdomain, _, _ := strings.Cut(o.cred[keySubdomain], ".") // the full domain begins with it
	if !isName(plainName(subdomain)) {
		return nil, &complaint{code: CodeToken, text: "This is no subdomain of acme-dns."}
	}
	o.wire.envelope = acmednsRefusal
	server := url.URL{Scheme: u.Scheme, Host: u.Host}
	return &acmedns{server: server.String(), user: o.cred[keyUser], password: o.cred[keyPassword], subdomain: plainName(subdomain), wire: o.wire}, nil
}

func (a *acmedns) add(ctx context.Context, t text) error {
	var answer struct{ TXT string }
	err := a.wire.ask(ctx, call{
		method: http.MethodPost, url: a.server + "/update",
		header: http.Header{"X-Api-User": {a.user}, "X-Api-Key": {a.password}},
		in:     map[string]string{"subdomain": a.subdomain, "txt": t.Value}, out: &answer,
	})
	if err != nil {
		return err
	}
	if answer.TXT != t.Value {
		return noResult()
	}
	return nil
}

func (a *acmedns) set(context.Context, rrset) error { return errNoReads }

func (a *acmedns) drop(context.Context, text) error { return nil }

func (a *acmedns) texts(context.Context, string) ([]string, error) { return nil, errNoReads }

// acmednsRefusal reads {"error":"forbidden"}, bad_txt, bad_subdomain, malformed_json_payload.
func acmednsRefusal(r *refusal, body []byte) {
	var a struct{ Error string }
	if json.Unmarshal(body, &a) != nil || a.Error == "" {
		return
	}
	r.Codes = []string{a.Error}
	if a.Error == "forbidden" || a.Error == "bad_subdomain" {
		r.As = CodeToken
	}
}
