package reach

import (
	"context"
	"time"

	"latchkey/dyndns/authority"
	"latchkey/dyndns/provider"
)

// opened opens the providers of a choice.
func (r *Reach) opened(ctx context.Context, c Choice) aim {
	if c.Door == DoorProxy {
		return aim{choice: c, plan: plan(c, "")}
	}
	zone := r.zone(ctx, c.Name)
	a := aim{choice: c, plan: plan(c, zone.Name)}
	if c.Provider != "" && c.Provider != Watch {
		a.provider, a.trouble = r.open(c.Provider, c.Credentials, zone)
	}
	switch {
	case c.Challenge == "":
		a.challenge, a.challengeZone = a.provider, zone.Name
	default:
		at := c.ChallengeName
		if at == "" {
			at = c.Name
		}
		other := r.zone(ctx, at)
		a.challengeZone = other.Name
		var err error
		if a.challenge, err = r.open(c.Challenge, c.ChallengeCredentials, other); a.trouble == nil {
			a.trouble = err
		}
	}
	return a
}

func (r *Reach) open(id string, credentials map[string]string, zone authority.Zone) (Provider, error) {
	p, err := r.cfg.Open(id, provider.Options{Credentials: credentials, Zone: zone.Name, Primary: primary(zone), Log: r.cfg.Log})
	if err != nil {
		return nil, err // never a typed nil
	}
	return p, nil
}

// zone finds the zone of a name; a zone without a name where it can't be found
// now, which the provider then tries itself.
func (r *Reach) zone(ctx context.Context, name string) authority.Zone {
	ctx, cancel := context.WithTimeout(ctx, zonePatience)
	defer cancel()
	zone, err := r.cfg.Authority.Zone(ctx, name)
	if err != nil {
		r.cfg.Log.Debug("finding the zone", "error", err)
	}
	return zone
}

// zonePatience is short, since nothing else goes on meanwhile.
const zonePatience = 5 * time.Second

func primary(zone authority.Zone) string {
	for _, s := range zone.Servers {
		if s.Name == zone.Primary && len(s.Addrs) > 0 {
			return s.Addrs[0].String()
		}
	}
	return zone.Primary
}
