package appliance

import (
	"cmp"
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"latchkey/appliance/api"
	"latchkey/appliance/guard"
	"latchkey/appliance/health"
	"latchkey/appliance/listen"
	"latchkey/appliance/passkey"
)

// party is who the house is to a passkey, by the name under which its page is
// open. lan.NAME belongs to NAME, so that a passkey works at home and away
// (WebAuthn 5.1.2: the id may be a suffix of the host). An address is no name.
func (a *Appliance) party(r *http.Request) (passkey.Party, error) {
	host, err := listen.ParseHost(r.Host)
	if err != nil || host.Name == "" {
		return passkey.Party{}, a.nameless(r)
	}
	id := host.Name
	switch public := a.reach.Names(); {
	case slices.Contains(public, host.Name):
		id = public[0]
	case host.Name != "localhost" && !slices.Contains(a.house.Names(), host.Name):
		return passkey.Party{}, a.nameless(r)
	}
	return passkey.Party{ID: id, Name: "Latchkey", Origins: a.origins(host.Name), TopOrigins: passkey.Official()}, nil
}

// origins are where our own page may stand under that name: at the ports that
// are ours. The port in the Host header proves nothing, and another port of
// the same name may be somebody else's page.
func (a *Appliance) origins(name string) []string {
	doors := a.doors()
	var all []string
	for _, at := range doors.TLS {
		all = append(all, "https://"+name+port(at.Port()))
	}
	if public, err := url.Parse(a.reach.Public()); err == nil && public.Host != "" && slices.Contains(a.reach.Names(), name) {
		all = append(all, "https://"+name+port(portOf(public)))
	}
	if name == "localhost" && doors.Plain != 0 {
		all = append(all, "http://"+name+port(doors.Plain)) // a secure context, too
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func portOf(u *url.URL) uint16 {
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil {
		return 443
	}
	return uint16(n)
}

// nameless says that a passkey needs a name, and at home which one.
func (a *Appliance) nameless(r *http.Request) error {
	if at := a.named(); at != "" && a.scout.Origin(r) == listen.Home {
		return passkey.ErrName.With("url", at)
	}
	return passkey.ErrName
}

// named is an address of the page under a name, "" where there is none.
func (a *Appliance) named() string {
	for _, l := range a.links("") {
		if at, err := listen.ParseHost(strings.TrimSuffix(strings.TrimPrefix(l.URL, "https://"), "/#/")); err == nil && at.Name != "" && at.Name != "localhost" {
			return strings.TrimSuffix(l.URL, "#/")
		}
	}
	return ""
}

// origin is where a caller stands, as api sees it.
func (a *Appliance) origin(r *http.Request) api.Origin {
	where := a.scout.Origin(r)
	o := api.Origin{Home: where == listen.Home, Machine: where == listen.Machine}
	if !o.Home && !o.Machine {
		o.Spared = a.shared(a.client(r))
	}
	return o
}

// shared reports whether an address is one that must never be shut out: this
// computer, a proxy, or the router, under its address outside too.
func (a *Appliance) shared(addr netip.Addr) bool {
	return a.scout.Shared(addr) || slices.Contains(a.reach.Own(), addr)
}

// client is whom a request is made for, behind a declared proxy too.
func (a *Appliance) client(r *http.Request) netip.Addr { return a.scout.Client(r).Addr }

// crowd is where devices sign in from.
type crowd struct {
	sync.Mutex
	guard.Crowd
}

// wake tells watchGuard that guard has news; it never waits.
func (a *Appliance) wake() {
	select {
	case a.besieged <- struct{}{}:
	default:
	}
}

// entered notes from where devices sign in.
func (a *Appliance) entered(r *http.Request, device, kind string) {
	if a.scout.Origin(r) == listen.Machine {
		return
	}
	a.crowd.Lock()
	a.crowd.Saw(a.client(r), device, kind, a.scout.Undeclared(r))
	a.crowd.Unlock()
	a.wake()
}

// watchGuard pins what guard finds out: that somebody guesses, and that all
// callers seem to be one.
func (a *Appliance) watchGuard(ctx context.Context) error {
	again := time.NewTicker(time.Minute) // a siege ends by itself
	defer again.Stop()
	for {
		a.tellSieges(ctx)
		a.tellCrowd()
		select {
		case <-ctx.Done():
			return nil
		case <-a.besieged:
		case <-again.C:
		}
	}
}

// tellSieges pins one condition for all accounts of ours that are guessed at.
func (a *Appliance) tellSieges(ctx context.Context) {
	var names []string
	for _, s := range a.guard.Sieges() {
		who, err := a.people.ByEmail(ctx, s.Account)
		if err != nil {
			continue // nobody of ours: it costs us nothing
		}
		name := cmp.Or(who.Name, who.Email)
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	a.board.SetIf(len(names) > 0, health.Condition{
		Code: "guard.siege", Severity: health.Warning, Values: map[string]string{"names": strings.Join(names, ", ")},
		Text: "Somebody is guessing the password of " + strings.Join(names, ", ") + ".",
		Hint: "Nothing needs to be done: every device that has signed in before gets in as ever. A new one has to be at home, or be let in for ten minutes on the page.",
	})
}

// tellCrowd pins the condition that all callers seem to be one.
func (a *Appliance) tellCrowd() {
	a.crowd.Lock()
	addr, alone := a.crowd.Alone()
	a.crowd.Unlock()
	a.board.SetIf(alone, health.Condition{
		Code: "guard.alone", Severity: health.Warning, Values: map[string]string{"address": addr.String()},
		Text: "Everybody outside seems to call from one address, " + addr.String() + ".",
		Hint: "Something between passes them on. If it is a proxy of yours, name it under Settings, Reach, Trusted proxies; until then a stranger who guesses can't be told from your household.",
	})
}
