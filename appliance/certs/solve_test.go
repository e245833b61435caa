package certs

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libdns/libdns"

	"latchkey/appliance/problem"
)

// records is a DNS provider in memory that shows what it holds after a while.
type records struct {
	mu    sync.Mutex
	set   []string // "zone name text", as asked for
	gone  int
	most  int // at once
	at    time.Time
	after time.Duration // until it shows
	fails error
	away  error // of whoever looks
	looks int
}

func (r *records) AppendRecords(_ context.Context, zone string, recs []libdns.Record) ([]libdns.Record, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range recs {
		rr := rec.RR()
		r.set = append(r.set, zone+" "+rr.Name+" "+rr.Type+" "+rr.Data+" "+rr.TTL.String())
	}
	r.at = time.Now()
	r.most = max(r.most, len(r.set)-r.gone)
	return recs, r.fails
}

func (r *records) DeleteRecords(ctx context.Context, _ string, recs []libdns.Record) ([]libdns.Record, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	r.gone += len(recs)
	return recs, nil
}

func (r *records) texts(context.Context, string) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.looks++
	if r.away != nil {
		return nil, r.away
	}
	if len(r.set) == 0 || time.Since(r.at) < r.after {
		return []string{"another"}, nil
	}
	return []string{"another", "proof"}, nil
}

func TestPresent(t *testing.T) {
	const name = "vault.example.org"
	type outcome struct {
		code string
		took time.Duration
		set  string
	}
	for _, c := range []struct {
		says   string
		r      *records
		solver Solver
		want   outcome
	}{
		{
			"the record is set, seen and taken away", &records{after: 5 * time.Second},
			Solver{Zone: "example.org"},
			outcome{"", 6 * time.Second, "example.org. _acme-challenge.vault TXT proof 1m0s"},
		},
		{
			"an override takes its place", &records{},
			Solver{Zone: "auth.example.net.", OverrideDomain: "d420.auth.example.net", TTL: 5 * time.Minute},
			outcome{"", 2 * time.Second, "auth.example.net. d420 TXT proof 5m0s"},
		},
		{
			"the first look waits as long as it should", &records{},
			Solver{Zone: "example.org", Settle: 40 * time.Second},
			outcome{"", 40 * time.Second, "example.org. _acme-challenge.vault TXT proof 1m0s"},
		},
		{
			"a record that is never shown is said so", &records{after: time.Hour},
			Solver{Zone: "example.org", Patience: time.Minute},
			outcome{"cert.challenge", time.Minute, "example.org. _acme-challenge.vault TXT proof 1m0s"},
		},
		{
			"where nobody can be asked the CA looks", &records{away: errors.New("port 53 is not ours")},
			Solver{Zone: "example.org"},
			outcome{"", 30 * time.Second, "example.org. _acme-challenge.vault TXT proof 1m0s"},
		},
		{
			"what the provider says is kept", &records{fails: problem.New(problem.Refused, "provider.token", "Wrong token.", "")},
			Solver{Zone: "example.org"},
			outcome{"provider.token", 0, "example.org. _acme-challenge.vault TXT proof 1m0s"},
		},
		{
			"a provider without words gets some", &records{fails: errors.New("boom")},
			Solver{Zone: "example.org"},
			outcome{"cert.provider", 0, "example.org. _acme-challenge.vault TXT proof 1m0s"},
		},
	} {
		t.Run(c.says, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, err := OpenPublic(PublicConfig{Storage: &drawer{}, Directory: "https://ca.test/dir"})
				if err != nil {
					t.Fatal(err)
				}
				c.solver.DNS, c.solver.Texts = c.r, c.r.texts
				begun := time.Now()
				done, err := p.present(t.Context(), work{name: name, solver: c.solver}, "_acme-challenge."+name, "proof")
				got := outcome{took: time.Since(begun).Truncate(time.Second), set: strings.Join(c.r.set, "; ")}
				if err == nil {
					done()
				} else {
					got.code = problem.Of(err).Code
				}
				if got != c.want {
					t.Errorf("got %+v, want %+v", got, c.want)
				}
				if c.r.gone != len(c.r.set) {
					t.Errorf("%d records set, %d taken away", len(c.r.set), c.r.gone)
				}
			})
		})
	}
}

func TestPresentOneAtATime(t *testing.T) {
	for says, c := range map[string]struct {
		solver Solver
		most   int
	}{
		"where the provider holds one":   {Solver{Serial: true, Zone: "example.org"}, 1},
		"where all names share a record": {Solver{OverrideDomain: "x.example.net", Zone: "example.net"}, 1},
		"and else all at once":           {Solver{Zone: "example.org"}, 2},
	} {
		t.Run(says, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, err := OpenPublic(PublicConfig{Storage: &drawer{}, Directory: "https://ca.test/dir"})
				if err != nil {
					t.Fatal(err)
				}
				r := &records{}
				c.solver.DNS = r
				var all sync.WaitGroup
				for _, name := range []string{"a.example.org", "b.example.org"} {
					all.Go(func() {
						done, err := p.present(t.Context(), work{name: name, solver: c.solver}, "_acme-challenge."+name, "proof")
						if err != nil {
							t.Error(err)
							return
						}
						time.Sleep(time.Minute)
						done()
					})
				}
				all.Wait()
				if r.most != c.most || r.gone != 2 {
					t.Errorf("%d at once, %d taken away", r.most, r.gone)
				}
			})
		})
	}
}

func TestAStopTakesTheRecordAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := OpenPublic(PublicConfig{Storage: &drawer{}, Directory: "https://ca.test/dir"})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		r := &records{after: time.Hour}
		time.AfterFunc(time.Second, stop)
		_, err = p.present(ctx, work{name: "a.example.org", solver: Solver{DNS: r, Texts: r.texts, Zone: "example.org"}}, "_acme-challenge.a.example.org", "proof")
		if !errors.Is(err, context.Canceled) || r.gone != 1 {
			t.Errorf("%v, %d taken away", err, r.gone)
		}
	})
}

func TestLocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l locks
		ctx := t.Context()
		if err := l.Lock(ctx, "a"); err != nil {
			t.Fatal(err)
		}
		if err := l.Lock(ctx, "b"); err != nil {
			t.Fatal(err)
		}
		if ok, err := l.TryLock(ctx, "a"); ok || err != nil {
			t.Errorf("TryLock of a held one: %v, %v", ok, err)
		}
		short, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if err := l.Lock(short, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Lock beyond its context: %v", err)
		}
		var order []int
		for i := range 3 {
			go func() {
				if err := l.Lock(ctx, "a"); err != nil {
					t.Error(err)
				}
				order = append(order, i) // the lock guards it
				_ = l.Unlock(ctx, "a")
			}()
		}
		synctest.Wait()
		if len(order) > 0 {
			t.Errorf("%d have the lock that is held", len(order))
		}
		ended, end := context.WithCancel(ctx)
		end()
		if err := l.Unlock(ended, "a"); err != nil { // also when its work was cut off
			t.Error(err)
		}
		synctest.Wait()
		if slices.Sort(order); !slices.Equal(order, []int{0, 1, 2}) {
			t.Errorf("had the lock: %v", order)
		}
		if err := l.Unlock(ctx, "a"); err == nil {
			t.Error("a lock that nobody holds was released")
		}
	})
}
