package reach_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/certs"
	"latchkey/appliance/problem"
	"latchkey/appliance/reach"
	"latchkey/appliance/settings"
	"latchkey/dyndns"
	"latchkey/dyndns/authority"
	"latchkey/dyndns/portmap"
	"latchkey/dyndns/publicip"
)

func TestAPlanIsDriven(t *testing.T) {
	s := newStage(t)
	s.well()
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.plan; p.Name != name || p.Lan != "lan."+name || p.Provider == nil || p.TTL != time.Minute || p.CanPublishBehind {
		t.Errorf("the keeper follows %+v", p)
	}
	if got := s.managed.Names; len(got) != 2 || got[0] != name || got[1] != "lan."+name {
		t.Errorf("certificates for %q", got)
	}
	if s.managed.Solver.DNS == nil || s.managed.Solver.Zone != "example.org" {
		t.Errorf("the solver is %+v", s.managed.Solver)
	}
	want := []portmap.Port{{External: 443, Internal: 8443}, {External: 8443, Internal: 8443}}
	if len(s.held.Ports) != 3 || s.held.Ports[0] != want[0] || s.held.Ports[1] != want[1] || s.held.Ports[2].External < 1024 || s.held.V6 {
		t.Errorf("the mapper holds %+v", s.held)
	}
	if s.local.Address4 != lanAddr || s.local.Open6 {
		t.Errorf("the keeper hears %+v", s.local)
	}
}

func TestTheDoorStaysClosedUntilItIsAskedFor(t *testing.T) {
	s := newStage(t)
	s.owner = false
	s.run()
	if err := s.Apply(t.Context(), choice()); err != nil {
		t.Fatal(err)
	}
	s.eventually("the name is kept", func() bool { return s.plan != nil })
	refused(t, s.OpenDoor(t.Context(), reach.DoorWish{}), "reach.owner")
	s.mu.Lock()
	held := s.held
	s.owner = true
	s.mu.Unlock()
	if held != nil {
		t.Errorf("without an owner the mapper holds %+v", held)
	}
	if err := s.OpenDoor(t.Context(), reach.DoorWish{}); err != nil {
		t.Fatal(err)
	}
	s.eventually("the door is held", func() bool { return s.held != nil })
	if err := s.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.eventually("all is let go", func() bool { return s.held == nil && s.plan == nil && len(s.managed.Names) == 0 })
	if got := s.Names(); len(got) != 0 {
		t.Errorf("still called %q", got)
	}
}

func TestAnOldNameIsTakenAway(t *testing.T) {
	s := newStage(t)
	s.well()
	other := choice()
	other.Name = "other.example.org"
	if err := s.Apply(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	s.eventually("the new name is kept", func() bool { return s.plan != nil && s.plan.Name == "other.example.org" })
	s.mu.Lock()
	if len(s.withdrawn) != 1 || s.withdrawn[0] != name {
		t.Errorf("withdrawn %q", s.withdrawn)
	}
	s.withdrawErr = problem.New(problem.Refused, "dns.cant-remove", "It can't.", "")
	s.mu.Unlock()
	if err := s.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 500 {
		for _, c := range s.board.List() {
			if c.Code == "reach.leftover" && strings.Contains(c.Text, "other.example.org") {
				return
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Error("nobody is told what is left")
}

func TestAKillResumes(t *testing.T) {
	keep, kept := memory{}, &blob{}
	first := newStageOn(t, keep, kept)
	if err := first.Apply(t.Context(), choice()); err != nil {
		t.Fatal(err)
	}
	again := newStageOn(t, keep, kept)
	again.run()
	again.eventually("the plan is taken up by itself", func() bool { return again.plan != nil && again.proved > 0 && len(again.managed.Names) == 2 })
	if got := again.Overview(); got.Mode != reach.ModePublic || got.Plan.Name != name || !got.CredentialsSet {
		t.Errorf("after the kill: %+v", got)
	}
}

func TestPorts(t *testing.T) {
	mapping := func(external, internal uint16) *portmap.Mapping {
		return &portmap.Mapping{External: netip.AddrPortFrom(mine, external), Internal: netip.AddrPortFrom(lanAddr, internal)}
	}
	t.Run("who listens on 443 asks for it with IPv6", func(t *testing.T) {
		s := newStage(t)
		s.ports = []uint16{8443, 443}
		s.well()
		s.eventually("IPv6 is wanted", func() bool {
			return s.held != nil && s.held.V6 && s.held.Ports[0] == portmap.Port{External: 443, Internal: 443}
		})
	})
	t.Run("on a port that is the same outside and inside IPv6 comes along", func(t *testing.T) {
		s := newStage(t)
		s.well()
		s.do(func() { s.mapper.V4 = mapping(8443, 8443) })
		s.eventually("IPv6 is wanted", func() bool { return s.held.V6 })
		if got := s.Overview().Plan.URL; got != "https://"+name+":8443" {
			t.Errorf("the address is %s", got)
		}
	})
	t.Run("the spare port is listened on when the router gives no other", func(t *testing.T) {
		s := newStage(t)
		s.well()
		spare := s.held.Ports[2].External
		s.do(func() { s.mapper.V4 = mapping(spare, spare) })
		s.eventually("we listen", func() bool { return len(s.extra) == 1 && s.extra[0] == spare })
	})
	t.Run("the address keeps its port while the router is away", func(t *testing.T) {
		s := newStage(t)
		s.well()
		s.do(func() { s.mapper.V4 = mapping(8443, 8443) })
		s.eventually("it is noticed", func() bool { return s.held.V6 })
		s.do(func() { s.mapper.V4, s.mapper.Trouble = nil, portmap.Silent })
		if got := s.Overview().Plan.URL; got != "https://"+name+":8443" {
			t.Errorf("the address is %s", got)
		}
	})
	t.Run("an open pinhole publishes AAAA", func(t *testing.T) {
		s := newStage(t)
		s.well()
		six := netip.MustParseAddr("2001:db8::5")
		s.do(func() { s.mapper.V6 = &portmap.Mapping{Internal: netip.AddrPortFrom(six, 443)} })
		s.eventually("the keeper hears", func() bool { return s.local.Open6 && s.local.Port6Addr == six })
	})
	t.Run("where no router tells, the outside is asked more often", func(t *testing.T) {
		s := newStage(t)
		s.well()
		s.eventually("fast", func() bool { return s.fast })
		s.do(func() { s.mapper.Routers = []portmap.Router{{Family: 4, External: mine}} })
		s.eventually("slow", func() bool { return !s.fast })
	})
}

func TestProof(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(s *stage)
		want reach.ProofState
		line reach.State
	}{
		{"the router's word is a claim, and no green", func(*stage) {}, reach.Claimed, reach.Warn},
		{"a stranger under our name proves it", func(s *stage) { s.Seen(name, stranger, reach.Directly) }, reach.Proven, reach.OK},
		{"under another name it proves nothing", func(s *stage) { s.Seen("other.example.org", stranger, reach.Directly) }, reach.Claimed, reach.Warn},
		{"on another port it proves nothing", func(s *stage) { s.Seen(name+":9999", stranger, reach.Directly) }, reach.Claimed, reach.Warn},
		{"a new address makes it a claim again", func(s *stage) {
			s.Seen(name, stranger, reach.Directly)
			s.do(func() {
				s.keeper.Verdict4.Addr = netip.MustParseAddr("198.18.0.8")
				s.mapper.V4.External = netip.AddrPortFrom(netip.MustParseAddr("198.18.0.8"), 443)
			})
		}, reach.Claimed, reach.Warn},
		{"not knowing the address takes no proof back", func(s *stage) {
			s.Seen(name, stranger, reach.Directly)
			s.do(func() { s.keeper.Verdict4.State = publicip.Unknown })
		}, reach.Proven, reach.OK},
		{"CGNAT refutes the router's word", func(s *stage) { s.do(func() { s.keeper.Verdict4.Behind = publicip.CGNAT }) }, reach.Refuted, reach.Bad},
		{"double NAT refutes it", func(s *stage) { s.do(func() { s.keeper.Verdict4.Behind = publicip.Double }) }, reach.Refuted, reach.Bad},
		{"but an IPv6 door is open all the same", func(s *stage) {
			s.do(func() {
				s.keeper.Verdict4.Behind = publicip.CGNAT
				s.keeper.Verdict6 = publicip.Verdict{State: publicip.Known, Addr: netip.MustParseAddr("2001:db8::5")}
				s.mapper.V6 = &portmap.Mapping{Internal: netip.MustParseAddrPort("[2001:db8::5]:443")}
			})
		}, reach.Claimed, reach.Warn},
		{"a router that opens nothing leaves it unknown", func(s *stage) { s.do(func() { s.mapper.V4, s.mapper.Trouble = nil, portmap.NotAuthorized }) }, reach.Unknown, reach.Bad},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t)
			s.well()
			tt.do(s)
			if got := s.Overview().Proof; got.State != tt.want {
				t.Errorf("the proof is %s (%s), want %s", got.State, got.Why, tt.want)
			}
			if got := s.line("door"); got.State != tt.line {
				t.Errorf("the line is %s: %s", got.State, got.Text)
			}
		})
	}
	t.Run("it says of whom only the neighbourhood, and is kept", func(t *testing.T) {
		keep, kept := memory{}, &blob{}
		s := newStageOn(t, keep, kept)
		s.well()
		s.Seen(name, stranger, reach.Directly)
		s.eventually("kept", func() bool { return strings.Contains(kept.text(), `"198.18.77.0/24"`) })
		if strings.Contains(kept.text(), stranger.String()) {
			t.Error("the stranger's whole address is kept")
		}
	})
}

func TestChecker(t *testing.T) {
	answer := `{"open": false, "why": "connection refused"}`
	asked := make(chan string, 10)
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.RawQuery
		_, _ = io.WriteString(w, answer)
	}))
	defer srv.Close()
	s := newStageAsking(t, memory{}, &blob{}, srv.Client())
	if err := s.settings.Set(t.Context(), map[string]any{settings.ReachChecker: srv.URL}); err != nil {
		t.Fatal(err)
	}
	s.well()
	if got := <-asked; got != "family=4&host="+name+"&port=443" {
		t.Errorf("asked %q", got)
	}
	var got reach.Proof
	for range 1000 {
		if got = s.Overview().Proof; got.State == reach.Refuted {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	if got.State != reach.Refuted || !strings.Contains(got.Why, "onnection refused") {
		t.Errorf("the proof is %s: %s", got.State, got.Why)
	}
	s.Seen(name, netip.MustParseAddr("198.18.77.1"), reach.Directly)
	if got := s.Overview().Proof; got.State != reach.Proven {
		t.Errorf("who came through is not believed: %s", got.State)
	}
}

func TestIPv6IsTakenBackWhereNobodyAnswersOverIt(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"open": `+strconv.FormatBool(r.URL.Query().Get("family") == "4")+`}`)
	}))
	defer srv.Close()
	s := newStageAsking(t, memory{}, &blob{}, srv.Client())
	if err := s.settings.Set(t.Context(), map[string]any{settings.ReachChecker: srv.URL}); err != nil {
		t.Fatal(err)
	}
	six := netip.MustParseAddr("2001:db8::5")
	s.well()
	s.do(func() {
		s.keeper.Verdict6 = publicip.Verdict{State: publicip.Known, Addr: six}
		s.mapper.V6 = &portmap.Mapping{Internal: netip.AddrPortFrom(six, 443)}
	})
	s.eventually("AAAA is published", func() bool { return s.local.Open6 })
	if err := s.settings.Set(t.Context(), map[string]any{settings.ReachChecker: srv.URL + "/again"}); err != nil {
		t.Fatal(err)
	}
	s.Examine(t.Context())
	s.eventually("AAAA is taken back", func() bool { return !s.local.Open6 })
	for _, f := range s.Examine(t.Context()) {
		if f.Code == reach.FindIPv6 && !strings.Contains(f.Text, "nobody answers over IPv6") {
			t.Errorf("doctor says %s", f.Text)
		}
	}
	if got := s.Overview().Proof; got.State == reach.Refuted {
		t.Errorf("IPv4 is refuted as well: %s", got.Why)
	}
}

func TestADoorIsProvenByItsOwnKind(t *testing.T) {
	stranger := netip.MustParseAddr("198.18.77.1")
	s := newStage(t)
	s.well()
	s.Seen(name, stranger, reach.ByAProxy)
	if got := s.Overview().Proof; got.State != reach.Claimed {
		t.Errorf("a proxy's caller made the router's door %s", got.State)
	}
	if err := s.Apply(t.Context(), reach.Choice{Name: name, Door: reach.DoorProxy}); err != nil {
		t.Fatal(err)
	}
	s.eventually("the door is let go", func() bool { return s.held == nil })
	s.Seen(name, stranger, reach.Directly)
	if got := s.Overview().Proof; got.State != reach.Claimed {
		t.Errorf("a direct caller made the proxy's door %s", got.State)
	}
	s.Seen(name, stranger, reach.ByAProxy)
	if got := s.Overview().Proof; got.State != reach.Proven {
		t.Errorf("the proxy's own caller left it %s", got.State)
	}
	for range 500 {
		for _, c := range s.board.List() {
			if c.Code == "reach.unkept" {
				return
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Error("nobody is told that the record is kept no more")
}

func TestSteps(t *testing.T) {
	s := newStage(t)
	s.run()
	if err := s.Apply(t.Context(), choice()); err != nil {
		t.Fatal(err)
	}
	s.eventually("the token is tried", func() bool { return s.proved > 0 })
	states := func() string {
		var all []string
		for _, x := range s.Overview().Steps {
			all = append(all, x.Code+" "+string(x.State))
		}
		return strings.Join(all, ", ")
	}
	wait := func(want string) {
		t.Helper()
		for range 500 {
			if states() == want {
				return
			}
			time.Sleep(2 * time.Millisecond)
		}
		t.Fatalf("the steps are %s\nwant %s", states(), want)
	}
	wait("token done, record waiting, lan-record waiting, certificate waiting, lan-certificate waiting, home waiting")
	if s.Named() {
		t.Error("named before anything is there")
	}
	s.do(func() {
		s.keeper = dyndns.State{Asked: s.now.Add(time.Hour), Verdict4: publicip.Verdict{State: publicip.Known, Addr: mine}, Records: []dyndns.Record{
			{Name: name, Family: publicip.V4, Want: publicip.Answer{State: publicip.Known, Addr: mine}, Have: []netip.Addr{mine}, Told: true, True: true},
			{Name: "lan." + name, Family: publicip.V4, Trouble: problem.New(problem.Unavailable, "provider.busy", "Asked too often.", "Wait.")},
		}}
		s.certs.Names = []certs.NameState{{Name: name, Have: true, NotBefore: s.now, NotAfter: s.now.AddDate(0, 0, 90)}, {Name: "lan." + name, Step: certs.StepDryRun}}
	})
	wait("token done, record done, lan-record failed, certificate done, lan-certificate working, home waiting")
	if err := s.Retry(context.Background()); err != nil || s.retried != 1 {
		t.Errorf("retry: %v, %d", err, s.retried)
	}
	s.do(func() {
		s.keeper.Records[1] = dyndns.Record{Name: "lan." + name, Family: publicip.V4, Want: publicip.Answer{State: publicip.Known, Addr: lanAddr}, Have: []netip.Addr{lanAddr}, Told: true, True: true}
		s.certs.Names[1].Have, s.certs.Names[1].NotAfter = true, s.now.AddDate(0, 0, 90)
		s.resolved["lan."+name] = authority.Answer{Addrs: []netip.Addr{lanAddr}, Exists: true}
	})
	s.Examine(t.Context()) // looks at home at once
	wait("token done, record done, lan-record done, certificate done, lan-certificate done, home waiting")
	if !s.Named() || s.Trusted() != "https://lan."+name+":8443" {
		t.Errorf("named %v, trusted %q", s.Named(), s.Trusted())
	}
	s.SeenAtHome("lan." + name + ":8443")
	wait("token done, record done, lan-record done, certificate done, lan-certificate done, home done")
}

func TestConditions(t *testing.T) {
	s := newStage(t)
	s.well()
	codes := func() string {
		var all []string
		for _, c := range s.board.List() {
			all = append(all, c.Code)
		}
		return strings.Join(all, " ")
	}
	wait := func(want string) {
		t.Helper()
		for range 500 {
			if codes() == want {
				return
			}
			time.Sleep(2 * time.Millisecond)
		}
		t.Fatalf("the board says %q, want %q", codes(), want)
	}
	wait("reach.unproven")
	s.Seen(name, netip.MustParseAddr("198.18.77.1"), reach.Directly)
	wait("")
	s.do(func() { s.keeper.Verdict4.Behind = publicip.CGNAT })
	wait("reach.address")
	s.do(func() {
		s.keeper.Verdict4.Behind = publicip.Open
		s.certs.Names[0].NotAfter = s.now.Add(-time.Hour)
	})
	wait("reach.certificate")
	if err := s.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait("")
}
