package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
)

// SetUp is a first run without a browser.
type SetUp struct {
	Email    string
	Name     string
	Password string
	Kit      func(Paper) error // puts the recovery kit where it was asked for; nil: no kit is made
}

// Paper is a recovery kit as the house hands it out.
type Paper struct {
	ID                string
	House             string
	HouseName         string
	Email             string
	Made              time.Time
	RecoveryKey       string
	RecoveryRecipient string
	SigningKey        string
}

// keyPrefix stands before the part of a recovery key that is asked back.
const keyPrefix = "AGE-SECRET-KEY-1"

// Run walks the steps of the wizard over c, which must come in by the machine's
// own door. A run that was killed is resumed: with an owner but no kit it makes
// the kit, for which the password must be the owner's. A house that is set up
// is refused.
func (s SetUp) Run(ctx context.Context, c *Client) error {
	done, err := s.owner(ctx, c)
	if err != nil {
		return err
	}
	if s.Kit == nil {
		if done {
			return errDone
		}
		return nil
	}
	return s.kit(ctx, c)
}

// errDone is the house's own refusal, for a house with an owner.
var errDone = &Refusal{
	Status: http.StatusBadRequest, Code: "setup.done",
	Text: "This house is already set up.", Hint: "Open its page and sign in.",
}

// owner makes the owner's account; done says that there was one already, and
// only the kit is missing.
func (s SetUp) owner(ctx context.Context, c *Client) (done bool, err error) {
	var link struct{ Token string }
	err = c.Do(ctx, http.MethodPost, "/latchkey/setup/link", nil, &link)
	var refused *Refusal
	if errors.As(err, &refused) && refused.Code == errDone.Code {
		missing, serr := s.kitMissing(ctx, c)
		if serr != nil || missing {
			return missing, serr
		}
	}
	if err != nil {
		return false, err
	}
	if err := c.Do(ctx, http.MethodPost, "/latchkey/setup/claim", map[string]string{"token": link.Token}, nil); err != nil {
		return false, err
	}
	if err := c.Do(ctx, http.MethodPost, "/latchkey/setup/reach", map[string]string{"mode": "home"}, nil); err != nil {
		return false, err
	}
	_, err = c.Register(ctx, s.Email, s.Name, s.Password, "")
	return false, err
}

func (s SetUp) kitMissing(ctx context.Context, c *Client) (bool, error) {
	var status struct{ Conditions []struct{ Code string } }
	if err := c.Do(ctx, http.MethodGet, "/latchkey/status", nil, &status); err != nil {
		return false, err
	}
	for _, cond := range status.Conditions {
		if cond.Code == "kit.missing" {
			return true, nil
		}
	}
	return false, nil
}

// linuxCLI is the wire's number for what runs here.
const linuxCLI = 25

// kit signs in as the owner, makes the kit, puts it away, and only then tells
// the house that it was read.
func (s SetUp) kit(ctx context.Context, c *Client) error {
	hash, err := c.SignIn(ctx, s.Email, s.Password, Device{Identifier: uuid.NewString(), Name: "latchkey setup", Type: linuxCLI})
	if err != nil {
		return err
	}
	var drawn struct {
		Kit Paper
		Ask struct{ Positions []int }
	}
	if err := c.Do(ctx, http.MethodPost, "/latchkey/kit", map[string]string{"masterPasswordHash": hash}, &drawn); err != nil {
		return err
	}
	if err := s.Kit(drawn.Kit); err != nil {
		return err
	}
	body := strings.TrimPrefix(drawn.Kit.RecoveryKey, keyPrefix)
	var answer strings.Builder
	for _, at := range drawn.Ask.Positions {
		if at < 0 || at >= len(body) {
			return fmt.Errorf("the house asks for character %d of a key of %d", at, len(body))
		}
		answer.WriteByte(body[at])
	}
	if err := c.Do(ctx, http.MethodPost, "/latchkey/kit/confirm", map[string]string{"id": drawn.Kit.ID, "answer": answer.String()}, nil); err != nil {
		return err
	}
	return c.Do(ctx, http.MethodDelete, "/latchkey/session", nil, nil)
}

// Text is the kit for a file or a printer, in plain words.
func (p Paper) Text() string {
	return fmt.Sprintf(`Latchkey recovery kit of %q
made on %s by %s

Keep this away from the machine: print it, put it where you keep your passport,
and give a copy to somebody you trust. It opens the backups of this house, and
nothing else does. It does not replace anybody's master password.

Recovery key (opens backups)
  %s
Its public half, for comparison
  %s
Signing key (proves that a backup is this house's own)
  %s
House
  %s

If the machine or its disk is stolen: change the passwords that matter most,
beginning with your e-mail's, and sign out every device in the page of a
restored house.
`, p.HouseName, p.Made.Format("2 January 2006"), p.Email, p.RecoveryKey, p.RecoveryRecipient, p.SigningKey, p.House)
}
