package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

func porkbunEntry() entry {
	return entry{
		info: Info{
			ID: "porkbun", Title: "Porkbun", Site: "https://porkbun.com",
			TokenHelp: "On porkbun.com/account/api make a key and copy both parts. Then open the domain's details there and switch API ACCESS on.",
			Fields: []Field{
				{Key: keyKey, Title: "API key", Help: "Begins with pk1_.", Secret: true},
				{Key: keySecret, Title: "Secret key", Help: "Begins with sk1_.", Secret: true},
			},
			Subnames: true, V6: true, TXT: many, MinTTL: 10 * time.Minute, Clears: true, CleanReads: true, Proves: true,
			Propagation: time.Minute,
		},
		hints: map[string]string{
			CodeToken:      "Copy both parts again from porkbun.com/account/api: the key begins with pk1_, the secret with sk1_.",
			CodePermission: "On porkbun.com open the details of %[2]s and switch API ACCESS on.",
		},
		servers: []string{"porkbun.com"},
		open: func(o opening) (backend, error) {
			o.wire.envelope = porkbunRefusal
			o.wire.sealed = porkbunSealed
			return records{&porkbun{o.zone, o.cred[keyKey], o.cred[keySecret], rest{"https://api.porkbun.com/api/json/v3/dns", nil, o.wire}}}, nil
		},
	}
}

// porkbun speaks https://porkbun.com/api/json/v3/documentation. The module,
// libdns/porkbun v1.1.0, ignores ctx, can't be given an HTTP client, and ends
// the whole process (log.Fatal) when a connection breaks while it is closed.
type porkbun struct {
	zone, key, secret string
	rest              rest
}

type porkbunRecord struct {
	Key     string `json:"apikey,omitempty"`
	Secret  string `json:"secretapikey,omitempty"`
	ID      any    `json:"id,omitempty"` // a text or a number, as the documentation has both
	Name    string `json:"name"`
	Type    string `json:"type,omitempty"`
	Content string `json:"content,omitempty"`
	TTL     string `json:"ttl,omitempty"`
}

func (p *porkbun) body(s rrset) porkbunRecord {
	r := porkbunRecord{Key: p.key, Secret: p.secret, Name: below(s.Name, p.zone, ""), Type: s.Type, Content: s.Value}
	if s.Value != "" {
		r.TTL = strconv.Itoa(seconds(s.TTL))
	}
	return r
}

func (p *porkbun) list(ctx context.Context, name, typ string) ([]record, error) {
	at := path("retrieveByNameType", p.zone, typ)
	if label := below(name, p.zone, ""); label != "" {
		at += path(label)
	}
	var answer struct{ Records *[]porkbunRecord }
	if err := p.rest.ask(ctx, http.MethodPost, at, porkbunRecord{Key: p.key, Secret: p.secret}, &answer); err != nil {
		return nil, err
	}
	if answer.Records == nil {
		return nil, noResult()
	}
	var out []record
	for _, r := range *answer.Records {
		if r.Type != typ || above(r.Name, p.zone) != name {
			continue
		}
		ttl, _ := strconv.Atoi(r.TTL)
		out = append(out, record{ID: numberText(r.ID), Value: normal(typ, r.Content), TTL: duration(ttl)})
	}
	return out, nil
}

func (p *porkbun) create(ctx context.Context, s rrset) error {
	return p.rest.ask(ctx, http.MethodPost, path("create", p.zone), p.body(s), nil)
}

func (p *porkbun) update(ctx context.Context, id string, s rrset) error {
	return p.rest.ask(ctx, http.MethodPost, path("edit", p.zone, id), p.body(s), nil)
}

func (p *porkbun) remove(ctx context.Context, _, _, id string) error {
	return p.rest.ask(ctx, http.MethodPost, path("delete", p.zone, id), porkbunRecord{Key: p.key, Secret: p.secret}, nil)
}

// numberText gives a JSON text or whole number as text.
func numberText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

func porkbunSealed(r *refusal, body []byte) bool {
	var a struct{ Status string }
	if json.Unmarshal(body, &a) != nil || a.Status == "SUCCESS" {
		return false
	}
	porkbunRefusal(r, body)
	if r.As == "" {
		r.As = CodeRejected
	}
	return true
}

// porkbunRefusal reads {"status":"ERROR","message":"..."}; there are no codes.
func porkbunRefusal(r *refusal, body []byte) {
	messageRefusal(r, body)
	said := strings.ToLower(r.Said)
	switch {
	case strings.Contains(said, "api key") || strings.Contains(said, "apikey"):
		r.As = CodeToken
	case strings.Contains(said, "opted in"):
		r.As = CodePermission
	case strings.Contains(said, "invalid domain"):
		r.As = CodeZone
	}
}
