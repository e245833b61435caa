package certs

import (
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/problem"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// asked is a page with attempts that ended so, each so long before noon.
func asked(end outcome, ago ...time.Duration) *record {
	r := &record{}
	for _, d := range ago {
		r.Attempts = append(r.Attempts, attempt{At: noon.Add(-d), End: end})
	}
	return r
}

func every(d time.Duration, n int) (ago []time.Duration) {
	for i := range n {
		ago = append(ago, time.Duration(n-i)*d)
	}
	return ago
}

func TestBudget(t *testing.T) {
	resumed := asked(outcomeFailed, every(time.Minute, 15)...)
	for i := range resumed.Attempts {
		resumed.Attempts[i].Resumed = true
	}
	exempt := asked(outcomeIssued, every(day, 6)...)
	for i := range exempt.Attempts {
		exempt.Attempts[i].Exempt = true
	}
	short := asked(outcomeIssued, every(16*time.Hour, 10)...)
	short.Life = 24 * time.Hour
	shortRefused := asked(outcomeRefused, every(10*time.Minute, 3)...)
	shortRefused.Life = time.Hour
	for _, c := range []struct {
		says  string
		pages map[string]*record
		wait  time.Duration
	}{
		{"nothing was asked yet", nil, 0},
		{"two refusals in an hour leave one", map[string]*record{"a": asked(outcomeRefused, 50*time.Minute, 10*time.Minute)}, 0},
		{"three refusals in an hour are enough, of the CA's five", map[string]*record{"a": asked(outcomeRefused, 50*time.Minute, 30*time.Minute, time.Minute)}, 10 * time.Minute},
		{"an attempt that was cut off counts as refused", map[string]*record{"a": asked(outcomeOpen, 50*time.Minute, 30*time.Minute, time.Minute)}, 7*day - 50*time.Minute},
		{"twelve refusals in a day are enough", map[string]*record{"a": asked(outcomeRefused, every(110*time.Minute, 12)...)}, 24*time.Hour - 22*time.Hour},
		{"refusals of another name do not count", map[string]*record{"b": asked(outcomeRefused, time.Minute, time.Minute, time.Minute)}, 0},
		{"three certificates a week are enough, of the CA's five", map[string]*record{"a": asked(outcomeIssued, 6*day, 2*day, day)}, day},
		{"one of last week does not count", map[string]*record{"a": asked(outcomeIssued, 7*day, 2*day, day)}, 0},
		{"renewals that the CA asked for do not count", map[string]*record{"a": exempt}, 0},
		{"ten orders an hour are enough", map[string]*record{"a": asked(outcomeFailed, every(5*time.Minute, 10)...)}, 10 * time.Minute},
		{"going on with an order places none", map[string]*record{"a": resumed}, 0},
		{"certificates of a day may be renewed so often", map[string]*record{"a": short}, 0},
		{"but not be refused so often", map[string]*record{"a": shortRefused}, 30 * time.Minute},
		{"all names share the account", map[string]*record{
			"b": asked(outcomeIssued, every(time.Hour, 12)...), "c": asked(outcomeIssued, every(time.Hour, 8)...),
		}, 7*day - 12*time.Hour},
	} {
		t.Run(c.says, func(t *testing.T) {
			l := &ledger{Names: c.pages}
			if l.Names == nil {
				l.Names = make(map[string]*record)
			}
			next, left := l.budget("a", strictLimits(), noon)
			if got := next.Sub(noon); got != c.wait {
				t.Errorf("the next attempt is in %v, want %v", got, c.wait)
			}
			if (left == 0) != (c.wait > 0) {
				t.Errorf("%d attempts are left", left)
			}
		})
	}
}

// TestLimitsLieBelowThePublishedOnes compares with letsencrypt.org/docs/rate-limits.
func TestLimitsLieBelowThePublishedOnes(t *testing.T) {
	published := []struct {
		says   string
		window time.Duration
		most   int
		counts func(attempt) bool
		of     attempt
	}{
		{"orders of an account", 3 * time.Hour, 300, orders, attempt{End: outcomeFailed}},
		{"refusals of a name", time.Hour, 5, refusals, attempt{End: outcomeRefused}},
		{"certificates for the same names", 7 * day, 5, certificates, attempt{End: outcomeIssued}},
	}
	for _, life := range []time.Duration{0, 90 * day, 64 * day, 45 * day, 160 * time.Hour} { // all that Let's Encrypt makes
		for _, p := range published {
			// As fast as our limits let it go:
			l := &ledger{Names: map[string]*record{"a": {Life: life}}}
			now := noon
			for now.Before(noon.Add(9 * day)) {
				next, _ := l.budget("a", strictLimits(), now)
				now = later(now.Add(time.Second), next)
				a := p.of
				a.At = now
				l.Names["a"].Attempts = append(l.Names["a"].Attempts, a)
				if n := len(counted(l.Names["a"].Attempts, limit{window: p.window, counts: p.counts}, now)); n >= p.most {
					t.Fatalf("%d %s in %v with a life of %v", n, p.says, p.window, life)
				}
			}
		}
	}
}

func TestPatience(t *testing.T) {
	for _, c := range []struct {
		says      string
		streak    int
		remaining time.Duration
		want      time.Duration
	}{
		{"no failure, no wait", 0, 0, 0},
		{"a minute after the first", 1, 0, time.Minute},
		{"an hour after the fifth", 5, 0, time.Hour},
		{"six hours at most", 100, 0, 6 * time.Hour},
		{"less with the end near", 100, 10 * time.Hour, time.Hour},
		{"but never hasty", 100, time.Minute, 10 * time.Minute},
		{"the end far changes nothing", 3, 30 * day, 15 * time.Minute},
	} {
		t.Run(c.says, func(t *testing.T) {
			r := &record{Streak: c.streak, Failed: noon, Way: "this"}
			if got := r.patience("another", c.remaining); !got.IsZero() {
				t.Errorf("another way waits until %v", got)
			}
			got := r.patience("this", c.remaining)
			if c.want == 0 && !got.IsZero() || c.want > 0 && got.Sub(noon) != c.want {
				t.Errorf("until %v", got)
			}
		})
	}
}

func TestLedger(t *testing.T) {
	why := problem.New(problem.Unavailable, "cert.ca", "It failed.", "Wait.").With("name", "a")
	l, err := parseLedger(nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	l.begin("a", attempt{At: noon})
	l.begin("a", attempt{At: noon.Add(time.Minute), Resumed: true})
	l.failed("a", outcomeRefused, why, noon.Add(30*day), noon.Add(time.Hour))
	again := func(now time.Time) *ledger {
		t.Helper()
		blob, err := l.marshal()
		if err != nil {
			t.Fatal(err)
		}
		l, err := parseLedger(blob, now)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	t.Run("an attempt that was cut off is settled by the next", func(t *testing.T) {
		ends := []outcome{l.of("a").Attempts[0].End, l.of("a").Attempts[1].End}
		if !slices.Equal(ends, []outcome{outcomeFailed, outcomeRefused}) {
			t.Errorf("got %q", ends)
		}
	})
	t.Run("it is the same after a restart", func(t *testing.T) {
		r := again(noon.Add(time.Hour)).of("a")
		if p := r.problem(); len(r.Attempts) != 2 || r.Streak != 1 || p.Code != "cert.ca" || p.Hint != "Wait." || p.Values["name"] != "a" {
			t.Errorf("got %+v, %+v", r, p)
		}
	})
	t.Run("no CA can silence us for longer than a week", func(t *testing.T) {
		if held := again(noon).of("a").Held; held.After(noon.Add(7 * day)) {
			t.Errorf("until %v", held)
		}
	})
	t.Run("what a clock that ran ahead wrote is over when it is right again", func(t *testing.T) {
		r := again(noon.Add(-365 * day)).of("a")
		for _, a := range r.Attempts {
			if a.At.After(noon.Add(-365 * day)) {
				t.Errorf("an attempt at %v", a.At)
			}
		}
		if len(r.Attempts) != 2 {
			t.Errorf("%d attempts are left", len(r.Attempts))
		}
	})
	t.Run("what is older than a week is forgotten", func(t *testing.T) {
		if n := len(again(noon.Add(8 * day)).of("a").Attempts); n != 0 {
			t.Errorf("%d attempts are left", n)
		}
	})
	t.Run("a success ends the streak", func(t *testing.T) {
		l.begin("a", attempt{At: noon})
		l.issued("a", 90*day)
		if r := l.of("a"); r.Streak != 0 || r.problem() != nil || !r.Held.IsZero() || r.Life != 90*day {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("a ledger that makes no sense is an error", func(t *testing.T) {
		for _, text := range []string{"", "{}", `{"version":2}`, `{"version":1,"names":{"a":null}}`, `{"version":1,"names":{"a":{"streak":-1}}}`} {
			if _, err := parseLedger([]byte(text), noon); err == nil {
				t.Errorf("%q was read", text)
			}
		}
	})
}

func FuzzParseLedger(f *testing.F) {
	l := &ledger{Version: 1, Names: map[string]*record{"a": asked(outcomeIssued, time.Hour)}, Registered: []time.Time{noon}}
	blob, err := l.marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(blob))
	f.Add(`{"version":1,"names":{"a":{"attempts":[{"at":"9999-12-31T23:59:59Z"}],"life":9223372036854775807}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		l, err := parseLedger([]byte(text), noon)
		if err != nil {
			return
		}
		for name, r := range l.Names {
			next, left := l.budget(name, strictLimits(), noon)
			if next.Before(noon) || next.After(noon.Add(ledgerSpan)) || left < 0 {
				t.Errorf("%s: next %v, left %d", name, next, left)
			}
			_ = r.patience("", time.Hour)
		}
		blob, err := l.marshal()
		if err != nil {
			if strings.Contains(err.Error(), "year outside") {
				return
			}
			t.Fatal(err)
		}
		if _, err := parseLedger(blob, noon); err != nil {
			t.Errorf("what was kept can't be read: %v", err)
		}
	})
}
