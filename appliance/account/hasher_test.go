package account_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"latchkey/appliance/account"
)

func TestAKnownDeviceHasAPlaceOfItsOwn(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	n, free := s.hasher.FillSlots()
	const known = true
	try := func(known bool) error {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := s.Password(ctx, alice, right, known)
		return err
	}
	t.Run("while strangers have all the others", func(t *testing.T) {
		if err := try(!known); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a stranger got in among %d: %v", n, err)
		}
		if _, err := s.Password(t.Context(), alice, right, known); err != nil {
			t.Error(err)
		}
		if err := s.VerifyPassword(t.Context(), a.ID, right, known); err != nil {
			t.Errorf("proving: %v", err)
		}
	})
	own, freeOwn := s.hasher.FillOwn()
	t.Run("which is one", func(t *testing.T) {
		if err := try(known); own != 1 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("of %d: %v", own, err)
		}
	})
	free()
	t.Run("and takes another when that is taken", func(t *testing.T) {
		if _, err := s.Password(t.Context(), alice, right, known); err != nil {
			t.Error(err)
		}
	})
	t.Run("which it gives back", func(t *testing.T) {
		for range n + 1 {
			if _, err := s.Password(t.Context(), alice, right, !known); err != nil {
				t.Error(err)
			}
		}
	})
	freeOwn()
}

func TestWrongPasswordsAreProvedWrong(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	if err := s.VerifyPassword(t.Context(), a.ID, "wrong", true); !errors.Is(err, account.ErrWrongPassword) {
		t.Errorf("%v", err)
	}
}
