package provider_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/libdns/libdns"

	"latchkey/dyndns/provider"
)

// The suite that each row of the table has to pass against a stub of its
// documented HTTP. A row without a rig fails TestTable.

// rigs has one for each provider; each is next to its stub.
func rigs() []rig {
	return []rig{
		cloudflareRig(), duckdnsRig(), desecRig(), rfc2136Rig(), dyndns2Rig(),
		dynv6Rig(), dynv6ApexRig(), hetznerRig(), ionosRig(), ovhRig(), gandiRig(), porkbunRig(), godaddyRig(), netcupRig(), namecheapRig(),
		digitaloceanRig(), linodeRig(), route53Rig(), googleRig(), azureRig(), heRig(), acmednsRig(),
	}
}

var (
	first  = netip.MustParseAddr("192.0.2.10")
	second = netip.MustParseAddr("192.0.2.11")
	third  = netip.MustParseAddr("192.0.2.12")
	six    = netip.MustParseAddr("2001:db8::10")
)

func TestConformance(t *testing.T) {
	for _, g := range rigs() {
		t.Run(g.id+g.variant, func(t *testing.T) {
			info := g.start(t).info(t)
			if info.ChallengeOnly {
				testChallengeOnly(t, g)
			} else {
				testSet(t, g, info)
				testNames(t, g, info)
			}
			if info.Clears {
				testClear(t, g, info)
			}
			if info.TXT > 0 && !info.ChallengeOnly {
				testTexts(t, g, info)
			}
			if info.Proves {
				testProve(t, g, info)
			}
			testRefusals(t, g, info)
			if g.stub != nil {
				testFaults(t, g, info)
			}
		})
	}
}

func testSet(t *testing.T, g rig, info provider.Info) {
	t.Run("an address is set where there was none and all else stays", func(t *testing.T) {
		w := g.start(t)
		before := w.zoneData.lines()
		must(t, "Set", w.client(t).Set(ctx(t), w.name, first, 5*time.Minute))
		w.wants(t, append(before, w.name+" A 192.0.2.10"))
	})
	t.Run("an address is changed and all else stays", func(t *testing.T) {
		w := g.start(t)
		before := w.zoneData.lines()
		c := w.client(t)
		must(t, "Set", c.Set(ctx(t), w.name, first, 5*time.Minute))
		must(t, "Set again", c.Set(ctx(t), w.name+".", second, 5*time.Minute))
		w.wants(t, append(before, w.name+" A 192.0.2.11"))
	})
	t.Run("a TTL below the lowest is raised and one above it is kept", func(t *testing.T) {
		w := g.start(t)
		c := w.client(t)
		must(t, "Set", c.Set(ctx(t), w.name, first, time.Second))
		low := w.zoneData.find("", w.name, "A")[0].TTL
		must(t, "Set again", c.Set(ctx(t), w.name, first, info.MinTTL+time.Hour))
		high := w.zoneData.find("", w.name, "A")[0].TTL
		if low < int(info.MinTTL.Seconds()) || high != low && high < int((info.MinTTL+time.Hour).Seconds()) {
			t.Errorf("TTL %d, then %d; the lowest is %v", low, high, info.MinTTL)
		}
	})
	if info.CleanReads {
		t.Run("what is right already is not written again", func(t *testing.T) {
			w := g.start(t)
			must(t, "Set", w.client(t).Set(ctx(t), w.name, first, 2*time.Hour))
			w.zoneData.reset()
			must(t, "Set again", w.client(t).Set(ctx(t), w.name, first, 2*time.Hour))
			if n := w.zoneData.written(); n != 0 {
				t.Errorf("%d writes where nothing changed", n)
			}
		})
		t.Run("of several addresses one remains", func(t *testing.T) {
			w := g.start(t)
			before := w.zoneData.lines()
			w.zoneData.put(t, w.name+" A 192.0.2.10", w.name+" A 192.0.2.11", w.name+" A 192.0.2.99")
			must(t, "Set", w.client(t).Set(ctx(t), w.name, second, 2*time.Hour))
			w.wants(t, append(before, w.name+" A 192.0.2.11"))
			w.zoneData.put(t, w.name+" A 192.0.2.10")
			must(t, "Set another", w.client(t).Set(ctx(t), w.name, third, 2*time.Hour))
			w.wants(t, append(before, w.name+" A 192.0.2.12"))
		})
	}
	if info.V6 {
		t.Run("an IPv6 address leaves the IPv4 address alone", func(t *testing.T) {
			w := g.start(t)
			w.zoneData.put(t, w.name+" A 192.0.2.10")
			before := w.zoneData.lines()
			must(t, "Set", w.client(t).Set(ctx(t), w.name, six, 2*time.Hour))
			at := slices.Index(before, w.name+" AAAA 2001:db8::7")
			w.wants(t, append(slices.Delete(before, at, at+1), w.name+" AAAA 2001:db8::10"))
		})
		return
	}
	t.Run("an IPv6 address is refused without asking", func(t *testing.T) {
		w := g.start(t)
		w.coded(t, w.client(t).Set(ctx(t), w.name, six, time.Hour), provider.CodeUnable)
		w.coded(t, w.client(t).Clear(ctx(t), w.name, 6), provider.CodeUnable)
		if n := w.asked.Load(); n != 0 {
			t.Errorf("%d requests", n)
		}
	})
}

func testClear(t *testing.T, g rig, info provider.Info) {
	t.Run("an address is cleared and all else stays", func(t *testing.T) {
		w := g.start(t)
		before := w.zoneData.lines()
		w.zoneData.put(t, w.name+" A 192.0.2.10")
		must(t, "Clear", w.client(t).Clear(ctx(t), w.name, 4))
		w.wants(t, before)
		must(t, "Clear what is not there", w.client(t).Clear(ctx(t), w.name, 4))
		w.wants(t, before)
	})
	if !info.V6 {
		return
	}
	t.Run("an IPv6 address is cleared and the IPv4 address stays", func(t *testing.T) {
		w := g.start(t)
		before := w.zoneData.lines()
		w.zoneData.put(t, w.name+" A 192.0.2.10")
		must(t, "Clear", w.client(t).Clear(ctx(t), w.name, 6))
		at := slices.Index(before, w.name+" AAAA 2001:db8::7")
		w.wants(t, append(slices.Delete(before, at, at+1), w.name+" A 192.0.2.10"))
	})
}

func testNames(t *testing.T, g rig, info provider.Info) {
	w := g.start(t)
	before := w.zoneData.lines()
	lan := "lan." + w.name
	if info.Subnames {
		t.Run("a name below NAME is another name", func(t *testing.T) {
			c := w.client(t)
			must(t, "Set", c.Set(ctx(t), w.name, first, time.Hour))
			must(t, "Set lan", c.Set(ctx(t), lan, netip.MustParseAddr("192.168.77.10"), time.Hour))
			w.wants(t, append(slices.Clone(before), w.name+" A 192.0.2.10", lan+" A 192.168.77.10"))
		})
	} else if !g.others {
		t.Run("a name below NAME is refused and NAME stays", func(t *testing.T) {
			w.zoneData.put(t, w.name+" A 192.0.2.10")
			w.coded(t, w.client(t).Set(ctx(t), lan, second, time.Hour), provider.CodeUnable)
			w.wants(t, append(slices.Clone(before), w.name+" A 192.0.2.10"))
		})
	}
	t.Run("a name outside the zone is refused without asking", func(t *testing.T) {
		w := g.start(t)
		for _, name := range []string{"vault.example.com", "evil" + w.zone, "", "a b." + w.zone, "a/../b." + w.zone, "a\n." + w.zone, "*." + w.name} {
			w.coded(t, w.client(t).Set(ctx(t), name, first, time.Hour), provider.CodeZone)
		}
		if n := w.asked.Load(); n != 0 {
			t.Errorf("%d requests", n)
		}
	})
}

// challengeFor is what certmagic hands over for NAME.
func (w *world) challengeFor(value string) []libdns.Record {
	rel := libdns.RelativeName("_acme-challenge."+w.name, w.zone)
	return []libdns.Record{libdns.TXT{Name: rel, TTL: time.Minute, Text: value}}
}

func testTexts(t *testing.T, g rig, info provider.Info) {
	if info.TXT == 1 {
		testSeat(t, g)
		return
	}
	t.Run("challenges stand beside each other and go one by one", func(t *testing.T) {
		w := g.start(t)
		before := w.zoneData.lines()
		c := w.client(t)
		done := make(chan error, 2)
		for _, v := range []string{"one", "two"} {
			go func() {
				_, err := c.AppendRecords(ctx(t), w.zone+".", w.challengeFor(v))
				done <- err
			}()
		}
		must(t, "AppendRecords", <-done)
		must(t, "AppendRecords", <-done)
		full := "_acme-challenge." + w.name + " TXT "
		w.wants(t, append(slices.Clone(before), full+"one", full+"two"))
		_, err := c.DeleteRecords(ctx(t), w.zone+".", w.challengeFor("one"))
		must(t, "DeleteRecords", err)
		w.wants(t, append(slices.Clone(before), full+"two"))
		_, err = c.DeleteRecords(ctx(t), w.zone+".", w.challengeFor("two"))
		must(t, "DeleteRecords", err)
		_, err = c.DeleteRecords(ctx(t), w.zone+".", w.challengeFor("two"))
		must(t, "DeleteRecords of what is gone", err)
		w.wants(t, before)
	})
	t.Run("nothing but TXT is appended", func(t *testing.T) {
		w := g.start(t)
		_, err := w.client(t).AppendRecords(ctx(t), w.zone+".", []libdns.Record{libdns.Address{Name: "vault", IP: first}})
		w.coded(t, err, provider.CodeUnable)
	})
}

func testSeat(t *testing.T, g rig) {
	t.Run("a second challenge waits for the first to go", func(t *testing.T) {
		w := g.start(t)
		c := w.client(t)
		_, err := c.AppendRecords(ctx(t), w.zone+".", w.challengeFor("one"))
		must(t, "AppendRecords", err)
		short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, err := c.AppendRecords(short, w.zone+".", w.challengeFor("two")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a second challenge got %v, want the end of its ctx", err)
		}
		next := make(chan error, 1)
		go func() {
			_, err := c.AppendRecords(ctx(t), w.zone+".", w.challengeFor("three"))
			next <- err
		}()
		_, err = c.DeleteRecords(ctx(t), w.zone+".", w.challengeFor("one"))
		must(t, "DeleteRecords", err)
		must(t, "the third", <-next)
		if got := w.zoneData.find("", "", "TXT"); !slices.ContainsFunc(got, func(r fakeRecord) bool { return r.Value == "three" }) {
			t.Errorf("the zone holds %v", w.zoneData.lines())
		}
	})
}

func testProve(t *testing.T, g rig, info provider.Info) {
	t.Run("a proof leaves the zone as it was", func(t *testing.T) {
		w := g.start(t)
		before := w.zoneData.lines()
		w.zoneData.reset()
		must(t, "Prove", w.client(t).Prove(ctx(t), w.name))
		if info.ChallengeOnly {
			return // what it holds goes by itself
		}
		w.wants(t, before)
		if n := w.zoneData.written(); n < 2 {
			t.Errorf("%d writes, want one that makes and one that takes away", n)
		}
	})
}

func testRefusals(t *testing.T, g rig, info provider.Info) {
	t.Run("a wrong token is told as that", func(t *testing.T) {
		w := g.start(t)
		before := w.zoneData.lines()
		c := w.clientWith(t, w.options(t, w.wrong))
		if !info.ChallengeOnly {
			w.coded(t, c.Set(ctx(t), w.name, first, time.Hour), provider.CodeToken)
		}
		if info.Proves {
			w.coded(t, c.Prove(ctx(t), w.name), provider.CodeToken)
		}
		w.wants(t, before)
	})
	if w := g.start(t); info.Subnames {
		t.Run("a zone of somebody else is told as that", func(t *testing.T) {
			o := w.options(t, w.cred)
			o.Zone = "example.net"
			want := provider.CodeZone
			if g.foreign != "" {
				want = g.foreign
			}
			w.coded(t, w.clientWith(t, o).Set(ctx(t), "vault.example.net", first, time.Hour), want)
			w.coded(t, w.clientWith(t, o).Prove(ctx(t), "vault.example.net"), want)
		})
	}
	t.Run("an end that the caller brought about is given back as it is", func(t *testing.T) {
		w := g.start(t)
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if err := w.change(over, w.client(t)); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	})
	t.Run("what is missing is named", func(t *testing.T) {
		w := g.start(t)
		for _, f := range info.Fields {
			if f.Optional {
				continue
			}
			cred := map[string]string{}
			for k, v := range w.cred {
				cred[k] = v
			}
			cred[f.Key] = " \n"
			_, err := provider.Open(w.id, w.options(t, cred))
			w.coded(t, err, provider.CodeToken)
		}
	})
}

func testChallengeOnly(t *testing.T, g rig) {
	t.Run("it takes two challenges and no address", func(t *testing.T) {
		w := g.start(t)
		c := w.client(t)
		w.coded(t, c.Set(ctx(t), w.name, first, time.Hour), provider.CodeUnable)
		w.coded(t, c.Clear(ctx(t), w.name, 4), provider.CodeUnable)
		for _, v := range []string{"one", "two"} {
			value := v + "4567890123456789012345678901234567890123"
			_, err := c.AppendRecords(ctx(t), w.zone+".", []libdns.Record{libdns.TXT{Name: "@", Text: value}})
			must(t, "AppendRecords", err)
		}
		if got := w.zoneData.find("", "", "TXT"); len(got) != 2 {
			t.Errorf("it holds %v", w.zoneData.lines())
		}
		_, err := c.DeleteRecords(ctx(t), w.zone+".", []libdns.Record{libdns.TXT{Name: "@", Text: "one"}})
		must(t, "DeleteRecords", err)
	})
}
