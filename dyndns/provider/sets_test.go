package provider_test

import (
	"net/http"
	"strings"
)

// The stubs of providers that work on record sets.

const hetznerToken = "hetznercanary0123456789abcdefABCDEF0123456789abcdef"

// The stub follows https://docs.hetzner.cloud/reference/cloud#zone-rrsets.
func hetznerRig() rig {
	return rig{
		id: "hetzner", cred: map[string]string{"token": hetznerToken}, wrong: map[string]string{"token": "another"},
		stub: func(z *fakeZone) http.Handler {
			return restStub{"api.hetzner.cloud", "Authorization", "Bearer " + hetznerToken, hetznerJSON}.guard(hetznerStub(z))
		},
	}
}

func hetznerJSON(w http.ResponseWriter, status int, code, message string) {
	jsonSay(w, status, map[string]any{"error": map[string]string{"code": code, "message": message}})
}

func hetznerStub(z *fakeZone) http.HandlerFunc {
	type value struct {
		Value string `json:"value"`
	}
	type set struct {
		Name    string  `json:"name"`
		Type    string  `json:"type"`
		TTL     *int    `json:"ttl"`
		Records []value `json:"records"`
	}
	bareAll := func(s set) (out []string) {
		for _, v := range s.Records {
			if s.Type == "TXT" && !strings.HasPrefix(v.Value, `"`) {
				return nil
			}
			out = append(out, bare(s.Type, v.Value))
		}
		return out
	}
	missing := func(w http.ResponseWriter) { hetznerJSON(w, 404, "not_found", "not found") }
	return func(w http.ResponseWriter, r *http.Request) {
		rest, ok := strings.CutPrefix(r.URL.Path, "/v1/zones/"+z.name+"/rrsets")
		if !ok {
			missing(w)
			return
		}
		parts := strings.Split(strings.Trim(rest, "/"), "/")
		in := set{}
		if r.Method == http.MethodPost {
			in = read[set](r)
		}
		if len(parts) < 2 { // create
			if len(z.find("", z.full(in.Name), in.Type)) > 0 {
				hetznerJSON(w, 409, "uniqueness_error", "RRSet already exists")
				return
			}
			z.replace(z.full(in.Name), in.Type, *in.TTL, bareAll(in)...)
			jsonSay(w, 201, map[string]any{"rrset": in, "action": map[string]any{}})
			return
		}
		name, typ := z.full(parts[0]), parts[1]
		found := z.find("", name, typ)
		in.Type = typ
		switch {
		case len(found) == 0:
			missing(w)
		case r.Method == http.MethodGet:
			s := set{Name: parts[0], Type: typ, TTL: &found[0].TTL}
			for _, f := range found {
				s.Records = append(s.Records, value{quotedTXT(typ, f.Value)})
			}
			jsonSay(w, 200, map[string]any{"rrset": s})
		case r.Method == http.MethodDelete:
			z.replace(name, typ, 0)
			jsonSay(w, 201, map[string]any{"action": map[string]any{}})
		case parts[len(parts)-1] == "change_ttl":
			var values []string
			for _, f := range found {
				values = append(values, f.Value)
			}
			z.replace(name, typ, *in.TTL, values...)
			jsonSay(w, 201, map[string]any{"action": map[string]any{}})
		case parts[len(parts)-1] == "set_records":
			z.replace(name, typ, found[0].TTL, bareAll(in)...)
			jsonSay(w, 201, map[string]any{"action": map[string]any{}})
		}
	}
}

const gandiToken = "gandicanary0123456789abcdef01234567890ab"

// The stub follows https://api.gandi.net/docs/livedns/.
func gandiRig() rig {
	return rig{
		id: "gandi", cred: map[string]string{"token": gandiToken}, wrong: map[string]string{"token": "another"},
		stub: func(z *fakeZone) http.Handler {
			return restStub{"api.gandi.net", "Authorization", "Bearer " + gandiToken, gandiJSON}.guard(gandiStub(z))
		},
	}
}

func gandiJSON(w http.ResponseWriter, status int, code, message string) {
	jsonSay(w, status, map[string]any{"code": status, "message": message, "object": "HTTP", "cause": code})
}

func gandiStub(z *fakeZone) http.HandlerFunc {
	type set struct {
		Type   string   `json:"rrset_type"`
		TTL    int      `json:"rrset_ttl"`
		Values []string `json:"rrset_values"`
	}
	return func(w http.ResponseWriter, r *http.Request) {
		rest, ok := strings.CutPrefix(r.URL.Path, "/v5/livedns/domains/"+z.name+"/records/")
		parts := strings.Split(rest, "/")
		if !ok || len(parts) != 2 {
			gandiJSON(w, 404, "Not Found", "The resource could not be found.")
			return
		}
		name, typ := z.full(parts[0]), parts[1]
		switch found := z.find("", name, typ); r.Method {
		case http.MethodGet:
			if len(found) == 0 {
				gandiJSON(w, 404, "Not Found", "Can't find the DNS record "+parts[0]+"/"+typ)
				return
			}
			s := set{Type: typ, TTL: found[0].TTL}
			for _, f := range found {
				s.Values = append(s.Values, quotedTXT(typ, f.Value))
			}
			jsonSay(w, 200, s)
		case http.MethodPut:
			in := read[set](r)
			if in.TTL < 300 {
				gandiJSON(w, 400, "Bad Request", "rrset_ttl: must be between 300 and 2592000")
				return
			}
			var values []string
			for _, v := range in.Values {
				values = append(values, bare(typ, v))
			}
			z.replace(name, typ, in.TTL, values...)
			jsonSay(w, 201, map[string]string{"message": "DNS Record Created"})
		case http.MethodDelete:
			z.replace(name, typ, 0)
			w.WriteHeader(204)
		}
	}
}

const godaddyKey, godaddySecret = "gdcanarykey_0123456789", "gdcanarysecret0123456789"

// The stub follows https://developer.godaddy.com/doc/endpoint/domains.
func godaddyRig() rig {
	return rig{
		id: "godaddy", cred: map[string]string{"key": godaddyKey, "secret": godaddySecret}, wrong: map[string]string{"key": godaddyKey, "secret": "another"},
		stub: func(z *fakeZone) http.Handler {
			return restStub{"api.godaddy.com", "Authorization", "sso-key " + godaddyKey + ":" + godaddySecret, godaddyJSON}.guard(godaddyStub(z))
		},
	}
}

func godaddyJSON(w http.ResponseWriter, status int, code, message string) {
	jsonSay(w, status, map[string]string{"code": code, "message": message})
}

func godaddyStub(z *fakeZone) http.HandlerFunc {
	type rec struct {
		Data string `json:"data"`
		TTL  int    `json:"ttl"`
		Name string `json:"name,omitempty"`
		Type string `json:"type,omitempty"`
	}
	return func(w http.ResponseWriter, r *http.Request) {
		rest, ok := strings.CutPrefix(r.URL.Path, "/v1/domains/"+z.name+"/records/")
		parts := strings.Split(rest, "/")
		if !ok || len(parts) != 2 {
			godaddyJSON(w, 404, "UNKNOWN_DOMAIN", "The given domain is not registered, or does not have a zone file")
			return
		}
		typ, name := parts[0], z.full(parts[1])
		switch r.Method {
		case http.MethodGet:
			found := []rec{}
			for _, f := range z.find("", name, typ) {
				found = append(found, rec{f.Value, f.TTL, parts[1], typ})
			}
			jsonSay(w, 200, found)
		case http.MethodPut:
			in := read[[]rec](r)
			var values []string
			for _, v := range in {
				if v.TTL < 600 {
					godaddyJSON(w, 422, "INVALID_BODY", "ttl must be at least 600")
					return
				}
				values = append(values, v.Data)
			}
			z.replace(name, typ, in[0].TTL, values...)
			w.WriteHeader(200)
		case http.MethodDelete:
			z.replace(name, typ, 0)
			w.WriteHeader(204)
		}
	}
}

const azureSecret = "azureCanary~secret.0123456789abcdef"

// The stub follows https://learn.microsoft.com/rest/api/dns/record-sets and
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
func azureRig() rig {
	cred := map[string]string{"tenant": "t-1", "user": "c-1", "secret": azureSecret, "subscription": "s-1", "group": "home group"}
	wrong := map[string]string{"tenant": "t-1", "user": "c-1", "secret": "another", "subscription": "s-1", "group": "home group"}
	return rig{id: "azure", cred: cred, wrong: wrong, stub: func(z *fakeZone) http.Handler { return azureStub(z) }}
}

func azureStub(z *fakeZone) http.HandlerFunc {
	type set struct {
		Properties struct {
			TTL      int
			ARecords []struct {
				V string `json:"ipv4Address"`
			}
			AAAARecords []struct {
				V string `json:"ipv6Address"`
			}
			TXTRecords []struct {
				Value []string `json:"value"`
			}
		} `json:"properties"`
	}
	values := func(s set) (out []string) {
		for _, a := range s.Properties.ARecords {
			out = append(out, a.V)
		}
		for _, a := range s.Properties.AAAARecords {
			out = append(out, a.V)
		}
		for _, a := range s.Properties.TXTRecords {
			out = append(out, strings.Join(a.Value, ""))
		}
		return out
	}
	show := func(found []fakeRecord) map[string]any {
		p := map[string]any{"TTL": found[0].TTL}
		for _, f := range found {
			switch f.Type {
			case "A":
				p["ARecords"] = append(list(p["ARecords"]), map[string]string{"ipv4Address": f.Value})
			case "AAAA":
				p["AAAARecords"] = append(list(p["AAAARecords"]), map[string]string{"ipv6Address": f.Value})
			case "TXT":
				p["TXTRecords"] = append(list(p["TXTRecords"]), map[string][]string{"value": {f.Value}})
			}
		}
		return map[string]any{"properties": p}
	}
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "login.microsoftonline.com" {
			if r.URL.Path != "/t-1/oauth2/v2.0/token" || r.FormValue("client_id") != "c-1" || r.FormValue("client_secret") != azureSecret {
				jsonSay(w, 401, map[string]string{"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."})
				return
			}
			jsonSay(w, 200, map[string]any{"access_token": "azure-access-canary", "expires_in": 3599, "token_type": "Bearer"})
			return
		}
		rest, ok := strings.CutPrefix(r.URL.Path, "/subscriptions/s-1/resourceGroups/home group/providers/Microsoft.Network/dnsZones/"+z.name+"/")
		parts := strings.Split(rest, "/")
		switch {
		case r.Host != "management.azure.com" || r.Header.Get("Authorization") != "Bearer azure-access-canary":
			hetznerJSON(w, 401, "InvalidAuthenticationToken", "The access token is invalid.")
		case !ok || r.URL.Query().Get("api-version") != "2018-05-01":
			hetznerJSON(w, 404, "ParentResourceNotFound", "Can not perform requested operation on nested resource.")
		case r.Method == http.MethodGet:
			found := z.find("", z.full(parts[1]), parts[0])
			if len(found) == 0 {
				hetznerJSON(w, 404, "NotFound", "The resource record was not found.")
				return
			}
			jsonSay(w, 200, show(found))
		case r.Method == http.MethodPut:
			in := read[set](r)
			z.replace(z.full(parts[1]), parts[0], in.Properties.TTL, values(in)...)
			jsonSay(w, 200, in)
		case r.Method == http.MethodDelete:
			z.replace(z.full(parts[1]), parts[0], 0)
			w.WriteHeader(200)
		}
	}
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}
