package guard_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/appliance/guard"
)

// A botnet is ten thousand IPv4 addresses and a whole IPv6 /48: 65,536
// networks with as many addresses in each as it likes.
const bots = 10_000

// bot gives the address of the n-th try: IPv4 and IPv6 in turn.
func bot(n int) netip.Addr {
	if n%2 == 0 {
		i := uint32(n / 2 % bots)
		return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, 0x0a000000|i/250<<8|i%250)))
	}
	a := netip.MustParseAddr("2001:db8:77::").As16()
	binary.BigEndian.PutUint16(a[6:], uint16(n/2*31))
	binary.BigEndian.PutUint64(a[8:], uint64(n))
	return netip.AddrFrom16(a)
}

// TestADayUnderAttack lets a botnet guess at Ada's password for a day, without
// a pause that anything but the guard would make, while Ada and Bob live on.
func TestADayUnderAttack(t *testing.T) {
	perSecond := 30
	if testing.Short() {
		perSecond = 6
	}
	before := allocated()
	synctest.Test(t, func(t *testing.T) {
		kept := newMemory()
		g, kill := withRun(t, kept)
		adas := phone("203.0.113.9")
		adas.Token = "of her page"
		g.Complete(adas)
		var let, asked, known, atHome, new int
		began := time.Now()
		for second := range 24 * 60 * 60 {
			for range perSecond {
				asked++
				try := guard.Try{Attempt: guard.Password, Account: ada, Peer: bot(asked), Device: "a bot's"}
				if asked%3 == 0 {
					try.Device = adas.Device // they have heard of it, but not of its token
				}
				if g.Ask(try).Allowed {
					let++
				}
			}
			switch second % 3600 {
			case 0: // forty of them hammer
				for n := range 40 * 130 {
					asked++
					if g.Ask(guard.Try{Attempt: guard.Password, Account: ada, Peer: bot(2 * (second/90 + n%40)), Device: "a bot's"}).Allowed {
						let++
					}
				}
			case 600: // the phone signs in, through an address that a bot has, too
				adas.Peer = bot(asked)
				v := g.Ask(adas)
				if !v.Allowed || !v.Known {
					t.Fatalf("second %d: the known device is refused: %+v", second, v)
				}
				known++
				g.Passed(v)
				g.Complete(adas)
			case 1200: // a new device at home, once it mistypes
				g.Ask(home(ada, "192.168.1.20"))
				v := g.Ask(home(ada, "192.168.1.20"))
				if !v.Allowed {
					t.Fatalf("second %d: a new device at home is refused: %+v", second, v)
				}
				atHome++
				g.Passed(v)
			case 1800: // Bob, at whom nobody guesses, far away on a new device
				v := g.Ask(far(bob, "198.51.100.7"))
				if !v.Allowed {
					t.Fatalf("second %d: Bob's new device far away is refused: %+v", second, v)
				}
				new++
				g.Passed(v)
			}
			if second == 12*60*60+60 { // killed, not stopped
				bans, sieges := len(g.Bans()), g.Sieges()
				kill()
				g, kill = withRun(t, kept)
				if now := len(g.Bans()); now != bans || bans < 40 {
					t.Errorf("of %d bans %d hold after a restart", bans, now)
				}
				if now := g.Sieges(); len(now) != 1 || now[0].Since != sieges[0].Since {
					t.Errorf("a restart turned %+v into %+v", sieges, now)
				}
				if v := g.Ask(far(ada, "198.51.100.99")); v.Allowed || v.Why != guard.ByAccount {
					t.Errorf("after a restart a stranger at Ada's account: %+v", v)
				}
			}
			time.Sleep(time.Second)
		}
		if day := time.Since(began); day < 24*time.Hour {
			t.Errorf("the day had %v", day)
		}
		used := allocated() - before
		t.Logf("%d guesses in a day, %d reached the hash; %d bans hold; sign-ins: %d known, %d at home, %d new elsewhere", asked, let, len(g.Bans()), known, atHome, new)
		rows, writes, written := kept.wrote()
		t.Logf("memory: %.1f MB more; kept: %d rows, %.1f MB written in %d writes", float64(used)/1e6, rows, float64(written)/1e6, writes)
		if let > 1000 || let < 100 {
			t.Errorf("%d guesses reached the hash", let)
		}
		if used > 60<<20 {
			t.Errorf("%d bytes more than before", used)
		}
		runtime.KeepAlive(g)
		kill()
	})
}

// TestMemoryIsBounded lets more addresses and names come than there is room
// for, and wants Ada's account as shut as before.
func TestMemoryIsBounded(t *testing.T) {
	n := 500_000
	if testing.Short() {
		n = 120_000
	}
	before := allocated()
	s := newStage(t)
	s.Complete(phone("198.51.100.1"))
	s.besiege(ada)
	shut := s.ban("203.0.113.1")
	for i := range n {
		peer := bot(i)
		if i%3 > 0 { // any address of a provider's whole /29
			a := netip.MustParseAddr("2a00:8::").As16()
			binary.BigEndian.PutUint32(a[2:], 0x00080000|uint32(i*2654435761)>>13)
			binary.BigEndian.PutUint16(a[6:], uint16(i))
			peer = netip.AddrFrom16(a)
		}
		s.Ask(guard.Try{Attempt: guard.Password, Account: fmt.Sprint("name ", i), Peer: peer})
		s.Ask(guard.Try{Attempt: guard.Passkey, Account: fmt.Sprint("name ", i), Peer: peer})
		s.Ask(guard.Try{Attempt: guard.Request, Peer: peer})
		if i%1000 == 0 {
			s.wait(10 * time.Millisecond)
		}
		if i%100_000 == 0 {
			s.flush()
		}
	}
	used := allocated() - before
	t.Logf("%.1f MB more after %d tries by as many; kept: %d rows", float64(used)/1e6, 3*n, s.memory.count())
	if used > 60<<20 {
		t.Errorf("%d bytes more than before", used)
	}
	if v := s.Ask(far(ada, "198.51.100.99")); v.Allowed || v.Wait < 30*time.Second {
		t.Errorf("Ada's account: %+v", v)
	}
	if v := s.Ask(far(bob, "203.0.113.1")); v.Why != guard.ByBan {
		t.Errorf("the ban %+v: %+v", shut, v)
	}
	if v := s.Ask(phone("203.0.113.1")); !v.Known {
		t.Errorf("the known device: %+v", v)
	}
	runtime.KeepAlive(s)
}

// allocated is what the heap holds after a collection.
func allocated() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
