package provider_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/dyndns/provider"
)

const desecToken = "i-canary-T0kenZZsecret1234"

// The stub follows https://desec.readthedocs.io/en/latest/dns/rrsets.html and auth/tokens.html.
func desecRig() rig {
	return rig{
		id: "desec", stub: func(z *fakeZone) http.Handler { return desecStub(z, 3600) },
		cred:  map[string]string{"token": "Token " + desecToken},
		wrong: map[string]string{"token": "another-T0ken-not-known-12"},
	}
}

func jsonSay(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if v != nil {
		_ = json.NewEncoder(w).Encode(v)
	}
}

func desecStub(z *fakeZone, lowest int) http.HandlerFunc {
	type set struct {
		Subname string   `json:"subname"`
		Type    string   `json:"type"`
		TTL     int      `json:"ttl"`
		Records []string `json:"records"`
	}
	return func(w http.ResponseWriter, r *http.Request) {
		rest, ok := strings.CutPrefix(r.URL.Path, "/api/v1/domains/"+z.name+"/rrsets/")
		switch {
		case r.Host != "desec.io" || r.Header.Get("Authorization") != "Token "+desecToken:
			jsonSay(w, 401, map[string]string{"detail": "Invalid token."})
		case !ok:
			jsonSay(w, 404, map[string]string{"detail": "Not found."})
		case r.Method == http.MethodGet:
			parts := strings.Split(rest, "/")
			name := z.full(parts[0])
			found := z.find("", name, parts[1])
			if len(found) == 0 {
				jsonSay(w, 404, map[string]string{"detail": "Not found."})
				return
			}
			s := set{Subname: z.label(name, ""), Type: parts[1], TTL: found[0].TTL}
			for _, f := range found {
				s.Records = append(s.Records, quotedTXT(f.Type, f.Value))
			}
			jsonSay(w, 200, s)
		case r.Method == http.MethodPatch && rest == "":
			var sets []set
			if json.NewDecoder(r.Body).Decode(&sets) != nil || len(sets) != 1 {
				jsonSay(w, 400, map[string]string{"detail": "JSON parse error"})
				return
			}
			s := sets[0]
			if s.TTL < lowest {
				jsonSay(w, 400, []map[string][]string{{"ttl": {"Ensure this value is greater than or equal to 3600."}}})
				return
			}
			var values []string
			for _, v := range s.Records {
				if s.Type == "TXT" && !strings.HasPrefix(v, `"`) {
					jsonSay(w, 400, []map[string][]string{{"records": {"Record content must be quoted."}}})
					return
				}
				values = append(values, bare(s.Type, v))
			}
			z.replace(z.full(s.Subname), s.Type, s.TTL, values...)
			jsonSay(w, 200, sets)
		default:
			jsonSay(w, 405, nil)
		}
	}
}

func TestDesec(t *testing.T) {
	t.Run("free names change within a minute and other domains within an hour", func(t *testing.T) {
		free, _ := provider.FindFor("desec", "house.dedyn.io.")
		own, _ := provider.Find("desec")
		if free.MinTTL != time.Minute || own.MinTTL != time.Hour {
			t.Errorf("got %v and %v", free.MinTTL, own.MinTTL)
		}
	})
	t.Run("a refused TTL is told as that", func(t *testing.T) {
		g := desecRig()
		g.stub = func(z *fakeZone) http.Handler { return desecStub(z, 7200) }
		w := g.start(t)
		w.coded(t, w.client(t).Set(ctx(t), w.name, first, time.Hour), provider.CodeTTL)
	})
	t.Run("the name of the domain itself can be set", func(t *testing.T) {
		g := desecRig()
		g.zone, g.name = "house.dedyn.io", "house.dedyn.io"
		g.stub = func(z *fakeZone) http.Handler { return desecStub(z, 60) }
		w := g.start(t)
		must(t, "Set", w.client(t).Set(ctx(t), w.name, first, time.Minute))
		if got := w.zoneData.find("", "house.dedyn.io", "A"); len(got) != 1 || got[0].TTL != 60 {
			t.Errorf("the zone holds %v", w.zoneData.lines())
		}
	})
}
