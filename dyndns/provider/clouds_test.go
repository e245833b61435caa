package provider_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"latchkey/dyndns/provider"
)

const awsKey, awsSecret = "AKIACANARY0123456789", "awsCanary/Secret+0123456789abcdefABCDEF0"

// The stub follows https://docs.aws.amazon.com/Route53/latest/APIReference/ and checks the signature.
func route53Rig() rig {
	return rig{
		id: "route53", cred: map[string]string{"key": awsKey, "secret": awsSecret}, wrong: map[string]string{"key": awsKey, "secret": "another"},
		stub: func(z *fakeZone) http.Handler { return route53Stub(z) },
	}
}

func awsRefuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `<?xml version="1.0"?><ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>1</RequestId></ErrorResponse>`, code, message)
}

// awsSigned asks the signer for the same headers: that it makes the right ones
// is what the published example in sigv4_test.go shows.
func awsSigned(r *http.Request, body []byte) bool {
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return false
	}
	u := *r.URL
	u.Host = r.Host
	return provider.SignV4ForTest(awsKey, awsSecret, "us-east-1", "route53", at, r.Method, &u, body).Get("Authorization") == r.Header.Get("Authorization")
}

func route53Stub(z *fakeZone) http.HandlerFunc {
	type set struct {
		Name, Type string
		TTL        int
		Values     []string `xml:"ResourceRecords>ResourceRecord>Value"`
	}
	say := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "text/xml")
		raw, _ := xml.Marshal(v)
		_, _ = w.Write(append([]byte(xml.Header), raw...))
	}
	type zone struct {
		ID   string `xml:"Id"`
		Name string
	}
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch {
		case r.Host != "route53.amazonaws.com" || !awsSigned(r, body):
			awsRefuse(w, 403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
		case r.URL.Path == "/2013-04-01/hostedzonesbyname": // gives all that come behind the name, too
			say(w, struct {
				XMLName xml.Name `xml:"ListHostedZonesByNameResponse"`
				Zones   []zone   `xml:"HostedZones>HostedZone"`
			}{Zones: []zone{{"/hostedzone/Z1", z.name + "."}, {"/hostedzone/Z2", "zzz.example."}}})
		case r.URL.Path != "/2013-04-01/hostedzone/Z1/rrset":
			awsRefuse(w, 404, "NoSuchHostedZone", "No hosted zone found")
		case r.Method == http.MethodGet:
			name, typ := strings.TrimSuffix(r.URL.Query().Get("name"), "."), r.URL.Query().Get("type")
			sets := []set{}
			if found := z.find("", name, typ); len(found) > 0 {
				s := set{Name: name + ".", Type: typ, TTL: found[0].TTL}
				for _, f := range found {
					s.Values = append(s.Values, quotedTXT(typ, f.Value))
				}
				sets = append(sets, s)
			} else {
				sets = append(sets, set{Name: "www." + z.name + ".", Type: "A", TTL: 60, Values: []string{"192.0.2.7"}})
			}
			say(w, struct {
				XMLName xml.Name `xml:"ListResourceRecordSetsResponse"`
				Sets    []set    `xml:"ResourceRecordSets>ResourceRecordSet"`
			}{Sets: sets})
		default:
			var in struct {
				Action string `xml:"ChangeBatch>Changes>Change>Action"`
				Set    set    `xml:"ChangeBatch>Changes>Change>ResourceRecordSet"`
			}
			if xml.Unmarshal(body, &in) != nil || in.Set.Name == "" {
				awsRefuse(w, 400, "InvalidInput", "bad XML")
				return
			}
			name, values := strings.TrimSuffix(in.Set.Name, "."), []string{}
			for _, v := range in.Set.Values {
				values = append(values, bare(in.Set.Type, v))
			}
			if in.Action == "DELETE" {
				found := z.find("", name, in.Set.Type)
				if len(found) != len(values) || len(found) == 0 || found[0].TTL != in.Set.TTL {
					awsRefuse(w, 400, "InvalidChangeBatch", "values provided do not match the current values")
					return
				}
				values = nil
			}
			z.replace(name, in.Set.Type, in.Set.TTL, values...)
			say(w, struct {
				XMLName xml.Name `xml:"ChangeResourceRecordSetsResponse"`
			}{})
		}
	}
}

// testKeys makes two RSA keys, once for all tests.
var testKeys = sync.OnceValue(func() [2]*rsa.PrivateKey {
	var keys [2]*rsa.PrivateKey
	for i := range keys {
		key, err := rsa.GenerateKey(rand.Reader, 1024) // small, so that the tests are quick
		if err != nil {
			panic(err)
		}
		keys[i] = key
	}
	return keys
})

func googleFile(key *rsa.PrivateKey) string {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	file, _ := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "home-1", "private_key_id": "kid", "client_email": "keeper@home-1.iam.gserviceaccount.com",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	return string(file)
}

// The stub follows https://cloud.google.com/dns/docs/reference/rest/v1 and
// https://developers.google.com/identity/protocols/oauth2/service-account, and checks the signature.
func googleRig() rig {
	return rig{
		id: "googleclouddns", cred: map[string]string{"key": googleFile(testKeys()[0])}, wrong: map[string]string{"key": googleFile(testKeys()[1])},
		stub: func(z *fakeZone) http.Handler { return googleStub(z) },
	}
}

func googleStub(z *fakeZone) http.HandlerFunc {
	type set struct {
		Name    string   `json:"name"`
		Type    string   `json:"type"`
		TTL     int      `json:"ttl"`
		RRDatas []string `json:"rrdatas"`
	}
	refuse := func(w http.ResponseWriter, status int, message string) {
		jsonSay(w, status, map[string]any{"error": map[string]any{"code": status, "message": message, "errors": []any{}}})
	}
	current := func(name, typ string) []set {
		found := z.find("", strings.TrimSuffix(name, "."), typ)
		if len(found) == 0 {
			return []set{}
		}
		s := set{Name: name, Type: typ, TTL: found[0].TTL}
		for _, f := range found {
			s.RRDatas = append(s.RRDatas, quotedTXT(typ, f.Value))
		}
		return []set{s}
	}
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "oauth2.googleapis.com" {
			if !googleSigned(r) {
				jsonSay(w, 400, map[string]string{"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
				return
			}
			jsonSay(w, 200, map[string]any{"access_token": "google-access-canary", "expires_in": 3599, "token_type": "Bearer"})
			return
		}
		const base = "/dns/v1/projects/home-1/managedZones"
		query := r.URL.Query()
		switch {
		case r.Host != "dns.googleapis.com" || r.Header.Get("Authorization") != "Bearer google-access-canary":
			refuse(w, 401, "Request had invalid authentication credentials.")
		case r.URL.Path == base:
			zones := []map[string]string{}
			if query.Get("dnsName") == z.name+"." {
				zones = append(zones, map[string]string{"name": "private", "dnsName": z.name + ".", "visibility": "private"},
					map[string]string{"name": "mine", "dnsName": z.name + ".", "visibility": "public"})
			}
			jsonSay(w, 200, map[string]any{"managedZones": zones})
		case r.URL.Path == base+"/mine/rrsets":
			jsonSay(w, 200, map[string]any{"rrsets": current(query.Get("name"), query.Get("type"))})
		case r.URL.Path == base+"/mine/changes" && r.Method == http.MethodPost:
			in := read[struct{ Additions, Deletions []set }](r)
			for _, d := range in.Deletions {
				if fmt.Sprint(current(d.Name, d.Type)) != fmt.Sprint([]set{d}) {
					refuse(w, 412, "Precondition not met for entity.change.deletions[0]")
					return
				}
				z.replace(strings.TrimSuffix(d.Name, "."), d.Type, 0)
			}
			for _, a := range in.Additions {
				var values []string
				for _, v := range a.RRDatas {
					values = append(values, bare(a.Type, v))
				}
				if len(current(a.Name, a.Type)) > 0 {
					refuse(w, 409, "The resource already exists")
					return
				}
				z.replace(strings.TrimSuffix(a.Name, "."), a.Type, a.TTL, values...)
			}
			jsonSay(w, 200, map[string]string{"status": "pending"})
		default:
			refuse(w, 404, "not found")
		}
	}
}

func googleSigned(r *http.Request) bool {
	parts := strings.Split(r.FormValue("assertion"), ".")
	if r.FormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" || len(parts) != 3 {
		return false
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return false
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	return rsa.VerifyPKCS1v15(&testKeys()[0].PublicKey, crypto.SHA256, sum[:], signature) == nil
}

const heKey = "hecanarykey0123456789"

// The stub follows https://dns.he.net/docs.html: only names that were made there can change.
func heRig() rig {
	return rig{
		id: "he", others: true, cred: map[string]string{"password": heKey}, wrong: map[string]string{"password": "another"},
		stub: func(z *fakeZone) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				name := r.PostFormValue("hostname")
				switch {
				case r.Host != "dyn.dns.he.net" || r.URL.RawQuery != "" || r.PostFormValue("password") != heKey:
					_, _ = io.WriteString(w, "badauth")
				case name == "_acme-challenge.vault.example.org" && r.PostFormValue("txt") != "":
					z.replace(name, "TXT", 300, r.PostFormValue("txt"))
					_, _ = fmt.Fprintf(w, "good %q", r.PostFormValue("txt"))
				case name == "vault.example.org":
					z.replace(name, "A", 300, r.PostFormValue("myip"))
					_, _ = io.WriteString(w, "good "+r.PostFormValue("myip"))
				default:
					_, _ = io.WriteString(w, "nohost")
				}
			})
		},
	}
}

const acmePassword = "acmednscanarypassword0123456789abcdefghi"

// The stub follows https://github.com/acme-dns/acme-dns#api.
func acmednsRig() rig {
	const subdomain = "8e5700ea-a4bf-41c7-8a77-e990661dcc6a"
	cred := func(password string) map[string]string {
		return map[string]string{"url": "https://auth.example.org", "user": "c36f50e8", "password": password, "subdomain": subdomain + ".auth.example.org"}
	}
	return rig{
		id: "acmedns", zone: "auth.example.org", name: subdomain + ".auth.example.org", nocommon: true, cred: cred(acmePassword), wrong: cred("another"),
		stub: func(z *fakeZone) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				in := read[struct{ Subdomain, TXT string }](r)
				switch {
				case r.Host != "auth.example.org" || r.URL.Path != "/update" || r.Method != http.MethodPost:
					http.NotFound(w, r)
				case r.Header.Get("X-Api-User") != "c36f50e8" || r.Header.Get("X-Api-Key") != acmePassword || in.Subdomain != subdomain:
					jsonSay(w, 401, map[string]string{"error": "forbidden"})
				case len(in.TXT) != 43 || url.PathEscape(in.TXT) != in.TXT:
					jsonSay(w, 400, map[string]string{"error": "bad_txt"})
				default:
					if found := z.find("", "", "TXT"); len(found) > 1 {
						z.remove(found[0].id())
					}
					z.create(&fakeRecord{Name: subdomain + "." + z.name, Type: "TXT", Value: in.TXT, TTL: 1})
					jsonSay(w, 200, map[string]string{"txt": in.TXT})
				}
			})
		},
	}
}
