package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

func linodeEntry() entry {
	return entry{
		info: Info{
			ID: "linode", Title: "Linode (Akamai)", Site: "https://www.linode.com",
			TokenHelp: "On cloud.linode.com open your name, then API Tokens, Create a Personal Access Token, with Read/Write for Domains and nothing else.",
			Fields:    tokenField("A Personal Access Token with Read/Write for Domains."),
			Subnames:  true, V6: true, TXT: many, MinTTL: 5 * time.Minute, Clears: true, CleanReads: true, Proves: true,
			// Linode's servers take changes over in rounds of some minutes.
			Propagation: 10 * time.Minute,
		},
		hints: map[string]string{
			CodePermission: "Make a token with Read/Write for Domains.",
		},
		ttl:     linodeTTL,
		servers: []string{"linode.com"},
		open: func(o opening) (backend, error) {
			o.wire.envelope = linodeRefusal
			return records{&linode{zone: o.zone, rest: rest{"https://api.linode.com/v4", bearer(o.cred[keyToken]), o.wire}}}, nil
		},
	}
}

// linode speaks https://techdocs.akamai.com/linode-api/reference/get-domains.
// The module, libdns/linode v0.5.0, costs 1.7 MB and can't be given an HTTP client.
type linode struct {
	zone string
	rest rest
}

type linodeRecord struct {
	ID     int64  `json:"id,omitempty"`
	Type   string `json:"type,omitempty"`
	Name   string `json:"name"`
	Target string `json:"target"`
	TTL    int    `json:"ttl_sec"`
}

// domain finds the number of the zone.
func (l *linode) domain(ctx context.Context) (string, error) {
	filter, err := json.Marshal(map[string]string{"domain": l.zone})
	if err != nil {
		return "", err
	}
	asked := l.rest
	asked.header = l.rest.header.Clone()
	asked.header.Set("X-Filter", string(filter))
	var answer struct {
		Data *[]struct {
			ID     int64
			Domain string
		}
	}
	if err := asked.ask(ctx, http.MethodGet, "/domains?page_size=500", nil, &answer); err != nil {
		return "", err
	}
	if answer.Data == nil {
		return "", noResult()
	}
	for _, d := range *answer.Data {
		if plainName(d.Domain) == l.zone {
			return strconv.FormatInt(d.ID, 10), nil
		}
	}
	return "", &complaint{code: CodeZone}
}

func (l *linode) at(ctx context.Context, id ...string) (string, error) {
	domain, err := l.domain(ctx)
	return path(append([]string{"domains", domain, "records"}, id...)...), err
}

func (l *linode) list(ctx context.Context, name, typ string) ([]record, error) {
	at, err := l.at(ctx)
	if err != nil {
		return nil, err
	}
	var out []record
	// 500 is the largest page; a household's zone has one.
	for page, pages := 1, 1; page <= min(pages, 20); page++ {
		var answer struct {
			Data  *[]linodeRecord
			Pages int
		}
		if err := l.rest.ask(ctx, http.MethodGet, at+"?page_size=500&page="+strconv.Itoa(page), nil, &answer); err != nil {
			return nil, err
		}
		if answer.Data == nil {
			return nil, noResult()
		}
		pages = answer.Pages
		for _, r := range *answer.Data {
			if r.Type == typ && above(r.Name, l.zone) == name {
				out = append(out, record{ID: strconv.FormatInt(r.ID, 10), Value: normal(typ, r.Target), TTL: duration(r.TTL)})
			}
		}
	}
	return out, nil
}

func (l *linode) create(ctx context.Context, s rrset) error {
	at, err := l.at(ctx)
	if err != nil {
		return err
	}
	return l.rest.ask(ctx, http.MethodPost, at, linodeRecord{Type: s.Type, Name: below(s.Name, l.zone, ""), Target: s.Value, TTL: seconds(s.TTL)}, nil)
}

func (l *linode) update(ctx context.Context, id string, s rrset) error {
	at, err := l.at(ctx, id)
	if err != nil {
		return err
	}
	return l.rest.ask(ctx, http.MethodPut, at, linodeRecord{Name: below(s.Name, l.zone, ""), Target: s.Value, TTL: seconds(s.TTL)}, nil)
}

func (l *linode) remove(ctx context.Context, _, _, id string) error {
	at, err := l.at(ctx, id)
	if err != nil {
		return err
	}
	return l.rest.ask(ctx, http.MethodDelete, at, nil, nil)
}

// linodeTTL is the nearest that Linode knows, rounded up as it does by itself.
func linodeTTL(ttl time.Duration) time.Duration {
	known := []int{300, 3600, 7200, 14400, 28800, 57600, 86400, 172800, 345600, 604800, 1209600, 2419200}
	for _, secs := range known {
		if ttl <= duration(secs) {
			return duration(secs)
		}
	}
	return duration(known[len(known)-1])
}

// linodeRefusal reads {"errors":[{"reason":"...","field":"..."}]}.
func linodeRefusal(r *refusal, body []byte) {
	var a struct {
		Errors []struct{ Reason, Field string }
	}
	if json.Unmarshal(body, &a) != nil {
		return
	}
	var said []string
	for _, e := range a.Errors {
		said = append(said, e.Reason)
		if e.Field == "ttl_sec" {
			r.As = CodeTTL
		}
	}
	r.Said = strings.Join(said, "; ")
}
