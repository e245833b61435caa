package backup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/appliance/backup/archive"
	"latchkey/appliance/backup/target"
	"latchkey/appliance/health"
	"latchkey/appliance/problem"
	"latchkey/appliance/settings"
)

const day24 = 24 * time.Hour

func TestAMonthByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id, srv := s.add("nas")
		stop := s.running()
		defer stop()
		time.Sleep(30 * day24)
		synctest.Wait()
		puts, gets := srv.counts()
		if puts < 30 || puts > 32 {
			t.Errorf("%d backups in 30 days", puts)
		}
		if gets != puts {
			t.Errorf("%d were sent and %d read back", puts, gets)
		}
		// Seven days, five weeks, and the last of the months.
		if n := len(srv.names()); n < 10 || n > 14 {
			t.Errorf("%d lie there: %v", n, srv.names())
		}
		if len(s.spooled()) != newestHere {
			t.Errorf("the spool has %v", s.spooled())
		}
		k, _ := s.read(t.Context())
		newest := k.newestMade()
		if h := newest.Made.Hour(); h != stableHour(house) || newest.Why != Daily {
			t.Errorf("the last was made at %v for %q", newest.Made, newest.Why)
		}
		if p := newest.place(id); p == nil || p.Depth != Opened {
			t.Errorf("the newest there is %+v", p)
		}
		s.wants()
	})
}

func TestWhatWasMissedIsMadeSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		_, srv := s.add("nas")
		stop := s.running()
		time.Sleep(day24)
		stop()
		before, _ := srv.counts()
		time.Sleep(5 * day24) // the machine is off
		s.restart()
		stop = s.running()
		time.Sleep(10 * time.Minute)
		if now, _ := srv.counts(); now != before+1 {
			t.Errorf("%d backups soon after the start, want one", now-before)
		}
		stop()
		s.restart()
		stop = s.running()
		defer stop()
		time.Sleep(10 * time.Minute)
		if now, _ := srv.counts(); now != before+1 {
			t.Error("another start made another")
		}
	})
}

func TestATargetThatComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id, srv := s.add("nas")
		_, fine := s.add("usb")
		stop := s.running()
		defer stop()
		time.Sleep(day24)
		srv.setDown(errDown)
		time.Sleep(2 * day24)
		synctest.Wait()
		c, told := s.conditions()[targetCode(id)]
		if !told || c.Severity != health.Warning || !strings.Contains(c.Text, "nas") || !strings.Contains(c.Text, "day") || c.Hint != errDown.Hint {
			t.Errorf("the condition is %+v", c)
		}
		if n := len(fine.names()); n < 3 {
			t.Errorf("the other has %d", n)
		}
		s.wants(targetCode(id))
		srv.setDown(nil)
		time.Sleep(7 * time.Hour)
		synctest.Wait()
		if srv.names()[len(srv.names())-1] != fine.names()[len(fine.names())-1] {
			t.Error("the newest did not get there")
		}
		if v := s.view(); v.Targets[0].Problem != nil {
			t.Errorf("%+v", v.Targets[0])
		}
		s.wants()
	})
}

func TestTriesGetRarer(t *testing.T) {
	for _, tt := range []struct {
		name     string
		err      error
		min, max int // tries in a day
	}{
		{"of a server that is away", errDown, 6, 10},
		{"of credentials that are refused", problem.New(problem.Refused, target.CodeRefused, "No.", "Enter it anew."), 4, 6},
		{"of a disk that is not plugged in", problem.New(problem.Unavailable, target.CodeNotPlugged, "Not there.", "Plug it in."), 200, 290},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				_, srv := s.add("nas")
				stop := s.running()
				defer stop()
				time.Sleep(time.Hour)
				var tries atomic.Int64
				s.instead(func() (target.Target, error) {
					tries.Add(1)
					return srv, tt.err
				})
				time.Sleep(2 * day24)
				synctest.Wait()
				if n := int(tries.Load()) / 2; n < tt.min || n > tt.max {
					t.Errorf("%d tries a day", n)
				}
			})
		})
	}
}

func TestAHungTargetHoldsUpOnlyItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		_, fine := s.add("nas")
		id, srv := s.add("usb")
		release := make(chan struct{})
		srv.hang = release
		stop := s.running()
		time.Sleep(4 * day24)
		synctest.Wait()
		if n := len(fine.names()); n != 5 && n != 4 {
			t.Errorf("the other has %d after four days", n)
		}
		if puts, _ := srv.counts(); puts != 1 {
			t.Errorf("%d goroutines hang", puts)
		}
		if c := s.conditions()[targetCode(id)]; !strings.Contains(c.Text, errStuck.Text) {
			t.Errorf("the condition is %+v", c)
		}
		began := time.Now()
		stop()
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("the end took %v", took)
		}
		close(release)
		synctest.Wait()
	})
}

func TestACopyThatRotsIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id, srv := s.add("nas")
		if err := s.c.Settings.Set(t.Context(), map[string]any{settings.BackupHour: int64(3)}); err != nil {
			t.Fatal(err)
		}
		stop := s.running()
		defer stop()
		time.Sleep(time.Hour)
		s.jump(-8*day24, false) // so that none is due while the proof is
		name := srv.names()[0]
		srv.files[name][100] ^= 1
		if _, err := s.Prove(t.Context(), name, id); !errors.Is(err, errDamaged) {
			t.Fatalf("got %v", err)
		}
		if v := s.view(); v.LastGood != nil || !v.Copies[0].Places[1].Bad {
			t.Errorf("it still counts: %+v", v.Copies)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if !s.place(name, id).good() {
			t.Errorf("it is %+v", s.place(name, id))
		}
		s.wants()
	})
}

func TestOneCopyIsProvedEachWeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id, srv := s.add("nas")
		r := s.create(Asked)
		s.c.Source = func(context.Context, func(archive.Manifest, []archive.Part) error) error {
			return errors.New("no more")
		}
		stop := s.running()
		defer stop()
		time.Sleep(6 * day24)
		if _, gets := srv.counts(); gets != 1 {
			t.Errorf("read %d times in six days", gets)
		}
		time.Sleep(2 * day24)
		if _, gets := srv.counts(); gets != 2 || s.place(r.Name, id).Depth != Digest {
			t.Errorf("read %d times in eight days: %+v", gets, s.place(r.Name, id))
		}
		if err := s.KeepKey(t.Context(), s.kit.String()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(7 * day24)
		if _, gets := srv.counts(); gets != 3 || s.place(r.Name, id).Depth != Opened {
			t.Errorf("with the key read %d times: %+v", gets, s.place(r.Name, id))
		}
		synctest.Wait()
		s.wants("backup.failed", "backup.old")
		if c := s.conditions()["backup.old"]; c.Severity != health.Trouble {
			t.Errorf("after two weeks it is %+v", c)
		}
	})
}

func TestClocksThatJump(t *testing.T) {
	for _, tt := range []struct {
		name    string
		by      time.Duration
		trusted bool
	}{
		{"to 1970, not trusted", -29 * 365 * day24, false},
		{"to 1970, though trusted", -29 * 365 * day24, true},
		{"to 2038, not trusted", 38 * 365 * day24, false},
		{"to 2038, though trusted", 38 * 365 * day24, true},
		{"a year back", -365 * day24, false},
		{"a year ahead", 365 * day24, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				_, srv := s.add("nas")
				stop := s.running()
				defer stop()
				time.Sleep(20 * day24)
				lay := srv.names()
				removed := len(srv.removed)
				s.jump(tt.by, tt.trusted)
				time.Sleep(5 * day24)
				synctest.Wait()
				if tt.by < 0 || !tt.trusted {
					if len(srv.removed) != removed {
						t.Errorf("%v went meanwhile", srv.removed[removed:])
					}
				}
				if n := len(srv.names()) - len(lay) + len(srv.removed) - removed; n < 4 || n > 7 {
					t.Errorf("%d backups in five days", n)
				}
				s.jump(-tt.by, true)
				puts, _ := srv.counts()
				time.Sleep(20 * time.Minute)
				if now, _ := srv.counts(); now > puts+1 {
					t.Errorf("%d at once when the clock was right again", now-puts)
				}
				time.Sleep(40 * day24)
				synctest.Wait()
				if n := len(srv.names()); n > 7+5+12 {
					t.Errorf("%d lie there", n)
				}
				future := slices.DeleteFunc(srv.names(), func(n string) bool {
					_, made, _ := archive.ParseName(n)
					return !made.After(s.now())
				})
				if len(future) > 0 {
					t.Errorf("from the future are left %v", future)
				}
				s.wants()
			})
		})
	}
}

func TestAnUntrustedClockRemovesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		_, srv := s.add("usb")
		s.jump(0, false)
		stop := s.running()
		defer stop()
		time.Sleep(60 * day24)
		synctest.Wait()
		if len(srv.removed) != 0 || len(srv.names()) < 59 {
			t.Errorf("%d lie there, %v were removed", len(srv.names()), srv.removed)
		}
		if len(s.spooled()) != newestHere {
			t.Errorf("the spool fills the house's own disk: %v", s.spooled())
		}
		s.wants("backup.clock")
		s.jump(0, true)
		time.Sleep(30 * day24)
		synctest.Wait()
		if n := len(srv.names()); n > 14 {
			t.Errorf("%d lie there a month after", n)
		}
		s.wants()
	})
}

func TestANewKitIsBackedUpFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.noKit = true
		stop := s.running()
		defer stop()
		time.Sleep(2 * day24)
		synctest.Wait()
		s.wants()
		s.give(nil)
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		if n := len(s.spooled()); n != 1 {
			t.Fatalf("the spool has %d after the first kit", n)
		}
		s.wants("backup.none")
		time.Sleep(2 * time.Hour)
		s.give(newStage(t).kit)
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		k, _ := s.read(t.Context())
		if k.newestMade().Kit != s.kit.Recipient().String() {
			t.Error("the new kit opens nothing yet")
		}
		made := k.Seq
		s.give(newStage(t).kit)
		time.Sleep(45 * time.Minute)
		synctest.Wait()
		if k, _ := s.read(t.Context()); k.Seq != made {
			t.Error("another was made within the hour")
		}
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		if k, _ := s.read(t.Context()); k.newestMade().Kit != s.kit.Recipient().String() {
			t.Error("the newest kit opens nothing yet")
		}
	})
}

func TestFailingToMakeIsRetriedPatiently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		_, srv := s.add("nas")
		s.breakSource(errors.New("no view"))
		stop := s.running()
		defer stop()
		time.Sleep(day24)
		synctest.Wait()
		s.mu.Lock()
		tries := s.views
		s.mu.Unlock()
		if tries < 5 || tries > 9 {
			t.Errorf("%d tries in a day", tries)
		}
		s.wants("backup.failed")
		s.breakSource(nil)
		time.Sleep(7 * time.Hour)
		synctest.Wait()
		if len(srv.names()) == 0 {
			t.Error("it is not made when it can be")
		}
		s.wants()
	})
}

func TestAStartWithoutRightTimeWaitsALittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.jump(0, false)
		stop := s.running()
		defer stop()
		time.Sleep(trustPause - tickEvery)
		synctest.Wait()
		if n := len(s.spooled()); n != 0 {
			t.Error("it did not wait for the clock")
		}
		time.Sleep(2 * tickEvery)
		synctest.Wait()
		if n := len(s.spooled()); n != 1 {
			t.Error("it waits for ever")
		}
	})
}

func TestWhatLiesAtATargetAfterARestore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id, srv := s.add("nas")
		kept := map[string][]byte{}
		for name, v := range s.keep.values {
			kept[name] = v
		}
		r := s.create(Asked)
		s.keep.values = kept // of before
		if err := os.RemoveAll(s.c.Dir); err != nil {
			t.Fatal(err)
		}
		s.restart()
		time.Sleep(day24)
		fresh := s.create(Asked)
		v := s.view()
		if len(v.Copies) != 2 || v.Copies[1].Name != r.Name || v.Copies[1].Why != Found || v.Targets[0].Count != 2 {
			t.Fatalf("copies %+v", v.Copies)
		}
		if !v.LastGood.Equal(fresh.Made) {
			t.Error("the last good is another")
		}
		if _, err := s.Prove(t.Context(), r.Name, id); !errors.Is(err, errNoDigest) {
			t.Errorf("without a key: %v", err)
		}
		if err := s.KeepKey(t.Context(), s.kit.String()); err != nil {
			t.Fatal(err)
		}
		if p, err := s.Prove(t.Context(), r.Name, id); err != nil || p.Depth != Opened {
			t.Errorf("with the key: %+v, %v", p, err)
		}
		if len(srv.names()) != 2 {
			t.Errorf("there lie %v", srv.names())
		}
	})
}

func TestATargetThatIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id, srv := s.add("usb")
		s.jump(0, false)
		stop := s.running()
		defer stop()
		time.Sleep(30 * day24)
		synctest.Wait()
		srv.mu.Lock()
		srv.room = len(srv.files)
		srv.mu.Unlock()
		time.Sleep(2 * day24)
		synctest.Wait()
		if c := s.conditions()[targetCode(id)]; !strings.Contains(c.Text, "It is full.") {
			t.Errorf("%+v", c)
		}
		if len(srv.removed) > 0 {
			t.Errorf("%v went though the clock is in doubt", srv.removed)
		}
		s.jump(0, true)
		time.Sleep(day24)
		synctest.Wait()
		if len(srv.removed) == 0 {
			t.Error("nothing made room")
		}
		s.wants()
	})
}

func TestATargetThatKeepsAllIsAGoodOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id, srv := s.add("s3")
		srv.keeps = problem.New(problem.Refused, target.CodePermission, "The key may not delete.", "")
		stop := s.running()
		defer stop()
		time.Sleep(20 * day24)
		synctest.Wait()
		if n := len(srv.names()); n < 20 {
			t.Errorf("%d lie there", n)
		}
		v := s.view()
		if v.Targets[0].Problem != nil || v.LastGood == nil || s.now().Sub(*v.LastGood) > 25*time.Hour {
			t.Errorf("%+v", v.Targets[0])
		}
		s.wants(targetCode(id))
		if c := s.conditions()[targetCode(id)]; c.Severity != health.Notice || !strings.Contains(c.Text, "may not delete") {
			t.Errorf("%+v", c)
		}
	})
}

func TestScratchLiesInMemoryWhereItCan(t *testing.T) {
	s := newStage(t)
	s.c.Memory = t.TempDir()
	var at []string
	s.proving = func(dir string) error { at = append(at, dir); return nil }
	s.create(Asked)
	s.content = strings.Repeat("x", mostInMemory)
	s.create(Asked)
	s.content = "small"
	s.c.Free = func(dir string) (int64, error) {
		if dir == s.c.Memory {
			return 10, nil
		}
		return 1 << 40, nil
	}
	s.create(Asked)
	want := []string{s.c.Memory, s.c.Dir, s.c.Dir}
	for i := range at {
		if filepath.Dir(at[i]) != want[i] {
			t.Errorf("%d was unpacked in %s, want it in %s", i, at[i], want[i])
		}
		if _, err := os.Stat(at[i]); err == nil {
			t.Errorf("%s is left", at[i])
		}
	}
	s.c.Memory = ""
	calls := 0
	s.c.Free = func(string) (int64, error) { // the backup itself takes the rest
		if calls++; calls == 1 {
			return 1 << 40, nil
		}
		return 0, nil
	}
	r := s.create(Asked)
	if len(at) != 3 || s.place(r.Name, Here).Depth != Digest {
		t.Errorf("without room it was %+v", s.place(r.Name, Here))
	}
	s.wants("backup.none", "backup.space")
	if c := s.conditions()["backup.space"]; c.Severity != health.Notice || c.Values["needed"] == "" {
		t.Errorf("%+v", c)
	}
}

// A large house on a slow machine is checked for an hour, which is no fault of
// the place that it was read from.
func TestALongCheckIsNoHangingTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id, _ := s.add("nas")
		s.proving = func(string) error { time.Sleep(time.Hour); return nil }
		if r := s.create(Asked); len(r.Failed) > 0 || s.place(r.Name, id).Depth != Opened {
			t.Errorf("%+v, %+v", r.Failed, s.place(r.Name, id))
		}
	})
}
