package appliance

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/appliance/certs"
)

// TestWhoSavesAtADoubtfulTimeIsSynced has an app that synced at the right time,
// before the machine fell back to the saved one.
func TestWhoSavesAtADoubtfulTimeIsSynced(t *testing.T) {
	l := newLeaps(t)
	l.restart(time.Unix(0, 0), false) // twenty minutes are missing now
	synced := l.right
	if rev := l.save("new"); !time.UnixMilli(int64(rev)).Before(synced) {
		t.Fatalf("the revision %v is not in the past, so this shows nothing", rev)
	}
	revision := func() int64 {
		t.Helper()
		rev, err := l.vault.Revision(t.Context(), l.alice.ID)
		if err != nil {
			t.Fatal(err)
		}
		return int64(rev)
	}
	l.settleTime(t.Context())
	if time.UnixMilli(revision()).After(synced) {
		t.Error("it was renewed before the time is known")
	}
	l.restart(time.Time{}, true)
	after := revision()
	if !time.UnixMilli(after).After(synced) {
		t.Error("no app would see what was saved")
	}
	l.restart(time.Time{}, true)
	if revision() != after {
		t.Error("every start makes everybody sync")
	}
	l.restart(time.Unix(0, 0), false)
	l.restart(time.Time{}, true)
	if revision() != after {
		t.Error("a doubt at which nobody saved makes everybody sync")
	}
}

// TestASetUpLinkOutlivesTheFirstRightTime is the first day of a machine without
// a battery: the time comes while somebody walks to a phone.
func TestASetUpLinkOutlivesTheFirstRightTime(t *testing.T) {
	right := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	l := &leaps{t: t, c: configOf(t), right: right, wrong: time.Unix(0, 0).Sub(right)}
	l.open()
	defer closed(t, l.Appliance)
	token, err := l.setup.NewLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l.wrong = 0
	l.synced.Store(true)
	if _, err := l.setup.Claim(t.Context(), token); err != nil {
		t.Error(err)
	}
}

// noDNS is never to be asked: it has no method that would not panic.
type noDNS struct{ certs.DNS }

func TestNoCertificateIsOrderedAtADoubtfulTime(t *testing.T) {
	var asked atomic.Int32
	ca := httptest.NewUnstartedServer(http.NotFoundHandler())
	ca.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			asked.Add(1)
		}
	}
	ca.StartTLS()
	defer ca.Close()
	for _, at := range []time.Time{time.Unix(0, 0), leapt, time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC)} {
		t.Run(at.Format("2006"), func(t *testing.T) {
			l := newLeaps(t)
			l.c.ACMEDirectory, l.c.ACMETest = ca.URL, ca.URL // nobody else is asked, whatever goes wrong
			l.restart(at, false)
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			l.public.Manage(certs.Want{Names: []string{"home.example.test"}, Solver: certs.Solver{DNS: noDNS{}}})
			go func() { ended <- l.public.Run(ctx) }()
			var s certs.NameState
			for range 200 {
				if s = l.public.State().Names[0]; s.Step == certs.StepClock {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if s.Step != certs.StepClock || s.Problem == nil || s.Problem.Code != "cert.clock" || s.Problem.Hint == "" {
				t.Errorf("it says %s: %v", s.Step, s.Problem)
			}
			if n := asked.Load(); n > 0 {
				t.Errorf("the CA was asked %d times", n)
			}
		})
	}
}
