package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/appliance/backup/archive"
	"latchkey/appliance/problem"
	"latchkey/appliance/settings"
)

func TestABackupIsMadeSentAndProved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a, first := s.add("nas")
		b, second := s.add("usb")
		r := s.create(Asked)
		if len(r.Failed) != 0 {
			t.Fatalf("failed at %+v", r.Failed)
		}
		for _, srv := range []*server{first, second} {
			if got := srv.names(); !slices.Equal(got, []string{r.Name}) {
				t.Fatalf("a target has %v", got)
			}
		}
		for _, at := range []string{a, b} {
			if p := s.place(r.Name, at); !p.good() || p.Depth != Opened {
				t.Errorf("the copy at %s counts as %+v", at, p)
			}
		}
		if s.proofs != 1 {
			t.Errorf("%d openings of the same bytes, want one", s.proofs)
		}
		keys, _, _ := s.c.Kit(t.Context())
		ar, err := archive.Open(bytes.NewReader(first.files[r.Name]), archive.Kit{Recovery: s.kit, Signer: keys.Public}, archive.Limits{})
		if err != nil || ar.Manifest().Why != string(Asked) || !ar.Manifest().Made.Equal(r.Made) {
			t.Errorf("by the kit: %+v, %v", ar, err)
		}
		if got := s.spooled(); !slices.Equal(got, []string{r.Name}) {
			t.Errorf("the spool has %v", got)
		}
		v := s.view()
		if v.LastGood == nil || !v.LastGood.Equal(r.Made) || v.LastProved == nil || v.LastBytes != r.Bytes || len(v.Copies) != 1 || len(v.Targets) != 2 || v.Targets[0].Count != 1 {
			t.Errorf("the view is %+v", v)
		}
		if v.Running != nil || v.Next == nil || !v.Kit || v.Key || len(v.Kinds) == 0 {
			t.Errorf("the view is %+v", v)
		}
		s.wants()
	})
}

func TestATargetThatFailsHoldsUpNobody(t *testing.T) {
	for _, tt := range []struct {
		name string
		why  Why
		bend func(*server)
		took time.Duration // at most
		code string
	}{
		{"one that can't be reached", Asked, func(s *server) { s.setDown(errDown) }, time.Second, errDown.Code},
		{"one that hangs and hears nobody", Asked, func(s *server) { s.hang = make(chan struct{}) }, 15 * time.Minute, errStuck.Code},
		{"one that is slow, before an installation", Install, func(s *server) { s.slow = 9 * time.Minute }, 5 * time.Minute, errStillSending.Code},
		{"one that is slow, before a new key", Rotation, func(s *server) { s.slow = 9 * time.Minute }, 20 * time.Second, errStillSending.Code},
		{"one that stores something else", Asked, func(s *server) { s.tamper = func(d []byte) []byte { d[len(d)/2] ^= 1; return d } }, time.Second, errDamaged.Code},
		{"one that stores less", Asked, func(s *server) { s.tamper = func(d []byte) []byte { return d[:len(d)-1] } }, time.Second, errDamaged.Code},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				_, fine := s.add("fine")
				id, bad := s.add("bad")
				tt.bend(bad)
				began := time.Now()
				r := s.create(tt.why)
				if took := time.Since(began); took > tt.took {
					t.Errorf("it took %v", took)
				}
				if len(r.Failed) != 1 || r.Failed[0].Target != id || r.Failed[0].Trouble.Code != tt.code {
					t.Errorf("failed: %+v", r.Failed)
				}
				if len(fine.names()) != 1 {
					t.Error("the other target has nothing")
				}
				if s.place(r.Name, id).good() {
					t.Error("it counts as good")
				}
				if bad.hang != nil {
					close(bad.hang)
				}
				s.Wait()
				synctest.Wait() // for whoever hung
			})
		})
	}
}

func TestWithoutATargetTheSpoolHasIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		r := s.create(Migration)
		if p := s.place(r.Name, Here); p.Depth != Opened || s.proofs != 1 {
			t.Errorf("the spool's copy is %+v after %d openings", p, s.proofs)
		}
		if v := s.view(); v.LastGood != nil {
			t.Error("the copy in the spool counts as a good backup")
		}
		s.wants("backup.none")
	})
}

func TestWhatKeepsABackupFromBeingMade(t *testing.T) {
	boom := errors.New("boom")
	for _, tt := range []struct {
		name      string
		bend      func(*stage)
		code      string // of the problem; "": any
		condition string // that stands beside backup.none; "": none
	}{
		{"no kit", func(s *stage) { s.noKit = true }, errNoKit.Code, ""},
		{"no view of the house", func(s *stage) {
			s.c.Source = func(context.Context, func(archive.Manifest, []archive.Part) error) error { return boom }
		}, "", "backup.failed"},
		{"a source that panics", func(s *stage) {
			s.c.Source = func(context.Context, func(archive.Manifest, []archive.Part) error) error { panic("bad page") }
		}, "", "backup.failed"},
		{"no room", func(s *stage) { s.setFree(reserve) }, "backup.space", "backup.space"},
		{"a disk that fills up meanwhile", func(s *stage) { s.breaks = syscall.ENOSPC }, "backup.space", "backup.space"},
		{"a disk that fails", func(s *stage) { s.breaks = syscall.EIO }, errDisk.Code, "backup.failed"},
		{"records that can't be kept", func(s *stage) { s.keep.broken = boom }, "", "backup.failed"},
		{"records that can't be kept when it is there", func(s *stage) {
			source := s.c.Source
			s.c.Source = func(ctx context.Context, fn func(archive.Manifest, []archive.Part) error) error {
				defer func() { s.keep.broken = boom }()
				return source(ctx, fn)
			}
		}, "", "backup.failed"},
		{"a house that does not come out again", func(s *stage) { s.proving = func(string) error { return boom } }, errNotOpening.Code, "backup.unproved"},
		{"a check that panics", func(s *stage) { s.proving = func(string) error { panic("bad page") } }, errNotOpening.Code, "backup.unproved"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				tt.bend(s)
				_, err := s.Create(t.Context(), Asked)
				if err == nil || tt.code != "" && problem.Of(err).Code != tt.code {
					t.Fatalf("got %v", err)
				}
				if job := s.Job(); job == nil || job.Ended == nil {
					t.Errorf("the job is %+v", job)
				}
				s.keep.broken = nil
				if got := s.spooled(); len(got) > 0 && tt.code != errNotOpening.Code {
					t.Errorf("left in the spool: %v", got)
				}
				switch tt.condition {
				case "":
					s.wants()
				default:
					s.wants("backup.none", tt.condition)
				}
			})
		})
	}
}

func TestRoomIsMadeOfWhatIsSafeElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id, _ := s.add("nas")
		one := s.create(Asked)
		time.Sleep(24 * time.Hour)
		two := s.create(Asked)
		s.c.Free = func(string) (int64, error) {
			if slices.Contains(s.spooled(), one.Name) {
				return reserve, nil
			}
			return 1 << 40, nil
		}
		time.Sleep(24 * time.Hour)
		three := s.create(Asked)
		if got := s.spooled(); !slices.Equal(got, []string{two.Name, three.Name}) {
			t.Errorf("the spool has %v", got)
		}
		if !s.place(one.Name, id).good() {
			t.Error("the copy elsewhere is gone, too")
		}
	})
}

func TestNoRoomIsMadeOfWhatLiesNowhereElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		one := s.create(Asked)
		time.Sleep(24 * time.Hour)
		s.add("nas") // has only the newest
		two := s.create(Asked)
		s.setFree(reserve)
		if _, err := s.Create(t.Context(), Asked); problem.Of(err).Code != "backup.space" {
			t.Errorf("got %v", err)
		}
		if got := s.spooled(); !slices.Equal(got, []string{one.Name, two.Name}) {
			t.Errorf("the spool has %v", got)
		}
	})
}

func TestStream(t *testing.T) {
	for _, tt := range []struct {
		name string
		free int64
	}{
		{"with room it is made whole first", 1 << 40},
		{"without room it goes out as it is made", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t)
			s.setFree(tt.free)
			var out bytes.Buffer
			m, err := s.Stream(t.Context(), &out, Asked)
			if err != nil {
				t.Fatal(err)
			}
			keys, _, _ := s.c.Kit(t.Context())
			ar, err := archive.Open(&out, archive.Kit{Recovery: s.kit, Signer: keys.Public}, archive.Limits{})
			if err != nil || ar.Manifest().Made != m.Made {
				t.Fatal(err)
			}
			if err := ar.Check(t.Context(), nil); err != nil {
				t.Error(err)
			}
			if left := s.spooled(); len(left) != 0 {
				t.Errorf("left in the spool: %v", left)
			}
			if v := s.view(); len(v.Copies) != 0 {
				t.Error("it counts as a copy of ours")
			}
		})
	}
	t.Run("a reader that goes away ends it", func(t *testing.T) {
		s := newStage(t)
		r, w := io.Pipe()
		_ = r.Close()
		if _, err := s.Stream(t.Context(), w, Asked); err == nil {
			t.Error("no error")
		}
	})
}

func TestOpenGivesTheBytes(t *testing.T) {
	s := newStage(t)
	id, srv := s.add("nas")
	r := s.create(Asked)
	for _, at := range []string{Here, id} {
		body, n, err := s.Open(t.Context(), r.Name, at)
		if err != nil || n != r.Bytes {
			t.Fatalf("%s: %d bytes, %v", at, n, err)
		}
		got, err := io.ReadAll(body)
		if err := errors.Join(err, body.Close()); err != nil || !bytes.Equal(got, srv.files[r.Name]) {
			t.Errorf("%s: other bytes, %v", at, err)
		}
	}
	for _, name := range []string{"../settings", "", "latchkey-ffffffff-20000101T000000Z.age", archive.Name(house, time.Unix(0, 0))} {
		if _, _, err := s.Open(t.Context(), name, Here); !errors.Is(err, errNoCopy) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, _, err := s.Open(t.Context(), r.Name, "none"); !errors.Is(err, errNoTarget) {
		t.Error(err)
	}
}

func TestTheKey(t *testing.T) {
	s := newStage(t)
	id, _ := s.add("nas")
	r := s.create(Asked)
	prove := func() Depth {
		t.Helper()
		p, err := s.Prove(t.Context(), r.Name, id)
		if err != nil {
			t.Fatal(err)
		}
		return p.Depth
	}
	if got := prove(); got != Digest {
		t.Errorf("without a key it was %s", got)
	}
	if err := s.KeepKey(t.Context(), "AGE-SECRET-KEY-1QQQ"); err == nil {
		t.Error("a wrong key was taken")
	}
	typed := strings.ToLower(s.kit.String())
	if err := s.KeepKey(t.Context(), " "+typed[:20]+" "+typed[20:]+"\n"); err != nil {
		t.Fatal(err)
	}
	if got := prove(); got != Opened || !s.view().Key {
		t.Errorf("with the key it was %s", got)
	}
	old := s.kit
	s.kit = newStage(t).kit
	if s.view().Key {
		t.Error("the key of the kit before counts as kept")
	}
	if err := s.KeepKey(t.Context(), old.String()); !errors.Is(err, errWrongKey) {
		t.Errorf("the key of the kit before: %v", err)
	}
	if err := s.ForgetKey(t.Context()); err != nil || s.c.Settings.Secret(settings.BackupKey) != "" {
		t.Errorf("it is still kept, %v", err)
	}
}

func TestTheSpoolsOwnRotIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		r := s.create(Asked)
		id, srv := s.add("nas")
		data, err := os.ReadFile(s.path(r.Name))
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)-1] ^= 1
		if err := os.WriteFile(s.path(r.Name), data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.deliver(t.Context(), id, r.Name, nil, nil); !errors.Is(err, errSpoolDamaged) {
			t.Fatalf("got %v", err)
		}
		if len(srv.names()) != 0 {
			t.Error("it was sent all the same")
		}
		s.review(t.Context())
		if _, told := s.conditions()["backup.disk"]; !told {
			t.Error("nobody is told of the disk")
		}
		stop := s.running()
		time.Sleep(90 * time.Minute)
		stop()
		if len(srv.names()) != 1 {
			t.Error("no other backup was made")
		}
		s.wants()
	})
}

func TestWantOfScratchSpaceIsNoFaultOfTheCopy(t *testing.T) {
	for _, why := range []error{syscall.ENOSPC, syscall.EIO, syscall.EROFS} {
		t.Run(why.Error(), func(t *testing.T) {
			s := newStage(t)
			id, _ := s.add("nas")
			s.proving = func(dir string) error { return &os.PathError{Op: "write", Path: dir, Err: why} }
			r := s.create(Asked)
			if p := s.place(r.Name, id); !p.good() || p.Depth != Digest {
				t.Errorf("%+v", p)
			}
		})
	}
}

func TestACheckThatWasKilledIsNoFaultOfTheCopy(t *testing.T) {
	s := newStage(t)
	id, _ := s.add("nas")
	good := s.create(Asked)
	s.proving = func(string) error {
		return problem.New(problem.Unavailable, "restore.unchecked", "Not checked.", "").Because(fmt.Errorf("%w: signal: killed", ErrUnchecked))
	}
	next := s.create(Asked)
	if p := s.place(next.Name, id); !p.good() || p.Depth != Digest {
		t.Errorf("the new one: %+v", p)
	}
	if p, err := s.Prove(t.Context(), good.Name, id); err != nil || p.Depth != Digest || !s.place(good.Name, id).good() {
		t.Errorf("the one before: %+v, %v", p, err)
	}
}

// A backup of how the house was before a migration is kept, and counts as none
// of today.
func TestAnotherSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.content = "of before"
		before := s.c.Source
		s.c.Source = func(context.Context, func(archive.Manifest, []archive.Part) error) error {
			t.Error("the present house was asked")
			return errors.New("no")
		}
		r, err := s.CreateFrom(t.Context(), Migration, before)
		if err != nil || r.Why != Migration {
			t.Fatalf("%+v, %v", r, err)
		}
		s.c.Source = before
		stop := s.running()
		defer stop()
		time.Sleep(90 * time.Minute)
		synctest.Wait()
		if n := len(s.spooled()); n != 2 {
			t.Errorf("the spool has %d", n)
		}
		time.Sleep(9 * day24)
		synctest.Wait()
		if got := s.spooled(); len(got) != newestHere+1 || got[0] != r.Name {
			t.Errorf("the spool has %v", got)
		}
	})
}

func TestWhatHappenedIsWrittenDownWhoeverIsGone(t *testing.T) {
	s := newStage(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.change(ctx, func(k *books) { k.Seq = 7 }); err != nil {
		t.Fatal(err)
	}
	if k, err := s.read(t.Context()); err != nil || k.Seq != 7 {
		t.Errorf("%+v, %v", k, err)
	}
}

func TestTwoBackupsOfOneSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.add("nas")
		one, two := s.create(Asked), s.create(Asked)
		for _, r := range []Record{one, two} { // they lie at the target alone
			if err := s.dropHere(t.Context(), r.Name); err != nil {
				t.Fatal(err)
			}
		}
		three := s.create(Asked)
		if one.Name == two.Name || three.Name == one.Name || three.Name == two.Name || len(three.Failed) > 0 {
			t.Errorf("%s, %s, %s: %+v", one.Name, two.Name, three.Name, three.Failed)
		}
	})
}
