package api

import (
	"latchkey/appliance/account"
	"latchkey/appliance/journal"
	"latchkey/appliance/problem"
	"latchkey/appliance/settings"
)

func (c *call) houseName() string { return c.Settings.Text(settings.HouseName) }

// state is what the page asks first. From afar it tells only that somebody
// lives here.
func state(c *call) (any, error) {
	has, err := c.People.HasOwner(c.ctx())
	if err != nil {
		return nil, err
	}
	home := c.isHome()
	answer := map[string]any{"ready": has, "home": home, "setup": false, "secure": c.r.TLS != nil}
	if home {
		answer["setup"], answer["name"], answer["version"] = c.holdsWizard(), c.houseName(), c.Version
	}
	return answer, nil
}

func conditions(c *call) (any, error) {
	me, err := c.me()
	if err != nil {
		return nil, err
	}
	list := c.Board.List()
	if me.Role != account.Owner {
		list = list[:0] // the house's troubles are the owner's to mend
	}
	answer := map[string]any{"conditions": list}
	if me.Role == account.Owner {
		answer["version"] = c.Version
	}
	return answer, nil
}

// recentEvents is how many a person sees of their own doings.
const recentEvents = 100

func activity(c *call) (any, error) {
	events, err := c.Journal.Recent(c.ctx(), string(c.session.Owner), recentEvents)
	if events == nil {
		events = []journal.Event{}
	}
	return map[string]any{"events": events}, err
}

// report lets the page tell what only it knows: that an export was made.
func report(c *call) (any, error) {
	var body struct{ Kind journal.Kind }
	if err := c.json(&body); err != nil {
		return nil, err
	}
	if body.Kind != journal.Export {
		return nil, problem.New(problem.Refused, "activity.kind", "This is nothing that the page reports.", "")
	}
	c.record(journal.Event{Kind: journal.Export})
	return empty{}, nil
}

func signOut(c *call) (any, error) {
	name, kind := c.deviceName()
	c.device = account.Device{Identifier: "-", Name: name, Type: kind}
	return empty{}, c.People.End(c.ctx(), c.session)
}

func status(c *call) (any, error) { return c.Status(), nil }

func doctor(c *call) (any, error) {
	return map[string]any{"checks": c.Doctor(c.ctx())}, nil
}
