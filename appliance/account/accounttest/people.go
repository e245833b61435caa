package accounttest

import (
	"errors"
	"fmt"

	"latchkey/appliance/account"
	"latchkey/appliance/vault"
)

// people: accounts and invitations.
func people() []promise {
	return []promise{
		{"an account comes back as it was put, by id and by e-mail", accountWhole},
		{"all that guards an account comes back as it was put, and goes", accountGuarded},
		{"what is done to an account that was read changes nothing that is kept", accountApart},
		{"accounts are listed oldest first", accountsInOrder},
		{"two accounts with one e-mail are refused as taken", emailTaken},
		{"a refusal as taken leaves the rest of its write as it is", takenAndOn},
		{"an e-mail may change, and the old one is free again", emailChanges},
		{"e-mails that contain one another are different people", similarEmails},
		{"who is not there is ErrNotFound", absent},
		{"a removed account takes with it all that it owned, and nothing else", removedAccount},
		{"touching moves the revision on", touches},
		{"an invitation comes back, is listed and goes", invitations},
	}
}

func accountWhole(h *house) {
	a := h.joins("ada@example.org")
	h.view(func(r account.Reader) error {
		byID, err := r.Account(a.ID)
		if err != nil {
			return err
		}
		same(h, byID, a)
		byEmail, err := r.AccountByEmail(a.Email)
		same(h, byEmail, a)
		return err
	})
}

func accountGuarded(h *house) {
	plain := h.joins("ada@example.org")
	for _, want := range []account.Account{guarded(plain), plain} {
		h.write(func(w account.Writer) error { return w.PutAccount(want) })
		for range 2 { // an engine may remember what it has read
			h.view(func(r account.Reader) error {
				byID, err := r.Account(want.ID)
				same(h, byID, want)
				byEmail, emailErr := r.AccountByEmail(want.Email)
				same(h, byEmail, want)
				all, allErr := r.Accounts()
				same(h, all, []account.Account{want})
				return errors.Join(err, emailErr, allErr)
			})
		}
	}
}

func accountApart(h *house) {
	a := guarded(person("ada@example.org"))
	h.write(func(w account.Writer) error { return w.PutAccount(a) })
	want := a.Clone()
	spoil := func(a account.Account) {
		a.Verifier.Hash[0]++
		a.TOTP.Step = 0
		a.Keys[0].Credential.ID[0]++
		a.Passkeys[0].Name, a.Passkeys[0].Credential.Transports[0] = "spoiled", "spoiled"
		a.Remembered[0].Hash[0]++
	}
	spoil(a)
	for range 3 {
		h.view(func(r account.Reader) error {
			got, err := r.Account(want.ID)
			same(h, got, want)
			spoil(got)
			return err
		})
	}
}

func accountsInOrder(h *house) {
	var want []account.UserID
	for i := range 12 {
		want = append(want, h.joins(fmt.Sprintf("%d@example.org", 99-i)).ID)
	}
	h.view(func(r account.Reader) error {
		all, err := r.Accounts()
		var got []account.UserID
		for _, a := range all {
			got = append(got, a.ID)
		}
		same(h, got, want)
		return err
	})
}

func emailTaken(h *house) {
	a := h.joins("ada@example.org")
	b := h.joins("bob@example.org")
	c := person("ada@example.org")
	b.Email = a.Email
	for _, late := range []account.Account{c, b} {
		err := h.People.Write(h.Context(), func(w account.Writer) error { return w.PutAccount(late) })
		if !errors.Is(err, account.ErrTaken) {
			h.Errorf("got %v, want ErrTaken", err)
		}
	}
	h.view(func(r account.Reader) error {
		got, err := r.AccountByEmail("ada@example.org")
		same(h, got, a)
		bob, bobErr := r.AccountByEmail("bob@example.org")
		same(h, bob.ID, b.ID)
		_, err3 := r.Account(c.ID)
		wantMissing(h, "the refused account", err3)
		return errors.Join(err, bobErr)
	})
}

func takenAndOn(h *house) {
	a := h.joins("ada@example.org")
	b := person("bob@example.org")
	late := person(a.Email)
	h.write(func(w account.Writer) error {
		if err := w.PutAccount(late); !errors.Is(err, account.ErrTaken) {
			h.Errorf("got %v, want ErrTaken", err)
		}
		return w.PutAccount(b)
	})
	late.Email = "late@example.org"
	h.write(func(w account.Writer) error { return w.PutAccount(late) })
	h.view(func(r account.Reader) error {
		for _, want := range []account.Account{a, b, late} {
			got, err := r.AccountByEmail(want.Email)
			if err != nil {
				return err
			}
			same(h, got, want)
		}
		return nil
	})
}

func emailChanges(h *house) {
	a := h.joins("ada@example.org")
	a.Email = "countess@example.org"
	h.write(func(w account.Writer) error { return w.PutAccount(a) })
	h.view(func(r account.Reader) error {
		_, err := r.AccountByEmail("ada@example.org")
		wantMissing(h, "the old e-mail", err)
		got, err := r.AccountByEmail(a.Email)
		same(h, got, a)
		return err
	})
	h.joins("ada@example.org")
}

func similarEmails(h *house) {
	var all []account.Account
	for _, email := range []string{"bob", "bob__evil", "bob__", "storm", "__storm", "bo", "", "\x00"} {
		all = append(all, h.joins(email))
	}
	h.view(func(r account.Reader) error {
		for _, want := range all {
			got, err := r.AccountByEmail(want.Email)
			if err != nil {
				return fmt.Errorf("%q: %w", want.Email, err)
			}
			same(h, got.ID, want.ID)
		}
		return nil
	})
}

func absent(h *house) {
	a := h.joins("ada@example.org")
	h.view(func(r account.Reader) error {
		for _, id := range []string{"", "x", newID(), "storm", "__storm_metadata", string(a.ID) + "x"} {
			_, err := r.Account(account.UserID(id))
			wantMissing(h, "Account", err)
			_, err = r.AccountByEmail(id)
			wantMissing(h, "AccountByEmail", err)
			_, err = r.Device(a.ID, account.DeviceID(id))
			wantMissing(h, "Device", err)
			_, err = r.DeviceByIdentifier(a.ID, id)
			wantMissing(h, "DeviceByIdentifier", err)
			_, err = r.Session(a.ID, account.SessionID(id))
			wantMissing(h, "Session", err)
			_, err = r.Invitation(account.InvitationID(id))
			wantMissing(h, "Invitation", err)
			devices, err1 := r.Devices(account.UserID(id))
			sessions, err2 := r.Sessions(account.UserID(id))
			if len(devices)+len(sessions) != 0 || err1 != nil || err2 != nil {
				h.Errorf("of %q: %v, %v, %v, %v", id, devices, sessions, err1, err2)
			}
		}
		return nil
	})
	err := h.People.Write(h.Context(), func(w account.Writer) error { return w.RemoveAccount(account.UserID(newID())) })
	wantMissing(h, "RemoveAccount", err)
}

func removedAccount(h *house) {
	a, b := h.joins("ada@example.org"), h.joins("bob@example.org")
	for _, owner := range []account.UserID{a.ID, b.ID} {
		h.signsIn(owner, "laptop")
		h.signsIn(owner, "phone")
		h.owns(owner)
	}
	h.write(func(w account.Writer) error { return w.RemoveAccount(a.ID) })
	h.view(func(r account.Reader) error {
		_, err := r.Account(a.ID)
		wantMissing(h, "Account", err)
		_, err = r.AccountByEmail(a.Email)
		wantMissing(h, "AccountByEmail", err)
		return nil
	})
	same(h, h.things(a.ID), [6]int{})
	same(h, h.things(b.ID), [6]int{2, 2, 2, 1, 4, 1})
	h.joins(a.Email) // the e-mail is free again
}

// owns keeps two items, one folder and one thing that is gone.
func (h *house) owns(owner account.UserID) {
	h.Helper()
	err := h.Things.Write(h.Context(), "", func(w vault.Writer) error {
		rev, err := w.Next(owner)
		for range 3 {
			it := vault.Item{ID: vault.ItemID(newID()), Owner: owner, Revision: rev, Body: []byte(`"type":1`)}
			err = errors.Join(err, w.PutItem(it))
			if kept, countErr := w.Count(owner); kept.Items == 3 || countErr != nil {
				err = errors.Join(err, countErr, w.RemoveItem(owner, it.ID, rev))
			}
		}
		return errors.Join(err, w.PutFolder(vault.Folder{ID: vault.FolderID(newID()), Owner: owner, Revision: rev}))
	})
	if err != nil {
		h.Fatal(err)
	}
}

// things counts devices, sessions, items, folders, changes, and whether there
// is a revision.
func (h *house) things(owner account.UserID) (n [6]int) {
	h.Helper()
	h.view(func(r account.Reader) error {
		devices, err := r.Devices(owner)
		sessions, sessionsErr := r.Sessions(owner)
		n[0], n[1] = len(devices), len(sessions)
		return errors.Join(err, sessionsErr)
	})
	err := h.Things.View(h.Context(), func(r vault.Reader) (err error) {
		kept, err := r.Count(owner)
		n[2], n[3] = kept.Items, kept.Folders
		for range r.Changes(owner, 0) {
			n[4]++
		}
		if rev, revErr := r.Revision(owner); rev > 0 || revErr != nil {
			n[5] = 1
		}
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return n
}

func touches(h *house) {
	a := h.joins("ada@example.org")
	var last int64
	for range 3 {
		h.write(func(w account.Writer) error {
			rev, err := w.Touch(a.ID)
			if rev <= last {
				h.Errorf("%d follows %d", rev, last)
			}
			last = rev
			return err
		})
	}
	err := h.Things.View(h.Context(), func(r vault.Reader) error {
		rev, err := r.Revision(a.ID)
		same(h, int64(rev), last)
		return err
	})
	if err != nil {
		h.Error(err)
	}
}

func invitations(h *house) {
	one, two, again := invitation("ada@example.org"), invitation("bob@example.org"), invitation("ada@example.org")
	h.write(func(w account.Writer) error {
		return errors.Join(w.PutInvitation(one), w.PutInvitation(two), w.PutInvitation(again))
	})
	h.write(func(w account.Writer) error { return w.RemoveInvitation(two.ID) })
	err := h.People.Write(h.Context(), func(w account.Writer) error { return w.RemoveInvitation(two.ID) })
	wantMissing(h, "removing it again", err)
	h.view(func(r account.Reader) error {
		got, err := r.Invitation(one.ID)
		same(h, got, one)
		all, listErr := r.Invitations()
		same(h, all, []account.Invitation{one, again})
		return errors.Join(err, listErr)
	})
}
