package listen

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
)

type vouchKey struct{}

// Vouch says that whoever made r has proved who they are: their connection makes
// room for nobody any more, and others from the same place only for each other.
// For requests that came through none of our doors it does nothing.
func Vouch(r *http.Request) {
	if c, ok := r.Context().Value(vouchKey{}).(*counted); ok {
		c.slots.vouch(c.held)
	}
}

// vouching lets Vouch find a request's connection.
func vouching(ctx context.Context, c net.Conn) context.Context {
	over, ok := c.(*tls.Conn)
	if !ok {
		return ctx
	}
	if c, ok := over.NetConn().(*counted); ok {
		ctx = context.WithValue(ctx, vouchKey{}, c)
	}
	return ctx
}

// answering notes on a request's connection that it waits for an answer, from
// when the request was read to its end: who sends one slowly waits for nothing.
func answering(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, ok := r.Context().Value(vouchKey{}).(*counted)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		ask := &asking{ReadCloser: r.Body, held: c.held}
		defer ask.done()
		if r.ContentLength == 0 {
			ask.whole()
		} else {
			r.Body = ask
		}
		next.ServeHTTP(w, r)
	})
}

// asking is the body of a request.
type asking struct {
	io.ReadCloser
	held *held
	once sync.Once
	read bool
}

func (a *asking) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if err == io.EOF {
		a.whole()
	}
	return n, err
}

// whole notes that the request was read to its end.
func (a *asking) whole() {
	a.once.Do(func() {
		a.read = true
		a.held.asking.Add(1)
	})
}

func (a *asking) done() {
	a.once.Do(func() {})
	if a.read {
		a.held.asking.Add(-1)
	}
}
