package accounttest

import (
	"context"
	"errors"

	"latchkey/appliance/account"
	"latchkey/appliance/vault"
)

var errNo = errors.New("the test says no")

// refusing: what did not end well leaves nothing behind.
func refusing() []promise {
	return []promise{
		{"a refused write leaves nothing, and its error comes back as it is", refusedWrite},
		{"a panicking write leaves nothing, and the panic goes on in its caller", panickingWrite},
		{"a write of sessions that is refused or panics leaves nothing", refusedSessions},
		{"a write whose context has ended does not run", cancelledWrite},
		{"an account or device without a proper id is refused", malformed},
		{"what was given to a write is of no use after it", keptWriter},
		{"what vault writes within it stays or goes with it", bothOrNeither},
	}
}

// mess does all that a write can do.
func mess(w account.Writer, a account.Account, d account.Device) error {
	newcomer := person("new@example.org")
	a.Name = "changed"
	_, touchErr := w.Touch(a.ID)
	return errors.Join(touchErr, w.PutAccount(newcomer), w.PutAccount(a), w.PutSession(session(a.ID, d.ID)),
		w.PutInvitation(invitation("x@example.org")), w.RemoveDevice(a.ID, d.ID))
}

// wantUntouched fails unless a has d and s, and there is nobody else.
func (h *house) wantUntouched(a account.Account, d account.Device, s account.Session) {
	h.Helper()
	h.view(func(r account.Reader) error {
		accounts, err := r.Accounts()
		same(h, accounts, []account.Account{a})
		devices, devicesErr := r.Devices(a.ID)
		same(h, devices, []account.Device{d})
		sessions, sessionsErr := r.Sessions(a.ID)
		same(h, sessions, []account.Session{s})
		invited, invitedErr := r.Invitations()
		if len(invited) != 0 {
			h.Errorf("invitations: %v", invited)
		}
		return errors.Join(err, devicesErr, sessionsErr, invitedErr)
	})
	if n := h.things(a.ID); n[5] != 0 {
		h.Error("the revision has moved")
	}
}

func refusedWrite(h *house) {
	a := h.joins("ada@example.org")
	d, s := h.signsIn(a.ID, "laptop")
	err := h.People.Write(h.Context(), func(w account.Writer) error { return errors.Join(mess(w, a, d), errNo) })
	if !errors.Is(err, errNo) {
		h.Errorf("got %v, want the write's own error", err)
	}
	h.wantUntouched(a, d, s)
}

func panickingWrite(h *house) {
	a := h.joins("ada@example.org")
	d, s := h.signsIn(a.ID, "laptop")
	func() {
		defer func() {
			if r := recover(); r != any(errNo) {
				h.Errorf("recovered %v, want the write's own panic", r)
			}
		}()
		_ = h.People.Write(h.Context(), func(w account.Writer) error {
			_ = mess(w, a, d)
			panic(errNo)
		})
	}()
	h.wantUntouched(a, d, s)
}

func refusedSessions(h *house) {
	a := h.joins("ada@example.org")
	d, s := h.signsIn(a.ID, "laptop")
	for _, end := range []func() error{func() error { return errNo }, func() error { panic(errNo) }} {
		func() {
			defer func() { _ = recover() }()
			err := h.People.WriteSessions(h.Context(), func(w account.SessionWriter) error {
				return errors.Join(w.PutSession(session(a.ID, d.ID)), w.RemoveSession(a.ID, s.ID), end())
			})
			if !errors.Is(err, errNo) {
				h.Errorf("got %v", err)
			}
		}()
	}
	h.wantUntouched(a, d, s)
}

func cancelledWrite(h *house) {
	ctx, cancel := context.WithCancel(h.Context())
	cancel()
	err := h.People.Write(ctx, func(account.Writer) error {
		h.Error("it ran")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		h.Errorf("got %v, want context.Canceled", err)
	}
}

func malformed(h *house) {
	a := person("ada@example.org")
	a.ID = "ADA"
	for name, fn := range map[string]func(account.Writer) error{
		"account":    func(w account.Writer) error { return w.PutAccount(a) },
		"device":     func(w account.Writer) error { return w.PutDevice(account.Device{ID: "d", Owner: "o"}) },
		"session":    func(w account.Writer) error { return w.PutSession(account.Session{ID: "s", Owner: "o"}) },
		"invitation": func(w account.Writer) error { return w.PutInvitation(account.Invitation{ID: "i"}) },
		"touch":      func(w account.Writer) error { _, err := w.Touch("o"); return err },
	} {
		if err := h.People.Write(h.Context(), fn); err == nil {
			h.Errorf("%s was kept", name)
		}
	}
}

func keptWriter(h *house) {
	a := h.joins("ada@example.org")
	var kept account.Writer
	h.write(func(w account.Writer) error {
		kept = w
		return nil
	})
	var reader account.Reader
	h.view(func(r account.Reader) error {
		reader = r
		return nil
	})
	_, err := reader.Account(a.ID)
	_, listErr := reader.Devices(a.ID)
	for what, err := range map[string]error{
		"PutSession": kept.PutSession(session(a.ID, account.DeviceID(newID()))), "PutAccount": kept.PutAccount(a),
		"Account": err, "Devices": listErr,
	} {
		if err == nil || errors.Is(err, account.ErrNotFound) {
			h.Errorf("%s of what was kept gave %v", what, err)
		}
	}
}

// bothOrNeither: what vault writes within a write of people goes where that
// goes.
func bothOrNeither(h *house) {
	a := h.joins("ada@example.org")
	things := func(w account.Writer) error {
		within := h.Things.Within(w, "")
		rev, err := within.Next(a.ID)
		id := newID()
		err = errors.Join(err, within.PutItem(vault.Item{ID: vault.ItemID(id), Owner: a.ID, Revision: rev, Body: []byte(`"type":1`)}))
		if _, foundErr := within.Item(a.ID, vault.ItemID(id)); foundErr != nil {
			err = errors.Join(err, foundErr)
		}
		changed := a
		changed.Name = "changed"
		return errors.Join(err, w.PutAccount(changed))
	}
	if err := h.People.Write(h.Context(), func(w account.Writer) error { return errors.Join(things(w), errNo) }); !errors.Is(err, errNo) {
		h.Errorf("got %v, want the write's own error", err)
	}
	if n := h.things(a.ID); n[2] != 0 || n[5] != 0 {
		h.Errorf("a refused write left %d items", n[2])
	}
	h.write(things)
	if n := h.things(a.ID); n[2] != 1 || n[4] != 1 {
		h.Errorf("kept %d items and %d changes, want one of each", n[2], n[4])
	}
	h.view(func(r account.Reader) error {
		got, err := r.Account(a.ID)
		if got.Name != "changed" {
			h.Errorf("the account is called %q", got.Name)
		}
		return err
	})
}
