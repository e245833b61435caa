package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
)

// duckDNS stands in for www.duckdns.org/update as duckdns.org/spec.jsp has it. It holds one name, below which
// every name says the same; and one TXT at a time.
type duckDNS struct {
	token, name string
	zones       *zones

	mu     sync.Mutex
	v4, v6 string
}

// ServeHTTP answers one update: OK or KO, and with verbose what there is now.
func (d *duckDNS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r.URL.Path != "/update" || r.FormValue("token") != d.token || !d.mine(r.FormValue("domains")) {
		_, _ = io.WriteString(w, "KO")
		return
	}
	changed, err := d.update(r)
	if err != nil {
		_, _ = io.WriteString(w, "KO")
		return
	}
	_, _ = io.WriteString(w, "OK")
	if r.FormValue("verbose") != "true" {
		return
	}
	if r.Form.Has("txt") {
		_, _ = fmt.Fprintf(w, "\n%s\n%s", r.FormValue("txt"), said(changed))
		return
	}
	_, _ = fmt.Fprintf(w, "\n%s\n%s\n%s", d.v4, d.v6, said(changed))
}

func said(changed bool) string {
	if changed {
		return "UPDATED"
	}
	return "NOCHANGE"
}

// mine: names may be given with the suffix and with labels before ours, which are cut.
func (d *duckDNS) mine(domains string) bool {
	labels := strings.Split(strings.TrimSuffix(domains, ".duckdns.org"), ".")
	return labels[len(labels)-1] == d.name
}

func (d *duckDNS) update(r *http.Request) (changed bool, err error) {
	clear := r.FormValue("clear") == "true"
	if r.Form.Has("txt") {
		data := []string{fmt.Sprintf("%q", r.FormValue("txt"))}
		if clear {
			data = nil
		}
		return true, d.everywhere("TXT", data...)
	}
	v4, v6 := r.FormValue("ip"), r.FormValue("ipv6")
	if a, err := netip.ParseAddr(v4); err == nil && a.Is6() {
		v4, v6 = d.v4, v4
	}
	if v4 == "" && v6 == "" && !clear {
		v4 = netip.MustParseAddrPort(r.RemoteAddr).Addr().Unmap().String()
	}
	if v4 == "" && !clear {
		v4 = d.v4
	}
	if v6 == "" && !clear {
		v6 = d.v6
	}
	changed = v4 != d.v4 || v6 != d.v6
	d.v4, d.v6 = v4, v6
	return changed, errors.Join(d.everywhere("A", some(v4)...), d.everywhere("AAAA", some(v6)...))
}

// everywhere sets a record of the name and of all names below it.
func (d *duckDNS) everywhere(kind string, data ...string) error {
	name := d.name + ".duckdns.org"
	return errors.Join(
		d.zones.replace("duckdns.org", name, kind, 60, data...),
		d.zones.replace("duckdns.org", "*."+name, kind, 60, data...),
	)
}

func some(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// dynDNS stands in for an update server of the protocol that routers and ddclient speak, as
// help.dyn.com/remote-access-api documents it.
type dynDNS struct {
	user, password, name string
	zones                *zones

	mu   sync.Mutex
	have map[string]string // by kind of record
}

// ServeHTTP answers one update in one word or two.
func (d *dynDNS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	user, password, _ := r.BasicAuth()
	switch {
	case user != d.user || password != d.password:
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "badauth")
	case r.URL.Path != "/nic/update":
		http.NotFound(w, r)
	case r.FormValue("hostname") != d.name:
		_, _ = io.WriteString(w, "nohost")
	default:
		_, _ = io.WriteString(w, d.update(r))
	}
}

func (d *dynDNS) update(r *http.Request) string {
	given := r.FormValue("myip")
	if given == "" {
		given = netip.MustParseAddrPort(r.RemoteAddr).Addr().Unmap().String()
	}
	word := "nochg"
	for text := range strings.SplitSeq(given, ",") {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return "badip"
		}
		kind := "A"
		if a.Is6() {
			kind = "AAAA"
		}
		if d.have[kind] == a.String() {
			continue
		}
		if err := d.zones.replace("dyn.test", d.name, kind, 60, a.String()); err != nil {
			return "dnserr"
		}
		if d.have == nil {
			d.have = map[string]string{}
		}
		d.have[kind], word = a.String(), "good"
	}
	return word + " " + given
}
