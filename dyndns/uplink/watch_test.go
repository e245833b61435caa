package uplink

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestWatch(t *testing.T) {
	// watching starts a Watch over a machine with eth0 and answers what fn heard.
	watching := func(t *testing.T, changes func(context.Context) (<-chan struct{}, error)) (root string, heard func() []string) {
		root = machine(t, map[string]string{"proc/self/net/route": head + eth4})
		var mu sync.Mutex
		var names []string
		done := make(chan error, 1)
		ctx, stop := context.WithCancel(t.Context())
		go func() {
			done <- New(Config{Root: root, card: cards, changes: changes}).Watch(ctx, func(r Route) {
				mu.Lock()
				defer mu.Unlock()
				names = append(names, r.Interface)
			})
		}()
		t.Cleanup(func() {
			stop()
			synctest.Wait()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("Watch ended with %v", err)
			}
		})
		synctest.Wait()
		return root, func() []string {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(names)
		}
	}
	same := func(t *testing.T, got []string, want ...string) {
		t.Helper()
		if len(got) != len(want) || len(got) > 0 && got[len(got)-1] != want[len(want)-1] {
			t.Errorf("heard %q, want %q", got, want)
		}
	}

	t.Run("a burst of changes is told once, after 200 ms", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			changes := make(chan struct{}, 1)
			root, heard := watching(t, func(context.Context) (<-chan struct{}, error) { return changes, nil })
			same(t, heard(), "eth0")
			changes <- struct{}{}
			write(t, root, "proc/self/net/route", head)
			time.Sleep(50 * time.Millisecond)
			write(t, root, "proc/self/net/route", head+wlan4)
			changes <- struct{}{}
			same(t, heard(), "eth0")
			time.Sleep(200 * time.Millisecond)
			same(t, heard(), "eth0", "wlan0")
			time.Sleep(time.Second)
			same(t, heard(), "eth0", "wlan0")
		})
	})

	t.Run("a change that nobody announced is seen within 30 s", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			root, heard := watching(t, func(context.Context) (<-chan struct{}, error) { return make(chan struct{}), nil })
			write(t, root, "proc/self/net/route", head)
			time.Sleep(29 * time.Second)
			same(t, heard(), "eth0")
			time.Sleep(2 * time.Second)
			same(t, heard(), "eth0", "")
		})
	})

	t.Run("without announcements it looks every 5 s", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			root, heard := watching(t, func(context.Context) (<-chan struct{}, error) { return nil, errors.ErrUnsupported })
			write(t, root, "proc/self/net/route", head+wlan4)
			time.Sleep(6 * time.Second)
			same(t, heard(), "eth0", "wlan0")
		})
	})

	t.Run("and so it does when they end", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			changes := make(chan struct{})
			root, heard := watching(t, func(context.Context) (<-chan struct{}, error) { return changes, nil })
			close(changes)
			synctest.Wait()
			write(t, root, "proc/self/net/route", head+wlan4)
			time.Sleep(6 * time.Second)
			same(t, heard(), "eth0", "wlan0")
		})
	})
}

func TestSystemChangesEndWithTheirContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	changes, err := systemChanges(ctx)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Log("this system has no announcements")
		stop()
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	stop()
	for range changes { // closes, or the test hangs
	}
}

func TestDialer(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	u := New(Config{})
	home := Route{Interface: "eth0", Interface6: "eth0", Address4: addr("192.0.2.77"), Global6: []netip.Addr{addr("2001:db8::77")}}
	for _, tt := range []struct {
		name    string
		route   Route
		family  int
		network string
		address string
		want    error // nil: a connection; errAny: any failure that is not one of ours
	}{
		{"loopback is left alone", home, IPv4, "tcp", listener.Addr().String(), nil},
		{"an address of the other family", home, IPv6, "tcp", listener.Addr().String(), errFamily},
		{"and the other way round", home, IPv4, "udp", "[2001:db8::1]:53", errFamily},
		{"no way out for IPv4", Route{}, IPv4, "udp", "192.0.2.1:53", ErrNoWay},
		{"no stable address for IPv6", Route{Interface: "eth0", Interface6: "eth0"}, IPv6, "udp", "[2001:db8::1]:53", ErrNoWay},
		{"a source that is not ours any more", home, IPv4, "udp", "192.0.2.1:53", errAny},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := u.Dialer(tt.route, tt.family).DialContext(t.Context(), tt.network, tt.address)
			if err == nil {
				c.Close()
			}
			switch {
			case tt.want == errAny:
				if err == nil || errors.Is(err, ErrNoWay) || errors.Is(err, errFamily) {
					t.Errorf("got %v", err)
				}
			case !errors.Is(err, tt.want):
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

var errAny = errors.New("any")
