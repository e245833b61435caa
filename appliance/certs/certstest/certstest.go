// Package certstest is the conformance suite of certs.Storage: each engine
// that keeps certificates runs it.
package certstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/appliance/certs"
)

// Open makes a new and empty storage; again gives the same one once more, as
// after a restart.
type Open func(t *testing.T) (s certs.Storage, again func() certs.Storage)

// Run proves the engine that open makes, a new one for each test.
func Run(t *testing.T, open Open) {
	for _, p := range promises() {
		t.Run(p.says, func(t *testing.T) {
			s, again := open(t)
			p.prove(&shelf{T: t, Storage: s, again: again})
		})
	}
}

type promise struct {
	says  string
	prove func(*shelf)
}

type shelf struct {
	*testing.T
	certs.Storage
	again func() certs.Storage
}

func (s *shelf) put(key, value string) {
	s.Helper()
	if err := s.Store(s.Context(), key, []byte(value)); err != nil {
		s.Fatalf("Store(%q): %v", key, err)
	}
}

func (s *shelf) want(key, value string) {
	s.Helper()
	got, err := s.Load(s.Context(), key)
	if err != nil || string(got) != value {
		s.Errorf("Load(%q) = %q, %v; want %q", key, got, err, value)
	}
}

func (s *shelf) wantNone(key string) {
	s.Helper()
	if got, err := s.Load(s.Context(), key); !errors.Is(err, fs.ErrNotExist) {
		s.Errorf("Load(%q) = %q, %v; want fs.ErrNotExist", key, got, err)
	}
}

func (s *shelf) wantList(prefix string, want ...string) {
	s.Helper()
	list, err := s.List(s.Context(), prefix)
	var got []string
	for _, e := range list {
		got = append(got, e.Key)
	}
	if err != nil || !slices.Equal(got, want) {
		s.Errorf("List(%q) = %q, %v; want %q", prefix, got, err, want)
	}
}

func promises() []promise {
	return []promise{
		{"what was stored is loaded, also after a restart", func(s *shelf) {
			odd := "a/ü b/c@d_e.key"
			s.put("a", "1")
			s.put(odd, strings.Repeat("\x00\xff", 20_000))
			s.put("empty", "")
			s.Storage = s.again()
			s.want("a", "1")
			s.want(odd, strings.Repeat("\x00\xff", 20_000))
			s.want("empty", "")
			s.wantList("", "a", odd, "empty")
		}},
		{"a second value replaces the first", func(s *shelf) {
			s.put("a/b", "one")
			s.put("a/b", "another")
			s.want("a/b", "another")
			s.wantList("a", "a/b")
		}},
		{"what was never stored does not exist", func(s *shelf) {
			s.put("a/b", "1")
			for _, key := range []string{"a", "a/", "a/b/c", "ab", ""} {
				s.wantNone(key)
			}
		}},
		{"a deleted key is gone, what lies below it is not", func(s *shelf) {
			s.put("a", "1")
			s.put("a/b", "2")
			for range 2 { // the second time it is not there
				if err := s.Delete(s.Context(), "a"); err != nil {
					s.Fatal(err)
				}
			}
			s.Storage = s.again()
			s.wantNone("a")
			s.want("a/b", "2")
			s.wantList("", "a/b")
		}},
		{"a prefix is one of whole parts", func(s *shelf) {
			for _, key := range []string{"b", "a/c/d", "ab/c", "a/b", "a"} {
				s.put(key, key)
			}
			s.wantList("a", "a", "a/b", "a/c/d")
			s.wantList("a/c", "a/c/d")
			s.wantList("a/x")
			s.wantList("", "a", "a/b", "a/c/d", "ab/c", "b")
		}},
		{"the list tells sizes and times", func(s *shelf) {
			before := time.Now().Add(-time.Second)
			s.put("a", "1234")
			list, err := s.List(s.Context(), "a")
			if err != nil || len(list) != 1 {
				s.Fatalf("got %v, %v", list, err)
			}
			if e := list[0]; e.Size != 4 || e.Modified.Before(before) || e.Modified.After(time.Now().Add(time.Second)) {
				s.Errorf("got %+v", e)
			}
		}},
		{"a value is the storage's own", func(s *shelf) {
			mine := []byte("mine")
			if err := s.Store(s.Context(), "a", mine); err != nil {
				s.Fatal(err)
			}
			mine[0] = 'X'
			got, err := s.Load(s.Context(), "a")
			if err != nil {
				s.Fatal(err)
			}
			got[1] = 'X'
			s.want("a", "mine")
		}},
		{"an empty key is refused", func(s *shelf) {
			if err := s.Store(s.Context(), "", nil); err == nil {
				s.Error("it was stored")
			}
		}},
		{"an ended context changes nothing", func(s *shelf) {
			s.put("a", "1")
			ended, end := context.WithCancel(s.Context())
			end()
			if err := s.Store(ended, "a", []byte("2")); err == nil {
				s.Error("it was stored")
			}
			if err := s.Delete(ended, "a"); err == nil {
				s.Error("it was deleted")
			}
			s.want("a", "1")
		}},
		{"many at once disturb nobody", func(s *shelf) {
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					key, value := fmt.Sprintf("k/%d", i), bytes.Repeat([]byte{byte(i)}, 100)
					for range 3 {
						if err := s.Store(s.Context(), key, value); err != nil {
							s.Error(err)
						}
						if got, err := s.Load(s.Context(), key); err != nil || !bytes.Equal(got, value) {
							s.Errorf("%s: %x, %v", key, got, err)
						}
						if _, err := s.List(s.Context(), "k"); err != nil {
							s.Error(err)
						}
					}
				})
			}
			all.Wait()
			if list, err := s.List(s.Context(), "k"); err != nil || len(list) != 8 {
				s.Errorf("%d keys, %v", len(list), err)
			}
		}},
	}
}
