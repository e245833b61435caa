package appliance

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"

	"latchkey/appliance/listen"
)

// inProcess hands requests to a handler as if they came through the machine's
// socket. Bodies are streamed both ways, as on a connection: nothing is held
// whole, and an answer that breaks off reads as broken.
type inProcess struct {
	handler http.Handler
	working sync.WaitGroup // the handlers that have not returned
}

var _ http.RoundTripper = (*inProcess)(nil)

// wait returns when no handler works any more. Bodies that nobody has closed
// would keep it waiting.
func (p *inProcess) wait() { p.working.Wait() }

// RoundTrip answers when the handler has begun its answer; the body comes as it
// is written. Closing the body ends the handler's context.
func (p *inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(listen.WithDoor(r.Context(), listen.DoorSocket))
	in := r.Clone(ctx)
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI, in.Host = r.URL.RequestURI(), r.URL.Host
	out, body := io.Pipe()
	w := &pipeWriter{header: make(http.Header), body: body, begun: make(chan struct{})}
	p.working.Go(func() { p.serve(w, in, cancel) })
	select {
	case <-w.begun:
	case <-ctx.Done():
		_ = out.CloseWithError(ctx.Err()) // it always succeeds; the handler hears the context
		return nil, ctx.Err()
	}
	if w.broken != nil {
		return nil, w.broken
	}
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Header: w.sent, Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: pipeBody{out, cancel}, ContentLength: -1,
	}, nil
}

// errBroken is an answer that its handler gave up.
var errBroken = errors.New("the house broke the answer off")

// serve runs the handler to its end. One that panics gives its answer up, as on
// a connection; who panics otherwise than by http.ErrAbortHandler was told of
// in the log by the handler that wraps all others.
func (p *inProcess) serve(w *pipeWriter, r *http.Request, cancel context.CancelFunc) {
	defer cancel()
	stop := context.AfterFunc(r.Context(), func() { _ = r.Body.Close() }) // a reader that waits for more hears that nobody sends
	whole := false
	defer func() {
		if !whole {
			_ = recover() // the reason was logged where it was known
			w.giveUp()
		}
		if stop() {
			_ = r.Body.Close() // a handler may leave some of it unread
		}
	}()
	p.handler.ServeHTTP(w, r)
	whole = true
	w.end()
}

// pipeWriter is the handler's side of an answer.
type pipeWriter struct {
	header http.Header // the handler's, to change as it likes
	sent   http.Header // as it was when the answer began
	status int
	body   *io.PipeWriter
	begun  chan struct{} // closed once status, sent and broken stand
	broken error
}

func (w *pipeWriter) Header() http.Header { return w.header }

// WriteHeader begins the answer; a second one changes nothing.
func (w *pipeWriter) WriteHeader(status int) {
	if w.status != 0 || status < 200 {
		return
	}
	w.status, w.sent = status, w.header.Clone()
	close(w.begun)
}

// Write waits until the other side has read b.
func (w *pipeWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// FlushError has nothing to do: what is written is there. It is for
// http.ResponseController.
func (w *pipeWriter) FlushError() error {
	w.WriteHeader(http.StatusOK)
	return nil
}

func (w *pipeWriter) end() {
	w.WriteHeader(http.StatusOK)
	_ = w.body.Close() // it always succeeds
}

func (w *pipeWriter) giveUp() {
	if w.status == 0 {
		w.status, w.broken = http.StatusInternalServerError, errBroken
		close(w.begun)
	}
	_ = w.body.CloseWithError(errBroken) // it always succeeds
}

// pipeBody is the client's side of an answer. Closing it early lets the handler
// know that nobody listens any more.
type pipeBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (b pipeBody) Close() error {
	err := b.PipeReader.Close()
	b.cancel()
	return err
}
