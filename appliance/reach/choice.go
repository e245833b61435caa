package reach

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"golang.org/x/net/publicsuffix"

	"latchkey/appliance/problem"
	"latchkey/appliance/settings"
)

// Modes of settings.ReachMode.
const (
	ModeHome   = "home"
	ModePublic = "public"
)

// Door says who lets strangers' connections through to this machine.
type Door string

// The doors of settings.ReachDoor.
const (
	DoorAuto   Door = "auto"   // we ask the router
	DoorManual Door = "manual" // a person entered a forwarding in the router
	DoorProxy  Door = "proxy"  // a reverse proxy or tunnel in front of us
)

// Watch stands in place of a provider where a router or ddclient keeps the
// name: we only look whether it is right.
const Watch = "watch"

// Choice is what a person decides about the public path. Credentials are only
// ever read here, never answered.
type Choice struct {
	Name        string            `json:"name"`        // the house's name on the internet, without a dot at its end
	Provider    string            `json:"provider"`    // of package provider's table, Watch, or "" with DoorProxy
	Credentials map[string]string `json:"credentials"` // by the provider's fields; nil: those kept already
	Door        Door              `json:"door"`        // empty: DoorAuto
	Port        int64             `json:"port"`        // DoorManual: the port outside; 0: 443
	// Challenge is the provider that holds the certificate's proof where the
	// name's own can't; empty: the name's own.
	Challenge            string            `json:"challenge"`
	ChallengeName        string            `json:"challengeName"` // where _acme-challenge.NAME points to by CNAME
	ChallengeCredentials map[string]string `json:"challengeCredentials"`
}

// tidy trims what a person typed or pasted, and lets a URL stand for a name.
func (c Choice) tidy() Choice {
	c.Name = tidyName(c.Name)
	c.ChallengeName = tidyName(c.ChallengeName)
	c.Provider, c.Challenge = strings.TrimSpace(c.Provider), strings.TrimSpace(c.Challenge)
	c.Credentials, c.ChallengeCredentials = tidyAll(c.Credentials), tidyAll(c.ChallengeCredentials)
	if c.Door == "" {
		c.Door = DoorAuto
	}
	return c
}

func tidyName(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	for _, scheme := range []string{"https://", "http://"} {
		s = strings.TrimPrefix(s, scheme)
	}
	s, _, _ = strings.Cut(s, "/")
	s, _, _ = strings.Cut(s, ":")
	return strings.Trim(s, ".")
}

func tidyAll(in map[string]string) map[string]string {
	if in == nil {
		return nil
	}
	out := make(map[string]string, len(in))
	for k, v := range in {
		if v = strings.TrimSpace(v); v != "" {
			out[k] = v
		}
	}
	return out
}

// refuse says what is wrong with the choice itself, before anybody is asked.
func (c Choice) refuse() error {
	if why := refuseName(c.Name); why != "" {
		return problem.New(problem.Refused, "reach.name", why,
			"Write it as a browser would open it, for example vault.example.org.").With("name", c.Name)
	}
	switch c.Door {
	case DoorAuto, DoorManual, DoorProxy:
	default:
		return problem.New(problem.Refused, "reach.door.unknown", fmt.Sprintf("There is no way called %q through the router.", c.Door), "Choose automatic, by hand, or somebody else.")
	}
	if c.Port < 0 || c.Port > 65535 {
		return problem.New(problem.Refused, "reach.port", "A port is a number from 1 to 65535.", "Take 443 where your router allows it.")
	}
	if c.ChallengeName != "" && refuseName(c.ChallengeName) != "" {
		return problem.New(problem.Refused, "reach.challenge.name", "The name for the certificate's proof is not a name on the internet.", "It is the one that _acme-challenge."+c.Name+" points to.")
	}
	return nil
}

// refuseName is for a person; "" means that the name can be one on the internet.
func refuseName(name string) string {
	switch {
	case name == "":
		return "The house needs a name on the internet."
	case len(name) > 240: // leaves room for lan. and _acme-challenge. below 253
		return "This name is too long."
	case !strings.Contains(name, "."):
		return "A name on the internet has a dot in it."
	}
	labels := strings.Split(name, ".")
	for _, l := range labels {
		if !label(l) {
			return fmt.Sprintf("%q can't be a part of a name on the internet.", l)
		}
	}
	if strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return "This is an address and not a name."
	}
	for _, d := range []string{"local", "lan", "localhost", "internal", "home.arpa"} {
		if name == d || strings.HasSuffix(name, "."+d) {
			return "Names below ." + d + " exist at home only."
		}
	}
	if suffix, _ := publicsuffix.PublicSuffix(name); suffix == name {
		return "Everybody shares the name " + name + "; yours stands before it."
	}
	return ""
}

// label reports whether s is a label by RFC 1123, in lower case.
func label(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// chosen reads the present choice from the settings.
func (r *Reach) chosen() Choice {
	s := r.cfg.Settings
	return Choice{
		Name: s.Text(settings.ReachName), Provider: s.Text(settings.ReachProvider), Door: Door(s.Text(settings.ReachDoor)),
		Port: s.Number(settings.ReachPort), Challenge: s.Text(settings.ReachChallenge), ChallengeName: s.Text(settings.ReachChallengeName),
		Credentials: secretMap(s.Secret(settings.ReachCredentials)), ChallengeCredentials: secretMap(s.Secret(settings.ReachChallengeCredentials)),
	}
}

// completed takes the kept credentials where the choice brings none and its
// provider is the one they are for.
func (r *Reach) completed(c Choice) Choice {
	now := r.chosen()
	if c.Credentials == nil && c.Provider == now.Provider {
		c.Credentials = now.Credentials
	}
	if c.ChallengeCredentials == nil && c.Challenge == now.Challenge {
		c.ChallengeCredentials = now.ChallengeCredentials
	}
	return c
}

// choose keeps c, all of it or nothing.
func (r *Reach) choose(ctx context.Context, c Choice) error {
	changes := map[string]any{
		settings.ReachMode: ModePublic, settings.ReachName: c.Name, settings.ReachProvider: c.Provider, settings.ReachDoor: string(c.Door),
		settings.ReachPort: c.Port, settings.ReachChallenge: c.Challenge, settings.ReachChallengeName: c.ChallengeName,
	}
	for key, m := range map[string]map[string]string{
		settings.ReachCredentials: c.Credentials, settings.ReachChallengeCredentials: c.ChallengeCredentials,
	} {
		text, err := secretText(m)
		if err != nil {
			return err
		}
		changes[key] = text
	}
	return r.cfg.Settings.Set(ctx, changes)
}

func secretMap(text string) map[string]string {
	if text == "" {
		return nil
	}
	var m map[string]string
	if json.Unmarshal([]byte(text), &m) != nil {
		return nil // a pinned secret that is none; opening the provider says what is missing
	}
	return m
}

func secretText(m map[string]string) (string, error) {
	if len(m) == 0 {
		return "", nil
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("encoding credentials: %w", err)
	}
	return string(raw), nil
}

func sameSecrets(a, b map[string]string) bool { return maps.Equal(a, b) }
