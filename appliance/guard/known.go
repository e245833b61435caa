package guard

import "time"

// device is one that has signed in completely.
type device struct {
	account name
	token   name   // zero: it has shown none
	used    moment // its last complete sign-in
}

// mostDevices is how many known devices an account has; the one that has been
// away longest makes room for another.
const mostDevices = 64

// usedAgain is how often it is written down that a device was used.
const usedAgain = 24 * time.Hour

// Known reports whether that device has signed in to account completely. Once
// it has shown a token it is known by the two together.
func (g *Guard) Known(account, device, token string) (known bool) {
	g.do(func(moment) { known = g.knownLocked(account, device, token) })
	return known
}

func (g *Guard) knownLocked(account, device, token string) bool {
	if account == "" || device == "" || len(g.known) == 0 {
		return false
	}
	d, there := g.known[knownID(g.names.device(account, device))]
	return there && (d.token == name{} || d.token == g.names.token(account, device, token))
}

func knownID(who name) id { return id{class: classKnown, who: who} }

// Complete tells of a complete sign-in, all factors proven: from now on the
// device is known, by the token that it showed, with its whole budget. It is
// remembered at once.
func (g *Guard) Complete(t Try) {
	if t.Account == "" || t.Device == "" {
		return
	}
	g.do(func(now moment) {
		d := device{account: g.names.account(t.Account), token: g.names.token(t.Account, t.Device, t.Token), used: now}
		who := g.names.device(t.Account, t.Device)
		i := knownID(who)
		old, there := g.known[i]
		if there && old.token == d.token && now.since(old.used) < usedAgain {
			d.used = old.used
		} else {
			g.markLocked(i)
			g.pressing = true
		}
		if !there {
			g.makeRoomLocked(d.account)
		}
		g.known[i] = d
		g.freshLocked(who)
	})
}

// freshLocked gives a device its whole budget.
func (g *Guard) freshLocked(who name) {
	for k := kindPassword; k < kinds; k++ {
		i := id{class: classDevice, kind: k, who: who}
		if c, there := g.counters[classDevice].rows[i]; there {
			g.dropCounterLocked(i, c)
		}
	}
}

// makeRoomLocked lets an account's device go that has been away longest, where
// there are too many.
func (g *Guard) makeRoomLocked(account name) {
	var oldest id
	n := 0
	for i, d := range g.known {
		if d.account != account {
			continue
		}
		if n == 0 || d.used < g.known[oldest].used {
			oldest = i
		}
		n++
	}
	if n >= mostDevices {
		g.dropDeviceLocked(oldest)
	}
}

func (g *Guard) dropDeviceLocked(i id) {
	g.markLocked(i)
	g.pressing = true
	delete(g.known, i)
	g.freshLocked(i.who)
}

// Forget makes a device of account unknown, or all of them where device is "".
func (g *Guard) Forget(account, device string) {
	g.do(func(moment) {
		if device != "" {
			if i := knownID(g.names.device(account, device)); g.known[i].account != (name{}) {
				g.dropDeviceLocked(i)
			}
			return
		}
		who := g.names.account(account)
		for i, d := range g.known {
			if d.account == who {
				g.dropDeviceLocked(i)
			}
		}
	})
}

// Recognises reports whether that device of account is known, whatever token it
// would have to show.
func (g *Guard) Recognises(account, device string) (known bool) {
	g.do(func(moment) { _, known = g.known[knownID(g.names.device(account, device))] })
	return known
}
