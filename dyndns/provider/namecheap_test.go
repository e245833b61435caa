package provider_test

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"latchkey/dyndns/provider"
)

const namecheapKey = "namecheapcanary0123456789abcdef01"

// The stub follows https://www.namecheap.com/support/api/methods/domains-dns/
// (get-hosts, set-hosts) and its list of error codes.
func namecheapRig() rig {
	cred := func(key string) map[string]string {
		return map[string]string{"user": "me", "key": key, "address": "192.0.2.10"}
	}
	return rig{
		id: "namecheap", cred: cred(namecheapKey), wrong: cred("another"), seeds: []string{"example.org MX mail.example.org"},
		stub: func(z *fakeZone) http.Handler { return namecheapStub(z) },
	}
}

func namecheapStub(z *fakeZone) http.HandlerFunc {
	say := func(w http.ResponseWriter, status, errors, result string) {
		w.Header().Set("Content-Type", "text/xml")
		_, _ = fmt.Fprintf(w, `<?xml version="1.0"?><ApiResponse Status=%q xmlns="http://api.namecheap.com/xml.response"><Errors>%s</Errors><CommandResponse>%s</CommandResponse></ApiResponse>`, status, errors, result)
	}
	escape := func(s string) string {
		var b strings.Builder
		_ = xml.EscapeText(&b, []byte(s))
		return b.String()
	}
	return func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		switch {
		case r.Host != "api.namecheap.com" || r.URL.RawQuery != "" || r.PostForm.Get("ApiKey") != namecheapKey || r.PostForm.Get("ApiUser") != "me":
			say(w, "ERROR", `<Error Number="1011102">API Key is invalid or API access has not been enabled</Error>`, "")
		case r.PostForm.Get("ClientIp") != "192.0.2.10":
			say(w, "ERROR", `<Error Number="1011150">Invalid request IP: 192.0.2.99</Error>`, "")
		case r.PostForm.Get("SLD")+"."+r.PostForm.Get("TLD") != z.name:
			say(w, "ERROR", `<Error Number="2019166">Domain not found</Error>`, "")
		case r.PostForm.Get("Command") == "namecheap.domains.dns.getHosts":
			var hosts strings.Builder
			for i, f := range z.find("", "", "") {
				fmt.Fprintf(&hosts, `<host HostId="%d" Name="%s" Type="%s" Address="%s" MXPref="10" TTL="%d"/>`, i, escape(z.label(f.Name, "@")), f.Type, escape(f.Value), f.TTL)
			}
			say(w, "OK", "", `<DomainDNSGetHostsResult Domain="`+z.name+`" EmailType="MX" IsUsingOurDNS="true">`+hosts.String()+`</DomainDNSGetHostsResult>`)
		case r.PostForm.Get("EmailType") != "MX":
			say(w, "ERROR", `<Error Number="2050900">EmailType was lost</Error>`, "")
		default:
			z.clear()
			for i := 1; r.PostForm.Get("HostName"+strconv.Itoa(i)) != ""; i++ {
				n := strconv.Itoa(i)
				ttl, _ := strconv.Atoi(r.PostForm.Get("TTL" + n))
				z.create(&fakeRecord{Name: z.full(r.PostForm.Get("HostName" + n)), Type: r.PostForm.Get("RecordType" + n), Value: r.PostForm.Get("Address" + n), TTL: ttl})
			}
			say(w, "OK", "", `<DomainDNSSetHostsResult Domain="`+z.name+`" IsSuccess="true"/>`)
		}
	}
}

func TestNamecheap(t *testing.T) {
	t.Run("an address that is not on the list is told as that", func(t *testing.T) {
		w := namecheapRig().start(t)
		o := w.options(t, map[string]string{"user": "me", "key": namecheapKey, "address": "192.0.2.99"})
		p := w.coded(t, w.clientWith(t, o).Set(ctx(t), w.name, first, time.Hour), provider.CodePermission)
		if !strings.Contains(p.Hint, "list") {
			t.Errorf("the hint is %q", p.Hint)
		}
	})
	t.Run("a list that is not whole is never written back", func(t *testing.T) {
		for _, broken := range []string{
			`<DomainDNSGetHostsResult Domain="example.org" IsUsingOurDNS="true"><host Name="www" Type="" Address=""/></DomainDNSGetHostsResult>`,
			`<DomainDNSGetHostsResult Domain="example.com" IsUsingOurDNS="true"/>`,
			`<DomainDNSGetHostsResult/>`,
			``,
		} {
			w := namecheapRig().start(t)
			before := w.zoneData.lines()
			body := `<ApiResponse Status="OK"><CommandResponse>` + broken + `</CommandResponse></ApiResponse>`
			// The first reading tells what is there, the second is written back.
			w.mood = func(n int, rw http.ResponseWriter, r *http.Request) bool {
				if n == 2 {
					say(200, "text/xml", body)(rw, r)
				}
				return n == 2
			}
			w.coded(t, w.client(t).Set(ctx(t), w.name, first, time.Hour), provider.CodeUnknown)
			w.wants(t, before)
		}
	})
}
