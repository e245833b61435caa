package account

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"latchkey/appliance/problem"
)

// Directory knows the people of the house. It is the rule over what a Keep
// keeps; all its methods may be called from many goroutines.
type Directory struct {
	keep   Keep
	hasher *Hasher
	tokens *tokens
	recent *recent
	census *census
	now    func() time.Time

	sessionDays    func() int64
	invitationDays func() int64
	secondForAll   func() bool
	timeless       func() bool
}

// Config is what a Directory needs. Every field without another word is
// required.
type Config struct {
	Keep           Keep
	Hasher         *Hasher
	TokenKey       []byte // 32 random bytes that sign access tokens
	Issuer         string // the iss of access tokens
	Now            func() time.Time
	SessionDays    func() int64
	InvitationDays func() int64
	// SecondForAll says whether everybody must have a second factor; nil: no.
	SecondForAll func() bool
	// Timeless says whether Now is known not to be the time; nil: never.
	Timeless func() bool
}

// New makes a Directory.
func New(c Config) *Directory {
	r, who := &recent{}, newCensus(c.TokenKey)
	if c.SecondForAll == nil {
		c.SecondForAll = func() bool { return false }
	}
	if c.Timeless == nil {
		c.Timeless = func() bool { return false }
	}
	return &Directory{
		keep: forgetful{counted{c.Keep, who}, r}, recent: r, census: who, hasher: c.Hasher, now: c.Now,
		tokens:         &tokens{key: c.TokenKey, issuer: c.Issuer, now: c.Now},
		sessionDays:    c.SessionDays,
		invitationDays: c.InvitationDays,
		secondForAll:   c.SecondForAll,
		timeless:       c.Timeless,
	}
}

// Problems that callers may want to tell apart.
var (
	ErrWrongPassword = problem.New(problem.Refused, "password.wrong", "Invalid password.", "Type your master password again.")
	ErrSignIn        = problem.New(problem.Refused, "signin.wrong", "Username or password is incorrect. Try again.", "Check the e-mail and the master password.")
	ErrSession       = problem.New(problem.Unproven, "session.ended", "This session has ended.", "Sign in again.")
	ErrInvitation    = problem.New(problem.Refused, "invitation.ended", "This invitation is used up, has expired, or is for another e-mail.", "Ask whoever invited you for a new link.")
	ErrMailTaken     = problem.New(problem.Refused, "email.taken", "There is already an account with this e-mail.", "Sign in with it, or use another e-mail.")
	ErrLastOwner     = problem.New(problem.Refused, "owner.last", "The house would be left without an owner.", "Make somebody else an owner first.")
)

// NormalEmail trims and lowers an e-mail as every client does before it
// becomes the salt.
func NormalEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// CheckEmail refuses what can't be an e-mail address; it does not try to be
// clever about the rest (RFC 5321 limits the length to 254).
func CheckEmail(email string) error {
	at := strings.LastIndexByte(email, '@')
	if at < 1 || at == len(email)-1 || len(email) > 254 || strings.ContainsAny(email, " \t\r\n\x00<>\"") {
		return problem.New(problem.Refused, "email.refused", "This is not an e-mail address.", "It looks like name@example.com.")
	}
	return nil
}

// HasOwner reports whether an owner's account exists.
func (d *Directory) HasOwner(ctx context.Context) (bool, error) {
	var has bool
	err := d.keep.View(ctx, func(r Reader) error {
		all, err := r.Accounts()
		for _, a := range all {
			has = has || a.Role == Owner
		}
		return err
	})
	return has, err
}

// People lists all accounts, the oldest first.
func (d *Directory) People(ctx context.Context) ([]Account, error) {
	var all []Account
	err := d.keep.View(ctx, func(r Reader) (err error) { all, err = r.Accounts(); return err })
	return all, err
}

// Account finds a person.
func (d *Directory) Account(ctx context.Context, id UserID) (Account, error) {
	var a Account
	err := d.keep.View(ctx, func(r Reader) (err error) { a, err = r.Account(id); return err })
	return a, err
}

// ByEmail finds the person of an e-mail, trimmed and in lower case, or answers
// ErrNotFound, after the same work (see census).
func (d *Directory) ByEmail(ctx context.Context, email string) (Account, error) {
	var a Account
	err := d.keep.View(ctx, func(r Reader) (err error) { a, err = r.AccountByEmail(email); return err })
	return a, err
}

// Hashes says how many slow hashes were made since the start.
func (d *Directory) Hashes() int64 { return d.hasher.Count() }

// change loads the account, lets fn change it, keeps it and moves its
// revision on, all in one write. fn may also use the Writer.
func (d *Directory) change(ctx context.Context, id UserID, fn func(w Writer, a *Account) error) (Account, error) {
	var a Account
	err := d.keep.Write(ctx, func(w Writer) (err error) {
		if a, err = w.Account(id); err != nil {
			return fmt.Errorf("finding the account: %w", err)
		}
		if err := fn(w, &a); err != nil {
			return err
		}
		if err := w.PutAccount(a); err != nil {
			return fmt.Errorf("keeping the account: %w", err)
		}
		_, err = w.Touch(id)
		return err
	})
	return a, err
}

// newID makes a random UUID (version 4) in lower case.
func newID() string { return uuid.NewString() }
