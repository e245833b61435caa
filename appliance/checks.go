package appliance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"latchkey/appliance/api"
	"latchkey/appliance/health"
	"latchkey/appliance/reach"
	"latchkey/appliance/settings"
)

// quickChecks are those that the wizard shows under "where am I": each looks,
// changes nothing and answers at once.
func (a *Appliance) quickChecks() []health.Check {
	return []health.Check{
		{Code: "address", Run: a.checkAddress},
		{Code: "clock", Run: a.checkClock},
		{Code: "disk", Run: a.checkDisk},
		{Code: "seal", Run: a.checkSeal},
		{Code: "page", Run: a.checkPage},
	}
}

// Doctor runs every check, the slow ones too.
func (a *Appliance) Doctor(ctx context.Context) []health.Finding {
	slow := health.Check{Code: "file", Slow: true, Run: a.checkFile}
	found := health.RunAll(ctx, append(a.quickChecks(), slow))
	if a.settings.Text(settings.ReachMode) == reach.ModePublic && a.bound.Load() == nil {
		return append(found, health.Finding{
			Code: "reach", State: health.Warn, Text: "Latchkey does not run, so the way from outside can't be tested.", Hint: "Start it, then run this again.",
		})
	}
	return append(found, a.reach.Examine(ctx)...)
}

// lookedBad reports whether the last look found something wrong.
func (a *Appliance) lookedBad() bool {
	return slices.ContainsFunc(a.board.List(), func(c health.Condition) bool { return strings.HasPrefix(c.Code, "check.") })
}

// look pins what the quick checks find to be wrong, so that nobody has to ask
// doctor first. What is merely worth a look stays with doctor, but for the
// disk: that one gets worse.
func (a *Appliance) look(ctx context.Context) {
	for _, f := range health.RunAll(ctx, a.quickChecks()) {
		severity := health.Trouble
		if f.State == health.Warn {
			severity = health.Warning
		}
		a.board.SetIf(f.State == health.Bad || f.State == health.Warn && f.Code == "disk", health.Condition{
			Code: "check." + f.Code, Severity: severity, Text: f.Text, Hint: f.Hint, Values: f.Values,
		})
	}
	left := a.house.Info().RootEnds.Sub(a.clock.Now())
	a.board.SetIf(left < rootWarning, health.Condition{
		Code: "certificate.root", Severity: health.Warning,
		Text: fmt.Sprintf("The house's own certificate authority ends in %d days.", int(left.Hours()/24)),
		Hint: "Devices at home will have to trust a new one then. Update Latchkey before that day.",
	})
}

// rootWarning leaves time to walk round all devices of a household.
const rootWarning = 180 * 24 * time.Hour

func (a *Appliance) checkAddress(context.Context) health.Finding {
	var texts []string
	for _, addr := range a.scout.Network().Addresses() {
		texts = append(texts, addr.String())
	}
	if len(texts) == 0 {
		return health.Finding{
			State: health.Warn, Text: hostName() + " has no address on a home network.",
			Hint: "Only this computer can open the page now. Connect it to your router, by cable if you can.",
		}
	}
	return health.Finding{
		State: health.OK, Text: fmt.Sprintf("%s is on your home network as %s.", hostName(), strings.Join(texts, ", ")),
		Values: map[string]string{"host": hostName(), "addresses": strings.Join(texts, ", ")},
	}
}

func (a *Appliance) checkClock(context.Context) health.Finding {
	return clockFinding(a.clock.Now(), a.clock.Behind(), a.clock.Ahead(), a.clock.Off(), a.clock.Trusted())
}

// timeless reports whether the house goes by a time that is known not to be the
// right one: the machine's clock is believed by nobody, and nobody tells better.
func (a *Appliance) timeless() bool {
	return !a.clock.Certain() && (a.clock.Behind() > time.Minute || a.clock.Ahead() > 0)
}

// clockFinding judges a clock that fell back by behind or leapt ahead, that two
// servers found off, and that is trusted or not.
func clockFinding(now time.Time, behind, ahead, off time.Duration, trusted bool) health.Finding {
	values := map[string]string{"time": now.Format(time.RFC3339)}
	switch {
	case off != 0:
		way := "slow"
		if off < 0 {
			way = "fast"
		}
		return health.Finding{
			State: health.Bad, Text: "This computer's clock is wrong: two servers on the internet find it " + spoken(off.Abs()) + " " + way + ".", Values: values,
			Hint: "Latchkey goes by theirs; certificates wait until this computer's own is right. Turn on network time (on a Raspberry Pi: timedatectl set-ntp true).",
		}
	case behind > time.Minute:
		return health.Finding{
			State: health.Bad, Text: "This computer's clock has fallen back by " + spoken(behind) + ".", Values: values,
			Hint: "It usually corrects itself once the internet is there; until then codes and certificates may be refused.",
		}
	case ahead > 0:
		return health.Finding{
			State: health.Bad, Text: "This computer's clock has leapt ahead by " + spoken(ahead) + "; Latchkey does not go by it.", Values: values,
			Hint: "A flat battery does that. It usually corrects itself once the internet is there; until then codes may be refused, and no certificate is ordered.",
		}
	case !trusted:
		return health.Finding{
			State: health.Warn, Text: "The clock says " + now.Format("2 January 2006, 15:04") + " UTC, but no time server has confirmed it.", Values: values,
			Hint: "Compare it with your watch. Turn on network time if it is wrong.",
		}
	}
	return health.Finding{State: health.OK, Text: "The clock is right: " + now.Format("2 January 2006, 15:04") + " UTC.", Values: values}
}

// spoken says a duration as people do.
func spoken(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f seconds", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f minutes", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f hours", d.Hours())
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}

// Room that a household's vault, its log and a copy of both for the nightly
// check may take; under the lower one writes are about to fail.
const (
	roomWanted = 1 << 30
	roomNeeded = 100 << 20
)

func (a *Appliance) checkDisk(context.Context) health.Finding {
	var disk unix.Statfs_t
	if err := unix.Statfs(a.cfg.Data, &disk); err != nil {
		return health.Finding{State: health.Bad, Text: "The data folder can't be read.", Hint: "Check the disk of this computer."}
	}
	free := uint64(disk.Bavail) * uint64(disk.Bsize) //nolint:unconvert,gosec // types differ by platform; both are sizes
	if err := diskTakes(a.cfg.Data); err != nil && free >= roomNeeded {
		return refusing(err)
	}
	return diskFinding(free)
}

// refusing judges a disk that has room and takes nothing.
func refusing(err error) health.Finding {
	f := health.Finding{
		State: health.Bad, Text: "Nothing can be written to the data folder.",
		Hint:   "The disk may be failing: export your passwords from a device that has them, then look at the disk.",
		Values: map[string]string{"cause": err.Error()},
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		f.Hint = "Give the folder to the user that runs Latchkey."
	case errors.Is(err, unix.EROFS):
		f.Text = "The disk can't be written any more."
		f.Hint = "The system locks a disk that has a fault. Look at it, then start this machine again."
	}
	return f
}

// diskFinding judges the bytes that are free.
func diskFinding(free uint64) health.Finding {
	values := map[string]string{"free": size(free)}
	switch {
	case free < roomNeeded:
		return health.Finding{State: health.Bad, Text: "The disk is full: " + size(free) + " left.", Values: values, Hint: "Make room, or nothing more can be saved."}
	case free < roomWanted:
		return health.Finding{State: health.Warn, Text: "The disk has only " + size(free) + " left.", Values: values, Hint: "Make some room soon."}
	}
	return health.Finding{State: health.OK, Text: "There is room on the disk: " + size(free) + " free.", Values: values}
}

func size(n uint64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	default:
		return fmt.Sprintf("%d MB", n>>20)
	}
}

func (a *Appliance) checkSeal(context.Context) health.Finding {
	info, err := os.Stat(a.cfg.Data)
	if err != nil {
		return health.Finding{State: health.Bad, Text: "The data folder can't be read.", Hint: "Check the disk of this computer."}
	}
	if info.Mode().Perm()&0o077 != 0 {
		return health.Finding{
			State: health.Warn, Text: "Other users of this computer can look into the data folder.",
			Hint: fmt.Sprintf("Run: chmod 700 %s", a.cfg.Data),
		}
	}
	return health.Finding{State: health.OK, Text: "Everything on the disk is sealed, and only Latchkey may read the key."}
}

func (a *Appliance) checkPage(context.Context) health.Finding {
	if a.pageErr != nil {
		return health.Finding{State: health.Bad, Text: "This binary came without a part of its page.", Hint: "Take a released binary, or build it with make build."}
	}
	return health.Finding{State: health.OK, Text: "The page is complete."}
}

// Status says how the house is, for `latchkey status`.
func (a *Appliance) Status() api.Status {
	s := api.Status{Version: a.cfg.Version, Data: a.cfg.Data, Serving: a.bound.Load() != nil, Conditions: a.board.List()}
	for _, l := range a.links("") {
		s.Addresses = append(s.Addresses, strings.TrimSuffix(l.URL, "#/"))
	}
	if people, err := a.people.People(context.Background()); err == nil {
		s.People, s.Ready = len(people), len(people) > 0
	}
	s.Reach, s.Hashes = a.reach.Lines(), a.people.Hashes()
	return s
}
