package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const desecAPI = "https://desec.io/api/v1/domains/"

func desecEntry() entry {
	return entry{
		info: Info{
			ID: "desec", Title: "deSEC", Site: "https://desec.io",
			TokenHelp: "Sign in on desec.io, open Token Management, press +, give it a name, save, and copy the secret value: it is shown only once. " +
				"A free name under dedyn.io can be had at the same place.",
			Fields: []Field{{Key: keyToken, Title: "Token", Help: "The secret value, not the token's name.", Secret: true}},

			Subnames: true, V6: true, TXT: many, MinTTL: time.Hour, Clears: true, CleanReads: true, Proves: true,
			Free: true, Suffixes: []string{"dedyn.io"}, Propagation: 30 * time.Second,
		},
		servers: []string{"desec.io", "desec.org"},
		hints: map[string]string{
			CodeToken: "Make a new one on desec.io under Token Management and copy its secret value.",
		},
		// Names under dedyn.io are made for changing addresses; other domains have a floor of an hour.
		fit: func(info *Info, zone string) {
			if strings.HasSuffix(zone, ".dedyn.io") {
				info.MinTTL = time.Minute
			}
		},
		open: func(o opening) (backend, error) {
			o.wire.envelope = desecRefusal
			return sets{&desecZone{zone: o.zone, header: http.Header{"Authorization": {"Token " + o.cred[keyToken]}}, wire: o.wire}}, nil
		},
	}
}

// desecZone speaks https://desec.readthedocs.io/en/latest/dns/rrsets.html. The
// module, libdns/desec v1.0.1, can't be given an HTTP client, so neither its
// waits nor its refusals could be told.
type desecZone struct {
	zone   string
	header http.Header
	wire   *wire
}

type desecSet struct {
	Subname string   `json:"subname"`
	Type    string   `json:"type"`
	TTL     int      `json:"ttl"`
	Records []string `json:"records"`
}

func (z *desecZone) get(ctx context.Context, name, typ string) ([]string, time.Duration, error) {
	var s *desecSet
	err := z.wire.ask(ctx, call{
		method: http.MethodGet, header: z.header, out: &s,
		url: desecAPI + url.PathEscape(z.zone) + "/rrsets/" + url.PathEscape(below(name, z.zone, "@")) + "/" + typ + "/",
	})
	if status(err, http.StatusNotFound) {
		return nil, 0, nil // no such set, or no such domain: then the write tells
	}
	if err != nil {
		return nil, 0, err
	}
	if s == nil || s.Type != typ {
		return nil, 0, &refusal{Status: 200, Odd: "an answer about something else"}
	}
	values := make([]string, 0, len(s.Records))
	for _, r := range s.Records {
		values = append(values, normal(typ, r))
	}
	return values, duration(s.TTL), nil
}

// put uses the bulk form, which creates, changes and deletes alike.
func (z *desecZone) put(ctx context.Context, name, typ string, values []string, ttl time.Duration) error {
	s := desecSet{Subname: below(name, z.zone, ""), Type: typ, TTL: seconds(ttl), Records: []string{}}
	for _, v := range values {
		s.Records = append(s.Records, zoneForm(typ, v))
	}
	return z.wire.ask(ctx, call{
		method: http.MethodPatch, url: desecAPI + url.PathEscape(z.zone) + "/rrsets/", header: z.header, in: []desecSet{s},
	})
}

// desecRefusal reads {"detail":"..."}, {"field":["..."]} or a list of the latter.
func desecRefusal(r *refusal, body []byte) {
	var list []map[string]any
	if json.Unmarshal(body, &list) != nil {
		var one map[string]any
		if json.Unmarshal(body, &one) != nil {
			return
		}
		list = []map[string]any{one}
	}
	for _, m := range list {
		for key, v := range m {
			if key == "ttl" && r.Status == http.StatusBadRequest {
				r.As = CodeTTL
			}
			r.Said = strings.TrimSpace(r.Said + " " + plainText(v))
		}
	}
}

// plainText gives the texts in a decoded JSON value.
func plainText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		var all []string
		for _, x := range v {
			all = append(all, plainText(x))
		}
		return strings.Join(all, " ")
	}
	return ""
}
