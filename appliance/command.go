package appliance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"syscall"

	"latchkey/appliance/config"
	"latchkey/appliance/listen"
)

// Machine gives a client whose requests come in by the machine's own door: the
// socket of the house that runs in this data folder, or, where none runs, a
// house assembled in this process without doors and workers. done ends it.
func Machine(ctx context.Context, c Config) (client *http.Client, done func() error, err error) {
	path := socketFile(config.DataDir(c.Data))
	conn, err := listen.DialMachine(ctx, path)
	if err == nil {
		_ = conn.Close() // it was only to see whether somebody answers
		dial := func(ctx context.Context, _, _ string) (net.Conn, error) { return listen.DialMachine(ctx, path) }
		return &http.Client{Transport: &http.Transport{DialContext: dial}}, func() error { return nil }, nil
	}
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ECONNREFUSED) {
		return nil, nil, fmt.Errorf("calling the house that runs: %w", err)
	}
	a, err := Assemble(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	done = func() error {
		flush := a.journal.Flush(context.WithoutCancel(ctx))
		return errors.Join(flush, a.Close())
	}
	return &http.Client{Transport: inProcess{a.Handler()}}, done, nil
}

// inProcess hands requests to a handler as if they came through the machine's
// socket.
type inProcess struct{ handler http.Handler }

// RoundTrip answers one request, its body whole in memory.
func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	body := []byte{}
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, fmt.Errorf("reading a request: %w", err)
		}
		_ = r.Body.Close() // a reader of bytes
	}
	in := r.Clone(listen.WithDoor(r.Context(), listen.DoorSocket))
	in.Body = io.NopCloser(bytes.NewReader(body))
	in.RequestURI = r.URL.RequestURI()
	in.Host = r.URL.Host
	w := &recorder{status: http.StatusOK, header: make(http.Header)}
	p.handler.ServeHTTP(w, in)
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Header: w.header, Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()),
	}, nil
}

// recorder keeps an answer in memory.
type recorder struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }
