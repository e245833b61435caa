package lab_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"latchkey/test/lab"
)

// TestAKillInTheMiddleIsResumed ends the house the way a power cut does while it applies the public path: at once,
// when the record is there, and when a certificate is. It has to go on by itself, and ask nothing again.
func TestAKillInTheMiddleIsResumed(t *testing.T) {
	t.Parallel()
	l := lab.Up(t)
	h := l.House(lab.Options{})
	w := h.Wizard(t)
	if err := w.Start(l.Home()); err != nil {
		t.Fatal(err)
	}
	h.Kill()
	for _, step := range []string{"record", "certificate"} {
		h.Restart()
		w = h.Wizard(t)
		lab.Within(t, patience, "the step "+step, func() error {
			o, err := w.Overview()
			if err == nil && !reached(o, step) {
				err = errors.New(o.String())
			}
			return err
		})
		h.Kill()
	}
	h.Restart()
	w = h.Wizard(t)
	o := w.Ready()
	w.Own()
	w.Open()
	lab.Within(t, patience, "the name and the port", func() error { return right(l, o.Plan.Name, o.Plan.Lan) })
}

// reached reports whether a step of an apply is done, or one after it.
func reached(o lab.Overview, step string) bool {
	for _, s := range o.Steps {
		if s.Code == step {
			return s.State == "done"
		}
	}
	return false
}

// TestTheHouseIsBackAfterAKill cuts the power of a house that is reached from everywhere. The port leads to it as
// before, and the name was never wrong.
func TestTheHouseIsBackAfterAKill(t *testing.T) {
	t.Parallel()
	l := lab.Up(t)
	h := l.House(lab.Options{})
	plan := h.Settle(t, l.Home()).Plan
	lab.Within(t, patience, "the name and the port at first", func() error { return right(l, plan.Name, plan.Lan) })
	h.Kill()
	l.Do("renumber")
	h.Restart()
	took := lab.Within(t, patience, "the name and the port", func() error { return right(l, plan.Name, plan.Lan) })
	t.Logf("measured: right again %v after the start, with an address that changed meanwhile", rounded(took))
	if took > mendWithin {
		t.Errorf("it took %v, more than %v", took, mendWithin)
	}

	h.Stop()
	lab.Within(t, 10*time.Second, "a closed port after a clean stop", func() error {
		if _, err := l.Get4(lab.Roam, plan.URL, l.Root()); err == nil {
			return errors.New("it is open")
		}
		return nil
	})
	if out := l.Do("status"); strings.Contains(out, "dnat") {
		t.Errorf("the router still holds a mapping:\n%s", out)
	}
	h.Restart()
}
