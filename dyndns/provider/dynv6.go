package provider

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

func dynv6Entry() entry {
	return entry{
		info: Info{
			ID: "dynv6", Title: "dynv6", Site: "https://dynv6.com",
			TokenHelp: "Sign in on dynv6.com, open Keys in the menu below your mail address, and copy the HTTP token. A free name can be had there too.",
			Fields:    tokenField("The HTTP token."),
			Subnames:  true, V6: true, TXT: many, MinTTL: time.Minute, Clears: true, CleanReads: true, Proves: true,
			Free: true, Suffixes: []string{"dynv6.net", "dns.army", "dns.navy", "v6.rocks", "dynv6.com"},
			Propagation: 20 * time.Second,
		},
		servers: []string{"dynv6.com"},
		open: func(o opening) (backend, error) {
			o.wire.envelope = messageRefusal
			d := &dynv6{o.zone, rest{"https://dynv6.com/api/v2", bearer(o.cred[keyToken]), o.wire}}
			return &dynv6Backend{records{d}, d}, nil
		},
	}
}

// dynv6 speaks https://dynv6.github.io/api-spec/. The addresses of a zone's
// own name are properties of the zone, all else are records. Its module has no
// release for libdns v1, and prints requests in its errors.
type dynv6 struct {
	zone string
	rest rest
}

type dynv6Zone struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	V4   string `json:"ipv4address"`
	V6   string `json:"ipv6prefix"`
}

type dynv6Record struct {
	ID   int64  `json:"id,omitempty"`
	Type string `json:"type"`
	Name string `json:"name"`
	Data string `json:"data"`
}

// dynv6Backend sends the addresses of the zone itself another way.
type dynv6Backend struct {
	records
	zone *dynv6
}

func (b *dynv6Backend) set(ctx context.Context, s rrset) error {
	if s.Name != b.zone.zone {
		return b.records.set(ctx, s)
	}
	z, err := b.zone.look(ctx)
	if err != nil {
		return err
	}
	field, there := "ipv4address", z.V4
	if s.Type == "AAAA" {
		field, there = "ipv6prefix", z.V6
	}
	if normal(s.Type, there) == s.Value {
		return nil
	}
	var value any = s.Value
	if s.Value == "" {
		value = nil
	}
	return b.zone.rest.ask(ctx, http.MethodPatch, path("zones", strconv.FormatInt(z.ID, 10)), map[string]any{field: value}, nil)
}

func (d *dynv6) look(ctx context.Context) (dynv6Zone, error) {
	var z *dynv6Zone
	if err := d.rest.ask(ctx, http.MethodGet, path("zones", "by-name", d.zone), nil, &z); err != nil {
		return dynv6Zone{}, err
	}
	if z == nil || z.ID == 0 || plainName(z.Name) != d.zone {
		return dynv6Zone{}, noResult()
	}
	return *z, nil
}

func (d *dynv6) at(ctx context.Context, id ...string) (string, error) {
	z, err := d.look(ctx)
	return path(append([]string{"zones", strconv.FormatInt(z.ID, 10), "records"}, id...)...), err
}

func (d *dynv6) list(ctx context.Context, name, typ string) ([]record, error) {
	at, err := d.at(ctx)
	if err != nil {
		return nil, err
	}
	var there *[]dynv6Record
	if err := d.rest.ask(ctx, http.MethodGet, at, nil, &there); err != nil {
		return nil, err
	}
	if there == nil {
		return nil, noResult()
	}
	var out []record
	for _, r := range *there {
		if r.Type == typ && above(r.Name, d.zone) == name {
			out = append(out, record{ID: strconv.FormatInt(r.ID, 10), Value: normal(typ, r.Data)})
		}
	}
	return out, nil
}

func (d *dynv6) body(s rrset) dynv6Record {
	return dynv6Record{Type: s.Type, Name: below(s.Name, d.zone, ""), Data: s.Value}
}

func (d *dynv6) create(ctx context.Context, s rrset) error {
	at, err := d.at(ctx)
	if err != nil {
		return err
	}
	return d.rest.ask(ctx, http.MethodPost, at, d.body(s), nil)
}

func (d *dynv6) update(ctx context.Context, id string, s rrset) error {
	at, err := d.at(ctx, id)
	if err != nil {
		return err
	}
	return d.rest.ask(ctx, http.MethodPatch, at, d.body(s), nil)
}

func (d *dynv6) remove(ctx context.Context, _, _, id string) error {
	at, err := d.at(ctx, id)
	if err != nil {
		return err
	}
	return d.rest.ask(ctx, http.MethodDelete, at, nil, nil)
}
