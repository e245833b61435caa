package guard_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/appliance/guard"
	"latchkey/appliance/guard/guardtest"
)

func TestTheMemoryOfTheseTestsKeepsThePromises(t *testing.T) {
	guardtest.Run(t, func(*testing.T) (guard.Keep, func() guard.Keep) {
		m := newMemory()
		return m, func() guard.Keep { return m }
	})
}

// dying is a Keep that stops working when its process is killed.
type dying struct {
	*memory
	dead context.Context
}

func (d dying) Save(ctx context.Context, put []guard.Row, gone []guard.Key) error {
	if d.dead.Err() != nil {
		return errors.New("killed")
	}
	return d.memory.Save(ctx, put, gone)
}

// withRun runs g as the house does, until kill: what it would write when it is
// stopped in good order is not written.
func withRun(t *testing.T, kept *memory) (g *guard.Guard, kill func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	g, err := guard.New(t.Context(), guard.Config{Keep: dying{kept, ctx}, Key: houseKey, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = g.Run(ctx) // it ends with what it could not write
	}()
	return g, func() { cancel(); <-done }
}

func TestARestartLiftsNothing(t *testing.T) {
	t.Run("bans, sieges, known devices and admissions are written at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			kept := newMemory()
			g, kill := withRun(t, kept)
			synctest.Wait()
			do := map[string]func(){
				"a ban": func() {
					for n := range 31 {
						g.Ask(far(fmt.Sprint(n), "203.0.113.1"))
					}
				},
				"a siege": func() {
					for n := range 12 {
						g.Ask(far(ada, fmt.Sprintf("203.0.113.%d", 10+n)))
					}
				},
				"a known device": func() { g.Complete(phone("198.51.100.1")) },
				"an admission":   func() { g.Admit(addr("203.0.113.1"), ada, time.Hour) },
				"a device less":  func() { g.Forget(ada, "ada's phone") },
			}
			for _, what := range []string{"a ban", "a siege", "a known device", "an admission", "a device less"} {
				time.Sleep(10 * time.Second) // whole minutes are the batches'
				before := kept.saves()
				do[what]()
				time.Sleep(40 * time.Second)
				synctest.Wait()
				if kept.saves() == before {
					t.Errorf("%s was not written", what)
				}
				time.Sleep(10 * time.Second)
			}
			kill()
			g, kill = withRun(t, kept)
			if len(g.Bans()) != 1 || len(g.Sieges()) != 1 || len(g.Admissions()) != 1 {
				t.Errorf("left are %v, %v, %v", g.Bans(), g.Sieges(), g.Admissions())
			}
			kill()
		})
	})
	t.Run("the first ban stands in the file before anybody can do anything", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			kept := newMemory()
			g, kill := withRun(t, kept)
			synctest.Wait()
			for n := range 31 {
				g.Ask(far(fmt.Sprint(n), "203.0.113.1"))
			}
			synctest.Wait() // no time passes
			kill()
			g, kill = withRun(t, kept)
			if v := g.Ask(far(ada, "203.0.113.1")); v.Why != guard.ByBan || v.Wait != 10*time.Minute {
				t.Errorf("%+v", v)
			}
			kill()
		})
	})
	t.Run("three hundred bans in a minute are some ten writes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			kept := newMemory()
			g, kill := withRun(t, kept)
			for n := range 300 {
				for range 130 {
					g.Ask(far(ada, fmt.Sprintf("10.0.%d.%d", n/250, n%250)))
				}
				time.Sleep(time.Second / 5)
			}
			if len(g.Bans()) != 300 || kept.saves() > 12 {
				t.Errorf("%d bans, %d writes", len(g.Bans()), kept.saves())
			}
			kill()
		})
	})
	t.Run("every budget that is spent stays spent, when it is stopped in good order", func(t *testing.T) {
		tries := map[string]guard.Try{"a stranger": far(ada, "203.0.113.1"), "home": home(ada, "192.168.1.20"), "a session": phone("203.0.113.1")}
		spared, signed := far(ada, "192.168.1.1"), phone("203.0.113.1")
		spared.Place, signed.Signed = guard.Spared, true
		tries["the router"], tries["a session"] = spared, signed
		code := far(bob, "203.0.113.5")
		code.Attempt = guard.Code
		tries["a code"] = code
		for says, try := range tries {
			s := newStage(t)
			_, want := s.fail(try)
			s.flush()
			s.restart()
			if got := s.Ask(try); got.Allowed || got.Wait != want.Wait || got.Why != want.Why {
				t.Errorf("%s: %+v, before it was %+v", says, got, want)
			}
		}
	})
	t.Run("and so do a few failures", func(t *testing.T) {
		s := newStage(t)
		for range 3 {
			s.Ask(far(ada, "203.0.113.1"))
		}
		s.flush()
		s.restart()
		if n, _ := s.fail(far(ada, "203.0.113.1")); n != 5 {
			t.Errorf("%d more were let through, want 5", n)
		}
	})
	t.Run("the history of bans is remembered", func(t *testing.T) {
		s := newStage(t)
		s.ban("203.0.113.1")
		s.wait(time.Hour)
		s.flush()
		s.restart()
		if b := s.ban("203.0.113.1"); b.Times != 2 {
			t.Errorf("%+v", b)
		}
	})
	t.Run("a known device's spent budget, too", func(t *testing.T) {
		s := newStage(t)
		s.Complete(phone("198.51.100.1"))
		for s.Ask(phone("198.51.100.1")).Known {
		}
		s.flush()
		s.restart()
		if v := s.Ask(phone("198.51.100.1")); v.Known {
			t.Errorf("%+v", v)
		}
	})
}

func TestTheEndIsTold(t *testing.T) {
	for _, c := range []struct {
		says  string
		begin func(*guard.Guard)
	}{
		{"of a ban", func(g *guard.Guard) {
			for n := range 31 {
				g.Ask(far(fmt.Sprint(n), "203.0.113.1"))
			}
		}},
		{"of a siege", func(g *guard.Guard) {
			for n := range 12 {
				g.Ask(far(ada, fmt.Sprintf("203.0.113.%d", 10+n)))
			}
		}},
		{"of an admission", func(g *guard.Guard) { g.Admit(addr("203.0.113.1"), ada, time.Hour) }},
	} {
		t.Run(c.says, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told atomic.Int64
				g, err := guard.New(t.Context(), guard.Config{Now: time.Now, Changed: func() { told.Add(1) }})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error)
				go func() { ended <- g.Run(ctx) }()
				c.begin(g)
				if told.Load() != 1 {
					t.Errorf("told %d times when it began", told.Load())
				}
				time.Sleep(24 * time.Hour)
				synctest.Wait()
				if told.Load() != 2 {
					t.Errorf("told %d times a day later", told.Load())
				}
				cancel()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestTheClock(t *testing.T) {
	t.Run("set back keeps bans as long as they were, and no longer", func(t *testing.T) {
		s := newStage(t)
		b := s.ban("203.0.113.1")
		s.wait(-20 * 365 * 24 * time.Hour)
		if v := s.Ask(far(ada, "203.0.113.1")); v.Wait != 10*time.Minute {
			t.Errorf("%+v", v)
		}
		if bans := s.Bans(); len(bans) != 1 || bans[0].Until.Sub(s.now) != 10*time.Minute || bans[0].Until.After(b.Until) {
			t.Errorf("%+v, now it is %v", bans, s.now)
		}
		s.flush()
		s.restart()
		if v := s.Ask(far(ada, "203.0.113.1")); v.Wait != 10*time.Minute {
			t.Errorf("after a restart: %+v", v)
		}
		s.wait(10 * time.Minute)
		if v := s.Ask(far(ada, "203.0.113.1")); !v.Allowed {
			t.Errorf("after the ban: %+v", v)
		}
	})
	t.Run("set back before a start makes nobody wait longer", func(t *testing.T) {
		s := newStage(t)
		_, v := s.fail(far(ada, "203.0.113.1"))
		s.flush()
		s.now = s.now.AddDate(-1, 0, 0)
		s.restart()
		if got := s.Ask(far(ada, "203.0.113.1")); got.Wait != v.Wait {
			t.Errorf("%+v, before it was %+v", got, v)
		}
	})
	t.Run("that jumped to 2038 and back bricks nothing", func(t *testing.T) {
		s := newStage(t)
		was := s.now
		s.now = time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC)
		s.ban("203.0.113.1")
		s.flush()
		s.now = was
		s.restart()
		s.wait(time.Hour)
		if v := s.Ask(far(ada, "203.0.113.1")); !v.Allowed {
			t.Errorf("%+v", v)
		}
	})
}

func TestKeeping(t *testing.T) {
	t.Run("an idle guard writes nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			kept := newMemory()
			g, kill := withRun(t, kept)
			g.Complete(phone("198.51.100.1"))
			time.Sleep(time.Hour + time.Second) // whole minutes are the batches'
			before := kept.saves()
			for range 24 * 12 { // somebody signs in every five minutes
				v := g.Ask(phone("198.51.100.1"))
				g.Passed(v)
				g.Complete(phone("198.51.100.1"))
				time.Sleep(5 * time.Minute)
			}
			if n := kept.saves() - before; n > 1 { // that the device was used
				t.Errorf("%d writes in a day", n)
			}
			kill()
		})
	})
	t.Run("what no longer matters is removed from the file", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			kept := newMemory()
			g, kill := withRun(t, kept)
			for n := range 500 {
				g.Ask(far(ada, fmt.Sprintf("203.0.113.%d", n%40)))
				g.Ask(home(fmt.Sprint("b", n), "192.168.1.20"))
			}
			for n := range 200 {
				g.Ask(far(fmt.Sprint("c", n), "203.0.113.77"))
			}
			g.Admit(addr("203.0.113.1"), ada, time.Hour)
			time.Sleep(time.Minute)
			if kept.count() < 5 || len(g.Bans()) != 1 {
				t.Errorf("%d rows: this proves nothing", kept.count())
			}
			time.Sleep(30 * 24 * time.Hour)
			if kept.count() != 0 {
				t.Errorf("%d rows are left", kept.count())
			}
			kill()
		})
	})
	t.Run("what no longer matters at a start is removed then", func(t *testing.T) {
		s := newStage(t)
		s.fail(far(ada, "203.0.113.1"))
		s.ban("203.0.113.2")
		s.flush()
		s.wait(30 * 24 * time.Hour)
		s.restart()
		s.flush()
		if s.memory.count() != 0 {
			t.Errorf("%d rows are left", s.memory.count())
		}
	})
	t.Run("of a network that is far from a ban nothing is written", func(t *testing.T) {
		s := newStage(t)
		for range 3 {
			s.Ask(far(ada, "203.0.113.1"))
		}
		s.flush()
		if n := s.memory.count(); n != 3 { // place, account, all
			t.Errorf("%d rows", n)
		}
	})
	t.Run("what waits is written when it is stopped in good order", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			kept := newMemory()
			g, err := guard.New(t.Context(), guard.Config{Keep: kept, Key: houseKey, Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() { ended <- g.Run(ctx) }()
			synctest.Wait()
			g.Ask(far(ada, "203.0.113.1"))
			cancel()
			if err := <-ended; err != nil || kept.count() != 3 {
				t.Errorf("%v, %d rows", err, kept.count())
			}
		})
	})
	t.Run("a start alone writes nothing", func(t *testing.T) {
		s := newStage(t)
		s.besiege(ada)
		s.ban("203.0.113.2")
		s.Complete(phone("198.51.100.1"))
		s.flush()
		before := s.memory.saves()
		s.restart()
		s.flush()
		if s.memory.saves() != before {
			t.Error("it wrote")
		}
	})
	t.Run("a disk that is full stops no decision, and what it missed is written later", func(t *testing.T) {
		s := newStage(t)
		s.memory.refuse = true
		s.ban("203.0.113.1")
		if err := s.Flush(t.Context()); err == nil {
			t.Error("no error")
		}
		if v := s.Ask(far(ada, "203.0.113.1")); v.Why != guard.ByBan {
			t.Errorf("%+v", v)
		}
		s.memory.refuse = false
		s.flush()
		s.restart()
		if len(s.Bans()) != 1 {
			t.Error("the ban is lost")
		}
	})
	t.Run("nobody's name, address or device stands in clear in a key", func(t *testing.T) {
		s := newStage(t)
		s.besiege(ada)
		s.Complete(phone("198.51.100.1"))
		s.ban("203.0.113.1")
		s.flush()
		for k := range s.memory.rows {
			if bytes.Contains(k[:], []byte{203, 0, 113, 1}) || bytes.Contains(k[:], []byte("ada")) {
				t.Errorf("%x", k)
			}
		}
	})
	t.Run("rows that nobody wrote, or that stand under another key, are left out and said", func(t *testing.T) {
		s := newStage(t)
		s.ban("203.0.113.1")
		s.flush()
		for k, body := range s.memory.rows {
			k[0]++
			s.memory.rows[k] = body
			break
		}
		s.memory.rows[guard.Key{1}] = []byte("nonsense")
		var log bytes.Buffer
		g, err := guard.New(t.Context(), guard.Config{
			Keep: s.memory, Key: houseKey, Now: func() time.Time { return s.now }, Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil || len(g.Bans()) != 1 {
			t.Errorf("%v, %v", err, g.Bans())
		}
		if !strings.Contains(log.String(), "unreadable=2") || strings.Contains(log.String(), "203.0.113") {
			t.Errorf("the log says %s", &log)
		}
	})
	t.Run("a file that can't be read at all is an error", func(t *testing.T) {
		broken := errors.New("broken")
		for err, fatal := range map[error]bool{broken: true, guard.ErrDamaged: false} {
			_, got := guard.New(t.Context(), guard.Config{Keep: unreadable{newMemory(), err}, Key: houseKey, Now: time.Now})
			if (got != nil) != fatal {
				t.Errorf("%v gives %v", err, got)
			}
		}
	})
	t.Run("a key of another length is an error", func(t *testing.T) {
		if _, err := guard.New(t.Context(), guard.Config{Keep: newMemory(), Key: houseKey[1:], Now: time.Now}); err == nil {
			t.Error("none")
		}
	})
}

type unreadable struct {
	*memory
	err error
}

func (u unreadable) Load(context.Context, func(guard.Row) error) error { return u.err }
