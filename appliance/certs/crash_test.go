package certs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// TestACrashLoopBurnsNothing kills the house in the middle of nearly every
// attempt, hundreds of times, and starts it again at once. The simulated CA
// counts what Let's Encrypt counts and complains beyond its limits.
func TestACrashLoopBurnsNothing(t *testing.T) {
	for _, dies := range []string{"asked", "placed", "kept", "signed", "anywhere"} {
		t.Run("it dies when the order is "+dies, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { crashLoop(t, dies) })
		})
	}
}

func crashLoop(t *testing.T, dies string) {
	random := rand.New(rand.NewPCG(7, 7))
	real := newSimulated(t)
	name := unheard("crash")
	keep, crashes := &drawer{}, 0
	begun := time.Now()
	for time.Since(begun) < 2*day {
		var left *drawer
		killed := make(chan struct{})
		real.cut = func(ctx context.Context, at string) {
			if left == nil && (at == dies || dies == "anywhere" && random.IntN(3) == 0) {
				left = keep.copied() // what is on the disk at this moment
				close(killed)
				<-ctx.Done()
			}
		}
		_, stop := begin(t, PublicConfig{Storage: keep, Directory: "https://ca.test/dir"}, real, nil, name)
		select {
		case <-killed:
			crashes++
			stop()
			keep = left
		case <-time.After(time.Hour): // the books hold it back
			stop()
		}
		time.Sleep(3 * time.Second)
	}
	if crashes < 30 && (dies != "anywhere" || crashes < 3) { // that one gets through at last
		t.Errorf("only %d crashes", crashes)
	}
	if n := len(real.issued[name]); n > 1 {
		t.Errorf("%d certificates were made and lost", n)
	}
	day1 := within(real.orders, 24*time.Hour)
	if day1 > 40 {
		t.Errorf("%d orders in a day", day1)
	}
	t.Logf("%d crashes, %d orders, %d certificates", crashes, len(real.orders), len(real.issued[name]))
	real.cut = nil
	p, stop := begin(t, PublicConfig{Storage: keep, Directory: "https://ca.test/dir"}, real, nil, name)
	defer stop()
	time.Sleep(25 * time.Hour)
	if s := p.State().Names[0]; !s.Have || s.Step != StepDone {
		t.Errorf("a day after the last crash: %+v", s)
	}
	if len(real.issued[name]) != 1 {
		t.Errorf("%d certificates", len(real.issued[name]))
	}
}

// begin runs a Public on simulated CAs; stop ends it.
func begin(t *testing.T, cfg PublicConfig, real, test *simulated, names ...string) (p *Public, stop func()) {
	t.Helper()
	if test != nil {
		cfg.TestDirectory = "https://test.ca.test/dir"
	}
	p, err := OpenPublic(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.real, real.p = real, p
	if test != nil {
		p.test, test.p = test, p
	}
	p.Manage(Want{Names: names, Solver: Solver{DNS: noDNS{}, ID: "provider"}})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := p.Run(ctx); err != nil {
			t.Error(fmt.Errorf("Run: %w", err))
		}
	}()
	return p, func() {
		cancel()
		<-done
	}
}
