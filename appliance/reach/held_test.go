package reach_test

import (
	"slices"
	"testing"

	"latchkey/appliance/reach"
)

func TestARestoredHouseRests(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.hold(true)
	if err := s.Apply(t.Context(), choice()); err != nil {
		t.Fatal(err)
	}
	if err := s.OpenDoor(t.Context(), reach.DoorWish{}); err != nil {
		t.Fatal(err)
	}
	asked := len(s.opened) // choosing looks at the token
	s.run()
	s.eventually("its certificates are served on", func() bool { return slices.Equal(s.managed.Names, []string{name, "lan." + name}) })

	t.Run("nothing is published, opened, ordered or tried", func(t *testing.T) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.plan != nil || s.held != nil || s.managed.Solver.DNS != nil || len(s.opened) != asked || s.proved != 0 {
			t.Errorf("plan %v, door %v, solver %v, opened %d, proved %d", s.plan, s.held, s.managed.Solver.DNS, len(s.opened)-asked, s.proved)
		}
	})
	t.Run("the page and doctor say why", func(t *testing.T) {
		if l := s.line("name"); l.State != reach.Warn || l.Hint == "" {
			t.Errorf("line %+v", l)
		}
		if found := s.Examine(t.Context()); len(found) != 1 || found[0].Code != reach.FindHeld {
			t.Errorf("doctor finds %+v", found)
		}
		if got := s.Public(); got != "" {
			t.Errorf("it is said to be at %s", got)
		}
	})
	t.Run("at home it knows its names", func(t *testing.T) {
		if got := s.Names(); !slices.Equal(got, []string{name, "lan." + name}) {
			t.Errorf("names %v", got)
		}
	})
	t.Run("it is taken up once the old machine is off", func(t *testing.T) {
		s.hold(false)
		s.Wake()
		s.eventually("the plan is taken up", func() bool { return s.plan != nil && s.held != nil && s.proved > 0 })
	})
	t.Run("and rests again where another backup was restored", func(t *testing.T) {
		s.hold(true)
		s.Wake()
		s.eventually("all is let go", func() bool { return s.plan == nil && s.held == nil })
	})
}
