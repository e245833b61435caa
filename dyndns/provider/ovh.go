package provider

import (
	"context"
	"crypto/sha1" // the signature of OVH's interface is made of it; nothing else rests on it
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	keyConsumer = "consumer"
	keyRegion   = "region"
)

func ovhEntry() entry {
	return entry{
		info: Info{
			ID: "ovh", Title: "OVH", Site: "https://www.ovhcloud.com",
			TokenHelp: "Open auth.eu.ovhcloud.com/api/createToken, sign in, and ask for the rights GET, POST, PUT and DELETE on /domain/zone/* without an end. It shows three keys: copy all.",
			Fields: []Field{
				{Key: keyKey, Title: "Application key"},
				{Key: keySecret, Title: "Application secret", Secret: true},
				{Key: keyConsumer, Title: "Consumer key", Secret: true},
				{Key: keyRegion, Title: "Region", Help: "eu, ca or us; eu when left empty.", Optional: true},
			},
			Subnames: true, V6: true, TXT: many, MinTTL: time.Minute, Clears: true, CleanReads: true, Proves: true,
			Propagation: time.Minute,
		},
		hints: map[string]string{
			CodePermission: "Make new keys with the rights GET, POST, PUT and DELETE on /domain/zone/*.",
		},
		servers: []string{"ovh.net", "ovh.ca", "anycast.me"},
		open:    openOVH,
	}
}

// ovh speaks https://eu.api.ovh.com/console/ (/domain/zone), signed as
// https://help.ovhcloud.com/csm/en-api-getting-started-ovhcloud-api describes.
// The module, libdns/ovh v1.1.0, can't be given an HTTP client.
type ovh struct {
	zone, base            string
	key, secret, consumer string
	wire                  *wire
	now                   func() time.Time
	ahead                 *time.Duration // how far OVH's clock is ahead of ours; nil: not asked yet
}

func openOVH(o opening) (backend, error) {
	bases := map[string]string{"": "https://eu.api.ovh.com/1.0", "eu": "https://eu.api.ovh.com/1.0", "ca": "https://ca.api.ovh.com/1.0", "us": "https://api.us.ovhcloud.com/1.0"}
	base, known := bases[strings.ToLower(o.cred[keyRegion])]
	if !known {
		return nil, &complaint{code: CodeRejected, text: "%[1]s has the regions eu, ca and us.", hint: "Enter one of them, or nothing for eu."}
	}
	o.wire.envelope = ovhRefusal
	return records{&ovh{
		zone: o.zone, base: base, key: o.cred[keyKey], secret: o.cred[keySecret], consumer: o.cred[keyConsumer], wire: o.wire, now: time.Now,
	}}, nil
}

func (v *ovh) ask(ctx context.Context, method, at string, in, out any) error {
	if v.ahead == nil {
		var theirs int64
		if err := v.wire.ask(ctx, call{method: http.MethodGet, url: v.base + "/auth/time", out: &theirs}); err != nil {
			return err
		}
		ahead := time.Unix(theirs, 0).Sub(v.now())
		v.ahead = &ahead
	}
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	stamp := strconv.FormatInt(v.now().Add(*v.ahead).Unix(), 10)
	header := http.Header{
		"X-Ovh-Application": {v.key}, "X-Ovh-Consumer": {v.consumer}, "X-Ovh-Timestamp": {stamp},
		"X-Ovh-Signature": {v.sign(method, v.base+at, string(body), stamp)},
	}
	c := call{method: method, url: v.base + at, header: header, out: out}
	if in != nil {
		header.Set("Content-Type", "application/json")
		c.in = body
	}
	return v.wire.ask(ctx, c)
}

func (v *ovh) sign(method, url, body, stamp string) string {
	sum := sha1.Sum([]byte(strings.Join([]string{v.secret, v.consumer, method, url, body, stamp}, "+")))
	return "$1$" + hex.EncodeToString(sum[:])
}

type ovhRecord struct {
	ID        int64  `json:"id,omitempty"`
	SubDomain string `json:"subDomain"`
	FieldType string `json:"fieldType,omitempty"`
	Target    string `json:"target"`
	TTL       int    `json:"ttl"`
}

func (v *ovh) at(id ...string) string {
	return path(append([]string{"domain", "zone", v.zone, "record"}, id...)...)
}

func (v *ovh) list(ctx context.Context, name, typ string) ([]record, error) {
	var ids *[]int64
	query := url.Values{"fieldType": {typ}, "subDomain": {below(name, v.zone, "")}}
	if err := v.ask(ctx, http.MethodGet, v.at()+"?"+query.Encode(), nil, &ids); err != nil {
		return nil, err
	}
	if ids == nil {
		return nil, noResult()
	}
	var out []record
	for _, id := range *ids {
		var r ovhRecord
		text := strconv.FormatInt(id, 10)
		if err := v.ask(ctx, http.MethodGet, v.at(text), nil, &r); err != nil {
			if status(err, http.StatusNotFound) {
				continue // gone meanwhile
			}
			return nil, err
		}
		if r.FieldType == typ && above(r.SubDomain, v.zone) == name {
			out = append(out, record{ID: text, Value: normal(typ, r.Target), TTL: duration(r.TTL)})
		}
	}
	return out, nil
}

func (v *ovh) create(ctx context.Context, s rrset) error {
	r := ovhRecord{SubDomain: below(s.Name, v.zone, ""), FieldType: s.Type, Target: zoneForm(s.Type, s.Value), TTL: seconds(s.TTL)}
	return v.published(ctx, v.ask(ctx, http.MethodPost, v.at(), r, nil))
}

func (v *ovh) update(ctx context.Context, id string, s rrset) error {
	r := ovhRecord{SubDomain: below(s.Name, v.zone, ""), Target: zoneForm(s.Type, s.Value), TTL: seconds(s.TTL)}
	return v.published(ctx, v.ask(ctx, http.MethodPut, v.at(id), r, nil))
}

func (v *ovh) remove(ctx context.Context, _, _, id string) error {
	return v.published(ctx, v.ask(ctx, http.MethodDelete, v.at(id), nil, nil))
}

// published brings a change to the servers: without it, it waits in the panel.
func (v *ovh) published(ctx context.Context, err error) error {
	if err != nil {
		return err
	}
	if err := v.ask(ctx, http.MethodPost, path("domain", "zone", v.zone, "refresh"), nil, nil); err != nil {
		return fmt.Errorf("publishing the zone: %w", err)
	}
	return nil
}

// ovhRefusal reads {"class":"Client::Forbidden","message":"...","errorCode":"INVALID_CREDENTIAL"}.
func ovhRefusal(r *refusal, body []byte) {
	var a struct {
		Class, Message, ErrorCode, HTTPCode string
	}
	if json.Unmarshal(body, &a) != nil {
		return
	}
	r.Said = a.Message
	for _, code := range []string{a.ErrorCode, a.Class} {
		if code != "" {
			r.Codes = append(r.Codes, code)
		}
	}
	said := strings.ToLower(a.Message)
	switch {
	case a.ErrorCode == "INVALID_CREDENTIAL", a.ErrorCode == "NOT_CREDENTIAL", a.ErrorCode == "INVALID_KEY",
		strings.Contains(said, "application key is invalid"), strings.Contains(said, "invalid signature"), strings.Contains(said, "credential is not valid"):
		r.As = CodeToken
	case a.ErrorCode == "NOT_GRANTED_CALL":
		r.As = CodePermission
	}
}
