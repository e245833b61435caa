package guard

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// admission is an Admission as it is held; where it stands says for which
// network and whose devices.
type admission struct {
	account string
	since   moment
	until   moment
}

// Bounds of admissions: no longer than a day, and so few of one account that
// one who may make them can't open the whole world.
const (
	longestAdmission = 24 * time.Hour
	mostAdmissions   = 8
)

// Admit lets unknown devices of account, or of everybody where that is "", try
// from peer's network for a while, past bans and sieges, on a budget that all
// admitted networks share for each account. It is remembered at once.
func (g *Guard) Admit(peer netip.Addr, account string, d time.Duration) (a Admission) {
	g.do(func(now moment) {
		i := id{class: classAdmission, net: netOf(Prefix(peer))}
		if account != "" {
			i.who = g.names.account(account)
		}
		row, there := g.admissions[i]
		if !there || !row.holds(now) {
			row.account, row.since = cut(account), now
			g.fewerAdmissionsLocked(i.who, now)
		}
		row.until = max(row.until, now.plus(min(d, longestAdmission)))
		g.admissions[i] = row
		g.markLocked(i)
		g.pressing, g.changed = true, true
		a = g.admission(i, row)
	})
	return a
}

func (a admission) holds(now moment) bool { return now < a.until }

func (g *Guard) admission(i id, a admission) Admission {
	return Admission{Prefix: i.net.prefix(), Account: a.account, Until: g.wall(a.until)}
}

// fewerAdmissionsLocked makes room for another admission for who.
func (g *Guard) fewerAdmissionsLocked(who name, now moment) {
	var first id
	n := 0
	for i, a := range g.admissions {
		if i.who != who || !a.holds(now) {
			continue
		}
		if n == 0 || a.until < g.admissions[first].until {
			first = i
		}
		n++
	}
	if n >= mostAdmissions {
		g.markLocked(first)
		delete(g.admissions, first)
	}
}

// admittedLocked reports whether a stranger's network was let in for the
// account that they claim.
func (g *Guard) admittedLocked(s *subject, now moment) bool {
	if len(g.admissions) == 0 {
		return false
	}
	for _, who := range [...]name{s.who, {}} {
		if a, there := g.admissions[id{class: classAdmission, who: who, net: s.net}]; there && a.holds(now) {
			return true
		}
	}
	return false
}

// Admissions lists those that still hold, the last to end first.
func (g *Guard) Admissions() (list []Admission) {
	g.do(func(now moment) {
		for i, a := range g.admissions {
			if a.holds(now) {
				list = append(list, g.admission(i, a))
			}
		}
	})
	slices.SortFunc(list, func(a, b Admission) int {
		return cmp.Or(b.Until.Compare(a.Until), a.Prefix.Addr().Compare(b.Prefix.Addr()), cmp.Compare(a.Account, b.Account))
	})
	return list
}

// mostName is the longest e-mail address (RFC 5321, 4.5.3.1.3, without the
// brackets); what is told of an account is cut to that.
const mostName = 254

func cut(account string) string {
	return account[:min(len(account), mostName)]
}
