package certs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mholt/acmez/v3/acme"

	"latchkey/appliance/problem"
)

// gate is a Public on two simulated CAs, with all that it told.
type gate struct {
	*testing.T
	cfg        PublicConfig
	keep       *drawer
	real, test *simulated
	name       string
	public     *Public
	stop       func()
	telling    sync.Mutex
	told       []string // step and problem of the first name, without repetitions
}

var names atomic.Int64

// unheard is a name that no test had before: certmagic remembers failures by
// name for the whole process, and time begins anew in each bubble.
func unheard(what string) string { return fmt.Sprintf("%s%d.example.org", what, names.Add(1)) }

// gates runs test in a bubble.
func gates(t *testing.T, says string, test func(*gate)) {
	t.Run(says, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := &gate{T: t, keep: &drawer{}, real: newSimulated(t), test: newSimulated(t)}
			g.name = unheard("gate")
			g.cfg = PublicConfig{Storage: g.keep, Directory: "https://ca.test/dir", Told: g.hear}
			test(g)
			if g.stop != nil {
				g.stop()
			}
		})
	})
}

func (g *gate) hear(s PublicState) {
	if len(s.Names) == 0 {
		return
	}
	g.telling.Lock()
	defer g.telling.Unlock()
	line := string(s.Names[0].Step)
	if p := s.Names[0].Problem; p != nil {
		line += " " + p.Code
	}
	if len(g.told) == 0 || g.told[len(g.told)-1] != line {
		g.told = append(g.told, line)
	}
}

func (g *gate) start() {
	g.Helper()
	if g.stop != nil {
		g.stop()
	}
	g.public, g.stop = begin(g.T, g.cfg, g.real, g.test, g.name)
}

func (g *gate) state() NameState {
	g.Helper()
	all := g.public.State().Names
	if len(all) != 1 {
		g.Fatalf("%d names", len(all))
	}
	return all[0]
}

func (g *gate) wantCode(err error, code string) *problem.Problem {
	g.Helper()
	var p *problem.Problem
	if !errors.As(err, &p) || p.Code != code {
		g.Fatalf("got %v, want %s", err, code)
	}
	return p
}

// always fails each attempt in that way.
func always(f *failure) func() *failure { return func() *failure { return f } }

func refusal() *failure {
	return answered("n", acme.Problem{Type: acme.ProblemTypeUnauthorized, Status: 403, Detail: "No TXT record found"}, time.Now())
}

func TestGate(t *testing.T) {
	gates(t, "nothing is asked before the clock is trusted", func(g *gate) {
		var trusted atomic.Bool
		g.cfg.Ready = trusted.Load
		g.start()
		time.Sleep(time.Hour)
		if g.real.asked()+g.test.asked() > 0 || g.state().Step != StepClock {
			g.Errorf("%d attempts, %+v", g.real.asked(), g.state())
		}
		g.wantCode(g.public.Try(g.Context(), g.name), "cert.clock")
		trusted.Store(true)
		time.Sleep(2 * time.Minute)
		if s := g.state(); s.Step != StepDone || s.Problem != nil {
			g.Errorf("got %+v", s)
		}
		g.telling.Lock()
		defer g.telling.Unlock()
		if want := []string{"waiting", "clock cert.clock", "waiting", "dry-run", "ordering", "done"}; !slices.Equal(g.told, want) {
			g.Errorf("told %q, want %q", g.told, want)
		}
	})
	gates(t, "nothing is asked once the clock is not trusted any more", func(g *gate) {
		var trusted atomic.Bool
		trusted.Store(true)
		g.cfg.Ready = trusted.Load
		g.real.lasts(3 * day)
		g.start()
		time.Sleep(time.Hour)
		trusted.Store(false)
		time.Sleep(60 * time.Hour)
		if g.real.asked() != 1 || g.state().Step != StepClock {
			g.Errorf("%d attempts, %+v", g.real.asked(), g.state())
		}
		trusted.Store(true)
		time.Sleep(time.Hour)
		if s := g.state(); g.real.asked() != 2 || s.Step != StepDone || time.Now().After(s.NotAfter) {
			g.Errorf("%d attempts, %+v", g.real.asked(), s)
		}
	})
	gates(t, "a dry run comes first and is remembered", func(g *gate) {
		g.start()
		time.Sleep(100 * day)
		g.start() // another process remembers it, too
		time.Sleep(100 * day)
		if g.test.asked() != 1 || g.real.made(g.name) < 3 {
			g.Errorf("%d dry runs, %d certificates", g.test.asked(), g.real.made(g.name))
		}
		if s := g.state(); !s.Next.After(time.Now()) || s.Next.After(s.NotAfter) || s.Issuer != "Simulated Root" || s.Left == 0 {
			g.Errorf("got %+v", s)
		}
	})
	gates(t, "another provider is tried on the test CA first", func(g *gate) {
		g.start()
		time.Sleep(time.Hour)
		g.test.fails(always(failed(problem.New(problem.Refused, "provider.token", "Wrong token.", ""))))
		g.public.Manage(Want{Names: []string{g.name}, Solver: Solver{DNS: noDNS{}, ID: "another"}})
		time.Sleep(70 * day)
		if g.real.made(g.name) != 1 {
			g.Errorf("%d certificates", g.real.made(g.name))
		}
		if s := g.state(); s.Problem == nil || s.Problem.Code != "provider.token" || s.Problem.Values["rehearsal"] != "yes" {
			g.Errorf("got %+v", s)
		}
	})
	gates(t, "who corrects the token need not wait", func(g *gate) {
		g.test.fails(always(failed(problem.New(problem.Refused, "provider.token", "Wrong token.", ""))))
		g.start()
		time.Sleep(5 * time.Hour)
		if next := g.state().Next; time.Until(next) < 10*time.Minute {
			g.Errorf("the next attempt is at %v", next)
		}
		g.test.fails(always(nil))
		g.public.Manage(Want{Names: []string{g.name}, Solver: Solver{DNS: noDNS{}, ID: "corrected"}})
		time.Sleep(2 * time.Minute)
		if s := g.state(); !s.Have || s.Problem != nil {
			g.Errorf("got %+v", s)
		}
	})
	gates(t, "a failing dry run never reaches the real CA", func(g *gate) {
		g.test.fails(always(refusal()))
		g.start()
		time.Sleep(2 * day)
		if g.real.asked() != 0 || g.test.asked() < 5 {
			g.Errorf("%d attempts on the real CA, %d dry runs", g.real.asked(), g.test.asked())
		}
	})
	gates(t, "what the real CA refuses is rehearsed again", func(g *gate) {
		g.real.fails(always(refusal()))
		g.start()
		time.Sleep(40 * time.Minute)
		if g.test.asked() != g.real.asked() || g.real.asked() < 2 {
			g.Errorf("%d attempts on the real CA, %d dry runs", g.real.asked(), g.test.asked())
		}
	})
	gates(t, "who asks again and again meets the limit and hears until when", func(g *gate) {
		g.real.fails(always(refusal()))
		g.start()
		var p *problem.Problem
		for range 6 {
			errors.As(g.public.Try(g.Context(), g.name), &p)
			time.Sleep(time.Second)
		}
		until, err := time.Parse(time.RFC3339, g.wantCode(p, "cert.limit").Values["until"])
		if wait := time.Until(until); err != nil || wait <= 0 || wait > time.Hour {
			g.Errorf("until %v, %v", until, err)
		}
		if g.real.asked() != 3 {
			g.Errorf("%d attempts", g.real.asked())
		}
		g.start()
		g.wantCode(g.public.Try(g.Context(), g.name), "cert.limit") // a restart changes nothing
	})
	gates(t, "the CA's own limit is obeyed, by a person as well", func(g *gate) {
		g.real.fails(always(limited("n", time.Now().Add(5*time.Hour), time.Now(), "too many")))
		g.start()
		time.Sleep(4 * time.Hour)
		if g.real.asked() != 1 {
			g.Errorf("%d attempts", g.real.asked())
		}
		g.wantCode(g.public.Try(g.Context(), g.name), "cert.limit")
		g.real.fails(always(nil))
		time.Sleep(2 * time.Hour)
		if g.real.asked() != 2 || !g.state().Have {
			g.Errorf("%d attempts, %+v", g.real.asked(), g.state())
		}
	})
	gates(t, "a person need not wait, and gets the answer of the attempt that runs", func(g *gate) {
		g.real.fails(always(failed(problem.New(problem.Unavailable, "cert.provider", "It is away.", ""))))
		g.start()
		time.Sleep(time.Second) // an attempt is under way
		g.wantCode(g.public.Try(g.Context(), g.name), "cert.provider")
		if g.real.asked() != 1 {
			g.Errorf("%d attempts", g.real.asked())
		}
		g.real.fails(always(nil))
		if err := g.public.Try(g.Context(), g.name); err != nil || !g.state().Have {
			g.Errorf("Try: %v", err)
		}
	})
	gates(t, "the last failure is known after a restart", func(g *gate) {
		g.real.fails(always(refusal()))
		g.start()
		time.Sleep(time.Minute)
		g.cfg.Ready = func() bool { return true }
		g.stop()
		p, err := OpenPublic(g.cfg)
		if err != nil {
			g.Fatal(err)
		}
		p.Manage(Want{Names: []string{g.name}})
		if s := p.State().Names[0]; s.Step != StepWait || s.Problem == nil || s.Problem.Code != "cert.challenge" || !strings.Contains(s.Problem.Values["detail"], "TXT") {
			g.Errorf("got %+v", s)
		}
	})
	gates(t, "a storage that refuses stops all asking", func(g *gate) {
		g.keep.refuses = errors.New("no space left on device")
		g.start()
		time.Sleep(3 * time.Hour)
		if g.real.asked()+g.test.asked() > 0 {
			g.Errorf("%d attempts", g.real.asked())
		}
		if s := g.state(); s.Problem == nil || s.Problem.Code != "cert.storage" {
			g.Errorf("got %+v", s)
		}
	})
	gates(t, "a ledger that can't be read stops all asking", func(g *gate) {
		if err := g.keep.Store(g.Context(), ledgerKey(directoryKey(g.cfg.Directory)), []byte("?")); err != nil {
			g.Fatal(err)
		}
		g.start()
		g.wantCode(g.public.Try(g.Context(), g.name), "cert.storage")
		if g.real.asked()+g.test.asked() > 0 {
			g.Errorf("%d attempts", g.real.asked())
		}
	})
}

func TestServing(t *testing.T) {
	gates(t, "the last certificate is served, be it expired", func(g *gate) {
		g.start()
		time.Sleep(time.Hour)
		g.stop()
		time.Sleep(200 * day)
		g.real.fails(always(refusal()))
		g.test.fails(always(refusal()))
		g.start()
		cert, err := g.public.GetCertificate(&tls.ClientHelloInfo{ServerName: strings.ToUpper(g.name) + "."})
		if err != nil || time.Now().Before(cert.Leaf.NotAfter) {
			g.Errorf("got %v, %v", cert, err)
		}
	})
	gates(t, "a kept certificate is served without a way to renew it", func(g *gate) {
		g.start()
		time.Sleep(time.Hour)
		g.stop()
		p, err := OpenPublic(g.cfg)
		if err != nil {
			g.Fatal(err)
		}
		p.Manage(Want{Names: []string{g.name}}) // and Run does not run
		if _, err := p.GetCertificate(&tls.ClientHelloInfo{ServerName: g.name}); err != nil || p.State().Names[0].Step != StepDone {
			g.Errorf("%v, %+v", err, p.State())
		}
		g.wantCode(p.Try(g.Context(), g.name), "cert.unmanaged")
	})
	gates(t, "renewal never interrupts serving", func(g *gate) {
		g.real.lasts(10 * day)
		g.start()
		time.Sleep(time.Hour)
		for range 30 * 24 {
			if cert, err := g.public.GetCertificate(&tls.ClientHelloInfo{ServerName: g.name}); err != nil || time.Now().After(cert.Leaf.NotAfter) {
				g.Fatalf("at %v: %v", time.Now(), err)
			}
			time.Sleep(time.Hour)
		}
	})
	gates(t, "other names are foreign, old ones stay kept", func(g *gate) {
		g.start()
		time.Sleep(time.Hour)
		get := func(name string) error {
			_, err := g.public.GetCertificate(&tls.ClientHelloInfo{ServerName: name})
			return err
		}
		g.public.Manage(Want{Names: []string{"new." + g.name}, Solver: Solver{DNS: noDNS{}, ID: "provider"}})
		if err := get("new." + g.name); !errors.Is(err, ErrPending) {
			g.Errorf("a new name: %v", err)
		}
		if err := get(g.name); !errors.Is(err, ErrForeign) {
			g.Errorf("the old name: %v", err)
		}
		if err := get(""); !errors.Is(err, ErrForeign) {
			g.Errorf("no name: %v", err)
		}
		time.Sleep(100 * day)
		if n := g.real.made(g.name); n != 1 {
			g.Errorf("the old name was renewed: %d certificates", n)
		}
		g.public.Manage(Want{Names: []string{g.name}})
		if err := get(g.name); err != nil {
			g.Errorf("the old name, wanted again: %v", err)
		}
		if s := g.state(); !s.Have || time.Until(s.NotAfter) > 0 || s.Step != StepWait {
			g.Errorf("the old name's certificate is over: %+v", s)
		}
	})
	gates(t, "another CA takes over without a gap", func(g *gate) {
		g.start()
		time.Sleep(time.Hour)
		g.cfg.Directory = "https://other.test/dir"
		g.real.fails(always(refusal()))
		g.start()
		time.Sleep(time.Hour)
		if _, err := g.public.GetCertificate(&tls.ClientHelloInfo{ServerName: g.name}); err != nil {
			g.Errorf("while the other CA refuses: %v", err)
		}
		g.real.fails(always(nil))
		g.real.lasts(30 * day) // the other CA's would last longer
		time.Sleep(2 * day)
		if s := (*g.public.serving.Load())[g.name]; s.directory != directoryKey(g.cfg.Directory) {
			g.Errorf("served is the one of %s", s.directory)
		}
	})
}
