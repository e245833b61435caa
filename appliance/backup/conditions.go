package backup

import (
	"context"
	"fmt"
	"time"

	"latchkey/appliance/backup/target"
	"latchkey/appliance/health"
)

// When a condition is set, and when it gets graver.
const (
	kitGrace    = 24 * time.Hour      // so long after the kit nobody is pressed for a target
	oldAfter    = 3 * 24 * time.Hour  // a weekend away from home is no trouble
	graveAfter  = 14 * 24 * time.Hour //
	targetGrace = 24 * time.Hour      // a target that was gone for a night is a notice
	proofAfter  = 10 * 24 * time.Hour // a proof is due each week
)

func targetCode(id string) string { return "backup.target." + id }

// review sets the board by what the books say.
func (b *Backups) review(ctx context.Context) {
	k, err := b.read(ctx)
	if err != nil {
		return
	}
	keys, kit, err := b.c.Kit(ctx)
	if err != nil {
		return
	}
	targets, now := b.targets(), b.now()
	b.c.Board.SetIf(kit && len(targets) == 0, without(now.Sub(keys.Made)))
	b.c.Board.SetIf(kit && onlyHere(k, targets), sameDisk())
	for _, c := range targets {
		s := k.Targets[c.ID]
		b.c.Board.SetIf(kit && (s.Problem != nil || s.Pruning != nil), unwell(k, c, s, now))
	}
	age, never := k.age(now)
	old := kit && len(targets) > 0 && !onlyHere(k, targets) && age >= oldAfter
	b.c.Board.SetIf(old, outdated(age, never))
	newest := k.newestMade()
	broken := newest != nil && newest.Broken
	proof, proved := k.sinceProof(now)
	b.c.Board.SetIf(kit && (broken || !old && proved && proof >= proofAfter), unproved(broken, proof))
	b.c.Board.SetIf(kit && newest != nil && newest.place(Here) != nil && newest.place(Here).Bad && !broken, health.Condition{
		Code: "backup.disk", Severity: health.Trouble, Text: errSpoolDamaged.Text, Hint: errSpoolDamaged.Hint,
	})
	b.reviewMaking(kit)
	waiting := b.waitsForClock(k)
	b.c.Board.SetIf(kit && waiting > 0, health.Condition{
		Code: "backup.clock", Severity: health.Notice, Values: map[string]string{"count": fmt.Sprint(waiting)},
		Text: fmt.Sprintf("%d backups lie at one place, because old ones are not removed until the clock is confirmed.", waiting),
		Hint: "Turn on network time on this machine (on a Raspberry Pi: timedatectl set-ntp true), or see that the place has room.",
	})
}

func without(sinceKit time.Duration) health.Condition {
	c := health.Condition{
		Code: "backup.none", Severity: health.Notice,
		Text: "There is no place for backups outside this machine yet.",
		Hint: "Add one in the page under House, Backups: a USB stick, a NAS or a cloud. If this machine dies before that, every password is gone.",
	}
	if sinceKit > kitGrace {
		c.Severity = health.Warning
	}
	return c
}

// onlyHere reports whether there are targets, and all of them lie on the house's
// own disk.
func onlyHere(k *books, targets []target.Config) bool {
	for _, c := range targets {
		if !k.Targets[c.ID].SameDisk {
			return false
		}
	}
	return len(targets) > 0
}

func sameDisk() health.Condition {
	return health.Condition{
		Code: "backup.samedisk", Severity: health.Warning,
		Text: "All backups lie on the same disk as the house itself, which counts as no backup.",
		Hint: "Add a place on another disk, or outside the house, in the page under House, Backups.",
	}
}

// unwell is what is wrong with a target: no backup gets there, or else no old one
// goes away.
func unwell(k *books, c target.Config, s standing, now time.Time) health.Condition {
	switch {
	case s.Problem != nil:
		return unreached(k, c, s, now)
	case s.Pruning != nil:
		return health.Condition{
			Code: targetCode(c.ID), Severity: health.Notice, Values: map[string]string{"target": c.ID, "name": c.Name, "problem": s.Pruning.Code},
			Text: fmt.Sprintf("Old backups can't be removed from “%s”: %s", c.Name, s.Pruning.Text),
			Hint: "New ones get there. If you meant it so, see that there is always room; or else let Latchkey delete files there.",
		}
	}
	return health.Condition{Code: targetCode(c.ID)}
}

func unreached(k *books, c target.Config, s standing, now time.Time) health.Condition {
	last, values := "No good backup lies there yet.", map[string]string{"target": c.ID, "name": c.Name, "problem": s.Problem.Code}
	if r := k.newestGood(c.ID); r != nil {
		days := wholeDays(now.Sub(r.Made))
		last = "The last good backup there is " + daysOld(days) + "."
		values["days"] = fmt.Sprint(days)
	}
	severity := health.Notice
	if now.Sub(s.Since) >= targetGrace {
		severity = health.Warning
	}
	return health.Condition{
		Code: targetCode(c.ID), Severity: severity, Values: values, Hint: s.Problem.Hint,
		Text: fmt.Sprintf("Backups do not get to “%s”: %s %s", c.Name, s.Problem.Text, last),
	}
}

// age is how old the last good backup is; where there never was one, how long
// there could have been.
func (k *books) age(now time.Time) (age time.Duration, never bool) {
	if r := k.lastGood(); r != nil {
		return now.Sub(r.Made), false
	}
	for _, s := range k.Targets {
		if !s.SameDisk {
			age = max(age, now.Sub(s.Added))
		}
	}
	return age, true
}

func outdated(age time.Duration, never bool) health.Condition {
	days := wholeDays(age)
	c := health.Condition{
		Code: "backup.old", Severity: health.Warning, Values: map[string]string{"days": fmt.Sprint(days)},
		Text: "The last good backup is " + daysOld(days) + ".",
		Hint: "Look in the page under House, Backups, at which place it fails; Latchkey goes on trying.",
	}
	if never {
		c.Text = fmt.Sprintf("No good backup was made in %d days.", days)
	}
	if age >= graveAfter {
		c.Severity = health.Trouble
	}
	return c
}

// sinceProof is how long ago a copy away from the house's disk was proved last,
// false where there is no good copy at all.
func (k *books) sinceProof(now time.Time) (time.Duration, bool) {
	var last time.Time
	for _, s := range k.Targets {
		if !s.SameDisk && s.Proved.After(last) {
			last = s.Proved
		}
	}
	return now.Sub(last), !last.IsZero()
}

func unproved(broken bool, since time.Duration) health.Condition {
	if broken {
		return health.Condition{Code: "backup.unproved", Severity: health.Trouble, Text: errNotOpening.Text, Hint: errNotOpening.Hint}
	}
	days := wholeDays(since)
	return health.Condition{
		Code: "backup.unproved", Severity: health.Warning, Values: map[string]string{"days": fmt.Sprint(days)},
		Text: fmt.Sprintf("No backup was read back and checked for %d days.", days),
		Hint: "Look in the page under House, Backups, and let one be checked there.",
	}
}

// reviewMaking tells what keeps backups from being made or opened at all.
func (b *Backups) reviewMaking(kit bool) {
	b.mu.Lock()
	trouble, spool, scratch := b.making.trouble, b.noSpool, b.noScratch
	b.mu.Unlock()
	space := health.Condition{Code: "backup.space", Severity: health.Trouble}
	switch {
	case spool != nil:
		p := spool.problem()
		space.Text, space.Hint, space.Values = p.Text, p.Hint, p.Values
	case scratch != nil:
		p := scratch.problem()
		space.Severity, space.Values = health.Notice, p.Values
		space.Text = fmt.Sprintf("There is no room on this machine's disk to unpack a backup and check it: that takes %s, and %s are free.", p.Values["needed"], p.Values["free"])
		space.Hint = "Backups are made and compared all the same. Make some room, so that they can be opened, too."
	}
	b.c.Board.SetIf(kit && (spool != nil || scratch != nil), space)
	failed := health.Condition{Code: "backup.failed", Severity: health.Warning}
	if trouble != nil {
		failed.Text, failed.Hint = "The last backup could not be made: "+trouble.Text, trouble.Hint
	}
	b.c.Board.SetIf(kit && trouble != nil && spool == nil && trouble.Code != errNoKit.Code, failed)
}

// waitsForClock is how many copies lie at a target, where that is far more than
// the plan keeps and the clock is why; 0 where all is well.
func (b *Backups) waitsForClock(k *books) int {
	if b.c.Trusted() {
		return 0
	}
	p, most := b.plan(), 0
	for id := range k.Targets {
		most = max(most, len(k.copies(id)))
	}
	if most <= 2*(p.Daily+p.Weekly+p.Monthly) {
		return 0
	}
	return most
}

func wholeDays(d time.Duration) int { return max(0, int(d/(24*time.Hour))) }

func daysOld(days int) string {
	switch days {
	case 0:
		return "less than a day old"
	case 1:
		return "one day old"
	}
	return fmt.Sprintf("%d days old", days)
}
