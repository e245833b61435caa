package setup_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"latchkey/appliance/health"
	"latchkey/appliance/problem"
	"latchkey/appliance/settings"
	"latchkey/appliance/setup"
)

type values map[string][]byte

func (v values) Value(_ context.Context, name string) ([]byte, bool, error) {
	x, ok := v[name]
	return x, ok, nil
}

func (v values) SetValues(_ context.Context, all map[string][]byte) error {
	maps.Copy(v, all)
	return nil
}

type owner struct{ there bool }

func (o *owner) HasOwner(context.Context) (bool, error) { return o.there, nil }

type stage struct {
	*setup.Setup
	owner *owner
	kits  *setup.Kits
	keep  values
	now   time.Time
}

func newStage(t *testing.T) *stage {
	t.Helper()
	keep := values{}
	st := &stage{owner: &owner{}, keep: keep, now: time.Unix(1_800_000_000, 0)}
	now := func() time.Time { return st.now }
	table, err := settings.Open(t.Context(), keep, nil)
	if err != nil {
		t.Fatal(err)
	}
	st.kits = setup.NewKits(keep, "house", now)
	st.Setup = setup.New(setup.Config{Owners: st.owner, Settings: table, Kits: st.kits, Board: health.NewBoard(now, slog.New(slog.DiscardHandler)), Now: now})
	return st
}

func TestLink(t *testing.T) {
	open := func(t *testing.T) (*stage, string) {
		st := newStage(t)
		token, err := st.NewLink(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return st, token
	}
	refused := func(t *testing.T, st *stage, token string) {
		t.Helper()
		if _, err := st.Claim(t.Context(), token); !errors.Is(err, setup.ErrNoLink) {
			t.Errorf("got %v, want ErrNoLink", err)
		}
	}
	t.Run("a link is spent once and gives a session", func(t *testing.T) {
		st, token := open(t)
		session, err := st.Claim(t.Context(), token)
		if err != nil || !st.Admits(session) {
			t.Fatalf("session %q, %v", session, err)
		}
		refused(t, st, token)
		if st.Admits(token) || st.Admits("") {
			t.Error("something else is admitted")
		}
	})
	t.Run("a link ends after half an hour", func(t *testing.T) {
		st, token := open(t)
		st.now = st.now.Add(setup.LinkLife)
		refused(t, st, token)
	})
	t.Run("a new link ends the old one and its session", func(t *testing.T) {
		st, token := open(t)
		session, err := st.Claim(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.NewLink(t.Context()); err != nil {
			t.Fatal(err)
		}
		refused(t, st, token)
		if st.Admits(session) {
			t.Error("the old session is still admitted")
		}
	})
	t.Run("a session that rests too long ends", func(t *testing.T) {
		st, token := open(t)
		session, err := st.Claim(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		st.now = st.now.Add(50 * time.Minute)
		if !st.Admits(session) {
			t.Fatal("ended too early")
		}
		st.now = st.now.Add(50 * time.Minute)
		if !st.Admits(session) {
			t.Fatal("its use did not let it live on")
		}
		st.now = st.now.Add(time.Hour)
		if st.Admits(session) {
			t.Error("it never ends")
		}
	})
	t.Run("with an owner there is no link, and none can be spent", func(t *testing.T) {
		st, token := open(t)
		st.owner.there = true
		refused(t, st, token)
		if _, err := st.NewLink(t.Context()); err == nil {
			t.Error("a link was made")
		}
	})
	t.Run("without a link nothing fits", func(t *testing.T) { refused(t, newStage(t), "") })
}

func TestStepsFollowWhatIsKept(t *testing.T) {
	st := newStage(t)
	want := func(step setup.Step) {
		t.Helper()
		got, err := st.State(t.Context())
		if err != nil || got.Step != step {
			t.Fatalf("at %q (%v), want %q", got.Step, err, step)
		}
	}
	want(setup.Where)
	if err := st.SetReach(t.Context(), "moon"); err == nil {
		t.Error("an unknown way was accepted")
	}
	if err := st.SetReach(t.Context(), "home"); err != nil {
		t.Fatal(err)
	}
	want(setup.Owner)
	st.owner.there = true
	want(setup.Kit)
	paper, ask, err := st.kits.Draw(t.Context(), "Home", "a@example.test")
	if err != nil {
		t.Fatal(err)
	}
	if err := st.kits.Confirm(t.Context(), paper.ID, answer(paper, ask)); err != nil {
		t.Fatal(err)
	}
	want(setup.Done)
}

func answer(p setup.Paper, ask []int) string {
	body := strings.TrimPrefix(p.RecoveryKey, "AGE-SECRET-KEY-1")
	var b strings.Builder
	for _, at := range ask {
		b.WriteByte(body[at])
	}
	return b.String()
}

func TestKit(t *testing.T) {
	t.Run("its key opens what is sealed to its recipient", func(t *testing.T) {
		p, _, err := newStage(t).kits.Draw(t.Context(), "Home", "a@example.test")
		if err != nil {
			t.Fatal(err)
		}
		id, err := age.ParseX25519Identity(p.RecoveryKey)
		if err != nil || id.Recipient().String() != p.RecoveryRecipient {
			t.Errorf("recipient %v, %v", p.RecoveryRecipient, err)
		}
	})
	t.Run("wrong characters keep nothing", func(t *testing.T) {
		st := newStage(t)
		p, ask, err := st.kits.Draw(t.Context(), "Home", "a@example.test")
		if err != nil {
			t.Fatal(err)
		}
		wrong := []byte(answer(p, ask))
		wrong[0] ^= 1
		var prob *problem.Problem
		if err := st.kits.Confirm(t.Context(), p.ID, string(wrong)); !errors.As(err, &prob) || prob.Code != "kit.mismatch" {
			t.Errorf("got %v", err)
		}
		if _, made, _ := st.kits.Made(t.Context()); made {
			t.Error("it was kept")
		}
	})
	t.Run("lower case and blanks are as good", func(t *testing.T) {
		st := newStage(t)
		p, ask, err := st.kits.Draw(t.Context(), "Home", "a@example.test")
		if err != nil {
			t.Fatal(err)
		}
		a := strings.ToLower(answer(p, ask))
		if err := st.kits.Confirm(t.Context(), p.ID, " "+a[:3]+" "+a[3:]); err != nil {
			t.Error(err)
		}
	})
	t.Run("a kit that was replaced can't be confirmed", func(t *testing.T) {
		st := newStage(t)
		first, ask, err := st.kits.Draw(t.Context(), "Home", "a@example.test")
		if err != nil {
			t.Fatal(err)
		}
		second, _, err := st.kits.Draw(t.Context(), "Home", "a@example.test")
		if err != nil {
			t.Fatal(err)
		}
		if err := st.kits.Confirm(t.Context(), first.ID, answer(first, ask)); err == nil {
			t.Error("accepted")
		}
		if first.SigningKey != second.SigningKey {
			t.Error("the house's signing key changed with the kit")
		}
	})
}

func TestAnOwnerWithoutAKitIsReminded(t *testing.T) {
	st := newStage(t)
	reminded := func() bool {
		t.Helper()
		if err := st.Review(t.Context()); err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(st.Board.List(), func(c health.Condition) bool { return c.Code == "kit.missing" })
	}
	if reminded() {
		t.Error("a house without an owner is reminded")
	}
	st.owner.there = true // even one who was made without the step before
	if !reminded() {
		t.Error("nobody is reminded")
	}
	paper, ask, err := st.kits.Draw(t.Context(), "Home", "a@example.test")
	if err != nil {
		t.Fatal(err)
	}
	if err := st.kits.Confirm(t.Context(), paper.ID, answer(paper, ask)); err != nil {
		t.Fatal(err)
	}
	if reminded() {
		t.Error("the reminder stays though the kit is made")
	}
}

func TestANewOwnerMakesAKitOfTheirOwn(t *testing.T) {
	st := newStage(t)
	paper, ask, err := st.kits.Draw(t.Context(), "Home", "a@example.test")
	if err != nil {
		t.Fatal(err)
	}
	if err := st.kits.Confirm(t.Context(), paper.ID, answer(paper, ask)); err != nil {
		t.Fatal(err)
	}
	if err := st.kits.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, made, err := st.kits.Made(t.Context()); made || err != nil {
		t.Errorf("the kit of the owner before still counts (%v)", err)
	}
}

func TestWhatABackupIsMadeWith(t *testing.T) {
	drawn := func(t *testing.T) (*stage, setup.Paper) {
		t.Helper()
		st := newStage(t)
		paper, ask, err := st.kits.Draw(t.Context(), "Home", "a@example.test")
		if err != nil {
			t.Fatal(err)
		}
		if _, there, err := st.kits.Keys(t.Context()); there || err != nil {
			t.Errorf("a kit that nobody confirmed has keys (%v)", err)
		}
		if err := st.kits.Confirm(t.Context(), paper.ID, answer(paper, ask)); err != nil {
			t.Fatal(err)
		}
		return st, paper
	}
	t.Run("the kit's recipient and the key that is on its paper", func(t *testing.T) {
		st, paper := drawn(t)
		keys, there, err := st.kits.Keys(t.Context())
		if err != nil || !there || keys.Recipient != paper.RecoveryRecipient || !keys.Made.Equal(paper.Made) {
			t.Fatalf("%+v, %v, %v", keys, there, err)
		}
		if "latchkey-sign-"+base64.RawURLEncoding.EncodeToString(keys.Public) != paper.SigningKey {
			t.Error("another signing key")
		}
		if !ed25519.Verify(keys.Public, []byte("x"), ed25519.Sign(keys.Sign, []byte("x"))) {
			t.Error("the two halves don't belong together")
		}
	})
	for _, tt := range []struct {
		name, value, content string
		fails                bool
	}{
		{"a kit that was forgotten is none", "setup/kit", "", false},
		{"one kept without its recipient has to be made anew", "setup/kit", `{"made":"2026-01-02T03:04:05Z"}`, false},
		{"one whose recipient is none, too", "setup/kit", `{"made":"2026-01-02T03:04:05Z","recipient":"age1"}`, false},
		{"what can't be read is an error", "setup/kit", `{`, true},
		{"half a signing key is an error", "setup/signing-key", "short", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			st, _ := drawn(t)
			if err := st.keep.SetValues(t.Context(), map[string][]byte{tt.value: []byte(tt.content)}); err != nil {
				t.Fatal(err)
			}
			if _, there, err := st.kits.Keys(t.Context()); there || (err != nil) != tt.fails {
				t.Errorf("there %v, %v", there, err)
			}
		})
	}
	t.Run("a signing key that was lost is not made anew: it would not be the one on the paper", func(t *testing.T) {
		st, _ := drawn(t)
		delete(st.keep, "setup/signing-key")
		if _, there, err := st.kits.Keys(t.Context()); there || err != nil {
			t.Errorf("there %v, %v", there, err)
		}
	})
}
