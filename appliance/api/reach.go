package api

import (
	"context"

	"latchkey/appliance/health"
	"latchkey/appliance/problem"
	"latchkey/appliance/reach"
)

// Reach is the public path, as far as the door shows and changes it;
// reach.Reach is one.
type Reach interface {
	Overview() reach.Overview
	Check(ctx context.Context, c reach.Choice) (reach.Plan, []health.Finding, error)
	Apply(ctx context.Context, c reach.Choice) error
	Retry(ctx context.Context) error
	OpenDoor(ctx context.Context, w reach.DoorWish) error
	Forget(ctx context.Context) error
	Trusted() string
}

// reachShape is the overview with the codes that only the door can draw.
type reachShape struct {
	reach.Overview
	Plan  *planShape `json:"plan"`
	Proof proofShape `json:"proof"`
}

type planShape struct {
	*reach.PlanShape
	QR []string `json:"qr"`
}

type proofShape struct {
	reach.Proof
	QR []string `json:"qr"`
}

func getReach(c *call) (any, error) {
	o := c.Reach.Overview()
	shape := reachShape{Overview: o, Proof: proofShape{Proof: o.Proof}}
	if o.Plan == nil {
		return shape, nil
	}
	var err error
	shape.Plan = &planShape{PlanShape: o.Plan}
	if shape.Plan.QR, err = c.QR(o.Plan.URL); err != nil {
		return nil, err
	}
	shape.Proof.QR, err = c.QR(o.Proof.URL)
	return shape, err
}

func checkReach(c *call) (any, error) {
	var choice reach.Choice
	if err := c.json(&choice); err != nil {
		return nil, err
	}
	plan, found, err := c.Reach.Check(c.ctx(), choice)
	if err != nil {
		return nil, err
	}
	if found == nil {
		found = []health.Finding{}
	}
	return map[string]any{"plan": plan.Shape(), "findings": found}, nil
}

// applyReach is the wizard's until there is an owner; then it is an owner's,
// who shows the password: a name leads everybody's passwords somewhere.
func applyReach(c *call) (any, error) {
	if c.session.Owner == "" {
		has, err := c.People.HasOwner(c.ctx())
		if err != nil {
			return nil, err
		}
		if has {
			return nil, problem.New(problem.Refused, "reach.owned", "The house has an owner now, who alone can change its name.", "Sign in and open Reach in the settings.")
		}
	}
	var choice reach.Choice
	if err := c.json(&choice); err != nil {
		return nil, err
	}
	if err := c.Reach.Apply(c.ctx(), choice); err != nil {
		return nil, err
	}
	return getReach(c)
}

func retryReach(c *call) (any, error) {
	if err := c.Reach.Retry(c.ctx()); err != nil {
		return nil, err
	}
	return getReach(c)
}

func openReach(c *call) (any, error) {
	var wish reach.DoorWish
	if len(c.body) > 0 {
		if err := c.json(&wish); err != nil {
			return nil, err
		}
	}
	if err := c.Reach.OpenDoor(c.ctx(), wish); err != nil {
		return nil, err
	}
	return getReach(c)
}

func forgetReach(c *call) (any, error) {
	if err := c.Reach.Forget(c.ctx()); err != nil {
		return nil, err
	}
	return getReach(c)
}

// renameReach changes the house's name in two steps: first it says what will
// stop working, and changes nothing.
func renameReach(c *call) (any, error) {
	var body struct {
		reach.Choice
		Confirm bool `json:"confirm"`
	}
	if err := c.json(&body); err != nil {
		return nil, err
	}
	if body.Confirm {
		return applyReach(c)
	}
	plan, found, err := c.Reach.Check(c.ctx(), body.Choice)
	if err != nil {
		return nil, err
	}
	if found == nil {
		found = []health.Finding{}
	}
	people, err := c.passkeyHolders(c.Reach.Overview())
	if err != nil {
		return nil, err
	}
	return map[string]any{"plan": plan.Shape(), "findings": found, "passkeys": len(people), "people": people}, nil
}

// passkeyHolders are the people who sign in to this house with a passkey that
// belongs to its present name (the relying party, WebAuthn 5.4.2).
func (c *call) passkeyHolders(o reach.Overview) ([]string, error) {
	if o.Plan == nil {
		return []string{}, nil
	}
	return c.People.PasskeyHolders(c.ctx(), o.Plan.Name)
}

// moveReach gives the wizard's browser a link to the house under the name that
// its certificate proves, so that the password is typed there.
func moveReach(c *call) (any, error) {
	to := c.Reach.Trusted()
	if to == "" {
		return nil, problem.New(problem.Unavailable, "reach.untrusted",
			"The house does not open at home by its name yet.",
			"Wait a minute and look again; or go on here, on the computer that runs Latchkey, by http://localhost.")
	}
	token, err := c.Setup.Move(c.ctx())
	if err != nil {
		return nil, err
	}
	return map[string]any{"url": to + "/#/" + SetupFragment(token)}, nil
}
