package appliance

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"latchkey/appliance/api"
	"latchkey/appliance/listen"
	"latchkey/appliance/problem"
)

// answer gives the page to whoever asks for it and everything else to the
// door.
func (a *Appliance) answer(w http.ResponseWriter, r *http.Request) {
	a.witness(r)
	if a.page == nil || !a.page.Has(r.URL.Path) || listen.Through(r) == listen.DoorSocket {
		a.door.ServeHTTP(w, r)
		return
	}
	if to, ok := a.elsewhere(r); ok {
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, to, http.StatusTemporaryRedirect)
		return
	}
	if r.URL.Path == "/" && a.door.Flooded(w, r) { // its files are kept by browsers
		return
	}
	a.page.ServeHTTP(w, r)
}

// isFile reports whether a path is that of one of the page's files.
func (a *Appliance) isFile(path string) bool { return a.page != nil && a.page.Has(path) }

// elsewhere sends the plain page on this computer to the one over TLS once the
// house has an owner: no password is typed without TLS from then on. What the
// wizard has loaded before goes on to its end.
func (a *Appliance) elsewhere(r *http.Request) (string, bool) {
	bound := a.bound.Load()
	if listen.Through(r) != listen.DoorPlain || r.URL.Path != "/" || bound == nil || bound.Port() == 0 {
		return "", false
	}
	if has, err := a.people.HasOwner(r.Context()); err != nil || !has {
		return "", false
	}
	if to := a.reach.Trusted(); to != "" {
		return to + "/", true // no certificate warning there
	}
	return "https://localhost" + port(bound.Port()) + "/", true
}

// links gives the addresses of the page with fragment behind "/#/". The one on
// the internet comes first, but not for the set-up, which goes on at home only.
func (a *Appliance) links(fragment string) []api.Link {
	all := []api.Link{}
	if url := a.reach.Public(); url != "" && !api.IsSetupFragment(fragment) {
		url += "/#/" + fragment
		all = append(all, api.Link{Kind: linkPublic, URL: url, QR: listen.QR(url)})
	}
	for _, l := range listen.Links(a.doors(), a.house.Info().Host, a.scout.Network().Addresses(), "/#/"+fragment) {
		all = append(all, api.Link{Kind: string(l.Kind), URL: l.URL, QR: l.QR})
	}
	return all
}

// linkPublic is the kind of the house's address on the internet.
const linkPublic = "public"

// doors are those that are open, or that serve will open with this
// configuration where nothing runs yet.
func (a *Appliance) doors() listen.Bound {
	if b := a.bound.Load(); b != nil {
		return *b
	}
	var planned listen.Bound
	for _, s := range a.cfg.Listen {
		if strings.HasPrefix(s, ":") {
			s = "[::]" + s
		}
		if at, err := netip.ParseAddrPort(s); err == nil {
			planned.TLS = append(planned.TLS, at)
		}
	}
	return planned
}

// base is the address that an invitation names: what another device at home
// can reach, the name first.
func (a *Appliance) base() string {
	here := "https://localhost" + port(a.doors().Port())
	for _, l := range a.links("") {
		url := strings.TrimSuffix(l.URL, "/#/")
		switch l.Kind {
		case linkPublic, string(listen.LinkHost), string(listen.LinkAddress):
			return url
		}
	}
	return here
}

func port(n uint16) string {
	if n == 0 || n == 443 {
		return ""
	}
	return ":" + strconv.Itoa(int(n))
}

func qr(text string) ([]string, error) {
	rows := listen.QR(text)
	if rows == nil {
		return nil, problem.New(problem.Refused, "qr.long", "The link is too long for a QR code.", "Copy it instead.")
	}
	return rows, nil
}

func (a *Appliance) trust() api.Trust {
	info := a.house.Info()
	return api.Trust{
		Fingerprint: info.Fingerprint, CAFingerprint: info.RootFingerprint,
		CAPEM: a.house.RootPEM(), CADER: a.house.RootDER(),
	}
}
