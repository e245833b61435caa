package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

func ionosEntry() entry {
	return entry{
		info: Info{
			ID: "ionos", Title: "IONOS", Site: "https://www.ionos.com",
			TokenHelp: "On developer.hosting.ionos.com open Manage keys, create a key, and copy prefix and secret: the secret is shown only once.",
			Fields:    []Field{{Key: keyToken, Title: "API key", Help: "Prefix and secret with a dot between them: prefix.secret.", Secret: true}},
			Subnames:  true, V6: true, TXT: many, MinTTL: time.Minute, Clears: true, CleanReads: true, Proves: true,
			Propagation: 30 * time.Second,
		},
		hints: map[string]string{
			CodeToken: "Enter prefix and secret with a dot between them, as developer.hosting.ionos.com shows them under Manage keys.",
		},
		servers: []string{"ui-dns.com", "ui-dns.de", "ui-dns.org", "ui-dns.biz"},
		open: func(o opening) (backend, error) {
			if !strings.Contains(o.cred[keyToken], ".") {
				return nil, &complaint{code: CodeToken, text: "This is half a key: prefix and secret belong together with a dot between them."}
			}
			o.wire.envelope = ionosRefusal
			header := http.Header{"X-Api-Key": {o.cred[keyToken]}}
			return records{&ionos{o.zone, rest{"https://api.hosting.ionos.com/dns/v1", header, o.wire}}}, nil
		},
	}
}

// ionos speaks https://developer.hosting.ionos.com/docs/dns. The module,
// libdns/ionos v1.2.0, can't be given an HTTP client and drops what a refusal says.
type ionos struct {
	zone string
	rest rest
}

type ionosRecord struct {
	ID       string `json:"id,omitempty"`
	Name     string `json:"name,omitempty"`
	Type     string `json:"type,omitempty"`
	Content  string `json:"content"`
	TTL      int    `json:"ttl"`
	Disabled bool   `json:"disabled"`
}

func (i *ionos) id(ctx context.Context) (string, error) {
	var zones *[]struct{ ID, Name string }
	if err := i.rest.ask(ctx, http.MethodGet, "/zones", nil, &zones); err != nil {
		return "", err
	}
	if zones == nil {
		return "", noResult()
	}
	for _, z := range *zones {
		if plainName(z.Name) == i.zone && z.ID != "" {
			return z.ID, nil
		}
	}
	return "", &complaint{code: CodeZone}
}

func (i *ionos) list(ctx context.Context, name, typ string) ([]record, error) {
	id, err := i.id(ctx)
	if err != nil {
		return nil, err
	}
	var zone struct{ Records *[]ionosRecord }
	query := url.Values{"recordName": {name}, "recordType": {typ}}
	if err := i.rest.ask(ctx, http.MethodGet, path("zones", id)+"?"+query.Encode(), nil, &zone); err != nil {
		return nil, err
	}
	if zone.Records == nil {
		return nil, noResult()
	}
	var out []record
	for _, r := range *zone.Records {
		if r.Type != typ || plainName(r.Name) != name {
			continue
		}
		found := record{ID: r.ID, Value: normal(typ, r.Content), TTL: duration(r.TTL)}
		if r.Disabled {
			found.Value = "" // switched off in the panel: to be written again
		}
		out = append(out, found)
	}
	return out, nil
}

func (i *ionos) create(ctx context.Context, s rrset) error {
	id, err := i.id(ctx)
	if err != nil {
		return err
	}
	r := ionosRecord{Name: s.Name, Type: s.Type, Content: zoneForm(s.Type, s.Value), TTL: seconds(s.TTL)}
	return i.rest.ask(ctx, http.MethodPost, path("zones", id, "records"), []ionosRecord{r}, nil)
}

func (i *ionos) update(ctx context.Context, record string, s rrset) error {
	id, err := i.id(ctx)
	if err != nil {
		return err
	}
	r := ionosRecord{Content: zoneForm(s.Type, s.Value), TTL: seconds(s.TTL)}
	return i.rest.ask(ctx, http.MethodPut, path("zones", id, "records", record), r, nil)
}

func (i *ionos) remove(ctx context.Context, _, _, record string) error {
	id, err := i.id(ctx)
	if err != nil {
		return err
	}
	return i.rest.ask(ctx, http.MethodDelete, path("zones", id, "records", record), nil, nil)
}

// ionosRefusal reads [{"code":"UNAUTHORIZED","message":"..."}].
func ionosRefusal(r *refusal, body []byte) {
	var list []struct{ Code, Message string }
	if json.Unmarshal(body, &list) != nil {
		messageRefusal(r, body)
		return
	}
	for _, e := range list {
		r.Codes = append(r.Codes, e.Code)
		r.Said = strings.TrimSpace(r.Said + " " + e.Message)
	}
}
