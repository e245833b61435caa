package provider

import (
	"context"
	"net/http"
	"time"
)

func hetznerEntry() entry {
	return entry{
		info: Info{
			ID: "hetzner", Title: "Hetzner", Site: "https://www.hetzner.com",
			TokenHelp: "On console.hetzner.com open the project that holds your domain, then Security, API Tokens, Generate, with Read & Write, and copy the token: it is shown only once.",
			Fields:    tokenField("Of the Console, with Read & Write; tokens of the old DNS Console don't work any more."),
			Subnames:  true, V6: true, TXT: many, MinTTL: time.Minute, Clears: true, CleanReads: true, Proves: true,
			Propagation: 10 * time.Second,
		},
		hints: map[string]string{
			CodeToken:      "Make a new one on console.hetzner.com, in the project that holds your domain, with Read & Write.",
			CodePermission: "Make a token with Read & Write instead of Read.",
			CodeZone:       "The token must be of the project that holds %[2]s.",
		},
		servers: []string{"ns.hetzner.com", "ns.hetzner.de", "second-ns.com", "second-ns.de", "first-ns.de"},
		open: func(o opening) (backend, error) {
			o.wire.envelope = messageRefusal
			return sets{&hetzner{o.zone, rest{"https://api.hetzner.cloud/v1", bearer(o.cred[keyToken]), o.wire}}}, nil
		},
	}
}

// hetzner speaks https://docs.hetzner.cloud/reference/cloud#zone-rrsets. The
// module libdns/hetzner/v2 brings 5 MB, and deletes a record set before it
// creates the new one, so that the name is gone for a moment (and for good,
// when the second step fails). v1 speaks with the old DNS Console.
type hetzner struct {
	zone string
	rest rest
}

type hetznerValue struct {
	Value   string `json:"value"`
	Comment string `json:"comment,omitempty"`
}

type hetznerSet struct {
	Name    string         `json:"name,omitempty"`
	Type    string         `json:"type,omitempty"`
	TTL     *int           `json:"ttl"`
	Records []hetznerValue `json:"records,omitempty"`
}

func (h *hetzner) at(name, typ string, more ...string) string {
	return path(append([]string{"zones", h.zone, "rrsets", below(name, h.zone, "@"), typ}, more...)...)
}

func (h *hetzner) fetch(ctx context.Context, name, typ string) (*hetznerSet, error) {
	var answer struct{ RRSet *hetznerSet }
	err := h.rest.ask(ctx, http.MethodGet, h.at(name, typ), nil, &answer)
	switch {
	case status(err, http.StatusNotFound):
		return nil, nil // no such set, or no such zone: then the write tells
	case err != nil:
		return nil, err
	case answer.RRSet == nil || answer.RRSet.Type != typ:
		return nil, noResult()
	}
	return answer.RRSet, nil
}

func (h *hetzner) get(ctx context.Context, name, typ string) ([]string, time.Duration, error) {
	s, err := h.fetch(ctx, name, typ)
	if s == nil || err != nil {
		return nil, 0, err
	}
	values := make([]string, 0, len(s.Records))
	for _, r := range s.Records {
		values = append(values, normal(typ, r.Value))
	}
	if s.TTL == nil {
		return values, 0, nil // the zone's
	}
	return values, duration(*s.TTL), nil
}

func (h *hetzner) put(ctx context.Context, name, typ string, values []string, ttl time.Duration) error {
	there, err := h.fetch(ctx, name, typ)
	if err != nil {
		return err
	}
	secs := seconds(ttl)
	want := hetznerSet{Records: []hetznerValue{}}
	for _, v := range values {
		want.Records = append(want.Records, hetznerValue{Value: zoneForm(typ, v)})
	}
	switch {
	case len(values) == 0 && there == nil:
		return nil
	case len(values) == 0:
		return h.rest.ask(ctx, http.MethodDelete, h.at(name, typ), nil, nil)
	case there == nil:
		want.Name, want.Type, want.TTL = below(name, h.zone, "@"), typ, &secs
		return h.rest.ask(ctx, http.MethodPost, path("zones", h.zone, "rrsets"), want, nil)
	}
	if there.TTL == nil || *there.TTL != secs {
		if err := h.rest.ask(ctx, http.MethodPost, h.at(name, typ, "actions", "change_ttl"), map[string]int{"ttl": secs}, nil); err != nil {
			return err
		}
	}
	return h.rest.ask(ctx, http.MethodPost, h.at(name, typ, "actions", "set_records"), map[string]any{"records": want.Records}, nil)
}
