package lab_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/test/lab"
)

// TestTheLabItself asks the lab's own programs by other people's, so that what fails later is ours.
func TestTheLabItself(t *testing.T) {
	t.Parallel()
	l := lab.Up(t)
	run := func(t *testing.T, ns string, words ...string) string {
		t.Helper()
		out, err := l.Exec(ns, words...)
		if err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, out)
		}
		return out
	}
	// Somebody answers at home, as a house would.
	l.Spawn(lab.Home, l.Tool(), "foreign", "--listen", ":8443", "--name", "here.test")
	open := func(port int) error {
		out, err := l.Get(lab.Desk, fmt.Sprintf("https://check.lab.test/door?host=%s&port=%d", l.WAN(), port), l.CA())
		if err != nil {
			return err
		}
		if !strings.Contains(out, "here.test") {
			return fmt.Errorf("the checker says %s", out)
		}
		return nil
	}
	closed := func(t *testing.T, port int) {
		t.Helper()
		if err := open(port); err == nil {
			t.Errorf("port %d is open", port)
		}
	}

	t.Run("the echoes name who asks, over both families", func(t *testing.T) {
		for _, test := range []struct{ url, want string }{
			{"https://" + l.Plan["ECHO"] + "/", l.WAN()},
			{"https://[" + l.Plan["ECHO6"] + "]/", l.Global()},
		} {
			got, err := l.Get(lab.Home, test.url, l.CA())
			if err != nil || strings.TrimSpace(got) != test.want {
				t.Errorf("%s: got %q (%v), want %s", test.url, got, err, test.want)
			}
		}
		got := run(t, lab.Home, "dig", "+short", "@"+l.Plan["ECHO"], "whoami.lab.test", "TXT")
		if strings.TrimSpace(got) != `"`+l.WAN()+`"` {
			t.Errorf("the DNS echo says %q, want %s", got, l.WAN())
		}
	})
	t.Run("a liar names what it was told to, until it is honest again", func(t *testing.T) {
		l.Lie("https", "203.0.113.77")
		lied, _ := l.Get(lab.Home, "https://"+l.Plan["ECHO"]+"/", l.CA())
		l.Lie("https", "")
		honest, _ := l.Get(lab.Home, "https://"+l.Plan["ECHO"]+"/", l.CA())
		if strings.TrimSpace(lied) != "203.0.113.77" || strings.TrimSpace(honest) != l.WAN() {
			t.Errorf("got %q and %q", lied, honest)
		}
	})
	t.Run("the router maps what upnpc asks for, and forgets it in a restart", func(t *testing.T) {
		closed(t, 443)
		run(t, lab.Home, "upnpc", "-i", "-a", l.Private(), "8443", "443", "TCP", "600")
		if err := open(443); err != nil {
			t.Error(err)
		}
		before := l.WAN()
		l.Do("renumber")
		if l.WAN() == before {
			t.Errorf("the address is still %s", before)
		}
		closed(t, 443)
	})
	t.Run("natpmpc gets a port, and keeps it while the address changes under the router", func(t *testing.T) {
		run(t, lab.Home, "natpmpc", "-a", "4443", "8443", "tcp", "600")
		l.Do("renumber", "--hot")
		if err := open(4443); err != nil {
			t.Error(err)
		}
	})
	t.Run("a router that is off does nothing, and a forwarding by hand works", func(t *testing.T) {
		l.Do("igd", "off")
		if out, err := l.Exec(lab.Home, "natpmpc"); err == nil {
			t.Errorf("it answers:\n%s", out)
		}
		l.Do("forward", "8444", "8443")
		if err := open(8444); err != nil {
			t.Error(err)
		}
		l.Do("renumber")
		if err := open(8444); err != nil {
			t.Errorf("after a restart: %v", err)
		}
		l.Do("forward", "off")
		l.Do("igd", "plain")
	})
	t.Run("the home's own address leads back home only with a hairpin", func(t *testing.T) {
		run(t, lab.Home, "upnpc", "-i", "-a", l.Private(), "8443", "443", "TCP", "600")
		url := "https://" + l.WAN() + "/"
		if _, err := l.Exec(lab.Desk, "curl", "-sk", "--max-time", "1", url); err == nil {
			t.Error("it does without")
		}
		l.Do("hairpin", "on")
		if out, err := l.Exec(lab.Desk, "curl", "-sk", "--max-time", "2", url); err != nil || !strings.Contains(out, "here.test") {
			t.Errorf("got %q (%v)", out, err)
		}
		l.Do("hairpin", "off")
	})
	t.Run("behind a carrier's NAT a naive router maps in vain", func(t *testing.T) {
		l.Do("igd", "naive")
		l.Do("cgnat", "on")
		out := run(t, lab.Home, "upnpc", "-i", "-a", l.Private(), "8443", "443", "TCP", "600")
		if !strings.Contains(out, "ExternalIPAddress = "+l.Plan["CARRIER_WAN"]) || !strings.Contains(out, "is redirected") {
			t.Errorf("upnpc says\n%s", out)
		}
		if got, _ := l.Get(lab.Home, "https://"+l.Plan["ECHO"]+"/", l.CA()); strings.TrimSpace(got) != l.Plan["OUTER"] {
			t.Errorf("the world sees %q", got)
		}
		l.Do("cgnat", "off")
		l.Do("igd", "plain")
	})
	t.Run("Cloudflare's stand-in changes the zone for a token that may, and refuses others as the real one does", func(t *testing.T) {
		zone := "https://api.cloudflare.com/client/v4/zones/0c10d0000000000000000000000000c1/dns_records"
		call := func(token, body string) (int, string) {
			request, _ := http.NewRequest(http.MethodPost, zone, strings.NewReader(body))
			request.Header.Set("Authorization", "Bearer "+token)
			answer, err := l.Client(lab.Home, l.CA()).Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			text, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			return answer.StatusCode, string(text)
		}
		record := `{"type":"A","name":"vault","content":"203.0.113.10","ttl":60}`
		for _, test := range []struct {
			name, token, body string
			status            int
			says              string
		}{
			{"a global key", strings.Repeat("c", 37), record, 400, "6111"},
			{"an unknown token", strings.Repeat("x", 40), record, 403, "9109"},
			{"one that may only read", l.Plan["CLOUDFLARE_READER"], record, 403, "10000"},
			{"one of another zone", l.Plan["CLOUDFLARE_OTHER"], record, 403, "10000"},
			{"a TTL of five seconds", l.Plan["CLOUDFLARE_TOKEN"], strings.Replace(record, "60", "5", 1), 400, "9021"},
			{"the right one", l.Plan["CLOUDFLARE_TOKEN"], record, 200, `"success":true`},
			{"the same again", l.Plan["CLOUDFLARE_TOKEN"], record, 400, "81058"},
		} {
			if status, body := call(test.token, test.body); status != test.status || !strings.Contains(body, test.says) {
				t.Errorf("%s: %d %s", test.name, status, body)
			}
		}
		if got, err := l.Known("vault.cloud.test", "A"); err != nil || !slices.Equal(got, []string{"203.0.113.10"}) {
			t.Errorf("the zone says %v (%v)", got, err)
		}
		l.Proxy("vault.cloud.test", true)
		if got, _ := l.Known("vault.cloud.test", "A"); !slices.Equal(got, []string{l.Plan["EDGE"]}) {
			t.Errorf("proxied, the zone says %v", got)
		}
		l.Break("cloudflare", &lab.Fault{Status: 502, Body: "<html>", Times: 1})
		if status, body := call("any", record); status != 502 || body != "<html>" {
			t.Errorf("broken, it says %d %s", status, body)
		}
	})
	t.Run("DuckDNS and dyndns2 take an update", func(t *testing.T) {
		get := func(url, want string) {
			t.Helper()
			if got, err := l.Get(lab.Home, url, l.CA()); err != nil || got != want {
				t.Errorf("%s: got %q (%v), want %q", url, got, err, want)
			}
		}
		get("https://www.duckdns.org/update?domains=house&token=wrong&ip=203.0.113.10", "KO")
		get("https://www.duckdns.org/update?domains=house&ip=203.0.113.10&token="+l.Plan["DUCKDNS_TOKEN"], "OK")
		if got, _ := l.Known("lan.house.duckdns.org", "A"); !slices.Equal(got, []string{"203.0.113.10"}) {
			t.Errorf("below the name DuckDNS says %v", got)
		}
		get("https://"+l.Plan["DYNDNS_USER"]+":"+l.Plan["DYNDNS_PASSWORD"]+"@members.dyn.test/nic/update?hostname=house.dyn.test&myip=203.0.113.10", "good 203.0.113.10")
	})
	t.Run("a resolver that protects against rebinding hides private addresses", func(t *testing.T) {
		l.Update("add lan.vault.home.test 60 A 192.168.77.10")
		l.Do("rebind", "on")
		if got, _, _ := l.Remembered("lan.vault.home.test", "A"); len(got) != 0 {
			t.Errorf("it says %v", got)
		}
		l.Do("rebind", "off")
		if got, left, err := l.Remembered("lan.vault.home.test", "A"); len(got) != 1 || left > time.Minute {
			t.Errorf("without, it says %v for %v (%v)", got, left, err)
		}
	})
	t.Run("an authoritative server that is away answers nobody, and comes back as it was", func(t *testing.T) {
		l.Do("names", "off")
		if got, err := l.Known("lan.vault.home.test", "A"); err == nil {
			t.Errorf("it says %v", got)
		}
		l.Do("names", "on")
		if got, err := l.Known("lan.vault.home.test", "A"); err != nil || len(got) != 1 {
			t.Errorf("it says %v (%v)", got, err)
		}
	})
}
