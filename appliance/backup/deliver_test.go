package backup

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/appliance/backup/archive"
	"latchkey/appliance/backup/target"
	"latchkey/appliance/problem"
	"latchkey/appliance/settings"
)

func TestPause(t *testing.T) {
	with := func(code string) error { return problem.New(problem.Unavailable, code, "No.", "") }
	for _, tt := range []struct {
		name string
		err  error
		want string // of the first tries
	}{
		{"a server that is away", with(target.CodeUnreachable), "5m0s 15m0s 1h0m0s 3h0m0s 6h0m0s 6h0m0s 6h0m0s"},
		{"what nobody classified", errors.New("x"), "5m0s 15m0s 1h0m0s 3h0m0s 6h0m0s 6h0m0s 6h0m0s"},
		{"a password that is refused may lock an account", with(target.CodeRefused), "1h0m0s 1h0m0s 1h0m0s 3h0m0s 6h0m0s 6h0m0s 6h0m0s"},
		{"another server under the name", with(target.CodeHostKey), "1h0m0s 1h0m0s 1h0m0s 3h0m0s 6h0m0s 6h0m0s 6h0m0s"},
		{"a disk that is not plugged in", with(target.CodeNotPlugged), "5m0s 5m0s 5m0s 5m0s 5m0s 5m0s 5m0s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			for tries := range 7 {
				got += fmt.Sprint(pause(tt.err, tries), " ")
			}
			if got != tt.want+" " {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestAShorterPlanTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		_, srv := s.add("nas")
		for range 10 {
			s.create(Asked)
			time.Sleep(day24)
		}
		err := s.c.Settings.Set(t.Context(), map[string]any{settings.BackupDaily: int64(2), settings.BackupWeekly: int64(0), settings.BackupMonthly: int64(0)})
		if err != nil {
			t.Fatal(err)
		}
		for range 7 {
			before := len(srv.removed)
			s.create(Asked)
			time.Sleep(day24)
			if n := len(srv.removed) - before; n > pruneMost {
				t.Errorf("%d went in a night", n)
			}
		}
		if n := len(srv.names()); n != 2 {
			t.Errorf("%d lie there", n)
		}
	})
}

func TestOnlyTheNewestIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		one := s.create(Asked)
		time.Sleep(time.Minute)
		two := s.create(Asked)
		id, srv := s.add("nas")
		if err := s.deliver(t.Context(), id, one.Name, nil, nil); !errors.Is(err, errSuperseded) {
			t.Errorf("got %v", err)
		}
		if k, _ := s.read(t.Context()); k.Targets[id].Problem != nil {
			t.Error("that counts as a trouble of the target")
		}
		if err := s.changeRecord(t.Context(), two.Name, func(r *Record) { r.Broken = true }); err != nil {
			t.Fatal(err)
		}
		if err := s.deliver(t.Context(), id, two.Name, nil, nil); !errors.Is(err, errNotOpening) {
			t.Errorf("one that opens no house: %v", err)
		}
		if err := s.deliver(t.Context(), id, one.Name, nil, nil); err != nil || !slices.Equal(srv.names(), []string{one.Name}) {
			t.Errorf("the newest that opens one: %v, %v", srv.names(), err)
		}
	})
}

func TestTheSpoolKeeps(t *testing.T) {
	at := func(seq uint64, why Why, bad bool) Record {
		made := start.AddDate(0, 0, int(seq))
		return Record{Name: fmt.Sprint(why, seq), Made: made, Seq: seq, Why: why, Places: []Place{{Target: Here, Bad: bad}}}
	}
	opened := func(seq uint64) Record {
		r := at(seq, Daily, false)
		r.Name, r.Places[0].Proved, r.Places[0].Depth = fmt.Sprint("opened", seq), r.Made, Opened
		return r
	}
	found := Record{Name: "found", Made: start.AddDate(5, 0, 0), Why: Found, Places: []Place{{Target: Here}}}
	older := Record{Name: "older", Made: start.AddDate(4, 0, 0), Why: Found, Places: []Place{{Target: Here}}}
	elsewhere := Record{Name: "elsewhere", Seq: 99, Why: Daily, Places: []Place{{Target: "a"}}}
	for _, tt := range []struct {
		name string
		all  []Record
		want []string
	}{
		{"the two newest", []Record{at(1, Daily, false), at(2, Asked, false), at(3, Daily, false), elsewhere}, []string{"daily1"}},
		{"whatever their dates say", []Record{at(3, Daily, false), at(2, Daily, false), {Name: "future", Seq: 1, Made: start.AddDate(11, 0, 0), Why: Daily, Places: []Place{{Target: Here}}}}, []string{"future"}},
		{"the newest of each change", []Record{at(1, Install, false), at(2, Install, false), at(3, Migration, false), at(4, Rotation, false), at(5, Daily, false), at(6, Daily, false)}, []string{"install1"}},
		{"a change among the newest is the newest of its kind", []Record{at(1, Install, false), at(2, Daily, false), at(3, Install, false)}, []string{"install1"}},
		{"none that is bad", []Record{at(1, Daily, false), at(2, Install, true), at(3, Daily, false), at(4, Daily, true)}, []string{"daily4", "install2"}},
		{"the newest that was opened, which is older than the two", []Record{opened(1), opened(2), at(3, Daily, false), at(4, Daily, false)}, []string{"opened1"}},
		{"one that was found, beside the two", []Record{found, older, at(1, Daily, false), at(2, Daily, false)}, []string{"older"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := &books{Records: tt.all}
			if got := k.spoolSurplus(); !slices.Equal(got, tt.want) {
				t.Errorf("%v go, want %v", got, tt.want)
			}
		})
	}
}

func TestReconcile(t *testing.T) {
	day := func(n int) time.Time { return start.AddDate(0, 0, n) }
	name := archive.Name(house, start)
	with := func(p Place) *books {
		return &books{Records: []Record{{Name: name, Made: start, Bytes: 5, Places: []Place{p}}}}
	}
	for _, tt := range []struct {
		name  string
		place Place
		sizes map[string]int64
		now   time.Time
		want  Place // the zero Place: none
	}{
		{"what lies there stays", Place{Target: "a", Proved: start}, map[string]int64{name: 5}, day(1), Place{Target: "a", Proved: start}},
		{"of another size it is bad", Place{Target: "a", Proved: start}, map[string]int64{name: 4}, day(1), Place{Target: "a", Proved: start, Bad: true}},
		{"what was bad stays so", Place{Target: "a", Bad: true}, map[string]int64{name: 5}, day(1), Place{Target: "a", Bad: true}},
		{"what is missing is gone since now", Place{Target: "a", Proved: start}, nil, day(1), Place{Target: "a", Proved: start, Gone: day(1)}},
		{"and stays gone since then", Place{Target: "a", Gone: day(1)}, nil, day(9), Place{Target: "a", Gone: day(1)}},
		{"after a season it is forgotten", Place{Target: "a", Gone: day(1)}, nil, day(92), Place{}},
		{"a clock that ran ahead makes nothing gone for ever", Place{Target: "a", Gone: day(4000)}, nil, day(9), Place{Target: "a", Gone: day(9)}},
		{"what comes back is there", Place{Target: "a", Proved: start, Gone: day(1)}, map[string]int64{name: 5}, day(9), Place{Target: "a", Proved: start}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := with(tt.place)
			k.reconcile("a", tt.sizes, tt.now)
			var got Place
			if p := k.Records[0].place("a"); p != nil {
				got = *p
			}
			if got != tt.want || len(k.Records) != 1 {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestDepths(t *testing.T) {
	opened, digest := Place{Target: "a", Proved: start, Depth: Opened}, Place{Target: "a", Proved: start, Depth: Digest}
	bad := opened
	bad.Bad = true
	for _, tt := range []struct {
		name  string
		other Place // the copy at a, when that at b is proved
		depth Depth // of that proof
		first bool
		want  string // depths at a and b
	}{
		{"the same bytes were opened elsewhere", opened, Digest, true, "opened opened"},
		{"they are opened now", digest, Opened, true, "opened opened"},
		{"what is bad elsewhere says nothing", bad, Digest, true, "opened digest"},
		{"later each proof speaks for itself", opened, Digest, false, "opened digest"},
		{"and for no other", digest, Opened, false, "digest opened"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Record{Places: []Place{tt.other, {Target: "b"}}}
			r.proved("b", tt.depth, tt.first, start)
			if got := fmt.Sprint(r.Places[0].Depth, " ", r.Places[1].Depth); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestALineThatBreaksSaysNothingAboutTheCopy(t *testing.T) {
	s := newStage(t)
	id, srv := s.add("nas")
	srv.cut = errDown
	r := s.create(Asked)
	if len(r.Failed) != 1 || r.Failed[0].Trouble.Code != errDown.Code || s.place(r.Name, id).Bad {
		t.Errorf("%+v, %+v", r.Failed, s.place(r.Name, id))
	}
	srv.cut = nil
	if err := s.deliver(t.Context(), id, r.Name, nil, nil); err != nil || srv.puts != 1 {
		t.Errorf("%d sendings, %v", srv.puts, err)
	}
}

// TestOfADamagedHouse has a house go bad after two weeks of backups, without
// room to open those that follow: what is good comes from before.
func TestOfADamagedHouse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		_, srv := s.add("nas")
		days := func(n int) {
			for range n {
				_, _ = s.Create(t.Context(), Daily)
				time.Sleep(day24)
			}
		}
		days(10)
		there, here := srv.names(), s.spooled()
		s.mu.Lock()
		s.damaged, s.free = true, reserve+100<<10 // enough to write one, not to unpack it
		s.mu.Unlock()
		days(5)
		for _, name := range there {
			if !slices.Contains(srv.names(), name) {
				t.Errorf("%s, from before the damage, is gone from the target", name)
			}
		}
		for _, name := range here {
			if !slices.Contains(s.spooled(), name) {
				t.Errorf("%s, from before the damage, is gone from the spool", name)
			}
		}
		s.mu.Lock()
		s.free = 1 << 40
		s.mu.Unlock()
		s.proving = func(string) error { return errors.New("page 7 is not what it must be") }
		days(40)
		broken := 0
		for _, name := range srv.names() {
			if !slices.Contains(there, name) {
				broken++
			}
		}
		if n := len(srv.names()) - broken; n != len(there) || broken == 0 || broken > 25 {
			t.Errorf("%d of %d good ones are left, and %d that open no house", n, len(there), broken)
		}
		s.mu.Lock()
		s.damaged = false
		s.mu.Unlock()
		s.proving = nil
		days(12)
		if n := len(srv.names()); n > 25 {
			t.Errorf("mended, %d copies are left", n)
		}
	})
}

func TestAFullTargetGetsItAfterOldOnesWent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		_, srv := s.add("usb")
		for range 4 {
			s.create(Asked)
			time.Sleep(day24)
		}
		err := s.c.Settings.Set(t.Context(), map[string]any{settings.BackupDaily: int64(2), settings.BackupWeekly: int64(0), settings.BackupMonthly: int64(0)})
		if err != nil {
			t.Fatal(err)
		}
		srv.room = len(srv.names())
		if r := s.create(Asked); len(r.Failed) > 0 || len(srv.names()) != 2 {
			t.Errorf("%+v; there lie %v", r.Failed, srv.names())
		}
		srv.room = 2
		time.Sleep(day24)
		if r := s.create(Asked); len(r.Failed) != 1 || r.Failed[0].Trouble.Code != target.CodeFull || len(srv.names()) != 2 {
			t.Errorf("where the plan lets none go: %+v; there lie %v", r.Failed, srv.names())
		}
	})
}

func TestWhatIsNotOpenedAndHasNoDigestIsNotProved(t *testing.T) {
	s := newStage(t)
	id, _ := s.add("nas")
	r := s.create(Asked)
	err := s.changeRecord(t.Context(), r.Name, func(r *Record) { r.SHA256, r.place(id).Proved = "", time.Time{} })
	if err := errors.Join(err, s.KeepKey(t.Context(), s.kit.String())); err != nil {
		t.Fatal(err)
	}
	s.setFree(0)
	if _, err := s.Prove(t.Context(), r.Name, id); !errors.Is(err, errNoDigest) || s.place(r.Name, id).good() {
		t.Errorf("%v, %+v", err, s.place(r.Name, id))
	}
}

func TestStale(t *testing.T) {
	for _, tt := range []struct {
		name   string
		proved time.Time
		want   bool
	}{
		{"of today", start, false},
		{"of six days ago", start.Add(-6 * day24), false},
		{"of a week ago", start.Add(-7 * day24), true},
		{"of tonight, by a traveller's clock", start.Add(20 * time.Hour), false},
		{"of another year", start.AddDate(1, 0, 0), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := stale(tt.proved, start); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
