package provider

import (
	"context"
	"net/http"
	"time"
)

func gandiEntry() entry {
	return entry{
		info: Info{
			ID: "gandi", Title: "Gandi", Site: "https://www.gandi.net",
			TokenHelp: "On admin.gandi.net open your organisation, then Sharing, Personal Access Tokens, Create, with “Manage domain name technical configurations” for your domain.",
			Fields:    tokenField("A Personal Access Token; the older API keys don't work."),
			Subnames:  true, V6: true, TXT: many, MinTTL: 5 * time.Minute, Clears: true, CleanReads: true, Proves: true,
			Propagation: 30 * time.Second,
		},
		hints: map[string]string{
			CodePermission: "The token needs “Manage domain name technical configurations”, and %[2]s among its domains.",
		},
		servers: []string{"gandi.net"},
		open: func(o opening) (backend, error) {
			o.wire.envelope = messageRefusal
			return sets{&gandi{o.zone, rest{"https://api.gandi.net/v5/livedns", bearer(o.cred[keyToken]), o.wire}}}, nil
		},
	}
}

// gandi speaks https://api.gandi.net/docs/livedns/. The module,
// libdns/gandi v1.1.0, can't be given an HTTP client.
type gandi struct {
	zone string
	rest rest
}

type gandiSet struct {
	Type   string   `json:"rrset_type,omitempty"`
	TTL    int      `json:"rrset_ttl"`
	Values []string `json:"rrset_values"`
}

func (g *gandi) at(name, typ string) string {
	return path("domains", g.zone, "records", below(name, g.zone, "@"), typ)
}

func (g *gandi) get(ctx context.Context, name, typ string) ([]string, time.Duration, error) {
	var s *gandiSet
	err := g.rest.ask(ctx, http.MethodGet, g.at(name, typ), nil, &s)
	switch {
	case status(err, http.StatusNotFound):
		return nil, 0, nil // no such set, or no such domain: then the write tells
	case err != nil:
		return nil, 0, err
	case s == nil || s.Type != typ:
		return nil, 0, noResult()
	}
	values := make([]string, 0, len(s.Values))
	for _, v := range s.Values {
		values = append(values, normal(typ, v))
	}
	return values, duration(s.TTL), nil
}

func (g *gandi) put(ctx context.Context, name, typ string, values []string, ttl time.Duration) error {
	if len(values) == 0 {
		return g.rest.ask(ctx, http.MethodDelete, g.at(name, typ), nil, nil)
	}
	s := gandiSet{TTL: seconds(ttl)}
	for _, v := range values {
		s.Values = append(s.Values, zoneForm(typ, v))
	}
	return g.rest.ask(ctx, http.MethodPut, g.at(name, typ), s, nil)
}
