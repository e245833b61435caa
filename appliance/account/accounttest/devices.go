package accounttest

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"latchkey/appliance/account"
)

// devices: what people sign in from.
func devices() []promise {
	return []promise{
		{"a device comes back as it was put, by id and by identifier", deviceWhole},
		{"two devices of one person with one identifier are refused as taken", identifierTaken},
		{"two people may have devices of the same identifier", sameIdentifier},
		{"nobody finds another's device", foreignDevice},
		{"devices are listed oldest first", devicesInOrder},
		{"a removed device ends its sessions and no others", removedDevice},
	}
}

func deviceWhole(h *house) {
	a := h.joins("ada@example.org")
	d, _ := h.signsIn(a.ID, "laptop")
	d.PushToken, d.Named = "t", true
	h.write(func(w account.Writer) error { return w.PutDevice(d) })
	h.view(func(r account.Reader) error {
		got, err := r.Device(a.ID, d.ID)
		same(h, got, d)
		byName, nameErr := r.DeviceByIdentifier(a.ID, "laptop")
		same(h, byName, d)
		return errors.Join(err, nameErr)
	})
}

func identifierTaken(h *house) {
	a := h.joins("ada@example.org")
	d, _ := h.signsIn(a.ID, "laptop")
	d.ID = account.DeviceID(newID())
	err := h.People.Write(h.Context(), func(w account.Writer) error { return w.PutDevice(d) })
	if !errors.Is(err, account.ErrTaken) {
		h.Errorf("got %v, want ErrTaken", err)
	}
}

func sameIdentifier(h *house) {
	a, b := h.joins("ada@example.org"), h.joins("bob@example.org")
	mine, _ := h.signsIn(a.ID, "laptop")
	h.signsIn(b.ID, "laptop")
	h.view(func(r account.Reader) error {
		got, err := r.DeviceByIdentifier(a.ID, "laptop")
		same(h, got, mine)
		return err
	})
}

func foreignDevice(h *house) {
	a, b := h.joins("ada@example.org"), h.joins("bob@example.org")
	d, s := h.signsIn(a.ID, "laptop")
	h.view(func(r account.Reader) error {
		_, err := r.Device(b.ID, d.ID)
		wantMissing(h, "Device", err)
		_, err = r.DeviceByIdentifier(b.ID, "laptop")
		wantMissing(h, "DeviceByIdentifier", err)
		_, err = r.Session(b.ID, s.ID)
		wantMissing(h, "Session", err)
		return nil
	})
	stolen := d
	stolen.Owner = b.ID
	if err := h.People.Write(h.Context(), func(w account.Writer) error { return w.PutDevice(stolen) }); err == nil {
		h.Error("a device changed hands")
	}
	h.write(func(w account.Writer) error { // each is as if there were none
		return errors.Join(w.RemoveDevice(b.ID, d.ID), w.RemoveSession(b.ID, s.ID))
	})
	same(h, h.things(a.ID), [6]int{1, 1})
}

func devicesInOrder(h *house) {
	a := h.joins("ada@example.org")
	var want []account.DeviceID
	for i := range 10 {
		d, _ := h.signsIn(a.ID, fmt.Sprint(99-i))
		want = append(want, d.ID)
	}
	h.view(func(r account.Reader) error {
		all, err := r.Devices(a.ID)
		var got []account.DeviceID
		for _, d := range all {
			got = append(got, d.ID)
		}
		same(h, got, want)
		return err
	})
}

func removedDevice(h *house) {
	a := h.joins("ada@example.org")
	d, _ := h.signsIn(a.ID, "laptop")
	_, other := h.signsIn(a.ID, "phone")
	h.write(func(w account.Writer) error { return w.PutSession(session(a.ID, d.ID)) })
	h.write(func(w account.Writer) error { return w.RemoveDevice(a.ID, d.ID) })
	h.write(func(w account.Writer) error { return w.RemoveDevice(a.ID, d.ID) })
	h.view(func(r account.Reader) error {
		_, err := r.DeviceByIdentifier(a.ID, "laptop")
		wantMissing(h, "the removed device", err)
		left, err := r.Sessions(a.ID)
		same(h, left, []account.Session{other})
		return err
	})
	h.signsIn(a.ID, "laptop") // the identifier is free again
}

// sessions: signed-in runs of a client.
func sessions() []promise {
	return []promise{
		{"a session comes back as it was put, moves on and ends", sessionLife},
		{"a session keeps how its person came in and when they proved it, or that they never did", sessionProof},
		{"sessions are listed oldest first", sessionsInOrder},
		{"many sessions at once are all kept", manySessions},
	}
}

func sessionLife(h *house) {
	a := h.joins("ada@example.org")
	_, s := h.signsIn(a.ID, "laptop")
	s.Expires = s.Expires.AddDate(0, 1, 0)
	write := func(fn func(account.SessionWriter) error) {
		if err := h.People.WriteSessions(h.Context(), fn); err != nil {
			h.Errorf("WriteSessions: %v", err)
		}
	}
	write(func(w account.SessionWriter) error {
		if err := w.PutSession(s); err != nil {
			return err
		}
		got, err := w.Session(a.ID, s.ID)
		same(h, got, s)
		return err
	})
	write(func(w account.SessionWriter) error { return w.RemoveSession(a.ID, s.ID) })
	write(func(w account.SessionWriter) error { return w.RemoveSession(a.ID, s.ID) })
	h.view(func(r account.Reader) error {
		_, err := r.Session(a.ID, s.ID)
		wantMissing(h, "the ended session", err)
		return nil
	})
}

func sessionProof(h *house) {
	a := h.joins("ada@example.org")
	_, s := h.signsIn(a.ID, "laptop")
	byKey := s
	byKey.ID, byKey.Method, byKey.NoRefresh, byKey.Proved, byKey.Hash = account.SessionID(newID()), account.ByAPIKey, true, time.Time{}, nil
	later := s
	later.Proved = s.Proved.Add(time.Minute)
	h.write(func(w account.Writer) error { return errors.Join(w.PutSession(byKey), w.PutSession(later)) })
	h.view(func(r account.Reader) error {
		for _, want := range []account.Session{byKey, later} {
			got, err := r.Session(a.ID, want.ID)
			if err != nil {
				return err
			}
			same(h, got, want)
		}
		return nil
	})
}

func sessionsInOrder(h *house) {
	a := h.joins("ada@example.org")
	var want []account.Session
	for range 10 {
		want = append(want, session(a.ID, account.DeviceID(newID())))
	}
	h.write(func(w account.Writer) (err error) {
		for i := range want {
			err = errors.Join(err, w.PutSession(want[len(want)-1-i]))
		}
		return err
	})
	h.view(func(r account.Reader) error {
		got, err := r.Sessions(a.ID)
		same(h, got, want)
		return err
	})
}

func manySessions(h *house) {
	a := h.joins("ada@example.org")
	const writers, each = 10, 10
	var done sync.WaitGroup
	for range writers {
		done.Go(func() {
			for range each {
				s := session(a.ID, account.DeviceID(newID()))
				err := h.People.WriteSessions(h.Context(), func(w account.SessionWriter) error { return w.PutSession(s) })
				if err != nil {
					h.Errorf("WriteSessions: %v", err)
				}
			}
		})
	}
	done.Wait()
	same(h, h.things(a.ID), [6]int{0, writers * each})
}
