package provider

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

func digitaloceanEntry() entry {
	return entry{
		info: Info{
			ID: "digitalocean", Title: "DigitalOcean", Site: "https://www.digitalocean.com",
			TokenHelp: "On cloud.digitalocean.com open API, then Generate New Token, choose Custom Scopes, tick all of “domain”, and copy the token: it is shown only once.",
			Fields:    tokenField("Begins with dop_v1_."),
			Subnames:  true, V6: true, TXT: many, MinTTL: 30 * time.Second, Clears: true, CleanReads: true, Proves: true,
			Propagation: 10 * time.Second,
		},
		hints: map[string]string{
			CodePermission: "Make a token with the scopes domain:create, domain:read, domain:update and domain:delete.",
		},
		servers: []string{"digitalocean.com"},
		open: func(o opening) (backend, error) {
			o.wire.envelope = messageRefusal
			return records{&digitalocean{o.zone, rest{"https://api.digitalocean.com/v2", bearer(o.cred[keyToken]), o.wire}}}, nil
		},
	}
}

// digitalocean speaks https://docs.digitalocean.com/reference/api/reference/domain-records/.
// Its module has no release for libdns v1 and brings the whole client of its cloud.
type digitalocean struct {
	zone string
	rest rest
}

type digitaloceanRecord struct {
	ID   int64  `json:"id,omitempty"`
	Type string `json:"type"`
	Name string `json:"name"`
	Data string `json:"data"`
	TTL  int    `json:"ttl"`
}

func (d *digitalocean) at(id ...string) string {
	return path(append([]string{"domains", d.zone, "records"}, id...)...)
}

func (d *digitalocean) list(ctx context.Context, name, typ string) ([]record, error) {
	var answer struct {
		Records *[]digitaloceanRecord `json:"domain_records"`
	}
	query := url.Values{"name": {name}, "type": {typ}, "per_page": {"200"}}
	if err := d.rest.ask(ctx, http.MethodGet, d.at()+"?"+query.Encode(), nil, &answer); err != nil {
		return nil, err
	}
	if answer.Records == nil {
		return nil, noResult()
	}
	var out []record
	for _, r := range *answer.Records {
		if r.Type == typ && above(r.Name, d.zone) == name {
			out = append(out, record{ID: strconv.FormatInt(r.ID, 10), Value: normal(typ, r.Data), TTL: duration(r.TTL)})
		}
	}
	return out, nil
}

func (d *digitalocean) body(s rrset) digitaloceanRecord {
	return digitaloceanRecord{Type: s.Type, Name: below(s.Name, d.zone, "@"), Data: s.Value, TTL: seconds(s.TTL)}
}

func (d *digitalocean) create(ctx context.Context, s rrset) error {
	return d.rest.ask(ctx, http.MethodPost, d.at(), d.body(s), nil)
}

func (d *digitalocean) update(ctx context.Context, id string, s rrset) error {
	return d.rest.ask(ctx, http.MethodPatch, d.at(id), d.body(s), nil)
}

func (d *digitalocean) remove(ctx context.Context, _, _, id string) error {
	return d.rest.ask(ctx, http.MethodDelete, d.at(id), nil, nil)
}
