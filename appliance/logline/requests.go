package logline

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"
)

// Requests wraps next: each request that it answers becomes one line of log, at
// info, by the address that client tells (invalid: the machine itself).
//
// The path is the pattern of the route that took the request, which
// http.ServeMux leaves in Request.Pattern; so nothing between here and the mux
// may hand it a copy of the request, or the path stays untold. Where no mux had
// it, files says whether the path is that of a file of the page, a name of our
// own that may stand in a log: those are told at debug but for "/", which says
// that somebody opened the page. nil: there are no files.
//
// Of one network's requests only so many are told in a minute, and of all; the
// rest is counted in a line of its own.
//
// A handler that panics becomes a line of its own, at error, with the places in
// the program but without the value, which could hold anything; the caller gets
// 500, or, with an answer half sent, a broken connection.
func Requests(next http.Handler, log *slog.Logger, client func(*http.Request) netip.Addr, files func(path string) bool) http.Handler {
	return &requests{next: next, log: log.Handler(), client: client, files: files}
}

type requests struct {
	next   http.Handler
	log    slog.Handler
	client func(*http.Request) netip.Addr
	files  func(path string) bool
	bound  bound
}

// ServeHTTP answers one request and tells of it.
func (q *requests) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := &answer{ResponseWriter: w, closes: r.ProtoMajor == 1}
	a.method = knownMethod(r.Method) // as it came: a handler may change it
	whole := false
	defer func() {
		var again any
		if !whole {
			again = q.mend(a, recover())
		}
		q.tell(a, r)
		if again != nil {
			panic(again)
		}
	}()
	q.next.ServeHTTP(a, r)
	a.begin() // who says nothing says 200
	whole = true
}

func (q *requests) tell(a *answer, r *http.Request) {
	if !q.log.Enabled(r.Context(), slog.LevelInfo) {
		return
	}
	a.pattern = r.Pattern
	if a.pattern == "" && q.files != nil && q.files(r.URL.Path) {
		a.file = r.URL.Path
	}
	if q.client != nil {
		a.from = q.client(r).Unmap().WithZone("")
	}
	level := slog.LevelInfo
	if a.file != "" && a.file != "/" || !a.from.IsValid() && a.method == http.MethodGet {
		level = slog.LevelDebug
	}
	if !q.log.Enabled(r.Context(), level) {
		return
	}
	now := time.Now()
	listed, before := q.bound.take(a.from, now)
	if before.count > 0 {
		q.tellUnlisted(r.Context(), now, before)
	}
	if listed {
		_ = q.log.Handle(r.Context(), a.record(now, level)) // a log that fails stops nothing
	}
}

// tellUnlisted tells how many requests a minute left out.
func (q *requests) tellUnlisted(ctx context.Context, now time.Time, left unlisted) {
	line := slog.NewRecord(now, slog.LevelWarn, "requests of the last minute were not listed, being too many", 0)
	line.AddAttrs(slog.Int("count", left.count))
	if left.worst.IsValid() {
		line.AddAttrs(slog.String("mostly", left.worst.String()))
	}
	_ = q.log.Handle(ctx, line)
}
