package install

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/appliance/problem"
	"latchkey/systemd"
)

// killed stands for a kill -9 or a power cut.
type killed struct{}

// cut runs fn and kills it at its step number n; the answer names that step, ""
// where fn has fewer.
func cut(c Config, n int, fn func(Config) error) (was string) {
	left, waiting := n, false
	next := c.Place.at(c.next())
	c.reached = func(step string) {
		if left--; left < 0 {
			was, waiting = step, exists(next)
			panic(killed{})
		}
	}
	defer func() {
		if r := recover(); r != nil {
			if _, ours := r.(killed); !ours {
				panic(r)
			}
			if waiting { // what a deferred call has removed, a kill would have left
				_ = copyFile(c.Program, next, 0o755)
			}
		}
	}()
	_ = fn(c)
	return ""
}

// mostSteps is more than an upgrade with its undoing has.
const mostSteps = 100

func TestKilled(t *testing.T) {
	install := func(t *testing.T) func(Config) error {
		return func(c Config) error { _, err := Install(t.Context(), c); return err }
	}
	for _, faults := range []string{"", "trial", "start"} {
		for name, next := range map[string]func(*machine, context.Context) error{
			"started again, it is whole":             reboot,
			"installed again, it is the new version": installNew,
			"repaired with the old one, it is whole": installOld,
		} {
			t.Run(fmt.Sprintf("killed at each step (faults %q), and %s", faults, name), func(t *testing.T) {
				n := 0
				for ; n < mostSteps; n++ {
					m := lived(t)
					step := cut(m.config("2.0.0", faults), n, install(t))
					if step == "" {
						break
					}
					if err := next(m, t.Context()); err != nil {
						t.Errorf("killed at %q: %v", step, err)
					}
					m.wantWhole(fmt.Sprintf("killed at %q", step))
				}
				if n < 7 || n == mostSteps {
					t.Errorf("there were %d steps to be killed at", n)
				}
			})
		}
	}
	t.Run("killed at each step of undoing, too, and started again, it is whole", func(t *testing.T) {
		pairs := 0
		for n := range mostSteps {
			for k := range mostSteps {
				m := lived(t)
				if cut(m.config("2.0.0", "start"), n, install(t)) == "" {
					if n < 7 || pairs < 40 {
						t.Errorf("%d steps, %d pairs of kills", n, pairs)
					}
					return
				}
				step := cut(m.config("2.0.0", "start"), k, func(c Config) error {
					c.Program = c.Place.at(c.before())
					return Undo(t.Context(), c)
				})
				if err := reboot(m, t.Context()); err != nil {
					t.Errorf("killed at %d, then at %q: %v", n, step, err)
				}
				m.wantWhole(fmt.Sprintf("killed at %d, then at %q", n, step))
				if step == "" {
					break
				}
				pairs++
			}
		}
	})
	t.Run("killed within a first install, a second one ends it", func(t *testing.T) {
		n := 0
		for ; n < mostSteps; n++ {
			m := newMachine(t)
			step := cut(m.config("2.0.0", ""), n, install(t))
			if step == "" {
				break
			}
			if err := installNew(m, t.Context()); err != nil || m.whole() != wholeNew {
				t.Errorf("killed at %q and installed again: %v, it is %q", step, err, m.whole())
			}
		}
		if n < 10 || n == mostSteps {
			t.Errorf("there were %d steps to be killed at", n)
		}
	})
}

// reboot is a power cut's end.
func reboot(m *machine, ctx context.Context) error {
	m.up = false
	err := m.boot(ctx)
	m.units = m.read(filepath.Join(unitDir, systemd.Service)) // systemd reads them anew
	return err
}

func installNew(m *machine, ctx context.Context) error {
	_, err := Install(ctx, m.config("2.0.0", ""))
	if got := m.whole(); err == nil && got != wholeNew {
		err = fmt.Errorf("it is %q", got)
	}
	return err
}

// installOld is refused where the new one had taken over already.
func installOld(m *machine, ctx context.Context) error {
	_, err := Install(ctx, m.config("1.0.0", ""))
	if err != nil && problem.Of(err).Code == "install.downgrade" {
		return nil
	}
	if err == nil && strings.HasPrefix(m.whole(), "program 1.0.0, house 1.0.0, units new") { // a repair's units are ours
		m.units = "# old\n"
		m.write(filepath.Join(unitDir, systemd.Service), m.units)
	}
	return err
}

func (m *machine) wantWhole(when string) {
	m.t.Helper()
	if got := m.whole(); got != wholeOld && got != wholeNew {
		m.t.Errorf("%s, it is %q", when, got)
	}
	if exists(m.place.at(markerFile)) {
		m.t.Errorf("%s, an upgrade is still under way", when)
	}
	if m.read(DataDir+"/backups/a.age") != "a backup" {
		m.t.Errorf("%s, the house lost a file", when)
	}
}
