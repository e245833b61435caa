package store

import (
	"time"

	"latchkey/appliance/account"
)

// own hides what belongs to somebody else as if it were not there.
func own[T any](body T, err error, is, owner account.UserID) (T, error) {
	if err == nil && is != owner {
		var none T
		return none, account.ErrNotFound
	}
	return body, err
}

func (a *accountLayer) deviceName(owner account.UserID, identifier string) string {
	return a.l.s.sealer.name(nameDevice, string(owner), identifier)
}

func (a *accountLayer) Device(owner account.UserID, id account.DeviceID) (account.Device, error) {
	d, err := fetch[account.Device](a.l.table(tableDevices), "ID", string(id))
	return own(d, err, d.Owner, owner)
}

func (a *accountLayer) DeviceByIdentifier(owner account.UserID, identifier string) (account.Device, error) {
	d, err := fetch[account.Device](a.l.table(tableDevices), "Name", a.deviceName(owner, identifier))
	return own(d, err, d.Owner, owner)
}

func (a *accountLayer) Devices(owner account.UserID) ([]account.Device, error) {
	if _, ok := ownerKey(owner); !ok {
		return nil, nil
	}
	t := a.l.table(tableDevices)
	rows, err := t.owned(string(owner))
	return listed(t, rows, err, func(d account.Device) (time.Time, string) { return d.Created, string(d.ID) })
}

func (a *accountLayer) PutDevice(d account.Device) error {
	if _, ok := ownedKey(d.Owner, string(d.ID)); !ok {
		return errID
	}
	t := a.l.table(tableDevices)
	r, ok, err := t.one("ID", string(d.ID))
	if err != nil {
		return err
	}
	if ok && r.Owner != string(d.Owner) {
		return account.ErrTaken
	}
	return t.store(record{ID: string(d.ID), Name: a.deviceName(d.Owner, d.Identifier), Owner: string(d.Owner)}, d)
}

func (a *accountLayer) RemoveDevice(owner account.UserID, id account.DeviceID) error {
	t := a.l.table(tableDevices)
	r, ok, err := t.one("ID", string(id))
	if err != nil || !ok || r.Owner != string(owner) {
		return err
	}
	sessions, err := a.Sessions(owner)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if s.Device != id {
			continue
		}
		if err := a.RemoveSession(owner, s.ID); err != nil {
			return err
		}
	}
	return t.remove(&r)
}

// invitationDigits is the length of an InvitationID.
const invitationDigits = 64

func (a *accountLayer) Invitation(id account.InvitationID) (account.Invitation, error) {
	return fetch[account.Invitation](a.l.table(tableInvitations), "ID", string(id))
}

func (a *accountLayer) Invitations() ([]account.Invitation, error) {
	t := a.l.table(tableInvitations)
	rows, err := t.all()
	return listed(t, rows, err, func(i account.Invitation) (time.Time, string) { return i.Created, string(i.ID) })
}

func (a *accountLayer) PutInvitation(i account.Invitation) error {
	if len(i.ID) != invitationDigits {
		return errID
	}
	name := a.l.s.sealer.name(nameInvitation, string(i.ID))
	return a.l.table(tableInvitations).store(record{ID: string(i.ID), Name: name}, i)
}

func (a *accountLayer) RemoveInvitation(id account.InvitationID) error {
	t := a.l.table(tableInvitations)
	r, ok, err := t.one("ID", string(id))
	if err != nil {
		return err
	}
	if !ok {
		return account.ErrNotFound
	}
	return t.remove(&r)
}
