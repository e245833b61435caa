package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

const day = 24 * time.Hour

// TestTwoYears lets certmagic's own maintenance run for two years while three
// attempts of ten fail and the process is started again every few days, some
// of the times in the middle of an attempt. A client shakes hands all the
// while.
func TestTwoYears(t *testing.T) {
	cases := []struct {
		life   time.Duration
		ari    bool
		seed   uint64
		budget int // the most orders that two years may take for two names
	}{
		{90 * day, false, 1, 60},
		{45 * day, true, 2, 130},
		{160 * time.Hour, true, 3, 800},
		{160 * time.Hour, false, 4, 800},
	}
	span := 2 * 365 * day
	if testing.Short() {
		cases, span = cases[1:2], 200*day
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("certificates of %v, renewal information %v", c.life, c.ari), func(t *testing.T) {
			// One after the other: certmagic's queue of jobs belongs to the process, and a
			// worker of one bubble must not take another's job.
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(c.seed, 2))
				real, test := newSimulated(t), newSimulated(t)
				real.life = c.life
				if c.ari {
					real.ari = windowed(c.seed)
				}
				real.chaos, test.chaos = mishaps(c.seed), mishaps(c.seed+100)
				y := &years{T: t, random: random, keep: &drawer{}, real: real, test: test, names: []string{unheard("year"), unheard("lan.year")}}
				y.live(span)
				t.Logf("%d handshakes, %d gaps, %d starts; %d attempts on the CA, %d failed; %d dry runs, %d failed",
					y.shaken, y.gaps, y.starts, real.attempts, real.failures, test.attempts, test.failures)
				if y.gaps > 0 || y.shaken < int(span/(7*time.Hour))*2 {
					t.Errorf("%d gaps in %d handshakes", y.gaps, y.shaken)
				}
				if real.attempts > c.budget {
					t.Errorf("%d attempts, want at most %d", real.attempts, c.budget)
				}
				if real.failures == 0 || test.failures == 0 {
					t.Error("nothing failed; this test proves nothing")
				}
			})
		})
	}
}

// years is a house that is watched for a long time.
type years struct {
	*testing.T
	random       *rand.Rand
	keep         *drawer
	real, test   *simulated
	names        []string
	public       *Public
	stop         func()
	shaken, gaps int
	starts       int
}

// start runs a new Public on what the one before kept.
func (y *years) start() {
	p, err := OpenPublic(PublicConfig{Storage: y.keep, Directory: "https://ca.test/dir", TestDirectory: "https://test.ca.test/dir"})
	if err != nil {
		y.Fatal(err)
	}
	p.real, p.test = y.real, y.test
	y.real.p, y.test.p = p, p
	p.Manage(Want{Names: y.names, Solver: Solver{DNS: noDNS{}, ID: "provider"}})
	ctx, cancel := context.WithCancel(y.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := p.Run(ctx); err != nil {
			y.Error(err)
		}
	}()
	y.public, y.stop = p, func() {
		cancel()
		<-done
	}
	y.starts++
}

// live looks at both names every six hours, and starts the house anew every
// three days or so.
func (y *years) live(span time.Duration) {
	y.start()
	begun := time.Now()
	for y.public.remaining(y.names[0]) == 0 || y.public.remaining(y.names[1]) == 0 {
		time.Sleep(time.Minute)
		if time.Since(begun) > 7*day {
			y.Fatal("no first certificate within a week")
		}
	}
	for time.Since(begun) < span {
		time.Sleep(5*time.Hour + time.Duration(y.random.Int64N(int64(2*time.Hour))))
		for _, name := range y.names {
			y.shake(name)
		}
		if y.random.IntN(12) == 0 {
			y.stop()
			y.start()
		}
	}
	y.stop()
}

// shake makes one handshake over a pipe, as a browser that trusts the root
// would.
func (y *years) shake(name string) {
	roots := x509.NewCertPool()
	roots.AddCert(y.real.root)
	// X25519 alone, since thousands of hybrid key exchanges only take time.
	client := &tls.Config{ServerName: name, RootCAs: roots, CurvePreferences: []tls.CurveID{tls.X25519}}
	if err := handshake(y.public.GetCertificate, client); err != nil {
		y.gaps++
		y.Logf("%v: %s: %v; %+v", time.Now(), name, err, y.public.State())
	}
	y.shaken++
}

func handshake(get func(*tls.ClientHelloInfo) (*tls.Certificate, error), client *tls.Config) error {
	ours, theirs := net.Pipe()
	defer func() { _, _ = ours.Close(), theirs.Close() }()
	server := tls.Server(ours, TLS(get, ""))
	go func() {
		_ = server.Handshake()
	}()
	return tls.Client(theirs, client).Handshake()
}

// noDNS is a provider that is never asked: the simulated CA proves nothing.
type noDNS struct{ DNS }
