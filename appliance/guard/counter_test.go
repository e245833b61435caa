package guard

import (
	"math"
	"net/netip"
	"testing"
	"time"
)

func TestRules(t *testing.T) {
	plain := rule{burst: 3, drain: time.Minute}
	growing := rule{burst: 2, drain: time.Hour, first: time.Second, most: 6 * time.Second}
	const at = moment(1_000_000)
	cases := []struct {
		says  string
		rule  rule
		level float32
		after time.Duration
		wait  time.Duration
	}{
		{"nothing has happened", plain, 0, 0, 0},
		{"one is left", plain, 2, 0, 0},
		{"none is left", plain, 3, 0, time.Minute},
		{"none is left, but time has passed", plain, 3, 20 * time.Second, 40 * time.Second},
		{"one has been forgotten", plain, 3, time.Minute, 0},
		{"a moment short of that", plain, 3, time.Minute - 2*time.Second, 2 * time.Second},
		{"a clock that was set back", plain, 3, -time.Hour, time.Minute},
		{"the first pause", growing, 2, 0, time.Second},
		{"the first pause is over", growing, 2, time.Second, 0},
		{"the second pause", growing, 3, 0, 2 * time.Second},
		{"the third", growing, 4, time.Second, 3 * time.Second},
		{"none is longer than the longest", growing, 5, 0, 6 * time.Second},
		{"however many there were", growing, 500, 0, 6 * time.Second},
	}
	for _, c := range cases {
		t.Run(c.says, func(t *testing.T) {
			if got := c.rule.wait(counter{level: c.level, at: at}, at.plus(c.after)); got != c.wait {
				t.Errorf("wait %v, want %v", got, c.wait)
			}
		})
	}
	t.Run("a long siege is not remembered longer than the longest pause needs", func(t *testing.T) {
		var c counter
		now := at
		for range 1000 {
			now = now.plus(growing.wait(c, now))
			c, _ = growing.charge(c, 1, now)
		}
		if want := growing.burst + 3; float64(c.level) != want {
			t.Errorf("level %v, want %v", c.level, want)
		}
	})
	t.Run("a refund takes back no more than was charged", func(t *testing.T) {
		c := counter{level: 5, at: at}
		c, added := growing.charge(c, 1, at)
		if added != 0 {
			t.Errorf("charged %v at the ceiling", added)
		}
		if c = growing.refund(c, added, at, at); c.level != 5 {
			t.Errorf("level %v after the refund", c.level)
		}
	})
	t.Run("all rules of all kinds are whole", func(t *testing.T) {
		for k := kindPassword; k < kindRequest; k++ {
			for n := range classFlood * 2 {
				class, place := n/2, Far
				if n%2 == 1 {
					place = Home
				}
				if class == 0 {
					continue
				}
				one := id{class: class, kind: k, place: place}.rule()
				if one.burst < 1 || one.drain <= 0 || (one.first == 0) != (one.most == 0) || one.first > one.most {
					t.Errorf("%s: %+v", attempts[k], one)
				}
				if one.first > 0 && one.most > one.drain {
					t.Errorf("%s: %+v lets more through by waiting than by hurrying", attempts[k], one)
				}
			}
		}
	})
	t.Run("a day at one account, however it is spread over the ways of strangers, stays under a thousand", func(t *testing.T) {
		day := float64(24 * time.Hour)
		r := guesses.account
		most := r.burst + r.steps() + 1 + day/float64(r.most)
		if d := guesses.device; most+d.burst+day/float64(d.drain) > 1000 {
			t.Errorf("%v by siege, and a stolen device's", most)
		}
		if most > 550 {
			t.Errorf("%v", most)
		}
	})
}

func TestNetworks(t *testing.T) {
	for _, c := range []struct {
		addr  string
		wants []string
	}{
		{"203.0.113.7", []string{"203.0.113.7/32"}},
		{"::ffff:203.0.113.7", []string{"203.0.113.7/32"}},
		{"64:ff9b::cb00:7107", []string{"203.0.113.7/32"}},
		{"2001:db8:1:2345:6789::1", []string{"2001:db8:1:2345::/64", "2001:db8:1:2300::/56", "2001:db8:1::/48"}},
		{"fe80::1%eth0", []string{"fe80::/64", "fe80::/56", "fe80::/48"}},
	} {
		var room [3]netID
		nets := netOf(Prefix(netip.MustParseAddr(c.addr))).widths(&room)
		if len(nets) != len(c.wants) {
			t.Errorf("%s is in %v", c.addr, nets)
			continue
		}
		for i, want := range c.wants {
			if got := nets[i].prefix(); got != netip.MustParsePrefix(want) || !nets[i].valid() || netOf(got) != nets[i] {
				t.Errorf("%s is in %v, want %s", c.addr, got, want)
			}
		}
	}
	if n := netOf(Prefix(netip.Addr{})); n != (netID{}) || n.prefix().IsValid() {
		t.Errorf("no address is in %+v", n)
	}
}

func TestSketchesEstimate(t *testing.T) {
	for _, n := range []int{0, 1, 2, 5, 10, 50, 100, 500, 1000, 10_000, 75_536} {
		var s sketch
		for i := range n {
			net := netOf(Prefix(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})))
			for range 2 {
				s.saw(mix(net, 12345))
			}
		}
		if off := math.Abs(float64(s.estimate() - n)); off > max(1, 0.2*float64(n)) {
			t.Errorf("%d are estimated as %d", n, s.estimate())
		}
	}
}
