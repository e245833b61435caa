package appliance

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/appliance/account"
	"latchkey/appliance/api"
	"latchkey/appliance/config"
	"latchkey/appliance/health"
	"latchkey/appliance/listen"
	"latchkey/appliance/problem"
)

// TestMain lets this test binary be the child of the full check, too.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "check-copy" {
		os.Exit(CheckCopy(os.Stdin, os.Stdout, os.Args[2]))
	}
	os.Exit(m.Run())
}

func configOf(t *testing.T) Config {
	t.Helper()
	c := Config{
		Config: config.Default(), Version: "test", Log: slog.New(slog.DiscardHandler), Make: true,
		CheckCommand: []string{os.Args[0], "check-copy"},
	}
	c.Data = filepath.Join(t.TempDir(), "house")
	c.Listen, c.Local = []string{"127.0.0.1:0"}, ""
	return c
}

func assemble(t *testing.T, c Config) *Appliance {
	t.Helper()
	a, err := Assemble(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// owned gives the house an owner.
func owned(t *testing.T, a *Appliance) {
	t.Helper()
	const sealed = "2.AAAAAAAAAAAAAAAAAAAAAA==|AAAAAAAAAAAAAAAAAAAAAA==|AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	_, err := a.people.RegisterOwner(t.Context(), account.Registration{
		Email: "alice@example.test", Salt: "alice@example.test", KDF: account.DefaultKDF(), MasterPasswordHash: "aGFzaA==",
		UserKey: sealed, PublicKey: "AA==", PrivateKey: sealed,
	})
	if err != nil {
		t.Fatal(err)
	}
}

func problemCode(err error) string {
	if err == nil {
		return ""
	}
	return problem.Of(err).Code
}

func getStatus(t *testing.T, client *http.Client) (s api.Status) {
	t.Helper()
	answer, err := client.Get("http://latchkey/latchkey/status")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != 200 {
		t.Fatalf("answered %d: %s %v", answer.StatusCode, raw, err)
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMachine(t *testing.T) {
	c := configOf(t)
	t.Run("finds no house where there is none, and makes none", func(t *testing.T) {
		c := c
		c.Make = false
		if _, _, err := Machine(t.Context(), c); problemCode(err) != "house.none" {
			t.Errorf("got %v", err)
		}
		if _, err := os.Stat(c.Data); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the folder: %v", err)
		}
	})
	t.Run("answers in this process where nothing runs", func(t *testing.T) {
		client, done, err := Machine(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if s := getStatus(t, client); s.Serving || s.Ready || s.Data != c.Data || s.Conditions == nil {
			t.Errorf("status %+v", s)
		}
		if err := done(); err != nil {
			t.Error(err)
		}
	})
	t.Run("answers over the socket of the house that runs", func(t *testing.T) {
		a := assemble(t, c)
		a.pageErr = nil // a bare clone has no page, and this needs none
		ctx, stop := context.WithCancel(t.Context())
		ready, ended := make(chan Ready, 1), make(chan error, 1)
		go func() { ended <- a.Run(ctx, func(r Ready) { ready <- r }) }()
		told := <-ready
		if !strings.HasPrefix(told.URL, "https://localhost:") || len(told.Setup) == 0 || !strings.Contains(told.Setup[0].URL, "/#/setup?token=") {
			t.Errorf("told %+v", told)
		}
		client, done, err := Machine(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if s := getStatus(t, client); !s.Serving {
			t.Errorf("status %+v", s)
		}
		client.CloseIdleConnections()
		stop()
		if err := errors.Join(done(), <-ended); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(socketFile(c.Data)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket is left: %v", err)
		}
	})
	t.Run("finds everything again after all that", func(t *testing.T) {
		a := assemble(t, c)
		key, fingerprint := string(a.store.Identity()), a.house.Info().RootFingerprint
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		b := assemble(t, c)
		defer func() { _ = b.Close() }()
		if b.store.Identity() != key || b.house.Info().RootFingerprint != fingerprint {
			t.Error("another house")
		}
	})
}

func TestTheHouseRefusesToRunWithoutItsPage(t *testing.T) {
	a := assemble(t, configOf(t))
	a.pageErr = problem.New(problem.Unavailable, "page.incomplete", "No page.", "Build it.")
	err := a.Run(t.Context(), func(Ready) { t.Error("it says that it is ready") })
	if problemCode(err) != "page.incomplete" {
		t.Errorf("got %v", err)
	}
	if _, err := a.people.HasOwner(t.Context()); err == nil {
		t.Error("the file is still open")
	}
}

// TestThePlainPageMovesToTLS wants no password typed without TLS once there is
// an owner.
func TestThePlainPageMovesToTLS(t *testing.T) {
	a := assemble(t, configOf(t))
	defer func() { _ = a.Close() }()
	if a.page == nil {
		t.Skip("this clone has no page: `make build` fetches what it lacks (webui/static/vendor)")
	}
	a.bound.Store(&listen.Bound{})
	get := func(door listen.Door, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "http://localhost:8480"+path, nil)
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, r.WithContext(listen.WithDoor(r.Context(), door)))
		return w
	}
	b := a.doors()
	b.TLS = append(b.TLS, netip.MustParseAddrPort("[::]:8443"))
	a.bound.Store(&b)
	if got := get(listen.DoorPlain, "/"); got.Code != 200 {
		t.Errorf("before there is an owner: %d", got.Code)
	}
	owned(t, a)
	for name, c := range map[string]struct {
		door   listen.Door
		path   string
		status int
		to     string
	}{
		"the plain page":              {listen.DoorPlain, "/", 307, "https://localhost:8443/"},
		"what the wizard has loaded":  {listen.DoorPlain, "/app.js", 200, ""},
		"what the wizard asks":        {listen.DoorPlain, "/latchkey/state", 200, ""},
		"the page over TLS":           {listen.DoorTLS, "/", 200, ""},
		"nothing over the socket":     {listen.DoorSocket, "/", 404, ""},
		"nothing at an unknown place": {listen.DoorTLS, "/nowhere", 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := get(c.door, c.path)
			if got.Code != c.status || got.Header().Get("Location") != c.to {
				t.Errorf("answered %d to %q, want %d to %q", got.Code, got.Header().Get("Location"), c.status, c.to)
			}
		})
	}
}

func finding(all []health.Finding, code string) health.Finding {
	for _, f := range all {
		if f.Code == code {
			return f
		}
	}
	return health.Finding{}
}

func TestChecks(t *testing.T) {
	a := assemble(t, configOf(t))
	defer func() { _ = a.Close() }()
	state := func(code string) health.State {
		t.Helper()
		f := finding(a.Doctor(t.Context()), code)
		if f.State != health.OK && f.Hint == "" {
			t.Errorf("%s says no more than %q", code, f.Text)
		}
		return f.State
	}
	t.Run("a new house is whole and sealed", func(t *testing.T) {
		for _, code := range []string{"file", "seal", "disk"} {
			if got := state(code); got == health.Bad || code != "disk" && got != health.OK {
				t.Errorf("%s is %s", code, got)
			}
		}
	})
	t.Run("a folder that others may read is worth a look", func(t *testing.T) {
		if err := os.Chmod(a.cfg.Data, 0o755); err != nil {
			t.Fatal(err)
		}
		if got := state("seal"); got != health.Warn {
			t.Errorf("seal is %s", got)
		}
		if err := os.Chmod(a.cfg.Data, 0o700); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a page that is not there is bad, and pinned until it is", func(t *testing.T) {
		kept := a.pageErr
		a.pageErr = errors.New("none")
		a.look(t.Context())
		if state("page") != health.Bad || !pinned(a, "check.page") {
			t.Errorf("the board shows %v", a.board.List())
		}
		a.pageErr = nil
		a.look(t.Context())
		if pinned(a, "check.page") {
			t.Error("it stays")
		}
		a.pageErr = kept
	})
	t.Run("a file that can't be checked is not called whole", func(t *testing.T) {
		a.cfg.CheckCommand = []string{filepath.Join(t.TempDir(), "no-such-program")}
		if got := state("file"); got != health.Warn {
			t.Errorf("file is %s", got)
		}
	})
	t.Run("a folder that is gone is bad", func(t *testing.T) {
		data := a.cfg.Data
		defer func() { a.cfg.Data = data }()
		a.cfg.Data = filepath.Join(data, "gone")
		for _, code := range []string{"disk", "seal"} {
			if got := state(code); got != health.Bad {
				t.Errorf("%s is %s", code, got)
			}
		}
	})
}

func pinned(a *Appliance, code string) bool {
	for _, c := range a.board.List() {
		if c.Code == code {
			return true
		}
	}
	return false
}

func TestASecondHouseInTheSameFolderIsRefused(t *testing.T) {
	c := configOf(t)
	a := assemble(t, c)
	defer func() { _ = a.Close() }()
	b, err := Assemble(t.Context(), c)
	if err == nil {
		_ = b.Close()
		t.Fatal("two houses have the file open")
	}
	if !strings.HasPrefix(problemCode(err), "store.") || problem.Of(err).Hint == "" {
		t.Errorf("got %q: %v", problemCode(err), err)
	}
}
