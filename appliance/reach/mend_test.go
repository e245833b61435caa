package reach_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/health"
	"latchkey/appliance/problem"
	"latchkey/appliance/reach"
	"latchkey/appliance/settings"
	"latchkey/dyndns/authority"
	"latchkey/dyndns/portmap"
	"latchkey/dyndns/publicip"
)

var (
	stranger = netip.MustParseAddr("198.18.77.1")
	newer    = netip.MustParseAddr("198.18.0.8")
)

// soon waits for something that Reach tells.
func soon(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("never happened: %s", what)
}

// A resolver at home may remember the address from before the last change, at
// which another household lives by now.
func TestNobodyIsLookedForAtAnAddressOfBefore(t *testing.T) {
	s := newStage(t)
	at, _ := answers(t)
	s.well()
	s.do(func() {
		s.resolved[name] = authority.Answer{Addrs: []netip.Addr{at.Addr()}, TTL: time.Minute, Exists: true}
		s.certs.Names[0].Fingerprint = "AA"
	})
	if err := s.OpenDoor(t.Context(), reach.DoorWish{Door: reach.DoorManual, Port: int64(at.Port())}); err != nil {
		t.Fatal(err)
	}
	seen := false
	for _, f := range s.Examine(t.Context()) {
		if f.Code == reach.FindPort {
			if seen = true; f.State != health.OK {
				t.Errorf("a stranger's server is taken for the router's: %s", f.Text)
			}
		}
	}
	if !seen {
		t.Error("nothing was said of the port")
	}
}

func TestAProofIsOfTheDoorAsItIsNow(t *testing.T) {
	proof := func(s *stage) reach.ProofState { return s.Overview().Proof.State }
	t.Run("who comes by the new address proves it at once", func(t *testing.T) {
		s := newStage(t)
		s.well()
		s.Seen(name, stranger, reach.Directly)
		s.do(func() {
			s.keeper.Verdict4.Addr, s.mapper.V4.External = newer, netip.AddrPortFrom(newer, 443)
			s.now = s.now.Add(time.Minute)
		})
		if got := proof(s); got != reach.Claimed {
			t.Fatalf("at the new address it is %s", got)
		}
		soon(t, "it is proven again", func() bool {
			s.Seen(name, stranger, reach.Directly)
			return proof(s) == reach.Proven
		})
	})
	t.Run("what came while the address was not known proves nothing of the one that is known later", func(t *testing.T) {
		s := newStage(t)
		s.well()
		s.do(func() { s.keeper.Verdict4 = publicip.Verdict{} })
		s.Seen(name, stranger, reach.Directly)
		if got := proof(s); got != reach.Proven {
			t.Fatalf("it is %s", got)
		}
		s.do(func() { s.keeper.Verdict4 = publicip.Verdict{State: publicip.Known, Addr: mine} })
		if got := proof(s); got != reach.Claimed {
			t.Errorf("it is %s", got)
		}
	})
	t.Run("a router that has given the door up takes the proof back", func(t *testing.T) {
		s := newStage(t)
		s.well()
		s.Seen(name, stranger, reach.Directly)
		s.do(func() {
			s.now = s.now.Add(time.Hour)
			s.mapper.V4, s.mapper.Trouble, s.mapper.Since = nil, portmap.Off, s.now
		})
		if got := s.line("door"); got.State != reach.Bad {
			t.Errorf("with the port shut the line is %s: %s", got.State, got.Text)
		}
		s.do(func() { s.now = s.now.Add(time.Minute) })
		soon(t, "who comes through all the same proves it", func() bool {
			s.Seen(name, stranger, reach.Directly)
			return proof(s) == reach.Proven
		})
	})
	t.Run("a router that is only looked for takes nothing back", func(t *testing.T) {
		s := newStage(t)
		s.well()
		s.Seen(name, stranger, reach.Directly)
		s.do(func() {
			s.now = s.now.Add(time.Hour)
			s.mapper = portmap.State{Since: s.now}
		})
		if got := proof(s); got != reach.Proven {
			t.Errorf("it is %s", got)
		}
	})
}

func TestATrialThatFailedIsRepeatedByItself(t *testing.T) {
	s := newStage(t)
	s.well()
	s.do(func() { s.proveErr = problem.New(problem.Unavailable, "provider.busy", "Asked too often.", "Wait.") })
	s.Examine(t.Context())
	if got := s.line("name"); got.State != reach.Bad {
		t.Fatalf("the line is %s: %s", got.State, got.Text)
	}
	s.do(func() { s.proveErr = nil })
	s.do(func() { s.now = s.now.Add(2 * time.Minute) })
	soon(t, "the line is well again, and nobody touched anything", func() bool { return s.line("name").State == reach.OK })
}

func TestAnExaminationThatIsBrokenOffSpoilsNothing(t *testing.T) {
	s := newStage(t)
	s.well()
	soon(t, "all is well", func() bool { return s.line("name").State == reach.OK })
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	s.Examine(gone)
	if got := s.line("name"); got.State != reach.OK {
		t.Errorf("the line is %s: %s", got.State, got.Text)
	}
}

// Without a zone the provider is not asked again and again: each proof is a
// record written and deleted.
func TestAZoneThatIsNotFoundIsWaitedForInPeace(t *testing.T) {
	s := newStage(t)
	s.zone, s.zoneErr = authority.Zone{}, errors.New("no server answers")
	s.well()
	soon(t, "the token is tried", func() bool { return s.Overview().Steps[0].State == reach.Done })
	s.mu.Lock()
	before := s.proved
	s.mu.Unlock()
	for range 10 {
		s.do(func() { s.now = s.now.Add(31 * time.Second) })
		time.Sleep(10 * time.Millisecond)
	}
	s.mu.Lock()
	after := s.proved
	s.mu.Unlock()
	if after != before {
		t.Errorf("the token was tried %d times more", after-before)
	}
	s.do(func() { s.zone, s.zoneErr, s.now = authority.Zone{Name: "example.org"}, nil, s.now.Add(31*time.Second) })
	s.eventually("the zone is used when it is there", func() bool {
		return slices.ContainsFunc(s.opened[1:], func(o openOptions) bool { return o.Zone == "example.org" }) && s.proved > before
	})
}

func TestForgettingAProxyForgetsItsName(t *testing.T) {
	s := newStage(t)
	s.run()
	if err := s.Apply(t.Context(), reach.Choice{Name: name, Door: reach.DoorProxy}); err != nil {
		t.Fatal(err)
	}
	soon(t, "the name is ours", func() bool { return s.Public() == "https://"+name })
	if err := s.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	soon(t, "it is not any more", func() bool { return len(s.Names()) == 0 && s.Public() == "" })
}

func TestAChoiceThatCantBeKeptLeavesTheOldOneAlive(t *testing.T) {
	keep := memory{}
	s := newStageOn(t, keep, &blob{})
	s.well()
	s.do(func() { keep["broken"] = []byte("yes") })
	other := choice()
	other.Name = "other.example.org"
	if err := s.Apply(t.Context(), other); err == nil {
		t.Fatal("it was kept")
	}
	s.eventually("the old name is kept again", func() bool { return s.plan != nil && s.plan.Name == name })
	if err := s.Forget(t.Context()); err == nil {
		t.Fatal("it was forgotten")
	}
	s.eventually("the old name is kept again", func() bool { return s.plan != nil && s.plan.Name == name })
}

func TestNoDoorWithoutAnOwnerWhateverIsSet(t *testing.T) {
	s := newStage(t)
	s.owner = false
	if err := s.settings.Set(t.Context(), map[string]any{settings.ReachOpen: true}); err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(t.Context(), choice()); err != nil {
		t.Fatal(err)
	}
	s.run()
	s.eventually("the keeper hears of the house", func() bool { return s.local.Address4 == lanAddr })
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held != nil {
		t.Errorf("the mapper holds %+v", s.held)
	}
}

func TestTheCheckersURLStaysOutOfTheLog(t *testing.T) {
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	client := srv.Client()
	srv.Close() // so that asking fails
	s := newStageAsking(t, memory{}, &blob{}, client)
	if err := s.settings.Set(t.Context(), map[string]any{settings.ReachChecker: srv.URL + "/?key=s3cret-key"}); err != nil {
		t.Fatal(err)
	}
	s.well()
	s.Examine(t.Context())
	if log := s.logged.String(); strings.Contains(log, "s3cret-key") {
		t.Errorf("the log says %s", log)
	}
}

func TestTheCheckerIsAskedAsSoonAsThereIsAPort(t *testing.T) {
	asked := make(chan string, 10)
	srv := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.RawQuery }))
	defer srv.Close()
	s := newStageAsking(t, memory{}, &blob{}, srv.Client())
	if err := s.settings.Set(t.Context(), map[string]any{settings.ReachChecker: srv.URL}); err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(t.Context(), choice()); err != nil {
		t.Fatal(err)
	}
	if err := s.OpenDoor(t.Context(), reach.DoorWish{}); err != nil {
		t.Fatal(err)
	}
	s.keeper.Asked = s.now.Add(time.Hour)
	s.run()
	s.eventually("the door is wanted", func() bool { return s.held != nil })
	s.Examine(t.Context())
	s.do(func() {
		s.mapper = portmap.State{Asked: true, V4: &portmap.Mapping{External: netip.AddrPortFrom(mine, 443)}}
	})
	soon(t, "the address is known", func() bool { return s.Overview().Plan.Port == 443 })
	s.Examine(t.Context())
	select {
	case got := <-asked:
		if got != "family=4&host="+name+"&port=443" {
			t.Errorf("asked %q", got)
		}
	default:
		t.Error("nobody was asked")
	}
}

// After a power cut the house is there before the internet is.
func TestWhatIsKeptIsServedWhileTheZoneIsLookedFor(t *testing.T) {
	keep, kept := memory{}, &blob{}
	if err := newStageOn(t, keep, kept).Apply(t.Context(), choice()); err != nil {
		t.Fatal(err)
	}
	s := newStageOn(t, keep, kept)
	s.zoneWait = make(chan struct{})
	s.run()
	s.eventually("the certificates are served", func() bool { return len(s.managed.Names) == 2 && s.managed.Solver.DNS == nil })
	close(s.zoneWait)
	s.eventually("they are renewed", func() bool { return len(s.managed.Names) == 2 && s.managed.Solver.DNS != nil })
}

func TestWords(t *testing.T) {
	t.Run("a checker without a reason is told in a whole sentence", func(t *testing.T) {
		srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"open":false}`)) }))
		defer srv.Close()
		s := newStageAsking(t, memory{}, &blob{}, srv.Client())
		if err := s.settings.Set(t.Context(), map[string]any{settings.ReachChecker: srv.URL}); err != nil {
			t.Fatal(err)
		}
		s.well()
		soon(t, "the checker is heard", func() bool { return s.Overview().Proof.State == reach.Refuted })
		if got := s.Overview().Proof; got.Why != "From outside, nobody answers." {
			t.Errorf("%s: %q", got.State, got.Why)
		}
	})
	t.Run("an address that is not published is no green one", func(t *testing.T) {
		s := newStage(t)
		s.well()
		s.do(func() { s.keeper.Verdict4.Behind = publicip.Hidden })
		if got := s.line("address"); got.State != reach.Bad || !strings.Contains(got.Text, "names no address") {
			t.Errorf("the line is %s: %s", got.State, got.Text)
		}
		if err := s.OpenDoor(t.Context(), reach.DoorWish{Door: reach.DoorManual}); err != nil {
			t.Fatal(err)
		}
		if got := s.line("address"); got.State != reach.OK {
			t.Errorf("behind a forwarding by hand the line is %s: %s", got.State, got.Text)
		}
	})
}

func TestADoorNeedsWhatStandsBehindIt(t *testing.T) {
	t.Run("a house that is at home only has none, though it remembers a name", func(t *testing.T) {
		s := newStage(t)
		s.well()
		if err := s.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
		refused(t, s.OpenDoor(t.Context(), reach.DoorWish{}), "reach.none")
		if s.settings.Bool(settings.ReachOpen) {
			t.Error("it would stand open as soon as the house is public again")
		}
	})
	t.Run("from a proxy to the router somebody has to hold the name", func(t *testing.T) {
		s := newStage(t)
		if err := s.Apply(t.Context(), reach.Choice{Name: name, Door: reach.DoorProxy}); err != nil {
			t.Fatal(err)
		}
		refused(t, s.OpenDoor(t.Context(), reach.DoorWish{Door: reach.DoorAuto}), "reach.provider")
	})
}
