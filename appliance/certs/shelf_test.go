package certs

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// TestShelf holds certmagic's contract (storage.go) against ours.
func TestShelf(t *testing.T) {
	ctx := t.Context()
	s := &shelf{keep: &drawer{}, locks: &locks{}}
	for _, key := range []string{"certificates/ca/a/a.crt", "certificates/ca/a/a.key", "certificates/ca/ab/ab.crt", "acme"} {
		if err := s.Store(ctx, key, []byte(key)); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("files are loaded, folders are not", func(t *testing.T) {
		if b, err := s.Load(ctx, "acme"); err != nil || string(b) != "acme" {
			t.Errorf("got %q, %v", b, err)
		}
		if _, err := s.Load(ctx, "certificates/ca"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a folder: %v", err)
		}
	})
	t.Run("files and folders exist", func(t *testing.T) {
		for key, want := range map[string]bool{
			"acme": true, "certificates": true, "certificates/ca/a": true, "certificates/ca/a/a.crt": true,
			"cert": false, "certificates/c": false, "certificates/ca/a/b": false,
		} {
			if got := s.Exists(ctx, key); got != want {
				t.Errorf("Exists(%q) = %v", key, got)
			}
		}
	})
	t.Run("a list is of one level or of all", func(t *testing.T) {
		for _, c := range []struct {
			path      string
			recursive bool
			want      []string
		}{
			{"certificates", false, []string{"certificates/ca"}},
			{"certificates/ca", false, []string{"certificates/ca/a", "certificates/ca/ab"}},
			{"certificates/ca/a", true, []string{"certificates/ca/a/a.crt", "certificates/ca/a/a.key"}},
			{"", false, []string{"acme", "certificates"}},
		} {
			if got, err := s.List(ctx, c.path, c.recursive); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("List(%q, %v) = %q, %v; want %q", c.path, c.recursive, got, err, c.want)
			}
		}
		if _, err := s.List(ctx, "none", true); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a list of nothing: %v", err)
		}
	})
	t.Run("stat tells files from folders", func(t *testing.T) {
		file, err := s.Stat(ctx, "acme")
		if err != nil || !file.IsTerminal || file.Size != 4 || time.Since(file.Modified) > time.Minute {
			t.Errorf("got %+v, %v", file, err)
		}
		folder, err := s.Stat(ctx, "certificates/ca")
		if err != nil || folder.IsTerminal || folder.Modified.IsZero() {
			t.Errorf("got %+v, %v", folder, err)
		}
		if _, err := s.Stat(ctx, "none"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a deleted folder takes what is in it along, and nothing else", func(t *testing.T) {
		for range 2 {
			if err := s.Delete(ctx, "certificates/ca/a"); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := s.List(ctx, "", true); err != nil || !slices.Equal(got, []string{"acme", "certificates/ca/ab/ab.crt"}) {
			t.Errorf("left: %q, %v", got, err)
		}
	})
}

func TestBridge(t *testing.T) {
	var out bytes.Buffer
	log := bridged(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo})))
	log = log.Named("renew").With(zap.String("identifier", "a.example.org"), zap.String("account", "ada@example.org"))
	log.Error("will retry", zap.Error(errors.New("no luck")), zap.Duration("retrying_in", 1500*time.Millisecond),
		zap.Strings("names", []string{"a", "b"}), zap.String("record_data", "proof"), zap.Any("headers", map[string]string{"Authorization": "token"}))
	log.Info("debugging only", zap.String("issuer", "ca"))
	got := out.String()
	for _, want := range []string{"level=WARN", `msg="renew: will retry"`, "identifier=a.example.org", `error="no luck"`, "retrying_in=2s", `names="a b"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in %s", want, got)
		}
	}
	for _, secret := range []string{"ada@", "proof", "token", "debugging", "errorVerbose"} {
		if strings.Contains(got, secret) {
			t.Errorf("%s is in %s", secret, got)
		}
	}
	if (&bridge{log: slog.New(slog.DiscardHandler)}).Enabled(zapcore.ErrorLevel) {
		t.Error("a silent log is enabled")
	}
}
