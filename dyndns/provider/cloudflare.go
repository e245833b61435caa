package provider

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/libdns/cloudflare"
	"github.com/libdns/libdns"
)

const cloudflareAPI = "https://api.cloudflare.com/client/v4"

func cloudflareEntry() entry {
	return entry{
		info: Info{
			ID: "cloudflare", Title: "Cloudflare", Site: "https://www.cloudflare.com",
			TokenHelp: "On dash.cloudflare.com open My Profile, then API Tokens, then Create Token. Take the template “Edit zone DNS”, " +
				"choose your domain under Zone Resources, create it, and copy the token: it is shown only once.",
			Fields: []Field{{Key: keyToken, Title: "API token", Help: "Not the Global API Key.", Secret: true}},

			Subnames: true, V6: true, TXT: many, MinTTL: time.Minute, Clears: true, CleanReads: true, Proves: true,
			Propagation: 5 * time.Second,
		},
		servers: []string{"ns.cloudflare.com"},
		hints: map[string]string{
			CodeToken:      "Make a new one at dash.cloudflare.com under My Profile, API Tokens, from the template “Edit zone DNS”, and copy it whole.",
			CodePermission: "Give the token the permission Zone, DNS, Edit for %[2]s.",
			CodeZone:       "Under Zone Resources the token must include %[2]s, and the domain must be in this account.",
		},
		open: openCloudflare,
	}
}

// cloudflareZone sets and appends through libdns/cloudflare v0.2.2, and reads
// and deletes by itself. The module's own reads panic when a reply has no
// result_info, don't tell what is proxied, and its Set gives up when a name
// has two addresses. Its HTTP goes through our wire, which also sees refusals that the module takes
// for success (success:false without errors).
type cloudflareZone struct {
	token, zone string
	wire        *wire
}

func openCloudflare(o opening) (backend, error) {
	if err := cloudflareShape(o.cred[keyToken]); err != nil {
		return nil, err
	}
	o.wire.envelope = cloudflareRefusal
	o.wire.sealed = cloudflareSealed
	return &cloudflareZone{token: o.cred[keyToken], zone: o.zone, wire: o.wire}, nil
}

// cloudflareShape knows what is no token: a Global API Key is 37 hexadecimal
// digits, an Origin CA key begins with v1.0-, a tunnel token is base64 of JSON;
// tokens are 40 characters of A-Z a-z 0-9 _ - or begin with cfut_ or cfat_.
func cloudflareShape(token string) error {
	lower := strings.ToLower(token)
	switch {
	case strings.HasPrefix(lower, "cfk_"), len(token) == 37 && strings.Trim(lower, "0123456789abcdef") == "":
		return &complaint{
			code: CodeGlobalKey,
			hint: "At dash.cloudflare.com open My Profile, API Tokens, Create Token, and take the template “Edit zone DNS”.",
		}
	case strings.HasPrefix(lower, "v1.0-"):
		return &complaint{code: CodeToken, text: "This is an Origin CA key and not an API token."}
	case strings.HasPrefix(token, "eyJ"):
		return &complaint{code: CodeToken, text: "This is the token of a tunnel and not an API token."}
	case strings.Contains(token, "@"):
		return &complaint{code: CodeToken, text: "This is a mail address and not an API token."}
	}
	return nil
}

// module makes a fresh one for each change: it remembers zone numbers for its
// whole life, and a domain that was added anew has another.
func (z *cloudflareZone) module() *cloudflare.Provider {
	return &cloudflare.Provider{APIToken: z.token, HTTPClient: z.wire}
}

func (z *cloudflareZone) set(ctx context.Context, s rrset) error {
	there, err := z.list(ctx, s.Name, s.Type)
	if err != nil {
		return err
	}
	kept, others := cloudflareKeep(there, s)
	// The module can change a name's only record and nothing else, so the others go first.
	for _, r := range others {
		if err := z.remove(ctx, r); err != nil {
			return err
		}
	}
	if s.Value == "" || kept != nil && kept.is(s) {
		return nil
	}
	address := libdns.Address{Name: libdns.RelativeName(s.Name, z.zone), TTL: s.TTL, IP: netip.MustParseAddr(s.Value)}
	_, err = z.module().SetRecords(ctx, z.zone, []libdns.Record{address})
	return z.later(err)
}

// cloudflareKeep chooses the record that stays: the right one, or the first.
func cloudflareKeep(there []cloudflareRecord, s rrset) (kept *cloudflareRecord, others []cloudflareRecord) {
	if s.Value == "" || len(there) == 0 {
		return nil, there
	}
	keep := max(0, slices.IndexFunc(there, func(r cloudflareRecord) bool { return normal(r.Type, r.Content) == s.Value }))
	return &there[keep], slices.Delete(slices.Clone(there), keep, keep+1)
}

// later reads 10000, "authentication error", rightly: once the domain was
// found with this token, the token is known and may not do what was asked.
func (z *cloudflareZone) later(err error) error {
	var r *refusal
	if errors.As(err, &r) && slices.Contains(r.Codes, "10000") {
		r.As = CodePermission
	}
	return err
}

func (z *cloudflareZone) add(ctx context.Context, t text) error {
	there, err := z.texts(ctx, t.Name)
	if err != nil || slices.Contains(there, t.Value) {
		return err
	}
	record := libdns.TXT{Name: libdns.RelativeName(t.Name, z.zone), TTL: t.TTL, Text: t.Value}
	_, err = z.module().AppendRecords(ctx, z.zone, []libdns.Record{record})
	return z.later(err)
}

func (z *cloudflareZone) drop(ctx context.Context, t text) error {
	there, err := z.list(ctx, t.Name, "TXT")
	if err != nil {
		return err
	}
	for _, r := range there {
		if unquoted(r.Content) != t.Value {
			continue
		}
		if err := z.remove(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes one record. The module's DeleteRecords is not used: where it
// can't read the TXT records of a name, it reports that it deleted them.
func (z *cloudflareZone) remove(ctx context.Context, r cloudflareRecord) error {
	id, err := z.id(ctx)
	if err != nil {
		return err
	}
	err = z.wire.ask(ctx, call{
		method: http.MethodDelete, header: bearer(z.token),
		url: cloudflareAPI + "/zones/" + url.PathEscape(id) + "/dns_records/" + url.PathEscape(r.ID),
	})
	if status(err, http.StatusNotFound) {
		return nil // somebody else was faster
	}
	return z.later(err)
}

func (z *cloudflareZone) texts(ctx context.Context, name string) ([]string, error) {
	there, err := z.list(ctx, name, "TXT")
	values := make([]string, 0, len(there))
	for _, r := range there {
		values = append(values, unquoted(r.Content))
	}
	return values, err
}

// proxied tells whether Cloudflare answers with its own addresses ("orange cloud").
func (z *cloudflareZone) proxied(ctx context.Context, name string) (bool, error) {
	there, err := z.list(ctx, name, "")
	return slices.ContainsFunc(there, func(r cloudflareRecord) bool { return r.Proxied }), err
}

type cloudflareRecord struct {
	ID, Type, Name, Content string
	Proxied                 bool
	TTL                     int
}

func (r cloudflareRecord) is(s rrset) bool {
	// A proxied record's TTL is "automatic" whatever one asks for; writing it again would help nobody.
	return normal(r.Type, r.Content) == s.Value && (r.Proxied || r.TTL == seconds(s.TTL))
}

// list reads the records of one name; typ "" is any.
// https://developers.cloudflare.com/api/resources/dns/subresources/records/methods/list/
func (z *cloudflareZone) list(ctx context.Context, name, typ string) ([]cloudflareRecord, error) {
	id, err := z.id(ctx)
	if err != nil {
		return nil, err
	}
	// name.exact is newer than name, and not every look-alike knows it; the answer is sifted either way.
	query := url.Values{"name": {name}, "per_page": {"100"}}
	if typ != "" {
		query.Set("type", typ)
	}
	var answer struct{ Result *[]cloudflareRecord }
	err = z.wire.ask(ctx, call{
		method: http.MethodGet, url: cloudflareAPI + "/zones/" + url.PathEscape(id) + "/dns_records?" + query.Encode(),
		header: bearer(z.token), out: &answer,
	})
	switch {
	case err != nil:
		return nil, z.later(err)
	case answer.Result == nil:
		return nil, &refusal{Status: 200, Odd: "an answer without a result"}
	}
	return slices.DeleteFunc(*answer.Result, func(r cloudflareRecord) bool {
		return plainName(r.Name) != name || typ != "" && r.Type != typ
	}), nil
}

func (z *cloudflareZone) id(ctx context.Context) (string, error) {
	var answer struct {
		Result *[]struct{ ID, Name string }
	}
	err := z.wire.ask(ctx, call{
		method: http.MethodGet, url: cloudflareAPI + "/zones?name=" + url.QueryEscape(z.zone), header: bearer(z.token), out: &answer,
	})
	switch {
	case err != nil:
		return "", err
	case answer.Result == nil:
		return "", &refusal{Status: 200, Odd: "an answer without a result"}
	}
	for _, zone := range *answer.Result {
		if plainName(zone.Name) == z.zone && zone.ID != "" {
			return zone.ID, nil
		}
	}
	return "", &complaint{code: CodeZone}
}

type cloudflareAnswer struct {
	Success *bool
	Errors  []cloudflareError
}

type cloudflareError struct {
	Code       int
	Message    string
	ErrorChain []cloudflareError `json:"error_chain"`
}

// cloudflareSealed: a refusal can come with status 200.
func cloudflareSealed(r *refusal, body []byte) bool {
	var a cloudflareAnswer
	if json.Unmarshal(body, &a) != nil {
		return false // whoever reads the body will say so
	}
	if len(a.Errors) == 0 && (a.Success == nil || *a.Success) {
		return false
	}
	cloudflareRefusal(r, body)
	if r.As == "" && r.Said == "" {
		r.Odd = "a refusal without a reason"
	}
	if r.As == "" {
		r.As = CodeRejected
	}
	return true
}

// cloudflareRefusal reads the envelope {"success":false,"errors":[{code,message,error_chain}]}.
func cloudflareRefusal(r *refusal, body []byte) {
	var a cloudflareAnswer
	if json.Unmarshal(body, &a) != nil {
		r.Odd = "an answer of another form"
		return
	}
	var said []string
	var walk func(list []cloudflareError, depth int)
	walk = func(list []cloudflareError, depth int) {
		for _, e := range list {
			r.Codes = append(r.Codes, strconv.Itoa(e.Code))
			if e.Message != "" {
				said = append(said, e.Message)
			}
			if as := cloudflareCode(e); as != "" && (r.As == "" || as == CodeGlobalKey) {
				r.As = as
			}
			if depth < 3 {
				walk(e.ErrorChain, depth+1)
			}
		}
	}
	walk(a.Errors, 0)
	r.Said = strings.Join(said, "; ")
}

// cloudflareCode: the codes that matter here, as the public documentation and many reports have them.
func cloudflareCode(e cloudflareError) string {
	switch e.Code {
	case 6003, 6111, 6103, 6102, 9106, 9107, 9103, 1000, 10001, 10000:
		return CodeToken // the header or what is in it has a wrong form; no such token
	case 9109:
		if strings.Contains(strings.ToLower(e.Message), "invalid access token") {
			return CodeToken
		}
		return CodePermission // valid, but not for this resource or not from this address
	case 7000, 7003, 1001, 1061:
		return CodeZone
	case 9021:
		return CodeTTL
	case 971:
		return CodeBusy
	}
	return ""
}
