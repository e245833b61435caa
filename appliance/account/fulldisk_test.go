package account_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"latchkey/appliance/account"
)

// fullDisk reads, and keeps nothing.
type fullDisk struct{ account.Keep }

var errFull = errors.New("no space left")

func (fullDisk) Write(context.Context, func(account.Writer) error) error { return errFull }

func (fullDisk) WriteSessions(context.Context, func(account.SessionWriter) error) error {
	return errFull
}

func TestADiskThatTakesNothingMoreKeepsNobodyFromReading(t *testing.T) {
	s := newStage(t)
	s.owner()
	g := s.signIn("laptop")
	full := s.over(fullDisk{s.keep})
	for range 20 {
		s.wait(24 * time.Hour)
		again, err := full.Refresh(t.Context(), g.RefreshToken)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := full.Session(t.Context(), again.AccessToken); err != nil {
			t.Fatal(err)
		}
	}
	s.wait(11 * 24 * time.Hour)
	if _, err := full.Refresh(t.Context(), g.RefreshToken); !errors.Is(err, account.ErrSession) {
		t.Errorf("a session lives on: %v", err)
	}
}
