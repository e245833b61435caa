package provider_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// restStub is what the stubs of numbered records share: which host and token
// they know, and how their refusals look.
type restStub struct {
	host, header, value string
	refuse              func(w http.ResponseWriter, status int, code, message string)
}

// guard answers a stranger by itself.
func (s restStub) guard(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Host != s.host:
			s.refuse(w, 400, "host", "wrong host "+r.Host)
		case r.Header.Get(s.header) != s.value:
			s.refuse(w, 401, "unauthorized", "Unable to authenticate you")
		default:
			next(w, r)
		}
	}
}

func messageJSON(w http.ResponseWriter, status int, code, message string) {
	jsonSay(w, status, map[string]string{"id": code, "message": message})
}

func read[T any](r *http.Request) T {
	var v T
	_ = json.NewDecoder(r.Body).Decode(&v)
	return v
}

const doToken = "dop_v1_canary0123456789abcdef0123456789"

// The stub follows https://docs.digitalocean.com/reference/api/reference/domain-records/.
func digitaloceanRig() rig {
	return rig{
		id: "digitalocean", cred: map[string]string{"token": doToken}, wrong: map[string]string{"token": "dop_v1_another"},
		stub: func(z *fakeZone) http.Handler {
			return restStub{"api.digitalocean.com", "Authorization", "Bearer " + doToken, messageJSON}.guard(doStub(z))
		},
	}
}

func doStub(z *fakeZone) http.HandlerFunc {
	type rec struct {
		ID   int    `json:"id"`
		Type string `json:"type"`
		Name string `json:"name"`
		Data string `json:"data"`
		TTL  int    `json:"ttl"`
	}
	out := func(f fakeRecord) rec {
		return rec{f.ID, f.Type, z.label(f.Name, "@"), f.Value, f.TTL}
	}
	return func(w http.ResponseWriter, r *http.Request) {
		id, ok := strings.CutPrefix(r.URL.Path, "/v2/domains/"+z.name+"/records")
		id = strings.Trim(id, "/")
		switch {
		case !ok:
			messageJSON(w, 404, "not_found", "The resource you requested could not be found.")
		case r.Method == http.MethodGet:
			found := []rec{}
			for _, f := range z.find("", r.URL.Query().Get("name"), r.URL.Query().Get("type")) {
				found = append(found, out(f))
			}
			jsonSay(w, 200, map[string]any{"domain_records": found, "meta": map[string]int{"total": len(found)}})
		case r.Method == http.MethodPost:
			in := read[rec](r)
			if in.TTL < 30 {
				messageJSON(w, 422, "unprocessable_entity", "TTL must be at least 30")
				return
			}
			jsonSay(w, 201, map[string]any{"domain_record": out(z.create(&fakeRecord{Name: z.full(in.Name), Type: in.Type, Value: in.Data, TTL: in.TTL}))})
		case r.Method == http.MethodPatch:
			in := read[rec](r)
			if !z.change(id, func(f *fakeRecord) { f.Value, f.TTL = in.Data, in.TTL }) {
				messageJSON(w, 404, "not_found", "The resource you requested could not be found.")
				return
			}
			jsonSay(w, 200, map[string]any{"domain_record": out(z.find(id, "", "")[0])})
		case r.Method == http.MethodDelete && z.remove(id):
			w.WriteHeader(204)
		default:
			messageJSON(w, 404, "not_found", "The resource you requested could not be found.")
		}
	}
}

const linodeToken = "linodecanary0123456789abcdef0123456789abcdef"

// The stub follows https://techdocs.akamai.com/linode-api/reference/get-domains.
func linodeRig() rig {
	return rig{
		id: "linode", cred: map[string]string{"token": linodeToken}, wrong: map[string]string{"token": "another"},
		stub: func(z *fakeZone) http.Handler {
			return restStub{"api.linode.com", "Authorization", "Bearer " + linodeToken, linodeJSON}.guard(linodeStub(z))
		},
	}
}

func linodeJSON(w http.ResponseWriter, status int, _, message string) {
	jsonSay(w, status, map[string]any{"errors": []map[string]string{{"reason": message}}})
}

func linodeStub(z *fakeZone) http.HandlerFunc {
	type rec struct {
		ID     int    `json:"id"`
		Type   string `json:"type"`
		Name   string `json:"name"`
		Target string `json:"target"`
		TTL    int    `json:"ttl_sec"`
	}
	page := func(list []rec, r *http.Request) map[string]any { // two on a page, to see all turned
		n, _ := strconv.Atoi(r.URL.Query().Get("page"))
		n = max(1, n)
		from, to := min(len(list), (n-1)*2), min(len(list), n*2)
		return map[string]any{"data": list[from:to], "page": n, "pages": (len(list) + 1) / 2, "results": len(list)}
	}
	return func(w http.ResponseWriter, r *http.Request) {
		id, ok := strings.CutPrefix(r.URL.Path, "/v4/domains/77/records")
		id = strings.Trim(id, "/")
		switch {
		case r.URL.Path == "/v4/domains":
			var filter struct{ Domain string }
			_ = json.Unmarshal([]byte(r.Header.Get("X-Filter")), &filter)
			found := []map[string]any{}
			if filter.Domain == z.name {
				found = append(found, map[string]any{"id": 77, "domain": z.name})
			}
			jsonSay(w, 200, map[string]any{"data": found, "page": 1, "pages": 1})
		case !ok:
			linodeJSON(w, 404, "", "Not found")
		case r.Method == http.MethodGet:
			found := []rec{}
			for _, f := range z.find("", "", "") {
				found = append(found, rec{f.ID, f.Type, z.label(f.Name, ""), f.Value, f.TTL})
			}
			jsonSay(w, 200, page(found, r))
		case r.Method == http.MethodPost:
			in := read[rec](r)
			z.create(&fakeRecord{Name: z.full(in.Name), Type: in.Type, Value: in.Target, TTL: in.TTL})
			jsonSay(w, 200, in)
		case r.Method == http.MethodPut:
			in := read[rec](r)
			if !z.change(id, func(f *fakeRecord) { f.Value, f.TTL = in.Target, in.TTL }) {
				linodeJSON(w, 404, "", "Not found")
				return
			}
			jsonSay(w, 200, in)
		case r.Method == http.MethodDelete && z.remove(id):
			jsonSay(w, 200, map[string]any{})
		default:
			linodeJSON(w, 404, "", "Not found")
		}
	}
}
