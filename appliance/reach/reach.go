// Package reach owns the public path as one plan: the name, who holds its
// records, the door through the router, and the certificate. The wizard, the
// settings page and doctor use the same check, apply and watch. How a name is
// kept true, a port opened or a certificate obtained is the business of the
// packages that it drives; reach decides what they should aim at, and tells in
// a person's words how it goes.
//
// What is aimed at follows from the settings alone, so that a kill at any
// point resumes: a step is done when what it makes is there.
package reach

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"latchkey/appliance/certs"
	"latchkey/appliance/health"
	"latchkey/appliance/settings"
	"latchkey/dyndns"
	"latchkey/dyndns/authority"
	"latchkey/dyndns/portmap"
	"latchkey/dyndns/provider"
	"latchkey/dyndns/publicip"
	"latchkey/dyndns/uplink"
)

// Mapper holds the port open; portmap.Mapper is one.
type Mapper interface {
	Hold(want *portmap.Want)
	Avoid(external uint16)
	Changed()
	State() portmap.State
	Subscribe(fn func(portmap.State))
}

// Keeper makes DNS true; dyndns.Keeper is one.
type Keeper interface {
	Follow(p *dyndns.Plan)
	Observe(l dyndns.Local)
	Nudge(why string)
	Retry()
	Withdraw(ctx context.Context) error
	Pace(fast bool)
	State() dyndns.State
	Verdicts() (v4, v6 publicip.Verdict)
}

// Certificates obtains and renews; certs.Public is one.
type Certificates interface {
	Manage(w certs.Want)
	Try(ctx context.Context, name string) error
	State() certs.PublicState
}

// Authority knows what DNS says; authority.Authority is one. Each method asks
// the network and ends with ctx.
type Authority interface {
	Zone(ctx context.Context, name string) (authority.Zone, error)
	Addresses(ctx context.Context, name string, family int) (authority.Answer, error)
	Texts(ctx context.Context, name string) ([]string, error)
	Resolve(ctx context.Context, name string, family int) (authority.Answer, error)
}

// Provider is an opened DNS provider; provider.Client is one.
type Provider interface {
	dyndns.Provider
	certs.DNS
	Info() provider.Info
	Prove(ctx context.Context, name string) error
	Proxied(ctx context.Context, name string) (bool, error)
}

// Keep remembers one sealed blob; Load answers nil where nothing was saved.
type Keep interface {
	Load(ctx context.Context) ([]byte, error)
	Save(ctx context.Context, blob []byte) error
}

// Uplink tells the machine's way out.
type Uplink interface {
	Now() (uplink.Route, error)
}

// Config is what Reach drives and asks. Every field is required but Checker.
type Config struct {
	Settings     *settings.Settings
	Board        *health.Board
	Keep         Keep
	Uplink       Uplink
	Mapper       Mapper
	Keeper       Keeper
	Certificates Certificates
	Authority    Authority
	Open         func(id string, o provider.Options) (Provider, error)
	HasOwner     func(context.Context) (bool, error)
	// Ports are those of the main door that every address of the machine
	// answers on; Extra opens further ones while the house serves, and closes
	// those that it opened before and that are not named any more.
	Ports func() []uint16
	Extra func(ctx context.Context, ports []uint16) error
	// Held reports whether the public path rests although it was chosen: after a
	// restore, until somebody says that the old machine is off, since two houses
	// that each keep the name true would tear at it. nil: never.
	Held func() bool
	// Clock says the clock's line: whether its time is trusted, and what to do.
	Clock   func() health.Finding
	Now     func() time.Time
	Test    []netip.Prefix // ranges that a laboratory counts as public
	Checker *http.Client   // for the checker's URL; nil: one of our own
	Log     *slog.Logger
}

// Reach drives the public path of one house. It is safe for concurrent use.
type Reach struct {
	cfg  Config
	wake chan struct{}

	looking   sync.Mutex // held by the one look at home
	following sync.Mutex // held while a choice is taken up

	mu      sync.Mutex
	memory  memory
	dirty   bool         // memory differs from what is kept
	aim     aim          // what was last aimed at
	token   trial        // of the present credentials
	fails   int          // trials in a row
	trying  int          // trials under way
	holding bool         // the proof is about the door as it is now
	home    homeView     // how the names look from inside
	checked checked      // what the checker was last asked
	router  []netip.Addr // what routers last said of our addresses
}

// aim is a choice that is driven, with what was opened for it.
type aim struct {
	set       bool
	choice    Choice
	plan      Plan
	provider  Provider // nil with Watch, DoorProxy, or where it can't be opened
	challenge Provider
	trouble   error // why it can't be opened
	again     bool  // it is to be opened anew, though nothing was chosen anew
	// challengeZone is where the proof for the CA is written.
	challengeZone string
	opened        time.Time
}

// New loads what is remembered and aims at nothing yet.
func New(ctx context.Context, cfg Config) (*Reach, error) {
	r := &Reach{cfg: cfg, wake: make(chan struct{}, 1)}
	if r.cfg.Checker == nil {
		r.cfg.Checker = &http.Client{Timeout: checkerPatience}
	}
	var err error
	if r.memory, err = loadMemory(ctx, cfg.Keep); err != nil {
		return nil, err
	}
	for _, key := range []string{
		settings.ReachMode, settings.ReachName, settings.ReachProvider, settings.ReachDoor, settings.ReachPort, settings.ReachOpen,
		settings.ReachCredentials, settings.ReachChallenge, settings.ReachChallengeName, settings.ReachChallengeCredentials,
	} {
		cfg.Settings.Subscribe(key, func(any) { r.Wake() })
	}
	cfg.Mapper.Subscribe(r.routerTold)
	return r, nil
}

// Wake makes Run look again at once. It never blocks.
func (r *Reach) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// UplinkChanged tells that the machine's own network is another now.
func (r *Reach) UplinkChanged() {
	r.cfg.Mapper.Changed()
	r.cfg.Keeper.Nudge("the home network changed")
	r.Wake()
}

// Told hears that the keeper or the certificates have news.
func (r *Reach) Told() { r.Wake() }

// lookEvery is how often Run looks though nothing called it: conditions age.
const lookEvery = 30 * time.Second

// Run drives the parts towards the plan until ctx ends.
func (r *Reach) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	go r.watchHome(ctx)
	for {
		r.converge(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
		case <-tick.C:
		}
	}
}

// converge brings what is driven in line with the settings and with what the
// parts report. It does not wait for any of them.
func (r *Reach) converge(ctx context.Context) {
	a := r.follow(ctx)
	r.tryAgain(ctx, a)
	r.openDoor(ctx, a)
	r.observe(a)
	r.judgeProof(a)
	r.pin(a)
	r.remember(ctx)
}

// follow takes up a changed choice.
func (r *Reach) follow(ctx context.Context) aim {
	r.following.Lock()
	defer r.following.Unlock()
	public := r.cfg.Settings.Text(settings.ReachMode) == ModePublic
	choice := r.chosen()
	r.mu.Lock()
	before := r.aim
	r.mu.Unlock()
	if !public || choice.Name == "" || r.held() {
		if before.set {
			r.rest()
		}
		if public && r.held() {
			// Whoever comes by the name meets its certificate, for as long as it is good.
			r.cfg.Certificates.Manage(certs.Want{Names: r.heldNames()})
		}
		return aim{}
	}
	if before.set && sameChoice(before.choice, choice) && !before.again && !r.stale(ctx, before) {
		return before
	}
	if !before.set && choice.Door != DoorProxy {
		// Finding the zone takes seconds where there is no internet yet; what is
		// kept is served meanwhile.
		r.cfg.Certificates.Manage(certs.Want{Names: plan(choice, "").names()})
	}
	a := r.opened(ctx, choice)
	a.set, a.opened = true, r.cfg.Now()
	r.mu.Lock()
	r.aim = a
	r.token, r.fails = trial{}, 0
	r.home = homeView{}
	r.mu.Unlock()
	r.drive(a)
	go r.try(ctx, a)
	return a
}

// stale reports whether what was opened should be opened again: without the
// internet its zone could not be found, and now it can. Until then the provider
// is left in peace: each opening is proved by a record that is written and
// deleted.
func (r *Reach) stale(ctx context.Context, a aim) bool {
	now := r.cfg.Now()
	if a.plan.Door == DoorProxy || a.plan.Zone != "" || now.Sub(a.opened) < lookEvery {
		return false
	}
	r.mu.Lock()
	r.aim.opened = now
	r.mu.Unlock()
	return r.zone(ctx, a.choice.Name).Name != ""
}

// renew has the present choice opened and driven again.
func (r *Reach) renew() {
	r.mu.Lock()
	r.aim.again = true
	r.mu.Unlock()
	r.Wake()
}

// drive hands the plan to those that carry it out.
func (r *Reach) drive(a aim) {
	if a.plan.Door == DoorProxy {
		r.letGo()
		return
	}
	p := &dyndns.Plan{
		Name: a.plan.Name, Lan: a.plan.Lan, TTL: a.plan.TTL, V6: a.plan.V6, CanPublishBehind: a.plan.Door == DoorManual,
		Mark: markOf(a.choice.Provider, "", a.choice.Credentials),
	}
	if a.provider != nil {
		p.Provider, p.Clears, p.Propagation = a.provider, a.provider.Info().Clears, a.provider.Info().Propagation
	}
	r.cfg.Keeper.Follow(p)
	r.cfg.Certificates.Manage(r.certificates(a))
}

// certificates is what there should be certificates for, and how the CA is
// convinced. Without anybody who can convince it, those that are kept serve on.
func (r *Reach) certificates(a aim) certs.Want {
	w := certs.Want{Names: []string{a.plan.Name}}
	if a.plan.Lan != "" {
		w.Names = append(w.Names, a.plan.Lan)
	}
	if a.plan.Certificate && a.challenge != nil {
		w.Solver = certs.Solver{
			DNS: a.challenge, ID: a.mark(), OverrideDomain: a.plan.ChallengeName, Zone: a.challengeZone, TTL: a.plan.TTL,
			Settle: certSettle, Patience: challengePatience + 2*a.challenge.Info().Propagation, Serial: a.challenge.Info().TXT == 1, Texts: r.cfg.Authority.Texts,
		}
	}
	return w
}

// How long a challenge's record is given: a first look after two seconds,
// which most providers manage, and patience for those that don't.
const (
	certSettle        = 2 * time.Second
	challengePatience = 2 * time.Minute
)

// mark changes with whoever answers the challenge and with its credentials; it
// tells nothing of them.
func (a aim) mark() string {
	id, secrets := a.choice.Challenge, a.choice.ChallengeCredentials
	if id == "" {
		id, secrets = a.choice.Provider, a.choice.Credentials
	}
	return markOf(id, a.choice.ChallengeName, secrets)
}

// rest aims at nothing: no name, no door; certificates that are there stay.
func (r *Reach) rest() {
	r.mu.Lock()
	r.aim = aim{}
	r.mu.Unlock()
	r.letGo()
}

// letGo has nothing kept, obtained or opened by us.
func (r *Reach) letGo() {
	r.cfg.Keeper.Follow(nil)
	r.cfg.Certificates.Manage(certs.Want{})
	r.cfg.Mapper.Hold(nil)
}

func sameChoice(a, b Choice) bool {
	return a.Name == b.Name && a.Provider == b.Provider && a.Door == b.Door && a.Port == b.Port &&
		a.Challenge == b.Challenge && a.ChallengeName == b.ChallengeName &&
		sameSecrets(a.Credentials, b.Credentials) && sameSecrets(a.ChallengeCredentials, b.ChallengeCredentials)
}

// now gives what is aimed at.
func (r *Reach) now() aim {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.aim
}
