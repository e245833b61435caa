package reach

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"latchkey/dyndns/provider"
)

// leastTTL is the lowest that is asked of any provider: a reset is seen a
// minute later, and resolvers that raise lower values are left in peace.
const leastTTL = time.Minute

// noticedWithin is how long it takes us to see a new address and write it down.
const noticedWithin = 10 * time.Second

// Note is something that a person should know before agreeing to a plan.
type Note struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// Plan is what follows from a choice: which names there will be, who holds
// them, and what to expect of them.
type Plan struct {
	Name          string
	Lan           string // lan.NAME, or "" where the provider can't hold it
	Zone          string // the zone that holds NAME; "" while nobody was asked
	Provider      string // "", Watch, or of the table
	Challenge     string // who holds the certificate's proof; "" where nobody does
	ChallengeName string // where the proof lies instead of _acme-challenge.NAME
	Door          Door
	Port          uint16 // outside; 0 while the router was not asked
	TTL           time.Duration
	Unseen        time.Duration // how long a new address may stay unseen
	Certificate   bool
	V6            bool // the provider can hold AAAA
	Notes         []Note
}

// Public is the plan's address: https://NAME, or https://NAME:PORT.
func (p Plan) Public() string {
	if p.Name == "" {
		return ""
	}
	return "https://" + p.Name + suffix(p.Port)
}

// names are those of the plan that there is.
func (p Plan) names() []string {
	if p.Lan == "" {
		return []string{p.Name}
	}
	return []string{p.Name, p.Lan}
}

func suffix(port uint16) string {
	if port == 0 || port == 443 {
		return ""
	}
	return ":" + strconv.Itoa(int(port))
}

// plan works out what follows from c where its name lies in zone, "" while
// that is not known. It asks nobody.
func plan(c Choice, zone string) Plan {
	p := Plan{Name: c.Name, Provider: c.Provider, Door: c.Door, ChallengeName: c.ChallengeName, TTL: leastTTL, Zone: zone}
	info, known := provider.FindFor(c.Provider, cmp.Or(zone, c.Name))
	if known {
		p.TTL = max(leastTTL, info.MinTTL)
		p.V6 = info.V6 && info.Clears
		if info.Subnames {
			p.Lan = "lan." + c.Name
		}
	}
	p.Challenge = challengeOf(c, info, known)
	p.Certificate = p.Challenge != "" && c.Door != DoorProxy
	p.Unseen = p.TTL + noticedWithin
	if c.Door == DoorProxy {
		p.Lan, p.V6 = "", false
	}
	if c.Door == DoorManual {
		p.Port = uint16(c.Port) //nolint:gosec // refuse() bounds it
		if p.Port == 0 {
			p.Port = 443
		}
	}
	p.Notes = notes(p, info, known)
	return p
}

// challengeOf is who can hold the TXT record of the certificate's proof.
func challengeOf(c Choice, info provider.Info, known bool) string {
	if c.Challenge != "" {
		if other, ok := provider.Find(c.Challenge); ok && other.TXT > 0 {
			return c.Challenge
		}
		return ""
	}
	if known && info.TXT > 0 {
		return c.Provider
	}
	return ""
}

func notes(p Plan, info provider.Info, known bool) []Note {
	var all []Note
	add := func(code, format string, args ...any) { all = append(all, Note{code, fmt.Sprintf(format, args...)}) }
	switch {
	case p.Door == DoorProxy:
		add("proxy", "Your proxy or tunnel answers for %s with its own certificate and hands requests on to this machine.", p.Name)
		return all
	case p.Provider == Watch:
		add("watch", "Something else keeps %s up to date. Latchkey only looks whether it is right, and tells you when it is not.", p.Name)
	case known:
		add("ttl", "When your router gets a new address, devices may need up to %s until they find the house again.", spoken(p.Unseen))
	}
	if !p.Certificate {
		add("no-certificate", "%s can't hold the proof that a certificate needs, so this way gets no certificate and browsers will warn. Choose another provider for the proof, or for the name.", titleOf(p.Provider, info))
	}
	if known && p.Lan == "" {
		add("no-lan", "%s can't hold lan.%s. At home the house opens by %s only if your router loops back, or if you enter the name in the router.", info.Title, p.Name, p.Name)
	}
	if known && !p.V6 {
		add("no-v6", "%s can't take a record back, so the house is reached over IPv4 only.", info.Title)
	}
	return all
}

func titleOf(id string, info provider.Info) string {
	if info.Title != "" {
		return info.Title
	}
	if id == Watch {
		return "A name that something else keeps"
	}
	return "This provider"
}

// spoken says a duration as people do: whole minutes or seconds.
func spoken(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d seconds", int(d.Round(time.Second).Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int((d+30*time.Second)/time.Minute))
	default:
		return fmt.Sprintf("%d hours", int((d+30*time.Minute)/time.Hour))
	}
}
