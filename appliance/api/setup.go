package api

import (
	"net/http"
	"strings"

	"latchkey/appliance/setup"
)

// wizardCookie holds the wizard's session in the browser that opened the link.
const wizardCookie = "latchkey_setup"

func claimSetup(c *call) (any, error) {
	var body struct{ Token string }
	if err := c.json(&body); err != nil {
		return nil, err
	}
	session, err := c.Setup.Claim(c.ctx(), body.Token)
	if err != nil {
		return nil, err
	}
	http.SetCookie(c.w, &http.Cookie{
		Name: wizardCookie, Value: session, Path: "/", HttpOnly: true,
		Secure: c.r.TLS != nil, SameSite: http.SameSiteStrictMode,
	})
	return setupState(c)
}

func setupState(c *call) (any, error) {
	st, err := c.Setup.State(c.ctx())
	return st, err
}

func setupChecks(c *call) (any, error) {
	return map[string]any{"checks": c.Setup.Look(c.ctx())}, nil
}

func setupReach(c *call) (any, error) {
	var body struct{ Mode string }
	if err := c.json(&body); err != nil {
		return nil, err
	}
	if err := c.Setup.SetReach(c.ctx(), body.Mode); err != nil {
		return nil, err
	}
	return setupState(c)
}

// setupLink makes a new link for a command on the machine.
func setupLink(c *call) (any, error) {
	token, err := c.Setup.NewLink(c.ctx())
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"token": token, "links": c.Links(SetupFragment(token)),
		"fingerprint": c.Trust().Fingerprint, "minutes": int(setup.LinkLife.Minutes()),
	}, nil
}

// SetupFragment is what stands behind "/#/" in a set-up link. A fragment never
// leaves the browser, so that no log of a proxy ever holds the token.
func SetupFragment(token string) string { return "setup?token=" + token }

// IsSetupFragment reports whether fragment is one of SetupFragment's.
func IsSetupFragment(fragment string) bool { return strings.HasPrefix(fragment, "setup?") }

func links(c *call) (any, error) {
	t := c.Trust()
	return map[string]any{
		"links": c.Links(""), "fingerprint": t.Fingerprint, "caFingerprint": t.CAFingerprint, "caUrl": "/local-ca.pem",
	}, nil
}

func drawKit(c *call) (any, error) {
	me, err := c.me()
	if err != nil {
		return nil, err
	}
	paper, ask, err := c.Kits.Draw(c.ctx(), c.houseName(), me.Email)
	return map[string]any{"kit": paper, "ask": map[string]any{"positions": ask}}, err
}

func confirmKit(c *call) (any, error) {
	var body struct{ ID, Answer string }
	if err := c.json(&body); err != nil {
		return nil, err
	}
	if err := c.Kits.Confirm(c.ctx(), body.ID, body.Answer); err != nil {
		return nil, err
	}
	return empty{}, c.Setup.Review(c.ctx())
}

func getKit(c *call) (any, error) {
	made, has, err := c.Kits.Made(c.ctx())
	if err != nil || !has {
		return map[string]any{"made": nil}, err
	}
	return map[string]any{"made": date(made)}, nil
}
