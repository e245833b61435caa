package provider_test

import (
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/dyndns/provider"
)

const duckToken = "c4a1a7e0-1111-4222-8333-abcdefabcdef"

// The stub follows https://www.duckdns.org/spec.jsp, and what it doesn't say
// about ipv6 and missing parameters is played at its worst.
func duckdnsRig() rig {
	return rig{
		id: "duckdns", zone: "duckdns.org", name: "vault.duckdns.org", nocommon: true,
		seeds: []string{"other.duckdns.org A 192.0.2.9"},
		cred:  map[string]string{"token": "“" + duckToken + "” "},
		wrong: map[string]string{"token": "00000000-1111-4222-8333-abcdefabcdef"},
		stub:  func(z *fakeZone) http.Handler { return duckStub(z) },
	}
}

func duckStub(z *fakeZone) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		name := q.Get("domains") + ".duckdns.org"
		if r.Host != "www.duckdns.org" || r.URL.Path != "/update" || q.Get("token") != duckToken ||
			!slices.Contains([]string{"vault", "other"}, q.Get("domains")) {
			_, _ = io.WriteString(w, "KO")
			return
		}
		v4, clear := q.Get("ip"), q.Get("clear") == "true"
		switch {
		case q.Has("txt") && clear:
			z.replace(name, "TXT", 60)
		case q.Has("txt"):
			z.replace(name, "TXT", 60, q.Get("txt"))
		case clear:
			z.replace(name, "A", 60)
			z.replace(name, "AAAA", 60)
		default:
			if a, err := netip.ParseAddr(v4); err != nil || !a.Is4() {
				v4 = "198.51.100.99" // nothing given: the sender's own
			}
			z.replace(name, "A", 60, v4)
			if v6 := q.Get("ipv6"); v6 != "" {
				z.replace(name, "AAAA", 60, v6)
			}
		}
		_, _ = io.WriteString(w, "OK\n"+v4+"\n\nUPDATED")
	}
}

func TestDuckdns(t *testing.T) {
	t.Run("a token of another shape is refused before it is sent", func(t *testing.T) {
		w := duckdnsRig().start(t)
		_, err := provider.Open("duckdns", w.options(t, map[string]string{"token": "vault"}))
		w.coded(t, err, provider.CodeToken)
	})
	t.Run("a name of somebody else's domain is told as that", func(t *testing.T) {
		w := duckdnsRig().start(t)
		o := w.options(t, w.cred)
		o.Zone = "example.org"
		w.coded(t, w.clientWith(t, o).Set(ctx(t), "vault.example.org", first, time.Hour), provider.CodeZone)
	})
	t.Run("KO is told with both of its reasons", func(t *testing.T) {
		w := duckdnsRig().start(t)
		p := w.coded(t, w.client(t).Set(ctx(t), "nobodys.duckdns.org", first, time.Hour), provider.CodeToken)
		if !strings.Contains(p.Hint, "token") || !strings.Contains(p.Hint, "name") {
			t.Errorf("the hint is %q", p.Hint)
		}
	})
	t.Run("another address than ours in the answer is no success", func(t *testing.T) {
		w := duckdnsRig().start(t)
		w.disturb(1, say(200, "text/plain", "OK\n192.0.2.99\n\nUPDATED"))
		w.coded(t, w.client(t).Set(ctx(t), w.name, first, time.Hour), provider.CodeRejected)
	})
	t.Run("a challenge for a deeper name goes to the one TXT", func(t *testing.T) {
		w := duckdnsRig().start(t)
		_, err := w.client(t).AppendRecords(ctx(t), "duckdns.org.", w.challengeFor("x"))
		must(t, "AppendRecords", err)
		w.wants(t, []string{"other.duckdns.org A 192.0.2.9", "vault.duckdns.org TXT x"})
	})
}
