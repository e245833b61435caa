package portmap

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// sample is what one router said: testdata/routers/NAME.txtar, each naming its
// public source. The documents are in our own minimal form, made from the facts
// that the source shows.
type sample struct {
	file, router, source, from string
	parts                      map[string]string
}

// samples reads them all; none at all is a failure.
func samples(tb testing.TB) []sample {
	tb.Helper()
	files, err := filepath.Glob("testdata/routers/*.txtar")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no routers in testdata: %v", err)
	}
	var all []sample
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		s := sample{file: filepath.Base(file), parts: map[string]string{}}
		for line := range strings.Lines(string(a.Comment)) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			switch key {
			case "router":
				s.router = value
			case "source":
				s.source = value
			case "from":
				s.from = value
			}
		}
		for _, f := range a.Files {
			s.parts[f.Name] = string(f.Data)
		}
		if s.router == "" || s.source == "" || s.from != "report" && s.from != "spec" || len(s.parts) == 0 {
			tb.Fatalf("%s does not say which router it is of, from where, or holds nothing", file)
		}
		all = append(all, s)
	}
	return all
}

func TestRoutersAreUnderstood(t *testing.T) {
	reported, made := 0, 0
	for _, s := range samples(t) {
		if s.from == "report" {
			reported++
		} else {
			made++
		}
		t.Run(s.router+" ("+s.file+")", func(t *testing.T) {
			checked := 0
			check := func(part string, fn func(*testing.T, sample)) {
				if _, ok := s.parts[part]; ok {
					checked++
					fn(t, s)
				}
			}
			check("ssdp", checkSSDP)
			check("description", checkDescription)
			check("fault", checkFault)
			check("address", checkAddress)
			if checked == 0 {
				t.Error("nothing in it is checked")
			}
		})
	}
	t.Logf("%d routers from reports, %d written from the specifications", reported, made)
	if reported < 15 {
		t.Errorf("%d routers from reports, want 15 or more", reported)
	}
}

func checkSSDP(t *testing.T, s sample) {
	b := strings.ReplaceAll(s.parts["ssdp"], "\n", "\r\n")
	m, ok := parseSSDP([]byte(b))
	if !ok || !m.gatewayish() {
		t.Fatalf("not understood as a router: %+v", m)
	}
	want := lines(s.parts["heard"])
	if m.location != want[0] {
		t.Errorf("location %q, want %q", m.location, want[0])
	}
	if len(want) > 1 && m.boot != want[1] {
		t.Errorf("boot number %q, want %q", m.boot, want[1])
	}
}

func checkDescription(t *testing.T, s sample) {
	place := strings.TrimSpace(s.parts["location"])
	if place == "" {
		place = lines(s.parts["heard"])[0]
	}
	u, err := url.Parse(place)
	if err != nil {
		t.Fatal(err)
	}
	at := netip.MustParseAddr(u.Hostname())
	d, err := parseDescription([]byte(s.parts["description"]), u, fence{gateways: []netip.Addr{at}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range d.services {
		got = append(got, string(v.protocol)+" "+v.control.String())
	}
	if want := lines(s.parts["services"]); !slices.Equal(got, want) {
		t.Errorf("services\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if want := strings.TrimSpace(s.parts["name"]); d.name != want {
		t.Errorf("name %q, want %q", d.name, want)
	}
}

// answering is a UPnP door whose router gives the same answer to everything.
func answering(t *testing.T, status int, body string) (*igdDoor, *int) {
	asked := new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		*asked++
		w.Header().Set("Content-Type", `text/xml; charset="utf-8"`)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL + "/ctl")
	if err != nil {
		t.Fatal(err)
	}
	loop := netip.MustParseAddr("127.0.0.1")
	s := service{protocol: UPnP1, urn: "urn:schemas-upnp-org:service:WANIPConnection:1", control: *u}
	return newIGD(s, about{protocol: UPnP1, family: 4, at: loop}, loop, "latchkey-test", fence{gateways: []netip.Addr{loop}}), asked
}

func checkFault(t *testing.T, s sample) {
	d, asked := answering(t, http.StatusInternalServerError, s.parts["fault"])
	e := &entry{Internal: netip.MustParseAddrPort("127.0.0.1:8443"), External: 443}
	_, err := d.add(t.Context(), e, defaultLease)
	r := refused(err)
	if want := Fault(strings.TrimSpace(s.parts["means"])); r.fault != want || r.why == "" {
		t.Errorf("fault %q (%v), want %q", r.fault, err, want)
	}
	if *asked == 0 {
		t.Error("the router was not asked")
	}
}

func checkAddress(t *testing.T, s sample) {
	d, _ := answering(t, http.StatusOK, s.parts["address"])
	v, err := d.look(t.Context())
	if err != nil || !v.tells {
		t.Fatalf("looking: %v, tells %v", err, v.tells)
	}
	got := "none"
	if v.external.IsValid() {
		got = v.external.String()
	}
	if want := strings.TrimSpace(s.parts["outside"]); got != want {
		t.Errorf("address %s, want %s", got, want)
	}
}

func lines(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == '\n' })
}

func TestDescriptionsKeepToTheirNetwork(t *testing.T) {
	within := fence{
		gateways: []netip.Addr{netip.MustParseAddr("192.168.1.1"), netip.MustParseAddr("fe80::1%eth0")},
		links:    []netip.Prefix{netip.MustParsePrefix("192.168.1.0/24")},
	}
	for _, tc := range []struct {
		location string
		inside   bool
	}{
		{"http://192.168.1.1:5000/rootDesc.xml", true},
		{"http://192.168.1.77/desc", true},
		{"http://[fe80::1]:5000/rootDesc.xml", true},
		{"http://198.51.100.7/rootDesc.xml", false},
		{"http://127.0.0.1:8080/", false},
		{"http://169.254.169.254/latest/meta-data", false},
		{"http://router.example/rootDesc.xml", false},
		{"https://192.168.1.1/rootDesc.xml", false},
		{"http://admin:admin@192.168.1.1/rootDesc.xml", false},
		{"http://239.255.255.250/", false},
		{"file:///etc/passwd", false},
		{"", false},
	} {
		_, _, err := within.place(tc.location)
		if (err == nil) != tc.inside {
			t.Errorf("%q: %v, want inside %v", tc.location, err, tc.inside)
		}
	}
}

func TestRouterTextIsBounded(t *testing.T) {
	huge := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 1 << 10 {
			if _, err := w.Write(bytes.Repeat([]byte("<a>"), 1<<10)); err != nil {
				return
			}
		}
	}))
	defer huge.Close()
	away := httptest.NewServer(http.RedirectHandler("http://127.0.0.1:1/", http.StatusFound))
	defer away.Close()
	loop := netip.MustParseAddr("127.0.0.1")
	tr := &transport{within: fence{gateways: []netip.Addr{loop}}, self: loop}
	if _, err := tr.get(t.Context(), huge.URL); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("an endless description: %v", err)
	}
	if _, err := tr.get(t.Context(), away.URL); err == nil || !strings.Contains(err.Error(), "HTTP 302") {
		t.Errorf("a description that leads elsewhere: %v", err)
	}
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	fine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<root/>") }))
	defer fine.Close()
	if _, err := tr.get(t.Context(), fine.URL); err != nil {
		t.Errorf("with a proxy in the environment: %v", err)
	}
	outside := &transport{within: fence{gateways: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}}
	if _, err := outside.get(t.Context(), fine.URL); err == nil || !strings.Contains(err.Error(), errOutside.Error()) {
		t.Errorf("a description from outside the fence: %v", err)
	}
}

func TestNamesAreFitForAPage(t *testing.T) {
	if got := plain("A\u0007VM\n  Fritz\x00!Box \x9f", 80); got != "AVM Fritz!Box" {
		t.Errorf("got %q", got)
	}
	if got := plain(strings.Repeat("ä", 60), 80); len(got) != 80 {
		t.Errorf("%d bytes, want 80", len(got))
	}
}
