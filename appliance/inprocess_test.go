package appliance

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/listen"
)

// asked sends a request to a handler in this process.
func asked(t *testing.T, ctx context.Context, p *inProcess, body io.Reader) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://latchkey/some/where?x=1", body)
	if err != nil {
		t.Fatal(err)
	}
	return (&http.Client{Transport: p}).Do(r)
}

func inHouse(h http.HandlerFunc) *inProcess { return &inProcess{handler: h} }

func TestInProcess(t *testing.T) {
	t.Run("a request comes in by the machine's door, with its own path and host", func(t *testing.T) {
		var door listen.Door
		var uri, host string
		p := inHouse(func(w http.ResponseWriter, r *http.Request) {
			door, uri, host = listen.Through(r), r.RequestURI, r.Host
			w.Header().Set("X-Before", "1")
			w.WriteHeader(http.StatusAccepted)
			w.Header().Set("X-After", "1")
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, "done")
		})
		got, err := asked(t, t.Context(), p, nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(got.Body)
		if err != nil || string(text) != "done" || got.StatusCode != http.StatusAccepted {
			t.Errorf("answered %d %q, %v", got.StatusCode, text, err)
		}
		if got.Header.Get("X-Before") != "1" || got.Header.Get("X-After") != "" {
			t.Errorf("headers %v", got.Header)
		}
		if door != listen.DoorSocket || uri != "/some/where?x=1" || host != "latchkey" {
			t.Errorf("it came by %q to %q at %q", door, uri, host)
		}
	})
	t.Run("who says nothing says 200", func(t *testing.T) {
		got, err := asked(t, t.Context(), inHouse(func(http.ResponseWriter, *http.Request) {}), nil)
		if err != nil || got.StatusCode != http.StatusOK {
			t.Errorf("%v, %v", got, err)
		}
	})
	t.Run("both bodies flow at once, and neither is held whole", func(t *testing.T) {
		echo := inHouse(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
		body, in := io.Pipe()
		got, err := asked(t, t.Context(), echo, struct{ io.Reader }{io.MultiReader(strings.NewReader("first "), body)})
		if err != nil {
			t.Fatal(err)
		}
		first := make([]byte, 6)
		if _, err := io.ReadFull(got.Body, first); err != nil || string(first) != "first " {
			t.Fatalf("%q, %v", first, err)
		}
		// Only now does the rest set out: a transport that waited for the whole body would never come here.
		sent := make([]byte, 1<<20)
		_, _ = rand.Read(sent)
		go func() { _, _ = in.Write(sent); _ = in.Close() }()
		rest, err := io.ReadAll(got.Body)
		if err != nil || !bytes.Equal(rest, sent) {
			t.Errorf("%d bytes came back, %v", len(rest), err)
		}
	})
	t.Run("an answer that breaks off is no whole one", func(t *testing.T) {
		p := inHouse(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			panic(http.ErrAbortHandler)
		})
		got, err := asked(t, t.Context(), p, nil)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(got.Body); !errors.Is(err, errBroken) || string(text) != "half" {
			t.Errorf("%q, %v", text, err)
		}
	})
	t.Run("one that never begins is an error", func(t *testing.T) {
		if got, err := asked(t, t.Context(), inHouse(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), nil); !errors.Is(err, errBroken) {
			t.Errorf("%v, %v", got, err)
		}
	})
}

func TestInProcessEnds(t *testing.T) {
	t.Run("who closes the answer early ends the work on it", func(t *testing.T) {
		ended := make(chan error, 1)
		p := inHouse(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "x")
			<-r.Context().Done()
			_, err := io.WriteString(w, "y")
			ended <- err
		})
		got, err := asked(t, t.Context(), p, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := got.Body.Close(); err != nil {
			t.Fatal(err)
		}
		p.wait()
		if err := <-ended; err == nil {
			t.Error("it wrote to nobody")
		}
	})
	t.Run("a cancelled request ends, its body is closed, and the wait for the handlers ends with it", func(t *testing.T) {
		body, _ := io.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		reading := make(chan struct{})
		p := inHouse(func(_ http.ResponseWriter, r *http.Request) {
			close(reading)
			_, _ = io.Copy(io.Discard, r.Body) // nobody will ever write
		})
		go func() { <-reading; cancel() }()
		if _, err := asked(t, ctx, p, body); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		p.wait()
	})
	t.Run("the wait goes on until every handler has returned", func(t *testing.T) {
		hold, waited := make(chan struct{}), make(chan struct{})
		p := inHouse(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK); <-hold })
		if _, err := asked(t, t.Context(), p, nil); err != nil {
			t.Fatal(err)
		}
		go func() { p.wait(); close(waited) }()
		select {
		case <-waited:
			t.Error("it did not wait")
		case <-time.After(10 * time.Millisecond):
		}
		close(hold)
		<-waited
	})
}
