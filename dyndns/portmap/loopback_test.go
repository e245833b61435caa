package portmap

import (
	"net/netip"
	"net/url"
	"testing"
	"time"
)

// control is where the router's UPnP takes questions.
func (r *router) control(t *testing.T) *url.URL {
	t.Helper()
	u, err := url.Parse(r.http.URL + "/ctl")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestPCPOverTheWire(t *testing.T) {
	t.Run("443 is mapped, counted, renewed with the same nonce and taken away", func(t *testing.T) {
		r, k := newRouter(t), new(memory)
		r.pcp = true
		m, stop := r.hold(t, k, wishing(443), held)
		v := m.State().V4
		if v.Protocol != PCP || v.External.String() != "203.0.113.10:443" || v.Internal.Port() != 8443 || v.Lease != defaultLease || !v.Listed {
			t.Errorf("mapping %+v", v)
		}
		if r.count("pcp map") != 1 {
			t.Errorf("%d MAP requests, want 1", r.count("pcp map"))
		}
		kept, err := readLedger(k.blob)
		if w, ok := r.look(443); !ok || err != nil || len(kept) != 1 || w.nonce != kept[0].Nonce {
			t.Errorf("the router has %+v, kept is %s", w, k.blob)
		}
		stop()
		if _, still := r.look(443); still {
			t.Error("still mapped after the stop")
		}
	})
	t.Run("without PREFER_FAILURE another port is given, seen and given back", func(t *testing.T) {
		r := newRouter(t)
		r.pcp, r.plainPCP, r.deny, r.wrong = true, true, 1024, 1024
		m, _ := r.hold(t, nil, wishing(443, 8443), held)
		if v := m.State().V4; external(v) != 8443 {
			t.Errorf("mapping %+v", v)
		}
		if _, still := r.look(1024); still {
			t.Error("the port that nobody wished for is still mapped")
		}
	})
	t.Run("a router restart is seen by its epoch", func(t *testing.T) {
		r := newRouter(t)
		r.pcp = true
		m, _ := r.hold(t, nil, wishing(443), held)
		r.mu.Lock()
		clear(r.table)
		r.began = time.Now()
		r.mu.Unlock()
		m.Changed()
		for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			if _, back := r.look(443); back && m.State().Restarts == 1 {
				return
			}
		}
		t.Errorf("not mapped again, %d restarts seen", m.State().Restarts)
	})
}

func TestNATPMPOverTheWire(t *testing.T) {
	r := newRouter(t)
	r.natpmp, r.deny = true, 1024
	m, stop := r.hold(t, nil, wishing(443, 8443), held)
	v := m.State().V4
	if v.Protocol != NATPMP || v.External.String() != "203.0.113.10:8443" {
		t.Errorf("mapping %+v", v)
	}
	if _, still := r.look(1024); still {
		t.Error("the port that was given instead is still mapped")
	}
	if x := m.External(4); x.Addr.String() != "203.0.113.10" || !x.Answered {
		t.Errorf("external %+v", x)
	}
	stop()
	if _, still := r.look(8443); still {
		t.Error("still mapped after the stop")
	}
}

func TestUPnPOverTheWire(t *testing.T) {
	t.Run("443 is mapped under our mark, read back and taken away", func(t *testing.T) {
		r := newRouter(t)
		r.igd = true
		m, stop := r.hold(t, nil, wishing(443), held)
		w, ok := r.look(443)
		if !ok || w.text != "latchkey-test" || w.client != "127.0.0.1" || w.internal != 8443 || w.lease != uint32(defaultLease/time.Second) {
			t.Errorf("the router has %+v", w)
		}
		if v := m.State().V4; v.Protocol != UPnP1 || !v.Listed || v.External.String() != "203.0.113.10:443" {
			t.Errorf("mapping %+v", v)
		}
		if name := m.State().Routers[0].Name; name != "Test Router" && m.State().Routers[len(m.State().Routers)-1].Name != "Test Router" {
			t.Errorf("router named %q", name)
		}
		stop()
		if _, still := r.look(443); still {
			t.Error("still mapped after the stop")
		}
	})
	t.Run("what is another's is left alone", func(t *testing.T) {
		for _, other := range []row{
			{client: "127.0.0.9", internal: 443, text: "nas"},
			{client: "127.0.0.9", internal: 8443, text: "latchkey-test"},
			{client: "127.0.0.1", internal: 8080, text: "game"},
			{client: "127.0.0.1", internal: 8443, text: "game"},
			{client: "some-host", internal: 8443, text: "latchkey-test"},
		} {
			r := newRouter(t)
			r.igd = true
			r.table[443] = other
			m, stop := r.hold(t, nil, wishing(443, 8444), held)
			d := &igdDoor{self: loopback, mark: "latchkey-test", wan: newIGD(service{protocol: UPnP1, control: *r.control(t)}, about{}, loopback, "latchkey-test", fence{gateways: []netip.Addr{loopback}}).wan}
			if err := d.close(t.Context(), &entry{Internal: netip.AddrPortFrom(loopback, 8445), External: 443, Held: true}); err != nil {
				t.Errorf("closing what is another's by now: %v", err)
			}
			stop()
			if w, _ := r.look(443); w != other {
				t.Errorf("%+v became %+v", other, w)
			}
			if m.State().V4 != nil {
				t.Error("held after the stop")
			}
			if r.count("DeletePortMapping") != 1 {
				t.Errorf("%d deletions, want 1", r.count("DeletePortMapping"))
			}
		}
	})
	t.Run("another's port is a conflict where there is no other wish", func(t *testing.T) {
		r := newRouter(t)
		r.igd = true
		r.table[443] = row{client: "127.0.0.9", internal: 443, text: "nas"}
		m, _ := r.hold(t, nil, wishing(443), troubled)
		if s := m.State(); s.Trouble != Conflict || s.Why == "" || r.count("AddPortMapping") != 0 {
			t.Errorf("trouble %q (%s), asked %d times", s.Trouble, s.Why, r.count("AddPortMapping"))
		}
	})
	t.Run("725 leads to a permanent mapping", func(t *testing.T) {
		r, k := newRouter(t), new(memory)
		r.igd, r.permanent = true, true
		m, stop := r.hold(t, k, wishing(443), held)
		if v := m.State().V4; !v.Permanent || v.Lease != 0 {
			t.Errorf("mapping %+v", v)
		}
		if kept, _ := readLedger(k.blob); len(kept) != 1 || !kept[0].Permanent {
			t.Errorf("kept %s", k.blob)
		}
		stop()
		if _, still := r.look(443); still {
			t.Error("still mapped after the stop")
		}
	})
	t.Run("a router that lets nothing be renewed has it made anew", func(t *testing.T) {
		r := newRouter(t)
		r.igd, r.noRenewal = true, true
		m, _ := r.hold(t, nil, wishing(443), held)
		m.Changed()
		for end := time.Now().Add(5 * time.Second); r.count("AddPortMapping") < 3 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		}
		if external(m.State().V4) != 443 || r.count("DeletePortMapping") != 1 {
			t.Errorf("mapping %+v, %d deletions", m.State().V4, r.count("DeletePortMapping"))
		}
	})
	for code, want := range map[int]Fault{
		upnpConflict: Conflict, upnpConflictOther: NoResources, upnpActionFailed: NoResources, upnpInvalidArgs: PortRefused,
		upnpNotAuthorized: NotAuthorized, upnpNoPortsLeft: NoResources, upnpOnlyPermanent: OnlyPermanent,
	} {
		t.Run("a fault is told apart: "+string(want), func(t *testing.T) {
			r := newRouter(t)
			r.igd, r.fault = true, code
			m, _ := r.hold(t, nil, wishing(443), troubled)
			if s := m.State(); s.Trouble != want || s.Why == "" {
				t.Errorf("UPnP %d became %q (%s), want %q", code, s.Trouble, s.Why, want)
			}
		})
	}
}

func TestNobodyAnswersOverTheWire(t *testing.T) {
	t.Run("a router without port mapping is off", func(t *testing.T) {
		r := newRouter(t)
		r.udp.Close() // from now on the machine says that nobody listens there
		m, _ := r.hold(t, nil, wishing(443), troubled)
		if s := m.State(); s.Trouble != Off {
			t.Errorf("trouble %q", s.Trouble)
		}
	})
	t.Run("a router that drops everything is silent", func(t *testing.T) {
		r := newRouter(t)
		m, _ := r.hold(t, nil, wishing(443), troubled)
		if s := m.State(); s.Trouble != Silent || m.External(4).Answered {
			t.Errorf("trouble %q, external %+v", s.Trouble, m.External(4))
		}
	})
}
