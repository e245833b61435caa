package api

import (
	"slices"

	"latchkey/appliance/account"
)

// ownDevice is a device with its sessions, as our page shows it to whose it is.
type ownDevice struct {
	ID         account.DeviceID `json:"id"`
	Name       string           `json:"name"`
	Type       int              `json:"type"`
	Created    string           `json:"created"`
	LastSeen   string           `json:"lastSeen"`
	Current    bool             `json:"current"`
	Known      bool             `json:"known"`      // gets in while strangers guess
	Remembered bool             `json:"remembered"` // needs no second factor now
	Sessions   []ownSession     `json:"sessions"`
}

type ownSession struct {
	ID       account.SessionID `json:"id"`
	Client   string            `json:"client"`
	Method   account.Method    `json:"method"`
	Created  string            `json:"created"`
	LastSeen string            `json:"lastSeen"`
	Current  bool              `json:"current"`
}

func ownDevices(c *call) (any, error) {
	me, err := c.me()
	if err != nil {
		return nil, err
	}
	devices, err := c.People.Devices(c.ctx(), me.ID)
	if err != nil {
		return nil, err
	}
	sessions, err := c.People.Sessions(c.ctx(), me.ID)
	if err != nil {
		return nil, err
	}
	shapes := []ownDevice{}
	for _, d := range devices {
		one := ownDevice{
			ID: d.ID, Name: d.Name, Type: d.Type, Created: date(d.Created), LastSeen: date(d.Seen),
			Current: d.ID == c.session.Device, Known: c.Guard.Recognises(me.Email, d.Identifier), Sessions: []ownSession{},
			Remembered: slices.ContainsFunc(me.Remembered, func(r account.Remembered) bool {
				return r.Device == d.Identifier && r.Expires.After(c.Now())
			}),
		}
		for _, s := range sessions {
			if s.Device == d.ID {
				one.Sessions = append(one.Sessions, ownSession{s.ID, s.Client, s.Method, date(s.Created), date(s.Seen), s.ID == c.session.ID})
			}
		}
		shapes = append(shapes, one)
	}
	return map[string]any{"devices": shapes}, nil
}

func renameDevice(c *call) (any, error) {
	name, err := c.newName()
	if err != nil {
		return nil, err
	}
	return empty{}, c.People.RenameDevice(c.ctx(), c.session.Owner, c.r.PathValue("id"), name)
}

// removeDevice signs a device out and forgets it: from now on it is a stranger
// to guard, too.
func removeDevice(c *call) (any, error) {
	me, err := c.me()
	if err != nil {
		return nil, err
	}
	d, err := c.People.RemoveDevice(c.ctx(), me.ID, c.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	c.device = d
	c.Guard.Forget(me.Email, d.Identifier)
	return empty{}, nil
}

func endSession(c *call) (any, error) {
	return empty{}, c.People.EndSession(c.ctx(), c.session.Owner, account.SessionID(lower(c.r.PathValue("id"))))
}

// endOthers signs out everywhere but here.
func endOthers(c *call) (any, error) {
	return empty{}, c.People.EndOthers(c.ctx(), c.session)
}
