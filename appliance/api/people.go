package api

import (
	"errors"
	"net/url"

	"latchkey/appliance/account"
	"latchkey/appliance/problem"
	"latchkey/appliance/settings"
)

// personShape is somebody as the owner sees them: counts, and never what they
// keep.
type personShape struct {
	ID       account.UserID `json:"id"`
	Email    string         `json:"email"`
	Name     string         `json:"name"`
	Role     account.Role   `json:"role"`
	Created  string         `json:"created"`
	LastSeen string         `json:"lastSeen"`
	Items    int            `json:"items"`
	Folders  int            `json:"folders"`
	Bytes    int64          `json:"bytes"` // as sealed by their devices
	Devices  int            `json:"devices"`
	Sessions int            `json:"sessions"`
	Disabled bool           `json:"disabled"`
	Second   []string       `json:"second"` // "totp", "webauthn"
	Passkeys int            `json:"passkeys"`
	Required bool           `json:"secondRequired"` // of this person; see secondForAll
	APIKey   bool           `json:"apiKey"`
	Me       bool           `json:"me"`
}

func (c *call) personShape(a account.Account) (personShape, error) {
	s := personShape{
		ID: a.ID, Email: a.Email, Name: a.Name, Role: a.Role, Created: date(a.Created), LastSeen: date(a.Seen),
		Disabled: a.Disabled, Second: secondNames(a), Passkeys: len(a.Passkeys), Required: a.SecondRequired,
		APIKey: a.APIKey != "", Me: a.ID == c.session.Owner,
	}
	kept, err := c.Vault.Count(c.ctx(), a.ID)
	if err != nil {
		return s, err
	}
	s.Items, s.Folders, s.Bytes = kept.Items, kept.Folders, kept.Bytes
	devices, err := c.People.Devices(c.ctx(), a.ID)
	if err != nil {
		return s, err
	}
	sessions, err := c.People.Sessions(c.ctx(), a.ID)
	s.Devices, s.Sessions = len(devices), len(sessions)
	return s, err
}

// secondNames are the kinds of second factor that a has.
func secondNames(a account.Account) []string {
	names := []string{}
	if a.TOTP != nil {
		names = append(names, "totp")
	}
	if len(a.Keys) > 0 {
		names = append(names, "webauthn")
	}
	return names
}

func people(c *call) (any, error) {
	all, err := c.People.People(c.ctx())
	if err != nil {
		return nil, err
	}
	shapes := []personShape{}
	for _, a := range all {
		s, err := c.personShape(a)
		if err != nil {
			return nil, err
		}
		shapes = append(shapes, s)
	}
	invited, err := c.People.Invitations(c.ctx())
	if err != nil {
		return nil, err
	}
	waiting := []any{}
	for _, i := range invited {
		waiting = append(waiting, map[string]any{"id": i.ID, "email": i.Email, "name": i.Name, "role": i.Role, "created": date(i.Created), "expires": date(i.Expires)})
	}
	return map[string]any{"people": shapes, "invitations": waiting, "secondForAll": c.Settings.Bool(settings.SecondEveryone)}, nil
}

// somebody is the person whom the path names.
func (c *call) somebody() (account.Account, error) {
	a, err := c.People.Account(c.ctx(), account.UserID(lower(c.r.PathValue("id"))))
	if errors.Is(err, account.ErrNotFound) {
		return a, problem.New(problem.NotFound, "person.gone", "There is no such person here.", "Load the list again.")
	}
	return a, err
}

// putPerson changes what an owner may change of somebody; nil leaves a thing as
// it is.
func putPerson(c *call) (any, error) {
	var body struct {
		Role           *account.Role
		Disabled       *bool
		SecondRequired *bool
	}
	if err := c.json(&body); err != nil {
		return nil, err
	}
	a, err := c.somebody()
	if err != nil {
		return nil, err
	}
	if body.Role != nil {
		err = c.act(a, "role "+string(*body.Role), c.People.SetRole(c.ctx(), a.ID, *body.Role))
	}
	if err == nil && body.Disabled != nil {
		err = c.act(a, word(*body.Disabled, "disabled", "enabled"), c.People.SetDisabled(c.ctx(), a.ID, *body.Disabled))
	}
	if err == nil && body.SecondRequired != nil {
		err = c.act(a, word(*body.SecondRequired, "second factor required", "second factor not required"), c.People.SetSecondRequired(c.ctx(), a.ID, *body.SecondRequired))
	}
	if err != nil {
		return nil, err
	}
	a, err = c.somebody()
	if err != nil {
		return nil, err
	}
	return c.personShape(a)
}

func word(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

func removePerson(c *call) (any, error) {
	a, err := c.somebody()
	if err != nil {
		return nil, err
	}
	if err := c.act(a, "removed", c.People.Remove(c.ctx(), a.ID)); err != nil {
		return nil, err
	}
	c.Guard.Forget(a.Email, "")
	return empty{}, nil
}

func signOutPerson(c *call) (any, error) {
	a, err := c.somebody()
	if err != nil {
		return nil, err
	}
	return empty{}, c.act(a, "signed out", c.People.SignOutEverywhere(c.ctx(), a.ID, ""))
}

// proofOfReset wants a proof of its own where an owner takes their own second
// factor off: that is a change of factor like any other.
func proofOfReset(c *call) proof {
	if c.session.Owner != "" && lower(c.r.PathValue("id")) == string(c.session.Owner) {
		return presentProof
	}
	return noProof
}

func resetSecond(c *call) (any, error) {
	a, err := c.somebody()
	if err != nil {
		return nil, err
	}
	return empty{}, c.act(a, "second factor reset", c.People.ResetSecond(c.ctx(), a.ID))
}

func invite(c *call) (any, error) {
	var body struct {
		Email, Name string
		Role        account.Role
	}
	if err := c.json(&body); err != nil {
		return nil, err
	}
	if body.Role == "" {
		body.Role = account.Member
	}
	inv, token, err := c.People.Invite(c.ctx(), c.session.Owner, body.Email, body.Name, body.Role)
	if err != nil {
		return nil, err
	}
	link := c.Base() + "/#/finish-signup?" + url.Values{"email": {inv.Email}, "token": {token}}.Encode()
	qr, err := c.QR(link)
	return map[string]any{"id": inv.ID, "email": inv.Email, "role": inv.Role, "expires": date(inv.Expires), "link": link, "qr": qr}, err
}

func uninvite(c *call) (any, error) {
	return empty{}, c.People.Uninvite(c.ctx(), account.InvitationID(lower(c.r.PathValue("id"))))
}
