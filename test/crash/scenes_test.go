package crash

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/test/house"
)

// readied starts a house, waits until it is ready and kills it.
func readied(t testing.TB, dir string) (time.Duration, error) {
	p, err := start(serveWords(program(t), dir)...)
	if err != nil {
		return 0, err
	}
	_, err = p.await(t.Context(), readyLine)
	p.kill()
	return time.Since(p.begun), err
}

func killCreation(t *testing.T, box *sandbox) func() (life, error) {
	takes := span(t, func() (time.Duration, error) { return readied(t, filepath.Join(box.fresh(), "house")) })
	return func() (l life, err error) {
		dir := filepath.Join(box.fresh(), "new", "house")
		_, l.killed, err = cut(during(takes), serveWords(program(t), dir)...)
		if err != nil {
			return l, err
		}
		s, err := look(dir)
		if err != nil {
			return l, err
		}
		said, _, err := complete(program(t), "status", "--data", dir)
		switch {
		case !s.made && (err == nil || !strings.Contains(said, "There is no Latchkey house in")):
			return l, fmt.Errorf("of a house that was not made, status says: %w %s", err, said)
		case s.made && (err != nil || !strings.Contains(said, "It is not set up yet")):
			return l, fmt.Errorf("of a house that was made, status says: %w %s", err, said)
		}
		err = nil
		if rand.N(4) == 0 {
			if _, err := readied(t, dir); err != nil {
				return l, err
			}
			s, err = look(dir)
			if err == nil && !s.made {
				err = errors.New("the second start made none")
			}
		}
		return l, err
	}
}

func killSetUp(t *testing.T, box *sandbox) func() (life, error) {
	secret := passwordFile(t)
	words := func(dir string) []string {
		return []string{program(t), "setup", "--local", "--email", house.OwnerEmail, "--password-file", secret, "--data", dir}
	}
	takes := span(t, func() (time.Duration, error) {
		_, d, err := complete(words(filepath.Join(box.fresh(), "house"))...)
		return d, err
	})
	return func() (l life, err error) {
		dir := filepath.Join(box.fresh(), "house")
		said, killed, err := cut(during(takes), words(dir)...)
		if l.killed = killed; err != nil {
			return l, err
		}
		s, err := look(dir)
		if err != nil {
			return l, err
		}
		if strings.Contains(said, "The house is set up") {
			l.acks++
			if s.people != 1 {
				return l, fmt.Errorf("it was set up, and there are %d people", s.people)
			}
		} else if s.people == 0 && rand.N(4) == 0 {
			_, _, err = complete(words(dir)...)
		}
		return l, err
	}
}

// houseLife is how many kills a house lives through until there is a new one:
// what it holds grows, and so does the time for its full check.
const houseLife = 25

func killSaving(t *testing.T, box *sandbox) func() (life, error) {
	h := furnish(t, 0, 12, "")
	takes := span(t, func() (time.Duration, error) { return readied(t, h.dir) })
	var dir string
	var b *book
	n := 0
	return func() (l life, err error) {
		if n%houseLife == 0 {
			if dir, b, err = box.copyOf(h); err != nil {
				return l, err
			}
		}
		n++
		before := b.acks
		if n%8 == 0 { // a start writes, too
			_, l.killed, err = cut(during(takes), serveWords(program(t), dir)...)
		} else {
			l.killed, err = true, saveUntilKilled(t, dir, h.token, b)
		}
		l.acks = b.acks - before
		if err != nil {
			return l, err
		}
		return l, settled(dir, b)
	}
}

// saveUntilKilled starts a house, reads what a client reads and compares, lets
// some write at the same time and kills it.
func saveUntilKilled(t *testing.T, dir, token string, b *book) error {
	p, err := start(serveWords(program(t), dir)...)
	if err != nil {
		return err
	}
	defer p.kill()
	url, err := p.await(t.Context(), localLine)
	if err != nil {
		return err
	}
	c := newCaller(url, token)
	defer c.http.CloseIdleConnections()
	marks, ids, err := c.sync()
	if err == nil {
		err = b.compare(marks)
	}
	if err != nil {
		return fmt.Errorf("what it serves: %w", err)
	}
	const writers, slots = 3, 4
	var all sync.WaitGroup
	refused := make([]error, writers)
	for i := range writers {
		w := &writer{c, b, i * slots, slots, make(map[int]string)}
		for slot := w.first; slot < w.first+slots; slot++ {
			if id, known := ids[slot]; known {
				w.ids[slot] = id
			}
		}
		all.Go(func() {
			for refused[i] == nil {
				refused[i] = w.step()
			}
		})
	}
	time.Sleep(rand.N(120 * time.Millisecond))
	p.kill()
	all.Wait()
	for _, err := range refused {
		if no := new(refusal); errors.As(err, &no) {
			return err // whoever was killed answers nothing
		}
	}
	return nil
}

// settled looks at a house after a kill and compares it with the book, which
// then begins anew from what is there.
func settled(dir string, b *book) error {
	s, err := look(dir)
	if err != nil {
		return err
	}
	if s.people != 1 {
		return fmt.Errorf("made %v, %d people", s.made, s.people)
	}
	if err := b.compare(s.slots); err != nil {
		return err
	}
	b.settle(s.slots)
	return nil
}

const imported = 150

func killImport(t *testing.T, box *sandbox) func() (life, error) {
	h := furnish(t, 0, 5, "")
	var dir string
	var b *book
	n, takes := 0, 200*time.Millisecond
	return func() (l life, err error) {
		if n%houseLife == 0 {
			if dir, b, err = box.copyOf(h); err != nil {
				return l, err
			}
		}
		n++
		first := n * imported
		took, err := importUntilKilled(t, dir, h.token, b, first, during(takes))
		if err != nil {
			return l, err
		}
		if l.killed = took == 0; !l.killed {
			l.acks, takes = 1, (takes+took)/2
		}
		s, err := look(dir)
		if err != nil {
			return l, err
		}
		there := 0
		for slot := first; slot < first+imported; slot++ {
			if _, ok := s.slots[slot]; ok {
				there++
			}
		}
		if there != 0 && there != imported {
			return l, fmt.Errorf("%d of %d imported items are there", there, imported)
		}
		return l, settled(dir, b)
	}
}

// importUntilKilled gives how long the import took, 0 when it was killed before
// its answer.
func importUntilKilled(t *testing.T, dir, token string, b *book, first int, after time.Duration) (took time.Duration, err error) {
	p, err := start(serveWords(program(t), dir)...)
	if err != nil {
		return 0, err
	}
	defer p.kill()
	url, err := p.await(t.Context(), localLine)
	if err != nil {
		return 0, err
	}
	time.AfterFunc(after, func() { p.kill() })
	c, begun := newCaller(url, token), time.Now()
	defer c.http.CloseIdleConnections()
	err = c.bulk(b, first, imported)
	if no := new(refusal); errors.As(err, &no) {
		return 0, err
	}
	if err != nil {
		return 0, nil
	}
	return time.Since(begun), nil
}
