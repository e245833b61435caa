package journal_test

import (
	"fmt"
	"testing"
	"time"

	"latchkey/appliance/journal"
)

func TestRetention(t *testing.T) {
	t.Run("lines go after their days, and not before", func(t *testing.T) {
		run(t, func(s *stage) {
			s.Record(signIn(ada))
			s.pass(47 * time.Hour)
			early := len(s.keep.kept())
			s.pass(26 * time.Hour)
			if early != 1 || len(s.keep.kept()) != 0 {
				t.Errorf("%d before, %d after", early, len(s.keep.kept()))
			}
		})
	})
	t.Run("a house that is started anew each day lets lines go, too", func(t *testing.T) {
		run(t, func(s *stage) {
			s.keep.do(func(m *memory) {
				m.entries = []journal.Entry{{Time: time.Now().AddDate(0, 0, -3), Body: []byte(`{"kind":"kit"}`)}}
			})
			s.pass(2 * time.Minute)
			if len(s.keep.kept()) != 0 {
				t.Error("it stays")
			}
		})
	})
	t.Run("a shorter time takes effect at once", func(t *testing.T) {
		run(t, func(s *stage) {
			s.set(func(h *house) { h.days = 100 })
			s.Record(signIn(ada))
			s.pass(50 * 24 * time.Hour)
			before := len(s.keep.kept())
			s.set(func(h *house) { h.days = 3 })
			s.pass(11 * time.Second)
			if before != 1 || len(s.keep.kept()) != 0 {
				t.Errorf("%d before, %d after", before, len(s.keep.kept()))
			}
		})
	})
	t.Run("a log that grows over its bytes loses its oldest tenth within the hour", func(t *testing.T) {
		run(t, func(s *stage) {
			s.set(func(h *house) { h.bytes = 20_000 }) // the memory says 100 for each, and so 200 lines
			for n := range 210 {
				s.Record(signIn(fmt.Sprint(n)))
				s.pass(10 * time.Second)
			}
			s.pass(2 * time.Hour)
			if n := len(s.keep.kept()); n != 180 || s.keep.prunings() != 1 {
				t.Errorf("%d lines are left after %d prunings", n, s.keep.prunings())
			}
		})
	})
	t.Run("a log that is small and young is not pruned at all", func(t *testing.T) {
		run(t, func(s *stage) {
			s.set(func(h *house) { h.bytes = 20_000 })
			s.Record(signIn(ada))
			s.pass(40 * time.Hour)
			if s.keep.prunings() != 0 {
				t.Errorf("pruned %v", s.keep.prunings())
			}
		})
	})
	t.Run("a clock that can't be believed lets nothing go for its age", func(t *testing.T) {
		run(t, func(s *stage) {
			s.set(func(h *house) { h.trusted = false })
			s.Record(signIn(ada))
			s.pass(30 * 24 * time.Hour)
			if len(s.keep.kept()) != 1 {
				t.Error("it is gone")
			}
			s.set(func(h *house) { h.trusted = true })
			s.pass(25 * time.Hour)
			if len(s.keep.kept()) != 0 {
				t.Error("it stays")
			}
		})
	})
}
