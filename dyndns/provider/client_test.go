package provider

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/appliance/problem"
)

// troubled is a backend that does to each call what the test wants.
type troubled struct{ do func(context.Context) error }

func (b troubled) set(ctx context.Context, _ rrset) error { return b.do(ctx) }
func (b troubled) add(ctx context.Context, _ text) error  { return b.do(ctx) }
func (b troubled) drop(ctx context.Context, _ text) error { return b.do(ctx) }
func (b troubled) texts(ctx context.Context, _ string) ([]string, error) {
	return nil, b.do(ctx)
}

func troubledClient(log *slog.Logger, do func(context.Context) error) *Client {
	e, _ := find("cloudflare")
	return &Client{
		entry: e, zone: "example.org", backend: troubled{do}, redactor: newRedactor("the-canary-secret"),
		log: log, turn: make(chan struct{}, 1),
	}
}

func TestClient(t *testing.T) {
	address := netip.MustParseAddr("192.0.2.1")
	silent := slog.New(slog.DiscardHandler)

	t.Run("a panic becomes a problem without its secret", func(t *testing.T) {
		var log bytes.Buffer
		c := troubledClient(slog.New(slog.NewTextHandler(&log, nil)), func(context.Context) error {
			panic(fmt.Errorf("dividing by the-canary-secret"))
		})
		for name, err := range map[string]error{
			"Set": c.Set(t.Context(), "vault.example.org", address, time.Minute), "Prove": c.Prove(t.Context(), "vault.example.org"),
		} {
			var p *problem.Problem
			if !errors.As(err, &p) || p.Code != CodeUnknown || !strings.Contains(err.Error(), "dividing") {
				t.Errorf("%s: got %v", name, err)
			}
			if told := fmt.Sprintf("%+v %#v %s", err, err, log.String()); strings.Contains(told, "canary") || !strings.Contains(log.String(), "panics") {
				t.Errorf("%s: told %s", name, told)
			}
		}
	})
	t.Run("a provider that never answers is given up, and the next call has its turn", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			hang := true
			c := troubledClient(silent, func(ctx context.Context) error {
				if !hang {
					return nil
				}
				<-ctx.Done()
				return ctx.Err()
			})
			began := time.Now()
			err := c.Set(t.Context(), "vault.example.org", address, time.Minute)
			if p := problem.Of(err); p.Code != CodeUnreachable || time.Since(began) != patience {
				t.Errorf("got %v after %v", err, time.Since(began))
			}
			hang = false
			if err := c.Set(t.Context(), "vault.example.org", address, time.Minute); err != nil {
				t.Errorf("the next call got %v", err)
			}
		})
	})
	t.Run("calls go one after the other", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			inside := 0
			c := troubledClient(silent, func(context.Context) error {
				if inside++; inside > 1 {
					t.Error("two at once")
				}
				time.Sleep(time.Second)
				inside--
				return nil
			})
			done := make(chan error)
			for range 5 {
				go func() { done <- c.Set(t.Context(), "vault.example.org", address, time.Minute) }()
			}
			for range 5 {
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
		})
	})
	t.Run("a record that a proof could not take away again is told", func(t *testing.T) {
		calls := 0
		c := troubledClient(silent, func(context.Context) error {
			if calls++; calls == 1 {
				return nil
			}
			return &refusal{Status: 403}
		})
		if p := problem.Of(c.Prove(t.Context(), "vault.example.org")); p.Code != CodePermission || calls != 3 {
			t.Errorf("got %+v after %d calls", p, calls)
		}
	})
	t.Run("a record that was taken and is not there is told", func(t *testing.T) {
		c := troubledClient(silent, func(context.Context) error { return nil })
		if p := problem.Of(c.Prove(t.Context(), "vault.example.org")); p.Code != CodeRejected || !strings.Contains(p.Text, "does not have it") {
			t.Errorf("got %+v", p)
		}
	})
	t.Run("an address that is none is refused", func(t *testing.T) {
		c := troubledClient(silent, func(context.Context) error { return errors.New("asked") })
		for _, a := range []netip.Addr{{}, netip.MustParseAddr("fe80::1%eth0")} {
			if p := problem.Of(c.Set(t.Context(), "vault.example.org", a, time.Minute)); p.Code != CodeRejected {
				t.Errorf("%v: got %+v", a, p)
			}
		}
	})
}
