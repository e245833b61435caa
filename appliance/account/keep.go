package account

import (
	"context"
	"errors"
)

// What a Keep answers besides its own troubles.
var (
	// ErrNotFound: no such account, device, session or invitation.
	ErrNotFound = errors.New("account: not found")
	// ErrTaken: another account has this e-mail, or another device of the
	// same person this identifier.
	ErrTaken = errors.New("account: name taken")
)

// Keep is what account needs kept. Every method may be called from many
// goroutines. The functions given to it run once or not at all, must not keep
// their Reader or Writer, and must not call Keep again.
type Keep interface {
	// View runs fn over one unchanging state.
	View(ctx context.Context, fn func(Reader) error) error
	// Write runs fn alone in a transaction and makes its changes durable
	// before it returns nil. If fn fails, panics, or the disk refuses,
	// nothing of it stays; fn's own error comes back as it is, and a panic
	// goes on in the caller's goroutine.
	Write(ctx context.Context, fn func(Writer) error) error
	// WriteSessions is Write for sessions only, cheaper because many such
	// writes share one transaction.
	WriteSessions(ctx context.Context, fn func(SessionWriter) error) error
}

// SessionReader finds sessions.
type SessionReader interface {
	// Session answers ErrNotFound when owner has no session id.
	Session(owner UserID, id SessionID) (Session, error)
	// Sessions lists a person's sessions, oldest first.
	Sessions(owner UserID) ([]Session, error)
}

// SessionWriter changes sessions.
type SessionWriter interface {
	SessionReader
	// PutSession makes or replaces the session s.ID of s.Owner.
	PutSession(s Session) error
	// RemoveSession ends a session; one that is not there is no error.
	RemoveSession(owner UserID, id SessionID) error
}

// Reader finds people and what belongs to them. Each look-up of one thing
// answers ErrNotFound where there is none; lists come oldest first.
type Reader interface {
	SessionReader
	Account(id UserID) (Account, error)
	// AccountByEmail takes the e-mail trimmed and in lower case.
	AccountByEmail(email string) (Account, error)
	Accounts() ([]Account, error)
	Device(owner UserID, id DeviceID) (Device, error)
	DeviceByIdentifier(owner UserID, identifier string) (Device, error)
	Devices(owner UserID) ([]Device, error)
	Invitation(id InvitationID) (Invitation, error)
	Invitations() ([]Invitation, error)
}

// Writer changes people. The Puts make or replace by ID.
type Writer interface {
	Reader
	SessionWriter
	// PutAccount answers ErrTaken when another account has a.Email, which
	// may change from one Put to the next.
	PutAccount(a Account) error
	// RemoveAccount removes the account and all that it owns anywhere in the
	// file: devices, sessions, items, folders, revisions.
	RemoveAccount(id UserID) error
	// PutDevice answers ErrTaken when another device of the same owner has
	// d.Identifier.
	PutDevice(d Device) error
	// RemoveDevice removes a device and ends its sessions; one that is not
	// there is no error.
	RemoveDevice(owner UserID, id DeviceID) error
	PutInvitation(i Invitation) error
	RemoveInvitation(id InvitationID) error
	// Touch moves the person's revision on (see vault.Revision), so that
	// every client asks for a new sync, and returns it in Unix milliseconds.
	Touch(owner UserID) (int64, error)
}
