package provider_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/dyndns/provider"
)

const cfToken = "Cf0-canary_token-abcdefghijklmnopqrstuvw"

// The stub follows https://developers.cloudflare.com/api/ (zones, dns records)
// and the codes that its community has reported; it was not compared with the
// real one.
func cloudflareRig() rig {
	return rig{
		id: "cloudflare", stub: func(z *fakeZone) http.Handler { return &cfStub{z: z, token: cfToken, may: true} },
		cred:  map[string]string{"token": " Bearer " + cfToken + "\n"},
		wrong: map[string]string{"token": "Cf0-another_token-bcdefghijklmnopqrstuvw"},
	}
}

type cfStub struct {
	z     *fakeZone
	token string
	may   bool // false: the token reads and doesn't write
}

func (s *cfStub) say(w http.ResponseWriter, status int, result any, errors ...map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"success": len(errors) == 0, "errors": append([]map[string]any{}, errors...), "messages": []any{}, "result": result})
}

func (s *cfStub) no(w http.ResponseWriter, status, code int, message string) {
	s.say(w, status, nil, map[string]any{"code": code, "message": message})
}

func (s *cfStub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Host != "api.cloudflare.com" {
		http.Error(w, "wrong host", 400)
		return
	}
	const base = "/client/v4/zones"
	switch path, query := r.URL.Path, r.URL.Query(); {
	case r.Header.Get("Authorization") != "Bearer "+s.token:
		s.no(w, 403, 9109, "Invalid access token")
	case path == base:
		found := []any{}
		if query.Get("name") == s.z.name { // a dot at the end finds nothing
			found = append(found, map[string]any{"id": "z1", "name": s.z.name})
		}
		s.say(w, 200, found)
	case !strings.HasPrefix(path, base+"/z1/dns_records"):
		s.no(w, 404, 7003, "Could not route to "+path)
	case r.Method != http.MethodGet && !s.may:
		s.no(w, 403, 10000, "Authentication error")
	default:
		s.records(w, r, strings.Trim(strings.TrimPrefix(path, base+"/z1/dns_records"), "/"))
	}
}

func (s *cfStub) out(r fakeRecord) map[string]any {
	return map[string]any{"id": r.id(), "name": r.Name, "type": r.Type, "content": quotedTXT(r.Type, r.Value), "ttl": r.TTL, "proxied": r.Proxied}
}

func (s *cfStub) records(w http.ResponseWriter, r *http.Request, id string) {
	var in struct {
		Name, Type, Content string
		TTL                 int
	}
	if r.Method == http.MethodPost || r.Method == http.MethodPatch {
		if json.NewDecoder(r.Body).Decode(&in) != nil {
			s.no(w, 400, 9207, "Content-Type must be application/json")
			return
		}
		if in.TTL != 1 && (in.TTL < 60 || in.TTL > 86400) {
			s.no(w, 400, 9021, "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.")
			return
		}
	}
	switch r.Method {
	case http.MethodGet:
		query, found := r.URL.Query(), []any{}
		for _, rec := range s.z.find("", query.Get("name"), query.Get("type")) {
			content := quotedTXT(rec.Type, rec.Value)
			if exact := query.Get("content.exact"); exact != "" && exact != content {
				continue
			}
			if !strings.Contains(content, query.Get("content.contains")) {
				continue
			}
			found = append(found, s.out(rec))
		}
		s.say(w, 200, found)
	case http.MethodPost:
		rec := &fakeRecord{Name: s.z.full(in.Name), Type: in.Type, Value: bare(in.Type, in.Content), TTL: in.TTL}
		if slices.Contains(s.z.lines(), rec.String()) {
			s.no(w, 400, 81058, "An identical record already exists.")
			return
		}
		s.say(w, 200, s.out(s.z.create(rec)))
	case http.MethodPatch:
		s.z.change(id, func(r *fakeRecord) { r.Value, r.TTL = bare(in.Type, in.Content), in.TTL })
		s.say(w, 200, s.out(s.z.find(id, "", "")[0]))
	case http.MethodDelete:
		if !s.z.remove(id) {
			s.no(w, 404, 81044, "Record does not exist.")
			return
		}
		s.say(w, 200, map[string]string{"id": id})
	}
}

func TestCloudflareShapes(t *testing.T) {
	cases := []struct{ name, token, code string }{
		{"a Global API Key is told as that", "1234567890abcdef1234567890abcdef12345", provider.CodeGlobalKey},
		{"one in new clothes too", "cfk_abcdefghijklmnopqrstuvwxyz", provider.CodeGlobalKey},
		{"an Origin CA key is no token", "v1.0-abcdef-0123456789", provider.CodeToken},
		{"a tunnel's token is no token", "eyJhIjoiMSIsInQiOiIyIn0", provider.CodeToken},
		{"a mail address is no token", "me@example.org", provider.CodeToken},
		{"two words are no token", "abc def", provider.CodeToken},
	}
	w := cloudflareRig().start(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := provider.Open("cloudflare", w.options(t, map[string]string{"token": c.token}))
			w.coded(t, err, c.code)
			if strings.Contains(fmt.Sprintf("%+v", err), c.token) {
				t.Error("the error prints what was typed")
			}
		})
	}
}

func TestCloudflareRefusals(t *testing.T) {
	envelope := func(status, code int, message, chain string) http.HandlerFunc {
		return say(status, "application/json", fmt.Sprintf(`{"success":false,"errors":[{"code":%d,"message":%q%s}],"result":null}`, code, message, chain))
	}
	cases := []struct {
		name   string
		step   int
		answer http.HandlerFunc
		code   string
	}{
		{"a header of a wrong form is a wrong token", 1, envelope(400, 6003, "Invalid request headers", `,"error_chain":[{"code":6111,"message":"Invalid format for Authorization header"}]`), provider.CodeToken},
		{"an authentication error at first is a wrong token", 1, envelope(403, 10000, "Authentication error", ""), provider.CodeToken},
		{"an authentication error after the zone was found is a missing permission", 2, envelope(403, 10000, "Authentication error", ""), provider.CodePermission},
		{"9109 with other words is a missing permission", 1, envelope(403, 9109, "Unauthorized to access requested resource", ""), provider.CodePermission},
		{"9109 for an unknown token is a wrong token", 1, envelope(403, 9109, "Invalid access token", ""), provider.CodeToken},
		{"a TTL out of bounds is told as that", 3, envelope(400, 9021, "Invalid TTL", ""), provider.CodeTTL},
		{"a refusal with status 200 is one", 3, envelope(200, 81058, "An identical record already exists.", ""), provider.CodeRejected},
		{"success:false without errors is no success", 3, say(200, "application/json", `{"success":false,"errors":[]}`), provider.CodeRejected},
		{"971 wants a pause", 1, envelope(429, 971, "Please wait and consider throttling your request speed", ""), provider.CodeBusy},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := cloudflareRig().start(t)
			w.disturb(c.step, c.answer)
			w.coded(t, w.client(t).Set(ctx(t), w.name, first, time.Hour), c.code)
		})
	}
	t.Run("a token that only reads is proved to lack a permission", func(t *testing.T) {
		g := cloudflareRig()
		g.stub = func(z *fakeZone) http.Handler { return &cfStub{z: z, token: cfToken} }
		w := g.start(t)
		p := w.coded(t, w.client(t).Prove(ctx(t), w.name), provider.CodePermission)
		if !strings.Contains(p.Hint, "Zone, DNS, Edit") {
			t.Errorf("the hint is %q", p.Hint)
		}
	})
}

func TestCloudflareProxied(t *testing.T) {
	w := cloudflareRig().start(t)
	c := w.client(t)
	look := func() bool {
		t.Helper()
		proxied, err := c.Proxied(ctx(t), w.name)
		must(t, "Proxied", err)
		return proxied
	}
	must(t, "Set", c.Set(ctx(t), w.name, first, time.Hour))
	if look() {
		t.Error("a plain record is said to be proxied")
	}
	w.zoneData.change(w.zoneData.find("", w.name, "A")[0].id(), func(r *fakeRecord) { r.Proxied = true })
	if !look() {
		t.Error("a proxied record is not seen")
	}
	must(t, "Set of a proxied one", c.Set(ctx(t), w.name, second, time.Hour))
	if !look() {
		t.Error("Set took the proxy away, which it can't")
	}
}
