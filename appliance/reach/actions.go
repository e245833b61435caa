package reach

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"latchkey/appliance/health"
	"latchkey/appliance/problem"
	"latchkey/appliance/settings"
	"latchkey/dyndns"
	"latchkey/dyndns/authority"
	"latchkey/dyndns/provider"
	"latchkey/dyndns/publicip"
)

var (
	errNoOwner = problem.New(problem.Refused, "reach.owner",
		"The door stays closed until the house has an owner.", "Make the owner's account first.")
	errNoName = problem.New(problem.Refused, "reach.none",
		"This house has no name on the internet yet.", "Choose one first.")
)

// Check says what would follow from a choice, and what speaks against it. It
// asks DNS and keeps nothing.
func (r *Reach) Check(ctx context.Context, c Choice) (Plan, []health.Finding, error) {
	c = r.completed(c.tidy())
	if err := c.refuse(); err != nil {
		return Plan{}, nil, err
	}
	if c.Door == DoorProxy {
		return plan(c, ""), nil, r.known(c)
	}
	ctx, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	var found []health.Finding
	zone, err := r.cfg.Authority.Zone(ctx, c.Name)
	if c.Provider == "" {
		c.Provider = provider.Guess(names(zone))
	}
	p := plan(c, zone.Name)
	if c.Provider != "" {
		if err := r.known(c); err != nil {
			return p, nil, err
		}
	}
	if err != nil {
		found = append(found, zoneFinding(c, err))
	} else {
		found = append(found, r.standing(ctx, c, zone)...)
	}
	if len(c.Credentials) > 0 && c.Provider != Watch && c.Provider != "" {
		if _, err := r.open(c.Provider, c.Credentials, zone); err != nil {
			x := problem.Of(err)
			found = append(found, bad(FindToken, x.Text, x.Hint))
		}
	}
	return p, found, nil
}

// checkPatience bounds what somebody waits for a preview.
const checkPatience = 8 * time.Second

func (r *Reach) known(c Choice) error {
	for _, id := range []string{c.Provider, c.Challenge} {
		if id == "" || id == Watch && id == c.Provider {
			continue
		}
		if _, ok := provider.Find(id); !ok {
			return problem.New(problem.Refused, "reach.provider", fmt.Sprintf("This Latchkey knows no provider %q.", id), "Choose one of the list.")
		}
	}
	if info, ok := provider.Find(c.Provider); ok && info.ChallengeOnly {
		return problem.New(problem.Refused, "reach.provider", info.Title+" holds the proof for a certificate and no addresses.", "Choose who keeps "+c.Name+" as well.")
	}
	if c.Provider == "" && c.Door != DoorProxy {
		return problem.New(problem.Refused, "reach.provider", "Nobody is named who holds the name's records.", "Choose the provider where you registered "+c.Name+".")
	}
	return nil
}

func zoneFinding(c Choice, err error) health.Finding {
	if errors.Is(err, authority.ErrNoZone) {
		return bad(FindRecord, "Nobody on the internet knows the domain of "+c.Name+".", "Look for a typing mistake; a domain that was just registered may take some hours.")
	}
	if errors.Is(err, authority.ErrIntercepted) {
		return warn(FindRecord, "Something on the way answers DNS questions in the place of the real servers.", "Latchkey will rely on the provider's word. A router's “DNS filter” or a parental control is the usual cause.")
	}
	return warn(FindRecord, "The internet's DNS servers could not be asked just now.", "Look whether this computer has internet; going on is possible.")
}

// standing looks at what the name says now, and who keeps its zone.
func (r *Reach) standing(ctx context.Context, c Choice, zone authority.Zone) []health.Finding {
	var found []health.Finding
	if guess := provider.Guess(names(zone)); guess != "" && c.Provider != "" && c.Provider != Watch && c.Provider != guess && c.Provider != "rfc2136" && c.Provider != "dyndns2" {
		info, _ := provider.Find(guess)
		mine, _ := provider.Find(c.Provider)
		found = append(found, warn("reach.provider", fmt.Sprintf("The domain %s is kept at %s, not at %s.", zone.Name, info.Title, mine.Title), "Choose "+info.Title+", unless you know better."))
	}
	answer, err := r.cfg.Authority.Addresses(ctx, c.Name, publicip4)
	switch {
	case err != nil:
	case answer.CNAME != "":
		found = append(found, bad(FindRecord, c.Name+" is an alias of "+answer.CNAME+".", "Remove the alias (CNAME) at your provider, or choose another name such as vault."+zone.Name+"."))
	case len(answer.Addrs) > 0 && c.Provider != Watch:
		if r.ours(c.Name) {
			break
		}
		found = append(found, warn(FindRecord, c.Name+" leads to "+list(answer.Addrs)+" now.", "Latchkey will make it lead to this house instead. If a website lives there, choose another name such as vault."+zone.Name+"."))
	}
	return found
}

func names(zone authority.Zone) []string {
	var all []string
	for _, s := range zone.Servers {
		all = append(all, s.Name)
	}
	return all
}

// ours reports whether the keeper holds name already.
func (r *Reach) ours(name string) bool {
	for _, x := range r.cfg.Keeper.State().Records {
		if x.Name == name {
			return true
		}
	}
	return false
}

// Apply keeps the choice and starts to carry it out; how that goes is told by
// Overview.
func (r *Reach) Apply(ctx context.Context, c Choice) error {
	c = r.completed(c.tidy())
	if err := c.refuse(); err != nil {
		return err
	}
	if err := r.known(c); err != nil {
		return err
	}
	if c.Provider != "" && c.Provider != Watch {
		// What can't be right is refused before it is kept: a field left out, a
		// key of another kind.
		if _, err := r.open(c.Provider, c.Credentials, authority.Zone{Name: guessZone(c.Name)}); err != nil {
			return err
		}
	}
	left, unkept := "", ""
	switch now := r.now(); {
	case !now.set:
	case now.plan.Name != c.Name:
		left = r.withdraw(ctx, now)
	case c.Door == DoorProxy && now.plan.Door != DoorProxy && now.plan.Provider != Watch:
		// The record stays: a proxy in this house needs it as much as we did.
		unkept = c.Name
	}
	if err := r.choose(ctx, c); err != nil {
		r.renew() // the keeper may have let go of the old name already
		return err
	}
	r.change(func(m *memory) bool {
		m.Home, m.Later, m.Leftover, m.Unkept = time.Time{}, false, left, unkept
		return true
	})
	r.Wake()
	return nil
}

// guessZone serves only to look at the shape of credentials.
func guessZone(name string) string {
	_, zone, ok := strings.Cut(name, ".")
	if !ok {
		return name
	}
	return zone
}

// Retry tries again what failed, with what was typed before.
func (r *Reach) Retry(ctx context.Context) error {
	a := r.now()
	if !a.set {
		return errNoName
	}
	r.renew()
	r.cfg.Keeper.Retry()
	r.cfg.Mapper.Changed()
	names := []string{a.plan.Name}
	if a.plan.Lan != "" {
		names = append(names, a.plan.Lan)
	}
	background := context.WithoutCancel(ctx)
	go func() {
		ctx, cancel := context.WithTimeout(background, retryPatience)
		defer cancel()
		for _, name := range names {
			if c, ok := r.gather(a).certificate(name); ok && (!c.Have || c.Problem != nil) {
				if err := r.cfg.Certificates.Try(ctx, name); err != nil {
					r.cfg.Log.Info("trying for a certificate again", "name", name, "error", err)
				}
			}
		}
		r.Wake()
	}()
	r.Wake()
	return nil
}

const retryPatience = 5 * time.Minute

// withdraw takes our records of a plan away; it names the one that may be left.
// A record that nobody keeps true any more would one day lead to a stranger.
func (r *Reach) withdraw(ctx context.Context, a aim) string {
	if a.provider == nil {
		if a.trouble != nil && r.wrote() {
			return a.plan.Name
		}
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, withdrawPatience)
	defer cancel()
	if err := r.cfg.Keeper.Withdraw(ctx); err != nil {
		r.cfg.Log.Warn("taking the records of the old name away", "error", err)
		return a.plan.Name
	}
	return ""
}

// wrote reports whether there are records that were set by us.
func (r *Reach) wrote() bool {
	return slices.ContainsFunc(r.cfg.Keeper.State().Records, func(x dyndns.Record) bool { return !x.Changed.IsZero() && len(x.Have) > 0 })
}

const withdrawPatience = 30 * time.Second

// Forget goes back to the home network only: the door closes, and the keeper
// takes our records away where the provider can. Where it can't, a notice says
// what is left.
func (r *Reach) Forget(ctx context.Context) error {
	left := r.withdraw(ctx, r.now())
	if err := r.cfg.Settings.Set(ctx, map[string]any{settings.ReachMode: ModeHome, settings.ReachOpen: false}); err != nil {
		r.renew() // the keeper has let go of the name already
		return err
	}
	r.change(func(m *memory) bool {
		m.Proof, m.Port, m.Foreign, m.Home, m.Later, m.Leftover, m.Unkept = proof{}, 0, "", time.Time{}, false, left, ""
		return true
	})
	r.Wake()
	return nil
}

// Names are those that a certificate of ours, or a browser at home, may call
// this house by: NAME and lan.NAME; none where it is reached at home only.
func (r *Reach) Names() []string {
	a := r.now()
	if !a.set && r.held() {
		return r.heldNames()
	}
	var names []string
	for _, n := range []string{a.plan.Name, a.plan.Lan} {
		if a.set && n != "" {
			names = append(names, n)
		}
	}
	return names
}

// Public is the house's address on the internet, "" where it has none that is
// open: what invitations and the recovery kit name.
func (r *Reach) Public() string {
	a := r.now()
	if !a.set || !r.opening() && a.plan.Door != DoorProxy {
		return ""
	}
	f := r.gather(a)
	return f.plan.Public()
}

// Trusted is the address by which a browser at home opens the house without a
// warning: lan.NAME where its certificate is there, else NAME where devices at
// home meet us under it, else "".
func (r *Reach) Trusted() string {
	a := r.now()
	if !a.set || a.plan.Door == DoorProxy {
		return ""
	}
	f := r.gather(a)
	if c, ok := f.certificate(a.plan.Lan); ok && c.Have && c.NotAfter.After(f.now) {
		if x, ok := f.record(a.plan.Lan, publicip.V4); ok && x.True && !f.rebound() {
			return "https://" + a.plan.Lan + f.lanPort()
		}
	}
	if f.home.Name.Meets.State == us {
		return f.plan.Public()
	}
	return ""
}
