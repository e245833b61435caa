package journal_test

import (
	"bytes"
	"errors"
	"regexp"
	"testing"

	"latchkey/appliance/journal"
)

const ada = "11111111-1111-4111-8111-111111111111"

func TestNaming(t *testing.T) {
	for _, c := range []struct {
		says, naming string
		want         func(s *stage) string
	}{
		{"by account", journal.ByAccount, func(*stage) string { return ada }},
		{"by pseudonym", journal.ByPseudonym, func(s *stage) string { return s.Pseudonym(ada) }},
		{"by nothing", journal.ByNothing, func(*stage) string { return "" }},
		{"by pseudonym where the setting is none we know", "x", func(s *stage) string { return s.Pseudonym(ada) }},
	} {
		t.Run(c.says, func(t *testing.T) {
			run(t, func(s *stage) {
				s.set(func(h *house) { h.naming = c.naming })
				e := signIn(ada)
				e.By = ada
				s.Record(e)
				got := s.all()
				if want := c.want(s); len(got) != 1 || got[0].Owner != want || got[0].By != want {
					t.Errorf("got %+v, want %q", got, want)
				}
				if err := s.Flush(s.ctx); err != nil {
					t.Fatal(err)
				}
				if told := bytes.Contains(s.keep.kept()[0].Body, []byte(ada)); told != (c.naming == journal.ByAccount) {
					t.Errorf("kept is %s", s.keep.kept()[0].Body)
				}
			})
		})
	}
	t.Run("a command on the machine is named in any case", func(t *testing.T) {
		run(t, func(s *stage) {
			for _, naming := range []string{journal.ByAccount, journal.ByPseudonym, journal.ByNothing} {
				s.set(func(h *house) { h.naming = naming })
				s.Record(journal.Event{Kind: journal.Admin, By: journal.Machine})
				if got := s.all()[0]; got.By != journal.Machine || got.Owner != "" {
					t.Errorf("%s: got %+v", naming, got)
				}
			}
		})
	})
	t.Run("a pseudonym is short, lasts, and differs by account and by house", func(t *testing.T) {
		s := stageFor(t)
		p := s.Pseudonym(ada)
		if !regexp.MustCompile(`^p-[0-9a-f]{8}$`).MatchString(p) || p != s.Pseudonym(ada) || p == s.Pseudonym(ada[1:]) {
			t.Errorf("got %q", p)
		}
		if other := journal.New(journal.Config{Key: []byte("another house's key")}); other.Pseudonym(ada) == p {
			t.Error("another house has the same pseudonym")
		}
	})
	t.Run("a person sees what was theirs under every name that it was kept by", func(t *testing.T) {
		run(t, func(s *stage) {
			for _, naming := range []string{journal.ByAccount, journal.ByNothing, journal.ByPseudonym} {
				s.set(func(h *house) { h.naming = naming })
				s.Record(signIn(ada))
				s.Record(signIn("somebody else"))
			}
			got, err := s.Recent(s.ctx, ada, 10)
			if err != nil || len(got) != 2 {
				t.Errorf("got %v, %v", got, err)
			}
			s.set(func(h *house) { h.naming = journal.ByNothing })
			if _, err := s.Recent(s.ctx, ada, 10); !errors.Is(err, journal.ErrNoNames) {
				t.Errorf("got %v", err)
			}
		})
	})
}
