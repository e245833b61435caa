package appliance

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

// TestPrivately tries a house as an upgrade does.
func TestPrivately(t *testing.T) {
	t.Parallel()
	c := configOf(t)
	a := assemble(t, c)
	owned(t, a)
	closed(t, a)
	c.Private, c.Make = true, false

	t.Run("a whole one answers commands on this machine, and nobody else", func(t *testing.T) {
		a := assemble(t, c)
		a.pageErr = nil // a bare clone has no page, and this needs none
		ctx, stop := context.WithCancel(t.Context())
		ready, ended := make(chan struct{}), make(chan error, 1)
		go func() { ended <- a.Run(ctx, func(Ready) { close(ready) }) }()
		select {
		case <-ready:
		case err := <-ended:
			t.Fatal(err)
		}
		client, done, err := Machine(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if s := getStatus(t, client); !s.Serving || !s.Ready {
			t.Errorf("status %+v", s)
		}
		if b := a.doors(); len(b.TLS) != 0 || b.Plain != 0 || b.Redirect != 0 {
			t.Errorf("it opened %+v", b)
		}
		client.CloseIdleConnections()
		stop()
		if err := errors.Join(done(), <-ended); err != nil {
			t.Error(err)
		}
	})
	t.Run("one that can't be checked is refused before it answers", func(t *testing.T) {
		c := c
		c.CheckCommand = []string{"/nonexistent"}
		a := assemble(t, c)
		a.pageErr = nil
		err := a.Run(t.Context(), func(Ready) { t.Error("it said that it is ready") })
		if problemCode(err) != "private.file" {
			t.Errorf("got %v", err)
		}
	})
}

// TestStartAgain ends a house whose place a restored one is to take.
func TestStartAgain(t *testing.T) {
	t.Parallel()
	c := configOf(t)
	a := assemble(t, c)
	a.pageErr = nil
	ended := make(chan error, 1)
	go func() { ended <- a.Run(t.Context(), func(Ready) { a.again <- struct{}{} }) }()
	select {
	case err := <-ended:
		if !errors.Is(err, ErrAgain) {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("it goes on")
	}
}

// TestAlive judges what the watchdog hears.
func TestAlive(t *testing.T) {
	t.Parallel()
	c := configOf(t)
	a := assemble(t, c)
	t.Run("a house whose writer comes round lives", func(t *testing.T) {
		if err := a.alive(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("trying the disk leaves nothing behind", func(t *testing.T) {
		before, _ := os.ReadDir(c.Data)
		if err := diskTakes(c.Data); err != nil {
			t.Error(err)
		}
		if after, _ := os.ReadDir(c.Data); len(after) != len(before) {
			t.Errorf("%d files, then %d", len(before), len(after))
		}
	})
	t.Run("a disk that takes nothing is told", func(t *testing.T) {
		if diskTakes("/nonexistent") == nil {
			t.Error("it took something")
		}
	})
	closed(t, a)
	t.Run("a closed one does not", func(t *testing.T) {
		if a.alive(t.Context()) == nil {
			t.Error("it lives")
		}
	})
}
