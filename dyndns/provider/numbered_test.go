package provider_test

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// More stubs of providers that number their records.

const porkKey, porkSecret = "pk1_canary0123456789abcdef", "sk1_canary0123456789abcdef"

// The stub follows https://porkbun.com/api/json/v3/documentation.
func porkbunRig() rig {
	return rig{
		id: "porkbun", cred: map[string]string{"key": porkKey, "secret": porkSecret}, wrong: map[string]string{"key": porkKey, "secret": "sk1_another"},
		stub: func(z *fakeZone) http.Handler { return porkbunStub(z) },
	}
}

func porkbunStub(z *fakeZone) http.HandlerFunc {
	refuse := func(w http.ResponseWriter, message string) {
		jsonSay(w, 400, map[string]string{"status": "ERROR", "message": message})
	}
	return func(w http.ResponseWriter, r *http.Request) {
		in := read[struct{ APIKey, SecretAPIKey, Name, Type, Content, TTL string }](r)
		parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/api/json/v3/dns/"), "/")
		ttl, _ := strconv.Atoi(in.TTL)
		switch {
		case r.Host != "api.porkbun.com" || r.Method != http.MethodPost || in.APIKey != porkKey || in.SecretAPIKey != porkSecret:
			refuse(w, "Invalid API key. (002)")
		case len(parts) < 2 || parts[1] != z.name:
			refuse(w, "Invalid domain.")
		case parts[0] == "retrieveByNameType":
			name := z.name
			if len(parts) == 4 {
				name = z.full(parts[3])
			}
			found := []map[string]any{}
			for _, f := range z.find("", name, parts[2]) {
				found = append(found, map[string]any{"id": f.id(), "name": f.Name, "type": f.Type, "content": f.Value, "ttl": strconv.Itoa(f.TTL), "prio": nil})
			}
			jsonSay(w, 200, map[string]any{"status": "SUCCESS", "records": found})
		case parts[0] == "create":
			f := z.create(&fakeRecord{Name: z.full(in.Name), Type: in.Type, Value: in.Content, TTL: ttl})
			jsonSay(w, 200, map[string]any{"status": "SUCCESS", "id": f.ID})
		case parts[0] == "edit" && z.change(parts[2], func(f *fakeRecord) { f.Value, f.TTL = in.Content, ttl }),
			parts[0] == "delete" && z.remove(parts[2]):
			jsonSay(w, 200, map[string]any{"status": "SUCCESS"})
		default:
			refuse(w, "Invalid record ID.")
		}
	}
}

const ionosKey = "ionosprefix.canarysecret0123456789"

// The stub follows https://developer.hosting.ionos.com/docs/dns.
func ionosRig() rig {
	return rig{
		id: "ionos", cred: map[string]string{"token": ionosKey}, wrong: map[string]string{"token": "ionosprefix.another"},
		stub: func(z *fakeZone) http.Handler {
			return restStub{"api.hosting.ionos.com", "X-API-Key", ionosKey, ionosJSON}.guard(ionosStub(z))
		},
	}
}

func ionosJSON(w http.ResponseWriter, status int, code, message string) {
	jsonSay(w, status, []map[string]string{{"code": strings.ToUpper(code), "message": message}})
}

func ionosStub(z *fakeZone) http.HandlerFunc {
	type rec struct {
		ID       string `json:"id"`
		Name     string `json:"name"`
		Type     string `json:"type"`
		Content  string `json:"content"`
		TTL      int    `json:"ttl"`
		Disabled bool   `json:"disabled"`
	}
	return func(w http.ResponseWriter, r *http.Request) {
		id, ok := strings.CutPrefix(r.URL.Path, "/dns/v1/zones/zz/records")
		id = strings.Trim(id, "/")
		switch {
		case r.URL.Path == "/dns/v1/zones":
			jsonSay(w, 200, []map[string]string{{"id": "aa", "name": "another.example", "type": "NATIVE"}, {"id": "zz", "name": z.name, "type": "NATIVE"}})
		case r.URL.Path == "/dns/v1/zones/zz":
			found := []rec{}
			for _, f := range z.find("", r.URL.Query().Get("recordName"), r.URL.Query().Get("recordType")) {
				found = append(found, rec{f.id(), f.Name, f.Type, quotedTXT(f.Type, f.Value), f.TTL, false})
			}
			jsonSay(w, 200, map[string]any{"id": "zz", "name": z.name, "records": found})
		case !ok:
			ionosJSON(w, 404, "NOT_FOUND", "Resource not found.")
		case r.Method == http.MethodPost:
			for _, in := range read[[]rec](r) {
				z.create(&fakeRecord{Name: in.Name, Type: in.Type, Value: bare(in.Type, in.Content), TTL: in.TTL})
			}
			jsonSay(w, 201, []rec{})
		case r.Method == http.MethodPut:
			in := read[rec](r)
			if !z.change(id, func(f *fakeRecord) { f.Value, f.TTL = bare(f.Type, in.Content), in.TTL }) {
				ionosJSON(w, 404, "RECORD_NOT_FOUND", "Record not found.")
				return
			}
			jsonSay(w, 200, in)
		case r.Method == http.MethodDelete && z.remove(id):
			w.WriteHeader(200)
		default:
			ionosJSON(w, 404, "RECORD_NOT_FOUND", "Record not found.")
		}
	}
}

const (
	ovhKey      = "ovhappkey0123456"
	ovhSecret   = "ovhcanarysecret0123456789abcdef0"
	ovhConsumer = "ovhcanaryconsumer0123456789abcde"
)

// The stub follows https://eu.api.ovh.com/console/ (/domain/zone) and checks
// the signature. Changes wait until the zone is refreshed.
func ovhRig() rig {
	return rig{
		id: "ovh", cred: map[string]string{"key": ovhKey, "secret": ovhSecret, "consumer": ovhConsumer},
		wrong: map[string]string{"key": ovhKey, "secret": "another", "consumer": ovhConsumer},
		stub:  func(z *fakeZone) http.Handler { return ovhStub(z) },
	}
}

func ovhJSON(w http.ResponseWriter, status int, code, message string) {
	jsonSay(w, status, map[string]string{"class": "Client::" + code, "message": message, "errorCode": code})
}

func ovhStub(z *fakeZone) http.HandlerFunc {
	type rec struct {
		ID        int    `json:"id"`
		SubDomain string `json:"subDomain"`
		FieldType string `json:"fieldType"`
		Target    string `json:"target"`
		TTL       int    `json:"ttl"`
	}
	const ahead = 40 * time.Second
	return func(w http.ResponseWriter, r *http.Request) {
		now := time.Now().Add(ahead).Unix()
		if r.URL.Path == "/1.0/auth/time" {
			_, _ = fmt.Fprint(w, now)
			return
		}
		body, _ := io.ReadAll(r.Body)
		stamp := r.Header.Get("X-Ovh-Timestamp")
		sum := sha1.Sum([]byte(strings.Join([]string{ovhSecret, ovhConsumer, r.Method, "https://" + r.Host + r.URL.String(), string(body), stamp}, "+")))
		sent, _ := strconv.ParseInt(stamp, 10, 64)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		rest, ok := strings.CutPrefix(r.URL.Path, "/1.0/domain/zone/"+z.name)
		id := strings.Trim(strings.TrimPrefix(rest, "/record"), "/")
		switch {
		case r.Host != "eu.api.ovh.com" || r.Header.Get("X-Ovh-Application") != ovhKey || r.Header.Get("X-Ovh-Signature") != "$1$"+hex.EncodeToString(sum[:]):
			ovhJSON(w, 400, "BadRequest", "Invalid signature")
		case sent < now-10 || sent > now+10:
			ovhJSON(w, 400, "QUERY_TIME_OUT", "Query out of time")
		case !ok:
			ovhJSON(w, 404, "NotFound", "This service does not exist")
		case rest == "/refresh":
			jsonSay(w, 200, nil)
		case r.Method == http.MethodGet && id == "":
			ids := []int{}
			for _, f := range z.find("", z.full(r.URL.Query().Get("subDomain")), r.URL.Query().Get("fieldType")) {
				ids = append(ids, f.ID)
			}
			jsonSay(w, 200, ids)
		case r.Method == http.MethodGet:
			for _, f := range z.find(id, "", "") {
				jsonSay(w, 200, rec{f.ID, z.label(f.Name, ""), f.Type, quotedTXT(f.Type, f.Value), f.TTL})
			}
		case r.Method == http.MethodPost:
			in := read[rec](r)
			z.create(&fakeRecord{Name: z.full(in.SubDomain), Type: in.FieldType, Value: bare(in.FieldType, in.Target), TTL: in.TTL})
			jsonSay(w, 200, in)
		case r.Method == http.MethodPut:
			in := read[rec](r)
			z.change(id, func(f *fakeRecord) { f.Value, f.TTL = bare(f.Type, in.Target), in.TTL })
			jsonSay(w, 200, nil)
		case r.Method == http.MethodDelete && z.remove(id):
			jsonSay(w, 200, nil)
		default:
			ovhJSON(w, 404, "NotFound", "The requested object does not exist")
		}
	}
}

const netcupKey, netcupPassword = "netcupcanarykey0123456789", "netcup canary password 0123456789"

// The stub follows https://helpcenter.netcup.com/en/wiki/domain/our-api; the
// status codes are those that its users report.
func netcupRig() rig {
	return rig{
		id: "netcup", cred: map[string]string{"customer": "12345", "key": netcupKey, "password": netcupPassword},
		wrong: map[string]string{"customer": "12345", "key": netcupKey, "password": "another"},
		stub:  func(z *fakeZone) http.Handler { return netcupStub(z) },
		quiet: func(body string) bool { return strings.Contains(body, `"action":"logout"`) },
	}
}

func netcupStub(z *fakeZone) http.HandlerFunc {
	type rec struct {
		ID       string `json:"id"`
		Hostname string `json:"hostname"`
		Type     string `json:"type"`
		Dest     string `json:"destination"`
		Delete   bool   `json:"deleterecord"`
	}
	type records struct {
		Records []rec `json:"dnsrecords"`
	}
	const session = "netcup-session-canary"
	refuse := func(w http.ResponseWriter, code int, long string) {
		jsonSay(w, 200, map[string]any{"status": "error", "statuscode": code, "shortmessage": "Validation Error.", "longmessage": long, "responsedata": ""})
	}
	return func(w http.ResponseWriter, r *http.Request) {
		in := read[struct {
			Action string
			Param  struct {
				CustomerNumber, APIKey, APIPassword, APISessionID, DomainName string
				Set                                                           records `json:"dnsrecordset"`
			}
		}](r)
		ok := func(data any) {
			jsonSay(w, 200, map[string]any{"status": "success", "statuscode": 2000, "responsedata": data})
		}
		switch p := in.Param; {
		case r.Host != "ccp.netcup.net" || p.CustomerNumber != "12345" || p.APIKey != netcupKey:
			refuse(w, 4013, "Invalid API key")
		case in.Action == "login" && p.APIPassword == netcupPassword:
			ok(map[string]string{"apisessionid": session})
		case in.Action == "login":
			refuse(w, 4013, "Login to API failed.")
		case p.APISessionID != session:
			refuse(w, 4001, "The session id is not in a valid format.")
		case in.Action == "logout":
			ok("")
		case p.DomainName != z.name:
			refuse(w, 5028, "Can not get DNS records for zone.")
		case in.Action == "infoDnsRecords":
			found := records{[]rec{}}
			for _, f := range z.find("", "", "") {
				found.Records = append(found.Records, rec{f.id(), z.label(f.Name, "@"), f.Type, f.Value, false})
			}
			ok(found)
		case in.Action == "updateDnsRecords":
			for _, f := range p.Set.Records {
				switch {
				case f.Delete:
					z.remove(f.ID)
				case f.ID != "":
					z.change(f.ID, func(have *fakeRecord) { have.Value = f.Dest })
				default:
					z.create(&fakeRecord{Name: z.full(f.Hostname), Type: f.Type, Value: f.Dest, TTL: 86400})
				}
			}
			ok(p.Set)
		}
	}
}

const dynv6Token = "dynv6canaryABCDEF0123456789"

// The stub follows https://dynv6.github.io/api-spec/.
func dynv6Rig() rig {
	return rig{
		id: "dynv6", zone: "house.dynv6.net", name: "vault.house.dynv6.net",
		cred: map[string]string{"token": dynv6Token}, wrong: map[string]string{"token": "another"},
		stub: func(z *fakeZone) http.Handler {
			return restStub{"dynv6.com", "Authorization", "Bearer " + dynv6Token, func(w http.ResponseWriter, status int, _, message string) {
				http.Error(w, message, status)
			}}.guard(dynv6Stub(z))
		},
	}
}

// dynv6ApexRig plays the zone's own name, of which the addresses are no records.
func dynv6ApexRig() rig {
	g := dynv6Rig()
	g.variant, g.name = ", the zone itself", g.zone
	return g
}

func dynv6Stub(z *fakeZone) http.HandlerFunc {
	type rec struct {
		ID   int    `json:"id"`
		Type string `json:"type"`
		Name string `json:"name"`
		Data string `json:"data"`
	}
	one := func(typ string) string {
		for _, f := range z.find("", z.name, typ) {
			return f.Value
		}
		return ""
	}
	return func(w http.ResponseWriter, r *http.Request) {
		id, ok := strings.CutPrefix(r.URL.Path, "/api/v2/zones/5/records")
		id = strings.Trim(id, "/")
		switch {
		case r.URL.Path == "/api/v2/zones/by-name/"+z.name:
			jsonSay(w, 200, map[string]any{"id": 5, "name": z.name, "ipv4address": one("A"), "ipv6prefix": one("AAAA")})
		case r.URL.Path == "/api/v2/zones/5" && r.Method == http.MethodPatch:
			for key, value := range read[map[string]*string](r) {
				typ := map[string]string{"ipv4address": "A", "ipv6prefix": "AAAA"}[key]
				if value == nil {
					z.replace(z.name, typ, 60)
				} else {
					z.replace(z.name, typ, 60, *value)
				}
			}
			jsonSay(w, 200, map[string]any{"id": 5})
		case !ok:
			http.Error(w, "not found", 404)
		case r.Method == http.MethodGet:
			found := []rec{}
			for _, f := range z.find("", "", "") {
				if f.Name != z.name || f.Type == "TXT" {
					found = append(found, rec{f.ID, f.Type, z.label(f.Name, ""), f.Value})
				}
			}
			jsonSay(w, 200, found)
		case r.Method == http.MethodPost:
			in := read[rec](r)
			z.create(&fakeRecord{Name: z.full(in.Name), Type: in.Type, Value: in.Data, TTL: 60})
			jsonSay(w, 200, in)
		case r.Method == http.MethodPatch:
			in := read[rec](r)
			z.change(id, func(f *fakeRecord) { f.Value = in.Data })
			jsonSay(w, 200, in)
		case r.Method == http.MethodDelete && z.remove(id):
			w.WriteHeader(204)
		default:
			http.Error(w, "not found", 404)
		}
	}
}
