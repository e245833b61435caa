package dyndns

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"latchkey/appliance/problem"
	"latchkey/dyndns/authority"
	"latchkey/dyndns/publicip"
)

var (
	addrA   = netip.MustParseAddr("81.2.69.1")
	addrB   = netip.MustParseAddr("81.2.69.2")
	addr6   = netip.MustParseAddr("2a02:8000:1:1::10")
	addrLan = netip.MustParseAddr("192.168.77.10")
	noon    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

	nameA    = slot{worldName, publicip.V4, false}
	nameAAAA = slot{worldName, publicip.V6, false}
	lanA     = slot{worldLan, publicip.V4, true}
)

func known(a netip.Addr) publicip.Verdict { return publicip.Verdict{State: publicip.Known, Addr: a} }

func holds(ttl time.Duration, addrs ...netip.Addr) view {
	return view{answer: authority.Answer{Addrs: addrs, TTL: ttl, Exists: len(addrs) > 0, Servers: 2, Agree: 2}}
}

// plain are facts in which all is well: A is at NAME, and so on.
func plain() facts {
	return facts{
		now: noon,
		plan: Plan{
			Provider: newWorld(1), Name: worldName, Lan: worldLan, TTL: time.Minute, V6: true, Clears: true,
		},
		local: Local{Address4: addrLan, Open6: true}, observed: true,
		verdict4: known(addrA), verdict6: known(addr6), asked: noon.Add(-time.Second), age: time.Second,
		seen: map[string]view{
			nameA.key():    holds(time.Minute, addrA),
			nameAAAA.key(): holds(time.Minute, addr6),
			lanA.key():     holds(time.Minute, addrLan),
		},
	}
}

// had is a memo of an update that the provider took and the servers showed.
func had(addr netip.Addr, ago time.Duration) memo {
	at := noon.Add(-ago)
	w := wish{state: publicip.Known, addr: addr}
	return memo{
		Set: addr, SetAt: at, Acked: true, Seen: true, Again: 1, Ours: []netip.Addr{addr}, Sets: []sent{{addr, at}},
		wish: w, since: at, right: w, Servers: 2, ServersAt: at,
	}
}

func TestDecide(t *testing.T) {
	for name, c := range map[string]struct {
		slot slot
		memo memo
		gate pause
		turn func(f *facts, m *memo)
		act  act
		addr netip.Addr
		code string
	}{
		"nothing is done about what is right": {slot: nameA},
		"a missing address is set": {
			slot: nameA, turn: func(f *facts, _ *memo) { f.seen[nameA.key()] = holds(0) }, act: set, addr: addrA,
		},
		"a name given to us is taken over": {
			slot: nameA, turn: func(f *facts, _ *memo) { f.seen[nameA.key()] = holds(time.Hour, addrB) }, act: set, addr: addrA,
		},
		"a second address beside the right one is wrong": {
			slot: nameA, turn: func(f *facts, _ *memo) { f.seen[nameA.key()] = holds(time.Minute, addrA, addrB) }, act: set, addr: addrA,
		},
		"a new address is set at once": {
			slot: nameA, memo: had(addrA, time.Minute), turn: func(f *facts, _ *memo) { f.verdict4 = known(addrB) }, act: set, addr: addrB,
		},
		"not knowing changes nothing": {
			slot: nameA, memo: had(addrB, time.Minute),
			turn: func(f *facts, _ *memo) {
				f.verdict4 = publicip.Verdict{Why: "who knows"}
				f.seen[nameA.key()] = holds(0)
			},
		},
		"no IPv4 at all changes nothing, and is said": {
			slot: nameA, turn: func(f *facts, _ *memo) { f.verdict4 = publicip.Verdict{State: publicip.None} }, code: CodeNoAddress,
		},
		"an old verdict is not acted on": {
			slot: nameA, turn: func(f *facts, _ *memo) { f.age = time.Minute; f.verdict4 = known(addrB) }, act: askFirst,
		},
		"carrier-grade NAT is never published": {
			slot: nameA, turn: func(f *facts, _ *memo) {
				f.verdict4 = publicip.Verdict{State: publicip.Known, Addr: addrB, Behind: publicip.CGNAT}
				f.plan.CanPublishBehind = true
			}, code: CodeCGNAT,
		},
		"double NAT is not published without a door": {
			slot: nameA, turn: func(f *facts, _ *memo) {
				f.verdict4 = publicip.Verdict{State: publicip.Known, Addr: addrB, Behind: publicip.Double}
			}, code: CodeDoubleNAT,
		},
		"double NAT with a door by hand is published": {
			slot: nameA, turn: func(f *facts, _ *memo) {
				f.verdict4 = publicip.Verdict{State: publicip.Known, Addr: addrB, Behind: publicip.Double}
				f.plan.CanPublishBehind = true
			}, act: set, addr: addrB,
		},
		"a router that hides its address counts as double NAT": {
			slot: nameA, turn: func(f *facts, _ *memo) {
				f.verdict4 = publicip.Verdict{State: publicip.Known, Addr: addrB, Behind: publicip.Hidden}
			}, code: CodeDoubleNAT,
		},
		"a private address under the name is refused, whoever believes it": {
			slot: nameA, turn: func(f *facts, _ *memo) { f.verdict4 = known(addrLan) }, code: CodeSpecial,
		},
		"an IPv6 address is not put into an A": {
			slot: nameA, turn: func(f *facts, _ *memo) { f.verdict4 = known(addr6) },
		},
		"a test range passes for public in a laboratory": {
			slot: nameA, turn: func(f *facts, _ *memo) {
				f.verdict4 = known(netip.MustParseAddr("203.0.113.11"))
				f.test = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}
			}, act: set, addr: netip.MustParseAddr("203.0.113.11"),
		},

		"servers that can't be asked change nothing": {
			slot: nameA, turn: func(f *facts, _ *memo) {
				f.verdict4 = known(addrB)
				f.seen[nameA.key()] = view{err: fmt.Errorf("asking: %w", authority.ErrUnreachable)}
			}, code: CodeUnreached,
		},
		"a zone that is not there is said so": {
			slot: nameA, turn: func(f *facts, _ *memo) { f.seen[nameA.key()] = view{err: authority.ErrNoZone} }, code: CodeNoZone,
		},
		"intercepted, what was set and still holds is left": {
			slot: nameA, memo: had(addrA, time.Minute),
			turn: func(f *facts, _ *memo) { f.seen[nameA.key()] = view{err: authority.ErrIntercepted} }, code: CodeIntercept,
		},
		"intercepted, a new address is set from memory": {
			slot: nameA, memo: had(addrB, time.Minute),
			turn: func(f *facts, _ *memo) { f.seen[nameA.key()] = view{err: authority.ErrIntercepted} },
			act:  set, addr: addrA, code: CodeIntercept,
		},
		"intercepted, a call whose end is not known is repeated": {
			slot: nameA, memo: had(addrA, time.Minute), turn: func(f *facts, m *memo) {
				m.Acked, m.Seen = false, false
				f.seen[nameA.key()] = view{err: authority.ErrIntercepted}
			}, act: set, addr: addrA, code: CodeIntercept,
		},
		"intercepted and not knowing changes nothing": {
			slot: nameA, memo: had(addrB, time.Minute), turn: func(f *facts, _ *memo) {
				f.verdict4 = publicip.Verdict{}
				f.seen[nameA.key()] = view{err: authority.ErrIntercepted}
			}, code: CodeIntercept,
		},
		"an alias is in the way": {
			slot: nameA, turn: func(f *facts, _ *memo) {
				f.seen[nameA.key()] = view{answer: authority.Answer{Exists: true, CNAME: "elsewhere.example", Servers: 1, Agree: 1}}
			}, code: CodeAlias,
		},

		"an AAAA is set while IPv6 is open": {
			slot: nameAAAA, turn: func(f *facts, _ *memo) { f.seen[nameAAAA.key()] = holds(0) }, act: set, addr: addr6,
		},
		"the open address is preferred, in the same prefix": {
			slot: nameAAAA, turn: func(f *facts, _ *memo) { f.local.Port6Addr = other(addr6) }, act: set, addr: other(addr6),
		},
		"an open address of another prefix is not believed": {
			slot: nameAAAA, turn: func(f *facts, _ *memo) {
				f.local.Port6Addr = netip.MustParseAddr("2a02:8000:2:1::10")
				f.seen[nameAAAA.key()] = holds(0)
			}, code: CodePrefix,
		},
		"an AAAA of ours goes when the door has been closed for a while": {
			slot: nameAAAA, memo: had(addr6, time.Hour), turn: closed(settleClosed), act: remove,
		},
		"an AAAA of ours stays when the door has just closed": {
			slot: nameAAAA, memo: had(addr6, time.Hour), turn: closed(settleClosed - time.Second),
		},
		"an AAAA of ours stays while the house is offline": {
			slot: nameAAAA, memo: had(addr6, time.Hour), turn: func(f *facts, m *memo) {
				closed(time.Hour)(f, m)
				f.verdict4, f.verdict6 = publicip.Verdict{}, publicip.Verdict{}
			},
		},
		"an AAAA of ours stays until something is known of the door": {
			slot: nameAAAA, memo: had(addr6, time.Hour), turn: func(f *facts, m *memo) {
				closed(time.Hour)(f, m)
				f.observed = false
			},
		},
		"an AAAA of somebody else stays, and is said": {
			slot: nameAAAA, turn: closed(time.Hour), code: CodeForeign,
		},
		"an AAAA of ours beside one of somebody else stays": {
			slot: nameAAAA, memo: had(addr6, time.Hour), turn: func(f *facts, m *memo) {
				closed(time.Hour)(f, m)
				f.seen[nameAAAA.key()] = holds(time.Minute, addr6, foreign6)
			}, code: CodeForeign,
		},
		"an AAAA that the provider can't take away stays, and is said": {
			slot: nameAAAA, memo: had(addr6, time.Hour), turn: func(f *facts, m *memo) {
				closed(time.Hour)(f, m)
				f.plan.Clears = false
			}, code: CodeStays,
		},
		"a provider without AAAA is not asked for one": {
			slot: nameAAAA, turn: func(f *facts, _ *memo) {
				f.plan.V6 = false
				f.seen[nameAAAA.key()] = holds(0)
			},
		},

		"the private address goes under lan": {
			slot: lanA, turn: func(f *facts, _ *memo) { f.seen[lanA.key()] = holds(0); f.age = time.Hour }, act: set, addr: addrLan,
		},
		"a public address never goes under lan": {
			slot: lanA, turn: func(f *facts, _ *memo) { f.local.Address4 = addrB }, code: CodePrivate,
		},
		"a carrier's address never goes under lan": {
			slot: lanA, turn: func(f *facts, _ *memo) { f.local.Address4 = cgnat4 }, code: CodePrivate,
		},
		"no address of our own changes nothing under lan": {
			slot: lanA, turn: func(f *facts, _ *memo) { f.local = Local{} },
		},

		"a TTL that is too long is put right": {
			slot: nameA, turn: func(f *facts, _ *memo) { f.seen[nameA.key()] = holds(time.Hour, addrA) }, act: set, addr: addrA,
		},
		"a TTL is not put right twice in a week": {
			slot: nameA, turn: func(f *facts, m *memo) {
				f.seen[nameA.key()] = holds(time.Hour, addrA)
				m.TTLAt = noon.Add(-6 * 24 * time.Hour)
			},
		},
		"a TTL that is shorter is no reason": {
			slot: nameA, turn: func(f *facts, _ *memo) { f.seen[nameA.key()] = holds(time.Second, addrA) },
		},
		"what was just set has time to appear": {
			slot: nameA, memo: had(addrA, 30*time.Second), turn: func(f *facts, m *memo) {
				m.Seen, m.right = false, wish{}
				f.seen[nameA.key()] = holds(time.Minute, addrB)
			},
		},
		"what never appeared is set again": {
			slot: nameA, memo: had(addrA, 61*time.Second), turn: func(f *facts, m *memo) {
				m.Seen, m.right, m.wrong = false, wish{}, m.SetAt
				f.seen[nameA.key()] = holds(time.Minute, addrB)
			}, act: set, addr: addrA,
		},
		"what never appeared twice is complained of, and waits": {
			slot: nameA, memo: had(addrA, 2*time.Minute), turn: func(f *facts, m *memo) {
				m.Seen, m.right, m.Again = false, wish{}, 2
				f.seen[nameA.key()] = holds(time.Minute, addrB)
			}, code: CodeLost,
		},
		"what somebody changed is looked at once more": {
			slot: nameA, memo: had(addrA, time.Hour), turn: func(f *facts, _ *memo) { f.seen[nameA.key()] = holds(time.Minute, addrB) }, code: CodeContested,
		},
		"what somebody changed is put right": {
			slot: nameA, memo: had(addrA, time.Hour), turn: func(f *facts, m *memo) {
				m.wrong = noon.Add(-confirmAfter)
				f.seen[nameA.key()] = holds(time.Minute, addrB)
			}, act: set, addr: addrA,
		},
		"servers that differ are given time": {
			slot: nameA, memo: had(addrA, 2*time.Minute), turn: func(f *facts, m *memo) {
				m.Seen, m.right = false, wish{}
				v := holds(time.Minute, addrB)
				v.answer.Agree = 1
				f.seen[nameA.key()] = v
			}, code: CodeLost,
		},
		"servers that still differ are said": {
			slot: nameA, memo: had(addrA, 2*time.Minute), turn: func(f *facts, _ *memo) {
				v := holds(time.Minute, addrA)
				v.answer.Agree = 1
				f.seen[nameA.key()] = v
			}, code: CodeSecondary,
		},
		"an address that comes back a third time has to stay first": {
			slot: nameA, memo: had(addrB, time.Minute), turn: func(f *facts, m *memo) {
				f.seen[nameA.key()] = holds(time.Minute, addrB)
				m.Sets = []sent{{addrA, noon.Add(-3 * time.Hour)}, {addrB, noon.Add(-2 * time.Hour)}, {addrA, noon.Add(-time.Hour)}, {addrB, noon}}
			}, code: CodeFlapping,
		},

		"a pause is kept": {
			slot: nameA, turn: func(f *facts, m *memo) {
				f.seen[nameA.key()] = holds(0)
				m.Pause = pause{Since: noon.Add(-time.Minute), Wait: 2 * time.Minute, Complaint: &complaint{Code: codeRejected}}
			}, code: codeRejected,
		},
		"a pause ends": {
			slot: nameA, turn: func(f *facts, m *memo) {
				f.seen[nameA.key()] = holds(0)
				m.Pause = pause{Since: noon.Add(-2 * time.Minute), Wait: 2 * time.Minute, Complaint: &complaint{Code: codeRejected}}
			}, act: set, addr: addrA,
		},
		"the provider's pause holds for every record": {
			slot: lanA, gate: pause{Since: noon, Wait: time.Minute, Complaint: &complaint{Code: codeBusy}},
			turn: func(f *facts, _ *memo) { f.seen[lanA.key()] = holds(0) }, code: codeBusy,
		},
		"a watcher only tells": {
			slot: nameA, memo: had(addrA, time.Hour), turn: func(f *facts, m *memo) {
				f.plan.Provider = nil
				m.wrong = noon.Add(-staleAfter)
				f.seen[nameA.key()] = holds(time.Minute, addrB)
			}, code: CodeStale,
		},
		"a watcher gives whoever updates some time": {
			slot: nameA, turn: func(f *facts, _ *memo) {
				f.plan.Provider = nil
				f.seen[nameA.key()] = holds(time.Minute, addrB)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, m := plain(), c.memo
			if c.turn != nil {
				c.turn(&f, &m)
			}
			_, st := decide(f, c.slot, m, c.gate)
			if st.act != c.act {
				t.Errorf("act is %d, want %d", st.act, c.act)
			}
			if c.addr.IsValid() && st.addr != c.addr {
				t.Errorf("address is %v, want %v", st.addr, c.addr)
			}
			if got := codeOf(st.record.Trouble); got != c.code {
				t.Errorf("trouble is %q, want %q", got, c.code)
			}
		})
	}
}

// closed has the door for IPv6 closed since a while.
func closed(ago time.Duration) func(*facts, *memo) {
	return func(f *facts, m *memo) {
		f.local.Open6 = false
		m.wish, m.since = wish{state: publicip.None}, noon.Add(-ago)
	}
}

func codeOf(p *problem.Problem) string {
	if p == nil {
		return ""
	}
	return p.Code
}

func TestPause(t *testing.T) {
	fault := func(code string) *problem.Problem { return problem.New(problem.Unavailable, code, "No.", "Wait.") }
	for name, c := range map[string]struct {
		fails       int
		err         error
		least, most time.Duration
		wide        bool
		worked      bool
	}{
		"the line is tried again soon":                  {0, fault(codeUnreachable), time.Second, 3 * time.Second, false, false},
		"the line is not tried for ever":                {40, fault(codeUnreachable), 8 * time.Minute, 12 * time.Minute, false, false},
		"a limit is honoured":                           {0, fault(codeBusy).With("seconds", "300"), 300 * time.Second, 311 * time.Second, true, false},
		"a limit without a time doubles":                {3, fault(codeBusy), 190 * time.Second, 5 * time.Minute, true, false},
		"a limit of a year is a day":                    {0, fault(codeBusy).With("seconds", "31536000"), 24 * time.Hour, longest, true, false},
		"a limit that is no number is none":             {0, fault(codeBusy).With("seconds", "soon"), 20 * time.Second, 40 * time.Second, true, false},
		"a wrong token waits a day":                     {0, fault(codeToken), 24 * time.Hour, longest, true, false},
		"a missing permission is one record's":          {0, fault(codePermission), 24 * time.Hour, longest, false, false},
		"a refusal waits for minutes":                   {0, fault(codeRejected), 4 * time.Minute, 6 * time.Minute, false, false},
		"an error without a word waits":                 {0, errors.New("what"), 10 * time.Second, 20 * time.Second, false, false},
		"a zone that was there is asked for again soon": {0, fault(codeZone), 45 * time.Second, 75 * time.Second, false, true},
		"a token that worked is tried a few times":      {3, fault(codeToken), 90 * time.Minute, 150 * time.Minute, true, true},
		"and then waits a day":                          {4, fault(codeToken), 24 * time.Hour, longest, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, chance := range []float64{0, 0.5, 0.999} {
				p := pause{Fails: c.fails}.after(c.err, noon, chance, c.worked)
				if p.Wait < c.least || p.Wait > c.most {
					t.Errorf("with chance %v it waits %s, want %s to %s", chance, p.Wait, c.least, c.most)
				}
				if p.Complaint.wide() != c.wide {
					t.Errorf("wide is %v, want %v", p.Complaint.wide(), c.wide)
				}
			}
		})
	}
}
