package reach

import (
	"net/netip"
	"time"

	"latchkey/appliance/settings"
	"latchkey/dyndns/provider"
)

// Overview is everything that the page shows of the public path.
type Overview struct {
	Mode           string         `json:"mode"` // "", ModeHome or ModePublic
	Plan           *PlanShape     `json:"plan"` // null while there is none
	Lines          []Line         `json:"lines"`
	Steps          []Step         `json:"steps"`
	Ready          bool           `json:"ready"` // the name's part of the first run is done
	Providers      []ProviderInfo `json:"providers"`
	History        []Change       `json:"history"`
	Manual         Manual         `json:"manual"`
	Proof          Proof          `json:"proof"`
	Open           bool           `json:"open"`    // the door was asked for
	Trusted        string         `json:"trusted"` // see Reach.Trusted
	Proxies        []string       `json:"proxies"`
	CredentialsSet bool           `json:"credentialsSet"`
}

// PlanShape is a plan as it goes over the wire.
type PlanShape struct {
	Name          string `json:"name"`
	Lan           string `json:"lan,omitempty"`
	Zone          string `json:"zone,omitempty"`
	URL           string `json:"url"`
	Provider      string `json:"provider"`
	Challenge     string `json:"challenge,omitempty"`
	ChallengeName string `json:"challengeName,omitempty"`
	Door          Door   `json:"door"`
	Port          uint16 `json:"port"`
	TTLSeconds    int    `json:"ttlSeconds"`
	UnseenSeconds int    `json:"unseenSeconds"`
	Certificate   bool   `json:"certificate"`
	Notes         []Note `json:"notes"`
}

// Shape is the plan as it goes over the wire.
func (p Plan) Shape() *PlanShape {
	notes := p.Notes
	if notes == nil {
		notes = []Note{}
	}
	return &PlanShape{
		Name: p.Name, Lan: p.Lan, Zone: p.Zone, URL: p.Public(), Provider: p.Provider, Challenge: p.Challenge, ChallengeName: p.ChallengeName,
		Door: p.Door, Port: p.Port, TTLSeconds: int(p.TTL.Seconds()), UnseenSeconds: int(p.Unseen.Seconds()), Certificate: p.Certificate, Notes: notes,
	}
}

// Manual is what to enter in the router for a forwarding by hand.
type Manual struct {
	External uint16     `json:"external"`
	Internal uint16     `json:"internal"`
	Address  netip.Addr `json:"address,omitzero"` // of this machine at home
	Router   string     `json:"router,omitempty"` // where the router's settings are
}

// ProviderInfo is a provider as the wizard shows it.
type ProviderInfo struct {
	ID            string          `json:"id"`
	Title         string          `json:"title"`
	Site          string          `json:"site"`
	Help          string          `json:"help"`
	Free          bool            `json:"free"`
	Suffixes      []string        `json:"suffixes"`
	Fields        []ProviderField `json:"fields"`
	Subnames      bool            `json:"subnames"`
	TXT           int             `json:"txt"`
	Certificate   bool            `json:"certificate"`
	MinTTLSeconds int             `json:"minTtlSeconds"`
	ChallengeOnly bool            `json:"challengeOnly"` // holds the certificate's proof, and no addresses
}

// ProviderField is one thing to type for a provider.
type ProviderField struct {
	Key      string `json:"key"`
	Title    string `json:"title"`
	Help     string `json:"help"`
	Secret   bool   `json:"secret"`
	Optional bool   `json:"optional"`
	Lines    bool   `json:"lines"` // may be several lines, as of a file
}

// Change is one change of address, newest first in a history.
type Change struct {
	Time        time.Time `json:"time"`
	Name        string    `json:"name"`
	Family      int       `json:"family"`
	From        string    `json:"from"` // "" where there was none
	To          string    `json:"to"`   // "" where it was taken away
	TookSeconds float64   `json:"tookSeconds"`
}

// shownHistory is as much as somebody looks at.
const shownHistory = 100

// Overview tells how the public path is now.
func (r *Reach) Overview() Overview {
	s := r.cfg.Settings
	o := Overview{
		Mode: s.Text(settings.ReachMode), Lines: []Line{}, Steps: []Step{}, Providers: Providers(), History: r.history(),
		Open: r.opening(), Trusted: r.Trusted(), Proxies: s.Texts(settings.ReachProxies), CredentialsSet: s.Secret(settings.ReachCredentials) != "",
	}
	if o.Proxies == nil {
		o.Proxies = []string{}
	}
	a := r.now()
	if o.Mode == ModePublic && r.chosen().Name == "" {
		o.Lines = append(o.Lines, r.clockLine())
		return o
	}
	if o.Mode == ModePublic && r.held() {
		o.Plan = plan(r.chosen(), "").Shape()
		o.Lines = append(o.Lines, heldLine(), r.clockLine())
		return o
	}
	if o.Mode == ModePublic && (!a.set || !sameChoice(a.choice, r.chosen())) {
		a = aim{set: true, choice: r.chosen()} // it is about to be taken up
		a.plan = plan(a.choice, "")
	}
	f := r.gather(a)
	o.Manual = f.manual(a.choice)
	if o.Mode != ModePublic {
		o.Lines = append(o.Lines, r.clockLine())
		return o
	}
	o.Plan = f.plan.Shape()
	o.Lines, o.Steps, o.Ready, o.Proof = append(f.lines(), r.clockLine()), append(o.Steps, f.steps()...), f.ready(), f.judge()
	return o
}

// Lines are the lines of the public path alone, with the clock's; none where
// the house is reached at home only.
func (r *Reach) Lines() []Line {
	o := r.Overview()
	if o.Plan == nil {
		return nil
	}
	return o.Lines
}

// Named reports whether the name and its certificate are there, as the first
// run asks.
func (r *Reach) Named() bool { return r.phase().name }

// Opened reports whether the door is proven, or its proof was put off.
func (r *Reach) Opened() bool { return r.phase().door }

// clockLine is the clock's, as the whole house tells it.
func (r *Reach) clockLine() Line {
	f := r.cfg.Clock()
	return Line{Code: "clock", State: State(f.State), Text: f.Text, Hint: f.Hint}
}

func (f facts) manual(c Choice) Manual {
	m := Manual{External: f.port, Address: f.local}
	if len(f.ports) > 0 {
		m.Internal = f.ports[0]
	}
	if m.External == 0 {
		m.External = 443
	}
	if c.Door == DoorManual && c.Port != 0 {
		m.External = uint16(c.Port) //nolint:gosec // refuse() bounds it
	}
	if f.gateway.IsValid() {
		m.Router = "http://" + f.gateway.String()
	}
	return m
}

func (r *Reach) history() []Change {
	all := []Change{}
	for _, c := range r.cfg.Keeper.State().History {
		if len(all) == shownHistory {
			break
		}
		all = append(all, Change{c.Time, c.Name, int(c.Family), text(c.From), text(c.To), c.Took.Seconds()})
	}
	return all
}

func text(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// Providers is the table of providers, as the wizard shows it.
func Providers() []ProviderInfo {
	var all []ProviderInfo
	for _, i := range provider.Table() {
		p := ProviderInfo{
			ID: i.ID, Title: i.Title, Site: i.Site, Help: i.TokenHelp, Free: i.Free, Suffixes: i.Suffixes,
			Subnames: i.Subnames, TXT: i.TXT, Certificate: i.TXT > 0, MinTTLSeconds: int(i.MinTTL.Seconds()), ChallengeOnly: i.ChallengeOnly, Fields: []ProviderField{},
		}
		if p.Suffixes == nil {
			p.Suffixes = []string{}
		}
		for _, f := range i.Fields {
			p.Fields = append(p.Fields, ProviderField{f.Key, f.Title, f.Help, f.Secret, f.Optional, f.Lines})
		}
		all = append(all, p)
	}
	return all
}

// phase is where the public part of the first run stands.
type phase struct{ name, door bool }

func (r *Reach) phase() phase {
	a := r.now()
	if !a.set {
		return phase{}
	}
	f := r.gather(a)
	return phase{
		name: a.plan.Door == DoorProxy || f.ready(),
		door: f.judge().State == Proven || f.memory.Later,
	}
}
