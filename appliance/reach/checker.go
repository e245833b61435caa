package reach

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"latchkey/appliance/settings"
)

// The checker is a service that somebody runs outside, named by a setting: it
// is asked GET URL?host=NAME&port=N&family=4 (or 6, where the router lets IPv6
// in), tries to connect over that, and answers {"open": true} or {"open": false,
// "why": "…"}. There is none by default: nobody outside is told of the
// house unless its owner wishes so.
const (
	checkerPatience = 20 * time.Second
	checkerEvery    = 15 * time.Minute
	checkerLimit    = 4 << 10 // bytes of an answer
	longestWhy      = 200
)

// checkerAnswer is what a checker says.
type checkerAnswer struct {
	Open *bool  `json:"open"`
	Why  string `json:"why"`
}

// parseChecker reads a checker's answer.
func parseChecker(body []byte) (open bool, why string, err error) {
	var a checkerAnswer
	if err := json.Unmarshal(body, &a); err != nil {
		return false, "", fmt.Errorf("reading the checker's answer: %w", err)
	}
	if a.Open == nil {
		return false, "", fmt.Errorf("reading the checker's answer: it does not say whether the port is open")
	}
	why = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, a.Why)
	if runes := []rune(why); len(runes) > longestWhy {
		why = string(runes[:longestWhy])
	}
	return *a.Open, strings.TrimSpace(why), nil
}

// checked is when and of what the checker was last asked.
type checked struct {
	at   time.Time
	of   string
	addr netip.Addr
}

// check asks the checker where there is one and something changed, or a while
// has passed.
func (r *Reach) check(ctx context.Context, a aim) {
	target := r.cfg.Settings.Text(settings.ReachChecker)
	if target == "" || !a.set || !r.opening() {
		return
	}
	f := r.gather(a)
	if f.port == 0 {
		return
	}
	now := checked{f.now, target + " " + f.plan.Public(), f.v4()}
	r.mu.Lock()
	last := r.checked
	due := last.of != now.of || last.addr != now.addr || now.at.Sub(last.at) >= checkerEvery
	if due {
		r.checked = now
	}
	r.mu.Unlock()
	if !due {
		return
	}
	r.check4(ctx, target, f)
	if f.mapper.V6 != nil && f.v6().IsValid() {
		r.check6(ctx, target, f)
	}
	r.Wake()
}

// check4 lets the checker refute the door, or take that back. What it could not
// say says nothing about the door.
func (r *Reach) check4(ctx context.Context, target string, f facts) {
	open, why, err := r.askChecker(ctx, target, f, publicip4)
	if err != nil {
		r.cfg.Log.Warn("asking the checker", "error", err)
		return
	}
	r.change(func(m *memory) bool {
		if open {
			m.Proof.Refuted, m.Proof.Why = time.Time{}, ""
			return true
		}
		if m.Proof.Name == f.plan.Name && !m.Proof.Time.Before(f.now) {
			return false // somebody came through meanwhile, which says more
		}
		m.Proof.Name, m.Proof.Refuted, m.Proof.Why = f.plan.Name, f.now, sentence(why)
		return true
	})
}

// check6 is check4 for IPv6: refuted, its address is published no more.
func (r *Reach) check6(ctx context.Context, target string, f facts) {
	open, why, err := r.askChecker(ctx, target, f, publicip6)
	if err != nil {
		r.cfg.Log.Warn("asking the checker", "error", err)
		return
	}
	if !open {
		r.cfg.Log.Info("IPv6 does not come in", "why", why)
	}
	r.change(func(m *memory) bool {
		m.Shut6, m.Shut6Address = time.Time{}, netip.Addr{}
		if !open {
			m.Shut6, m.Shut6Address = f.now, f.v6()
		}
		return true
	})
}

func (r *Reach) askChecker(ctx context.Context, target string, f facts, family int) (bool, string, error) {
	u, err := url.Parse(target)
	if err != nil {
		return false, "", errors.New("reading the checker's URL: it is none")
	}
	q := u.Query()
	q.Set("host", f.plan.Name)
	q.Set("port", strconv.Itoa(int(f.port)))
	q.Set("family", strconv.Itoa(family))
	u.RawQuery = q.Encode()
	ctx, cancel := context.WithTimeout(ctx, checkerPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return false, "", fmt.Errorf("asking the checker: %w", err)
	}
	resp, err := r.cfg.Checker.Do(req)
	if x := (*url.Error)(nil); errors.As(err, &x) {
		err = x.Err // without the URL, which may hold a key
	}
	if err != nil {
		return false, "", fmt.Errorf("asking the checker: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return false, "", fmt.Errorf("asking the checker: it answered %s", resp.Status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, checkerLimit))
	if err != nil {
		return false, "", fmt.Errorf("reading the checker's answer: %w", err)
	}
	return parseChecker(body)
}
