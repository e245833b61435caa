package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/backup"
	"latchkey/client"
)

// twoPlaces is a view of two backups, at a target and here.
func twoPlaces() backup.View {
	proved := time.Date(2026, 3, 1, 3, 20, 0, 0, time.UTC)
	return backup.View{
		Targets: []backup.TargetView{{
			ID: "t1", Kind: "s3", Name: "Shop\x1b[31m", Fields: map[string]string{"bucket": "b", "endpoint": "s3.example"}, Count: 2, Bytes: 24_000_000,
		}, {
			ID: "t2", Kind: "folder", Name: "Attic", SameDisk: true,
		}, {
			ID: "t3", Kind: "sftp", Name: "NAS", Problem: &backup.Trouble{Text: "Nobody answers at nas.example."},
		}},
		Copies: []backup.CopyView{
			{Name: "new.age", Made: proved, Why: backup.Daily, Bytes: 12_000_000, Places: []backup.PlaceView{
				{Target: backup.Here, Proved: &proved, Depth: backup.Opened}, {Target: "t1", Bad: true},
			}},
			{Name: "old.age", Made: proved.AddDate(0, 0, -1), Why: backup.Asked, Bytes: 12_000_000, Places: []backup.PlaceView{{Target: "t1"}}},
		},
	}
}

func TestChoosingCopiesToProve(t *testing.T) {
	for name, c := range map[string]struct {
		backup, place string
		want          string
	}{
		"the newest, wherever it lies":              {"", "", "new.age at here, new.age at t1"},
		"the newest at one place, by its ID":        {"", "t1", "new.age at t1"},
		"or by its name":                            {"", "this machine", "new.age at here"},
		"an older one":                              {"old.age", "", "old.age at t1"},
		"the newest of those that are at the place": {"old.age", "t1", "old.age at t1"},
		"one that is not there":                     {"old.age", "here", ""},
		"one that is nowhere":                       {"other.age", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := choose(twoPlaces(), c.backup, c.place)
			var all []string
			for _, o := range got {
				all = append(all, o.Name+" at "+o.Target)
				if !o.Wait {
					t.Error("it would not wait")
				}
			}
			if strings.Join(all, ", ") != c.want || (err != nil) != (c.want == "") {
				t.Errorf("chose %v, %v; want %s", all, err, c.want)
			}
		})
	}
}

func TestTellingOfBackups(t *testing.T) {
	has := func(t *testing.T, got string, lines ...string) {
		t.Helper()
		got = strings.Join(strings.Fields(got), " ")
		for _, want := range lines {
			if !strings.Contains(got, want) {
				t.Errorf("%q lacks %q", got, want)
			}
		}
		if strings.Contains(got, "\x1b") {
			t.Error("a name paints the terminal")
		}
	}
	t.Run("what was made says where it lies and where not", func(t *testing.T) {
		var b strings.Builder
		writeCreated(&b, created{
			Record: backup.Record{Name: "new.age", Bytes: 12_000_000, Places: []backup.Place{{Target: backup.Here, Depth: backup.Opened}, {Target: "t1"}}},
			Failed: []backup.Failure{{Target: "t3", Name: "NAS", Trouble: backup.Trouble{Text: "Nobody answers.", Hint: "Look."}}},
		}, twoPlaces())
		has(t, b.String(), "Made new.age (12 MB).", "this machine: proved by opening it", `Shop\x1b[31m: not proved yet`, "NAS: NOT sent. Nobody answers. Look.")
		if strings.Contains(b.String(), "counts as none") {
			t.Error("it lies elsewhere, too")
		}
	})
	t.Run("the list names every place of every backup", func(t *testing.T) {
		var b strings.Builder
		if err := writeCopies(&b, twoPlaces()); err != nil {
			t.Fatal(err)
		}
		has(t, b.String(), "new.age", "daily 12 MB this machine opened", `Shop\x1b[31m DAMAGED -`, "old.age")
	})
	t.Run("the targets say what is wrong with them", func(t *testing.T) {
		var b strings.Builder
		if err := writeTargets(&b, twoPlaces()); err != nil {
			t.Fatal(err)
		}
		has(t, b.String(), "t1 s3 bucket=b endpoint=s3.example 2 24 MB - ok", "Attic t2 folder 0 0 B - on the house's own disk, so it counts as none", "Nobody answers at nas.example.")
	})
	t.Run("a job says what it does, to which place, and how far it is", func(t *testing.T) {
		for want, j := range map[string]backup.Job{
			"copying the house":            {Phase: backup.Copying},
			"sending to NAS":               {Phase: backup.Sending, Target: "t3"},
			"reading back from NAS":        {Phase: backup.Reading, Target: "t3"},
			"checking at this machine":     {Phase: backup.Checking, Target: backup.Here},
			"something new at t9":          {Phase: "something new", Target: "t9"},
			"reading back from a new name": {Phase: backup.Reading, Target: "a new name"},
		} {
			if got := jobText(twoPlaces(), j); got != want {
				t.Errorf("%+v: %q, want %q", j, got, want)
			}
		}
		for want, n := range map[string][2]int64{"": {0, 0}, "5 B": {5, 0}, "50 %, 5 B of 10 B": {5, 10}, "100 %, 12 B of 10 B": {12, 10}, "0 %, 0 B of 2.0 GB": {0, 2e9}} {
			if got := share(n[0], n[1]); got != want {
				t.Errorf("%v: %q, want %q", n, got, want)
			}
		}
	})
}

// errand to a house that answers with h.
func toHouse(t *testing.T, h http.HandlerFunc) (errand, *strings.Builder) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	var out strings.Builder
	return errand{streams{out: &out, err: io.Discard}, client.New(server.URL, server.Client()), t.Context()}, &out
}

func TestAFileThatBroke(t *testing.T) {
	t.Run("a house that breaks off in the middle is an error, with what came counted", func(t *testing.T) {
		e, _ := toHouse(t, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
		var got strings.Builder
		into := &counter{to: &got}
		err := e.download(into)
		if err == nil || into.n != 4 || into.err != nil {
			t.Fatalf("%d bytes, %v, %v", into.n, into.err, err)
		}
		if p := writeProblem("f.age", into, err); !strings.Contains(p.Error(), "broke off") {
			t.Errorf("told as %v", p)
		}
	})
	t.Run("a disk that is full is told as such", func(t *testing.T) {
		e, _ := toHouse(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "whole") })
		into := &counter{to: full{}}
		if p := writeProblem("f.age", into, e.download(into)); !strings.Contains(p.Error(), "disk did not take") {
			t.Errorf("told as %v", p)
		}
	})
	t.Run("what the house refuses is told in its words", func(t *testing.T) {
		e, _ := toHouse(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"problem":{"code":"backup.nokit","text":"No kit.","hint":"Make one."}}`)
		})
		into := &counter{to: io.Discard}
		var refused *client.Refusal
		if err := writeProblem("f.age", into, e.download(into)); !errors.As(err, &refused) || refused.Code != "backup.nokit" {
			t.Errorf("told as %v", err)
		}
	})
	t.Run("the file is gone, and not even half of it lies somewhere else", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "f.age")
		f, err := makeFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Link(path, path+".other"); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(f, "half")
		f.drop()
		if _, err := os.Stat(path); err == nil {
			t.Error("it is there")
		}
		if raw, err := os.ReadFile(path + ".other"); err != nil || len(raw) != 0 {
			t.Errorf("%q, %v", raw, err)
		}
	})
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestProofsThatFail(t *testing.T) {
	e, out := toHouse(t, func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		if strings.Contains(string(raw), `"t1"`) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"problem":{"code":"proof.digest","text":"It is damaged.","hint":"Trust it no more."}}`)
			return
		}
		_, _ = io.WriteString(w, `{"proof":{"depth":"opened"}}`)
	})
	err := e.prove(twoPlaces(), []one{{"new.age", "t1", true}, {"new.age", backup.Here, true}})
	var code exitCode
	if !errors.As(err, &code) || int(code) != exitFail {
		t.Errorf("ended with %v", err)
	}
	for _, want := range []string{`Shop\x1b[31m: NOT proved. It is damaged.` + "\n  Trust it no more.", "this machine: proved by opening it"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q lacks %q", out.String(), want)
		}
	}
}

func TestProgress(t *testing.T) {
	t.Run("on a terminal one line moves, and goes away at the end", func(t *testing.T) {
		var b strings.Builder
		p := &progress{w: &b}
		p.show("reading  %d", 1)
		p.show("reading  %d", 2) // too soon for an eye
		p.next = time.Time{}
		p.show("reading  %s", "\x1b[31m3")
		p.clear()
		p.clear()
		if want := "\rreading  1\x1b[K\rreading  \\x1b[31m3\x1b[K\r\x1b[K"; b.String() != want {
			t.Errorf("wrote %q, want %q", b.String(), want)
		}
	})
	t.Run("where no terminal is, nothing is written", func(t *testing.T) {
		file, err := os.Create(filepath.Join(t.TempDir(), "log"))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range []io.Writer{file, io.Discard, &strings.Builder{}} {
			p := newProgress(streams{err: w})
			p.show("x")
			p.follow(t.Context(), errand{})
			p.clear()
			if p != nil {
				t.Errorf("%T is taken for a terminal", w)
			}
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("a backup is not written to a terminal", func(t *testing.T) {
		terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
		if err != nil {
			t.Fatalf("opening a terminal: %v", err)
		}
		defer func() { _ = terminal.Close() }()
		err = backupCreate(context.Background(), streams{out: terminal, err: io.Discard, ends: new([]func() error)}, []string{"--out", "-"})
		var wrong usageError
		if !errors.As(err, &wrong) || !strings.Contains(wrong.Text, "no terminal") {
			t.Errorf("ended with %v", err)
		}
	})
}
