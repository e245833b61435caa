package provider

import (
	"context"
	"net/http"
	"time"
)

func godaddyEntry() entry {
	return entry{
		info: Info{
			ID: "godaddy", Title: "GoDaddy", Site: "https://www.godaddy.com",
			TokenHelp: "On developer.godaddy.com open API Keys, then Create New API Key, with Production, and copy key and secret. GoDaddy gives this only to accounts with several domains.",
			Fields: []Field{
				{Key: keyKey, Title: "Key", Secret: true},
				{Key: keySecret, Title: "Secret", Help: "It is shown only once.", Secret: true},
			},
			Subnames: true, V6: true, TXT: many, MinTTL: 10 * time.Minute, Clears: true, CleanReads: true, Proves: true,
			Propagation: 30 * time.Second,
		},
		hints: map[string]string{
			CodeToken:      "Make a key of the kind Production (not OTE) on developer.godaddy.com, and copy key and secret.",
			CodePermission: "GoDaddy opens its interface only to accounts with at least ten domains or a paid plan; otherwise move the domain's DNS to another provider, such as Cloudflare or deSEC.",
		},
		servers: []string{"domaincontrol.com"},
		open: func(o opening) (backend, error) {
			o.wire.envelope = messageRefusal
			header := http.Header{"Authorization": {"sso-key " + o.cred[keyKey] + ":" + o.cred[keySecret]}}
			return sets{&godaddy{o.zone, rest{"https://api.godaddy.com/v1", header, o.wire}}}, nil
		},
	}
}

// godaddy speaks https://developer.godaddy.com/doc/endpoint/domains. The
// module, libdns/godaddy v1.1.0, can't be given an HTTP client.
type godaddy struct {
	zone string
	rest rest
}

type godaddyRecord struct {
	Data string `json:"data"`
	TTL  int    `json:"ttl"`
}

func (g *godaddy) at(name, typ string) string {
	return path("domains", g.zone, "records", typ, below(name, g.zone, "@"))
}

func (g *godaddy) get(ctx context.Context, name, typ string) ([]string, time.Duration, error) {
	var there *[]godaddyRecord
	if err := g.rest.ask(ctx, http.MethodGet, g.at(name, typ), nil, &there); err != nil {
		return nil, 0, err
	}
	if there == nil {
		return nil, 0, noResult()
	}
	var values []string
	var ttl time.Duration
	for _, r := range *there {
		values, ttl = append(values, normal(typ, r.Data)), duration(r.TTL)
	}
	return values, ttl, nil
}

func (g *godaddy) put(ctx context.Context, name, typ string, values []string, ttl time.Duration) error {
	if len(values) == 0 {
		return g.rest.ask(ctx, http.MethodDelete, g.at(name, typ), nil, nil)
	}
	var there []godaddyRecord
	for _, v := range values {
		there = append(there, godaddyRecord{Data: v, TTL: seconds(ttl)})
	}
	return g.rest.ask(ctx, http.MethodPut, g.at(name, typ), there, nil)
}
