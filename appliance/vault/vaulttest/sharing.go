package vaulttest

import (
	"errors"
	"fmt"
	"sync"

	"latchkey/appliance/vault"
)

// sharing: many goroutines at once. The race detector is half of the proof.
func sharing() []promise {
	return []promise{
		{"no write is lost or run twice among many that count together", countTogether},
		{"readers beside writers see only whole writes", wholeWrites},
	}
}

// countTogether has each write read a number and put the next one.
func countTogether(h *house) {
	it := login(h.ada)
	it.Body = []byte("0")
	h.put(it)
	const writers, each = 12, 20
	var done sync.WaitGroup
	for i := range writers {
		write := h.keep.Write
		if i%6 == 0 {
			write = h.keep.WriteLong
		}
		done.Go(func() {
			for range each {
				err := write(h.Context(), "", func(w vault.Writer) error { return countUp(w, it) })
				if err != nil {
					h.Errorf("Write: %v", err)
				}
			}
		})
	}
	done.Wait()
	h.view(func(r vault.Reader) error {
		got, err := r.Item(h.ada, it.ID)
		if string(got.Body) != fmt.Sprint(writers*each) {
			h.Errorf("counted %s, want %d", got.Body, writers*each)
		}
		return err
	})
}

func countUp(w vault.Writer, it vault.Item) error {
	now, err := w.Item(it.Owner, it.ID)
	if err != nil {
		return err
	}
	var n int
	if _, err := fmt.Sscan(string(now.Body), &n); err != nil {
		return err
	}
	now.Body = fmt.Append(nil, n+1)
	return putNext(w, &now)
}

// wholeWrites keeps two items always of the same body.
func wholeWrites(h *house) {
	one, two := login(h.ada), login(h.ada)
	both := func(body string) func(vault.Writer) error {
		return func(w vault.Writer) error {
			one.Body, two.Body = []byte(body), []byte(body)
			return errors.Join(putNext(w, &one), putNext(w, &two))
		}
	}
	h.write(both("0"))
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					h.view(func(r vault.Reader) error { return samePair(h, r) })
				}
			}
		})
	}
	for i := range 100 {
		h.write(both(fmt.Sprint(i)))
	}
	close(stop)
	readers.Wait()
}

func samePair(h *house, r vault.Reader) error {
	var bodies []string
	for it, err := range r.Items(h.ada) {
		if err != nil {
			return err
		}
		bodies = append(bodies, string(it.Body))
	}
	if len(bodies) != 2 || bodies[0] != bodies[1] {
		h.Errorf("a reader saw half a write: %v", bodies)
	}
	return nil
}
